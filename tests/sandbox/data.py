"""What the stand-in knows: ten real spacecraft among 586 made-up ones, the same on every run.

The ten are a page of the real service (`?ordering=-time_docked&offset=326`), with its ids, names
and figures. The others exist to be filtered, ordered, paged and parsed: their figures mean nothing.
They are drawn so that the ten come out at positions 326 to 335 again, that many rows tie, and that
names hold whatever a careless parser or URL writer trips over.
"""

import random
import uuid
from collections import defaultdict
from datetime import date, datetime, timedelta, timezone
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import connection, models, transaction
from django.utils.dateparse import parse_duration

from .models import (
    TABLES,
    Agency,
    AgencyType,
    Image,
    ImageLicense,
    ImageVariant,
    ImageVariantType,
    Launch,
    Spacecraft,
    SpacecraftConfiguration,
    SpacecraftFamily,
    SpacecraftFlight,
    SpacecraftStatus,
    SpacecraftType,
)

COUNT = 596
SEED = 2300
BEFORE_REAL = 326  # spacecraft that `-time_docked` puts before the ten real ones

MEDIA = "https://thespacedevs-dev.nyc3.digitaloceanspaces.com/media/images/"
ISS = "International Space Station"

AGENCY_TYPES = {1: "Government", 2: "Multinational", 3: "Commercial"}
SPACECRAFT_TYPES = {1: "Unknown", 2: "Capsule", 3: "Spaceplane", 4: "Cargo Resupply", 5: "Lander"}
STATUSES = {1: "Active", 2: "Retired", 3: "Destroyed", 4: "Single Use", 5: "In Production"}
VARIANT_TYPES = {1: "Icon", 2: "Wide"}
LICENSES = [
    (1, "Unknown", 9, None),
    (2, "Public Domain", 1, "https://creativecommons.org/publicdomain/mark/1.0/"),
    (4, "NASA Image and Media Guidelines", 0,
     "https://www.nasa.gov/nasa-brand-center/images-and-media/"),
]

# id, name, file, thumbnail file, credit, license, single use
REAL_IMAGES = [
    (1082, "HTV-4 captured by Canadarm2", "htv-4_captured__image_20240325122159.jpeg",
     "htv-4_captured__image_thumbnail_20240325122159.jpeg", "JAXA/NASA", 4, False),
    (1245, "Dragon 1 in orbit", "crs-172520dragon2520berthing_image_20190318203226.jpeg",
     "255bauto255d__image_thumbnail_20240305192134.jpeg", "NASA", 4, False),
    (1910, "Cygnus Enhanced", "cygnus2520enhanced_image_20190207032513.jpeg",
     "255bauto255d__image_thumbnail_20240305194119.jpeg", None, 1, False),
    (1911, "[AUTO] Cygnus Standard - image", "cygnus2520standard_image_20190207032514.jpeg",
     "255bauto255d__image_thumbnail_20240305194121.jpeg", None, 1, True),
    (1920, "[AUTO] Progress 7K-TG - image", "progress_7k-tg_image_20231220085840.png",
     "255bauto255d__image_thumbnail_20240305194135.png", None, 1, True),
    (1921, "[AUTO] Progress-M - image", "progress-m_image_20231219141001.jpeg",
     "255bauto255d__image_thumbnail_20240305194137.jpeg", None, 1, True),
]

# id, name, abbreviation, type
AGENCIES = [
    (17, "China National Space Administration", "CNSA", 1),
    (27, "European Space Agency", "ESA", 2),
    (37, "Japan Aerospace Exploration Agency", "JAXA", 1),
    (44, "National Aeronautics and Space Administration", "NASA", 1),
    (63, "Russian Federal Space Agency (ROSCOSMOS)", "RFSA", 1),
    (80, "Boeing", "Boeing", 3),
    (121, "SpaceX", "SpX", 3),
    (257, "Northrop Grumman Space Systems", "NGSS", 3),
    (1000, "Energia", "OKB-1", 1),
    (1020, "Sierra Space", "SSp", 3),
]

