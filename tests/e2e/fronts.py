"""Real caches between clients and the gateway: nginx's proxy_cache and Varnish.

A front is a `with` block; front.ask(target) goes through it. What it says of the
answer stands in X-Front: HIT if it answered by itself.
"""

import os
import re
import shutil
import tempfile
from pathlib import Path

from harness import SLOW, Client
from stack.chain import clean_environment, free_port, nginx_program, port_is_free
from stack.child import Child, wait_until

NGINX = """
daemon off;
{user}
worker_processes 1;
pid pid;
error_log stderr notice;
events {{ }}
http {{
	access_log off;
	client_body_temp_path body;
	fastcgi_temp_path fastcgi;
	proxy_temp_path proxy;
	scgi_temp_path scgi;
	uwsgi_temp_path uwsgi;
	proxy_cache_path cache keys_zone=front:1m;
	server {{
		listen 127.0.0.1:{port};
		location / {{
			proxy_pass http://127.0.0.1:{gateway};
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_set_header Host 127.0.0.1:{gateway};
			proxy_cache front;
			proxy_cache_revalidate on;
			add_header X-Front $upstream_cache_status always;
		}}
	}}
}}
"""

# keep: only what is kept beyond its time can be revalidated.
VCL = """
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{gateway}"; }}
sub vcl_backend_response {{ set beresp.keep = 1h; }}
sub vcl_deliver {{
	set resp.http.X-Front = "MISS";
	if (obj.hits > 0) {{ set resp.http.X-Front = "HIT"; }}
}}
"""


class Front:
    """A cache in a directory and on a port of its own."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.port = None
        self.client = None
        self._dir = None
        self._child = None

    def __enter__(self):
        self._dir = Path(tempfile.mkdtemp(prefix="perigee-front-"))
        try:
            for _ in range(10):
                self.port = free_port()
                if self._started():
                    break
            else:
                raise AssertionError(self._child.report())
        except BaseException:
            self.__exit__()
            raise
        self.client = Client(self.port)
        return self

    def __exit__(self, *_):
        if self.client:
            self.client.close()
        if self._child:
            self._child.stop(10)
        shutil.rmtree(self._dir, ignore_errors=True)

    def ask(self, target, headers=None):
        return self.client.get(target, headers)

    def _started(self):
        """False if it ended, since somebody else was quicker to take the port."""
        self._child = Child("front", self.command(), log=self._dir / "log", cwd=self._dir,
                            env=clean_environment())
        self._child.start()
        assert wait_until(lambda: not self._child.running or not port_is_free(self.port),
                          30 * SLOW), self._child.report()
        return self._child.running


class Nginx(Front):
    def command(self):
        user = "user root root;" if os.geteuid() == 0 else ""
        (self._dir / "nginx.conf").write_text(
            NGINX.format(port=self.port, gateway=self.gateway, user=user))
        return [nginx_program(), "-p", f"{self._dir}/", "-c", "nginx.conf", "-e", "stderr"]


class Varnish(Front):
    def command(self):
        (self._dir / "front.vcl").write_text(VCL.format(gateway=self.gateway))
        return [shutil.which("varnishd") or "/usr/sbin/varnishd", "-F", "-j", "none",
                "-n", self._dir / "work", "-a", f"127.0.0.1:{self.port}",
                "-f", self._dir / "front.vcl", "-s", "malloc,20m",
                # No port for commands, and two threads instead of two hundred.
                "-T", "none", "-p", "thread_pool_min=10", "-p", "thread_pools=1"]


def says_it_is_fresh(answer):
    """By its own fields (RFC 9111 4.2): younger than its lifetime."""
    lifetime = re.search(r"\bmax-age=(\d+)", answer.headers["Cache-Control"] or "")
    return bool(lifetime) and int(answer.headers["Age"] or 0) < int(lifetime[1])
