"""Which pilots a change reaches. The pilot of `make_charter` is triage.kernel:feature_map against triage.classical:build."""

import json
import subprocess
import sys

import pytest

from qgate.changes.reach import detect
from qgate.domain.change import ChangedFile, FileStatus, PilotReach, Reach, Uncovered
from qgate.domain.charter import Baseline, Candidate, CandidateKind

TREE = {
    "src/triage/__init__.py": "",
    "src/triage/kernel.py": "from triage.encoding import angles\n\ndef feature_map(x):\n    pass\n",
    "src/triage/encoding.py": "from . import scaling\n",
    "src/triage/scaling.py": "import numpy as np\n",
    "src/triage/classical.py": "import sklearn\n",
    "src/other/__init__.py": "",
    "src/other/report.py": "import json\n",
    "tests/test_kernel.py": "from triage.kernel import feature_map\n",
}


@pytest.fixture
def tree(tmp_path):
    """Write files below a root without links, and give the root."""

    def write(files=None, **more):
        for path, text in {**TREE, **(files or {}), **more}.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return tmp_path

    return write


@pytest.fixture
def chains(tree, make_change, make_charter):
    """The chains of the pilot for changed files in a tree."""

    def of(*changed, files=None, deleted=(), charter=None):
        reach = detect(tree(files), make_change(*changed, deleted=deleted), [charter or make_charter()])
        assert reach.notes == ()
        return [chain for pilot in reach.pilots for chain in pilot.chains]

    return of


def candidate(entrypoint="triage.kernel:feature_map", **options):
    return Candidate(kind=CandidateKind.CIRCUIT, entrypoint=entrypoint, options=options)


def test_the_whole_answer(tree, make_change, make_charter):
    files = {"src/other/vqe.py": "import os\nimport pennylane as qml\n"}
    change = make_change("src/triage/scaling.py", "src/triage/classical.py", "src/other/vqe.py", "README.md")
    assert detect(tree(files), change, [make_charter()]) == Reach(
        pilots=(
            PilotReach(
                pilot="triage",
                charter=".qgate/triage.yml",
                chains=(
                    "src/triage/classical.py → baseline classical",
                    "src/triage/scaling.py → src/triage/encoding.py → src/triage/kernel.py → candidate",
                ),
            ),
        ),
        uncovered=(Uncovered(path="src/other/vqe.py", library="PennyLane", line=2),),
    )


@pytest.mark.parametrize(
    "changed", ["README.md", "src/other/report.py", "src/other/__init__.py", "tests/test_kernel.py", "docs/new.json", "Makefile"]
)
def test_not_on_the_path(chains, changed):
    # A test that imports the pilot needs it; the pilot does not need the test.
    assert chains(changed, files={"docs/new.json": "{}", "Makefile": ""}) == []


def test_no_change_reaches_nothing_even_where_nothing_can_be_found(tree, make_change, make_charter):
    assert detect(tree(), make_change(), [make_charter(candidate=candidate("gone:f"))]) == Reach(pilots=())


def test_no_charter_is_fine(tree, make_change):
    assert detect(tree(), make_change("src/triage/kernel.py"), []) == Reach(pilots=())


def test_two_pilots_are_told_apart(tree, make_change, make_charter):
    report = make_charter(pilot="report", path=".qgate/report.yml", candidate=candidate("other.report:run"), baselines=())
    reach = detect(tree(), make_change("src/other/report.py"), [make_charter(), report])
    assert [pilot.pilot for pilot in reach.pilots] == ["report"]


def test_packages_above_are_dependencies(chains):
    assert chains("src/triage/__init__.py") == [
        "src/triage/__init__.py → src/triage/kernel.py → candidate",
        "src/triage/__init__.py → src/triage/classical.py → baseline classical",
    ]