# id, name, description, manufacturer, parent, maiden flight
FAMILIES = [
    (1, "Soyuz", "Crewed ships in service since the 1960s.", 1000, None, date(1966, 11, 28)),
    (2, "Progress", "Uncrewed freighters for Soviet and Russian stations.", 1000, None,
     date(1978, 1, 20)),
    (3, "Cygnus", "Expendable freighters for the ISS.", 257, None, date(2013, 9, 18)),
    (4, "HTV", "Japan's automated freighters, named Kounotori (こうのとり).", 37, None,
     date(2009, 9, 10)),
    (5, "Soyuz TMA", "Soyuz with roomier seats and digital displays.", 1000, 1,
     date(2002, 10, 30)),
    (6, "Dragon", "Capsules that carry cargo or crew and return.", 121, None, date(2010, 12, 8)),
    (7, "Shenzhou", "Crewed ships of China (神舟).", 17, None, date(1999, 11, 19)),
    (8, "Orbiter", "Winged vehicles that land on a runway.", 44, None, date(1981, 4, 12)),
    (9, "Unassigned", "Kept for vehicles without a known maker.", None, None, None),
]

# id, name, type, agency, families, in use, image (None: one is made up), how often it is drawn
CONFIGURATIONS = [
    (3, "Dragon 1", 2, 121, [6], False, 1245, 4),
    (5, "Cygnus Standard", 4, 257, [3], False, 1911, 2),
    (8, "Progress 7K-TG", 4, 63, [2], False, 1920, 9),
    (18, "H-II Transfer Vehicle (HTV)", 4, 37, [4], False, 1082, 2),
    (19, "Cygnus Enhanced", 4, 257, [3], True, 1910, 4),
    (35, "Progress-M", 4, 63, [2], False, 1921, 9),
    (1, "Soyuz TMA", 2, 63, [1, 5], False, None, 8),
    (2, "Soyuz MS", 2, 63, [1], True, None, 8),
    (6, "Crew Dragon 2", 2, 121, [6], True, None, 5),
    (7, "Cargo Dragon 2", 4, 121, [6], True, None, 4),
    (10, "Progress MS", 4, 63, [2], True, None, 8),
    (12, "Shenzhou", 2, 17, [7], True, None, 6),
    (13, "Tianzhou", 4, 17, [], True, None, 3),
    (14, "CST-100 Starliner", 2, 80, [], True, None, 1),
    (16, "Automated Transfer Vehicle", 4, 27, [], False, None, 2),
    (20, "Space Shuttle", 3, 44, [8], False, None, 3),
    (21, "Буран", 3, 63, [8, 9], False, None, 2),
    (22, "Apollo CSM", 2, 44, [], False, None, 4),
    (24, "Gemini", 2, 44, [], False, None, 3),
    (26, "Dream Chaser", 3, 1020, [8], False, None, 1),
    (28, "Lunar Module", 5, 44, [], False, None, 2),
]

