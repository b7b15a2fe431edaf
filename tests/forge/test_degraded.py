"""Publishing where GitHub refuses, limits, stumbles or is gone: what arrived all the same, and what the person is told."""

import logging
import time

import pytest

from qgate.domain.report import Outcome, Status, StatusState
from qgate.forge.client import Client
from qgate.forge.errors import Forbidden, RateLimited, Unavailable, Unprocessable
from qgate.forge.status import publish_status

STATUSES = "/statuses/"
STANDS = "The verdict stands: the job summary shows it and the exit code carries it"
INTEGRATION = 'GitHub refused: 403 "Resource not accessible by integration".'


def outcomes(published):
    return {surface: publication.outcome for surface, publication in published.items()}


def details(published):
    return {publication.detail for publication in published.values()}


def test_without_any_permission_every_surface_says_what_to_add(world, report):
    world.state.permissions = {}
    published = world.publish(report())
    assert {surface: publication.detail for surface, publication in published.items()} == {
        surface: f'{INTEGRATION} The token lacks a permission: add "{permission}" under `permissions:` of the job. {STANDS}'
        for surface, permission in {
            "check": "checks: write",
            "status:qgate": "statuses: write",
            "status:qgate/tumour-triage": "statuses: write",
            "comment": "pull-requests: write",
        }.items()
    }
    assert set(outcomes(published).values()) == {Outcome.REFUSED}
    assert world.waits == []  # a permission does not come by waiting


def test_with_one_permission_that_surface_arrives(world, report):
    world.state.permissions = {"statuses": "write"}
    published = world.publish(report())
    assert outcomes(published) == {
        "check": Outcome.REFUSED,
        "status:qgate": Outcome.CREATED,
        "status:qgate/tumour-triage": Outcome.CREATED,
        "comment": Outcome.REFUSED,
    }
    assert [(s["context"], s["state"], s["description"]) for s in world.state.statuses] == [
        ("qgate", "failure", "1 of 2 gates failed"),
        ("qgate/tumour-triage", "failure", "accuracy gap 0.021 > 0.005"),
    ]


def test_a_forks_read_only_token_is_explained(world, report):
    world.state.permissions = {}
    published = world.publish(report(), head_is_fork=True)
    expected = (
        f"{INTEGRATION} The pull request comes from a fork, and GitHub gives its workflow a read-only token whatever "
        f"`permissions:` says. Two workflows publish it all the same: docs/forks.md. {STANDS}"
    )
    assert details(published) == {expected}


def test_dependabots_read_only_token_is_explained(world, report):
    world.state.permissions = {}
    published = world.publish(report(), by_dependabot=True)
    assert published["check"].detail == (
        f"{INTEGRATION} Dependabot started this workflow, and GitHub gives it a read-only token unless the job itself asks for "
        f'more: add "checks: write" under `permissions:` of the job. {STANDS}'
    )


def test_a_personal_token_cannot_write_check_runs(world, report):
    world.breaks("POST", "check-runs", status=403, body={"message": "You must authenticate via a GitHub App."})
    published = world.publish(report())
    assert published["check"].detail == (
        'GitHub refused: 403 "You must authenticate via a GitHub App.". Only a GitHub App\'s token writes check runs: the '
        f"workflow's own token does, a personal one does not. {STANDS}"
    )
    assert published["comment"].outcome is Outcome.CREATED


def test_a_wrong_token_is_told(world, report):
    world.state.token = "another"
    published = world.publish(report())
    advice = "The token is wrong or has expired: leave the `token` input at its default."
    assert details(published) == {f'GitHub refused: 401 "Bad credentials". {advice} {STANDS}'}


def test_a_hidden_repository_is_told(world, report):
    published = world.publish(report(), repository="octo/secret")
    assert "octo/secret is the repository" in published["check"].detail
    assert set(outcomes(published).values()) == {Outcome.REFUSED}


def test_a_secondary_limit_is_waited_for_as_long_as_it_asks(world, report):
    message = {"message": "You have exceeded a secondary rate limit. Please wait."}
    world.breaks("POST", STATUSES, status=403, headers={"Retry-After": "30"}, body=message)
    published = world.publish(report())
    assert world.waits == [30.0]
    assert Outcome.REFUSED not in outcomes(published).values()
    # The wait lies between the limited request and the next one, which is the same again.
    before, after = world.state.requests[world.arrived_before[0] - 1 : world.arrived_before[0] + 1]
    assert (before["status"], before["path"], before["query"]) == (403, after["path"], after["query"])
    assert after["status"] == 201


