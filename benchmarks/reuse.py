"""What a cache of measurements saves: the samples' pull requests that pass, gated twice with one cache.

    python benchmarks/reuse.py [--write docs/reuse.md]

Processor time of the whole command with all its processes, first with an empty cache and then with what that run kept.
`--write` replaces the table between the markers of the document.
"""

import argparse
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from qgate.demo import examples, make_repository

BEGIN, END = "<!-- reuse: begin -->", "<!-- reuse: end -->"
PULL = "good-refactor"
PILOTS = {"digit-sorter": "estimator", "wine-cultivars": "kernel", "tumour-triage": "circuit", "event-timetable": "qubo"}


def run(repository: Path, cache: Path) -> float:
    """Processor seconds of one run, whose verdict must be a pass."""
    before = _spent()
    options = ["--base", "main", "--head", "pull", "--out", str(repository / ".qgate/run"), "--cache", str(cache)]
    subprocess.run([Path(sys.executable).with_name("qgate"), "run", *options], cwd=repository, check=True, capture_output=True)
    return _spent() - before


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def rows() -> Iterator[str]:
    """A line of the table for each pilot."""
    for pilot, kind in PILOTS.items():
        with TemporaryDirectory(prefix="qgate-reuse-") as scratch:
            make_repository(examples() / pilot, PULL, Path(scratch, "repository"))
            cold, warm = (run(Path(scratch, "repository"), Path(scratch, "cache")) for _ in range(2))
        yield f"| `{pilot}` (`{kind}`) | {cold:.1f} s | {warm:.1f} s | **{cold / warm:.1f}** |"


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, help="a document with the markers")
    arguments = parser.parse_args()
    text = "\n".join(["| pilot | cold | warm | cold ÷ warm |", "|---|--:|--:|--:|", *rows()])
    print(text)
    if arguments.write:
        before, rest = arguments.write.read_text(encoding="utf-8").split(BEGIN)
        arguments.write.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