# id, name, serial number, time in space, time docked, status, configuration, destination,
# description; in the order of `-time_docked`
REAL = [
    (430, "Kounotori 8", "HTV-8", "P38DT1H15M55S", "P34DT6H9M", 4, 18, ISS,
     "Eighth of Japan's HTV freighters; it went to the ISS in September 2019."),
    (374, "Progress 41", "Progress 41 (No.149)", "P39DT17H17M45S", "P33DT4H55M29S", 4, 8, "Mir",
     "Freighter for Mir (Прогресс 41)."),
    (349, "Progress M-24", "Progress M-24 (No.224)", "P40DT8H17M48S", "P32DT5H25M24S", 4, 35, "Mir",
     "Freighter for Mir (Прогресс М-24)."),
    (357, "Progress M-16", "Progress M-16 (No.216)", "P33DT15H52M27S", "P31DT7H47M", 4, 35, "Mir",
     "Freighter for Mir (Прогресс М-16)."),
    (369, "Progress M-4", "Progress M-4 (No.204)", "P36DT7H42M8S", "P31DT7H16M30S", 4, 35, "Mir",
     "Freighter for Mir (Прогресс М-4)."),
    (390, "Progress 25", "Progress 25 (No.127)", "P32DT14H40M5S", "P30DT8H8M6S", 4, 8, "Mir",
     "Freighter for Mir (Прогресс 25)."),
    (162, "Cygnus CRS Orb-2", None, "P34DT20H29M46S", "P30DT4M", 4, 5, ISS,
     "Third Cygnus to fly; an Antares took it up from Virginia on 13 July 2014."),
    (402, "Progress 14", "Progress 14 (No.117)", "P33DT15H31M16S", "P29DT10H30M", 4, 8, "Salyut 7",
     "Freighter for Salyut 7 (Прогресс 14)."),
    (216, "Dragon C107", "C107", "P31DT14H56M50S", "P29DT3H17M", 2, 3, ISS,
     "Took the CATS instrument up, with a load reshuffled after the loss of Orb-3."),
    (166, "Cygnus CRS OA-5", None, "P40DT23H50M24S", "P28DT23H57M", 4, 19, ISS,
     "An Enhanced Cygnus with supplies for the ISS.\r\n\r\nIts own name is S.S. Alan Poindexter."),
]

# Names that hurt: other scripts, quotes, escapes, separators, URL syntax, markup, joined emoji.
AWKWARD_NAMES = [
    "Буран 1.02",
    "Шэньчжоу-5",
    "神舟十号",
    "きぼう・こうのとり",
    "Ünïté Spațială №7",
    "Decomposed e\u0301clair",
    "🚀 Starhopper",
    "👩\u200d🚀 Family 👨\u200d👩\u200d👧",
    "𝔊othic 𝟜",
    'The "Quoted" One',
    "Kepler's Box",
    "C:\\orbit\\new\\table",
    "\\u0041 is not an escape",
    "Line\u2028Separator",
    "Paragraph\u2029Separator",
    "Tab\there, newline\nthere",
    "Control\u0001Bell\u0007Delete\u007f",
    "No\u00a0Break and zero\u200bwidth",
    "مسبار ١٢٣",
    "\ufeffMarked",
    "Salt & Pepper",
    "100% Reusable",
    "%41%zz",
    "A+B Tug",
    "Slash/Query?x=1&y=2#frag;p",
    "<b>Bold</b><script>",
    "a,b , c",
    "null",
    "{\"count\": 596}",
    "  inner   spaces  kept ",
]

# Numbers whose digits change when something reads them as a double or writes them afresh.
AWKWARD_NUMBERS = [
    2**53 + 1, -(2**53) - 1, 2**63 - 1, 2**64, 10**25 + 7, 0.1, 1e-07, -0.0, 1.0, 100.0,
    12345678.123456789, 0.30000000000000004, 1e16, 1e22, 5e-324, 1.7976931348623157e308, -2.5e-09,
    0,
]


def build() -> list[models.Model]:
    """Make every row there is, unsaved."""
    rng = random.Random(SEED)
    return [*_reference_rows(), *_configuration_rows(rng), *_spacecraft_rows(rng)]


