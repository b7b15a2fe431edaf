"""How git shows a token to one server: by its environment, where no list of processes and no file has it."""

import base64


def authorized(server: str, token: str) -> dict[str, str]:
    """Git's environment for calls to `server`, a forge's address; the token is shown to no other.

    The first value is empty and drops what actions/checkout left in `.git/config`: git would send both headers, and GitHub
    refuses a request with two.
    """
    credentials = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    values, key = ("", f"AUTHORIZATION: basic {credentials}"), f"http.{server.rstrip('/')}/.extraheader"
    counted = {
        f"GIT_CONFIG_{part}_{n}": text for n, value in enumerate(values) for part, text in (("KEY", key), ("VALUE", value))
    }
    return {"GIT_CONFIG_COUNT": str(len(values)), **counted}
