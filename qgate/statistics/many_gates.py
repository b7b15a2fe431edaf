"""Several gates of one pilot: which of the failures still stand when each gate had its own chance to fail wrongly?

All gates must pass for a pilot to pass, so a false pass needs a false pass of a gate that should not: no correction is needed
(intersection-union test: Berger 1982, Technometrics 24, 295-300). A pilot fails when any gate does, and with eight gates on their
margins some gate fails wrongly in a third of all runs; Holm (1979), Scandinavian Journal of Statistics 6, 65-70, keeps that to
alpha whatever the dependence between the gates.
"""

from collections.abc import Sequence


def holm(p_values: Sequence[float], alphas: Sequence[float]) -> tuple[bool, ...]:
    """Which hypotheses are rejected, with an error of the largest alpha for the whole family.

    Args:
        p_values: one per hypothesis; 1 for one that is not even rejected on its own.
        alphas: each one's own level. They are compared as shares of it, so that a stricter gate stays stricter.
    """
    shares = [p / alpha for p, alpha in zip(p_values, alphas, strict=True)]
    rejected = [False] * len(shares)
    for done, index in enumerate(sorted(range(len(shares)), key=shares.__getitem__)):
        if shares[index] > 1 / (len(shares) - done):
            break
        rejected[index] = True
    return tuple(rejected)
