"""docker/: what the images are made of, and that what compose.yaml starts fits together."""

import http.client
import json
import os
import re
import shutil
import subprocess
from fnmatch import fnmatch

import pytest
import yaml
from stack import Stack
from stack.chain import MODULE, REPO, free_port, nginx_program
from stack.child import wait_until

DOCKER = REPO / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
WATCH = {"prometheus", "grafana"}
BINARY = os.environ.get("PERIGEE_BIN") or REPO / "build/perigee"


# ---- the Dockerfile ----------------------------------------------------------

def stages():
    """{name: its instructions, lines put together}"""
    text = re.sub(r"^#.*\n", "", (DOCKER / "Dockerfile").read_text(), flags=re.M)
    text = re.sub(r"\\\n\s*", "", text)
    parts = re.split(r"^FROM (\S+) AS (\S+)\n", text, flags=re.M)[1:]
    assert {base for base in parts[::3]} == {"debian:bookworm-slim"}
    return dict(zip(parts[1::3], parts[2::3]))


STAGES = stages()


def packages(group):
    lines = re.findall(r"^([a-z,]+)\s+(\S+)", (REPO / "conf/packages.txt").read_text(), re.M)
    return {package.split("/")[0] for groups, package in lines if group in groups.split(",")}


def test_what_is_installed_stands_in_the_list_of_packages():
    groups = {stage: " ".join(re.findall(r"conf/setup\.sh ([a-z ]+?)(?: &&|$)", text, re.M)).split()
              for stage, text in STAGES.items()}
    assert groups == {"build": ["build", "module"], "nginx": ["front"], "worker": ["worker"]}
    assert all(packages(group) for of_stage in groups.values() for group in of_stage)
    assert "apt-get" not in "".join(STAGES.values())


def linked_with(binary):
    """The packages of its libraries; libc6 is in every image."""
    linked = subprocess.run(["readelf", "-d", binary], check=True, text=True,
                            capture_output=True).stdout
    sonames = set(re.findall(r"\(NEEDED\).*\[(\S+)\]", linked))
    owners = subprocess.run(["dpkg", "-S", *(f"*/{name}" for name in sonames)], check=True, text=True,
                            capture_output=True).stdout
    return set(re.findall(r"^([^\s:]+)(?::\w+)?: /(?:usr/)?lib/[^/]+/[^/]+$", owners, re.M)) - {"libc6"}


def test_images_have_the_libraries_that_are_linked_with():
    """And no more: no compiler, no header."""
    assert linked_with(BINARY) == packages("worker") - {"ca-certificates"}
    assert linked_with(MODULE) == packages("front") - {"nginx"}


def test_what_is_copied_is_there_and_is_sent_along():
    ignored = (DOCKER / "Dockerfile.dockerignore").read_text().split("\n")
    sent = [line[1:] for line in ignored if line.startswith("!")]
    copied = [source for text in STAGES.values()
              for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.M)
              for source in line.split()[:-1]]
    assert len(copied) > 5
    for source in copied:
        assert (REPO / source).exists(), source
        assert any(fnmatch(source, f"{name}*") for name in sent), source


@pytest.mark.parametrize("name", ["nginx", "worker"])
def test_images_that_run_are_not_root_and_tell_how_they_are(name):
    user, = re.findall(r"^USER (\d+):(\d+)$", STAGES[name], re.M)
    assert "0" not in user
    assert "HEALTHCHECK" in STAGES[name]
    assert list(STAGES)[-1] == "worker"  # the default


# ---- compose.yaml ------------------------------------------------------------

def test_the_services():
    assert set(SERVICES) - WATCH == {"nginx", "worker-0", "worker-1", "redis"}
    assert {name for name, s in SERVICES.items() if s.get("profiles") == ["watch"]} == WATCH


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_do_little(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"[1-9]\d*:\d+", service["user"])
    assert service["restart"] == "unless-stopped"
    assert not {"privileged", "cap_add", "pid", "ipc", "devices"} & set(service)


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_built_here_or_of_a_version(name):
    service = SERVICES[name]
    if "build" in service:
        build = service["build"]
        assert (DOCKER / build["context"]).resolve() == REPO
        assert (REPO / build["dockerfile"]).is_file() and build["target"] in STAGES
        assert service["image"].endswith(":local")
        uid = re.search(r"^USER (\S+)$", STAGES[build["target"]], re.M)[1]
        assert service["user"] == uid
    else:
        assert re.search(r":v?\d", service["image"])
        assert service["healthcheck"]["test"]


