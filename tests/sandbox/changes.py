"""What tests change in generated collections: rows added, deleted and rewritten."""

import copy
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from . import index, world
from .spec import Collection
from .surface import COLLECTIONS

Fields = dict[str, Any]


def _known(path: str) -> Collection:
    if path not in COLLECTIONS or path in index.SEPARATE:
        raise ValueError(f"no collection {path}")
    collection = COLLECTIONS[path]
    return COLLECTIONS[collection.source or path]


@contextmanager
def _changing(collection: Collection) -> Iterator[index.Table]:
    """Change a table and the world together. All other tables are read anew when next used,
    because a row may show in any of them."""
    table = index.table_of(collection)
    table.ready()
    with transaction.atomic():
        yield table
    for other in index.TABLES.values():
        if other is not table:
            other.fresh = False


def add(path: str, number: int, fields: Fields) -> list[Any]:
    """Add rows like the last one there is, but for the fields given."""
    collection = _known(path)
    rows = world.CURRENT.all(collection.path)
    added = []
    for turn in range(number):
        row = copy.copy(rows[-1])
        row["id"] = str(uuid.uuid4()) if collection.id_type == "uuid" else (
            max(row["id"] for row in rows) + 1 + turn
        )
        if "name" in row:
            row["name"] = f"Added {row['id']}"
        added.append(_with(collection, row, fields))
    with _changing(collection) as table:
        table.insert(added)
        world.CURRENT.put(collection.path, added)
    return [row["id"] for row in added]


def delete(path: str, ids: list[Any]) -> list[Any]:
    """Delete rows; ids that do not exist are an error. Rows that hold them still do."""
    collection = _known(path)
    rows = [_find(collection, id) for id in ids]
    with _changing(collection) as table:
        table.remove([table.key(row) for row in rows])
        world.CURRENT.drop(collection.path, ids)
    return ids


def update(path: str, id: Any, fields: Fields) -> list[Any]:
    """Set fields, by key or by path (`mission.name`); a relation is set by its id or ids."""
    collection = _known(path)
    row = _find(collection, id)
    changed = _with(collection, row, fields)
    with _changing(collection) as table:
        table.remove([table.key(row)])
        table.insert([changed])
        row.update(changed)
    return [id]


def reset() -> None:
    world.CURRENT.forget()
    for table in index.TABLES.values():
        table.fresh = False


def _find(collection: Collection, id: Any) -> world.Row:
    row = world.CURRENT.rows(collection.path).get(id)
    if row is None:
        raise ValueError(f"no {id} among the {collection.path}")
    return row


def _with(collection: Collection, row: world.Row, fields: Fields) -> world.Row:
    """A copy of a row with fields set."""
    relations = {
        **collection.nested,
        **{f.path.removesuffix(".id"): f.of for f in collection.filters if f.of},
    }
    changed = copy.copy(row)
    for path, value in fields.items():
        *parents, last = path.split(".")
        place = changed
        for depth, key in enumerate(parents, 1):
            if ".".join(parents[:depth]) in relations or not isinstance(place.get(key), dict):
                raise ValueError(f"{path} is not a field of this row itself")
            place[key] = copy.copy(place[key])
            place = place[key]
        if last not in place or last == "id":
            raise ValueError(f"{path} cannot be set")
        place[last] = _related(relations.get(path), value)
    return changed


def _related(target: Any, value: Any) -> Any:
    if target is None or value is None:
        return value
    if isinstance(value, list):
        return [_related(target, one) for one in value]
    return _find(COLLECTIONS[target], value)
