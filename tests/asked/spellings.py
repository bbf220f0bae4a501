"""One request of each kind in at least twenty spellings, written down.

Upstream answers all of a row alike; so there is one key for them, and one call. Where a value has
few spellings the request has more: see WRITTEN.
"""

UUID = "65df5656-5b03-451c-b8b9-5c606e678756"
OTHER = "0b1f4ab7-8a4a-4b3c-9d5f-c7e0b7e0f0a1"

LAUNCHES = "/2.3.0/launches/"
AGENCIES = "/2.3.0/agencies/"

# Ways to write `path?name=value` that have nothing to do with the value. `{path}` is without its
# slash, `{letters}` the name as escapes.
WRITTEN = [
    "{path}/?{name}={value}", "{path}?{name}={value}", "{path}/?{letters}={value}",
    "{path}/?&{name}={value}", "{path}/?{name}={value}&", "{path}/?&&{name}={value}&&&",
    "{path}/?limit=10&{name}={value}", "{path}/?{name}={value}&offset=0",
    "{path}/?limit=&{name}={value}&offset=", "{path}/?{name}={value}&limit=0&offset=-1",
    "{path}/?offset=7&limit=3&{name}={value}&limit=10&offset=00", "{path}/?{name}={value}&format=json",
    "{path}/?format=api&{name}={value}", "{path}/?{name}={value}&search=&ordering=",
    "{path}/?search=+,+&{name}={value}&ordering=,", "{path}/?mode=normal&{name}={value}",
    "{path}/?mode=detailed&{name}={value}&mode=", "{path}/?{name}={value}&_=1732440600000",
    "{path}/?utm_source=x&{name}={value}&utm_medium=y&cb=1", "{path}/?%6Dode=normal&{name}={value}",
    "{path}/?{name}={value}&name=&id=", "{path}/?{name}=0&{name}={value}",
]


def escaped(text):
    return "".join(f"%{byte:02X}" for byte in text.encode())


def written(path, name, value, ways=WRITTEN):
    return [way.format(path=path.rstrip("/"), name=name, letters=escaped(name), value=value)
            for way in ways]


def row(path, name, *values):
    """All spellings of one value, in the plain way and each in some other one."""
    ways = WRITTEN[:1] + WRITTEN[2:]
    return [target for at, value in enumerate(values)
            for target in written(path, name, value, [ways[0], ways[1 + at % (len(ways) - 1)]])]


def once(name):
    """Of WRITTEN those in which a parameter does not come again."""
    return [way for way in WRITTEN if f"{name}=" not in way.replace("{name}=", "")]


