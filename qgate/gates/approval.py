"""The gate of a change that loosens its own ruler: has somebody approved this very commit who answers for what is loosened?

Whoever owns the gate (of what belongs to no gate: the pilot), or approves the rollback, by the charter that judges; not the
author of the pull request, and only with write access. What nobody could look up is no approval.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qgate.domain.charter import Charter
from qgate.domain.charter_change import CharterChange, Effect
from qgate.domain.review import Review, Reviews, ReviewState, account
from qgate.domain.scope import Scope, SourcedCharter
from qgate.domain.source import Position
from qgate.domain.verdict import Decision, GateOutcome, Remedy

NAME = "charter_approval"
_WRITERS = frozenset({"admin", "write"})
_ADMINISTRATOR = "admin"
_SHOWN = 3  # loosened keys in a sentence; all of them are in the charter's changes
_TOLD = 10  # reviewers
_SHORT = 10  # digits of a commit


@dataclass(frozen=True, kw_only=True)
class Loosening:
    """What has to be approved by one of `people`; the position is where it stands."""

    what: str
    people: tuple[str, ...]
    position: Position


def loosenings(sourced: SourcedCharter, scope: Scope) -> tuple[Loosening, ...]:
    """All that the change loosens in a charter and what belongs to it; a charter that is new is one thing more to approve."""
    charter = sourced.charter
    changes = [c for c in scope.charter_changes if c.charter == charter.path and c.effect is Effect.LOOSENED]
    found = tuple(Loosening(what=c.key, people=_people(_owner(c, charter), charter), position=c.position) for c in changes)
    if sourced.origin != "head":
        return found
    top = Position(path=charter.path, line=1, column=1)
    return (Loosening(what="the charter itself, which is new", people=_people(charter.owner, charter), position=top), *found)


def accounts_of(scope: Scope) -> frozenset[str]:
    """The accounts (`login`, `org/team`) that may approve what this change loosens; empty where it loosens nothing."""
    return frozenset(
        account(person, sourced.charter.identities)
        for sourced in scope.reached
        for loosening in loosenings(sourced, scope)
        for person in loosening.people
    )


def judge_approval(sourced: SourcedCharter, scope: Scope) -> GateOutcome | None:
    """Pass where each loosened key is approved; None where none is loosened."""
    needed = loosenings(sourced, scope)
    if not needed:
        return None
    identities, reviews = sourced.charter.identities, scope.reviews or Reviews()
    judged = _Reviewed(reviews=reviews, head=scope.head, identities=dict(identities))
    missing = [n for n in needed if not judged.approvers(n)]
    decision, why = (Decision.PASS, _approved(needed, judged)) if not missing else _not_approved(missing, scope, judged)
    return GateOutcome(
        name=NAME,
        decision=decision,
        why=why,
        owner=sourced.charter.owner,
        remedy=_remedy(missing, scope.head, judged) if missing else None,
        position=(missing or needed)[0].position,
        details={
            "commit": scope.head,
            "looked_up": scope.reviews is not None and not reviews.unknown,
            "loosened": [n.what for n in needed],
            "approved_by": list(dict.fromkeys(r.login for n in needed for r in judged.approvers(n))),
        },
    )


@dataclass(frozen=True, kw_only=True)
class _Reviewed:
    """The reviews, held against a commit and who is who."""

    reviews: Reviews
    head: str
    identities: dict[str, str]

    def approvers(self, loosening: Loosening) -> list[Review]:
        return [r for r in self.reviews.reviews if not self.why_not(r, loosening)]

    def why_not(self, review: Review, loosening: Loosening) -> str:
        """Why a review does not approve this; "" where it does."""
        return self._void(review) or self._not_theirs(review, loosening)

    def _void(self, review: Review) -> str:
        """Why a review approves nothing on this commit, whoever gave it."""
        if review.login.lower() == self.reviews.author.lower():
            return "opened the pull request"
        if review.state is not ReviewState.APPROVED:
            asks = review.state is ReviewState.CHANGES_REQUESTED
            return "asks for changes" if asks else "gave a review that was dismissed"
        if review.commit != self.head:
            return f"approved another commit, {review.commit[:_SHORT] or 'which is gone'}"
        return ""

    def _not_theirs(self, review: Review, loosening: Loosening) -> str:
        if review.role in _WRITERS and any(self._is(review, person) for person in loosening.people):
            return ""
        if review.unknown:
            return f"approved it, and {review.unknown}"
        if review.role not in _WRITERS:
            return "approved it, and may not write to the repository"
        return "approved it, and is none of them"

    def _is(self, review: Review, person: str) -> bool:
        """An administrator stands in for whoever has no account: that map itself can only be approved by somebody known."""
        who = account(person, self.identities)
        if not who:
            return review.role == _ADMINISTRATOR
        return who in review.teams if "/" in who else review.login.lower() == who

    def named(self, people: Iterable[str]) -> str:
        """Who may approve, with their accounts."""
        accounts = {person: account(person, self.identities) for person in people}
        told = [p if p.startswith("@") or not who else f"{p} (@{who})" for p, who in accounts.items()]
        stands_in = [] if all(accounts.values()) else ["an administrator of the repository, since `identities` lacks an account"]
        return " or ".join(told + stands_in)


def _people(owner: str, charter: Charter) -> tuple[str, ...]:
    return tuple(dict.fromkeys((owner, charter.rollback.approver)))


def _owner(change: CharterChange, charter: Charter) -> str:
    """The owner of the gate that a key belongs to, by the charter that judges; else the pilot's."""
    for gate in charter.gates:
        own, waiver = f"pilot.success_metrics[{gate.name}]", f"waivers.{gate.name}"
        if change.key in {own, waiver} or change.key.startswith((f"{own}.", f"{waiver}.", f"{waiver} (")):
            return gate.owner
    return charter.owner