def test_a_limit_on_creating_a_comment_makes_one_comment(world, report):
    world.breaks("POST", "issues/7/comments", status=429, headers={"Retry-After": "5"}, times=2)
    assert world.publish(report())["comment"].outcome is Outcome.CREATED
    assert world.waits == [5.0, 5.0]
    assert len(world.state.comments) == 1


def test_a_secondary_limit_without_a_time_is_waited_for_a_minute(world, report):
    message = {"message": "You have triggered an abuse detection mechanism."}
    world.breaks("POST", STATUSES, status=403, body=message, times=2)
    assert world.publish(report())["status:qgate"].outcome is Outcome.CREATED
    assert world.waits == [60.0, 120.0]


def test_a_used_up_primary_limit_is_waited_for_until_its_reset(world, report):
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1000040"}
    world.breaks("POST", STATUSES, status=403, headers=headers, body={"message": "API rate limit exceeded"})
    assert world.publish(report())["status:qgate"].outcome is Outcome.CREATED
    assert world.waits == [41.0]  # the clock stood at 1,000,000


def test_a_limit_longer_than_a_job_should_wait_is_refused(world, report):
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1003000"}
    world.breaks("POST", STATUSES, status=403, headers=headers, body={"message": "API rate limit exceeded"}, times=2)
    published = world.publish(report())
    assert published["status:qgate"].outcome is Outcome.REFUSED
    assert published["status:qgate"].detail == (
        'GitHub\'s rate limit is used up: 403 "API rate limit exceeded". It asks to wait 3,001 s, longer than a job should. '
        f"Re-run the job later. {STANDS}"
    )
    assert world.waits == []
    # Nothing is asked any more: what comes later says the same, and costs no request.
    assert published["comment"].detail == published["status:qgate"].detail
    assert [r["status"] for r in world.state.requests] == [200, 201, 403]


def test_a_limit_that_answers_now_for_ever_runs_out_of_patience(world, report):
    world.breaks("POST", STATUSES, status=429, headers={"Retry-After": "0"}, body={"message": "slow down"}, times=-1)
    published = world.publish(report())
    assert published["status:qgate"].outcome is Outcome.REFUSED
    assert world.waits == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]
    # The last try, and one for the second status.
    assert [r["status"] for r in world.state.requests if STATUSES in r["path"]] == [429] * 9
    assert published["comment"].outcome is Outcome.CREATED


def test_a_server_that_stumbles_twice_is_asked_three_times(world, report):
    world.breaks("POST", STATUSES, status=502, body="<html>Bad gateway</html>", times=2)
    published = world.publish(report())
    assert Outcome.REFUSED not in outcomes(published).values()
    assert world.waits == [1.0, 2.0]
    assert [s["context"] for s in world.state.statuses] == ["qgate", "qgate/tumour-triage"]


def test_a_broken_answer_to_a_reading_is_asked_for_again(world, report):
    world.breaks("GET", "issues/7/comments", drop="after")
    world.breaks("GET", "pulls/7", status=200, body="<html>maintenance</html>")
    assert world.publish(report())["comment"].outcome is Outcome.CREATED
    assert world.waits == [1.0, 1.0]
    assert len(world.state.comments) == 1


def test_a_page_of_a_proxy_instead_of_an_answer_is_quoted(world, report):
    world.breaks("GET", "pulls/7", status=200, body="<html>maintenance</html>", times=-1)
    published = world.publish(report())["comment"]
    assert published.outcome is Outcome.REFUSED
    assert "an answer that is not JSON: <html>maintenance</html>" in published.detail


def test_a_server_that_stays_broken_refuses_and_is_not_waited_for_again(world, report):
    world.breaks("GET", "check-runs", status=503, body={"message": "down"}, times=-1)
    world.breaks("POST", STATUSES, status=503, body={"message": "down"}, times=-1)
    published = world.publish(report())
    assert published["check"].detail == f"GitHub could not be reached: 503 down. Re-run the job. {STANDS}"
    assert published["status:qgate"].outcome is Outcome.REFUSED
    assert published["comment"].outcome is Outcome.CREATED
    assert world.waits == [1.0, 2.0, 4.0]


def test_a_server_that_is_gone_refuses_every_surface(world, report):
    world.server.shutdown()
    world.server.server_close()
    published = world.publish(report())
    assert set(outcomes(published).values()) == {Outcome.REFUSED}
    assert all("could not be reached" in detail for detail in details(published))


