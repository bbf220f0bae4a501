"""The collections under /2.3.0/, as the published schema of Launch Library describes them.

Names, types and operators of filters, search and ordering fields and modes are upstream's. Where a
value lies in the JSON is upstream's too as far as it is known. Filters by a bare relation (`pad`)
refuse ids that do not exist (`choice`); those by `..__id` are plain numbers.
"""

from dataclasses import replace

from .spec import Collection

ATTEMPTS = """
    attempted_landings                 <=>  int
    consecutive_successful_landings    <=>  int
    consecutive_successful_launches    <=>  int
    failed_landings                    <=>  int
    failed_launches                    <=>  int
    pending_launches                   <=>  int
    successful_landings                <=>  int
    successful_launches                <=>  int
    total_launch_count                 <=>  int
"""
ATTEMPTS_KEYS = " ".join(line.split()[0] for line in ATTEMPTS.strip().splitlines())

LAUNCH_FILTERS = """
    agency_launch_attempt_count            <=>   int
    agency_launch_attempt_count_year       <=>   int
    location_launch_attempt_count          <=>   int
    location_launch_attempt_count_year     <=>   int
    orbital_launch_attempt_count           <=>   int
    orbital_launch_attempt_count_year      <=>   int
    pad_launch_attempt_count               <=>   int
    pad_launch_attempt_count_year          <=>   int
    day                                    =     csv-number  net:day
    month                                  =     csv-number  net:month
    year                                   =     csv-number  net:year
    net                                    <>    datetime
    window_start                           <>    datetime
    window_end                             <>    datetime
    last_updated                           >=<=  datetime
    id                                     =     csv-uuid
    name                                   =     string
    slug                                   =     string
    launch_designator                      =     csv-string
    include_suborbital                     =     suborbital  mission.orbit.id
    is_crewed  =  nullbool  rocket.spacecraft_stage[].launch_crew[].id?
    launcher_config__id                    =     csv-int     rocket.configuration.id
    location__ids                          =     csv-int     pad.location.id
    lsp__id                                =     csv-int     launch_service_provider.id
    lsp__name                              =     csv-string  launch_service_provider.name
    related_lsp__id  =  csv-int  launch_service_provider.id|mission.agencies[].id
    related_lsp__name  =  csv-string  launch_service_provider.name|mission.agencies[].name
    mission__agency__ids                   =     csv-int     mission.agencies[].id
    mission__orbit__celestial_body__id     =     int
    mission__orbit__name                   =~~   string
    pad                                    =     choice      pad.id  pads
    pad__location                          =     choice      pad.location.id  locations
    pad__location__celestial_body__id      =     int
    program                                =     choices     program[].id  programs
    rocket__configuration__full_name       =~~   string
    rocket__configuration__id              =     int
    rocket__configuration__manufacturer__name =~~   string
    rocket__configuration__name            =     string
    rocket__spacecraftflight__spacecraft__id  =  int  rocket.spacecraft_stage[].spacecraft.id
    rocket__spacecraftflight__spacecraft__name =~~ string rocket.spacecraft_stage[].spacecraft.name
    serial_number  =  csv-string  rocket.launcher_stage[].launcher.serial_number
    spacecraft_config__ids  =  csv-int  rocket.spacecraft_stage[].spacecraft.spacecraft_config.id
    status                                 =     choice      status.id  config/launch_statuses
    status__ids                            =     csv-int     status.id
    video_url                              =     csv-string  vid_urls[].url
"""

LAUNCH_SEARCH = """
    launch_service_provider.name mission.name name pad.location.name pad.name
    rocket.configuration.manufacturer.abbrev rocket.configuration.manufacturer.name
    rocket.configuration.name rocket.spacecraft_stage[].spacecraft.name
"""

HIDE_RECENT = """
    hide_recent_previous                  =     recent      {}
"""

