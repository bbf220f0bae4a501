"""Values that hardly anybody sends: where gateway and upstream read them differently is listed here.

Drawn from the letters and pieces that each kind of value is made of. What both take has to mean the
same; of the rest there are two sorts, and each has its list:

- `refused`: upstream reads it, the gateway answers 400. It costs a client a correction, upstream
  nothing.
- `taken`: upstream answers 400, the gateway reads it as what it must mean and asks for that.
"""

import random
import re
from dataclasses import dataclass
from urllib.parse import quote_plus

import meaning
import pytest
from program import keys

VALUES = 3000  # drawn for each kind; short ones come more than once

LAUNCHES, NEWS = "/2.3.0/launches/", "/v4/articles/"
UUID = "65df5656-5b03-451c-b8b9-5c606e678756"
NEVER = r"(?!)"

# Digits and blanks of other scripts, signs, underscores, exponents: Python reads many of them.
DIGITS = "0123-+._e \u00a0\u0663x"
LETTERS = "aAb ,,é\u00a0\u3000'\""
BEYOND_DIGITS = r".*[.e_+\u0663\u00a0].*|(.*,)? *-0+ *(,.*)?"
NO_TEXT = r"[ \u00a0\u3000]+"

BOOLS = "true false True False TRUE tRue 1 0 2 3 unknown Unknown null yes no t on off".split()
BOOLS += ["", " ", " true", "true "]
DAYS = ["2026-11-24", "20261124", "2026-1-2", "2026-W48-2", "2026-329", "0001-01-01", "9999-12-31",
        "2028-02-29", "2026-02-29", "10000-01-01", "0000-01-01", "26-1-1", " 2026-11-24 "]
TIMES = ["", "09:30", "0930", "9:3", "09:30:00", "093000", "09:30:00.5", "09:30:00,123456", "09",
         "09:30:00.1234567", "09:30:00.", "24:00", "23:59:60", "09:30:00.123456789012",
         "09:30:00.1234567890123", "00:00:00", "23:59:59.999999"]
ZONES = ["", "", "Z", "Z", "z", "+00:00", "-00:00", "+02", "+0200", "+2", "+02:0", "+24:00",
         "+23:59", "-23:59", " +02:00", " 02:00", " Z", "+02:00:30", "+02:60", "+0030"]
# Spelled as both read it, whatever the calendar says of it.
A_MOMENT = (r" *\d{4}-\d\d?-\d\d?"
            r"([T ]\d\d?:\d\d?(:\d\d?([.,]\d{1,12})?)?(Z|[+-][01]\d(:?\d\d)?|[+-]2[0-3](:?\d\d)?)?)? *")
EDGES = r" *(0001-01-01|9999-12-31).*"  # another zone can put them out of the calendar
OTHER_DAYS = ["11/24/2026", "11/24/26", "Nov 24 2026", "Nov 24, 2026", "24 November 2026",
              "2026-02-30", "2026-11-24T00:00", "2026-11", "2026-11-024", "+2026-11-24",
              "\u0662\u0660\u0662\u0666-11-24"]
UUIDS = [UUID, UUID.upper(), "{" + UUID + "}", "urn:uuid:" + UUID, UUID.replace("-", ""), UUID[:-1],
         UUID + "0", "-" + UUID, " " + UUID, "", "0x" + UUID.replace("-", "")[2:], "-" * 100 + UUID,
         UUID.replace("5", "_", 1), "+" + UUID.replace("-", "")[1:], UUID.replace("6", "\u0666", 1)]


@dataclass
class Kind:
    path: str
    name: str
    pieces: object  # what values are strung together from, or one list for each place
    refused: str = NEVER
    taken: str = NEVER
    most: int = 6

    def draw(self, rng):
        if isinstance(self.pieces, tuple):
            return "".join(map(rng.choice, self.pieces))
        return "".join(rng.choices(self.pieces, k=rng.randint(0, rng.choice([2, 4, self.most]))))


