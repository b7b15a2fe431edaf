"""What GitHub does with a request, and what it refuses: one repository in memory, no HTTP (github_server.py serves it).

A request is refused where GitHub's OpenAPI description refuses it (github_description.py), and at the documented limits that the
description lacks: 65,536 characters of comment, 65,535 bytes of check summary, 140 characters of status description.
"""

import itertools
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from github_description import Description

COMMENT_CHARACTERS = 65_536
CHECK_BYTES = 65_535
ANNOTATION_BYTES = 65_536
ANNOTATION_TITLE = 255
STATUS_CHARACTERS = 140
TIME = "2026-01-31T12:00:00Z"
NEEDS = {"checks": "checks", "repos/create-commit-status": "statuses", "issues": "issues"}


@dataclass(kw_only=True)
class Fault:
    """What goes wrong with the requests that match, `times` times, after `skip` that go well.

    `drop` is `before` (the request is lost) or `after` (it is done, and the answer is lost). `done` is for a `status` that comes
    although the request was carried out; `delay` is how many seconds late the answer is.
    """

    method: str
    path: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    drop: str = ""
    done: bool = False
    delay: float = 0.0
    times: int = 1
    skip: int = 0

    def strikes(self, method: str, path: str) -> bool:
        """Whether this request is one of them; counts."""
        if method != self.method or not re.search(self.path, path) or self.times == 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