def _approved(needed: Sequence[Loosening], judged: _Reviewed) -> str:
    who = dict.fromkeys(f"@{r.login}" for n in needed for r in judged.approvers(n))
    return f"{_loosened(needed)}; {' and '.join(who)} approved it on this commit, {judged.head[:_SHORT]}"


def _not_approved(missing: Sequence[Loosening], scope: Scope, judged: _Reviewed) -> tuple[Decision, str]:
    needs = "; ".join(f"needs approval by {judged.named(people)}" for people in _fewest(missing))
    said = f"{_loosened(missing)}; {needs}"
    if scope.reviews is None:
        return Decision.INCONCLUSIVE, f"{said}; not looked up: this run has no pull request whose reviews it could ask for"
    if scope.reviews.unknown:
        return Decision.ERROR, f"{said}; not looked up: {scope.reviews.unknown}"
    told = [f"@{r.login} {judged.why_not(r, missing[0])}" for r in scope.reviews.reviews][:_TOLD]
    found = "; ".join(told) or "nobody has reviewed it"
    # Somebody of whom nothing is known has approved it: whether they may is an open question.
    unknown = any(r.unknown and "approved it" in judged.why_not(r, n) for r in scope.reviews.reviews for n in missing)
    return (Decision.ERROR if unknown else Decision.FAIL), f"{said}, on this commit, {judged.head[:_SHORT]}; {found}"


def _loosened(needed: Sequence[Loosening]) -> str:
    shown = ", ".join(n.what for n in needed[:_SHOWN])
    more = len(needed) - _SHOWN
    return f"this change loosens {shown}{f' and {more} more' if more > 0 else ''}"


def _remedy(missing: Sequence[Loosening], head: str, judged: _Reviewed) -> Remedy:
    commit = f"the commit {head[:_SHORT]} of the pull request" if ":" not in head else "the commit, once it is in a pull request"
    actions = tuple(f"ask {judged.named(people)} to approve {commit}, then run this job again" for people in _fewest(missing))
    return Remedy(summary="have it approved on this commit, or take it out of this change", actions=actions)


def _fewest(missing: Sequence[Loosening]) -> list[tuple[str, ...]]:
    """Whom to ask: a review that satisfies the narrower group satisfies a wider one."""
    groups = list(dict.fromkeys(n.people for n in missing))
    return [g for g in groups if not any(set(other) < set(g) for other in groups)]