@pytest.mark.parametrize(
    ("path", "role"),
    [
        (".qgate/triage.yml", "charter"),
        (".qgate/lock.json", "lock"),
        ("data/val.npz", "data validation"),
        ("requirements.lock", "lockfile"),
        ("models/weights.npz", "weights"),
        ("models/table.csv", "candidate options"),
        ("calibration/device.json", "calibration"),
        ("calibration/then.json", "calibration"),
        ("calibration/old.json", "calibration"),
        ("models/classical_v3.joblib", "rollback artifact"),
        ("ops/cap_batch.sh", "remediation validation_accuracy_gap_vs_classical"),
        ("pyproject.toml", "package configuration"),
        ("src/setup.cfg", "package configuration"),
    ],
)
def test_declared_files(chains, path, role):
    assert chains(path) == [f"{path} → {role}"]
    assert chains(deleted=(path,)) == [f"{path} → {role}"]


SERVICE = {"command": "bin/serve.py", "baselines": {"classical": "bin/serve-classical"}}
TRACE = {"rate_rps": 1, "arrivals": "trace", "trace": {"path": "traffic/monday.txt", "sha256": "0" * 64}}


def test_services_and_recorded_arrivals(chains, make_charter):
    served = make_charter(sections={"service": SERVICE, "traffic": TRACE}, paths=("bin/**",))
    files = {"bin/serve.py": "import other.report\n", "bin/serve-classical": "#!/bin/sh\n", "traffic/monday.txt": "0\n1\n"}
    asked = ("bin/serve.py", "bin/serve-classical", "traffic/monday.txt", "src/other/report.py")
    found = {path: chains(path, files=files, charter=served)[0] for path in asked}
    assert found == {
        "bin/serve.py": "bin/serve.py → service",
        "bin/serve-classical": "bin/serve-classical → service of baseline classical",
        "traffic/monday.txt": "traffic/monday.txt → traffic trace",
        "src/other/report.py": "src/other/report.py → bin/serve.py → service",
    }


def test_what_an_executable_that_serves_runs_is_not_known_without_paths(tree, make_change, make_charter):
    served = make_charter(sections={"service": {"command": "bin/serve"}})
    reach = detect(tree({"bin/serve": ""}), make_change("README.md"), [served])
    assert reach.pilots[0].chains == ("bin/serve → service",)
    why = "what the executable `bin/serve` runs is not known: list it under `pilot.paths`"
    assert reach.notes == (f"triage: {why}; the change counts as reaching it",)


def test_configuration_of_another_project_is_not_ours(chains):
    assert chains("services/b/pyproject.toml") == []


def test_paths_match_as_gitignore_does(chains, make_charter):
    charter = make_charter(paths=("assets/**", "!assets/**/*.md", "/only-here.txt"))
    assert chains("assets/deep/x.bin", "assets/a.md", "deep/only-here.txt", "only-here.txt", charter=charter) == [
        "assets/deep/x.bin → paths",
        "only-here.txt → paths",
    ]


def test_a_pattern_that_cannot_be_read_counts_as_reached(tree, make_change, make_charter):
    reach = detect(tree(), make_change("README.md"), [make_charter(paths=("!",))])
    assert [pilot.chains for pilot in reach.pilots] == [("(unreadable pattern) → paths",)]
    assert "`paths` holds a pattern that cannot be read" in reach.notes[0]


@pytest.mark.parametrize(
    ("statement", "module"),
    [
        ("import ns.deep.mod", "src/ns/deep/mod.py"),
        ("from ns.deep import mod", "src/ns/deep/mod.py"),
        ("from triage.stars import *", "src/triage/stars.py"),
        ("from .near import f", "src/triage/near.py"),
        ("from ..triage import near", "src/triage/near.py"),
        ("try:\n    import fast\nexcept ImportError:\n    import slow", "slow.py"),
        ("def f():\n    import late", "late.py"),
        ("if 1:\n    from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import late", "late.py"),
        ("import importlib\nimportlib.import_module('late')", "late.py"),
        ("import importlib\nimportlib.import_module('.near', __package__)", "src/triage/near.py"),
        ("import importlib\nimportlib.import_module('.near', package='triage')", "src/triage/near.py"),
        ("__import__('late')", "late.py"),
        ("import importlib\nimportlib.import_module(f'triage.plugins.{name}')", "src/triage/plugins/b.py"),
        ("import importlib\nimportlib.import_module('triage.plugins.' + name)", "src/triage/plugins/b.py"),
        ("import importlib\nimportlib.import_module('triage.plugins.%s' % name)", "src/triage/plugins/b.py"),
        ("import importlib\nimportlib.import_module('triage.plugins.{}'.format(name))", "src/triage/plugins/b.py"),
        ("from importlib import import_module\nimport_module(f'.{name}', __package__)", "src/triage/near.py"),
        ("STEP = 'late:step'", "late.py"),
        ("STEP = 'ns.deep.mod'", "src/ns/deep/mod.py"),
        ("import ns.deep.stubbed", "src/ns/deep/stubbed.py"),
    ],
)
def test_ways_to_import(chains, statement, module):
    files = {
        "src/triage/encoding.py": f"{statement}\n",
        "src/ns/deep/mod.py": "",
        "src/ns/deep/stubbed.py": "",
        "src/ns/deep/stubbed.pyi": "",
        "src/triage/stars.py": "",
        "src/triage/near.py": "",
        "src/triage/plugins/a.py": "",
        "src/triage/plugins/b.py": "",
        "slow.py": "",
        "late.py": "",
    }
    assert chains(module, files=files) == [f"{module} → src/triage/encoding.py → src/triage/kernel.py → candidate"]


