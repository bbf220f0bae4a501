"""Comparisons that SQLite makes otherwise than the database upstream runs on.

There `contains` tells great letters from small, `icontains` and `iexact` know the small letters of
every script, and integers beyond a column's range compare as numbers do.
"""

from typing import Any

from django.db.backends.signals import connection_created
from django.db.models import IntegerField, Lookup, TextField
from django.db.models.lookups import (
    GreaterThan,
    In,
    IntegerGreaterThanOrEqual,
    IntegerLessThan,
    LessThanOrEqual,
)
from django.dispatch import receiver

from .models import INT64


@receiver(connection_created)
def teach_letters(connection: Any, **more: Any) -> None:
    connection.connection.create_function("UNICODE_UPPER", 1, _upper, deterministic=True)


def _upper(text: Any) -> Any:
    return text if text is None else str(text).upper()


class Text(Lookup):
    form = ""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        left, left_values = self.process_lhs(compiler, connection)
        right, right_values = self.process_rhs(compiler, connection)
        return self.form.format(left, right), [*left_values, *right_values]


@TextField.register_lookup
class Contains(Text):
    lookup_name = "contains"
    form = "INSTR({}, {}) > 0"


@TextField.register_lookup
class ContainsAnyCase(Text):
    lookup_name = "icontains"
    form = "INSTR(UNICODE_UPPER({}), UNICODE_UPPER({})) > 0"


@TextField.register_lookup
class ExactAnyCase(Text):
    lookup_name = "iexact"
    form = "UNICODE_UPPER({}) = UNICODE_UPPER({})"


def _bounded(lookup: type[Lookup]) -> None:
    """Make a comparison of integers take the nearest number that SQLite can hold."""

    class Bounded(lookup):
        def get_prep_lookup(self) -> Any:
            value = super().get_prep_lookup()
            if isinstance(value, int):
                return max(INT64.start, min(value, INT64.stop - 1))
            return value

    IntegerField.register_lookup(Bounded)


for lookup in (GreaterThan, IntegerGreaterThanOrEqual, IntegerLessThan, LessThanOrEqual):
    _bounded(lookup)


@IntegerField.register_lookup
class BoundedIn(In):
    """Numbers that SQLite cannot hold are none of its."""

    def get_prep_lookup(self) -> Any:
        values = super().get_prep_lookup()
        if isinstance(values, list):
            return [v for v in values if not isinstance(v, int) or v in INT64]
        return values
