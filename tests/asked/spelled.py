"""How a value can be written otherwise and mean the same, and how it can be changed a little.

Kinds are those that the stand-in reports of its filters: int, csv-int, repeated-int, datetime...
What is written here upstream accepts: respelt() gives what means the same there, altered() what
hardly ever does.
"""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

BLANKS = ["", "", "", " ", "  "]


def padded(rng, text):
    return rng.choice(BLANKS) + text + rng.choice(BLANKS)


# ---- the same ----------------------------------------------------------------

def respell_int(rng, text):
    digits = text.removeprefix("-")
    sign = "-" if text[0] == "-" else ""
    return padded(rng, sign + "0" * rng.choice([0, 0, 1, 2, 9]) + digits)


def respell_number(rng, text):
    digits = text.removeprefix("-")
    whole, _, fraction = digits.partition(".")
    fraction += "0" * rng.choice([0, 0, 1, 3])
    whole = "0" * rng.choice([0, 0, 1, 2]) + (whole.lstrip("0") if fraction else whole)
    point = "." if fraction or rng.random() < 0.3 else ""
    sign = "-" if text[0] == "-" or not Decimal(text) and rng.random() < 0.2 else ""
    return padded(rng, sign + whole + point + fraction)


def respell_datetime(rng, text):
    """Another zone, other widths, another separator, less or more of a fraction."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    if 1 < moment.year < 9999 and rng.random() < 0.4:
        minutes = rng.choice([60, -60, 330, -570, 1439, -1439, 0])
        moment = moment.astimezone(timezone(timedelta(minutes=minutes)))
        east = minutes >= 0 and rng.random() < 0.9 or minutes > 0
        zone = "{}{:02}{}{:02}".format("+" if east else "-", *_parted(rng, abs(minutes)))
        if minutes % 60 == 0 and rng.random() < 0.4:
            zone = zone[:3]
    else:
        zone = rng.choice(["", "Z", "Z", "+00:00", "-00:00", "+00", "+0000"])
    clock = (moment.hour, moment.minute, moment.second, moment.microsecond)
    if not any(clock) and zone in ("", "Z") and rng.random() < 0.5:
        return padded(rng, moment.strftime("%Y-%m-%d").zfill(10))
    width = rng.choice([2, 2, 2, 1])
    day = "{:04}-{:0{w}}-{:0{w}}".format(moment.year, moment.month, moment.day, w=width)
    time = "{:0{w}}:{:0{w}}".format(moment.hour, moment.minute, w=width)
    if moment.second or moment.microsecond or rng.random() < 0.7:
        time += ":{:0{w}}".format(moment.second, w=width)
        time += _fraction(rng, moment.microsecond)
    return padded(rng, day + rng.choice("TT ") + time + zone)


def _parted(rng, minutes):
    return minutes // 60, rng.choice([":", ""]), minutes % 60


def _fraction(rng, micros):
    """More than six digits are read and do not count."""
    digits = f"{micros:06}"
    if rng.random() < 0.2:
        return rng.choice(".,") + digits + rng.choice(["1", "999", "000000"])
    digits = digits.rstrip("0") + "0" * rng.choice([0, 0, 1])
    return rng.choice(".,") + digits[:6] if digits else ""


def respell_date(rng, text):
    if rng.random() < 0.5:
        year, month, day = text.split("-")
        text = f"{year}-{int(month)}-{int(day)}"
    return padded(rng, text)


def respell_uuid(rng, text):
    text = rng.choice([text, text.replace("-", ""), text.replace("-", "", 2)])
    return rng.choice([text, text.upper(), text.capitalize()])


def respell_bool(rng, text):
    if text not in ("true", "false"):
        return rng.choice(["", "unknown"])
    return text.lower() if rng.random() < 0.5 else text.capitalize()


RESPELL = {
    "int": respell_int, "number": respell_number, "string": padded, "bool": respell_bool,
    "datetime": respell_datetime, "date": respell_date, "uuid": respell_uuid,
}


def respelt(rng, kind, text):
    if not text.strip():
        return text
    if kind.startswith("csv-"):
        one = kind.removeprefix("csv-")
        parts = text.split(",")
        again = [rng.choice(parts)] if rng.random() < 0.3 else []
        parts = [respelt(rng, one, part) for part in parts + again]
        rng.shuffle(parts)
        if one != "string" and rng.random() < 0.2:
            parts.insert(rng.randrange(len(parts) + 1), "")
        return ",".join(parts)
    try:
        return RESPELL[kind](rng, text) if kind in RESPELL else text
    except (ValueError, ArithmeticError):  # no value of its kind
        return text


# ---- not the same ------------------------------------------------------------

def alter_digit(rng, text):
    places = [at for at, c in enumerate(text) if c.isdigit() and c.isascii()]
    if not places:
        return text + "1"
    at = rng.choice(places)
    return text[:at] + str((int(text[at]) + rng.randint(1, 9)) % 10) + text[at + 1:]


def alter_int(rng, text):
    near = [str(int(text) + 1), str(int(text) - 1), "-" + text, text.strip("-"), text + "0"]
    return rng.choice([alter_digit(rng, text), *near])


def alter_number(rng, text):
    near = [str(-Decimal(text)), text + ("1" if "." in text else ".01"), f"{text}0"]
    return rng.choice([alter_digit(rng, text), *near])


def alter_string(rng, text):
    """One letter, its case, a blank between words, a byte of another script."""
    at = rng.randrange(len(text) + 1)
    ways = [text[:at] + rng.choice("aE0 .\u0301é-'") + text[at:], text[:at] + text[at + 1:],
            text[:at] + text[at:].swapcase(), text.replace(" ", "  ", 1), text[::-1],
            text.replace("é", "e\u0301")]
    return rng.choice(ways)


def alter_datetime(rng, text):
    moment = datetime.fromisoformat(text.replace("Z", ""))
    step = rng.choice([timedelta(microseconds=1), timedelta(milliseconds=1), timedelta(seconds=1),
                       timedelta(hours=1), timedelta(days=1), timedelta(days=365)])
    try:
        moment += rng.choice([step, -step])
    except OverflowError:
        return "2000-01-01T00:00:00Z"
    return moment.isoformat() + rng.choice(["Z", "Z", "+01:00"])


def alter_date(rng, text):
    return alter_datetime(rng, text)[:10]


def alter_uuid(rng, text):
    at = rng.choice([at for at, c in enumerate(text) if c != "-"])
    return text[:at] + rng.choice("0123456789abcdef") + text[at + 1:]


def alter_bool(rng, text):
    return {"true": "false", "false": "true"}.get(text.lower(), "true")


ALTER = {
    "int": alter_int, "repeated-int": alter_int, "number": alter_number, "string": alter_string,
    "bool": alter_bool, "datetime": alter_datetime, "date": alter_date, "uuid": alter_uuid,
}


def altered(rng, kind, text):
    if not text.strip():
        return text + "1"
    if kind.startswith("csv-"):
        one = kind.removeprefix("csv-")
        parts = text.split(",")
        at = rng.randrange(len(parts))
        other = altered(rng, one, parts[at]) if parts[at].strip() else "1"
        ways = [parts[:at] + [other] + parts[at + 1:], parts + [other], parts[:at] + parts[at + 1:],
                parts + [""]]
        return ",".join(rng.choice(ways))
    try:
        return ALTER[kind](rng, text)
    except (ValueError, ArithmeticError):
        return text + "0"