def test_a_star_import_of_a_package_means_the_modules_of_its_all(chains):
    package = "src/triage/everything"
    files = {
        "src/triage/encoding.py": "from triage.everything import *\n",
        f"{package}/__init__.py": "__all__ = ['named']\n__all__ += ['added']\n",
        f"{package}/named.py": "",
        f"{package}/added.py": "",
        f"{package}/unnamed.py": "",
    }
    tail = f"{package}/__init__.py → src/triage/encoding.py → src/triage/kernel.py → candidate"
    changed = [f"{package}/{name}.py" for name in ("added", "named", "unnamed")]
    assert chains(*changed, files=files) == [f"{package}/added.py → {tail}", f"{package}/named.py → {tail}"]


def test_a_file_that_ruff_cannot_decode_is_followed_all_the_same(tree, make_change, make_charter):
    root = tree()
    (root / "src/triage/encoding.py").write_bytes("# -*- coding: latin-1 -*-\nfrom . import scaling\nx = 'é'\n".encode("latin-1"))
    reach = detect(root, make_change("src/triage/scaling.py"), [make_charter()])
    assert reach.pilots[0].chains == ("src/triage/scaling.py → src/triage/encoding.py → src/triage/kernel.py → candidate",)
    assert reach.notes == ()


def test_cycles_end(chains):
    files = {"src/triage/encoding.py": "from . import scaling\n", "src/triage/scaling.py": "from . import encoding, kernel\n"}
    assert chains("src/triage/scaling.py", files=files) == [
        "src/triage/scaling.py → src/triage/encoding.py → src/triage/kernel.py → candidate"
    ]


def test_the_shortest_chain_is_given(chains):
    files = {"src/triage/kernel.py": "from triage import encoding, scaling\n"}
    assert chains("src/triage/scaling.py", files=files) == ["src/triage/scaling.py → src/triage/kernel.py → candidate"]


def test_a_string_that_only_looks_like_a_module_is_none(chains):
    assert chains("train.py", files={"train.py": "", "src/triage/scaling.py": "f = 'train.csv'; g = 'train'\n"}) == []


def test_ignored_but_tracked_files_are_followed(chains):
    files = {
        ".gitignore": "vendored/\n",
        ".ignore": "src/\n",
        "src/triage/scaling.py": "import vendored.deep\nimport dist.built\n",
        "vendored/deep.py": "import leaf\n",
        "dist/built.py": "import leaf2\n",
        "leaf.py": "",
        "leaf2.py": "",
        "ruff.toml": "exclude = ['*.py']\n",
    }
    tail = "src/triage/scaling.py → src/triage/encoding.py → src/triage/kernel.py → candidate"
    assert chains("leaf.py", "leaf2.py", files=files) == [
        f"leaf.py → vendored/deep.py → {tail}",
        f"leaf2.py → dist/built.py → {tail}",
    ]


