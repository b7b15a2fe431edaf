"""How many re-salted seed lists a candidate is drawn with (`qgate.gates.lucky_seed`), by what one of them costs."""

from collections.abc import Iterator

from qgate.domain.charter import SALTS, Shots, salt_role

# With fewer lists than these, a single one that disagrees would be more than `Shots.agreement` leaves by default.
FEWEST = 5


def affordable(shots: Shots, *, per_seed: int, budget: int) -> int:
    """How many lists are drawn where one seed costs `per_seed` and all may cost `budget`: none rather than too few to tell.

    None either where nothing is drawn: without shots or without seeds.
    """
    if not shots.schedule or not shots.seeds:
        return 0
    lists = min(SALTS, budget // max(1, len(shots.seeds) * per_seed))
    return lists if lists >= FEWEST else 0


def planned(shots: Shots, lists: int) -> Iterator[tuple[str, int, int]]:
    """The role, shots and seed of each deciding cell of the first `lists` lists."""
    for salt in range(lists):
        for count, seed in shots.salted(salt).planned:
            if count is not None and seed is not None:
                yield salt_role(salt), count, seed


def facts(shots: Shots, lists: int) -> dict[str, str]:
    """What the evidence says of it; nothing where nothing is drawn at all."""
    return {"seed_lists": _told(lists)} if shots.schedule and shots.seeds else {}


def _told(lists: int) -> str:
    if lists == SALTS:
        return f"the verdict is tried on {SALTS} re-salted seed lists"
    if lists:
        return f"the verdict is tried on {lists} re-salted seed lists instead of {SALTS}, for the time that they take here"
    return f"the verdict is tried on no re-salted seed lists: at this size even {FEWEST} would take too long"