EVENT_FILTERS = """
    agency__ids          =     csv-int     agencies[].id
    date                 <>    datetime
    date__gt__lt         =     datetime    date
    day                  =     csv-number  date:day
    month                =     csv-number  date:month
    year                 =     csv-number  date:year
    expedition__ids      =     csv-int     expeditions[].id
    id                   =     csv-int
    last_updated         >=<=  datetime
    launch__ids          =     csv-uuid    launches[].id
    program              =     choices     program[].id        programs
    program__ids         =     csv-int     program[].id
    slug                 =     string
    spacestation__ids    =     csv-int     spacestations[].id
    type                 =     choice      type.id             config/event_types
    type__ids            =     csv-int     type.id
    video_url            =     csv-string  vid_urls[].url
"""

LAUNCHES = Collection(
    "launches", "Launch",
    list="id url name launch_designator slug status last_updated net net_precision window_end"
         " window_start image launch_service_provider",
    normal="infographic probability weather_concerns failreason hashtag"
           " rocket mission pad webcast_live program orbital_launch_attempt_count"
           " location_launch_attempt_count pad_launch_attempt_count agency_launch_attempt_count"
           " orbital_launch_attempt_count_year location_launch_attempt_count_year"
           " pad_launch_attempt_count_year agency_launch_attempt_count_year",
    detailed="flightclub_url updates info_urls vid_urls timeline pad_turnaround mission_patches",
    filters_table=LAUNCH_FILTERS,
    search=LAUNCH_SEARCH + " launch_designator",
    ordering_words="id last_updated name net",
    default_order="net",
    moment="net",
    nested={
        "launch_service_provider": "agencies",
        "rocket.configuration": "launcher_configurations",
        "rocket.launcher_stage.launcher": "launchers",
        "rocket.spacecraft_stage": "spacecraft_flights",
        "mission.agencies": "agencies",
        "mission.orbit": "config/orbits",
        "pad": "pads",
        "program": "programs",
        "mission_patches": "mission_patches",
    },
    only_detailed=("rocket.launcher_stage", "rocket.spacecraft_stage"),
)

EVENTS = Collection(
    "events", "Events",
    list="id url name slug type date date_precision image last_updated",
    normal="description location duration webcast_live info_urls vid_urls agencies launches"
           " expeditions spacestations program",
    detailed="updates astronauts",
    filters_table=EVENT_FILTERS,
    search="name",
    ordering_words="date last_updated",
    default_order="date",
    moment="date",
    nested={
        "agencies": "agencies",
        "launches": "launches",
        "expeditions": "expeditions",
        "spacestations": "space_stations",
        "program": "programs",
        "astronauts": "astronauts",
    },
)


def parts(whole: Collection, upcoming_search: str) -> list[Collection]:
    """The collection itself, then its upcoming and its previous rows."""
    hide = HIDE_RECENT.format(whole.moment)
    return [
        whole,
        replace(whole, path=f"{whole.path}/previous", source=whole.path,
                default_order=f"-{whole.moment}"),
        replace(whole, path=f"{whole.path}/upcoming", source=whole.path, search=upcoming_search,
                filters_table=whole.filters_table + hide),
    ]


AGENCIES = Collection(
    "agencies", "Agency",
    list="id url name abbrev type",
    normal="featured country description administrator founding_year launchers spacecraft parent"
           " image logo social_logo",
    detailed=f"{ATTEMPTS_KEYS} info_url wiki_url social_media_links",
    filters_table=ATTEMPTS + """
        abbrev           =~   string
        country_code     =    csv-string  country[].alpha_3_code
        description      =~   string
        featured         =    bool
        founding_year    <=>  int
        id               =    int
        name             =~   string
        parent__id       =    int
        spacecraft       =    bool        spacecraft?
        type__id         =    int
    """,
    search="abbrev name",
    ordering_words=f"{ATTEMPTS_KEYS} featured id name",
    nested={"parent": "agencies"},
)

