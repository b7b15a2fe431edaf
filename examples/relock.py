"""Write each example's `requirements.lock`: the pins of qgate's own runtime that the example needs, hashes and all.

The demo and the tests measure the examples in qgate's environment, so both must agree on every version. Run it after
`requirements/runtime.lock` has changed: `python examples/relock.py`.
"""

import re
from pathlib import Path

HERE = Path(__file__).parent
RUNTIME = HERE.parent / "requirements" / "runtime.lock"
EXAMPLES = ("calibrated-iris", "digit-sorter", "event-timetable", "tumour-triage", "wine-cultivars")
DIRECT = ("numpy", "pennylane", "pennylane-lightning", "scikit-learn")
HEADER = "# The versions that this pilot is measured with, pinned by hash: pip install --require-hashes -r requirements.lock\n"

_PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==\S.*(?:\n    --hash=.*)+", re.MULTILINE)
_VIA = re.compile(r"\n    # via(?P<parents>(?: .*|(?:\n    #   .*)+))")


def required(runtime: str, direct: tuple[str, ...]) -> str:
    """Return the pins of `direct` and of what they need, in the order of `runtime`; its `# via` notes say what needs a pin."""
    pins = [(pin["name"], _parents(runtime, pin.end()), pin[0]) for pin in _PIN.finditer(runtime)]
    wanted = set(direct)
    while added := {name for name, parents, _ in pins if parents & wanted} - wanted:
        wanted |= added
    return HEADER + "".join(f"{text}\n" for name, _, text in pins if name in wanted)


def _parents(runtime: str, end: int) -> set[str]:
    via = _VIA.match(runtime, end)
    return set(re.findall(r"[a-z0-9-]+", via["parents"])) if via else set()


def main() -> None:
    """Write the lock of each example."""
    lock = required(RUNTIME.read_text(), DIRECT)
    for example in EXAMPLES:
        (HERE / example / "requirements.lock").write_text(lock)


if __name__ == "__main__":
    main()