SPELLINGS = {
    "bool": row(AGENCIES, "featured", "true", "True", "%74rue", "t%72ue", "%54rue", "T%72u%65",
                "tru%65", "%74%72%75%65", "%54%72%75%65", "t%72%75e"),
    "bool, not set": [AGENCIES, "/2.3.0/agencies", *row(
        AGENCIES, "featured", "", "unknown", "%75nknown", "true&featured=", "false&featured=unknown",
        "&spacecraft=", "unknown&spacecraft=unknown", "0&featured", "&featured=&featured=",
        "unknow%6E", "true&featured")],
    "bool of upstream's own": row(LAUNCHES, "is_crewed", "false", "False", "%66alse", "F%61lse",
                                  "true&is_crewed=false", "&is_crewed=False", "fals%65",
                                  "False&include_suborbital=unknown", "%46alse", "f%61ls%65"),
    "int": row(AGENCIES, "founding_year__gt", "1958", "01958", "0001958", "+1958", "1958+", "%201958",
               "1958%20%20", "%31958", "+001958+", "1%39%35%38", "x&founding_year__gt=1958"),
    "int below zero": row(AGENCIES, "founding_year__gt", "-3", "-03", "-0003", "+-3", "-3+", "%2D3",
                          "-%33", "%20-3%20", "%2d03", "++-3"),
    "int, zero": row(AGENCIES, "pending_launches", "0", "00", "000", "%200", "+0", "0+", "%30",
                     "0%30", "0000000000", "+000+"),
    "id": row(LAUNCHES, "pad", "80", "080", "00080", "+80", "80+", "%2080", "80%20", "8%30", "%38%30",
              "+0080+", "1&pad=80"),
    "number": row("/2.3.0/pads/", "latitude__gt", "28.5", "28.50", "028.5", "+28.5", "28.5+",
                  "28%2E5", "28.500000", "0028.50", "%2028.5", "28.5%20", "%32%38.5", "+028.500+"),
    "number, zero": row("/2.3.0/pads/", "latitude__gt", "0", "-0", "0.0", "-0.0", "00", ".0", "0.",
                        "-.0", "+0.00+", "-00.00"),
    "string": row(LAUNCHES, "name", "Dragon+2", "Dragon%202", "+Dragon+2", "Dragon+2+",
                  "%20Dragon%202", "%44ragon+2", "D%72agon%202", "++Dragon+2++", "Dragon+%32",
                  "%E3%80%80Dragon+2%C2%A0", "x&name=Dragon+2"),
    "string beyond ASCII": row(LAUNCHES, "name", "%C3%89tude", "%c3%89tude", "%C3%89t%75de",
                               "%c3%89tude+", "+%C3%89tude", "%C3%89tud%65", "%20%C3%89tude%20",
                               "%C3%89%74ude", "%C3%89tu%64e", "%c3%89%74%75%64%65"),
    "datetime": row(LAUNCHES, "net__gte", "2026-11-24T09:30:00Z", "2026-11-24T09:30:00%2B00:00",
                    "2026-11-24T11:30:00%2B02:00", "2026-11-24T11:30:00%2b0200",
                    "2026-11-24T11:30:00%2B02", "2026-11-24T09:30", "2026-11-24T09:30Z",
                    "2026-11-24+09:30:00", "2026-11-24%2009:30", "2026-11-24T09:30:00",
                    "2026-11-24T09:30:00.000Z", "2026-11-24T09:30:00.000000", "2026-11-24T9:30Z",
                    "2026-11-24T09:30:0Z", "2026-11-24T05:30:00-04:00", "2026-11-24T09%3A30%3A00Z",
                    "2026-11-24T09:30:00,0Z", "2026-11-24T09:30:00.0000001Z", "+2026-11-24T09:30Z",
                    "2026-11-23T23:30:00-1000", "2026-11-24T09:30:00-00:00",
                    "2026-11-25T09:29:00%2B23:59", "2026-11-24T15:00%2B05:30"),
    "datetime, midnight": row(LAUNCHES, "net__lt", "2026-11-24", "2026-11-24T00:00:00Z",
                              "2026-11-24T00:00", "2026-11-24T0:0Z", "2026-11-23T20:00:00-0400",
                              "2026-11-24+", "2026-11-24+00:00", "2026%2D11-24",
                              "2026-11-24T00:00:00.0", "2026-11-24T05:30:00%2B05:30"),
    "date": row("/2.3.0/astronauts/", "date_of_birth__gt", "1930-08-05", "1930-8-5", "1930-08-5",
                "1930-8-05", "+1930-08-05", "1930-08-05+", "1930%2D08%2D05", "%31930-8-5",
                "%201930-8-05%20", "193%30-08-5"),
    "uuid": row("/2.3.0/updates/", "launch", UUID, UUID.upper(), UUID.replace("-", ""),
                UUID.replace("-", "").upper(), UUID.replace("-", "%2D"), UUID.replace("6", "%36"),
                UUID.replace("b", "B"), UUID.replace("-", "", 1), UUID.replace("-", "", 2),
                UUID.replace("e", "E"), UUID.upper().replace("-", "", 3)),
    "csv of ints": row(LAUNCHES, "location__ids", "12,27,143", "27,12,143", "143,27,12",
                       "12%2C27%2C143", "12,27,12,143", "012,27,0143", "12,+27,+143", "12,,27,143",
                       ",12,27,143", "12,27,143,", "1&location__ids=143,12,27", "%312,27,14%33"),
    "csv of numbers": row(LAUNCHES, "year", "2025,2026", "2026,2025", "2025.0,2026", "2026,2025,2026",
                          "2025%2c2026", "02025,2026.00", "+2026,2025+", "2026,,2025", "2025,2026,",
                          "2025.,2026", "7&year=2026,2025"),
    "csv of strings": row(LAUNCHES, "lsp__name", "NASA,SpaceX", "SpaceX,NASA", "NASA,+SpaceX",
                          "NASA%2CSpaceX", "SpaceX,NASA,SpaceX", "+NASA+,+SpaceX+", "N%41SA,SpaceX",
                          "NASA,%20SpaceX", "SpaceX,+NASA,NASA", "x&lsp__name=SpaceX,NASA"),
    "csv of UUIDs": row(LAUNCHES, "id", f"{UUID},{OTHER}", f"{OTHER},{UUID}",
                        f"{UUID.upper()},{OTHER}", f"{UUID},{OTHER},{UUID}", f"{UUID}%2C{OTHER}",
                        f"{UUID.replace('-', '')},{OTHER}", f"{UUID},,{OTHER}", f"{UUID},{OTHER},",
                        f"{OTHER.upper()},{UUID.upper()}", f"+{UUID},+{OTHER}"),
    # All of them count, so none may come before; upstream takes no blanks and no zeros here.
    "repeated": [target for first in ("1", "%31", "1&program=1", "25&program=1", "1&program=%32%35",
                                      "25&program=25&program=1", "1&net__gt=&program=25")
                 for target in written(LAUNCHES, "program", first + "&program=25", WRITTEN[:8:2])],
    "csv of the news": row("/v4/articles/", "title_contains_all", "moon,mars", "mars,moon",
                           "moon,+mars", "moon%2Cmars", "mars,moon,mars", "+moon,mars+",
                           "m%6Fon,mars", "mars,%20moon", "%6Doon,mar%73", "x&title_contains_all=mars,moon"),
    "search": row(LAUNCHES, "search", "falcon+9", "falcon%209", "falcon,9", "falcon,+9", "+falcon+9",
                  "falcon++9", "falcon+9,", ",falcon,,9", "falcon%2C9", "f%61lcon+9", "x&search=falcon+9"),
    "ordering": row("/2.3.0/spacecraft/", "ordering", "-id,time_docked", "-id,+time_docked",
                    "-id%2Ctime_docked", "%2Did,time_docked", ",-id,,time_docked", "-id,time_docked,",
                    "-id,id,time_docked", "-id,time_docked,-time_docked", "+-id+,+time_docked+",
                    "-%69d,time_docked", "x&ordering=-id,time_docked"),
    "mode": [target for value in ("detailed", "%64etailed", "detaile%64", "normal&mode=detailed",
                                  "&mode=detailed", "detaile%64&mode=d%65tailed")
             for target in written(LAUNCHES, "mode", value, once("mode")[::4])],
    "limit": [target for value in ("100", "0100", "101", "1000", "99999999999999999999", "%3100",
                                   "5&limit=100", "x&limit=101", "&limit=000100")
              for target in written(LAUNCHES, "limit", value, once("limit")[::5])],
    "limit as it is by default": [LAUNCHES, "/2.3.0/launches", "/2.3.0/launches/?", *[
        target for value in ("10", "", "0", "-1", "010", "00", "-99999999999999999999", "5&limit=")
        for target in written(LAUNCHES, "limit", value, once("limit")[::5])]],
    "offset": [target for value in ("326", "0326", "00326", "%3326", "0&offset=326", "x&offset=0326")
               for target in written(LAUNCHES, "offset", value, once("offset")[::4])],
    "offset as it is by default": [LAUNCHES, *[
        target for value in ("", "0", "00", "-1", "-0", "-99999999999999999999", "7&offset=0")
        for target in written(LAUNCHES, "offset", value, once("offset")[::5])]],
    "format": [LAUNCHES, *[
        target for value in ("json", "api", "", "js%6Fn", "xml&format=api", "api&format=")
        for target in written(LAUNCHES, "format", value, once("format")[::4])]],
    "object by number": ["/2.3.0/agencies/80" + tail for tail in (
        "/", "", "?", "/?", "/?&", "/?mode=detailed", "/?mode=", "/?limit=5", "/?offset=7&limit=1",
        "/?ordering=name", "/?format=api", "/?_=1", "?format=json", "/?utm_source=x", "/?name=",
        "/?search=", "/?search=+", "/?featured=unknown", "?mode=normal&mode=detailed")] + [
        "/2.3.0/agencies/080/", "/2.3.0/agencies/00080", "/2.3.0/%61gencies/80/", "/2.3.0/agencies/%380/"],
    "object by UUID": [f"{LAUNCHES}{id}{tail}" for tail in ("/", "", "/?mode=detailed", "/?limit=3",
                                                            "/?format=api")
                       for id in (UUID, UUID.upper(), UUID.replace("-", ""), UUID.replace("6", "%36"))],
}

