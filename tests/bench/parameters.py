"""What the environment says of a benchmark."""

from .shield.peers import Failed


def number(environment, name, default):
    """BENCH_<name>, which must be a whole number above 0; or the default, as text."""
    text = environment.get(f"BENCH_{name}") or default
    if not text.isdecimal() or not int(text):
        raise Failed(f"BENCH_{name} cannot be {text!r}")
    return int(text)
