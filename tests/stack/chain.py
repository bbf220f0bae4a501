"""Starts the chain, waits until it serves, ends it."""

import fcntl
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from pathlib import Path

from .child import Child

PYTHON = "/usr/bin/python3"  # the one that Debian's Django is installed for
REPO = Path(__file__).resolve().parents[2]
MODULE = REPO / "build/nginx/ngx_http_perigee_module.so"
SEED = "/2.3.0/spacecraft/?limit=3"

# A socket's path ends up in sockaddr_un, with room for 107 bytes; and it is
# written into three kinds of configuration files, so it had better be plain.
SOCKET_PATH_MAX = 107
PLAIN_PATH = re.compile(r"[A-Za-z0-9_./+-]+")
SHORT_DIR_PREFIX = "perigee-sock-"

# nginx' cache belongs into memory, where there is some to be had.
MEMORY = Path("/dev/shm")
CACHE_DIR_PREFIX = "perigee-cache-"
OWN_WORKER = "hash $pid;"
MICRO_CACHE = "include perigee/micro-cache.conf;"

SANITIZER_REPORT = re.compile(
    r"^.*(ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:).*$", re.M)

# An upstream that does not count calls is asked as often as anybody likes.
NO_QUOTA = "100000/60"

Answer = namedtuple("Answer", "status headers body")


class StackError(Exception):
    exit_status = 1


class InUse(StackError):
    """A port or run directory belongs to someone else; nothing was touched."""

    exit_status = 2


class Interrupted(Exception):
    """The caller's `interrupted` said so while we were waiting."""


