"""Workers that are given their sockets, as systemd does with a perigee@.socket."""

import socket
from collections import Counter

# The first descriptor that is passed on is 3, and it is meant for the process that is started.
RUN = 'exec 3<&"$1"; shift; export LISTEN_PID=$$; exec "$@"'


class Activated:
    """To be mixed into a Stack: the listeners are ours, and live on when workers end."""

    def start(self):
        self._listeners = {}
        self._starts = Counter()
        super().start()

    def stop(self):
        complaints = super().stop()
        for listener in self._listeners.values():
            listener.close()
        return complaints

    def _listener(self, name):
        if name not in self._listeners:
            listener = self._listeners[name] = socket.socket(socket.AF_UNIX)
            listener.bind(str(self.worker_socket(name.partition("-")[2])))
            listener.listen(1024)
        return self._listeners[name].fileno()

    def _wait_for_workers(self):
        """That their sockets can be connected to says nothing here."""
        for name, n in self._starts.items():
            self._wait(f"{name} to start", lambda: self.log(name).count("event=started") >= n)

    def _child(self, name, argv, **more):
        if not name.startswith("worker-"):
            return super()._child(name, argv, **more)
        self._starts[name] += 1
        fd = self._listener(name)
        more["env"] |= {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "worker"}
        return super()._child(name, ["bash", "-c", RUN, "bash", fd, *argv], pass_fds=[fd], **more)
