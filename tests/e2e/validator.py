"""A public validator of OpenAPI documents (tests/openapi), installed when it is first needed."""

import json
import shutil
import subprocess

from stack.chain import REPO

SOURCE = REPO / "tests/openapi"
INSTALLED = REPO / "build/openapi"
FILES = ["package.json", "package-lock.json", ".npmrc", "validate.mjs"]


def install():
    """The very packages of the lock file, once: what is there and still right is left alone."""
    def text(folder):
        return [(folder / name).read_text() for name in FILES]

    if (INSTALLED / "node_modules/.package-lock.json").exists() and text(INSTALLED) == text(SOURCE):
        return
    shutil.rmtree(INSTALLED, ignore_errors=True)
    INSTALLED.mkdir(parents=True)
    for name in FILES:
        shutil.copy(SOURCE / name, INSTALLED)
    # With no network it fails soon, and says so.
    done = subprocess.run(["npm", "ci", "--fetch-retries=1", "--fetch-timeout=30000"],
                          cwd=INSTALLED, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, (
        f"the OpenAPI validator cannot be installed from the npm registry:\n{done.stderr}")


def faults_of(document, answers=()):
    """What is wrong with the document, and with answers ({"path", "status", "type", "body"}, the
    path as the document has it) by what it says of them."""
    install()
    done = subprocess.run(["node", INSTALLED / "validate.mjs"], capture_output=True, text=True,
                          input=json.dumps({"document": document, "answers": list(answers)}),
                          timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
