"""The sticky comment, over HTTP: what stands on the pull request afterwards, and which requests it took."""

from qgate.domain.report import Outcome, Publication

COMMENTS = "/repos/octo/pilots/issues/7/comments"
OURS = "github-actions[bot]"


def comment_writes(world):
    return [(method, path) for method, path in world.state.writes() if "comments" in path]


def bodies(world):
    return [(comment["user"]["login"], comment["body"]) for comment in world.state.comments.values()]


def test_the_first_run_creates_it(world, report):
    published = world.publish(report())["comment"]
    assert bodies(world) == [(OURS, report().comment)]
    url = "https://github.test/octo/pilots/pull/7#issuecomment-1001"
    assert published == Publication(surface="comment", outcome=Outcome.CREATED, url=url)
    assert world.state.violations == []


def test_the_next_run_edits_it_in_place(world, report):
    world.publish(report())
    published = world.publish(report(body="**pass**\n"))["comment"]
    assert published.outcome is Outcome.UPDATED
    assert bodies(world) == [(OURS, report(body="**pass**\n").comment)]
    assert comment_writes(world) == [("POST", COMMENTS), ("PATCH", "/repos/octo/pilots/issues/comments/1001")]


def test_an_unchanged_one_is_not_written(world, report):
    world.publish(report())
    published = world.publish(report())["comment"]
    assert published.outcome is Outcome.UNCHANGED
    assert comment_writes(world) == [("POST", COMMENTS)]


def test_white_space_that_a_form_adds_is_no_change(world, report):
    world.state.add_comment(issue=7, login=OURS, body=report().comment.replace("\n", "\r\n") + "\r\n")
    assert world.publish(report())["comment"].outcome is Outcome.UNCHANGED


def test_it_is_found_on_the_third_page(world, report):
    for number in range(230):
        world.state.add_comment(issue=7, login="reviewer", body=f"remark {number}")
    mine = world.state.add_comment(issue=7, login=OURS, body=report(body="old").comment)
    assert world.publish(report())["comment"].outcome is Outcome.UPDATED
    assert mine["body"] == report().comment
    assert len(world.state.comments) == 231
    pages = [r for r in world.state.requests if r["method"] == "GET" and r["path"].endswith("/comments")]
    assert [(r["path"], r["query"].get("page", "1")) for r in pages] == [
        (COMMENTS, "1"),
        ("/repositories/1/issues/7/comments", "2"),
        ("/repositories/1/issues/7/comments", "3"),
    ]


def test_a_foreign_comment_with_our_marker_is_never_touched(world, report):
    foreign = world.state.add_comment(issue=7, login="mallory", body=report(body="**pass** by me").comment)
    before = dict(foreign)
    assert world.publish(report())["comment"].outcome is Outcome.CREATED
    assert world.publish(report(body="**pass**"))["comment"].outcome is Outcome.UPDATED
    assert foreign == before
    assert bodies(world)[1:] == [(OURS, report(body="**pass**").comment)]
    assert world.state.violations == []


def test_a_comment_that_only_quotes_the_marker_is_not_ours(world, report):
    quoting = world.state.add_comment(issue=7, login=OURS, body=f"> {report().comment}")
    assert world.publish(report())["comment"].outcome is Outcome.CREATED
    assert quoting["body"] == f"> {report().comment}"


def test_another_marker_is_another_comment(world, report):
    other = report(marker="<!-- qgate:report id=second -->", comment="<!-- qgate:report id=second -->\nsecond")
    world.publish(report())
    world.publish(other)
    assert bodies(world) == [(OURS, report().comment), (OURS, other.comment)]


def test_of_our_own_duplicates_the_oldest_stays(world, report):
    for text in ("first", "second", "third"):
        world.state.add_comment(issue=7, login=OURS, body=report(body=text).comment)
    assert world.publish(report())["comment"].outcome is Outcome.UPDATED
    assert list(world.state.comments) == [1001]
    assert bodies(world) == [(OURS, report().comment)]


def test_a_duplicate_that_cannot_be_deleted_is_told(world, report):
    for text in ("first", "second"):
        world.state.add_comment(issue=7, login=OURS, body=report(body=text).comment)
    world.breaks("DELETE", "comments", status=403, body={"message": "locked"})
    published = world.publish(report())["comment"]
    assert published.outcome is Outcome.UPDATED
    assert published.detail == "the duplicate 1002 could not be deleted (403 locked)"