def _reference_rows() -> list[models.Model]:
    names = {
        AgencyType: AGENCY_TYPES,
        SpacecraftType: SPACECRAFT_TYPES,
        SpacecraftStatus: STATUSES,
        ImageVariantType: VARIANT_TYPES,
    }
    rows: list[models.Model] = [
        table(id=id, name=name) for table, entries in names.items() for id, name in entries.items()
    ]
    rows += [ImageLicense(id=i, name=n, priority=p, link=link) for i, n, p, link in LICENSES]
    rows += [
        Image(id=i, name=n, image_url=MEDIA + file, thumbnail_url=MEDIA + thumb, credit=credit,
              license_id=license, single_use=single)
        for i, n, file, thumb, credit, license, single in REAL_IMAGES
    ]
    rows += [Agency(id=i, name=n, abbrev=a, type_id=t) for i, n, a, t in AGENCIES]
    rows += [
        SpacecraftFamily(
            id=i, name=n, description=d, manufacturer_id=m, parent_id=p, maiden_flight=f
        )
        for i, n, d, m, p, f in FAMILIES
    ]
    return rows


def _configuration_rows(rng: random.Random) -> list[models.Model]:
    """Configurations and, where there is no real one, an image with variants for each."""
    rows: list[models.Model] = []
    families = SpacecraftConfiguration.family.through
    links = 0
    for id, name, type, agency, members, in_use, image, _ in CONFIGURATIONS:
        if image is None:
            image = 3000 + id
            file = f"sandbox_{id}_image"
            rows.append(
                Image(id=image, name=f"{name} - image", image_url=f"{MEDIA}{file}.jpeg",
                      thumbnail_url=f"{MEDIA}{file}_thumbnail.jpeg",
                      credit=rng.choice([None, "ESA – D. Ducros ©", "NASA"]),
                      license_id=rng.choice([1, 2, 4]), single_use=rng.random() < 0.3)
            )
            rows += [
                ImageVariant(id=10 * image + kind, image_id=image, type_id=kind,
                             image_url=f"{MEDIA}{file}_{label.lower()}.jpeg")
                for kind, label in VARIANT_TYPES.items()
                if rng.random() < 0.5
            ]
        crewed = type in (2, 3)
        year = rng.randrange(1965, 2024)
        rows.append(
            SpacecraftConfiguration(
                id=id, name=name, type_id=type, agency_id=agency, in_use=in_use, image_id=image,
                history=f"Ordered in {year - 6}, flown from {year} on.",
                details=f"Configuration {id} of the sandbox: “{name}”.\r\nInvented figures.",
                maiden_flight=date(year, rng.randrange(1, 13), rng.randrange(1, 29)),
                height=round(rng.uniform(2, 20), 2), diameter=float(rng.randrange(2, 8)),
                human_rated=crewed, crew_capacity=rng.randrange(1, 8) if crewed else None,
                payload_capacity=rng.randrange(500, 20000),
                flight_life=rng.choice([None, "6 months"]),
                wiki_link=f"https://en.wikipedia.org/wiki/Special:Search?search=sandbox+{id}",
                info_urls=[
                    {
                        "priority": 10,
                        "source": "example.org",
                        "title": f"About {name}",
                        "url": f"https://example.org/spacecraft/{id}/?a=1&b=%C3%A9",
                        "type": {"id": 1, "name": "Official Page"},
                        "language": {"id": 1, "name": "English", "code": "en"},
                    }
                ] * rng.randrange(2),
            )
        )
        for family in members:
            links += 1
            rows.append(
                families(id=links, spacecraftconfiguration_id=id, spacecraftfamily_id=family)
            )
    return rows


def _docking_times(rng: random.Random) -> list[Any]:
    """Times docked of the made-up ones: BEFORE_REAL that sort before the real ten, the rest after.

    Both parts hold ties long enough to cross pages of 10 and windows of 100, and nothing falls
    between the real ones, which lie between 28 and 35 days.
    """
    after = COUNT - len(REAL) - BEFORE_REAL
    longer: list[Any] = [None] * 14 + [timedelta(days=180)] * 45
    longer += [
        timedelta(days=rng.randrange(36, 1100), seconds=rng.randrange(86400))
        for _ in range(BEFORE_REAL - len(longer))
    ]
    shorter = [timedelta()] * 150 + [timedelta(days=7, hours=12)] * 20
    shorter += [
        timedelta(days=rng.randrange(28), seconds=rng.randrange(86400))
        for _ in range(after - len(shorter))
    ]
    times = longer + shorter
    rng.shuffle(times)
    return times