def test_one_name_in_two_projects_means_the_importers_own(chains, make_charter):
    files = {
        f"services/{s}/app/{name}": text
        for s in "abc"
        for name, text in {"__init__.py": "", "run.py": "import app.x\n", "x.py": ""}.items()
    }
    charter = make_charter(candidate=candidate("services.c.app.run:f"), baselines=())
    assert "services/c/app/x.py → services/c/app/run.py → candidate" in chains(
        "services/c/app/x.py", files=files, charter=charter
    )
    assert chains("services/a/app/x.py", files=files, charter=charter) == []


def test_an_entrypoint_under_another_root(chains, make_charter):
    files = {"services/a/lib/deeper/kern.py": "from deeper import leaf\n", "services/a/lib/deeper/leaf.py": ""}
    charter = make_charter(candidate=candidate("deeper.kern:f"), baselines=())
    assert chains("services/a/lib/deeper/leaf.py", files=files, charter=charter) == [
        "services/a/lib/deeper/leaf.py → services/a/lib/deeper/kern.py → candidate"
    ]


def test_a_baseline_from_an_installed_library_has_no_files(chains, make_charter):
    charter = make_charter(baselines=(Baseline(name="classical", estimator="sklearn.svm:SVC"),))
    assert chains("src/other/report.py", "README.md", charter=charter) == []


def test_callables_among_the_options_are_entrypoints(chains, make_charter):
    assert chains("src/other/report.py", charter=make_charter(candidate=candidate(step={"call": "other.report:run"}))) == [
        "src/other/report.py → candidate"
    ]


@pytest.mark.parametrize("changed", ["README.md", "src/other/report.py"])
def test_an_entrypoint_that_is_nowhere_counts_as_reached(tree, make_change, make_charter, changed):
    reach = detect(tree(), make_change(changed), [make_charter(candidate=candidate("triage.gone:f"))])
    assert [pilot.chains for pilot in reach.pilots] == [("triage.gone:f (not found) → candidate",)]
    assert reach.notes == (
        "triage: the module of `triage.gone:f` (candidate) is not in the repository; the change counts as reaching it",
    )


def test_a_deleted_entrypoint_counts_as_reached_though_a_copy_is_installed(tree, make_change, make_charter):
    charter = make_charter(candidate=candidate("sklearn.kernel:f"), baselines=())
    assert detect(tree(), make_change("README.md"), [charter]).pilots == ()  # control: it looks installed
    reach = detect(tree(), make_change(deleted=("src/sklearn/kernel.py",)), [charter])
    assert [pilot.chains for pilot in reach.pilots] == [("sklearn.kernel:f (not found) → candidate",)]


@pytest.mark.parametrize(
    ("imports", "deleted"),
    [
        ("import triage.gone", "src/triage/gone.py"),
        ("from triage import gone", "src/triage/gone.py"),
        ("from . import gone", "src/triage/gone.py"),
        ("from .gone import f", "src/triage/gone.py"),
        ("from triage.gone.sub import f", "src/triage/gone/__init__.py"),
        ("import top", "top.py"),
        ("import ns.gone", "src/ns/gone/__init__.py"),
        ("import importlib\nimportlib.import_module(f'triage.plugins.{name}')", "src/triage/plugins/a.py"),
    ],
)
def test_a_deleted_module_that_is_still_imported(chains, imports, deleted):
    files = {"src/triage/encoding.py": f"{imports}\n"}
    assert chains(deleted=(deleted,), files=files) == [f"{deleted} → src/triage/encoding.py → src/triage/kernel.py → candidate"]


def test_a_deleted_parent_package(tree, make_change, make_charter):
    root = tree()
    (root / "src/triage/__init__.py").unlink()
    reach = detect(root, make_change(deleted=("src/triage/__init__.py",)), [make_charter(baselines=())])
    assert reach.pilots[0].chains == ("src/triage/__init__.py → src/triage/kernel.py → candidate",)


@pytest.mark.parametrize(
    "deleted", ["src/other/gone.py", "src/other/scaling.py", "tests/triage.py", "gone/__init__.py", "__init__.py"]
)
def test_a_deleted_module_that_nothing_imports(chains, deleted):
    assert chains(deleted=(deleted,)) == []


def test_a_renamed_module_reaches_by_both_names(chains):
    files = {"src/triage/encoding.py": "from .scales import f\n", "src/triage/scales.py": ""}
    assert chains("src/triage/scales.py", deleted=("src/triage/scaling.py",), files=files) == [
        "src/triage/scales.py → src/triage/encoding.py → src/triage/kernel.py → candidate"
    ]


