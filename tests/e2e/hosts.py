"""Three workers as three hosts, asked one by one or by clients that never stop."""

import threading

from harness import SEED, SPACECRAFT, Behind, Chain, Client, eventually, together
from wire import fastcgi_request, read_fastcgi, worker_connection

PATIENCE = 12  # of a request, in seconds
ANOTHER = {"Authorization": "Token sandbox-key-one", "Accept": "application/json"}


class Hosts(Chain):
    """A chain whose workers are asked one by one."""

    def __init__(self, **options):
        super().__init__(**{"workers": 3, **options})

    def ask_worker(self, i, target=SEED, n=1):
        """n requests that wait at worker i."""
        return [Behind(self._ask_worker, i, target) for _ in range(n)]

    def _ask_worker(self, i, target):
        with worker_connection(self.worker_socket(i), 2 * PATIENCE) as s:
            s.sendall(fastcgi_request(target))
            return read_fastcgi(s)

    def caller(self, target):
        """The worker that fetches the target."""
        id = eventually(lambda: self.cache("GET", f"perigee:{{ll2}}:fill:{target}"),
                        "a worker to fetch it")
        return self._workers_of([id])[0]

    def any_caller(self):
        """A worker that fetches something."""
        def found():
            keys = self.cache("KEYS", f"perigee:{{ll2}}:fill:{SPACECRAFT}*")
            return self._workers_of([id for key in keys if (id := self.cache("GET", key))])

        return eventually(found, "a worker to fetch anything")[0]

    def _workers_of(self, ids):
        """Of leases, the living workers'."""
        pids = [worker.pid for worker in self.workers]
        holders = [int(id.decode().split(":")[1]) for id in ids]
        return [pids.index(pid) for pid in holders if pid in pids]

    def assert_windows(self, limit, seconds):
        """Of all calls that upstream counted, whoever made them."""
        log = self.origin.order("GET", "calls")["log"]
        at = sorted(entry["at"] for entry in log if entry["verdict"] == "counted")
        for first, beyond in zip(at, at[limit:]):
            assert beyond - first > seconds - 0.05, f"{limit + 1} calls in {beyond - first:.3f} s"


class Load:
    """Clients that never stop asking: for objects, most of which are not stored, and for a page that is;
    a context."""

    def __init__(self, chain, clients=6):
        self._chain, self._clients = chain, clients
        self._done = threading.Event()
        self._ids = self._known(chain, 0) + self._known(chain, 300)
        chain.origin.forget_calls()
        self._page = chain.ask(SEED).body
        self.statuses = set()
        self.wrong = []
        self.slowest = 0

    @staticmethod
    def _known(chain, offset):
        """A hundred objects. What another key asks is no call of ours."""
        asked = Client(int(chain.sandbox.rsplit(":", 1)[1]))
        answer = asked.get(f"{SPACECRAFT}?limit=100&offset={offset}", ANOTHER)
        return [row["id"] for row in answer.json["results"]]

    def __enter__(self):
        self._all = Behind(together, self._clients, self._ask)
        return self

    def _ask(self, i):
        client, n = Client(self._chain.port), i
        while not self._done.wait(0.02):
            n += self._clients
            self._judge(client.get(SEED))
            id = self._ids[n % len(self._ids)]
            self._judge(client.get(f"{SPACECRAFT}{id}/"), id)

    def _judge(self, answer, id=None):
        self.statuses.add(answer.status)
        self.slowest = max(self.slowest, answer.took)
        if answer.status == 200:
            right = answer.json["id"] == id if id else answer.body == self._page
            self.wrong += [] if right else [answer]

    def __exit__(self, *_):
        self._done.set()
        self._all.result(60)

    def assert_sound(self, statuses, within):
        """Every answer was right and in time; others than 200 only of these statuses."""
        assert self.wrong == []
        assert self.statuses <= {200, *statuses}, self.statuses
        assert self.slowest < within, f"{self.slowest:.1f} s"
