"""The API's endpoints."""

import math
from typing import Any, Optional

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.views import exception_handler as drf_exception_handler
from rest_framework.viewsets import ReadOnlyModelViewSet

from . import filters, serializers, throttle
from .models import Spacecraft


class Collection(ReadOnlyModelViewSet):
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

    def get_queryset(self) -> QuerySet:
        return super().get_queryset().prefetch_related(
            *serializers.related_paths(self.get_serializer_class())
        )


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


def not_served(request: Request, **kwargs: Any) -> None:
    """Stands where a collection will be, so that links to it can be written already."""
    raise Http404


def exception_handler(exc: Exception, context: dict[str, Any]) -> Optional[Response]:
    """Keep Django's text in a 404, as DRF does since 3.15: the model's name for an unknown id."""
    if isinstance(exc, Http404):
        exc = NotFound(*exc.args)
    return drf_exception_handler(exc, context)
