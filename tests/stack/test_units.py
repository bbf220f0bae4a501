"""The units for systemd, by systemd's own word."""

import re
import shutil
import subprocess

from stack.chain import REPO

FOLDER = REPO / "conf/systemd"


def installed(tmp_path):
    """The units where systemd would find them, naming a program that is there."""
    for unit in sorted(FOLDER.glob("*@.*")):
        text = unit.read_text().replace("/usr/bin/perigee", "/bin/true")
        (tmp_path / unit.name).write_text(re.sub(r"^Documentation=.*\n", "", text, flags=re.M))
    return tmp_path


def test_they_are_understood(tmp_path):
    templates = sorted(installed(tmp_path).iterdir())
    assert len(templates) == 2
    for unit in templates:
        instance = tmp_path / unit.name.replace("@.", "@0.")
        shutil.copy(unit, instance)
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", instance],
                              capture_output=True, text=True, timeout=60)
        ours = [line for line in done.stderr.splitlines() if "perigee" in line]
        assert ours == [], done.stderr


def test_what_a_worker_is_exposed_to(tmp_path):
    """systemd's own scale, from 0 to 10: what is left is the network and files to read."""
    unit = installed(tmp_path) / "perigee@.service"
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", unit],
        capture_output=True, text=True, timeout=60)
    exposure = re.search(r"exposure level for \S+: (\d+\.\d)", done.stdout)
    assert done.returncode == 0 and float(exposure[1]) <= 2.0, done.stdout + done.stderr


def test_the_user_can_be_made(tmp_path):
    """In a root of its own."""
    (tmp_path / "etc").mkdir()
    users = FOLDER / "perigee.sysusers"
    done = subprocess.run(["systemd-sysusers", f"--root={tmp_path}", users],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    made = (tmp_path / "etc/passwd").read_text()
    assert re.search(r"^perigee:", made, re.M), made
    groups = (tmp_path / "etc/group").read_text()
    assert re.search(r"^perigee:.*:www-data$", groups, re.M), groups
