"""action.yml, the code behind it and the README say the same."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from entrypoint.inputs import Inputs, Mode, read_inputs, variable
from entrypoint.surfaces import error_outputs
from qgate.domain.verdict import Decision

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
DEFAULTS = {name: declared["default"] for name, declared in ACTION["inputs"].items()}


class Asked(Mapping[str, str]):
    """An environment that keeps which variables were asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def get(self, name, default=None):
        self.names.add(name)
        return default

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def section(title: str) -> str:
    """A section of the README, without its subsections."""
    return re.split(r"^#+ ", README.split(f"### {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def test_every_declared_input_is_read_and_no_other():
    asked = Asked()
    read_inputs(asked)
    assert asked.names == {variable(name) for name in ACTION["inputs"]}


def test_the_declared_defaults_are_the_codes():
    environ = {variable(name): default for name, default in DEFAULTS.items()}
    assert read_inputs(environ) == Inputs(token="${{ github.token }}")


def test_the_readme_lists_the_inputs_with_their_defaults():
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*?) \| .+ \|$", section("Inputs"), flags=re.MULTILINE)
    assert [name for name, _ in rows] == list(ACTION["inputs"])
    # An empty default is said in words.
    assert {name: default.strip("`") for name, default in rows if DEFAULTS[name]} == {n: d for n, d in DEFAULTS.items() if d}


def test_the_outputs_are_those_of_the_readme_and_the_code():
    named = re.findall(r"`([a-z0-9-]+)`", re.sub(r"\([^)]*\)", "", section("Outputs")))
    assert named == list(ACTION["outputs"])
    assert list(error_outputs()) == list(ACTION["outputs"])


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("inputs", "mode", ["auto", *Mode]),
        ("inputs", "fail-on", ["fail", "inconclusive", "error"]),
        ("inputs", "comment", ["true", "false"]),
        ("outputs", "verdict", list(Decision)),
        ("outputs", "applicable", ["true", "false"]),
    ],
)
def test_a_description_names_every_word(kind, name, words):
    description = ACTION[kind][name]["description"]
    assert [word for word in words if f"`{word}`" not in description] == []


def test_every_name_is_kebab_case_and_described():
    declared = {**ACTION["inputs"], **ACTION["outputs"]}
    assert [name for name in declared if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)] == []
    assert [name for name, of in declared.items() if not of["description"].strip()] == []


def test_it_is_run_from_the_dockerfile_isolated_from_the_workspace():
    assert ACTION["runs"] == {"using": "docker", "image": "Dockerfile"}
    assert 'ENTRYPOINT ["/opt/qgate/bin/python", "-I", "-m", "entrypoint"]' in DOCKERFILE


def test_the_image_holds_a_python_that_the_package_allows():
    version = re.search(r"^ARG PYTHON_IMAGE=python:3\.(\d+)-slim-trixie$", DOCKERFILE, flags=re.MULTILINE)
    least = re.search(r'^requires-python = ">=3\.(\d+)"$', (ROOT / "pyproject.toml").read_text(), flags=re.MULTILINE)
    assert version is not None
    assert least is not None
    assert int(version[1]) >= int(least[1])
