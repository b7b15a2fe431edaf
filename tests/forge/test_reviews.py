"""Whose approval GitHub tells of: the latest word of each reviewer, and what is asked about whom."""

import pytest

from qgate.domain.review import Review, Reviews, ReviewState
from qgate.forge.github import GitHub

HEAD, OLDER = "a" * 40, "c" * 40
REVIEWS = "/repos/octo/pilots/pulls/7/reviews"
MAY_WRITE = "/repos/octo/pilots/collaborators/{}/permission"
APPROVED, CHANGES, DISMISSED = ReviewState.APPROVED, ReviewState.CHANGES_REQUESTED, ReviewState.DISMISSED


def reviewed(world, *given, accounts=("owner",), **target):
    """The reviews as the forge finds them, after these: (login, GitHub's state, commit)."""
    for login, state, commit in given:
        world.state.add_review(pull_request=7, login=login, state=state, commit=commit)
    return GitHub(client=world.client(), target=world.target(**target)).reviews(frozenset(accounts))


def paths(world):
    return [r["path"] for r in world.state.requests]


def test_an_approval_of_this_commit_is_asked_about(world):
    world.state.roles = {"owner": "write"}
    found = reviewed(world, ("owner", "APPROVED", HEAD))
    assert found == Reviews(author="author", reviews=(Review(login="owner", state=APPROVED, commit=HEAD, role="write"),))
    assert paths(world) == ["/repos/octo/pilots/pulls/7", REVIEWS, MAY_WRITE.format("owner")]
    assert world.state.violations == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([("owner", "APPROVED", OLDER)], Review(login="owner", state=APPROVED, commit=OLDER)),
        ([("author", "APPROVED", HEAD)], Review(login="author", state=APPROVED, commit=HEAD)),
        ([("owner", "APPROVED", HEAD), ("owner", "CHANGES_REQUESTED", HEAD)], Review(login="owner", state=CHANGES, commit=HEAD)),
        ([("owner", "APPROVED", HEAD), ("owner", "DISMISSED", HEAD)], Review(login="owner", state=DISMISSED, commit=HEAD)),
        ([("owner", "APPROVED", None)], Review(login="owner", state=APPROVED, commit="")),
    ],
)
def test_of_what_cannot_count_nothing_more_is_asked(world, given, expected):
    assert reviewed(world, *given) == Reviews(author="author", reviews=(expected,))
    assert paths(world) == ["/repos/octo/pilots/pulls/7", REVIEWS]


def test_a_comment_leaves_the_earlier_word_standing_and_a_later_word_replaces_it(world):
    world.state.roles = {"owner": "admin"}
    found = reviewed(
        world,
        ("owner", "CHANGES_REQUESTED", OLDER),
        ("Owner", "APPROVED", HEAD),
        ("owner", "COMMENTED", HEAD),
        ("owner", "PENDING", HEAD),
        (None, "APPROVED", HEAD),
    )
    assert [(r.login.lower(), r.state, r.commit) for r in found.reviews] == [("owner", APPROVED, HEAD)]


def test_every_page_of_a_long_discussion_is_read(world):
    for _ in range(150):
        world.state.add_review(pull_request=7, login="talker", state="COMMENTED", commit=HEAD)
    world.state.roles = {"owner": "write"}
    assert [r.login for r in reviewed(world, ("owner", "APPROVED", HEAD)).reviews] == ["owner"]
    assert paths(world).count("/repositories/1/pulls/7/reviews") == 1


@pytest.mark.parametrize(("state", "teams"), [("active", ("example/sre",)), ("pending", ()), (None, ())])
def test_a_team_s_members_are_asked_for_by_name(world, state, teams):
    world.state.permissions["members"] = "read"
    world.state.roles = {"member": "maintain"}
    world.state.teams = {"example/sre": {"member": state} if state else {}}
    found = reviewed(world, ("member", "APPROVED", HEAD), accounts=("owner", "example/sre"))
    assert found.reviews == (Review(login="member", state=APPROVED, commit=HEAD, role="write", teams=teams),)


def test_who_is_known_by_login_is_asked_for_in_no_team(world):
    world.state.roles = {"owner": "write"}
    found = reviewed(world, ("owner", "APPROVED", HEAD), accounts=("owner", "example/sre"))
    assert found.reviews[0].unknown == ""
    assert not any("/teams/" in path for path in paths(world))


def test_a_workflow_s_own_token_may_not_read_teams_and_that_is_told(world):
    world.state.roles = {"member": "write"}
    (review,) = reviewed(world, ("member", "APPROVED", HEAD), accounts=("example/sre",)).reviews
    assert (review.role, review.teams) == ("write", ())
    assert review.unknown == (
        "whether they are in @example/sre could not be looked up (GitHub answered 403 "
        '"Resource not accessible by integration"; a token that may, as an App\'s with `members: read`, goes into `token`)'
    )


def test_a_permission_that_cannot_be_looked_up_is_none(world):
    world.breaks("GET", "/permission$", status=403, body={"message": "Resource not accessible by integration"})
    (review,) = reviewed(world, ("owner", "APPROVED", HEAD)).reviews
    why = 'GitHub answered 403 "Resource not accessible by integration"'
    assert review.role == ""
    assert review.unknown == f"what they may do with the repository could not be looked up ({why})"


@pytest.mark.parametrize("path", ["/pulls/7$", "/pulls/7/reviews$"])
def test_reviews_that_may_not_be_read_are_unknown(world, path):
    world.breaks("GET", path, status=403, body={"message": "Resource not accessible by integration"})
    found = reviewed(world, ("owner", "APPROVED", HEAD))
    assert found == Reviews(
        unknown='GitHub answered 403 "Resource not accessible by integration": the job needs `pull-requests: read`'
    )


def test_without_a_pull_request_there_is_nothing_to_ask(world):
    assert reviewed(world, pull_request=None) is None
    assert world.state.requests == []
