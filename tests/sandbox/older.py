"""/2.2.0/: the same rows under the names and in the plainer shape that older clients know.

A light face: addresses, images, countries, kinds and lists of links look as they did; what 2.3.0
brought or dropped otherwise shows as it is there.
"""

import re
from dataclasses import replace
from typing import Any

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from . import views
from .surface import SERVED

# Today's collection for each of then.
NAMES = {
    "launch": "launches",
    "launch/upcoming": "launches/upcoming",
    "launch/previous": "launches/previous",
    "event": "events",
    "event/upcoming": "events/upcoming",
    "event/previous": "events/previous",
    "agencies": "agencies",
    "astronaut": "astronauts",
    "config/launcher": "launcher_configurations",
    "config/spacecraft": "spacecraft_configurations",
    "docking_event": "docking_events",
    "expedition": "expeditions",
    "launcher": "launchers",
    "location": "locations",
    "pad": "pads",
    "program": "programs",
    "spacecraft": "spacecraft",
    "spacestation": "space_stations",
    "updates": "updates",
}
NAMES_THEN = {today: then for then, today in NAMES.items()}

KEYS_THEN = {"vid_urls": "vidURLs", "info_urls": "infoURLs", "country": "country_code"}

ADDRESS = re.compile(r"(https?://[^/]+)/2\.3\.0/([a-z_/]+)/([0-9a-f-]+)/")


def older(value: Any, key: str = "") -> Any:
    """Give an answer of 2.3.0 the shape of 2.2.0."""
    if isinstance(value, list):
        if key == "country":
            return ",".join(country["alpha_3_code"] for country in value)
        return [older(one, key) for one in value]
    if isinstance(value, dict):
        if "image_url" in value and "license" in value:
            return value["image_url"]
        if key == "country":
            return value["alpha_3_code"]
        if key == "type" and set(value) == {"id", "name"}:
            return value["name"]
        return {
            KEYS_THEN.get(inner, inner): older(part, inner)
            for inner, part in value.items()
            if inner != "response_mode"
        }
    if key == "url" and isinstance(value, str):
        return ADDRESS.sub(_address_then, value)
    return value


def _address_then(found: re.Match) -> str:
    host, name, id = found.groups()
    return f"{host}/2.2.0/{NAMES_THEN.get(name, name)}/{id}/"


class Older:
    """Put before a view of 2.3.0."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kw: Any) -> Response:
        if getattr(response, "data", None) is not None and response.status_code == 200:
            response.data = older(response.data)
        return super().finalize_response(request, response, *args, **kw)


class OlderRows(Older, views.RowCollection):
    pass


class OlderSpacecraft(Older, views.SpacecraftCollection):
    pass


class OlderStarshipDashboard(Older, views.StarshipDashboard):
    pass


OF_THEIR_OWN = {"spacecraft": OlderSpacecraft}

router = SimpleRouter()
for then in sorted(NAMES, key=lambda name: -name.count("/")):
    today = replace(SERVED[NAMES[then]], refused_mode=None)
    view = OF_THEIR_OWN.get(then) or views.row_collection(today, OlderRows)
    router.register(then, view, basename=f"2.2.0/{then}")

urls = [path("dashboard/starship/", OlderStarshipDashboard.as_view()), *router.urls]