class Refused(Exception):  # noqa: N818 -- GitHub's answer, not a failure of the server
    """An answer of 400 and above."""

    def __init__(self, status: int, message: str, errors: list[Any] | None = None, *, violation: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.violation = violation
        self.answer = {
            "message": message,
            **({"errors": errors} if errors else {}),
            "documentation_url": "https://docs.github.com/rest",
        }


class State:
    """One repository: what it holds, who may do what, and all that arrived."""

    def __init__(
        self,
        *,
        repository: str = "octo/pilots",
        login: str = "github-actions[bot]",
        token: str | None = None,
        permissions: Mapping[str, str] | None = None,
        commits: list[str] | None = None,
        pull_requests: list[Mapping[str, Any]] = (),
        comments: list[Mapping[str, Any]] = (),
        faults: list[Mapping[str, Any]] = (),
    ) -> None:
        self.repository = repository
        self.login = login
        self.token = token
        self.permissions = dict(
            permissions or {"checks": "write", "statuses": "write", "pull-requests": "write", "actions": "read"}
        )
        # What accounts may do with the repository, and who is in which team; a workflow's own token may not read teams.
        self.roles: dict[str, str] = {}
        self.teams: dict[str, dict[str, str]] = {}
        self.reviews: dict[int, list[dict[str, Any]]] = {}
        self.commits = commits
        self.issues_enabled = True
        self.collaborators: set[str] = set()
        self.issues: dict[int, dict[str, Any]] = {}
        self.issue_numbers = itertools.count(101)
        self.artifacts: dict[int, dict[str, Any]] = {}
        self.storage: dict[str, bytes] = {}
        self.artifact_numbers = itertools.count(3001)
        self.comment_numbers = itertools.count(1001)
        self.check_run_numbers = itertools.count(2001)
        self.pull_requests: dict[int, dict[str, Any]] = {}
        self.comments: dict[int, dict[str, Any]] = {}
        self.check_runs: dict[int, dict[str, Any]] = {}
        self.statuses: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.violations: list[str] = []
        # What time it is here, and until when nothing may be asked; what is called as a request comes in.
        self.clock: Callable[[], float] = time.time
        self.not_before = 0.0
        self.arriving: Callable[[str, str], None] = lambda _method, _path: None
        self.ignored_fields: list[str] = []
        self.faults = [Fault(**fault) for fault in faults]
        for pull_request in pull_requests:
            self.add_pull_request(**pull_request)
        for comment in comments:
            self.add_comment(**comment)

    def add_pull_request(
        self,
        *,
        number: int,
        head: str,
        state: str = "open",
        author: str = "author",
        branch: str = "octo:pull",
        base: str = "b" * 40,
    ) -> None:
        """`branch` is where the head was pushed to, as `owner:name`."""
        owner, _, name = branch.partition(":")
        self.pull_requests[number] = {
            "number": number,
            "state": state,
            "head": {"sha": head, "ref": name, "user": _user(owner)},
            "base": {"sha": base, "ref": "main", "user": _user("octo")},
            "user": _user(author),
        }

    def add_artifact(self, *, run: int, content: bytes, name: str = "qgate-evidence", **changes: Any) -> None:
        """An artifact of a workflow run; `content` is what a download gives, whatever GitHub says of its size."""
        number = next(self.artifact_numbers)
        url = f"https://api.github.test/repos/{self.repository}/actions/artifacts/{number}"
        told = {"id": number, "node_id": f"A{number}", "name": name, "size_in_bytes": len(content), "url": url, "expired": False}
        times = {"created_at": TIME, "expires_at": TIME, "updated_at": TIME}
        self.artifacts[number] = {"told": {**told, "archive_download_url": f"{url}/zip", **times, **changes}, "run": run}
        self.storage[str(number)] = content

    def add_review(self, *, pull_request: int, login: str | None, state: str, commit: str | None) -> None:
        listed = self.reviews.setdefault(pull_request, [])
        url = f"https://github.test/{self.repository}/pull/{pull_request}"
        listed.append(
            {
                "id": len(listed) + 1,
                "node_id": f"R{len(listed) + 1}",
                "user": login and _user(login),
                "body": "",
                "state": state,
                "html_url": f"{url}#pullrequestreview-{len(listed) + 1}",
                "pull_request_url": url,
                "author_association": "CONTRIBUTOR",
                "_links": {"html": {"href": url}, "pull_request": {"href": url}},
                "submitted_at": TIME,
                "commit_id": commit,
            }
        )

    def add_issue(self, *, login: str, body: str, labels: list[str], title: str = "An issue") -> dict[str, Any]:
        number = next(self.issue_numbers)
        self.issues[number] = {
            "id": 4000 + number,
            "number": number,
            "title": title,
            "body": body,
            "state": "open",
            "state_reason": None,
            "user": _user(login),
            "labels": [{"name": name} for name in labels],
            "assignees": [],
            "html_url": f"https://github.test/{self.repository}/issues/{number}",
        }
        return self.issues[number]

    def add_comment(self, *, issue: int, login: str, body: str) -> dict[str, Any]:
        number = next(self.comment_numbers)
        self.comments[number] = {
            "id": number,
            "body": body,
            "user": _user(login),
            "created_at": TIME,
            "updated_at": TIME,
            "html_url": f"https://github.test/{self.repository}/pull/{issue}#issuecomment-{number}",
            "issue_url": f"https://api.github.test/repos/{self.repository}/issues/{issue}",
        }
        return self.comments[number]

    def limit(self, status: int, headers: Mapping[str, str]) -> None:
        """Keep what an answer says about when to come again."""
        if "Retry-After" in headers and headers["Retry-After"].isdigit():
            self.not_before = self.clock() + int(headers["Retry-After"])
        elif status in {403, 429} and headers.get("X-RateLimit-Remaining") == "0" and "X-RateLimit-Reset" in headers:
            self.not_before = float(headers["X-RateLimit-Reset"])

    def writes(self) -> list[tuple[str, str]]:
        """The requests that were meant to change something, in order."""
        return [(r["method"], r["path"]) for r in self.requests if r["method"] != "GET" and not r["path"].endswith("/graphql")]

    def as_json(self) -> dict[str, Any]:
        """All that a test outside this process may want to see."""
        return {
            "comments": list(self.comments.values()),
            "issues": list(self.issues.values()),
            "check_runs": list(self.check_runs.values()),
            "statuses": self.statuses,
            "requests": self.requests,
            "violations": self.violations,
            "ignored_fields": self.ignored_fields,
        }


class Api:
    """What each operation does to the state. A method takes path parameters, query and body, and returns status and answer."""

    def __init__(self, state: State, description: Description) -> None:
        self.state = state
        self.description = description

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        """Check as GitHub does (repository, permission, description, limits), then do it."""
        found = self.description.find(method, path)
        if found is None:
            raise Refused(404, "Not Found", violation=True)
        operation, values = found
        state = self.state
        if "repo" in values and f"{values['owner']}/{values['repo']}" != state.repository:
            raise Refused(404, "Not Found")
        scope = next((scope for name, scope in NEEDS.items() if operation.name.startswith(name)), None)
        if scope == "issues" and not (int(values.get("issue_number", 0)) in state.issues or "comment" not in operation.name):
            scope = "pull-requests"  # a comment on a pull request
        if scope == "issues" and not state.issues_enabled and "comment" not in operation.name:
            raise Refused(410, "Issues has been disabled in this repository.")
        if operation.name.startswith("actions/") and "actions" not in state.permissions:
            raise Refused(403, "Resource not accessible by integration")
        if operation.method != "GET" and scope and state.permissions.get(scope) != "write":
            raise Refused(403, "Resource not accessible by integration")
        problems = self.description.problems(operation, values, query, body)
        if problems:
            raise Refused(422, "Invalid request.", problems, violation=True)
        state.ignored_fields += [f"{operation.name}: {name}" for name in self.description.unknown_fields(operation, body)]
        status, answer = self.HANDLERS[operation.name](self, values, query, body)
        untrue = self.description.answer_problems(operation, status, answer)
        if untrue:
            raise AssertionError(f"GitHub would not answer {method} {path} so: {untrue}")
        return status, answer

    def pull_request(self, values: dict[str, str], _query: dict[str, str], _body: Any) -> tuple[int, Any]:
        return 200, _found(self.state.pull_requests, values["pull_number"])

    def pull_requests(self, _values: dict[str, str], query: dict[str, str], _body: Any) -> tuple[int, Any]:
        """As GitHub lists them; a filter `head` that is not OWNER:BRANCH is ignored."""
        found = list(self.state.pull_requests.values())
        if ":" in query.get("head", ""):
            found = [p for p in found if f"{p['head']['user']['login']}:{p['head']['ref']}" == query["head"]]
        wanted = query.get("state", "open")
        return 200, [p for p in found if wanted in {"all", p["state"]}]

    def artifacts(self, values: dict[str, str], query: dict[str, str], _body: Any) -> tuple[int, Any]:
        found = [a["told"] for a in self.state.artifacts.values() if a["run"] == int(values["run_id"])]
        found = [a for a in found if query.get("name", a["name"]) == a["name"]]
        return 200, {"total_count": len(found), "artifacts": found}

    def download_artifact(self, values: dict[str, str], _query: dict[str, str], _body: Any) -> tuple[int, Any]:
        _found(self.state.artifacts, values["artifact_id"])
        return 302, None

    def pull_request_reviews(self, values: dict[str, str], _query: dict[str, str], _body: Any) -> tuple[int, Any]:
        _found(self.state.pull_requests, values["pull_number"])
        return 200, self.state.reviews.get(int(values["pull_number"]), [])

    def collaborator_permission(self, values: dict[str, str], _query: dict[str, str], _body: Any) -> tuple[int, Any]:
        role = self.state.roles.get(values["username"], "read")
        # Roles in between are told as the one of the four that they include.
        told = {"maintain": "write", "triage": "read"}.get(role, role)
        return 200, {"permission": told, "role_name": role, "user": None}

    def team_membership(self, values: dict[str, str], _query: dict[str, str], _body: Any) -> tuple[int, Any]:
        if "members" not in self.state.permissions:
            raise Refused(403, "Resource not accessible by integration")
        state = self.state.teams.get(f"{values['org']}/{values['team_slug']}", {}).get(values["username"])
        if state is None:
            raise Refused(404, "Not Found")
        return 200, {"url": "https://api.github.test/teams/1/memberships/1", "role": "member", "state": state}

    def comments(self, values: dict[str, str], _query: dict[str, str], _body: Any) -> tuple[int, Any]:
        issue = f"/issues/{values['issue_number']}"
        return 200, [c for c in sorted(self.state.comments.values(), key=lambda c: c["id"]) if c["issue_url"].endswith(issue)]

    def create_comment(self, values: dict[str, str], _query: dict[str, str], body: Any) -> tuple[int, Any]:
        _found({**self.state.pull_requests, **self.state.issues}, values["issue_number"])
        _check_comment(body["body"])
        return 201, self.state.add_comment(issue=int(values["issue_number"]), login=self.state.login, body=body["body"])

    def update_comment(self, values: dict[str, str], _query: dict[str, str], body: Any) -> tuple[int, Any]:
        comment = _found(self.state.comments, values["comment_id"])
        _check_comment(body["body"])
        comment["body"] = body["body"]
        return 200, comment

    def delete_comment(self, values: dict[str, str], _query: dict[str, str], _body: Any) -> tuple[int, Any]:
        _found(self.state.comments, values["comment_id"])
        del self.state.comments[int(values["comment_id"])]
        return 204, None

    def issues(self, _values: dict[str, str], query: dict[str, str], _body: Any) -> tuple[int, Any]:
        labels = set(filter(None, query.get("labels", "").split(",")))
        found = [i for i in self.state.issues.values() if labels <= {label["name"] for label in i["labels"]}]
        return 200, [i for i in reversed(found) if query.get("state", "open") in {"all", i["state"]}]

    def create_issue(self, _values: dict[str, str], _query: dict[str, str], body: Any) -> tuple[int, Any]:
        _check_issue(body)
        made = self.state.add_issue(login=self.state.login, body=body["body"], labels=body["labels"], title=body["title"])
        return 201, made

    def update_issue(self, values: dict[str, str], _query: dict[str, str], body: Any) -> tuple[int, Any]:
        issue = _found(self.state.issues, values["issue_number"])
        _check_issue(body)
        issue.update(body)
        return 200, issue

    def assign(self, values: dict[str, str], _query: dict[str, str], body: Any) -> tuple[int, Any]:
        """Who may not be assigned is left out without a word."""
        issue = _found(self.state.issues, values["issue_number"])
        issue["assignees"] += [_user(login) for login in body["assignees"] if login in self.state.collaborators]
        return 201, issue

    def create_check_run(self, _values: dict[str, str], _query: dict[str, str], body: Any) -> tuple[int, Any]:
        self._known_commit(body["head_sha"])
        number = next(self.state.check_run_numbers)
        run = {
            "id": number,
            "head_sha": body["head_sha"],
            "external_id": None,
            "conclusion": None,
            "status": "completed" if "conclusion" in body else "queued",
            "html_url": f"https://github.test/{self.state.repository}/runs/{number}",
            "output": {"title": None, "summary": None, "text": None, "annotations_count": 0},
            "annotations": [],
        }
        _change_check_run(run, body)
        self.state.check_runs[number] = run
        return 201, _shown(run)

    def update_check_run(self, values: dict[str, str], _query: dict[str, str], body: Any) -> tuple[int, Any]:
        run = _found(self.state.check_runs, values["check_run_id"])
        _change_check_run(run, body)
        return 200, _shown(run)

    def check_run(self, values: dict[str, str], _query: dict[str, str], _body: Any) -> tuple[int, Any]:
        return 200, _shown(_found(self.state.check_runs, values["check_run_id"]))

    def check_runs(self, values: dict[str, str], query: dict[str, str], _body: Any) -> tuple[int, Any]:
        runs = [run for run in reversed(self.state.check_runs.values()) if run["head_sha"] == values["ref"]]
        if "check_name" in query:
            runs = [run for run in runs if run["name"] == query["check_name"]]
        if query.get("filter", "latest") == "latest":
            runs = list({run["name"]: run for run in reversed(runs)}.values())
        return 200, {"total_count": len(runs), "check_runs": [_shown(run) for run in runs]}

    def create_status(self, values: dict[str, str], _query: dict[str, str], body: Any) -> tuple[int, Any]:
        self._known_commit(values["sha"])
        if len(body.get("description") or "") > STATUS_CHARACTERS:
            text = "description is too long (maximum is 140 characters)"
            error = {"resource": "Status", "code": "custom", "field": "description", "message": text}
            raise Refused(422, "Validation Failed", [error], violation=True)
        self.state.statuses.append({"sha": values["sha"], "context": "default", **body})
        return 201, {"context": "default", "creator": _user(self.state.login), **body}

    def combined_status(self, values: dict[str, str], _query: dict[str, str], _body: Any) -> tuple[int, Any]:
        newest = {s["context"].lower(): s for s in self.state.statuses if s["sha"] == values["ref"]}
        states = {status["state"] for status in newest.values()}
        state = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
        shown = [{key: status[key] for key in status if key != "sha"} for status in newest.values()]
        return 200, {"state": state, "sha": values["ref"], "total_count": len(shown), "statuses": shown}

    def _known_commit(self, sha: str) -> None:
        if self.state.commits is not None and sha not in self.state.commits:
            raise Refused(422, f"No commit found for SHA: {sha}")

    HANDLERS: ClassVar[dict[str, Any]] = {
        "actions/list-workflow-run-artifacts": artifacts,
        "actions/download-artifact": download_artifact,
        "pulls/get": pull_request,
        "pulls/list": pull_requests,
        "pulls/list-reviews": pull_request_reviews,
        "repos/get-collaborator-permission-level": collaborator_permission,
        "teams/get-membership-for-user-in-org": team_membership,
        "issues/list-for-repo": issues,
        "issues/create": create_issue,
        "issues/update": update_issue,
        "issues/add-assignees": assign,
        "issues/list-comments": comments,
        "issues/create-comment": create_comment,
        "issues/update-comment": update_comment,
        "issues/delete-comment": delete_comment,
        "checks/create": create_check_run,
        "checks/update": update_check_run,
        "checks/get": check_run,
        "checks/list-for-ref": check_runs,
        "repos/create-commit-status": create_status,
        "repos/get-combined-status-for-ref": combined_status,
    }


def _user(login: str) -> dict[str, Any]:
    return {"login": login, "type": "Bot" if login.endswith("[bot]") else "User"}


def _found(things: Mapping[int, Any], number: str) -> Any:
    if not number.isdigit() or int(number) not in things:
        raise Refused(404, "Not Found")
    return things[int(number)]


def _shown(run: Mapping[str, Any]) -> dict[str, Any]:
    """A check run as answered: its annotations are only counted."""
    return {key: value for key, value in run.items() if key != "annotations"}


def _check_comment(body: str) -> None:
    if len(body) > COMMENT_CHARACTERS:
        text = f"Body is too long (maximum is {COMMENT_CHARACTERS} characters)"
        error = {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": text}
        raise Refused(422, "Validation Failed", [error], violation=True)


def _check_issue(body: Mapping[str, Any]) -> None:
    if len(body.get("body", "")) > COMMENT_CHARACTERS:
        text = f"body is too long (maximum is {COMMENT_CHARACTERS} characters)"
        error = {"resource": "Issue", "code": "custom", "field": "body", "message": text}
        raise Refused(422, "Validation Failed", [error], violation=True)


def _change_check_run(run: dict[str, Any], body: Mapping[str, Any]) -> None:
    """Set what the body names; annotations are added to those there."""
    output = dict(body.get("output", {}))
    for name in ("summary", "text"):
        if len((output.get(name) or "").encode()) > CHECK_BYTES:
            raise Refused(422, f"{name} exceeds a maximum bytesize of {CHECK_BYTES}", violation=True)
    added = output.pop("annotations", [])
    for note in added:
        _check_annotation(note)
    run.update({key: body[key] for key in ("name", "external_id", "details_url", "conclusion", "status") if key in body})
    run["annotations"] = [*run["annotations"], *added]
    run["output"] = {**run["output"], **output, "annotations_count": len(run["annotations"])}


def _check_annotation(note: Mapping[str, Any]) -> None:
    if note["start_line"] < 1 or note["end_line"] < note["start_line"]:
        raise Refused(422, "an annotation's lines start at 1 and end after they start", violation=True)
    if note["start_line"] != note["end_line"] and ("start_column" in note or "end_column" in note):
        raise Refused(422, "an annotation has columns only on a single line", violation=True)
    if len(note.get("title", "")) > ANNOTATION_TITLE or len(note["message"].encode()) > ANNOTATION_BYTES:
        raise Refused(422, "an annotation's title or message is too long", violation=True)
