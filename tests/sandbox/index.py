"""The tables in which generated rows are looked up: one per collection, made when first used.

A row lives in the world (see world/); a table holds its id and what can be filtered, searched and
ordered by, read from the row along the paths of the collection's declaration. A path that finds
many values has a table of its own, with a line per value.
"""

import re
import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any, Optional, Union
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime, parse_duration

from . import lookups, world  # noqa: F401: the lookups register themselves
from . import models as tables
from .spec import Collection, is_many, read
from .surface import COLLECTIONS

Model = type[models.Model]

# Type of a filter or an ordering field: the column's class, and how JSON's value is put into it.
COLUMNS = {
    "int": (models.BigIntegerField, None),
    "number": (models.FloatField, None),
    "string": (models.TextField, None),
    "bool": (models.BooleanField, None),
    "date": (models.DateField, date.fromisoformat),
    "datetime": (models.DateTimeField, parse_datetime),
    "duration": (models.DurationField, parse_duration),
    "uuid": (models.UUIDField, UUID),
}

# Filters that are about a plainer type than their own.
PLAINER = {
    "choices": "int", "suborbital": "int", "nullbool": "bool", "recent": "datetime",
    **dict.fromkeys(("contains", "words-one", "words-all", "names", "not-names"), "string"),
}

# Collections that are served from models.py.
SEPARATE: dict[str, Model] = {"spacecraft": tables.Spacecraft}


def column_name(path: str) -> str:
    return re.sub("[^a-z0-9]+", "_", path.replace("?", "_exists")).strip("_")


class Table:
    """A collection's model, and one more for each path that finds many values."""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self.lock = threading.RLock()
        self.created = False
        self.fresh = False  # holds what the world holds
        self.types = self._find_types()
        self.model = self._declare(
            collection.model,
            {
                column_name(path): COLUMNS[type][0](null=True)
                for path, type in self.types.items()
                if path != "id" and not is_many(path)
            },
            id=models.UUIDField(primary_key=True) if collection.id_type == "uuid"
            else models.IntegerField(primary_key=True),
        )
        self.many: dict[str, Model] = {
            path: self._declare(
                f"{collection.model}{column_name(path).title().replace('_', '')}",
                {
                    "row": models.ForeignKey(
                        self.model, models.CASCADE, related_name=column_name(path)
                    ),
                    "value": COLUMNS[type][0](),
                },
            )
            for path, type in self.types.items()
            if is_many(path)
        }

    def _find_types(self) -> dict[str, str]:
        """The type of every path that anything looks at."""
        found: dict[str, str] = {}
        for filter in self.collection.filters:
            if "__" in filter.lookup:  # about a part of a date
                continue
            type = PLAINER.get(filter.type, filter.type.removeprefix("csv-"))
            if type == "choice":
                type = COLLECTIONS[filter.of].id_type
            if found.get(filter.path) != "int":  # a list of numbers may be about integers
                found[filter.path] = type
        for order in self.collection.ordering:
            found.setdefault(order.path, order.type or "string")
        for path in self.collection.search.split():
            found.setdefault(path, "string")
        return found

    def _declare(self, name: str, columns: dict[str, Any], **more: Any) -> Model:
        meta = type("Meta", (), {"app_label": "surface"})
        return type(name, (models.Model,), {
            "Meta": meta, "__module__": __name__, **columns, **more
        })

    def ready(self) -> Model:
        """The model, with its table created and filled."""
        if not self.fresh:
            with self.lock:
                if not self.fresh:
                    self._fill()
        return self.model

    def _fill(self) -> None:
        rows = world.CURRENT.all(self.collection.path)
        if not self.created:
            with connection.schema_editor() as editor:
                for model in (self.model, *self.many.values()):
                    editor.create_model(model)
            self.created = True
        with transaction.atomic():
            self.remove()
            self.insert(rows)
        self.fresh = True

    def remove(self, ids: Optional[list[Any]] = None) -> None:
        """Forget all rows, or some. Django's own delete would load them first."""
        for model in self.many.values():
            rows = model.objects.all() if ids is None else model.objects.filter(row_id__in=ids)
            rows._raw_delete(rows.db)
        rows = self.model.objects.all() if ids is None else self.model.objects.filter(id__in=ids)
        rows._raw_delete(rows.db)

    def insert(self, rows: list[world.Row]) -> None:
        """Index rows; a value that its column cannot take is an error."""
        plain = [path for path in self.types if path != "id" and not is_many(path)]
        self.model.objects.bulk_create(
            self.model(
                id=self.key(row),
                **{column_name(path): next(iter(self._values(row, path)), None) for path in plain},
            )
            for row in rows
        )
        for path, model in self.many.items():
            model.objects.bulk_create(
                model(row_id=self.key(row), value=value)
                for row in rows
                for value in self._values(row, path)
            )

    def key(self, row: world.Row) -> Union[int, UUID]:
        return UUID(row["id"]) if self.collection.id_type == "uuid" else row["id"]

    def name(self, line: models.Model) -> Union[int, str]:
        """The id of a line's row in the world, where all is JSON."""
        return str(line.pk) if self.collection.id_type == "uuid" else line.pk

    def _values(self, row: world.Row, path: str) -> Iterator[Any]:
        convert = COLUMNS[self.types[path]][1]
        for value in read(row, path):
            yield convert(value) if convert else value

    def lookup(self, path: str) -> str:
        """The way to a path's values from the model, as Django writes it."""
        return f"{column_name(path)}__value" if is_many(path) else column_name(path)


# Parts of a collection (upcoming, previous) are cut from the table of the whole.
TABLES = {
    path: Table(collection)
    for path, collection in COLLECTIONS.items()
    if collection.source is None and path not in SEPARATE
}


def table_of(collection: Collection) -> Table:
    return TABLES[collection.source or collection.path]


def lookup(collection: Collection, path: str) -> str:
    """The way to a path's values from the collection's model."""
    if collection.path in SEPARATE:
        return path.replace(".", "__")
    return table_of(collection).lookup(path)


def lines_of(collection: Collection) -> QuerySet:
    """All that a collection has now; upcoming keeps for a day what is over."""
    lines = model_of(collection.path).objects.all()
    now = datetime.now(timezone.utc)
    if collection.path.endswith("/upcoming"):
        return lines.filter(**{f"{collection.moment}__gte": now - timedelta(hours=24)})
    if collection.path.endswith("/previous"):
        return lines.filter(**{f"{collection.moment}__lt": now})
    return lines


def model_of(path: str) -> Model:
    """The model behind a collection, ready to be asked."""
    return SEPARATE.get(path) or table_of(COLLECTIONS[path]).ready()
