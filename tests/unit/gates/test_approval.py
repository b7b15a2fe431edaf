"""Who approves what a change loosens, by reviews as a forge tells them."""

from dataclasses import replace

import pytest

from qgate.domain.change import PilotReach, Reach
from qgate.domain.charter_change import CharterChange, Effect
from qgate.domain.review import Review, Reviews, ReviewState, account
from qgate.domain.scope import Scope, SourcedCharter
from qgate.domain.source import Position
from qgate.domain.verdict import Decision
from qgate.gates.approval import NAME, accounts_of, judge_approval

HEAD, OLDER = "a" * 40, "c" * 40
PATH = ".qgate/c.yml"
IDENTITIES = {"platform@example.com": "Octo", "sre@example.com": "@example/sre"}
EITHER = "platform@example.com (@octo) or sre@example.com (@example/sre)"


@pytest.fixture
def loosens(make):
    """A scope whose change loosens these keys, and the charter that judges."""

    def made(*keys, reviews=None, origin="base", head=HEAD, effect=Effect.LOOSENED, **charter):
        sourced = SourcedCharter(charter=replace(make.charter(), **{"identities": IDENTITIES, **charter}), origin=origin, text="")
        where = Position(path=PATH, line=3, column=1)
        changes = tuple(
            CharterChange(effect=effect, key=key, old="1", new="2", why="w", position=where, charter=PATH) for key in keys
        )
        scope = Scope(base="b", head=head, reach=Reach(pilots=()), charters=(sourced,), charter_changes=changes, reviews=reviews)
        return sourced, scope

    return made


def approval(login="octo", **changes):
    return Review(**{"login": login, "state": ReviewState.APPROVED, "commit": HEAD, "role": "write", **changes})


def by(*reviews, author="mallory"):
    return Reviews(author=author, reviews=reviews)


SEEDS = "pilot.shots.seeds"
P95 = "pilot.success_metrics[latency_p95_ms].max"


@pytest.mark.parametrize("effect", [Effect.TIGHTENED, Effect.NEUTRAL])
def test_what_loosens_nothing_needs_nobody(loosens, effect):
    assert judge_approval(*loosens(SEEDS, effect=effect)) is None
    assert judge_approval(*loosens()) is None
    assert judge_approval(*loosens(origin="own")) is None


def test_another_pilot_s_charter_is_another_gate_s_matter(loosens):
    sourced, scope = loosens(SEEDS)
    elsewhere = tuple(replace(c, charter=".qgate/other.yml") for c in scope.charter_changes)
    assert judge_approval(sourced, replace(scope, charter_changes=elsewhere)) is None


def test_the_owner_approves(loosens):
    outcome = judge_approval(*loosens(SEEDS, reviews=by(approval())))
    assert (outcome.name, outcome.decision, outcome.remedy) == (NAME, Decision.PASS, None)
    assert outcome.why == "this change loosens pilot.shots.seeds; @octo approved it on this commit, aaaaaaaaaa"
    assert outcome.details == {"commit": HEAD, "looked_up": True, "loosened": [SEEDS], "approved_by": ["octo"]}


@pytest.mark.parametrize(
    ("review", "told"),
    [
        (approval("mallory"), "@mallory opened the pull request"),
        (approval("Mallory"), "@Mallory opened the pull request"),
        (approval(commit=OLDER), "@octo approved another commit, cccccccccc"),
        (approval(commit=""), "@octo approved another commit, which is gone"),
        (approval(state=ReviewState.DISMISSED), "@octo gave a review that was dismissed"),
        (approval(state=ReviewState.CHANGES_REQUESTED), "@octo asks for changes"),
        (approval(role="read"), "@octo approved it, and may not write to the repository"),
        (approval(role="none"), "@octo approved it, and may not write to the repository"),
        (approval("somebody"), "@somebody approved it, and is none of them"),
        (approval("somebody", role="admin"), "@somebody approved it, and is none of them"),
        (approval("member", teams=("example/all",)), "@member approved it, and is none of them"),
    ],
)
def test_what_is_no_approval_fails_and_says_why(loosens, review, told):
    outcome = judge_approval(*loosens(SEEDS, reviews=by(review)))
    assert outcome.decision is Decision.FAIL
    assert outcome.why == (
        f"this change loosens pilot.shots.seeds; needs approval by {EITHER}, on this commit, aaaaaaaaaa; {told}"
    )
    assert outcome.remedy.actions == (
        f"ask {EITHER} to approve the commit aaaaaaaaaa of the pull request, then run this job again",
    )


def test_nobody_s_review_fails(loosens):
    outcome = judge_approval(*loosens(SEEDS, reviews=by()))
    assert (outcome.decision, outcome.why.endswith("nobody has reviewed it")) == (Decision.FAIL, True)


def test_a_member_of_the_approver_s_team_approves(loosens):
    outcome = judge_approval(*loosens(SEEDS, reviews=by(approval("member", teams=("example/sre",)))))
    assert outcome.decision is Decision.PASS


def test_one_who_says_no_does_not_undo_the_owner_s_yes(loosens):
    no = approval("member", teams=("example/sre",), state=ReviewState.CHANGES_REQUESTED)
    assert judge_approval(*loosens(SEEDS, reviews=by(no, approval()))).decision is Decision.PASS