def test_a_personal_or_app_token_finds_its_own_comment(world, report):
    world.state.login = "deploy-app[bot]"
    world.publish(report())
    assert world.publish(report(body="**pass**"))["comment"].outcome is Outcome.UPDATED
    assert bodies(world) == [("deploy-app[bot]", report(body="**pass**").comment)]


def test_the_identity_is_asked_at_an_enterprise_servers_address(world, report):
    world.state.login = "deploy-app[bot]"
    world.publish(report(), prefix="/api/v3")
    world.publish(report(), prefix="/api/v3")
    assert [r["path"] for r in world.state.requests if "graphql" in r["path"]] == ["/api/graphql"]
    assert len(world.state.comments) == 1
    assert world.state.violations == []


def test_one_deleted_meanwhile_is_created_anew(world, report):
    world.state.add_comment(issue=7, login=OURS, body=report(body="old").comment)
    world.state.arriving = lambda method, _path: method == "PATCH" and world.state.comments.pop(1001, None)
    published = world.publish(report())["comment"]
    assert published.outcome is Outcome.CREATED
    assert bodies(world) == [(OURS, report().comment)]


def test_one_that_is_listed_although_it_is_gone_makes_no_loop(world, report):
    world.state.add_comment(issue=7, login=OURS, body=report(body="old").comment)
    world.breaks("PATCH", "issues/comments/1001", status=404, body={"message": "Not Found"}, times=-1)
    published = world.publish(report())["comment"]
    assert published.outcome is Outcome.CREATED
    assert [number for number, comment in world.state.comments.items() if comment["body"] == report().comment] == [1002]


def test_a_lost_answer_makes_no_second_comment(world, report):
    world.breaks("POST", COMMENTS, drop="after")
    assert world.publish(report())["comment"].outcome is Outcome.CREATED
    assert bodies(world) == [(OURS, report().comment)]
    assert comment_writes(world) == [("POST", COMMENTS)]


def test_a_lost_request_is_sent_again(world, report):
    world.breaks("POST", COMMENTS, drop="before", times=2)
    assert world.publish(report())["comment"].outcome is Outcome.CREATED
    assert bodies(world) == [(OURS, report().comment)]


def test_a_closed_pull_request_gets_none(world, report):
    world.state.pull_requests[7]["state"] = "closed"
    published = world.publish(report())["comment"]
    assert published == Publication(surface="comment", outcome=Outcome.SKIPPED, detail="pull request #7 is closed")
    assert world.state.comments == {}
    assert len(world.state.statuses) == 2  # the gated commit still has its verdict


def test_a_head_that_moved_on_gets_none(world, report):
    world.state.pull_requests[7]["head"]["sha"] = "c" * 40
    published = world.publish(report())["comment"]
    detail = f"pull request #7 has moved on to {'c' * 40}: the run for that commit comments"
    assert published == Publication(surface="comment", outcome=Outcome.SKIPPED, detail=detail)
    assert world.state.comments == {}


def test_a_merge_group_has_no_pull_request(world, report):
    published = world.publish(report(), kind="merge_group", pull_request=None)
    assert published["comment"].outcome is Outcome.SKIPPED
    assert published["comment"].detail == "a merge_group event has no pull request to comment on"
    assert [s["sha"] for s in world.state.statuses] == ["a" * 40, "a" * 40]


def test_switched_off_nothing_is_asked(world, report):
    published = world.publish(report(), comment=False)["comment"]
    assert published == Publication(surface="comment", outcome=Outcome.SKIPPED, detail="switched off")
    assert [r for r in world.state.requests if "issues" in r["path"] or "pulls" in r["path"]] == []


def test_one_that_is_too_long_is_refused_with_githubs_words(world, report):
    published = world.publish(report(comment=report().comment + "x" * 65_536))
    assert published["comment"].outcome is Outcome.REFUSED
    assert "IssueComment.data Body is too long (maximum is 65536 characters)" in published["comment"].detail
    assert published["check"].outcome is Outcome.CREATED
    assert world.state.comments == {}
