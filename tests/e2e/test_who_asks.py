"""One client's part of the quota: who counts as one."""

import pytest
from harness import Chain
from wire import fastcgi_request, read_fastcgi, worker_connection

OTHER = {"REMOTE_ADDR": "198.51.100.7"}


def ask(chain, **who):
    """The status of a request that needs a call."""
    with worker_connection(chain.worker_socket(0)) as s:
        s.sendall(fastcgi_request(chain.cold(), **who))
        return read_fastcgi(s).status


@pytest.mark.parametrize("first, second, are_one", [
    ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
    ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
    ("192.0.2.1", "::ffff:192.0.2.1", True),
    ("192.0.2.1", "192.0.2.2", False),
])
def test_an_address_and_a_network_of_ipv6_are_one_client(first, second, are_one):
    """Half of six calls is for one client, as soon as another one asks too."""
    with Chain(quota="6/3600") as chain:
        assert ask(chain, **OTHER) == 200
        assert [ask(chain, REMOTE_ADDR=first) for _ in range(3)] == [200] * 3
        assert ask(chain, REMOTE_ADDR=second) == (429 if are_one else 200)
        assert ask(chain, REMOTE_ADDR=first) == 429


def test_what_the_web_server_says_counts_more_than_the_address():
    """Two behind one address; and the same one by two addresses."""
    with Chain(quota="6/3600") as chain:
        assert ask(chain, **OTHER) == 200
        assert [ask(chain, REMOTE_ADDR=f"192.0.2.{i}", PERIGEE_CLIENT="ann")
                for i in range(4)] == [200] * 3 + [429]
        assert ask(chain, REMOTE_ADDR="192.0.2.1", PERIGEE_CLIENT="ben") == 200
        # A client cannot say it itself.
        assert ask(chain, REMOTE_ADDR="192.0.2.1", HTTP_PERIGEE_CLIENT="eve", PERIGEE_CLIENT="ann") == 429
