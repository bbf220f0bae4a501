"""The tables behind the served collections, shaped after what Launch Library's answers show.

A plain `{id, name}` table is one line: `class ThingType(Named)`. Every model that can appear in a
list has a `Meta.ordering` that ends in a unique column, so that no answer depends on row order.
"""

from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.models.lookups import Exact

INT64 = range(-(2**63), 2**63)


@models.IntegerField.register_lookup
class BoundedExact(Exact):
    """An integer no column can hold matches no row.

    Django has behaved so since 4.2, upstream included; 3.2 hands the number to SQLite, which
    refuses it, and `/spacecraft/99999999999999999999/` would be a 500 instead of a 404.
    """

    def process_rhs(self, compiler, connection):
        if isinstance(self.rhs, int) and self.rhs not in INT64:
            raise EmptyResultSet
        return super().process_rhs(compiler, connection)


class Named(models.Model):
    """A lookup table: an id and a name."""

    name = models.CharField(max_length=255)

    class Meta:
        abstract = True
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class AgencyType(Named):
    pass


class SpacecraftType(Named):
    pass


class SpacecraftStatus(Named):
    pass


class ImageVariantType(Named):
    pass


class ImageLicense(Named):
    priority = models.IntegerField()
    link = models.URLField(null=True)


class Image(Named):
    image_url = models.URLField()
    thumbnail_url = models.URLField()
    credit = models.CharField(max_length=255, null=True)
    license = models.ForeignKey(ImageLicense, models.PROTECT)
    single_use = models.BooleanField()


class ImageVariant(models.Model):
    image = models.ForeignKey(Image, models.CASCADE, related_name="variants")
    type = models.ForeignKey(ImageVariantType, models.PROTECT)
    image_url = models.URLField()

    class Meta:
        ordering = ["id"]


class Agency(Named):
    abbrev = models.CharField(max_length=255)
    type = models.ForeignKey(AgencyType, models.PROTECT)


class SpacecraftFamily(Named):
    description = models.TextField()
    manufacturer = models.ForeignKey(Agency, models.PROTECT, null=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True)
    maiden_flight = models.DateField(null=True)


class SpacecraftConfiguration(Named):
    type = models.ForeignKey(SpacecraftType, models.PROTECT)
    agency = models.ForeignKey(Agency, models.PROTECT)
    family = models.ManyToManyField(SpacecraftFamily)
    in_use = models.BooleanField()
    image = models.ForeignKey(Image, models.PROTECT, null=True)
    history = models.TextField()
    details = models.TextField()
    maiden_flight = models.DateField(null=True)
    height = models.FloatField(null=True)
    diameter = models.FloatField(null=True)
    human_rated = models.BooleanField()
    crew_capacity = models.IntegerField(null=True)
    payload_capacity = models.IntegerField(null=True)
    flight_life = models.CharField(max_length=255, null=True)
    wiki_link = models.URLField(null=True)
    info_urls = models.JSONField()


class Spacecraft(Named):
    serial_number = models.CharField(max_length=255, null=True)
    is_placeholder = models.BooleanField()
    image = models.ForeignKey(Image, models.PROTECT, null=True)
    in_space = models.BooleanField()
    time_in_space = models.DurationField(null=True)
    time_docked = models.DurationField(null=True)
    flights_count = models.IntegerField()
    mission_ends_count = models.IntegerField()
    status = models.ForeignKey(SpacecraftStatus, models.PROTECT)
    description = models.TextField()
    spacecraft_config = models.ForeignKey(SpacecraftConfiguration, models.PROTECT)
    fastest_turnaround = models.DurationField(null=True)
    # Kept as JSON text because SQLite's REAL turns -0.0 into 0.0.
    measurements = models.JSONField()


class Launch(Named):
    id = models.UUIDField(primary_key=True)
    slug = models.SlugField(max_length=255)
    net = models.DateTimeField()


class SpacecraftFlight(models.Model):
    spacecraft = models.ForeignKey(Spacecraft, models.CASCADE, related_name="flights")
    launch = models.ForeignKey(Launch, models.CASCADE)
    destination = models.CharField(max_length=255)
    mission_end = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]


# In the order in which rows can be created without a dangling reference.
TABLES: tuple[type[models.Model], ...] = (
    AgencyType,
    SpacecraftType,
    SpacecraftStatus,
    ImageVariantType,
    ImageLicense,
    Image,
    ImageVariant,
    Agency,
    SpacecraftFamily,
    SpacecraftConfiguration,
    SpacecraftConfiguration.family.through,
    Spacecraft,
    Launch,
    SpacecraftFlight,
)
