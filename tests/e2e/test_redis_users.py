"""What perigee is allowed in Redis (conf/redis): enough, and nothing else."""

import re

import pytest
from harness import SEED, SPACECRAFT, Chain, eventually
from stack.chain import REPO
from stack.sentinels import Sentinels

PASSWORD = "a-secret-of-the-test"
BARE = {"cache.memory_bytes": "0", "upstream.local_share": "0"}


def users(name):
    """The lines of a shipped file, with a password."""
    text = (REPO / "conf/redis" / name).read_text().replace(">PASSWORD", f">{PASSWORD}")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def rule(name="perigee"):
    return next(line for line in users("users.conf") if line.startswith(f"user {name} ")).split()[2:]


def given_commands(known):
    """Those that the source gives: in C as words of a command, in Lua as calls."""
    words = set()
    for path in (REPO / "gateway/io").glob("*.c"):
        text = path.read_text()
        words |= set(re.findall(r'STR\("([A-Z]+)"\)', text))
        words |= set(re.findall(r'redis(?:Append)?Command\(\w+, "([A-Z]+)', text))
    for path in (REPO / "gateway/io/lua").glob("*.lua"):
        words |= set(re.findall(r"redis\.call\('([A-Z]+)'", path.read_text()))
    return {word.lower() for word in words if known(word)}


def test_the_rule_names_the_commands_that_are_given_and_no_others():
    with Chain() as chain:
        def known(word):
            return chain.cache("COMMAND", "INFO", word) != [None]

        allowed = {word[1:] for word in rule() if word.startswith("+")}
        # AUTH is for everybody, SENTINEL for Sentinels.
        assert given_commands(known) - {"auth", "sentinel"} == allowed


def test_it_is_enough():
    """Everything that is done with a store is done, and nothing is refused."""
    with Chain(quota="4/3600", workers=2, config=BARE,
               redis_lines=[*users("users.conf")[1:]],
               env={"PERIGEE_REDIS_USER": "perigee", "PERIGEE_REDIS_PASSWORD": PASSWORD}) as chain:
        assert chain.ask(SEED).status == 200
        assert "hit" in chain.ask(SEED).cache_status
        statuses = [chain.ask(chain.cold()).status for _ in range(6)]
        assert statuses[0] == 200 and statuses[-1] == 429, statuses
        assert chain.ask("/readyz").json["redis"] is True
        assert chain.cache("ACL", "LOG") == []


def test_it_allows_nothing_else():
    with Chain(redis_lines=users("users.conf")[1:]) as chain:
        for words in (["GET", "other:key"], ["KEYS", "*"], ["FLUSHALL"], ["CONFIG", "GET", "*"],
                      ["SUBSCRIBE", "other"], ["SCRIPT", "FLUSH"], ["DEBUG", "SLEEP", "0"],
                      ["EVAL", "return redis.call('DBSIZE')", "0"]):
            answer = chain.cache("ACL", "DRYRUN", "perigee", *words)
            if words[0] != "EVAL":
                assert answer != b"OK", words
        assert chain.cache("ACL", "DRYRUN", "perigee", "GET", "perigee:x") == b"OK"


@pytest.mark.parametrize("password", ["", "wrong"])
def test_a_wrong_password_is_a_redis_that_is_away(password):
    with Chain(config={**BARE, "redis.user": "perigee", "redis.password": PASSWORD},
               redis_lines=users("users.conf")[1:]) as chain:
        assert chain.ask(SEED).status == 200
        chain.cache("ACL", "SETUSER", "perigee", "resetpass", f">{password or 'other'}")
        chain.cache("CLIENT", "KILL", "USER", "perigee")
        eventually(lambda: chain.ask(SEED).status == 503, "it to be missed")
        assert PASSWORD not in chain.everything_logged()


def test_with_sentinels_too(tmp_path):
    """Each part with its own user: perigee in Redis and in Sentinels, these in Redis, the replica."""
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n")
    admin = f"user admin on >{PASSWORD} ~* &* +@all"
    with Sentinels(
            redis=[*users("users.conf"), admin], admin=("admin", PASSWORD),
            replica=("replica", PASSWORD), watcher=("sentinel", PASSWORD),
            sentinel=[*users("sentinel-users.conf"), f"sentinel sentinel-pass {PASSWORD}",
                      "sentinel sentinel-user sentinel"],
            login=("perigee", PASSWORD)) as sentinels:
        config = {**BARE, "redis.user": "perigee", "redis.password_file": secret}
        with Chain(redis=sentinels.address, config=config) as chain:
            assert chain.ask(SEED).status == 200
            assert sentinels.ask(sentinels.master, "WAIT", 1, 5000) == "1"
            new = sentinels.wait_for_failover(sentinels.end_master())
            eventually(lambda: chain.ask(SPACECRAFT + "?search=new").status == 200, "the new one", 20)
            assert sentinels.ask(new, "ACL", "LOG") == ""
            for port in sentinels.sentinels:
                assert sentinels.ask_sentinel(port, "ACL", "LOG") == ""
            assert PASSWORD not in chain.everything_logged()