ASTRONAUTS = Collection(
    "astronauts", "Astronaut",
    list="id url name status agency image",
    normal="age bio type in_space time_in_space eva_time date_of_birth date_of_death nationality"
           " first_flight last_flight flights_count landings_count spacewalks_count has_flown"
           " is_human wiki",
    detailed="social_media_links",
    filters_table="""
        age               <=>  int
        agency_ids        =    csv-number  agency.id
        date_of_birth     <=>  date
        date_of_death     <=>  date
        first_flight      <=>  datetime
        last_flight       <=>  datetime
        flights_count     <=>  int
        landings_count    <=>  int
        has_flown         =    bool
        in_space          =    bool
        is_human          =    bool
        nationality       =    string      nationality[].nationality_name
        status_ids        =    csv-number  status.id
        type__id          =    int
    """,
    search="agency.abbrev agency.name name nationality[].nationality_name",
    ordering_words="age date_of_birth eva_time:duration flights_count id landings_count last_flight"
                   " name spacewalks_count:int status:int:status.id time_in_space:duration",
    nested={"agency": "agencies"},
)

DOCKING_EVENTS = Collection(
    "docking_events", "DockingEvent",
    normal="id url docking departure docking_location flight_vehicle_chaser flight_vehicle_target"
           " payload_flight_chaser payload_flight_target space_station_chaser"
           " space_station_target docked",
    detailed="",
    filters_table="""
        docked                       =   bool
        docking                      <>  datetime
        docking_location__id         =   int
        flight_vehicle_chaser__id    =   int
        space_station_target__id     =   int
    """,
    search="docking_location.name flight_vehicle_chaser.spacecraft.name"
           " flight_vehicle_target.spacecraft.name payload_flight_chaser.payload.name"
           " payload_flight_target.payload.name space_station_chaser.name"
           " space_station_target.name",
    ordering_words="departure:datetime docking",
    nested={
        "flight_vehicle_chaser": "spacecraft_flights",
        "flight_vehicle_target": "spacecraft_flights",
        "payload_flight_chaser": "payload_flights",
        "payload_flight_target": "payload_flights",
        "space_station_chaser": "space_stations",
        "space_station_target": "space_stations",
    },
    refused_mode=500,
)

EXPEDITIONS = Collection(
    "expeditions", "Expedition",
    normal="id url name start end is_active spacestation spacewalks",
    detailed="mission_patches crew",
    filters_table="""
        crew__astronaut            =   choice  crew[].astronaut.id         astronauts
        crew__astronaut__agency    =   choice  crew[].astronaut.agency.id  agencies
        start                      <>  datetime
        end                        <>  datetime
        is_active                  =   bool
        name                       =   string
        space_station              =   choice  spacestation.id             space_stations
    """,
    search="crew[].astronaut.agency.abbrev crew[].astronaut.agency.name crew[].astronaut.name"
           " crew[].astronaut.nationality[].nationality_name name",
    ordering_words="end id start",
    nested={
        "spacestation": "space_stations",
        "crew.astronaut": "astronauts",
        "mission_patches": "mission_patches",
    },
    refused_mode=400,
)

LANDINGS = Collection(
    "landings", "Landing",
    list="id url attempt success description type",
    normal="downrange_distance landing_location",
    detailed="firststage spacecraftflight",
    filters_table="""
        attempt                     =  bool
        success                     =  bool
        firststage_launch__ids      =  csv-uuid    firststage.launch.id
        spacecraft_launch__ids      =  csv-uuid    spacecraftflight.launch.id
        landing_location__ids       =  csv-int     landing_location.id
        landing_type__ids           =  csv-int     type.id
        launcher__ids               =  csv-int     firststage.launcher.id
        launcher_config__ids        =  csv-int     firststage.launcher.configuration.id
        launcher_serial_numbers     =  csv-string  firststage.launcher.serial_number
        spacecraft__ids             =  csv-int     spacecraftflight.spacecraft.id
        spacecraft_config__ids      =  csv-int     spacecraftflight.spacecraft.spacecraft_config.id
    """,
    search="firststage.launcher.configuration.name firststage.launcher.serial_number"
           " firststage.launch.name landing_location.abbrev landing_location.name"
           " spacecraftflight.launch.name spacecraftflight.spacecraft.name"
           " spacecraftflight.spacecraft.serial_number"
           " spacecraftflight.spacecraft.spacecraft_config.name",
    ordering_words="downrange_distance:number id",
    nested={
        "firststage.launcher": "launchers",
        "firststage.launch": "launches",
        "spacecraftflight": "spacecraft_flights",
    },
)