@pytest.mark.parametrize("name", ["fast.so", "fast.cpython-313-x86_64-linux-gnu.so", "fast.pyx", "fast.pyd"])
def test_a_compiled_module(chains, name):
    files = {"src/triage/encoding.py": "from triage import fast\n", f"src/triage/{name}": "", f"src/other/{name}": ""}
    tail = "src/triage/encoding.py → src/triage/kernel.py → candidate"
    assert chains(f"src/triage/{name}", f"src/other/{name}", files=files) == [f"src/triage/{name} → {tail}"]


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("open('tables/angles.json')", "tables/angles.json"),
        ("open('../tables/angles.json')", "tables/angles.json"),
        ("Path(__file__).parent / 'angles.json'", "src/triage/angles.json"),
        ("Path('tables') / 'angles.json'", "tables/angles.json"),
        ('runpy.run_path("scripts/step.py")', "scripts/step.py"),
    ],
)
def test_a_file_that_the_code_names(chains, code, named):
    files = {"src/triage/encoding.py": f"{code}\n", named: ""}
    assert chains(named, files=files) == [f"{named} → src/triage/encoding.py → src/triage/kernel.py → candidate"]


def test_a_file_of_the_same_name_elsewhere_is_another(chains):
    files = {"src/triage/encoding.py": "Path('tables') / 'angles.json'; open('x/beta.json')\n"}
    assert chains("src/other/angles.json", "src/other/beta.json", files=files) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def f(:\n", "cannot be parsed"),
        ("import importlib\nimportlib.import_module(name)\n", "imports a module whose name is computed (line 2)"),
        ("import sys\nsys.path.insert(0, 'lib')\n", "uses sys.path (line 2)"),
    ],
)
def test_imports_that_cannot_be_known_count_as_reached(tree, make_change, make_charter, text, reason):
    root = tree({"src/triage/scaling.py": text})
    reach = detect(root, make_change("src/other/report.py", "docs.json"), [make_charter(baselines=())])
    tail = "src/triage/scaling.py → src/triage/encoding.py → src/triage/kernel.py → candidate"
    assert reach.pilots[0].chains == (f"src/other/report.py (possibly) → {tail}",)
    assert reach.notes == (f"triage: src/triage/scaling.py {reason}, so every changed Python file counts as imported by it",)
    # What is no Python cannot be imported.
    assert detect(root, make_change("docs.json"), [make_charter(baselines=())]) == Reach(pilots=())


def test_a_syntax_error_off_the_path_is_nothing(chains):
    assert chains("src/other/report.py", files={"src/other/report.py": "def f(:\n"}) == []


def test_an_incomplete_list_of_changes_counts_as_reached(tree, make_change, make_charter):
    reach = detect(tree(), make_change(complete=False), [make_charter()])
    assert [pilot.chains for pilot in reach.pilots] == [("(incomplete list of changes) → candidate",)]
    assert reach.notes == ("triage: git could not list every changed file; the change counts as reaching it",)


def test_a_crash_of_ruff_counts_as_reached(tree, make_change, make_charter, monkeypatch):
    monkeypatch.setattr("qgate.changes.ruff._binary", lambda: "/bin/false")
    reach = detect(tree(), make_change("src/other/report.py"), [make_charter(baselines=())])
    assert [pilot.chains for pilot in reach.pilots] == [("(unknown imports) → candidate",)]
    assert reach.notes == ("triage: ruff analyze graph ended with exit code 1; the change counts as reaching it",)


def test_a_linked_directory_has_two_names(tree, make_change, make_charter):
    root = tree({"src/triage/encoding.py": "from triage.linked import real\n", "shared/real.py": "", "elsewhere/real.py": ""})
    (root / "src/triage/linked").symlink_to("../../shared")
    tail = "src/triage/linked/real.py → src/triage/encoding.py → src/triage/kernel.py → candidate"
    reach = detect(root, make_change("shared/real.py", "src/triage/linked", "elsewhere/real.py"), [make_charter(baselines=())])
    assert reach.pilots[0].chains == (f"shared/real.py → {tail}", f"src/triage/linked → {tail}")


