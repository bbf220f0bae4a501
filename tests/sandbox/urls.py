"""The paths under /2.3.0/: what surface.py declares and a few single objects."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from . import views
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

urlpatterns = [path("2.3.0/", include(api))]
