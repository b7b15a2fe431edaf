from qgate.init.definitions import Definitions, Signature, module_name


def definitions_of(tmp_path, files):
    for path, text in files.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return Definitions(tmp_path, sorted(files))


def test_modules_are_named_as_the_worker_finds_them():
    names = {
        "app.py": "app",
        "src/app/core.py": "app.core",
        "app/__init__.py": "app",
        "src/app/__init__.py": "app",
        "training/train.py": "training.train",
        "my-app/core.py": None,
        "app/tests/fakes.py": None,
        "test_app.py": None,
        "conftest.py": None,
        "notes.md": None,
        "__init__.py": None,
    }
    assert {path: module_name(path) for path in names} == names


def test_a_name_is_followed_to_where_it_is_defined(tmp_path):
    files = {
        "app/__init__.py": "from .models import build as make\n",
        "app/models.py": "import qml_helpers as q\n\n\ndef build():\n    return q.layer()\n",
    }
    found = definitions_of(tmp_path, files).find("app:make")
    assert (found.entrypoint, found.place) == ("app.models:build", "app/models.py:4")


def test_what_a_function_reaches_goes_through_helpers_and_module_level_names(tmp_path):
    files = {
        "app/device.py": "import pennylane as qml\n\ndev = qml.device('lightning.qubit')\n",
        "app/helper.py": "from . import device\n\n\ndef run():\n    return device.dev\n",
        "app/main.py": "from app.helper import run\n\n\ndef build():\n    return run()\n\n\ndef other():\n    return 1\n",
    }
    definitions = definitions_of(tmp_path, files)
    assert "pennylane.device" in definitions.reached(definitions.find("app.main:build"))
    assert definitions.reached(definitions.find("app.main:other")) == frozenset()


def test_names_that_import_each_other_end(tmp_path):
    files = {"a.py": "from b import x\n", "b.py": "from a import x\n"}
    assert definitions_of(tmp_path, files).find("a:x") is None


def test_a_file_that_does_not_parse_or_leaves_the_repository_defines_nothing(tmp_path):
    (tmp_path / "link.py").symlink_to("/etc/hostname")
    assert list(definitions_of(tmp_path, {"broken.py": "def f(:\n"})) == []
    assert list(Definitions(tmp_path, ["link.py", "gone.py"])) == []


def test_no_code_is_executed(tmp_path):
    marker = tmp_path / "ran"
    definitions = definitions_of(tmp_path, {"evil.py": f"open({str(marker)!r}, 'w')\n\n\ndef f():\n    pass\n"})
    assert [d.name for d in definitions] == ["f"]
    assert not marker.exists()


def test_signatures_of_functions_and_classes(tmp_path):
    text = (
        "def f(x, weights, scale=1, *, layers, seed=None):\n    pass\n\n\n"
        "class C:\n    def __init__(self, a, *, b=2):\n        pass\n\n\n"
        "class D:\n    pass\n"
    )
    definitions = definitions_of(tmp_path, {"m.py": text})
    found = {name: Signature(definitions.find(f"m:{name}").syntax) for name in "fCD"}
    assert {n: (s.positional, sorted(s.names), s.required) for n, s in found.items()} == {
        "f": (("x", "weights", "scale"), ["layers", "scale", "seed", "weights", "x"], ("x", "weights", "layers")),
        "C": (("a",), ["a", "b"], ("a",)),
        "D": ((), [], ()),
    }