LAUNCHER_CONFIGURATION_FAMILIES = Collection(
    "launcher_configuration_families", "LauncherConfigFamily",
    list="id name",
    normal="manufacturer parent",
    detailed=f"description active maiden_flight {ATTEMPTS_KEYS}",
    filters_table=ATTEMPTS + """
        maiden_flight                 <=>  date
        manufacturer__abbrev          =~   string  manufacturer[].abbrev
        manufacturer__country_code    =    string  manufacturer[].country[].alpha_3_code
        manufacturer__id              =~   int     manufacturer[].id
        manufacturer__name            =~   string  manufacturer[].name
        name                          =~   string
    """,
    search="manufacturer[].abbrev manufacturer[].name name",
    ordering_words=f"{ATTEMPTS_KEYS} name",
    nested={"manufacturer": "agencies", "parent": "launcher_configuration_families"},
)

LAUNCHER_CONFIGURATIONS = Collection(
    "launcher_configurations", "LauncherConfig",
    list="id url name families full_name variant",
    normal="active is_placeholder manufacturer program reusable image info_url wiki_url",
    detailed="description alias min_stage max_stage length diameter maiden_flight launch_cost"
             f" launch_mass leo_capacity gto_capacity to_thrust apogee {ATTEMPTS_KEYS}"
             " fastest_turnaround",
    filters_table=ATTEMPTS + """
        active                =    bool
        families              =    choices  families[].id  launcher_configuration_families
        families__contains    =    choices  families[].id  launcher_configuration_families
        full_name             =~   string
        is_placeholder        =    bool
        maiden_flight         <=>  date
        manufacturer__name    =~   string
        name                  =~   string
        program               =    choices  program[].id   programs
        program__contains     =    choices  program[].id   programs
    """,
    search="full_name manufacturer.abbrev manufacturer.name name",
    ordering_words=f"{ATTEMPTS_KEYS} gto_capacity:number launch_cost:number launch_mass:number"
                   " leo_capacity:number maiden_flight name",
    nested={
        "manufacturer": "agencies",
        "families": "launcher_configuration_families",
        "program": "programs",
    },
)

LAUNCHERS = Collection(
    "launchers", "Launcher",
    list="id url serial_number flight_proven is_placeholder status",
    normal="details image successful_landings attempted_landings flights last_launch_date"
           " first_launch_date fastest_turnaround configuration",
    detailed="",
    filters_table="""
        attempted_landings                    <=>  int
        successful_landings                   <=>  int
        flights                               <=>  int
        first_launch_date                     =    datetime
        last_launch_date                      =    datetime
        flight_proven                         =    bool
        is_placeholder                        =    bool
        id                                    =~   int
        launcher_config__ids                  =    csv-int  configuration.id
        launcher_config__manufacturer__name   =~   string   configuration.manufacturer.name
        serial_number                         =~   string
        status                                =    choice   status.id  config/launcher_statuses
    """,
    search="serial_number status.name",
    ordering_words="attempted_landings flight_proven flights id successful_landings",
    nested={"configuration": "launcher_configurations"},
)

LOCATIONS = Collection(
    "locations", "Location",
    normal="id url name celestial_body active country description image map_image longitude"
           " latitude timezone_name total_launch_count total_landing_count",
    detailed="pads_count",
    filters_table="""
        active                 =    bool
        country_code           =    string  country.alpha_3_code
        id                     =    int
        name                   =~   string
        total_landing_count    <=>  int
        total_launch_count     <=>  int
    """,
    search="country.alpha_3_code name",
    ordering_words="name total_landing_count total_launch_count",
    nested={"celestial_body": "celestial_bodies"},
)

CELESTIAL_BODIES = Collection(
    "celestial_bodies", "CelestialBody",
    list="id name",
    normal="type diameter mass gravity length_of_day atmosphere image description wiki_url",
    detailed=f"{ATTEMPTS_KEYS}",
    search="name type.name",
    ordering_words="id name",
)

