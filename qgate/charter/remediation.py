"""The lint of remediations: each must name something to do.

The rule, as docs/charter.md prints it: a remediation can be rehearsed (`set`, `run`) or followed (`steps`, numbered in their
order), or its summary names a concrete action, which is then its one step. `rerun` alone changes nothing, and so is no remedy. A
summary names an action when it has a verb that says what to do (`disable`, `route`, `pin`…) and a word that says to what, other
than the model, the circuit or the very quantity that failed. "Improve the quantum model" has neither. Steps may be shell
commands, so they need no known verb; but steps that are all wishes are refused.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

_WORD = re.compile(r"[^\W_](?:[\w.-]*\w)?")
ACTIONS = frozenset(
    _WORD.findall("""
        add apply bypass cap change clip cut deploy disable downgrade drop enable exclude fall fit freeze halve increase limit
        lower mask move normalise normalize pause pin quarantine raise re-fit re-run re-train rebuild recalibrate reduce refit
        reload remove replace rerun rescale reset restart restore restrict retrain return revert rewind roll rollback route
        run scale send serve set shorten skip split stop swap switch throttle truncate turn undo unpin upgrade use warm widen
    """),
)
# Verbs that state a wish: they say what should become true, not what to do.
WISHES = frozenset(
    _WORD.findall("""
        address adjust analyse analyze boost check consider debug enhance ensure examine explore find fix handle help improve
        inspect investigate look make optimise optimize refine repair resolve review see solve think try tune tweak work
    """),
)
# What every pilot has, and the quantities that gates measure: naming these says nothing about what to change.
_UNSPECIFIC = frozenset(
    _WORD.findall("""
        a accuracy again all an and any appropriate as asap at back be better by candidate circuit code cost down else error
        errors everything failing fast faster for from gap gate gates good hybrid if immediately in into is issue issues it
        its later latency loss lower metric metrics model models more necessary needed of off on or our out parameters
        performance pilot possible pr problem problems qml quality quantum quickly re result results right score so some soon
        something step that the their them then these things this to too up value values we well when whatever with worse
    """),
)
# After one of these, "run", "change" or "limit" is a thing and not a deed.
_BEFORE_NOUNS = frozenset({"a", "an", "each", "every", "its", "no", "of", "our", "that", "the", "their", "this"})


def names_action(text: str) -> bool:
    """Whether a sentence says what to do, and to what."""
    words = _words(text)
    acts = any(word in ACTIONS and before not in _BEFORE_NOUNS for before, word in pairwise(["", *words]))
    return acts and any(map(_specific, words))


def can_be_done(remediation: str | Mapping[str, Any]) -> bool:
    """Whether a remediation, as the charter writes it, names something to do."""
    if isinstance(remediation, str):
        return names_action(remediation)
    if any(remediation.get(key) for key in ("set", "run")):
        return True
    steps = remediation.get("steps")
    texts = [step for step in steps if isinstance(step, str)] if isinstance(steps, list) else []
    return any(not _is_wish(step) for step in texts) or names_action(str(remediation.get("summary", "")))


def _is_wish(step: str) -> bool:
    words = _words(step)
    return not words or (words[0] in WISHES and not names_action(step)) or not any(map(_specific, words))


def _specific(word: str) -> bool:
    return word not in ACTIONS and word not in WISHES and word not in _UNSPECIFIC


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
