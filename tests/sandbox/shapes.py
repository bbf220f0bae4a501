"""How a row shows in a mode: which keys, `response_mode`, addresses, and rows inside it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Callable

from .memory import Shown
from .spec import Collection
from .surface import COLLECTIONS

Row = dict[str, Any]
Link = Callable[[str, Any], str]  # the address of a collection's row

# A nested row is shown one mode below the row that it is in.
BELOW = {"list": "list", "normal": "list", "detailed": "normal"}

# What a tree of nested keys holds for a part that only `detailed` shows.
OMITTED = object()


@lru_cache(maxsize=None)
def nested_tree(collection: Collection, mode: str) -> dict[str, Any]:
    """Turn paths into a tree: `rocket.configuration` into {rocket: {configuration: ...}}."""
    tree: dict[str, Any] = {}
    leaves = dict(collection.nested)
    if mode != "detailed":
        kept = {p: v for p, v in leaves.items() if not p.startswith(collection.only_detailed)}
        leaves = {**kept, **dict.fromkeys(collection.only_detailed, OMITTED)}
    for path, leaf in leaves.items():
        *parents, last = path.split(".")
        place = tree
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = leaf
    return tree


@dataclass
class Shaper:
    """Shows rows to one request."""

    link: Link
    memo: Shown

    def show(self, row: Row, collection: Collection, mode: str) -> Row:
        """The JSON of a row; a mode the collection does not have is the nearest it has."""
        known = (collection.path, mode, row["id"])
        if known not in self.memo:
            self.memo[known] = self._make(row, collection, mode)
        return self.memo[known]

    def _make(self, row: Row, collection: Collection, mode: str) -> Row:
        shape = collection.nearest(mode)
        tree = nested_tree(collection, shape)
        shown = {} if collection.without_modes else {"response_mode": shape}
        for key in collection.keys(shape):
            if key == "url":
                shown[key] = self.link(collection.source or collection.path, row["id"])
            else:
                shown[key] = self._show_value(row[key], tree.get(key), mode)
        return shown

    def _show_value(self, value: Any, nested: Any, mode: str) -> Any:
        if nested is None or value is None:
            return value
        if isinstance(value, list):
            return [self._show_value(one, nested, mode) for one in value]
        if isinstance(nested, str):
            return self.show(value, COLLECTIONS[nested], BELOW[mode])
        return {
            key: self._show_value(part, nested.get(key), mode)
            for key, part in value.items()
            if nested.get(key) is not OMITTED
        }
