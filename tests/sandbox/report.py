"""What is served and which values occur, for tests that enumerate the whole surface."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from . import index, older
from .spec import Collection, Filter
from .surface import COLLECTIONS, NEWS, SERVED

VALUES = 6  # at most, per filter
TEXTS = 40  # per field that is searched
IDS = 5  # per collection

# The name of a filter's type outside, where it differs.
NAMES = {"choice": "int", "choices": "repeated-int", "nullbool": "bool", "suborbital": "bool",
         "recent": "bool", "contains": "string", "words-one": "csv-string",
         "words-all": "csv-string", "names": "csv-string", "not-names": "csv-string"}

SINGLETON = {"filters": {}, "ordering": [], "search": False, "texts": [], "detail": False,
             "ids": [], "count": None}


def surface(with_older: bool = False) -> dict[str, Any]:
    """All collections by path; on demand those of 2.2.0 too, which are the same rows."""
    described = {f"/2.3.0/{path}/": _describe(SERVED[path]) for path in SERVED}
    described.update({f"/v4/{path}/": _describe(NEWS[path]) for path in NEWS})
    if with_older:
        for then, today in older.NAMES.items():
            described[f"/2.2.0/{then}/"] = described[f"/2.3.0/{today}/"]
    described["/2.3.0/api-throttle/"] = {**SINGLETON, "modes": []}
    described["/2.3.0/dashboard/starship/"] = {
        **SINGLETON, "modes": ["list", "normal", "detailed"]
    }
    return described


def _describe(collection: Collection) -> dict[str, Any]:
    lines = index.lines_of(collection)
    ids = lines.order_by("pk").values_list("pk", flat=True)
    return {
        "filters": {
            declared.name: {
                "type": _type_name(declared),
                "existing": declared.of is not None,  # other values are a 400
                "values": _values(collection, lines, declared),
            }
            for declared in collection.filters
        },
        "ordering": [order.name for order in collection.ordering],
        "search": bool(collection.search),
        "texts": _texts(collection, lines),
        "modes": list(collection.modes),
        "detail": True,
        "ids": _written(_spread(list(ids), IDS)),
        "count": len(ids),
    }


def _type_name(declared: Filter) -> str:
    if declared.type == "choice" and COLLECTIONS[declared.of].id_type == "uuid":
        return "uuid"
    return NAMES.get(declared.type, declared.type)


def _texts(collection: Collection, lines: QuerySet) -> list[str]:
    """Some of what a search looks at."""
    found: set[str] = set()
    for path in collection.search.split():
        values = set(lines.values_list(index.lookup(collection, path), flat=True)) - {None}
        found.update(map(str, _spread(sorted(values), TEXTS)))  # counts are searched too
    return sorted(found)


def _values(collection: Collection, lines: QuerySet, declared: Filter) -> list[str]:
    """Some values that a filter finds something by: spread over all, and for lists a pair."""
    if _type_name(declared) == "bool":
        return ["true", "false"]
    column = index.lookup(collection, declared.path)
    part = declared.lookup.removesuffix("__in") if "__" in declared.lookup else None
    found = {v for v in lines.values_list(column, flat=True) if v is not None}
    if part:
        found = {getattr(value, part) for value in found}
    # Blanks at the ends would be cut off before the filter sees them.
    found = {v for v in found if not isinstance(v, str) or v == v.strip()}
    values = _written(_spread(sorted(found), VALUES))
    if declared.type.startswith("words"):
        values = [value.split()[0] for value in values if value]
    if "contains" in declared.name and _type_name(declared) == "string":
        return [value[: 1 + len(value) // 2].strip() for value in values if value]
    if _type_name(declared).startswith("csv"):
        values = [value for value in values if "," not in value]
        return [*values, ",".join(values[:2])] if len(values) > 1 else values
    return values


def _spread(values: list[Any], most: int) -> list[Any]:
    """At most so many, from the first to the last at even distances."""
    if len(values) <= most:
        return values
    return [values[n * (len(values) - 1) // (most - 1)] for n in range(most)]


def _written(values: list[Any]) -> list[str]:
    return [
        value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else str(value)
        for value in values
    ]