def test_only_the_site_is_for_others():
    published = {port for s in SERVICES.values() for port in s.get("ports", [])}
    elsewhere = {port for port in published if not port.startswith("127.0.0.1:")}
    assert elsewhere == {"${PERIGEE_LISTEN:-127.0.0.1:8080}:80"}
    assert SERVICES["redis"]["network_mode"] == "none"


def test_folders_and_volumes_are_there():
    for name, service in SERVICES.items():
        for mount in service.get("volumes", []):
            source = re.sub(r"^\$\{\w+:-(.*?)\}", r"\1", mount).split(":")[0]
            if source.startswith("."):
                assert (DOCKER / source).resolve().is_file(), (name, mount)
                assert mount.endswith(":ro")
            elif not source.startswith("/"):
                assert source in COMPOSE["volumes"], (name, mount)
        for network in service.get("networks", []):
            assert network in COMPOSE["networks"]
        for other in service.get("depends_on", {}):
            assert other in SERVICES


def test_nginx_and_redis_meet_the_workers_at_their_sockets():
    asked = re.findall(r"server unix:(\S+) max_fails", (REPO / "nginx/perigee.conf").read_text())
    workers = [SERVICES[f"worker-{i}"] for i in range(2)]
    assert [w["environment"]["PERIGEE_SERVER_SOCKET"] for w in workers] == asked
    assert len({w["environment"]["PERIGEE_ADMIN_SOCKET"] for w in workers}) == 2
    uid, gid = workers[0]["user"].split(":")
    assert all("workers:/run/perigee" in s["volumes"] for s in (*workers, SERVICES["nginx"]))
    assert f"uid={uid},gid={gid},mode=0750" in COMPOSE["volumes"]["workers"]["driver_opts"]["o"]
    assert SERVICES["nginx"]["user"].endswith(f":{gid}")

    store = SERVICES["redis"]
    uid, group = store["user"].split(":")
    assert group == gid
    assert all("store:/run/redis" in s["volumes"] for s in (*workers, store))
    assert f"uid={uid},gid={gid},mode=0750" in COMPOSE["volumes"]["store"]["driver_opts"]["o"]
    address = re.search(r"^address = unix:(\S+)$", (REPO / "conf/perigee.conf").read_text(), re.M)[1]
    assert address in store["command"] and address in store["healthcheck"]["test"][1]


def test_what_workers_are_told_are_settings():
    printed = subprocess.run([BINARY, "--print-config"], check=True, text=True,
                             capture_output=True).stdout
    known, section = set(), ""
    for line in printed.splitlines():
        if match := re.fullmatch(r"\[(\w+)\]", line):
            section = match[1]
        elif match := re.match(r"(\w+) =", line):
            known.add(f"PERIGEE_{section}_{match[1]}".upper())
    told = set(SERVICES["worker-0"]["environment"])
    assert len(told) > 3 and told <= known
    assert set(re.findall(r"^(?:ENV )?\s*(PERIGEE_\w+)=", STAGES["worker"].replace(" PERIGEE", "\nPERIGEE"),
                          re.M)) <= known


def test_redis_takes_its_command_and_never_evicts_the_budget(tmp_path):
    argv = [a.replace("/usr/local/etc/redis", str(REPO / "conf/redis")).replace("/run/redis", str(tmp_path))
            .replace("/data", str(tmp_path)) for a in SERVICES["redis"]["command"]]
    socket = str(tmp_path / "redis-server.sock")

    def cli(*words):
        return subprocess.run(["redis-cli", "-s", socket, *words], text=True, capture_output=True,
                              timeout=10).stdout.split()

    redis = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: cli("ping") == ["PONG"], 20)
        assert cli("config", "get", "port") == ["port", "0"]
        assert cli("config", "get", "appendonly") == ["appendonly", "yes"]
        assert int(cli("config", "get", "maxmemory")[1]) > 0
        assert cli("config", "get", "maxmemory-policy")[1].startswith("volatile-")
        assert (tmp_path / "redis-server.sock").stat().st_mode & 0o777 == 0o660
    finally:
        redis.terminate()
        redis.wait(20)


# ---- what is mounted ---------------------------------------------------------

