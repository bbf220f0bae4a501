"""The news service under /v4/: a site of its own, with its own habits and its own throttle.

Unlike Launch Library it answers HEAD and OPTIONS, lets 500 entries onto a page, refuses an ordering
it does not know, wants no keys and says how long an answer keeps.
"""

from typing import Any

import django_filters
from django.http import HttpResponseRedirect
from django.urls import path
from django.utils.cache import patch_response_headers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from . import filters, throttle, world
from .pagination import NewsPagination
from .surface import NEWS
from .views import RowCollection, row_collection
from .world.news import SITES

VERSION = "4.33.0"
KEEPS = 600  # seconds

READING = ["get", "head", "options"]


class NewsCollection(RowCollection):
    http_method_names = READING
    authentication_classes = []
    throttle_classes = [throttle.NewsThrottle]
    pagination_class = NewsPagination

    def show(self, row: world.Row) -> dict[str, Any]:
        return row

    def finalize_response(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, *args, **kwargs)
        if response.status_code == 200 and request.method in ("GET", "HEAD"):
            patch_response_headers(response, KEEPS)
        return response


class Info(APIView):
    http_method_names = READING
    authentication_classes = []
    throttle_classes = [throttle.NewsThrottle]

    def get(self, request: Request) -> Response:
        response = Response({"version": VERSION, "news_sites": sorted(SITES)})
        patch_response_headers(response, KEEPS)
        return response


def to_docs(request: Request) -> HttpResponseRedirect:
    return HttpResponseRedirect("/v4/docs/")  # which are not served


router = SimpleRouter()
for name, declaration in NEWS.items():
    ordering = django_filters.OrderingFilter(fields=["published_at", "updated_at"])
    filterset = filters.filter_set(declaration, ordering=ordering)
    view = row_collection(declaration, NewsCollection, filterset)
    router.register(name, view, basename=name)

urls = [path("", to_docs), path("info/", Info.as_view(), name="info"), *router.urls]
