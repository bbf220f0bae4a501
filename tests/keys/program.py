"""The program that prints the key of each request, built beside the gateway (see keys.c)."""

import os
import subprocess
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
PROGRAM = REPO / os.environ.get("BUILD", "build") / "tests/keys/keys"


def keys(targets):
    """[(key, None) or (None, refusal)], the refusal as "word", or "word\\tname: reason..."."""
    done = subprocess.run([PROGRAM], cwd=REPO, input="\n".join([*targets, ""]).encode(),
                          capture_output=True, timeout=250)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-5000:]
    lines = done.stdout.decode().split("\n")[:-1]
    assert len(lines) == len(targets)
    return [(line[3:], None) if line.startswith("ok\t") else (None, line) for line in lines]
