import subprocess

import numpy as np
import pytest

from qgate.changes.git import Repository
from qgate.init.inspection import Seen, inspect


@pytest.fixture
def seen(tmp_path):
    root = tmp_path / "My Pilot!"
    root.mkdir()
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(root)], check=True)

    def look(files, prefix=""):
        for path, text in files.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return inspect(Repository(root), prefix, target=None)

    look.root = root
    return look


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"pyproject.toml": '[project]\nname = "triage"\n'}, Seen(value="triage", source="pyproject.toml")),
        ({"pyproject.toml": "[tool.x]\n"}, Seen(value="My-Pilot", source="the directory's name")),
        ({"pyproject.toml": "not toml"}, Seen(value="My-Pilot", source="the directory's name")),
    ],
)
def test_the_name(seen, files, name):
    assert seen(files).name == name


def test_the_owner_is_who_owns_everything_by_the_last_rule(seen):
    text = "# comment\n* @first/team\n* @second/team @other # why\n/docs/ @writers\n"
    assert seen({".github/CODEOWNERS": text}).owner == Seen(value="@second/team", source=".github/CODEOWNERS")
    assert seen({".github/CODEOWNERS": "/docs/ @writers\n"}).owner is None


def test_lockfiles_the_surest_first_and_requirements_only_with_hashes(seen):
    files = {
        "requirements.txt": "numpy==2.0 --hash=sha256:aa\n",
        "requirements-dev.txt": "pytest\n",
        "requirements/base.txt": "x==1 \\\n  --hash=sha256:bb\n",
        "poetry.lock": "",
        "uv.lock": "",
    }
    assert seen(files).lockfiles == ("uv.lock", "poetry.lock", "requirements.txt", "requirements/base.txt")


def test_only_what_git_would_commit_below_the_directory_is_looked_at(seen):
    np.savez(seen.root / "outside.npz", w=np.zeros(1))
    files = {
        ".gitignore": "secret/\n",
        "a/app.py": "x = 1\n",
        "a/secret/y.py": "",
        "a/.qgate/x.yml": "",
        "b.py": "",
        "a/b\nc.py": "",
    }
    found = seen(files, "a")
    assert found.files == ("app.py",)
    assert found.weights == ()


def test_the_default_branch_where_git_tells_it(seen):
    assert seen({}).branch == Seen(value="main", source="git does not tell the default branch")