KINDS = {
    "int": Kind("/2.3.0/agencies/", "founding_year__gt", DIGITS, BEYOND_DIGITS, " +"),
    "long int": Kind("/2.3.0/agencies/", "founding_year__gt", "-0123456789",
                     r"-?\d{10,}|-0+", most=12),
    "contained int": Kind("/2.3.0/launchers/", "id__contains", DIGITS, BEYOND_DIGITS, " +"),
    "id": Kind(LAUNCHES, "pad", DIGITS, BEYOND_DIGITS + r"|-?0+|-\d+| *-?0+ *| *-\d+ *", " +"),
    # Upstream compares what was sent with the ids as they are written.
    "repeated": Kind(LAUNCHES, "program", DIGITS, r"0|-\d+", r" *0*\d+ *| +|"),
    "number": Kind("/2.3.0/pads/", "latitude__gt", DIGITS + "5679NaInf", r".*[e_+\u0663\u00a0].*",
                   " +"),
    "csv of ints": Kind(LAUNCHES, "location__ids", DIGITS + ",,,", BEYOND_DIGITS + r"|[ ,]*",
                        r".*(^|,) +(,|$).*"),
    "csv of numbers": Kind(LAUNCHES, "year", DIGITS + ",,,", r".*[e_+\u0663\u00a0].*|[ ,]*",
                           r".*(^|,) +(,|$).*"),
    "csv of strings": Kind(LAUNCHES, "lsp__name", LETTERS, NO_TEXT),
    "csv of UUIDs": Kind(LAUNCHES, "id", (UUIDS, ["", ","], UUIDS),
                         r".*([{}_+\u0666x]|urn).*|,"),
    "words": Kind(NEWS, "title_contains_one", LETTERS, NO_TEXT),
    "all words": Kind(NEWS, "title_contains_all", LETTERS, NO_TEXT),
    "names": Kind(NEWS, "news_site", LETTERS, NO_TEXT),
    "other names": Kind(NEWS, "news_site_exclude", LETTERS, NO_TEXT),
    "string": Kind(LAUNCHES, "name", LETTERS),
    # The two widgets of django-filter differ in 1, 0, TRUE, 2 and 3, and take the rest for none.
    "bool": Kind("/2.3.0/agencies/", "featured", (BOOLS,), r"(?!(true|false)$).*"),
    "null bool": Kind(LAUNCHES, "is_crewed", (BOOLS,), r"(?!(true|false)$).*"),
    # Python reads many more forms of ISO 8601, and zones with seconds. A raw `+` arrives as a blank.
    "datetime": Kind(LAUNCHES, "net__gt", (DAYS, ["", "T", "T", "t", " ", "_"], TIMES, ZONES),
                     rf"(?!{A_MOMENT}$).*|{EDGES}|.*[+-]\d\d:?60",
                     r" *[\d-]+[T ][\d:.,]+ \d\d(:?\d\d)?|2026-1-2| +"),
    "date": Kind("/2.3.0/astronauts/", "date_of_birth__gt", (DAYS + OTHER_DAYS,),
                 r"(?! *\d{4}-\d\d?-\d\d? *$).*"),
    # What upstream takes for none or drops would be answered with everything.
    "limit": Kind(LAUNCHES, "limit", DIGITS, r"(?!-?\d+$).*"),
    "offset": Kind(LAUNCHES, "offset", DIGITS, r"(?!-?\d+$).*"),
    # Python gives up on so many digits, and then it is none; zeros in front are digits too.
    "long limit": Kind(LAUNCHES, "limit", (["", "-"], ["0" * n for n in (9, 4299, 4300)], ["7", "77"]),
                       r"\d{4301,}"),
    "ordering": Kind(LAUNCHES, "ordering", ["id", "-id", "net", "-net", ",", ",", " ", "-", "x", "+"],
                     r".*(x|\+|- |--|-,|-$|(id|net) *-?(id|net)).*"),
    "ordering of news": Kind(NEWS, "ordering", ["published_at", "-updated_at", ",", ",", " ", "x"],
                             taken=".* .*"),
    "search": Kind(LAUNCHES, "search", LETTERS + "\\"),
}


def understood(target):
    try:
        return meaning.of(target)
    except meaning.Refused:
        return None


def fits(pattern, value):
    return re.fullmatch(pattern, value, re.ASCII) is not None


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_oddities(kind):
    meaning.surface()
    rng = random.Random(23)
    values = sorted({kind.draw(rng) for _ in range(VALUES)})
    targets = [f"{kind.path}?{kind.name}={quote_plus(value)}" for value in values]
    known, refused, taken = {}, 0, 0
    for value, target, (key, refusal) in zip(values, targets, keys(targets)):
        means = understood(target)
        if key is None:
            assert refusal.startswith(f"invalid-parameters\t{kind.name}: "), target
            assert means is None or fits(kind.refused, value), target
            refused += means is not None
        elif means is None:
            assert fits(kind.taken, value), target
            assert understood(key), key
            taken += 1
        else:
            assert understood(key) == means, f"{target}\nbecame {key}"
            assert known.setdefault(key, means) == means, target
    assert known
    # What is listed is still so.
    assert (refused > 0, taken > 0) == (kind.refused != NEVER, kind.taken != NEVER)