@pytest.mark.parametrize(
    ("key", "who"),
    [
        (P95, "ops"),
        ("pilot.success_metrics[latency_p95_ms]", "ops"),
        ("waivers.latency_p95_ms", "ops"),
        ("waivers.latency_p95_ms (2).expires", "ops"),
        ("pilot.success_metrics[latency_p95_ms_more].max", "octo"),
        ("waivers.latency_p95", "octo"),
        ("pilot.budget.usd_per_shot", "octo"),
    ],
)
def test_a_gate_s_own_owner_answers_for_it(loosens, make, key, who):
    gates = (make.gate("latency_p95_ms", owner="@ops"),)
    for login in ("ops", "octo"):
        outcome = judge_approval(*loosens(key, reviews=by(approval(login)), gates=gates))
        assert (outcome.decision is Decision.PASS) == (login == who), login


def test_each_loosened_key_needs_one_who_answers_for_it(loosens, make):
    gates = (make.gate("latency_p95_ms", owner="@ops"),)
    outcome = judge_approval(*loosens(SEEDS, P95, reviews=by(approval("ops")), gates=gates))
    assert (outcome.decision, outcome.why.startswith("this change loosens pilot.shots.seeds; needs")) == (Decision.FAIL, True)
    assert judge_approval(*loosens(SEEDS, P95, gates=gates)).why.count("needs approval by") == 2
    both = judge_approval(*loosens(SEEDS, P95, reviews=by(approval("ops"), approval()), gates=gates))
    assert (both.decision, "@octo and @ops approved it" in both.why) == (Decision.PASS, True)
    alone = judge_approval(*loosens(SEEDS, P95, reviews=by(approval("m", teams=("example/sre",))), gates=gates))
    assert alone.decision is Decision.PASS


def test_who_satisfies_the_narrower_group_is_asked_alone(loosens, make):
    gates = (make.gate("latency_p95_ms", owner="sre@example.com"),)
    outcome = judge_approval(*loosens(SEEDS, P95, reviews=by(), gates=gates))
    assert outcome.remedy.actions == (
        "ask sre@example.com (@example/sre) to approve the commit aaaaaaaaaa of the pull request, then run this job again",
    )


def test_an_administrator_stands_in_for_who_has_no_account(loosens):
    known = {"sre@example.com": "sre-lead"}
    admin = judge_approval(*loosens(SEEDS, reviews=by(approval("boss", role="admin")), identities=known))
    writer = judge_approval(*loosens(SEEDS, reviews=by(approval("peer")), identities=known))
    assert (admin.decision, writer.decision) == (Decision.PASS, Decision.FAIL)
    admin_too = "an administrator of the repository, since `identities` lacks an account"
    assert f"needs approval by platform@example.com or sre@example.com (@sre-lead) or {admin_too}, on this commit" in writer.why


def test_a_new_charter_needs_approval_by_its_own_map(loosens):
    sourced, scope = loosens(origin="head")
    failed = judge_approval(sourced, replace(scope, reviews=by(approval("peer"))))
    assert (failed.decision, failed.position.line) == (Decision.FAIL, 1)
    assert failed.why.startswith("this change loosens the charter itself, which is new; needs approval by platform@example.com")
    assert judge_approval(sourced, replace(scope, reviews=by(approval()))).decision is Decision.PASS


def test_what_was_not_looked_up_is_undecided(loosens):
    outcome = judge_approval(*loosens(SEEDS, head="worktree:1234"))
    assert outcome.decision is Decision.INCONCLUSIVE
    assert outcome.why == (
        f"this change loosens pilot.shots.seeds; needs approval by {EITHER}; "
        "not looked up: this run has no pull request whose reviews it could ask for"
    )
    assert "to approve the commit, once it is in a pull request" in outcome.remedy.actions[0]


@pytest.mark.parametrize(
    "reviews",
    [
        Reviews(unknown="the job needs `pull-requests: read`"),
        by(approval("member", unknown="the job needs `pull-requests: read`")),
    ],
)
def test_what_could_not_be_looked_up_is_an_error(loosens, reviews):
    outcome = judge_approval(*loosens(SEEDS, reviews=reviews))
    assert (outcome.decision, "the job needs `pull-requests: read`" in outcome.why) == (Decision.ERROR, True)


def test_a_stranger_s_stale_approval_leaves_nothing_open(loosens):
    stale = approval("member", commit=OLDER, role="", unknown="never asked")
    assert judge_approval(*loosens(SEEDS, reviews=by(stale))).decision is Decision.FAIL


def test_an_approval_that_counts_outweighs_what_is_unknown_of_others(loosens):
    outcome = judge_approval(*loosens(SEEDS, reviews=by(approval("member", unknown="u"), approval())))
    assert outcome.decision is Decision.PASS


@pytest.mark.parametrize(
    ("person", "found"),
    [
        ("platform@example.com", "octo"),
        ("sre@example.com", "example/sre"),
        ("@Ops", "ops"),
        ("@Example/Ops", "example/ops"),
        ("me@example.com", ""),
    ],
)
def test_an_account_is_the_map_s_or_written_in_the_person_s_place(person, found):
    assert account(person, IDENTITIES) == found


def test_only_who_may_approve_something_is_asked_about(loosens):
    _, scope = loosens(SEEDS)
    assert accounts_of(scope) == frozenset()
    pilot = PilotReach(pilot="triage", charter=PATH, chains=())
    reached = replace(scope, reach=Reach(pilots=(pilot,)))
    assert accounts_of(reached) == {"octo", "example/sre"}
    assert accounts_of(replace(reached, charter_changes=())) == frozenset()
