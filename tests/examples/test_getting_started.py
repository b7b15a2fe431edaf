"""docs/getting-started.md, done to the letter: its files written, its commands run, in the order in which they stand."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"(?:^`(?P<path>[^`\n]+)`\n\n)?```(?P<language>\w+)\n(?P<text>.*?)```", re.MULTILINE | re.DOTALL)


def script(document):
    """The document as one shell script: a named block is a file, a block of commands stands for itself."""
    yield "set -e"
    for block in _BLOCK.finditer(document):
        if block["path"]:
            yield f"mkdir -p $(dirname {block['path']})\ncat > {block['path']} <<'END'\n{block['text']}END"
        else:
            assert block["language"] == "sh"
            yield block["text"]


def test_the_first_hour_works_as_written(tmp_path):
    text = "\n".join(script((ROOT / "docs/getting-started.md").read_text(encoding="utf-8")))
    who = {f"GIT_{r}_{k}": v for r in ("AUTHOR", "COMMITTER") for k, v in (("NAME", "A"), ("EMAIL", "a@example.com"))}
    nothing = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    env = os.environ | who | nothing | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", text], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("exit code 10\n")
    assert "1 charter valid" in done.stdout
    pilot = tmp_path / "first-pilot"
    assert (pilot / ".qgate/run/comment.md").is_file()
    assert (pilot / ".qgate/run/report.html").is_file()
