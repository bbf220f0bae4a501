"""What upstream understands a request as, by the parsing of the stand-in itself.

In this process, without rows being looked at: the path through Django's resolver, each filter
through its own form field, `search` and `ordering` through DRF's filters, `limit` and `offset`
through its pagination. Equal meanings are equal values:

    of("/2.3.0/spacecraft/?status=07&limit=0")
    == Meaning("/2.3.0/spacecraft/", None, {("status", 7)}, (), ("id",), "normal", 10, 0)
"""

import os
from decimal import Decimal
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple, Optional
from urllib.parse import unquote_to_bytes

os.environ["DJANGO_SETTINGS_MODULE"] = "sandbox.settings"

import django  # noqa: E402

django.setup()

from django.core.exceptions import ValidationError  # noqa: E402
from django.db.models import Model, QuerySet  # noqa: E402
from django.http import QueryDict  # noqa: E402
from django.urls import Resolver404, resolve  # noqa: E402
from django_filters.fields import ModelChoiceField, ModelMultipleChoiceField  # noqa: E402
from rest_framework.exceptions import ValidationError as APIValidationError  # noqa: E402
from sandbox import data, filters, report  # noqa: E402

EMPTY = ([], (), {}, "", None)  # django-filter leaves a list alone for these


class Refused(Exception):
    """Upstream answers 400 or 404."""


class Meaning(NamedTuple):
    path: str
    object: Any  # its id; None: a list
    filters: frozenset
    search: tuple
    ordering: tuple
    mode: Optional[str]
    limit: Optional[int]
    offset: Optional[int]


@lru_cache(None)
def surface() -> dict[str, Any]:
    data.create_tables()
    data.reset()
    return report.surface(with_older=True)


@lru_cache(None)
def route(path: str) -> Any:
    """The view behind a path, and its arguments; DRF adds the slash that is missing."""
    path = unquote_to_bytes(path).decode()
    try:
        found = resolve(path if path.endswith("/") else path + "/")
    except Resolver404 as error:
        raise Refused("no such path") from error
    return found.func.cls, found.kwargs, found.route


def of(target: str) -> Meaning:
    path, _, query = target.partition("?")
    cls, arguments, name = route(path)
    given = QueryDict(query)
    request = SimpleNamespace(query_params=given, GET=given)
    view = cls()
    view.request = request
    view.action = "retrieve" if arguments else "list"
    if given.get("format") not in (None, "", "json", "api"):
        raise Refused("format")
    object = key(view, arguments["pk"]) if arguments else None
    return Meaning(
        path=name,
        object=object,
        filters=frozenset((name, meant) for name in given for meant in filtered(cls, given, name)),
        search=searched(cls, given.get("search", "")),
        ordering=() if arguments else ordered(view, request),
        mode=mode(view),
        limit=None if arguments else view.paginator.get_limit(request),
        offset=None if arguments else view.paginator.get_offset(request),
    )


def key(view: Any, text: str) -> Any:
    model = view.get_queryset().model
    try:
        return model._meta.pk.to_python(text)
    except ValidationError as error:
        raise Refused(f"id {text}") from error


# ---- filters -----------------------------------------------------------------

def filtered(cls: Any, given: QueryDict, name: str) -> list[Any]:
    """What a parameter selects: one value, or none if it says nothing."""
    filter = cls.filterset_class.base_filters.get(name)
    if filter is None or name == "ordering":
        return []
    meant = cleaned(cls, name, tuple(given.getlist(name)))
    return [] if meant is None else [meant]


@lru_cache(200_000)
def cleaned(cls: Any, name: str, values: tuple[str, ...]) -> Any:
    form = field(cls, name)
    given = QueryDict(mutable=True)
    given.setlist(name, values)
    value = form.widget.value_from_datadict(given, {}, name)
    try:
        return normal(cls.filterset_class.base_filters[name], form.clean(value))
    except ValidationError as error:
        return no_rows(form, value, Refused(f"{name}: {error}"))


def no_rows(form: Any, value: Any, refusal: Refused) -> Any:
    """Upstream refuses the id of a row that is not there; which id it is can still be told."""
    if not isinstance(form, (ModelChoiceField, ModelMultipleChoiceField)):
        raise refusal
    id = form.queryset.model._meta.pk
    try:
        ids = [id.to_python(one) for one in (value if isinstance(value, list) else [value])]
    except ValidationError:
        raise refusal from None
    if isinstance(value, list) and [str(one) for one in ids] != value:
        raise refusal
    return ("no rows", frozenset(ids))


@lru_cache(None)
def field(cls: Any, name: str) -> Any:
    filter = cls.filterset_class.base_filters[name]
    filter.parent = SimpleNamespace(request=None)  # whom its choices are asked for
    return filter.field


def normal(filter: Any, value: Any) -> Any:
    """The same for whatever selects the same."""
    if isinstance(value, Model):
        return value.pk
    if value in EMPTY:
        return None
    if isinstance(value, (list, QuerySet)):  # "in" passes over None
        return frozenset(getattr(one, "pk", one) for one in value if one is not None)
    if isinstance(value, Decimal) and "contains" in filter.lookup_expr:  # -0 is not 0
        return str(value)
    if isinstance(filter, (filters.WordsFilter, filters.NamesFilter)):
        return conditions(filter.condition(value))
    return value


def conditions(q: Any) -> Any:
    """A tree of conditions without the branches that have one twig."""
    if not hasattr(q, "children"):
        return q
    parts = frozenset(map(conditions, q.children))
    whole = next(iter(parts)) if len(parts) == 1 else (q.connector, parts)
    return ("not", whole) if q.negated else whole


# ---- the rest ----------------------------------------------------------------

@lru_cache(200_000)
def searched(cls: Any, text: str) -> tuple[str, ...]:
    if not getattr(cls, "search_fields", None):
        return ()
    request = SimpleNamespace(query_params={"search": text})
    try:
        return tuple(filters.PhraseSearchFilter().get_search_terms(request))
    except APIValidationError as error:
        raise Refused("search") from error


def ordered(view: Any, request: Any) -> tuple[str, ...]:
    """A second term for a field decides nothing that the first left open."""
    if "ordering" in view.filterset_class.base_filters:
        cleaned(type(view), "ordering", tuple(request.GET.getlist("ordering")))
    fields: dict[str, str] = {}
    for term in filters.TotalOrderingFilter().get_ordering(request, None, view):
        fields.setdefault(term.removeprefix("-"), term)
    return tuple(fields.values())


def mode(view: Any) -> Optional[str]:
    if hasattr(view, "get_mode"):
        return view.get_mode()
    return next(m for m, cls in view.modes.items() if cls is view.get_serializer_class())
