"""Many pushes of one pull request: seeds that nobody can choose, and an error that stays below alpha however often one tries.

With fresh seeds at each push a candidate on the margin passes sooner or later: of 2,000 rows and five training seeds, 30 % of the
time within ten pushes. Two things end that. Seeds follow from the charter, the pull request and the content of what is measured,
never from the commit's name, which an amended or empty commit changes at will; and each attempt at new content spends a part of
alpha that falls with its square: the parts of all attempts, however many, add up to alpha.
"""

import hashlib
import math


def sealed_seeds(*, charter_sha256: str, pull_request: str, content_sha256: str, gate: str, count: int) -> tuple[int, ...]:
    """Seeds of 32 bits. The same content has the same seeds; without it, nobody knows them beforehand."""
    parts = (charter_sha256, pull_request, content_sha256, gate)
    # Each part goes in with its length, so that no two different inputs are the same bytes.
    sealed = b"".join(len(p.encode()).to_bytes(8, "little") + p.encode() for p in ("qgate/sealed/v1", *parts))
    digests = (hashlib.sha256(sealed + k.to_bytes(8, "little")).digest() for k in range(count))
    return tuple(int.from_bytes(digest[:4], "little") for digest in digests)


def sealed_order(*parts: str, count: int) -> tuple[int, ...]:
    """The numbers from 0 to `count` - 1 in an order that follows from the parts alone: who fixed those cannot choose it."""
    sealed = b"".join(len(p.encode()).to_bytes(8, "little") + p.encode() for p in ("qgate/order/v1", *parts))
    return tuple(sorted(range(count), key=lambda k: hashlib.sha256(sealed + k.to_bytes(8, "little")).digest()))


def attempt_alpha(alpha: float, attempt: int) -> float:
    """What the attempt (from 1) may spend: alpha · 6 / (π² attempt²); 61 % of alpha for the first.

    Raises:
        ValueError: attempts count from 1.
    """
    if attempt < 1:
        raise ValueError(f"attempts count from 1, not {attempt}")
    return alpha * 6 / (math.pi * attempt) ** 2


def alpha_spent(alpha: float, attempts: int) -> float:
    """What that many attempts have spent together; never all of alpha."""
    return sum(attempt_alpha(alpha, attempt) for attempt in range(1, attempts + 1))
