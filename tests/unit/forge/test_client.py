import pytest

from qgate.errors import UsageError
from qgate.forge.client import Client


@pytest.mark.parametrize("token", ["", "ghs_a b", "ghs_a\n", "ghs_é", "ghs_\x00"])
def test_a_token_that_is_none_is_refused_without_being_quoted(token):
    with pytest.raises(UsageError) as caught:
        Client(api_url="https://github.test", token=token)
    assert str(caught.value) == (
        "the token is empty, or holds a space, a line break or another character that no token has: pass it anew"
    )
