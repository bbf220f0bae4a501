"""The small tables of names under /config/."""

import random
from collections.abc import Iterable

from .. import data
from . import Row, World, made

# In the order of their ids, from 1 on.
NAMES = {
    "agency_types": [*data.AGENCY_TYPES.values(), "Educational", "Private", "Unknown"],
    "astronaut_statuses": [
        "Active", "Retired", "In-Training", "Lost In Flight", "Lost In Training", "On Leave",
        "Dismissed", "Resigned", "Deceased", "Unknown", "Occasional Spaceflight",
    ],
    "astronaut_types": ["Government", "Private", "Non-Human", "Amateur", "Unknown"],
    "celestial_body_types": ["Planet", "Moon", "Star", "Asteroid", "Comet", "Dwarf Planet"],
    "event_types": [
        "Moon Landing", "Docking", "EVA", "Berthing", "Undocking", "Press Event", "Static Fire",
        "Test Flight", "Spacecraft Landing", "Crew Arrival", "Flyby", "Capsule Separation",
    ],
    "first_stage_types": ["Core", "Strap-On Booster", "Side Booster", "Fairing", "Unknown"],
    "image_variant_types": [*data.VARIANT_TYPES.values(), "Tall", "Square", "Thumbnail"],
    "infourl_types": ["Official Page", "Press Kit", "Article", "Wiki", "Blog", "Unknown"],
    "launcher_statuses": [
        "Active", "Inactive", "Lost", "Expended", "Destroyed", "Retired", "Under Construction",
    ],
    "mission_types": [
        "Earth Science", "Planetary Science", "Astrophysics", "Heliophysics", "Human Exploration",
        "Robotic Exploration", "Government/Top Secret", "Tourism", "Communications", "Resupply",
        "Suborbital", "Test Flight", "Dedicated Rideshare", "Navigation", "Technology",
    ],
    "notice_types": ["NOTAM", "NOTMAR", "TFR", "Hazard Area", "Unknown"],
    "payload_types": ["Satellite", "Probe", "Lander", "Rover", "Module", "Cargo", "CubeSat"],
    "program_types": ["Exploration", "Space Station", "Constellation", "Launch Vehicle", "Unknown"],
    "road_closure_statuses": ["Scheduled", "Possible", "Revoked", "Closed", "Unknown"],
    "space_station_statuses": ["Active", "De-Orbited", "Planned", "Incomplete", "Abandoned"],
    "space_station_types": ["Government", "Commercial", "International", "Military", "Unknown"],
    "spacecraft_configuration_types": [*data.SPACECRAFT_TYPES.values(), "Probe", "Rover"],
    "spacecraft_statuses": list(data.STATUSES.values()),
    "vidurl_types": ["Official Webcast", "Unofficial Webcast", "Recap", "Trailer", "Unknown"],
}

# name, abbreviation
ABBREVIATED = {
    "landing_types": [
        ("Autonomous Spaceport Drone Ship", "ASDS"), ("Return to Launch Site", "RTLS"),
        ("Ocean", "Ocean"), ("Expended", "EXP"), ("Parachute", "PL"), ("Vertical Landing", "VL"),
        ("Horizontal Landing", "HL"), ("Destructive Reentry", "DR"),
    ],
    "launch_statuses": [
        ("Go for Launch", "Go"), ("To Be Determined", "TBD"), ("Launch Successful", "Success"),
        ("Launch Failure", "Failure"), ("On Hold", "Hold"), ("Launch in Flight", "In Flight"),
        ("Launch was a Partial Failure", "Partial Failure"), ("To Be Confirmed", "TBC"),
        ("Payload Deployed", "Deployed"),
    ],
    "net_precisions": [
        ("Second", "SEC"), ("Minute", "MIN"), ("Hour", "HR"), ("Morning", "AM"),
        ("Afternoon", "PM"), ("Day", "DAY"), ("Week", "WK"), ("Month", "M"), ("Quarter 1", "Q1"),
        ("Quarter 2", "Q2"), ("Quarter 3", "Q3"), ("Quarter 4", "Q4"), ("Half 1", "H1"),
        ("Half 2", "H2"), ("Year", "Y"), ("Decade", "DEC"),
    ],
    "timeline_event_types": [
        ("Liftoff", "Liftoff"), ("Maximum Dynamic Pressure", "Max-Q"), ("Main Engine Cut", "MECO"),
        ("Stage Separation", "Stage sep"), ("Fairing Separation", "Fairing sep"),
        ("Payload Separation", "Payload sep"), ("Landing Burn", "Landing burn"),
    ],
}

LANGUAGES = [
    ("English", "en"), ("Deutsch", "de"), ("Français", "fr"), ("Русский", "ru"), ("中文", "zh"),
    ("日本語", "ja"), ("Español", "es"), ("हिन्दी", "hi"), ("한국어", "ko"), ("العربية", "ar"),
]

ORBITS = [
    ("Low Earth Orbit", "LEO"), ("Geostationary Orbit", "GEO"), ("Sun-Synchronous Orbit", "SSO"),
    ("Medium Earth Orbit", "MEO"), ("Geostationary Transfer Orbit", "GTO"), ("Lunar Orbit", "LO"),
    ("Lunar Impactor", "Lunar imp."), ("Polar Orbit", "PO"), ("Mars Orbit", "Mars"),
    ("Heliocentric N/A", "Helio-N/A"), ("Elliptical Orbit", "Elliptical"), ("Unknown", "N/A"),
    ("Lunar flyby", "Lunar flyby"), ("Solar Escape Trajectory", "Solar Esc."),
    ("Suborbital", "Sub"), ("Sub-Lunar Point", "Sub-L"),
]
SUBORBITAL = 15
ORBIT_BODIES = {6: 2, 7: 2, 9: 3, 10: 4, 13: 2, 14: 4, 16: 2}  # all others are around the Earth

