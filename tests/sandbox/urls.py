"""The paths under /2.3.0/. A new collection is one line in COLLECTIONS."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from . import views

COLLECTIONS = {
    "spacecraft": views.SpacecraftCollection,
}

# Linked to by the collections above, but not served (yet).
LINKED_ONLY = ["agencies", "launches", "spacecraft_configurations", "spacecraft_flights"]

router = SimpleRouter()
for name, view in COLLECTIONS.items():
    router.register(name, view, basename=name)

api = router.urls + [
    path("api-throttle/", views.ApiThrottle.as_view(), name="api-throttle"),
    *(path(f"{name}/<pk>/", views.not_served, name=f"{name}-detail") for name in LINKED_ONLY),
]

urlpatterns = [path("2.3.0/", include(api))]
