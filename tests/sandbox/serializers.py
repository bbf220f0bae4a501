"""How rows become JSON: key order, `response_mode`, absolute `url`s and ISO 8601 durations.

A collection has one serializer per mode. Nested ones are declared as plain fields; what they need
from the database is found by `related_paths`, so a new collection states its shape once.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Optional

from django.db import models
from django.db.models import prefetch_related_objects
from rest_framework import serializers

from . import models as tables


def iso_duration(value: timedelta) -> str:
    """Write a duration as upstream does: unpadded, without empty parts, days at most."""
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    date = f"{value.days}D" if value.days else ""
    time = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
    return "P" + (date + ("T" + time if time else "") or "0D")


class IsoDurationField(serializers.DurationField):
    def to_representation(self, value: timedelta) -> str:
        return iso_duration(value)


class ResponseMode(serializers.Field):
    """The constant that tells how much detail an object carries."""

    def __init__(self, mode: str) -> None:
        super().__init__(source="*", read_only=True)
        self.mode = mode

    def to_representation(self, value: models.Model) -> str:
        return self.mode


def detail_url(route: str) -> serializers.HyperlinkedIdentityField:
    """The object's own address on the asking request's scheme and host; only `format` is kept."""
    return serializers.HyperlinkedIdentityField(view_name=f"{route}-detail")


class Rows(serializers.ListSerializer):
    """A page. What its objects hold is fetched for those alone that are not remembered."""

    def to_representation(self, data: Any) -> list[dict[str, Any]]:
        rows, memo, shape = list(data), self.context["memo"], type(self.child)
        new = [row for row in rows if (shape, row.pk) not in memo]
        prefetch_related_objects(new, *related_paths(shape))
        return super().to_representation(rows)


class RowSerializer(serializers.ModelSerializer):
    """Base of all. An object is worked out once: a page of 100 spacecraft repeats a score of
    configurations with their agencies, families and images.
    """

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DurationField: IsoDurationField,
    }

    def to_representation(self, instance: models.Model) -> dict[str, Any]:
        memo = self.context["memo"]
        key = (type(self), instance.pk)
        if key not in memo:
            memo[key] = super().to_representation(instance)
        return memo[key]


def related_paths(serializer: type[serializers.ModelSerializer], prefix: str = "") -> Iterator[str]:
    """Name every relation that the serializer follows, for `prefetch_related`."""
    for name, field in serializer._declared_fields.items():
        child: Optional[serializers.BaseSerializer] = getattr(field, "child", field)
        if isinstance(child, serializers.ModelSerializer):
            yield prefix + name
            yield from related_paths(type(child), f"{prefix}{name}__")


def named(table: type[models.Model]) -> type[RowSerializer]:
    """A serializer that writes `{id, name}`."""
    meta = type("Meta", (), {"model": table, "fields": ["id", "name"]})
    return type(f"{table.__name__}Name", (RowSerializer,), {"Meta": meta})


class ImageLicense(RowSerializer):
    class Meta:
        model = tables.ImageLicense
        fields = ["id", "name", "priority", "link"]


class ImageVariant(RowSerializer):
    type = named(tables.ImageVariantType)()

    class Meta:
        model = tables.ImageVariant
        fields = ["id", "type", "image_url"]


class Image(RowSerializer):
    license = ImageLicense()
    variants = ImageVariant(many=True)

    class Meta:
        model = tables.Image
        fields = [
            "id", "name", "image_url", "thumbnail_url", "credit", "license", "single_use",
            "variants",
        ]


class AgencyList(RowSerializer):
    response_mode = ResponseMode("list")
    url = detail_url("agencies")
    type = named(tables.AgencyType)()

    class Meta:
        model = tables.Agency
        fields = ["response_mode", "id", "url", "name", "abbrev", "type"]


class SpacecraftFamilyList(RowSerializer):
    response_mode = ResponseMode("list")

    class Meta:
        model = tables.SpacecraftFamily
        fields = ["response_mode", "id", "name"]


class SpacecraftFamilyNormal(RowSerializer):
    response_mode = ResponseMode("normal")
    manufacturer = AgencyList()
    parent = SpacecraftFamilyList()

    class Meta:
        model = tables.SpacecraftFamily
        fields = [
            "response_mode", "id", "name", "description", "manufacturer", "parent", "maiden_flight",
        ]


class SpacecraftConfigurationNormal(RowSerializer):
    response_mode = ResponseMode("normal")
    url = detail_url("spacecraft_configurations")
    type = named(tables.SpacecraftType)()
    agency = AgencyList()
    family = SpacecraftFamilyNormal(many=True)
    image = Image()

    class Meta:
        model = tables.SpacecraftConfiguration
        fields = [
            "response_mode", "id", "url", "name", "type", "agency", "family", "in_use", "image",
        ]


class SpacecraftConfigurationDetailed(SpacecraftConfigurationNormal):
    response_mode = ResponseMode("detailed")

    class Meta(SpacecraftConfigurationNormal.Meta):
        fields = SpacecraftConfigurationNormal.Meta.fields + [
            "history", "details", "maiden_flight", "height", "diameter", "human_rated",
            "crew_capacity", "payload_capacity", "flight_life", "wiki_link", "info_urls",
        ]


class LaunchList(RowSerializer):
    response_mode = ResponseMode("list")
    url = detail_url("launches")

    class Meta:
        model = tables.Launch
        fields = ["response_mode", "id", "url", "name", "slug", "net"]


class SpacecraftFlightList(RowSerializer):
    response_mode = ResponseMode("list")
    url = detail_url("spacecraft_flights")
    launch = LaunchList()

    class Meta:
        model = tables.SpacecraftFlight
        fields = ["response_mode", "id", "url", "destination", "mission_end", "launch"]


class SpacecraftNormal(RowSerializer):
    response_mode = ResponseMode("normal")
    url = detail_url("spacecraft")
    image = Image()
    status = named(tables.SpacecraftStatus)()
    spacecraft_config = SpacecraftConfigurationNormal()

    class Meta:
        model = tables.Spacecraft
        list_serializer_class = Rows
        fields = [
            "response_mode", "id", "url", "name", "serial_number", "is_placeholder", "image",
            "in_space", "time_in_space", "time_docked", "flights_count", "mission_ends_count",
            "status", "description", "spacecraft_config", "fastest_turnaround",
        ]


class SpacecraftDetailed(SpacecraftNormal):
    response_mode = ResponseMode("detailed")
    spacecraft_config = SpacecraftConfigurationDetailed()
    flights = SpacecraftFlightList(many=True)

    class Meta(SpacecraftNormal.Meta):
        fields = SpacecraftNormal.Meta.fields + ["measurements", "flights"]
