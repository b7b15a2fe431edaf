"""Every page is held to what it says: snippets parse, commands and options exist, charters fit the schema, links arrive.

Whole walks are run as they stand by test_getting_started.py.
"""

import ast
import json
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from qgate.charter.schema import charter_schema
from qgate.cli import cli

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path for pattern in ("*.md", "docs/*.md", "examples/README.md", "examples/*/README.md") for path in ROOT.glob(pattern)
)
BLOCK = re.compile(r"^(?P<indent> *)```(?P<language>\w+)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
SHELL = {"sh", "bash", "shell", "console"}
ACTIONLINT = shutil.which("actionlint", path=str(Path(sys.executable).parent)) or "actionlint"


@dataclass(frozen=True, kw_only=True)
class Snippet:
    """A fenced block: where it begins, its language, and its text without the indentation of a list."""

    place: str
    language: str
    text: str


def snippets(*languages):
    found = []
    for page in PAGES:
        whole = page.read_text(encoding="utf-8")
        for block in BLOCK.finditer(whole):
            line = whole[: block.start()].count("\n") + 1
            text = re.sub(rf"^{block['indent']}", "", block["text"], flags=re.MULTILINE)
            if block["language"] in languages:
                found.append(Snippet(place=f"{page.relative_to(ROOT)}:{line}", language=block["language"], text=text))
    return found


def every(*languages):
    return pytest.mark.parametrize("snippet", snippets(*languages), ids=lambda snippet: snippet.place)


def test_every_language_of_a_block_is_held_to_something():
    held = SHELL | {"yaml", "json", "python", "text"}
    whole = [(page.name, block["language"]) for page in PAGES for block in BLOCK.finditer(page.read_text(encoding="utf-8"))]
    assert len(whole) > 30
    assert [found for found in whole if found[1] not in held] == []


@every("python")
def test_python_compiles(snippet):
    ast.parse(snippet.text)


@every("json")
def test_json_parses(snippet):
    json.loads(snippet.text)


@every(*SHELL)
def test_shell_parses_and_its_commands_exist(snippet):
    done = subprocess.run(["bash", "-n"], input=snippet.text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert [wrong for words in called(snippet.text) for wrong in unknown(words)] == []


def called(script):
    """The words of each call of qgate in a script, up to what ends the command."""
    for line in script.replace("\\\n", " ").splitlines():
        for command in re.split(r"&&|\|\||[;|]", line):
            words = shlex.split(command, comments=True)
            if words[:1] == ["qgate"]:
                yield words[1:]


def unknown(words):
    """What the real command does not take: a subcommand, or an option of it."""
    name = next((word for word in words if not word.startswith("-")), None)
    command = cli.commands.get(name) if name else cli
    if command is None:
        return [f"qgate {name}"]
    taken = {option for parameter in (*cli.params, *command.params) for option in (*parameter.opts, *parameter.secondary_opts)}
    options = {word.partition("=")[0] for word in words if word.startswith("-")}
    return sorted(f"qgate {name} {option}" for option in options - taken - {"--help", "-h"})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_a_sentence_exist(page):
    prose = BLOCK.sub("", page.read_text(encoding="utf-8"))
    spans = [" ".join(span.split()) for span in re.findall(r"`(qgate [a-z][^`]*)`", prose)]
    calls = [re.sub(r"[….,]+", " ", span).replace("'", "").replace('"', "").split()[1:] for span in spans]
    assert [wrong for words in calls for wrong in unknown(words)] == []


@every("yaml")
def test_yaml_is_a_workflow_a_charter_or_a_part_of_one(snippet, tmp_path):
    value = yaml.load(snippet.text, DatesAsText)  # noqa: S506 -- a SafeLoader
    if value is None:
        assert snippet.text.startswith("# yaml-language-server: $schema=")
    elif "jobs" in value:
        lint(snippet.text, tmp_path)
    elif isinstance(value, list) or "steps" in value:
        job = {"runs-on": "ubuntu-24.04", **(value if "steps" in value else {"steps": value})}
        lint(json.dumps({"on": {"push": {}}, "jobs": {"job": job}}), tmp_path)
    else:
        assert problems(value) == []


def lint(workflow, folder):
    (folder / ".git").mkdir()
    file = folder / ".github/workflows/snippet.yml"
    file.parent.mkdir(parents=True)
    file.write_text(workflow, encoding="utf-8")
    done = subprocess.run([ACTIONLINT, "-no-color", str(file)], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def problems(value):
    """What the schema says against a charter, or keys of a part of one; what is left out, or shortened by `…`, is none."""
    schema = charter_schema()
    parts = [part for part in (schema, *schema["$defs"].values()) if value.keys() <= part.get("properties", {}).keys()]
    told = [complaints({"$defs": schema["$defs"], **part}, value) for part in parts]
    return min(told, key=len) if told else [f"{sorted(value)} are keys of no part of a charter"]


def complaints(schema, value):
    found = Draft202012Validator(schema).iter_errors(value)
    return [
        f"{e.json_path}: {e.message}" for e in found if e.validator not in {"required", "oneOf", "anyOf"} and "…" not in e.message
    ]


class DatesAsText(yaml.SafeLoader):
    """As the charter's reader has it: a day is text."""


DatesAsText.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if not tag.endswith(":timestamp")]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", h).lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_arrive(page):
    prose = BLOCK.sub("", page.read_text(encoding="utf-8"))
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            lost.append(target)
    assert lost == []
