"""Whatever a request looks like: at least twenty spellings of each kind of parameter, one key."""

import meaning
import pytest
from asked.spellings import NEAR, SPELLINGS
from program import keys


@pytest.mark.parametrize("kind", SPELLINGS)
def test_equal_requests_share_a_key(kind):
    spellings = SPELLINGS[kind]
    assert len(set(spellings)) == len(spellings) >= 20
    found = keys(spellings)
    assert not [(target, refusal) for target, (_, refusal) in zip(spellings, found) if refusal]
    one = found[0]
    assert not [(target, key) for target, (key, _) in zip(spellings, found) if key != one[0]]
    (other, refusal), = keys([NEAR[kind]])
    assert other and other != one[0], refusal


@pytest.mark.parametrize("kind", SPELLINGS)
def test_upstream_takes_them_for_equal_too(kind):
    meaning.surface()
    one, *others = SPELLINGS[kind]
    for target in others:
        assert meaning.of(target) == meaning.of(one), target
    assert meaning.of(NEAR[kind]) != meaning.of(one)
