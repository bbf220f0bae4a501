"""How a row shows in a mode: which keys, `response_mode`, addresses, and rows inside it."""

from functools import lru_cache
from typing import Any, Callable

from .spec import Collection
from .surface import COLLECTIONS

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


def show(row: dict[str, Any], collection: Collection, mode: str, link: Link) -> dict[str, Any]:
    """Make the JSON of a row; a mode the collection does not have is the nearest it has."""
    shape = collection.nearest(mode)
    tree = nested_tree(collection, shape)
    shown = {} if collection.without_modes else {"response_mode": shape}
    for key in collection.keys(shape):
        if key == "url":
            shown[key] = link(collection.source or collection.path, row["id"])
        else:
            shown[key] = _show_value(row[key], tree.get(key), mode, link)
    return shown


def _show_value(value: Any, nested: Any, mode: str, link: Link) -> Any:
    if nested is None or value is None:
        return value
    if isinstance(value, list):
        return [_show_value(one, nested, mode, link) for one in value]
    if isinstance(nested, str):
        return show(value, COLLECTIONS[nested], BELOW[mode], link)
    return {
        key: _show_value(part, nested.get(key), mode, link)
        for key, part in value.items()
        if nested.get(key) is not OMITTED
    }
