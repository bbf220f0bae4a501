"""How long answers are fresh: read from perigee's own table, so that everybody gets the same."""

import json
import re
from pathlib import Path

TABLE = Path(__file__).resolve().parents[3] / "conf/apis/ll2-2.3.0.json"
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text):
    """`10m` is 600."""
    number, unit = re.fullmatch(r"(\d+)(ms|[smhd])", text).groups()
    return int(number) * SECONDS[unit]


class Freshness:
    def __init__(self, table=TABLE):
        self._table = json.loads(Path(table).read_text())
        self.root = self._table["root"]
        self.negative = seconds(self._table["negative"])
        self.endpoints = [name for name, entry in self._table["endpoints"].items()
                          if entry.get("kind") != "throttle"]

    def fresh(self, endpoint):
        return seconds(self._find(endpoint, "fresh"))

    def stale(self, endpoint):
        return seconds(self._find(endpoint, "stale"))

    def _find(self, endpoint, key):
        """As tables are layered: the endpoint itself, what it is like, the defaults."""
        def inherited(entry):
            if key in entry:
                return entry[key]
            like = entry.get("like", [])
            for name in [like] if isinstance(like, str) else like:
                found = inherited(self._table["templates"].get(name)
                                  or self._table["endpoints"][name])
                if found:
                    return found
            return None

        return inherited(self._table["endpoints"][endpoint]) or self._table["defaults"][key]
