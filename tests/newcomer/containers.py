#!/usr/bin/python3
"""docker/compose.yaml by podman, where neither Docker nor bridges are to be had: its services as they
are, all of them in one given network namespace, in which nothing but this machine is."""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

REPO = Path(__file__).resolve().parents[2]
DOCKER = REPO / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES = {name: s for name, s in COMPOSE["services"].items() if "profiles" not in s}
REDIS = """FROM debian:bookworm-slim
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends redis-server && \\
    install -d -o 999 -g 999 /data
"""


class Podman:
    def __init__(self, store):
        self.store = Path(store)
        self.store.mkdir(exist_ok=True)
        limits = [f'"{word}={n}:{n}"' for word, n in (
            ("nofile", resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
            ("nproc", 4096))]
        settings = self.store / "containers.conf"
        # Its usual limits are above what a machine within a machine may give.
        settings.write_text(f"[containers]\ndefault_ulimits = [{', '.join(limits)}]\n")
        self.environment = {**os.environ, "CONTAINERS_CONF": str(settings)}
        self.base = ["podman", "--root", self.store / "root", "--runroot", self.store / "run",
                     "--tmpdir", self.store / "tmp", "--runtime", "runc",
                     "--cgroup-manager", "cgroupfs"]

    def __call__(self, *words, **more):
        return subprocess.run([*map(str, self.base), *map(str, words)], env=self.environment,
                              text=True, check=more.pop("check", True), **more)

    def output(self, *words):
        return self(*words, stdout=subprocess.PIPE).stdout

    def build(self, image, dockerfile, target, context):
        # chroot: what apt-get needs of the network is this machine's.
        self("build", "--isolation", "chroot", "--format", "docker", "--layers=false", "-f", dockerfile,
             *(["--target", target] if target else []), "-t", image, context)


def build(podman, _):
    images = {s["image"]: s["build"] for s in SERVICES.values() if "build" in s}
    for image, how in images.items():
        podman.build(image, REPO / how["dockerfile"], how["target"], REPO)


def import_(podman, options):
    podman("import", "-", options.image)


def redis(podman, _):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Dockerfile").write_text(REDIS)
        podman.build(SERVICES["redis"]["image"], Path(folder) / "Dockerfile", None, folder)


# ---- up ----------------------------------------------------------------------

def filled(text, environment):
    """${NAME:-else}"""
    return re.sub(r"\$\{(\w+):-(.*?)\}", lambda m: environment.get(m[1]) or m[2], str(text))


def mount(text):
    source, _, rest = text.partition(":")
    if source.startswith("."):
        source = (DOCKER / source).resolve()
    return f"{source}:{rest}"


def run_arguments(name, service, environment, network):
    words = ["--name", name, "--no-healthcheck", "--user", service["user"]]
    words += ["--read-only", "--read-only-tmpfs=false"] if service["read_only"] else []
    words += [f"--cap-drop={cap}" for cap in service["cap_drop"]]
    # Docker writes it with a colon.
    words += [f"--security-opt={o.removesuffix(':true')}" for o in service["security_opt"]]
    words += ["--network", "none" if service.get("network_mode") == "none" else f"ns:{network}"]
    for text in service.get("volumes", []):
        words += ["--volume", mount(filled(text, environment))]
    for text in service.get("tmpfs", []):
        words += ["--tmpfs", text]
    for key, value in service.get("environment", {}).items():
        words += ["--env", f"{key}={filled(value, environment)}"]
    return [*words, service["image"], *service.get("command", [])]


def health_check(podman, name, service):
    if "healthcheck" in service:
        kind, *words = service["healthcheck"]["test"]
    else:
        image = json.loads(podman.output("image", "inspect", service["image"]))[0]
        kind, *words = image["Healthcheck"]["Test"]
    words = ["sh", "-c", *words] if kind == "CMD-SHELL" else words
    return ["exec", name, *words]


def await_health(podman, name, service):
    check, end = health_check(podman, name, service), time.monotonic() + 60
    while podman(*check, check=False, capture_output=True).returncode:
        if time.monotonic() > end:
            podman("logs", name, check=False)
            sys.exit(f"{name} is not healthy")
        time.sleep(0.5)
    print(f"{name} is healthy")


def in_order(services):
    """What others depend on first."""
    done = []
    while len(done) < len(services):
        done += [n for n, s in services.items()
                 if n not in done and set(s.get("depends_on", {})) <= set(done)]
    return done


def up(podman, options):
    environment = {"PERIGEE_PUBLIC_BASE_URLS": "http://127.0.0.1:80",
                   "PERIGEE_UPSTREAM_BASE_URL": options.upstream}
    used = {m.split(":")[0] for s in SERVICES.values() for m in s.get("volumes", [])}
    for name, volume in COMPOSE["volumes"].items():
        if name in used:
            opts = [f"--opt={k}={v}" for k, v in volume.get("driver_opts", {}).items()]
            podman("volume", "create", *opts, name)
    for name in in_order(SERVICES):
        podman("run", "--detach", *run_arguments(name, SERVICES[name], environment, options.network))
        await_health(podman, name, SERVICES[name])


# ---- afterwards --------------------------------------------------------------

LOOK = """
printf '%s, ' "$(id -u):$(id -g)"
touch /here /usr/here /etc/here 2>/dev/null && exit 1
printf 'read-only, '
for c in cc gcc clang as ld make cpp curl wget; do command -v $c && exit 1; done
ls /usr/include/*.h 2>/dev/null && exit 1
grep -q '^CapEff:[[:space:]]*0*$' /proc/self/status || exit 1
echo 'no capability, no compiler'
"""


def inspect(podman, _):
    base = int(podman.output("image", "inspect", "--format", "{{.Size}}", "debian:bookworm-slim"))
    for name, service in SERVICES.items():
        if "build" in service:
            seen = podman.output("exec", name, "bash", "-c", LOOK).strip()
            size = int(podman.output("image", "inspect", "--format", "{{.Size}}", service["image"]))
            print(f"{name}: {seen}; {size / 1e6:.0f} MB, {(size - base) / 1e6:.0f} MB above its base")
    print(podman.output("exec", "worker-0", "perigee", "quota").splitlines()[0])


def execute(podman, options):
    podman("exec", options.name, *options.words)


def logs(podman, _):
    for name in SERVICES:
        podman("logs", "--tail", "20", name, check=False)


def remove(podman, _):
    """How each ends tells whether it heard that it should."""
    for name in reversed(in_order(SERVICES)):
        podman("stop", "--time", "20", name, check=False)
        ended = podman("container", "inspect", "--format", "{{.State.ExitCode}}", name, check=False,
                       stdout=subprocess.PIPE).stdout.strip()
        print(f"{name} ended with status {ended}")
    podman("system", "reset", "--force", check=False)


ORDERS = {"import": import_, "redis": redis, "build": build, "up": up, "inspect": inspect,
          "exec": execute, "logs": logs, "remove": remove}


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--store", required=True, help="folder for everything that podman keeps")
    orders = p.add_subparsers(dest="order", required=True)
    for name in ORDERS:
        order = orders.add_parser(name)
        if name == "import":
            order.add_argument("image")
        if name == "exec":
            order.add_argument("name")
            order.add_argument("words", nargs=argparse.REMAINDER)
        if name == "up":
            order.add_argument("--network", required=True, help="path of a network namespace")
            order.add_argument("--upstream", required=True)
    options = p.parse_args()
    ORDERS[options.order](Podman(options.store), options)


main()