def _spacecraft_rows(rng: random.Random) -> list[models.Model]:
    crafts = [_real_spacecraft(rng, *facts) for facts in REAL]
    destinations = {facts[0]: facts[7] for facts in REAL}
    free = sorted(set(range(1, 720)) - set(destinations))
    ids = sorted(rng.sample(free, COUNT - len(REAL)))
    times = _docking_times(rng)
    awkward = dict(zip(rng.sample(ids, len(AWKWARD_NAMES)), AWKWARD_NAMES))
    taken = {craft.name for craft in crafts}
    built: defaultdict[int, int] = defaultdict(int)
    for id, docked in zip(ids, times):
        kind = rng.choices(CONFIGURATIONS, weights=[c[7] for c in CONFIGURATIONS])[0]
        built[kind[0]] += 1
        while (name := f"{kind[1]} {built[kind[0]]}") in taken:
            built[kind[0]] += 1
        crafts.append(
            _invented_spacecraft(rng, id, awkward.get(id, name), kind, built[kind[0]], docked)
        )
    rows: list[models.Model] = sorted(crafts, key=lambda craft: craft.id)
    flights = 0
    for craft in list(rows):
        for turn in range(1, craft.flights_count + 1):
            flights += 1
            rows += _flight(rng, craft, turn, flights, destinations.get(craft.id))
    return rows


def _real_spacecraft(
    rng: random.Random, id: int, name: str, serial: Any, in_space: str, docked: str, status: int,
    config: int, destination: str, description: str,
) -> Spacecraft:
    return Spacecraft(
        id=id, name=name, serial_number=serial, is_placeholder=False,
        image_id=next(c[6] for c in CONFIGURATIONS if c[0] == config), in_space=False,
        time_in_space=parse_duration(in_space), time_docked=parse_duration(docked),
        flights_count=1, mission_ends_count=1, status_id=status, description=description,
        spacecraft_config_id=config, fastest_turnaround=None, measurements=_measurements(rng),
    )


def _invented_spacecraft(
    rng: random.Random, id: int, name: str, kind: tuple, number: int, docked: Any
) -> Spacecraft:
    flown = docked is not None and (docked or rng.random() < 0.6)
    flights = rng.choices([1, 2, 3, 7, 39], weights=[70, 15, 10, 4, 1])[0] if flown else 0
    in_space = bool(flown) and rng.random() < 0.06
    image = kind[6] or 3000 + kind[0]
    in_use = kind[5]
    status = 1 if in_space else rng.choice([1, 2, 5] if in_use else [2, 3, 4, 4, 4])
    return Spacecraft(
        id=id,
        name=name,
        serial_number=None if rng.random() < 0.3 else f"{kind[1].split()[0]} №{number:03}/{id}",
        is_placeholder=not flown and rng.random() < 0.4,
        image_id=None if rng.random() < 0.05 else image,
        in_space=in_space,
        time_in_space=None if docked is None else
        docked + timedelta(seconds=rng.randrange(1, 10 * 86400)) if flown else timedelta(),
        time_docked=docked,
        flights_count=flights,
        mission_ends_count=flights - in_space,
        status_id=status,
        description=_description(rng, id, name),
        spacecraft_config_id=kind[0],
        fastest_turnaround=timedelta(days=rng.randrange(20, 400), seconds=rng.randrange(86400))
        if flights > 1 else None,
        measurements=_measurements(rng),
    )


def _description(rng: random.Random, id: int, name: str) -> str:
    """Prose, sometimes empty, sometimes long, sometimes with an address that is nobody's link."""
    plain = f"Number {id} of the sandbox's fleet."
    return rng.choice(
        [
            plain,
            plain,
            "",
            f"“{name}” — {plain}",
            f"{plain}\r\n\r\n\tSee https://ll.thespacedevs.com/2.3.0/spacecraft/{id}/ for more.",
            " ".join([plain] * rng.randrange(10, 60)),
        ]
    )