class Stack:
    """upstream     "sandbox", "live" or a base URL
    quota        calls/seconds of Launch Library, for sandbox and workers; "none" (sandbox only)
    workers      worker processes behind nginx
    redis        "private", or "unix:/path", "redis://host:port" to share one
    redis_lines  more lines of a private Redis' configuration
    redis_persists  a private Redis logs to disk; None: only for the live upstream
    port         0: any free one
    run_dir      None: a temporary one, removed afterwards
    config       more of perigee.conf: {"server.wait": "2s"}
    micro_cache  False: nginx keeps nothing, each request reaches a worker
    module       True: nginx takes answers from the workers' shelves (make module)
    in_turn      True: nginx asks the workers in turn, where else each of its processes has its own
    access_log   False: nginx logs no requests
    env          more environment for the workers
    sandbox_args more arguments for tests/sandbox/serve.py
    interrupted  called while waiting; true ends the wait with Interrupted
    """

    def __init__(self, *, upstream="sandbox", quota="15/3600", workers=1, redis="private",
                 redis_persists=None, redis_lines=(), port=0, run_dir=None, config=None, env=None,
                 sandbox_args=(), micro_cache=True, module=False, in_turn=False,
                 access_log=True, interrupted=lambda: False):
        self.upstream = upstream
        self.quota = quota
        self.n_workers = workers
        self.redis_address = redis
        self.redis_persists = upstream == "live" if redis_persists is None else redis_persists
        self.redis_lines = list(redis_lines)
        self.port = port
        self.config = dict(config or {})
        self.extra_env = dict(env or {})
        self.sandbox_args = list(sandbox_args)
        self.micro_cache = micro_cache
        self.module = module
        self.in_turn = in_turn
        self.access_log = access_log
        self.interrupted = interrupted

        self.binary = Path(os.environ.get("PERIGEE_BIN") or REPO / "build/perigee").absolute()
        # A program full of checks starts slowly, on a machine full of tests.
        self.patience = 120 if os.environ.get("SANITIZE") else 45

        self._temporary = run_dir is None
        self._run_dir = run_dir
        self.run_dir = None
        self.sock_dir = None
        self.sandbox = None
        self._lock = None
        self._sandbox = self._redis = self._nginx = None
        self._workers = []
        self._expected_dead = set()  # children that a test has ended itself

    # ---- what tests use ------------------------------------------------------

    @property
    def base(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def workers(self):
        return [w.popen for w in self._workers]

    @property
    def redis_socket(self):
        return self.sock_dir / "redis"

    def worker_socket(self, i):
        return self.sock_dir / str(i)

    def shelf(self, i):
        return self.run_dir / f"shelf-{i}"

    def admin_socket(self, i):
        return self.sock_dir / f"admin-{i}"

    def get(self, target, headers=None, method="GET", body=None, timeout=30):
        """One request over its own connection, the target as it is given."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, target, body=body, headers=headers or {})
            reply = connection.getresponse()
            return Answer(reply.status, reply.headers, reply.read())
        finally:
            connection.close()

    def log(self, name):
        """What "nginx", "access", "redis", "sandbox", "worker-0" has logged so far."""
        try:
            return (self.run_dir / "log" / f"{name}.log").read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def redis_cli(self, *args):
        return subprocess.run(["redis-cli", "-s", self.redis_socket, *args], check=True, text=True,
                              capture_output=True, timeout=10).stdout

    def stop_worker(self, i, sig=signal.SIGTERM):
        """Ends worker i and returns its exit status."""
        self._expected_dead.add(self._workers[i])
        return self._workers[i].stop(20, sig)

    def restart_worker(self, i, sig=signal.SIGTERM):
        status = self.stop_worker(i, sig)
        self._start_worker(i)
        self._wait_for_workers()
        return status

    def signal_worker(self, i, sig):
        """For signals that it goes on after."""
        os.kill(self._workers[i].pid, sig)

    def kill_redis(self, sig=signal.SIGKILL):
        self._expected_dead.add(self._redis)
        self._redis.stop(5, sig)

    def start_redis(self):
        self._redis.start()
        self._expected_dead.discard(self._redis)
        self._wait_for_redis()

    @property
    def redis(self):
        return self._redis.popen

    @property
    def nginx(self):
        return self._nginx.popen

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            for child in self._children():
                print(child.report(), file=sys.stderr)
        complaints = self.stop()
        if complaints and kind is None:
            raise StackError("\n".join(complaints))

    # ---- start ---------------------------------------------------------------

    def start(self):
        """Returns when requests are answered. On failure nothing is left."""
        try:
            self._prepare_run_dir()
            self._check_port()
            self._start_sandbox()
            self._start_redis()
            self._start_nginx()
            self._wait_for_sandbox()
            self._wait_for_redis()
            for i in range(self.n_workers):
                self._start_worker(i)
            self._wait_for_workers()
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def _prepare_run_dir(self):
        if not os.access(self.binary, os.X_OK):
            raise StackError(f"there is no worker at {self.binary} (make builds it)")
        if self._temporary:
            self.run_dir = Path(tempfile.mkdtemp(prefix="perigee-"))
        else:
            self.run_dir = Path(self._run_dir).absolute()
            self.run_dir.mkdir(parents=True, exist_ok=True)

        # The kernel gives the lock back however we end.
        lock = open(self.run_dir / "lock", "a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip()
            lock.close()
            raise InUse(f"{self.run_dir} is in use by process {holder}; give another RUN_DIR") from None
        self._lock = lock
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()

        for name in ("log", "pid", "nginx"):  # of the run before; redis/ stays
            shutil.rmtree(self.run_dir / name, ignore_errors=True)
        for path in (self.run_dir / "metrics", self.run_dir / "hits", *self.run_dir.glob("shelf-*")):
            path.unlink(missing_ok=True)
        for name in ("log", "pid", "nginx", "redis"):
            (self.run_dir / name).mkdir(exist_ok=True)
        self._remove_linked()  # what a killed run has left
        self._prepare_sock_dir()
        self._prepare_cache_dir()

    def _prepare_sock_dir(self):
        link = self.run_dir / "sock"
        longest = str(link / "redis")
        if len(os.fsencode(longest)) <= SOCKET_PATH_MAX and PLAIN_PATH.fullmatch(longest):
            link.mkdir()
            self.sock_dir = link
        else:
            self.sock_dir = Path(tempfile.mkdtemp(prefix=SHORT_DIR_PREFIX, dir="/tmp"))
            link.symlink_to(self.sock_dir)

    def _prepare_cache_dir(self):
        link = self.run_dir / "cache"
        if os.access(MEMORY, os.W_OK):
            link.symlink_to(tempfile.mkdtemp(prefix=CACHE_DIR_PREFIX, dir=MEMORY))
        else:
            link.mkdir()

    def _remove_linked(self):
        """Folders that may lie elsewhere, with a link to them here."""
        for name, parent, prefix in (("sock", Path("/tmp"), SHORT_DIR_PREFIX),
                                     ("cache", MEMORY, CACHE_DIR_PREFIX)):
            link = self.run_dir / name
            if link.is_symlink():
                target = Path(os.readlink(link))
                if target.parent == parent and target.name.startswith(prefix):
                    shutil.rmtree(target, ignore_errors=True)
                link.unlink()
            else:
                shutil.rmtree(link, ignore_errors=True)

    def _check_port(self):
        """So that a taken port is found out before anything is started."""
        if self.port and not port_is_free(self.port):
            raise InUse(f"port {self.port} on 127.0.0.1 is taken; give another PORT")

    def _child(self, name, what, *, kind=Child, **more):
        more.setdefault("env", clean_environment())
        more.setdefault("pid_file", self.run_dir / "pid" / name)
        child = kind(name, what, log=self.run_dir / "log" / f"{name}.log", cwd=self.run_dir, **more)
        child.start()
        return child

    def _start_sandbox(self):
        if self.upstream == "sandbox":
            self._sandbox = self._run_sandbox(["--port", "0", "--quota", self.quota, *self.sandbox_args])

    def _run_sandbox(self, args):
        return self._child("sandbox", [PYTHON, REPO / "tests/sandbox/serve.py", *args])

    def _wait_for_sandbox(self):
        if self._sandbox is None:
            return

        def ready():
            return re.search(r"^sandbox ready: (http://\S+)$", self._sandbox.text(), re.M)

        self._wait("the sandbox to say that it is ready", ready)
        self.sandbox = ready().group(1).rstrip("/")

    def _start_redis(self):
        if self.redis_address != "private":
            return
        # Calls already made to the real upstream must not be forgotten with a
        # restart; nothing else is worth writing to disk here.
        conf = self.run_dir / "redis/redis.conf"
        conf.write_text("\n".join([
            "port 0",
            f"unixsocket {self.redis_socket}",
            "unixsocketperm 600",
            f'dir "{self.run_dir / "redis"}"',
            'save ""',
            f"appendonly {'yes' if self.redis_persists else 'no'}",
            # When memory is short, entries go that have a time to live: the
            # cache. What has none stays.
            "maxmemory 256mb",
            "maxmemory-policy volatile-lru",
            "daemonize no",
            "loglevel notice",
            *self.redis_lines,
        ]) + "\n")
        self._redis = self._child("redis", ["redis-server", conf])

    def _wait_for_redis(self):
        if self._redis is not None:
            self._wait("Redis to answer", lambda: redis_answers(self.redis_socket))

    def _start_nginx(self):
        shutil.copytree(REPO / "nginx/perigee", self.run_dir / "nginx/perigee", dirs_exist_ok=True)
        if not self.micro_cache:
            locations = self.run_dir / "nginx/perigee/locations.conf"
            text = locations.read_text()
            assert MICRO_CACHE in text
            locations.write_text(text.replace(MICRO_CACHE, ""))
        fixed = self.port != 0
        for _ in range(10):
            if not fixed:
                self.port = free_port()
            if self._try_nginx():
                return
            if fixed:
                break
        raise InUse(f"port {self.port} on 127.0.0.1 was taken while we were starting")

    def _try_nginx(self):
        """False when someone else was quicker to bind the port."""
        template = (REPO / "nginx/run.conf.in").read_text()
        servers = [f"server unix:{self.worker_socket(i)} max_fails=0;"
                   for i in range(self.n_workers)]
        # nginx's workers would drop to nobody, who may not use our sockets.
        user = "user root root;" if os.geteuid() == 0 else ""
        conf = self.run_dir / "nginx/nginx.conf"
        log = "access_log log/access.log perigee buffer=32k flush=1s;" if self.access_log else ""
        if self.in_turn:
            assert OWN_WORKER in template
            template = template.replace(OWN_WORKER, "")
        conf.write_text(template.replace("@PORT@", str(self.port)).replace("@USER@", user)
                        .replace("@WORKERS@", "\n\t\t".join(servers))
                        .replace("@MODULE@", f"load_module {MODULE};" if self.module else "")
                        .replace("@SHELF@", self._shelves() if self.module else "")
                        .replace("@ACCESS_LOG@", log))
        # The prefix with its slash: nginx glues relative paths to it. TERM on
        # orphaning: killed, the master would leave its workers behind.
        self._nginx = self._child(
            "nginx", [nginx_program(), "-p", f"{self.run_dir}/", "-c", "nginx/nginx.conf",
                      "-e", "log/nginx.log"], pid_file=None, on_orphaned=signal.SIGTERM)
        # nginx writes its pid when it has all its sockets. Asking the port would
        # not do: it may be somebody else who answers.
        pid_file = self.run_dir / "pid/nginx"
        self._wait("nginx to start", lambda: not self._nginx.running or
                   (pid_file.exists() and pid_file.read_text().strip() == str(self._nginx.pid)),
                   but=self._nginx)
        if self._nginx.running:
            return True
        if "Address already in use" not in self._nginx.text():
            raise StackError(self._nginx.report())
        return False

    def _shelves(self):
        return f"perigee_shelf {' '.join(str(self.shelf(i)) for i in range(self.n_workers))};"

    def _settings(self):
        upstream = {"sandbox": self.sandbox, "live": ""}.get(self.upstream, self.upstream)
        redis = self.redis_address
        return {
            "public.base_urls": f"{self.base}, http://localhost:{self.port}",
            "metrics.file": self.run_dir / "metrics",
            "metrics.micro_cache": self.run_dir / "hits",
            "api.tables": REPO / "conf/apis",
            "redis.address": f"unix:{self.redis_socket}" if redis == "private" else redis,
            "upstream.base_url": upstream,
            "upstream.quota": NO_QUOTA if self.quota == "none" else f"ll2:{self.quota}",
            **self.config,
        }

    def _start_worker(self, i):
        conf = self.run_dir / "perigee.conf"
        # At once, not bit by bit: another worker may be reading it.
        new = conf.with_suffix(".new")
        new.write_text(ini(self._settings()))
        new.replace(conf)
        env = clean_environment()
        env.update(sanitizer_options())
        env.update(self.extra_env)
        env["PERIGEE_SERVER_SOCKET"] = str(self.worker_socket(i))
        env["PERIGEE_ADMIN_SOCKET"] = str(self.admin_socket(i))
        if self.module:
            env["PERIGEE_CACHE_SHELF"] = str(self.shelf(i))
        worker = self._child(f"worker-{i}", [self.binary, "--config", conf], env=env)
        if i < len(self._workers):
            self._expected_dead.discard(self._workers[i])
            self._workers[i] = worker
        else:
            self._workers.append(worker)

    def _wait_for_workers(self):
        for i, worker in enumerate(self._workers):
            if worker not in self._expected_dead:
                self._wait(f"worker {i} to listen", lambda: accepts(self.worker_socket(i)))

    def _wait_until_ready(self):
        """Through nginx, as clients will."""
        last = "no answer"

        def ready():
            nonlocal last
            try:
                answer = self.get("/readyz", timeout=5)
            except OSError as error:
                last = str(error)
                return False
            last = f"status {answer.status}: {answer.body[:300].decode(errors='replace')}"
            return answer.status == 200

        for _ in range(self.n_workers):
            self._wait("/readyz to say 200", ready, step=0.05, excuse=lambda: last)

    def _wait(self, what, condition, step=0.02, but=None, excuse=None):
        end = time.monotonic() + self.patience
        while not condition():
            self.check(but)
            if self.interrupted():
                raise Interrupted
            if time.monotonic() > end:
                reports = [c.report() for c in self._children()]
                why = f" ({excuse()})" if excuse else ""
                raise StackError("\n".join(
                    [f"waited {self.patience} s for {what}{why}"] + reports))
            time.sleep(step)

    # ---- while it runs -------------------------------------------------------

    def _children(self):
        every = [self._nginx, *self._workers, self._redis, self._sandbox]
        return [c for c in every if c is not None and c.popen is not None]

    def check(self, but=None):
        """Raises when a process is gone that should be there."""
        for child in self._children():
            if not child.running and child is not but and child not in self._expected_dead:
                self._expected_dead.add(child)  # once is enough
                raise StackError(child.report())

    # ---- stop ----------------------------------------------------------------

    def stop(self):
        """Ends everything, in the order in which it is used. Returns what was
        not as it should be, as a list of texts."""
        if self._lock is None:  # not started, or the directory is not ours
            return []
        complaints = []
        if self._nginx is not None and self._nginx.stop(5) is None:
            complaints.append("nginx had to be killed")
        complaints += self._stop_workers()
        for child in (self._redis, self._sandbox):
            if child is not None and child.stop(5) is None:
                complaints.append(f"{child.name} had to be killed")
        complaints += self._sanitizer_reports()
        self._nginx = self._redis = self._sandbox = None
        self._workers = []
        self._expected_dead = set()
        self._leave_run_dir()
        return complaints

    def _stop_workers(self):
        complaints = []
        for worker in self._workers:
            worker.ask_to_stop()  # all at once: they drain side by side
        for worker in self._workers:
            expected = worker in self._expected_dead
            status = worker.stop(20)
            if status is None:
                complaints.append(f"{worker.name} did not stop within 20 s and was killed\n"
                                  + worker.report())
            elif status != 0 and not expected:
                complaints.append(worker.report())
        return complaints

    def _sanitizer_reports(self):
        found = []
        for log in sorted((self.run_dir / "log").glob("worker-*.log")):
            text = log.read_text(errors="replace")
            match = SANITIZER_REPORT.search(text)
            if match:
                found.append(f"sanitizer report of {log.stem}:\n{text[match.start():][:6000]}")
        return found

    def _leave_run_dir(self):
        self._remove_linked()
        self._lock.truncate(0)
        self._lock.close()
        self._lock = None
        if self._temporary and not os.environ.get("PERIGEE_KEEP"):
            shutil.rmtree(self.run_dir, ignore_errors=True)
        self.run_dir = None


# ---- helpers -----------------------------------------------------------------

def ini(settings):
    """{"server.wait": "2s"} as the text of a configuration file."""
    sections = {}
    for key, value in settings.items():
        section, name = key.split(".", 1)
        sections.setdefault(section, []).append(f"{name} = {value}".rstrip())
    return "\n".join(f"[{s}]\n" + "\n".join(lines) + "\n" for s, lines in sections.items())


def clean_environment():
    """Ours, without what would configure a worker or a nested make."""
    return {k: v for k, v in os.environ.items()
            if not k.startswith(("PERIGEE_", "MAKE", "MFLAGS"))}


def sanitizer_options():
    """Findings end the program with a status of their own; what the caller has
    set stands."""
    wanted = {
        "ASAN_OPTIONS": "abort_on_error=0:exitcode=99:detect_stack_use_after_return=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "TSAN_OPTIONS": "exitcode=99:second_deadlock_stack=1",
    }
    return {k: os.environ.get(k, v) for k, v in wanted.items()}


def nginx_program():
    """/usr/sbin is not in everybody's path."""
    return shutil.which("nginx") or "/usr/sbin/nginx"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def port_is_free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as nginx does
        try:
            s.bind(("127.0.0.1", port))
            s.listen(1)
        except PermissionError:
            raise StackError(f"port {port} may not be used without being root") from None
        except OSError:
            return False
        return True


def accepts(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(2)
        try:
            s.connect(str(path))
        except OSError:
            return False
        return True


def redis_answers(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(2)
        try:
            s.connect(str(path))
            s.sendall(b"PING\r\n")
            return s.recv(64).startswith(b"+PONG")  # -LOADING while it reads its log
        except OSError:
            return False