# name, two letters, three letters, nationality
COUNTRIES = [
    ("China", "CN", "CHN", "Chinese"), ("France", "FR", "FRA", "French"),
    ("Germany", "DE", "DEU", "German"), ("India", "IN", "IND", "Indian"),
    ("Iran", "IR", "IRN", "Iranian"), ("Israel", "IL", "ISR", "Israeli"),
    ("Italy", "IT", "ITA", "Italian"), ("Japan", "JP", "JPN", "Japanese"),
    ("Kazakhstan", "KZ", "KAZ", "Kazakh"), ("New Zealand", "NZ", "NZL", "New Zealander"),
    ("Russia", "RU", "RUS", "Russian"), ("South Korea", "KR", "KOR", "South Korean"),
    ("Türkiye", "TR", "TUR", "Turkish"), ("United Kingdom", "GB", "GBR", "British"),
    ("United States of America", "US", "USA", "American"), ("Canada", "CA", "CAN", "Canadian"),
    ("Brazil", "BR", "BRA", "Brazilian"), ("Australia", "AU", "AUS", "Australian"),
]
COUNTRY_COUNT = 130

MANY = {"docking_locations": 40, "landing_locations": 36, "astronaut_roles": 30}


def _plain(path: str, names: list[str]) -> None:
    @made(f"config/{path}")
    def rows(world: World, rng: random.Random) -> Iterable[Row]:
        return [{"id": id, "name": name} for id, name in enumerate(names, 1)]


def _abbreviated(path: str, entries: list[tuple[str, str]]) -> None:
    @made(f"config/{path}")
    def rows(world: World, rng: random.Random) -> Iterable[Row]:
        return [
            {"id": id, "name": name, "abbrev": abbrev, "description": f"What “{name}” says."}
            for id, (name, abbrev) in enumerate(entries, 1)
        ]


for path, names in NAMES.items():
    _plain(path, names)
for path, entries in ABBREVIATED.items():
    _abbreviated(path, entries)


@made("config/astronaut_roles")
def astronaut_roles(world: World, rng: random.Random) -> Iterable[Row]:
    for id in range(1, MANY["astronaut_roles"] + 1):
        first = ["Commander", "Pilot", "Flight Engineer", "Mission Specialist", "Passenger"]
        name = first[id - 1] if id <= len(first) else f"Payload Specialist {id}"
        yield {"id": id, "name": name, "priority": id % 7}


@made("config/countries")
def countries(world: World, rng: random.Random) -> Iterable[Row]:
    for id in range(1, COUNTRY_COUNT + 1):
        if id <= len(COUNTRIES):
            name, two, three, people = COUNTRIES[id - 1]
        else:  # the code ranges are free for use by anybody
            letters = divmod(id, 26)
            name, people = f"Country {id}", f"Of Country {id}"
            two = "X" + chr(65 + id % 26)
            three = "X" + chr(65 + letters[0]) + chr(65 + letters[1])
        yield {
            "id": id, "name": name, "alpha_2_code": two, "alpha_3_code": three,
            "nationality_name": people, "nationality_name_composed": f"{people[:5].strip()}o",
        }


@made("config/docking_locations")
def docking_locations(world: World, rng: random.Random) -> Iterable[Row]:
    for id in range(1, MANY["docking_locations"] + 1):
        ports = ["Harmony Forward", "Harmony Zenith", "Zvezda Aft", "Poisk Zenith", "Tianhe Aft"]
        name = ports[id - 1] if id <= len(ports) else f"Port {id}"
        yield {"id": id, "name": name, "spacestation": {"id": 1 + id % 9, "name": f"Station {id}"}}


@made("config/image_licenses")
def image_licenses(world: World, rng: random.Random) -> Iterable[Row]:
    known = {id: (name, priority, link) for id, name, priority, link in data.LICENSES}
    for id in range(1, 12):
        name, priority, link = known.get(id, (f"CC BY-SA {id}.0", id % 5, None))
        yield {"id": id, "name": name, "priority": priority, "link": link}


@made("config/landing_locations")
def landing_locations(world: World, rng: random.Random) -> Iterable[Row]:
    places = world.all("locations")
    known = [("Of Course I Still Love You", "OCISLY"), ("Landing Zone 1", "LZ-1")]
    for id in range(1, MANY["landing_locations"] + 1):
        name, abbrev = known[id - 1] if id <= len(known) else (f"Landing Zone {id}", f"LZ-{id}")
        place = rng.choice(places)
        yield {
            "id": id, "name": name, "abbrev": abbrev, "active": rng.random() < 0.7,
            "location": {"id": place["id"], "name": place["name"]} if rng.random() < 0.8 else None,
        }


@made("config/languages")
def languages(world: World, rng: random.Random) -> Iterable[Row]:
    return [{"id": id, "name": n, "code": code} for id, (n, code) in enumerate(LANGUAGES, 1)]


@made("config/orbits")
def orbits(world: World, rng: random.Random) -> Iterable[Row]:
    bodies = world.rows("celestial_bodies")
    for id, (name, abbrev) in enumerate(ORBITS, 1):
        body = bodies[ORBIT_BODIES.get(id, 1)]
        yield {"id": id, "name": name, "abbrev": abbrev, "celestial_body": body}
