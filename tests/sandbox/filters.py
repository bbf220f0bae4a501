"""Filtering, searching and ordering of lists, as the upstream documentation states them."""

from datetime import datetime, timezone
from typing import Any

import django_filters
from django.db.models import F, Model, Q, QuerySet
from django.forms import ValidationError
from django.forms.utils import from_current_timezone
from django.utils.text import smart_split, unescape_string_literal
from django_filters import rest_framework as filters
from rest_framework.fields import CharField
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.request import Request

from . import index
from .models import Spacecraft
from .spec import Collection, Filter, is_many
from .world.config import SUBORBITAL


class FilterSet(filters.FilterSet):
    """Makes only the filters that are asked for: launches have ninety, and a form copies them all."""

    def __init__(self, data: Any = None, *more: Any, **options: Any) -> None:
        self.base_filters = {n: f for n, f in self.base_filters.items() if n in (data or ())}
        super().__init__(data, *more, **options)


class SpacecraftFilter(FilterSet):
    """`in_space`, `is_placeholder`: true/false/1/0, all else means "not set"; `name`: exact;
    `spacecraft_config`, `status`: the id of an existing row, all else is a 400."""

    class Meta:
        model = Spacecraft
        fields = ["in_space", "is_placeholder", "name", "spacecraft_config", "status"]


class DateTimeField(filters.IsoDateTimeFilter.field_class):
    """Takes all that Python reads as ISO 8601, dates without a time too, as Django does since 5."""

    def to_python(self, value: Any) -> Any:
        try:
            return from_current_timezone(datetime.fromisoformat(value.strip()))
        except (AttributeError, ValueError, ValidationError):
            return super().to_python(value)


class DateTimeFilter(filters.IsoDateTimeFilter):
    field_class = DateTimeField


class NumbersFilter(filters.BaseInFilter, filters.NumberFilter):
    pass


class StringsFilter(filters.BaseInFilter, filters.CharFilter):
    pass


class UUIDsFilter(filters.BaseInFilter, filters.UUIDFilter):
    pass


class ChoiceFilter(filters.ModelChoiceFilter):
    """The id of an existing row; all else is a 400."""

    def filter(self, queryset: QuerySet, row: Model) -> QuerySet:
        return super().filter(queryset, row and row.pk)


class SuborbitalFilter(django_filters.BooleanFilter):
    """`include_suborbital`: false leaves out what stays below orbit."""

    def filter(self, queryset: QuerySet, value: Any) -> QuerySet:
        return queryset.exclude(**{self.field_name: SUBORBITAL}) if value is False else queryset


class RecentFilter(filters.BooleanFilter):
    """`hide_recent_previous`: true leaves out what is over."""

    def filter(self, queryset: QuerySet, value: Any) -> QuerySet:
        if value:
            return queryset.filter(**{f"{self.field_name}__gte": datetime.now(timezone.utc)})
        return queryset


class ContainsFilter(filters.CharFilter):
    """Letters anywhere in a text, great or small."""

    def filter(self, queryset: QuerySet, value: str) -> QuerySet:
        return queryset.filter(self.condition(value)) if value else queryset

    def condition(self, value: str) -> Q:
        return Q(**{f"{self.field_name}__icontains": value})


class WordsFilter(ContainsFilter):
    """Several of them, parted by commas: all must be there, or one."""

    together = Q.AND

    def condition(self, value: str) -> Q:
        whole = Q()
        for word in value.split(","):
            whole = whole._combine(super().condition(word.strip()), self.together)
        return whole


class AnyWordFilter(WordsFilter):
    together = Q.OR


class NamesFilter(ContainsFilter):
    """One of several whole names, parted by commas, in whatever case."""

    def condition(self, value: str) -> Q:
        whole = Q()
        for name in value.split(","):
            whole |= Q(**{f"{self.field_name}__iexact": name.strip()})
        return whole


class OtherNamesFilter(NamesFilter):
    def condition(self, value: str) -> Q:
        return ~super().condition(value)


TYPES: dict[str, type[filters.Filter]] = {
    "int": filters.NumberFilter,
    "number": filters.NumberFilter,
    "string": filters.CharFilter,
    "bool": filters.BooleanFilter,
    "nullbool": django_filters.BooleanFilter,  # true/false/2/3; 1 and 0 mean "not set"
    "date": filters.DateFilter,
    "datetime": DateTimeFilter,
    "csv-int": NumbersFilter,
    "csv-number": NumbersFilter,
    "csv-string": StringsFilter,
    "csv-uuid": UUIDsFilter,
    "choice": ChoiceFilter,
    "choices": filters.ModelMultipleChoiceFilter,
    "suborbital": SuborbitalFilter,
    "recent": RecentFilter,
    "contains": ContainsFilter,
    "words-all": WordsFilter,
    "words-one": AnyWordFilter,
    "names": NamesFilter,
    "not-names": OtherNamesFilter,
}


def _make_filter(declared: Filter, table: "index.Table") -> filters.Filter:
    options: dict[str, Any] = {}
    if declared.of:
        options["queryset"] = lambda request: index.model_of(declared.of)._base_manager.all()
    if declared.type == "choices":
        options["to_field_name"] = "id"
    return TYPES[declared.type](
        field_name=table.lookup(declared.path),
        lookup_expr=declared.lookup or "exact",
        distinct=is_many(declared.path),
        **options,
    )


def filter_set(collection: Collection, **more: filters.Filter) -> type[filters.FilterSet]:
    """The filters that a collection declares."""
    table = index.table_of(collection)
    made = {f.name: _make_filter(f, table) for f in collection.filters}
    made.update(more)
    return type(f"{collection.model}Filter", (FilterSet,), made)


class PhraseSearchFilter(SearchFilter):
    """Splits `search` as DRF 3.15 and later do: blanks and commas part terms, quotes keep phrases.

    Debian's DRF is older; it knows no phrases and drops null characters instead of refusing them.
    """

    def get_search_terms(self, request: Request) -> list[str]:
        text = request.query_params.get(self.search_param, "")
        field = CharField(trim_whitespace=False, allow_blank=True)
        terms = []
        for word in smart_split(field.run_validation(text)):
            word = word.strip(",")
            if word[:1] in ("'", '"') and word[0] == word[-1]:
                terms.append(unescape_string_literal(word))
            else:
                terms.extend(term.strip() for term in word.split(",") if term)
        return terms


class TotalOrderingFilter(OrderingFilter):
    """Orders by what the caller asks and then by `id`.

    Hundreds of spacecraft share a `flights_count` or a `time_docked`. With ties left to the
    database, a window of 100 and the ten pages of 10 inside it may disagree, and no test could
    compare them; with `id` last every order is total. Null is larger than any value in both
    directions, as PostgreSQL has it. A view's `order_columns` tell which column stands behind a
    name, where the two differ.
    """

    def filter_queryset(self, request: Request, queryset: QuerySet, view: Any) -> QuerySet:
        terms = list(self.get_ordering(request, queryset, view) or ())
        if not {"id", "-id"} & set(terms):
            terms.append("id")
        columns = getattr(view, "order_columns", {})

        def column(name: str) -> F:
            return F(columns.get(name, name))

        return queryset.order_by(
            *(
                column(term[1:]).desc(nulls_first=True)
                if term.startswith("-")
                else column(term).asc(nulls_last=True)
                for term in terms
            )
        )
