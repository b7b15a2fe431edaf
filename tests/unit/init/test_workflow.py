import re
import subprocess
import sys
from pathlib import Path

import pytest

from qgate.init.workflow import HEAD, UNPINNED, workflow

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent


def test_the_workflow_is_the_one_that_the_readme_shows():
    shown = re.search(r"```yaml\n(name: qgate\n.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert workflow(branch="main") == HEAD + shown[1].replace("COMMIT_SHA", UNPINNED)


@pytest.mark.parametrize("directory", ["", "services/triage"])
def test_linters_of_workflows_find_nothing(tmp_path, directory):
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    (folder / "qgate.yml").write_text(workflow(branch="release/2", directory=directory))
    (tmp_path / ".git").mkdir()  # actionlint looks for the repository's top
    for command in (["actionlint", "-no-color"], ["zizmor", "--offline", "--persona", "pedantic", "."]):
        done = subprocess.run([BIN / command[0], *command[1:]], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode, command[0]) == (0, command[0]), done.stdout + done.stderr