def _measurements(rng: random.Random) -> dict[str, Any]:
    def number(usual: Any) -> Any:
        return rng.choice(AWKWARD_NUMBERS) if rng.random() < 0.25 else usual

    return {
        "mass_kg": number(rng.randrange(1000, 30000)),
        "volume_m3": number(round(rng.uniform(3, 80), 3)),
        "drift_m_s": number(rng.gauss(0, 1)),
        "telemetry_bytes": number(rng.getrandbits(48)),
    }


def _flight(
    rng: random.Random, craft: Spacecraft, turn: int, id: int, destination: Any
) -> list[models.Model]:
    net = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(minutes=rng.randrange(28_000_000))
    launch = Launch(
        id=uuid.UUID(int=rng.getrandbits(128), version=4),
        name=f"Launch {turn} of {craft.name}", slug=f"sandbox-{craft.id}-{turn}", net=net,
    )
    ended = turn <= craft.mission_ends_count
    flight = SpacecraftFlight(
        id=id, spacecraft_id=craft.id, launch_id=launch.id,
        destination=destination or rng.choice([ISS, "Mir", "Tiangong", "Low Earth Orbit"]),
        mission_end=net + timedelta(seconds=rng.randrange(10**7)) if ended else None,
    )
    return [launch, flight]


def create_tables() -> None:
    with connection.schema_editor() as editor:
        for table in TABLES:
            if not table._meta.auto_created:
                editor.create_model(table)


def reset() -> None:
    """Put every table back to what `build` makes."""
    rows = defaultdict(list)
    for row in build():
        rows[type(row)].append(row)
    with transaction.atomic():
        with connection.cursor() as cursor:
            for table in reversed(TABLES):
                cursor.execute(f'DELETE FROM "{table._meta.db_table}"')
        for table in TABLES:
            table._base_manager.bulk_create(rows[table])


def add(number: int) -> list[int]:
    """Add plain spacecraft after the last id."""
    first = (Spacecraft.objects.aggregate(last=models.Max("id"))["last"] or 0) + 1
    ids = list(range(first, first + number))
    Spacecraft.objects.bulk_create(
        Spacecraft(
            id=id, name=f"Added {id}", serial_number=None, is_placeholder=False, image_id=None,
            in_space=False, time_in_space=timedelta(), time_docked=timedelta(), flights_count=0,
            mission_ends_count=0, status_id=1, description="Added by a test.",
            spacecraft_config_id=2, measurements={"mass_kg": id, "volume_m3": 1.0,
                                                  "drift_m_s": -0.0, "telemetry_bytes": 0},
        )
        for id in ids
    )
    return ids


def delete(ids: list[int]) -> list[int]:
    """Delete spacecraft; ids that do not exist are an error."""
    found = Spacecraft.objects.filter(id__in=ids)
    missing = set(ids) - set(found.values_list("id", flat=True))
    if missing:
        raise ValueError(f"no spacecraft {sorted(missing)}")
    found.delete()
    return ids


def update(id: int, fields: dict[str, Any]) -> list[int]:
    """Change columns of a spacecraft; a relation is set by its id, a duration by its ISO form."""
    craft = Spacecraft.objects.filter(id=id).first()
    if craft is None:
        raise ValueError(f"no spacecraft {id}")
    try:
        for name, value in fields.items():
            field = Spacecraft._meta.get_field(name)
            if not field.concrete or field.primary_key:
                raise ValueError(f"{name} cannot be set")
            setattr(craft, field.attname, field.to_python(value))
    except (FieldDoesNotExist, ValidationError) as error:
        raise ValueError(str(error)) from error
    craft.save()
    return [id]