def test_a_link_that_leads_outside_is_not_read(tree, make_change, make_charter, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret.py"
    outside.write_text("import pennylane\nimport other.report\n")
    root = tree({"src/triage/encoding.py": "from triage import linked\n"})
    (root / "src/triage/linked.py").symlink_to(outside)
    reach = detect(root, make_change("src/triage/linked.py"), [make_charter()])
    assert reach.pilots[0].chains == ("src/triage/linked.py → src/triage/encoding.py → src/triage/kernel.py → candidate",)
    assert detect(root, make_change("src/triage/linked.py"), []) == Reach(pilots=())


def submodule(path, status=FileStatus.MODIFIED):
    return ChangedFile(path=path, status=status, submodule=True)


def test_submodules(tree, make_change, make_charter):
    root = tree({"src/triage/encoding.py": "import sub.lib\n", "sub/lib.py": "", "checked-out/x.py": ""})
    (root / "absent").mkdir()
    files = (submodule("absent"), submodule("checked-out"), submodule("sub"))
    reach = detect(root, type(make_change())(base="b", head="a", files=files), [make_charter(baselines=())])
    assert reach.pilots[0].chains == (
        "absent (submodule, not checked out) → candidate",
        "sub → sub/lib.py → src/triage/encoding.py → src/triage/kernel.py → candidate",
    )
    assert reach.notes == ("triage: submodule absent is not checked out; the change counts as reaching it",)


def test_odd_names_are_ordinary(tree, make_change, make_charter):
    names = ("-dash.py", "q\"uo'te.py", "new\nline.py", "ü.py")
    root = tree(dict.fromkeys(names, "import qiskit\n"))
    reach = detect(root, make_change(*names), [make_charter(paths=("/-dash.py",))])
    assert [found.path for found in reach.uncovered] == sorted(names[1:])
    assert [pilot.chains for pilot in reach.pilots] == [("-dash.py → paths",)]


def test_notebooks(tree, make_change, make_charter):
    def notebook(*lines):
        cell = {"cell_type": "code", "source": list(lines), "metadata": {}, "outputs": [], "execution_count": None}
        return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)

    # A notebook that uses the pilot is no part of it; one with quantum code of its own is uncovered.
    root = tree(
        {"a.ipynb": notebook("%matplotlib inline\n", "import triage.kernel\n"), "b.ipynb": notebook("!ls\n", "import cirq\n")}
    )
    reach = detect(root, make_change("a.ipynb", "b.ipynb"), [make_charter()])
    assert reach == Reach(pilots=(), uncovered=(Uncovered(path="b.ipynb", library="Cirq", line=7),))
    assert (root / "b.ipynb").read_text().splitlines()[6].strip() == r'"import cirq\n"'


def test_quantum_code_that_a_charter_covers_is_not_uncovered(tree, make_change, make_charter):
    files = dict.fromkeys(["src/triage/scaling.py", "extra/in_paths.py", "tests/test_kernel.py"], "import qiskit_aer\n")
    reach = detect(tree(files), make_change(*files), [make_charter(paths=("extra/",))])
    assert [(found.path, found.library) for found in reach.uncovered] == [("tests/test_kernel.py", "Qiskit")]


def test_deleted_quantum_code_is_not_uncovered(tree, make_change):
    assert detect(tree(), make_change(deleted=("src/other/vqe.py",)), []) == Reach(pilots=())


def test_prose_alone_does_not_run_ruff(tree, make_change, make_charter, monkeypatch):
    def never(*_):
        raise AssertionError

    monkeypatch.setattr("qgate.changes.imports.analyse", never)
    assert detect(tree(), make_change("README.md", "docs/a.rst"), [make_charter()]) == Reach(pilots=())
    with pytest.raises(AssertionError):  # control
        detect(tree(), make_change("src/other/report.py"), [make_charter()])


def test_starts_without_heavy_libraries():
    code = "import sys, qgate.changes.reach, qgate.changes.diff, qgate.changes.tree\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert {"numpy", "scipy", "sklearn", "pennylane", "pathspec", "requests", "yaml"} & set(loaded) == set()
