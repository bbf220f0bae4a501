"""The paths: those under /2.3.0/ here, those of other services and versions in their modules."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from . import news, older, views
from .surface import SERVED

# Those that are not served from the generated rows.
OF_THEIR_OWN = {
    "spacecraft": views.SpacecraftCollection,
}

router = SimpleRouter()
# The longer paths first: `launches/upcoming/` would also do as the address of a launch.
for name in sorted(SERVED, key=lambda name: -name.count("/")):
    view = OF_THEIR_OWN.get(name) or views.row_collection(SERVED[name])
    router.register(name, view, basename=name)

api = [
    path("", views.Root.as_view(), name="root"),
    path("api-throttle/", views.ApiThrottle.as_view(), name="api-throttle"),
    path("dashboard/starship/", views.StarshipDashboard.as_view(), name="starship"),
    *router.urls,
]

urlpatterns = [
    path("2.3.0/", include(api)),
    path("2.2.0/", include(older.urls)),
    path("v4/", include(news.urls)),
]