MISSION_PATCHES = Collection(
    "mission_patches", "MissionPatch",
    normal="id name priority image_url agency",
    detailed="description",
    filters_table="""
        agency__id      =   int
        agency__name    =~  string
        id              =   int
        ids             =   csv-int  id
        name            =~  string
    """,
    search="agency.name name",
    ordering_words="agency__name id name priority:int",
    nested={"agency": "agencies"},
)

PADS = Collection(
    "pads", "Pad",
    normal="id url active agencies name image description info_url wiki_url map_url latitude"
           " longitude country map_image total_launch_count orbital_launch_attempt_count"
           " fastest_turnaround location",
    filters_table="""
        active                          =    bool
        agencies_ids                    =    csv-int  agencies[].id
        id                              =~   int
        latitude                        <>   number
        longitude                       <>   number
        location__id                    =    int
        location__name                  =~   string
        name                            =~   string
        orbital_launch_attempt_count    <=>  int
        total_launch_count              <=>  int
    """,
    search="location.name name orbital_launch_attempt_count total_launch_count",
    ordering_words="id location__id location__name name orbital_launch_attempt_count"
                   " total_launch_count",
    nested={"agencies": "agencies", "location": "locations"},
    without_modes=True,
)

PAYLOADS = Collection(
    "payloads", "Payload",
    list="id url name type manufacturer operator",
    normal="description mass cost image wiki_link info_link program",
    detailed="flights",
    filters_table="""
        manufacturer__id      =  int
        manufacturer__name    =  string
        name                  =  string
        operator              =  choice  operator.id  agencies
        operator__id          =  int
        operator__name        =  string
        program__id           =  int     program[].id
    """,
    search="manufacturer.name name operator.name flights[].destination flights[].launch.name",
    ordering_words="id name payloadflight__rocket__launch__net:datetime:flights[0].launch.net",
    nested={
        "manufacturer": "agencies", "operator": "agencies", "program": "programs",
        "flights.launch": "launches",
    },
)

PAYLOAD_FLIGHTS = Collection(
    "payload_flights", "PayloadFlight",
    list="id url destination amount payload",
    normal="launch",
    detailed="landing docking_events",
    filters_table="payload  =  choice  payload.id  payloads",
    ordering_words="id destination amount:int",
    nested={"payload": "payloads", "launch": "launches"},
)

PROGRAMS = Collection(
    "programs", "Program",
    list="id url name image info_url wiki_url",
    normal="description type agencies start_date end_date mission_patches",
    ordering_words="id name start_date:datetime end_date:datetime",
    nested={"agencies": "agencies", "mission_patches": "mission_patches"},
)

SPACE_STATIONS = Collection(
    "space_stations", "SpaceStation",
    normal="id url name image status orbit type founded deorbited description owners"
           " active_expeditions",
    detailed="docked_vehicles onboard_crew volume mass height width docking_location",
    filters_table="""
        docked_vehicles    <=>  int
        onboard_crew       <=>  int
        id                 =    int
        name               =~   string
        orbit              =    choice   orbit.id   config/orbits
        owner__ids         =    csv-int  owners[].id
        owners             =    choices  owners[].id  agencies
        status             =    choice   status.id  config/space_station_statuses
        status__ids        =    csv-int  status.id
        type               =    choice   type.id    config/space_station_types
    """,
    search="name owners[].abbrev owners[].name",
    ordering_words="docked_vehicles founded:date id name onboard_crew status:int:status.id"
                   " type:int:type.id volume:number",
    nested={"owners": "agencies", "orbit": "config/orbits"},
)

SPACECRAFT = Collection(
    # Served from tables of its own (models.py); this is how it shows inside other rows.
    "spacecraft", "Spacecraft",
    normal="id url name serial_number is_placeholder in_space status spacecraft_config",
    detailed="",
    filters_table="""
        in_space             =  bool
        is_placeholder       =  bool
        name                 =  string
        spacecraft_config    =  choice  spacecraft_config.id  spacecraft_configurations
        status               =  choice  status.id             config/spacecraft_statuses
    """,
    search="name spacecraft_config.name",
    ordering_words="flights_count:int id mission_ends_count:int time_docked:duration"
                   " time_in_space:duration",
)

