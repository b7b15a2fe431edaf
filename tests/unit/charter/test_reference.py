"""docs/charter.md is what its script writes."""

import importlib.util
from pathlib import Path

from qgate.charter.codes import Code

SCRIPT = Path("docs/generate_charter_reference.py")


def test_the_reference_is_up_to_date():
    spec = importlib.util.spec_from_file_location("generate_charter_reference", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert Path("docs/charter.md").read_text(encoding="utf-8") == module.render(), f"run python {SCRIPT}"


def test_the_reference_lists_every_code():
    text = Path("docs/charter.md").read_text(encoding="utf-8")
    assert [code for code in Code if f"| `{code.value}` | {code.meaning} |" not in text] == []