def test_one_wrong_status_does_not_stop_the_others(world, report):
    statuses = (
        Status(context="qgate/long", state=StatusState.FAILURE, description="x" * 141),
        Status(context="qgate", state=StatusState.FAILURE, description="1 of 2 gates failed"),
    )
    published = world.publish(report(statuses=statuses))
    assert "description is too long (maximum is 140 characters)" in published["status:qgate/long"].detail
    assert [s["context"] for s in world.state.statuses] == ["qgate"]


def test_a_bug_in_a_surface_hides_nothing(world, report, caplog):
    world.breaks("GET", "pulls/7", status=200, body=["not", "a", "pull request"])
    with caplog.at_level(logging.ERROR):
        published = world.publish(report())
    assert published["comment"].outcome is Outcome.REFUSED
    assert published["comment"].detail.startswith("publishing failed inside qgate: TypeError")
    assert "publishing comment failed" in caplog.text
    assert published["check"].outcome is Outcome.CREATED


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_renamed_repositorys_redirect_is_followed_with_the_same_method(world, report, status):
    location = f"{world.server.origin}/repositories/1/statuses/{'a' * 40}"
    world.breaks("POST", STATUSES, status=status, headers={"Location": location}, body={"message": "Moved Permanently"})
    assert world.publish(report())["status:qgate"].outcome is Outcome.CREATED
    assert [s["context"] for s in world.state.statuses] == ["qgate", "qgate/tumour-triage"]


def test_the_token_is_not_carried_to_another_host(world, report):
    world.breaks("POST", STATUSES, status=307, headers={"Location": "http://localhost:9/elsewhere"})
    published = world.publish(report())["status:qgate"]
    assert published.outcome is Outcome.REFUSED
    assert "points to another host: http://localhost:9/elsewhere" in published.detail


def test_a_loop_of_redirects_ends(world):
    world.breaks("GET", "pulls/7", status=302, headers={"Location": "/repos/octo/pilots/pulls/7"}, times=-1)
    with pytest.raises(Unavailable, match="more than 5 redirects"):
        world.client().get("repos/octo/pilots/pulls/7")


def test_a_loop_of_pages_ends(world):
    link = f'<{world.server.origin}/repos/octo/pilots/issues/7/comments>; rel="next"'
    world.breaks("GET", "issues/7/comments", status=200, headers={"Link": link}, body=[], times=-1)
    with pytest.raises(Unavailable, match="more than 100 pages"):
        list(world.client().pages("repos/octo/pilots/issues/7/comments"))


def test_many_writes_leave_a_second_between_them(world, report):
    statuses = tuple(Status(context=f"qgate/{n}", state=StatusState.SUCCESS, description="pass") for n in range(35))
    world.publish(report(statuses=statuses))
    assert len(world.state.statuses) == 35
    assert world.waits == [1.0] * 7  # 37 writes, the first 30 of them at once


def test_an_enterprise_servers_address_works(world, report):
    published = world.publish(report(), prefix="/api/v3")
    assert set(outcomes(published).values()) == {Outcome.CREATED}
    assert world.state.violations == []


def test_the_refusals_are_told_apart(world):
    world.breaks("GET", "x", status=403, body={"message": "Resource not accessible by integration"})
    world.breaks("GET", "x", status=403, body={"message": "secondary rate limit"}, headers={"Retry-After": "9999"})
    world.breaks("GET", "x", status=422, body={"message": "Validation Failed", "errors": [{"field": "a", "code": "invalid"}]})
    met = []
    for _ in range(3):
        with pytest.raises((Forbidden, RateLimited, Unprocessable)) as caught:
            world.client().get("x")
        met.append((type(caught.value), str(caught.value)))
    assert met == [
        (Forbidden, "403 Resource not accessible by integration"),
        (RateLimited, "403 secondary rate limit"),
        (Unprocessable, "422 Validation Failed: a invalid"),
    ]


def test_a_netrc_does_not_replace_the_token(world, report, tmp_path, monkeypatch):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    assert world.publish(report())["check"].outcome is Outcome.CREATED


def test_real_waits_come_before_the_next_request(world, report):
    """The control of the recorded waits above: with the real clock, one second really passes."""
    world.breaks("POST", STATUSES, status=429, headers={"Retry-After": "1"})
    client = Client(api_url=world.server.origin, token="ghs_test")
    begun = time.monotonic()
    publish_status(client, world.target(), report().statuses[0])
    assert time.monotonic() - begun >= 1.0
    assert [s["context"] for s in world.state.statuses] == ["qgate"]