# What differs from the first of its row by as little as can be.
NEAR = {
    "bool": AGENCIES + "?featured=false",
    "bool, not set": AGENCIES + "?featured=false",
    "bool of upstream's own": LAUNCHES + "?is_crewed=true",
    "int": AGENCIES + "?founding_year__gt=1959",
    "int below zero": AGENCIES + "?founding_year__gt=3",
    "int, zero": AGENCIES + "?pending_launches=",
    "id": LAUNCHES + "?pad=81",
    "number": "/2.3.0/pads/?latitude__gt=28.500001",
    "number, zero": "/2.3.0/pads/?latitude__gt=0.01",
    "string": LAUNCHES + "?name=Dragon++2",
    "string beyond ASCII": LAUNCHES + "?name=E%CC%81tude",
    "datetime": LAUNCHES + "?net__gte=2026-11-24T09:30:00.000001Z",
    "datetime, midnight": LAUNCHES + "?net__lte=2026-11-24",
    "date": "/2.3.0/astronauts/?date_of_birth__gt=1930-08-06",
    "uuid": "/2.3.0/updates/?launch=" + UUID[:-1] + "7",
    "csv of ints": LAUNCHES + "?location__ids=12,27",
    "csv of numbers": LAUNCHES + "?year=2025,2026.5",
    "csv of strings": LAUNCHES + "?lsp__name=NASA,SpaceX,",
    "csv of UUIDs": LAUNCHES + "?id=" + UUID,
    "repeated": LAUNCHES + "?program=1",
    "csv of the news": "/v4/articles/?title_contains_one=moon,mars",
    "search": LAUNCHES + "?search=falcon9",
    "ordering": "/2.3.0/spacecraft/?ordering=time_docked,-id",
    "mode": LAUNCHES,
    "limit": LAUNCHES + "?limit=99",
    "limit as it is by default": LAUNCHES + "?limit=9",
    "offset": LAUNCHES + "?offset=327",
    "offset as it is by default": LAUNCHES + "?offset=1",
    "format": LAUNCHES + "?mode=list",
    "object by number": "/2.3.0/agencies/81/",
    "object by UUID": LAUNCHES + UUID[:-1] + "7/",
}
