"""The API's endpoints."""

import math
from datetime import datetime, timezone
from typing import Any, Callable, Optional

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.views import exception_handler as drf_exception_handler
from rest_framework.viewsets import ReadOnlyModelViewSet

from . import filters, index, serializers, shapes, throttle, world
from .links import link_maker
from .memory import MEMORY
from .models import Spacecraft
from .spec import Collection as Declaration
from .surface import COLLECTIONS, SERVED


class Remembering:
    """Put before a view that reads rows."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.memo = MEMORY.of(request)


class Collection(Remembering, ReadOnlyModelViewSet):
    """A list and its detail pages.

    A subclass names its `queryset`, one serializer per mode in `modes`, and what may be filtered,
    searched and ordered. Lists obey `?mode=` and fall back to `default_mode`; detail pages show
    `detail_mode` whatever they are asked. Every method but GET is a 405, also HEAD and OPTIONS.
    """

    http_method_names = ["get"]
    modes: dict[str, type[BaseSerializer]] = {}
    default_mode = "normal"
    detail_mode = "detailed"
    ordering = ["id"]

    def get_serializer_class(self) -> type[BaseSerializer]:
        if self.action == "retrieve":
            return self.modes[self.detail_mode]
        asked = self.request.query_params.get("mode")
        return self.modes.get(asked, self.modes[self.default_mode])

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "memo": self.memo}


class SpacecraftCollection(Collection):
    queryset = Spacecraft.objects.all()
    modes = {"normal": serializers.SpacecraftNormal, "detailed": serializers.SpacecraftDetailed}
    filterset_class = filters.SpacecraftFilter
    search_fields = ["name", "spacecraft_config__name"]
    ordering_fields = [
        "flights_count", "id", "mission_ends_count", "time_docked", "time_in_space",
    ]


class ApiThrottle(APIView):
    """How much of the quota the caller has used. Free of charge, also while throttled.

    `ident` is the key itself for callers that sent one, as upstream answers.
    """

    http_method_names = ["get"]
    throttle_classes = []

    def get(self, request: Request) -> Response:
        ident = throttle.identify(request)
        usage = throttle.LOG.usage(ident)
        return Response(
            {
                "your_request_limit": usage.rate and usage.rate.calls,
                "limit_frequency_secs": usage.rate and round(usage.rate.seconds),
                "current_use": usage.current,
                "next_use_secs": math.ceil(usage.next_free),
                "ident": ident,
            }
        )


class RowSerializer(BaseSerializer):
    """Shows the row of the world that a line of an index stands for."""

    def to_representation(self, line: Any) -> dict[str, Any]:
        return self.context["show"](line)


class RowCollection(Remembering, ReadOnlyModelViewSet):
    """A list and its detail pages of what is generated, as `declaration` says.

    Modes are as in `Collection`.
    """

    http_method_names = ["get"]
    serializer_class = RowSerializer
    declaration: Declaration

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        refused = self.declaration.refused_mode
        if refused and request.query_params.get("mode") == "list":
            if refused == 400:
                raise ValidationError({"mode": ["This mode is not available here."]})
            return HttpResponse("<h1>Server Error (500)</h1>", status=refused)
        return super().list(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet:
        # Taken before the index is asked: what is deleted meanwhile can still be shown.
        self.rows = world.CURRENT.rows(self.declaration.path)
        return index.lines_of(self.declaration).only("id")

    def get_mode(self) -> str:
        if self.action == "retrieve":
            return self.declaration.shapes[-1]
        asked = self.request.query_params.get("mode")
        return asked if asked in self.declaration.modes else "normal"

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "show": self.shower()}

    def shower(self) -> Callable[[Any], dict[str, Any]]:
        """What turns a line of the index into JSON."""
        table = index.table_of(self.declaration)
        before, now = self.rows, world.CURRENT.rows(self.declaration.path)

        def show(line: Any) -> dict[str, Any]:
            id = table.name(line)
            return self.show(before.get(id) or now[id])

        self.shaper = shapes.Shaper(link_maker(self.request, "2.3.0"), self.memo)
        return show

    def show(self, row: world.Row) -> dict[str, Any]:
        return self.shaper.show(row, self.declaration, self.get_mode())


def row_collection(
    declaration: Declaration,
    base: type[RowCollection] = RowCollection,
    filterset: Optional[type[filters.filters.FilterSet]] = None,
) -> type[RowCollection]:
    table = index.table_of(declaration)
    return type(
        f"{declaration.model}Rows",
        (base,),
        {
            "declaration": declaration,
            "filterset_class": filterset or filters.filter_set(declaration),
            "search_fields": [table.lookup(path) for path in declaration.search.split()],
            "ordering": [declaration.default_order],
            "ordering_fields": [order.name for order in declaration.ordering],
            "order_columns": {o.name: table.lookup(o.path) for o in declaration.ordering},
        },
    )


class Root(APIView):
    """The names and addresses of all there is."""

    http_method_names = ["get"]

    def get(self, request: Request) -> Response:
        link = link_maker(request, "2.3.0")
        names = sorted([*SERVED, "api-throttle", "dashboard/starship"])
        return Response({name: link(name) for name in names})


class StarshipDashboard(Remembering, APIView):
    """One object about what goes on at one launch site."""

    http_method_names = ["get"]
    site = 143
    most = 10

    def get(self, request: Request) -> Response:
        mode = request.query_params.get("mode")
        mode = mode if mode in ("list", "normal", "detailed") else "normal"
        shaper = shapes.Shaper(link_maker(request, "2.3.0"), self.memo)
        now = world.iso(datetime.now(timezone.utc))
        start = world.iso(world.CURRENT.now)  # nothing here may differ from one second to the next

        def shown(path: str, rows: list) -> list:
            return [shaper.show(row, COLLECTIONS[path], mode) for row in rows[: self.most]]

        launches = sorted(
            (r for r in world.CURRENT.all("launches") if r["pad"]["location"]["id"] == self.site),
            key=lambda row: row["net"],
        )
        events = sorted(world.CURRENT.all("events"), key=lambda row: row["date"])
        return Response(
            {
                "upcoming": {
                    "launches": shown("launches", [r for r in launches if r["net"] >= now]),
                    "events": shown("events", [r for r in events if r["date"] >= now]),
                },
                "previous": {
                    "launches": shown("launches", [r for r in launches[::-1] if r["net"] < now]),
                    "events": shown("events", [r for r in events[::-1] if r["date"] < now]),
                },
                "live_streams": [],
                "road_closures": [
                    {"id": 1, "title": "Main road", "status": {"id": 2, "name": "Possible"},
                     "time": "all day", "window_start": start, "window_end": start}
                ],
                "notices": [],
                "vehicles": shown("launchers", world.CURRENT.all("launchers")),
                "orbiters": shown("spacecraft", world.CURRENT.all("spacecraft")),
            }
        )


def exception_handler(exc: Exception, context: dict[str, Any]) -> Optional[Response]:
    """Keep Django's text in a 404, as DRF does since 3.15: the model's name for an unknown id."""
    if isinstance(exc, Http404):
        exc = NotFound(*exc.args)
    return drf_exception_handler(exc, context)
