"""How a collection is declared: what it may be filtered, searched and ordered by, and its modes.

A declaration speaks of paths into a row's JSON, so that what is filtered is what is shown:

    net                        a key
    pad.location.id            a key of a nested object
    program[].id               one of many
    payload_flights[0].launch.net   the first of many
    launch_crew[].id?          whether there is any
    a.id|b[].id                both together, one of many

Filters are a table of lines `name operators type path of`. Without a path it is the name with `__`
read as a dot. `of` is the collection whose ids a `choice` takes. The operators are families that
the upstream API repeats over and over.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, Optional

RANGE = ("gt", "gte", "lt", "lte")

# How many filters one line declares: the suffixes of their names.
FAMILIES = {
    "=": ("",),
    "<>": RANGE,
    "<=>": ("", *RANGE),
    ">=<=": ("gte", "lte"),
    "=~": ("", "contains"),
    "=~~": ("", "icontains"),
    "_<>": RANGE,  # with a single underscore, as the news service has it
}

MODES = ("list", "normal", "detailed")


class Filter(NamedTuple):
    name: str
    type: str  # a key of filters.TYPES
    path: str
    lookup: str  # Django's: gt, contains, in, day__in; exact is ""
    of: Optional[str]


class Order(NamedTuple):
    name: str
    type: Optional[str]  # None: as a filter on the same path says, or a string
    path: str


def read_filters(table: str) -> list[Filter]:
    """Spell out a table of filters."""
    filters = []
    for line in filter(str.strip, table.splitlines()):
        name, family, type, *rest = line.split()
        path, of = [*rest, None, None][:2]
        if path in (None, "."):
            path = name.replace("__", ".")
        path, _, part = path.partition(":")  # `net:day`: the day in a date
        for suffix in FAMILIES[family]:
            joint = "_" if family[0] == "_" else "__"
            full = f"{name}{joint}{suffix}" if suffix else name
            lookup = f"{part}__in" if part else "in" if type.startswith("csv") else suffix
            filters.append(Filter(full, type, path, lookup, of))
    return filters


def read_ordering(words: str) -> list[Order]:
    """Read words of the form `name`, `name:type` or `name:type:path`."""
    fields = []
    for word in words.split():
        name, type, path = [*word.split(":"), "", ""][:3]
        fields.append(Order(name, type or None, path or name.replace("__", ".")))
    return fields


def read(row: Any, path: str) -> list[Any]:
    """Find all values of a path in a row, nulls left out."""
    return [value for one in path.split("|") for value in _read_one(row, one)]


def _read_one(row: Any, path: str) -> list[Any]:
    if path.endswith("?"):
        return [any(_read_one(row, path[:-1]))]
    found = [row]
    for key in path.split("."):
        name, bracket, _ = key.partition("[")
        values = (one[name] for one in found)
        if bracket:
            which = slice(1) if key.endswith("[0]") else slice(None)
            values = (value for many in values for value in many[which])
        found = [value for value in values if value is not None]
    return found


def is_many(path: str) -> bool:
    return ("[]" in path or "|" in path) and not path.endswith("?")


@dataclass(frozen=True, eq=False)
class Collection:
    """What there is to know about one collection.

    `list`, `normal` and `detailed` name the keys that each mode adds to the one before it; a mode
    that does not exist is None. `nested` tells which keys (or paths) hold rows of other
    collections; those are shown one mode below the row they are in.
    """

    path: str
    model: str  # as a 404 calls it
    list: Optional[str] = None
    normal: str = ""
    detailed: Optional[str] = None
    filters_table: str = ""
    search: str = ""
    ordering_words: str = ""
    default_order: str = "id"
    nested: dict[str, str] = field(default_factory=dict)
    only_detailed: tuple[str, ...] = ()  # paths inside nested objects
    source: Optional[str] = None  # the collection it is a part of
    moment: Optional[str] = None  # the time that parts upcoming from previous
    without_modes: bool = False
    refused_mode: Optional[int] = None  # status that `mode=list` is answered

    @cached_property
    def filters(self) -> tuple[Filter, ...]:
        return tuple(read_filters(self.filters_table))

    @cached_property
    def ordering(self) -> tuple[Order, ...]:
        return tuple(read_ordering(self.ordering_words))

    @property
    def modes(self) -> tuple[str, ...]:
        return () if self.without_modes else self.shapes

    @cached_property
    def shapes(self) -> tuple[str, ...]:
        """The modes it can be shown in, the shortest first."""
        return tuple(mode for mode in MODES if getattr(self, mode) is not None)

    @property
    def id_type(self) -> str:
        return "uuid" if self.model == "Launch" else "int"

    def nearest(self, mode: str) -> str:
        """The mode itself, or the next richer, or else the richest there is."""
        richer = [m for m in self.shapes if MODES.index(m) >= MODES.index(mode)]
        return richer[0] if richer else self.shapes[-1]

    def keys(self, mode: str) -> tuple[str, ...]:
        upto = self.shapes[: self.shapes.index(mode) + 1]
        return tuple(key for m in upto for key in getattr(self, m).split())