SPACECRAFT_CONFIGURATION_FAMILIES = Collection(
    "spacecraft_configuration_families", "SpacecraftConfigFamily",
    list="id name",
    normal="description manufacturer parent maiden_flight",
    detailed="spacecraft_flown total_launch_count",
    filters_table="""
        manufacturer    =  choice  manufacturer.id  agencies
        name            =  string
    """,
    search="manufacturer.abbrev manufacturer.name name",
    ordering_words="name",
    nested={"manufacturer": "agencies", "parent": "spacecraft_configuration_families"},
)

SPACECRAFT_CONFIGURATIONS = Collection(
    "spacecraft_configurations", "SpacecraftConfiguration",
    normal="id url name type agency family in_use image",
    detailed="history details maiden_flight height diameter human_rated crew_capacity"
             " payload_capacity flight_life wiki_link",
    filters_table="""
        agency         =  choice  agency.id  agencies
        human_rated    =  bool
        in_use         =  bool
        name           =  string
    """,
    search="agency.abbrev agency.name name",
    ordering_words="name",
    nested={"agency": "agencies", "family": "spacecraft_configuration_families"},
)

SPACECRAFT_FLIGHTS = Collection(
    "spacecraft_flights", "SpacecraftFlight",
    normal="id url destination mission_end spacecraft launch_crew onboard_crew landing_crew"
           " launch",
    detailed="duration turn_around_time",
    filters_table="spacecraft  =  choice  spacecraft.id  spacecraft",
    ordering_words="id destination mission_end:datetime",
    nested={
        "spacecraft": "spacecraft",
        "launch": "launches",
        **{f"{crew}_crew.astronaut": "astronauts" for crew in ("launch", "onboard", "landing")},
    },
)

SPACEWALKS = Collection(
    "spacewalks", "Spacewalk",
    list="id url name start end duration",
    normal="location spacestation expedition crew",
    detailed="event launch program owner",
    filters_table="""
        astronaut__ids       =    csv-int     crew[].astronaut.id
        day                  =    csv-number  start:day
        month                =    csv-number  start:month
        year                 =    csv-number  start:year
        start                <>   datetime
        end                  <=>  datetime
        event__ids           =    csv-int     event.id
        launch__ids          =    csv-uuid    launch.id
        id                   =    int
        ids                  =    csv-int     id
        name                 =~   string
        owner__ids           =    csv-number  owner.id
        program__ids         =    csv-int     program[].id
        program__name        =~   string      program[].name
        spacestation__ids    =    csv-int     spacestation.id
    """,
    search="crew[].astronaut.name location name program[].name",
    ordering_words="duration:duration end id name start",
    nested={
        "crew.astronaut": "astronauts", "spacestation": "space_stations", "event": "events",
        "expedition": "expeditions", "launch": "launches", "program": "programs",
        "owner": "agencies",
    },
)

UPDATES = Collection(
    "updates", "Update",
    normal="id profile_image comment info_url created_by created_on launch event program",
    filters_table="""
        created_on                         =  datetime
        launch                             =  choice  launch.id                          launches
        launch__launch_service_provider    =  choice  launch.launch_service_provider.id  agencies
        program                            =  choice  program.id                         programs
    """,
    ordering_words="created_on",
    default_order="-created_on",
    nested={"launch": "launches", "event": "events", "program": "programs"},
    without_modes=True,
)


def config(name: str, model: str, more: str = "") -> Collection:
    """A small table of names. Its ordering fields are undocumented: any shown field will do."""
    keys = f"id name {more}"
    return Collection(
        f"config/{name}", model, normal=keys, without_modes=True,
        ordering_words="id name " + " ".join(
            key + (":int" if key == "priority" else "")
            for key in more.split() if key not in STRUCTURED
        ),
        nested={"celestial_body": "celestial_bodies"} if "celestial_body" in more else {},
    )


STRUCTURED = ("celestial_body", "spacestation", "location")

