"""Where the time of `qgate demo` goes, and what workers forked from preloaded parents save.

    python benchmarks/profile_demo.py [--write docs/performance.md]

The demo runs twice, each time in a process of its own: with an interpreter started for every worker, and as it is. Phases are
timed by wrapping the functions named below; a phase's time is its own, without phases inside it. `--write` replaces the tables
between the markers of the document.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

BEGIN, END = "<!-- demo: begin -->", "<!-- demo: end -->"
TODAY = date(2026, 1, 2)
OWN, FORKED = "own", "forked"
COMMAND, LIBRARIES, OTHER = "importing the command", "importing the judge's libraries", "everything else"
# Phase → the functions, where they are looked up when they are called. The first ones are light, the others need the libraries.
LIGHT = {
    "making the sample repositories (git)": ("qgate.demo.make_repository",),
    "reading the change and the charters (git)": ("qgate.intake.find_change", "qgate.intake.find_charters"),
    "finding what is reached (ruff)": ("qgate.intake.detect",),
    "rendering": ("qgate.pipeline.publish",),
}
HEAVY = {
    "exporting the head for workers (git)": ("qgate.evaluation.export_tree",),
    "starting workers": ("qgate.worker.launch._start",),
    "waiting for workers": ("qgate.worker.launch._watch",),
    "ending workers": ("qgate.worker.launch._end",),
    "reading answers: simulating, sampling, fitting": ("qgate.measure.asking.heard",),
    "under calibrated noise": ("qgate.measure.calibration.under_noise",),
    "judging": ("qgate.evaluation.judge", "qgate.evaluation.judge_pilot"),
    "writing and reading evidence": ("qgate.evaluation.write_evidence", "qgate.evaluation.read_evidence"),
}


@dataclass(kw_only=True)
class Clock:
    """Seconds of wall time by phase; a phase inside another stops the outer's."""

    spent: dict[str, float] = field(default_factory=dict)
    open: list[str] = field(default_factory=lambda: [OTHER])
    since: float = field(default_factory=time.perf_counter)

    def turn(self) -> None:
        """Give what has passed to the innermost phase."""
        now = time.perf_counter()
        self.spent[self.open[-1]] = self.spent.get(self.open[-1], 0.0) + now - self.since
        self.since = now

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        self.turn()
        self.open.append(name)
        try:
            yield
        finally:
            self.turn()
            self.open.pop()

    def wrap(self, phases: Mapping[str, Sequence[str]]) -> None:
        """Time every call of these functions."""
        for name, paths in phases.items():
            for path in paths:
                module, _, attribute = path.rpartition(".")
                setattr(import_module(module), attribute, self._timed(name, getattr(import_module(module), attribute)))

    def _timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **options: Any) -> Any:
            with self.phase(name):
                return function(*arguments, **options)

        return timed


def run_demo(mode: str) -> dict[str, Any]:
    """One demo in this process: wall seconds by phase, CPU seconds by sample, and CPU seconds by process."""
    clock = Clock()
    with clock.phase(COMMAND):
        demo, preload = import_module("qgate.demo"), import_module("qgate.worker.preload")
    clock.wrap(LIGHT)
    _in_order(clock, preload, forked=mode == FORKED)
    samples: dict[str, float] = {}
    with TemporaryDirectory(prefix="qgate-profile-") as scratch:
        began = _cpu(preload, mode)
        for shown in demo.gate_samples(Path(scratch, "demo"), lambda _said: None, today=TODAY):
            assert shown.as_expected, shown.sample
            now = _cpu(preload, mode)
            samples[f"{shown.sample.example}, {shown.sample.pull}"] = sum(now.values()) - sum(began.values())
            began = now
    clock.turn()
    return {"phases": clock.spent, "samples": samples, "cpu": _cpu(preload, mode)}


def _cpu(preload: Any, mode: str) -> dict[str, float]:
    """CPU seconds so far of this process, of its children that have ended, and of the preloaded parents."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = preload.zygote.cache_info().currsize if mode == FORKED else 0
    parents = sum(_cpu_of(preload.zygote(seed).pid) for seed in (0, 1)) if started else 0.0
    return {"judge": time.process_time(), "children": used.ru_utime + used.ru_stime, "parents": parents}


def _in_order(clock: Clock, preload: Any, *, forked: bool) -> None:
    """Import the judge's libraries where the pipeline does, right behind the parents' start; or refuse to start any."""
    begin = preload.begin

    def begun(charters: Any) -> None:
        if forked:
            begin(charters)
        if LIBRARIES not in clock.spent:
            with clock.phase(LIBRARIES):
                import_module("qgate.evaluation")
            clock.wrap(HEAVY)

    def refused(_hash_seed: int) -> None:
        raise preload.NotForkedError("for comparison")

    preload.begin = begun
    if not forked:
        preload.zygote = refused


def _cpu_of(pid: int) -> float:
    """User and system seconds of a living process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown: by sample, by phase, and CPU."""
    own, forked = found[OWN], found[FORKED]
    lines = ["| CPU time, all processes | interpreter for each worker | forked workers | ratio |", "|---|--:|--:|--:|"]
    totals = {mode: sum(one["phases"].values()) for mode, one in found.items()}
    for name, before in own["samples"].items():
        lines.append(_row(name, before, forked["samples"][name]))
    lines.append(_row("**the whole demo**", sum(own["cpu"].values()), sum(forked["cpu"].values())))
    lines.append(_row("the whole demo, wall time", totals[OWN], totals[FORKED]))
    lines += ["", "| phase, wall time | interpreter for each worker | forked workers | share now |", "|---|--:|--:|--:|"]
    for name, seconds in sorted(forked["phases"].items(), key=lambda item: -item[1]):
        before = own["phases"].get(name, 0.0)
        lines.append(f"| {name} | {before:.2f} s | {seconds:.2f} s | {seconds / totals[FORKED]:.0%} |")
    cpu = ", ".join(f"{who} {seconds:.1f} s" for who, seconds in forked["cpu"].items())
    return "\n".join([*lines, "", f"CPU time of forked workers' demo: {cpu} (children: workers, git, ruff)."])


def _row(name: str, before: float, after: float) -> str:
    return f"| {name} | {before:.1f} s | {after:.1f} s | {before / after:.1f} |"


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, help="a document with the markers")
    parser.add_argument("--mode", choices=[OWN, FORKED], help="run one demo in this process and print its times as JSON")
    arguments = parser.parse_args()
    if arguments.mode:
        print(json.dumps(run_demo(arguments.mode)))
        return
    command = [sys.executable, __file__, "--mode"]
    found = {
        mode: json.loads(subprocess.run([*command, mode], check=True, stdout=subprocess.PIPE).stdout) for mode in (OWN, FORKED)
    }
    text = table(found)
    print(text)
    if arguments.write:
        before, rest = arguments.write.read_text(encoding="utf-8").split(BEGIN)
        after = rest.split(END)[1]
        arguments.write.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