def test_prometheus_understands_its_configuration(tmp_path):
    shutil.copy(DOCKER / "prometheus.yml", tmp_path)
    shutil.copy(REPO / "conf/prometheus/perigee.rules.yml", tmp_path)
    done = subprocess.run(["promtool", "check", "config", tmp_path / "prometheus.yml"], text=True,
                          capture_output=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    target, = yaml.safe_load((DOCKER / "prometheus.yml").read_text())["scrape_configs"][0][
        "static_configs"][0]["targets"]
    name, port = target.split(":")
    assert set(SERVICES[name]["networks"]) & set(SERVICES["prometheus"]["networks"])
    assert f"listen {port};" in (DOCKER / "nginx.conf").read_text()


def test_grafana_finds_its_data_and_the_dashboard():
    source, = yaml.safe_load((DOCKER / "grafana/datasource.yaml").read_text())["datasources"]
    assert source["url"] == "http://prometheus:9090" and source["isDefault"]
    provider, = yaml.safe_load((DOCKER / "grafana/dashboards.yaml").read_text())["providers"]
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/perigee.json"
    assert f"../conf/grafana/perigee.json:{home}:ro" in SERVICES["grafana"]["volumes"]


class Front:
    """nginx as the image has it; with paths and ports of ours."""

    def __init__(self, folder, stack=None):
        self.folder = folder
        self.ports = {}
        (folder / "conf.d").mkdir()
        shutil.copytree(REPO / "nginx/perigee", folder / "perigee")
        for source, to in {"docker/nginx.conf": "nginx.conf",
                           "nginx/perigee.conf": "conf.d/perigee.conf"}.items():
            text = (REPO / source).read_text()
            for i in range(2 if stack else 0):
                text = text.replace(f"/run/perigee/{i}.sock", str(stack.worker_socket(i)))
            for path, ours in {"/run/nginx-perigee": "cache", "/run/nginx/": "",
                               "/run/perigee/": "", "/var/log/nginx/": ""}.items():
                text = text.replace(path, f"{folder}/{ours}")
            text = re.sub(r"listen \[::\]:\d+;", "", text)
            (folder / to).write_text(re.sub(r"listen (\d+);", self._free, text))

    def _free(self, match):
        port = self.ports[int(match[1])] = free_port()
        return f"listen 127.0.0.1:{port};"

    def argv(self, *more):
        """As the image's CMD; root would become nobody, who may not use our sockets."""
        cmd = json.loads(re.search(r"^CMD (.*)$", STAGES["nginx"], re.M)[1])
        user = " user root root;" if os.geteuid() == 0 else ""
        return [nginx_program(), *cmd[1:-1], cmd[-1] + user, *more,
                "-p", f"{self.folder}/", "-c", "nginx.conf"]

    def get(self, port, target):
        client = http.client.HTTPConnection("127.0.0.1", self.ports[port], timeout=20)
        client.request("GET", target)
        answer = client.getresponse()
        return answer.status, answer.read()

    def is_healthy(self):
        """The image's own word."""
        check = json.loads(re.search(r"HEALTHCHECK.*?CMD (\[.*\])$", STAGES["nginx"], re.M)[1])
        check = [word.replace("127.0.0.1/80", f"127.0.0.1/{self.ports[80]}") for word in check]
        return subprocess.run(check, capture_output=True, timeout=20).returncode == 0


def test_nginx_of_the_image_is_clean(tmp_path):
    front = Front(tmp_path)
    tested = subprocess.run(front.argv("-t", "-q"), capture_output=True, text=True)
    assert (tested.returncode, tested.stderr) == (0, "")
    assert set(front.ports) == {80, 8081}


def test_nginx_of_the_image_serves(tmp_path):
    with Stack(workers=2) as stack:
        front = Front(tmp_path, stack)
        server = subprocess.Popen(front.argv(), stderr=subprocess.DEVNULL)
        try:
            assert wait_until(front.is_healthy, 20)
            status, body = front.get(80, "/2.3.0/spacecraft/?limit=3")
            assert status == 200 and len(json.loads(body)["results"]) == 3
            status, body = front.get(8081, "/metrics")
            assert status == 200 and b"perigee_requests_total{" in body
            assert front.get(8081, "/status/")[0] == 200
            # No other way in for clients.
            assert front.get(8081, "/2.3.0/spacecraft/?limit=3")[0] == 404
            assert front.get(8081, "/admin/quota")[0] == 404
            for i in range(2):
                stack.stop_worker(i)
            assert not front.is_healthy()
        finally:
            server.terminate()
            server.wait(20)