CONFIG = [
    config("agency_types", "AgencyType"),
    config("astronaut_roles", "AstronautRole", "priority"),
    config("astronaut_statuses", "AstronautStatus"),
    config("astronaut_types", "AstronautType"),
    config("celestial_body_types", "CelestialBodyType"),
    config("countries", "Country",
           "alpha_2_code alpha_3_code nationality_name nationality_name_composed"),
    config("docking_locations", "DockingLocation", "spacestation"),
    config("event_types", "EventType"),
    config("first_stage_types", "FirstStageType"),
    config("image_licenses", "ImageLicense", "priority link"),
    config("image_variant_types", "ImageVariantType"),
    config("infourl_types", "InfoURLType"),
    config("landing_locations", "LandingLocation", "abbrev active location"),
    config("landing_types", "LandingType", "abbrev description"),
    config("languages", "Language", "code"),
    config("launch_statuses", "LaunchStatus", "abbrev description"),
    config("launcher_statuses", "LauncherStatus"),
    config("mission_types", "MissionType"),
    config("net_precisions", "NetPrecision", "abbrev description"),
    config("notice_types", "NoticeType"),
    config("orbits", "Orbit", "abbrev celestial_body"),
    config("payload_types", "PayloadType"),
    config("program_types", "ProgramType"),
    config("road_closure_statuses", "RoadClosureStatus"),
    config("space_station_statuses", "SpaceStationStatus"),
    config("spacecraft_configuration_types", "SpacecraftConfigType"),
    config("spacecraft_statuses", "SpacecraftStatus"),
    config("timeline_event_types", "TimelineEventType", "abbrev description"),
    config("vidurl_types", "VidURLType"),
]

# Rows that other rows refer to although upstream serves them nowhere.
HIDDEN = [config("space_station_types", "SpaceStationType")]

# The news service under /v4/, which is a site of its own; see news.py.
NEWS_FILTERS = """
    title_contains          =    contains   title
    title_contains_one      =    words-one  title
    title_contains_all      =    words-all  title
    summary_contains        =    contains   summary
    summary_contains_one    =    words-one  summary
    summary_contains_all    =    words-all  summary
    news_site               =    names      news_site
    news_site_exclude       =    not-names  news_site
    published_at            _<>  datetime
    updated_at              _<>  datetime
"""
NEWS_ABOUT = """
    launch         =  csv-uuid  launches[].launch_id
    event          =  csv-int   events[].event_id
    has_launch     =  nullbool  launches[].launch_id?
    has_event      =  nullbool  events[].event_id?
    is_featured    =  nullbool  featured
"""


def news(path: str, model: str, more: str = "") -> Collection:
    return Collection(
        path, model, filters_table=NEWS_FILTERS + more, search="title summary news_site",
        ordering_words="published_at updated_at", default_order="-published_at",
        without_modes=True,
    )


NEWS = {
    "articles": news("articles", "Article", NEWS_ABOUT),
    "blogs": news("blogs", "Blog", NEWS_ABOUT),
    "reports": news("reports", "Report"),
}

SERVED = {
    collection.path: collection
    for collection in [
        *parts(LAUNCHES, LAUNCH_SEARCH), *parts(EVENTS, EVENTS.search),
        AGENCIES, ASTRONAUTS, CELESTIAL_BODIES, DOCKING_EVENTS, EXPEDITIONS, LANDINGS,
        LAUNCHER_CONFIGURATION_FAMILIES, LAUNCHER_CONFIGURATIONS, LAUNCHERS, LOCATIONS,
        MISSION_PATCHES, PADS, PAYLOADS, PAYLOAD_FLIGHTS, PROGRAMS, SPACE_STATIONS, SPACECRAFT,
        SPACECRAFT_CONFIGURATION_FAMILIES, SPACECRAFT_CONFIGURATIONS, SPACECRAFT_FLIGHTS,
        SPACEWALKS, UPDATES, *CONFIG,
    ]
}

COLLECTIONS = {**SERVED, **NEWS, **{collection.path: collection for collection in HIDDEN}}
