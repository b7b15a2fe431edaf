"""The newcomer's path, done to the letter: files written, commands run, in the order in which README and first hour have them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"(?:^`(?P<path>[^`\n]+)`\n\n)?```(?P<language>\w+)\n(?P<text>.*?)```", re.MULTILINE | re.DOTALL)
# What the tests run with is what `make setup` makes.
_SET_UP = 'make() { test "$1" = setup; }'


def page(name):
    return (ROOT / name).read_text(encoding="utf-8")


def section(document, heading):
    """The part of a page below a heading, up to the next one of that rank."""
    (found,) = re.findall(rf"^{re.escape(heading)}$(.*?)(?=^## |\Z)", document, re.MULTILINE | re.DOTALL)
    return found


def script(document):
    """The document as a shell script: a named block is a file, a block of commands stands for itself."""
    for block in _BLOCK.finditer(document):
        if block["path"]:
            yield f"mkdir -p $(dirname {block['path']})\ncat > {block['path']} <<'END'\n{block['text']}END"
        else:
            assert block["language"] == "sh"
            yield block["text"]


@pytest.fixture
def typed(tmp_path):
    """Somebody types these lines in an empty directory."""
    who = {f"GIT_{r}_{k}": v for r in ("AUTHOR", "COMMITTER") for k, v in (("NAME", "A"), ("EMAIL", "a@example.com"))}
    nothing = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    env = os.environ | who | nothing | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

    def run(*lines):
        text = "\n".join(["set -e", *lines])
        done = subprocess.run(["bash", "-c", text], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_the_readme_leads_from_a_bare_repository_to_the_first_comment(typed):
    bare = script(section(page("docs/getting-started.md"), "## 1. A hybrid repository"))
    first = section(page("README.md"), "## The first comment in five minutes")
    printed = typed(_SET_UP, *bare, *script(first))
    comment = printed.partition("<!-- qgate")[2]
    (headline,) = [line for line in comment.splitlines() if line.startswith("## ")]
    assert headline.startswith("## ✅ qgate: pass — "), comment
    assert "val_accuracy_gap_vs_classical" in comment


def test_the_first_hour_works_as_written(typed, tmp_path):
    printed = typed(*script(page("docs/getting-started.md")))
    assert printed.endswith("exit code 10\n")
    assert "1 charter valid" in printed
    pilot = tmp_path / "first-pilot"
    assert (pilot / ".qgate/run/comment.md").is_file()
    assert (pilot / ".qgate/run/report.html").is_file()
