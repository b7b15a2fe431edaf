"""How long `qgate detect` takes on a monorepo of 5,000 Python files, against `ruff analyze graph` on the same tree.

Both are whole processes, from the interpreter's start to its end, in alternating rounds. Usage:

    python benchmarks/detect.py [--files 5000] [--rounds 7] [--command "qgate detect --repo {repo} --base {base} --head {head}"]

Without `--command`, a process does what the command does between its arguments and its output: read the change from git, lay out
the head, ask which pilots are reached.
"""

import argparse
import os
import random
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

RUFF = Path(sys.executable).parent / "ruff"
MODULES_PER_PACKAGE = 25
IMPORTS_PER_MODULE = 5
FUNCTIONS_PER_MODULE = 15
PILOT = "src/pilot/kernel.py"
# The case names what is changed, and whether that reaches the pilot.
CASES = {"prose": False, "off the path": False, "on the path": True, "deep on the path": True}

DETECT = """
import sys
from decimal import Decimal
from pathlib import Path
from qgate.changes.diff import find_change
from qgate.changes.git import Repository
from qgate.changes.reach import detect
from qgate.changes.tree import head_tree
from qgate.domain.charter import Candidate, CandidateKind, Charter, Rollback
repository = Repository(Path(sys.argv[1]))
change = find_change(repository, base=sys.argv[2], head=sys.argv[3])
charter = Charter(
    path=".qgate/pilot.yml", sha256="", pilot="pilot", owner="a@example.com", baselines=(), data={}, gates=(),
    candidate=Candidate(kind=CandidateKind.CIRCUIT, entrypoint="pilot.kernel:feature_map"),
    rollback=Rollback(traffic="t", approver="a@example.com"),
)
with head_tree(repository, change.head) as root:
    reach = detect(root, change, [charter])
print(*(pilot.pilot for pilot in reach.pilots))
"""


def main() -> None:
    """Generate, time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--command", help="a shell-quoted command line with {repo}, {base} and {head}")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qgate-monorepo-") as scratch:
        repo = Path(scratch)
        base, heads = generate(repo, arguments.files)
        for case, head in heads.items():
            git(repo, "checkout", "--quiet", head)
            words = {"repo": str(repo), "base": base, "head": head}
            if arguments.command:
                detect = [word.format(**words) for word in shlex.split(arguments.command)]
            else:
                detect = [sys.executable, "-I", "-c", DETECT, *words.values()]
                assert run(detect, repo).strip() == ("pilot" if CASES[case] else "")
            compare(case, repo, detect, arguments.rounds)


def compare(case: str, repo: Path, detect: Sequence[str], rounds: int) -> None:
    """Time both in turn, so that a busy moment of the machine falls on both."""
    ruff = [str(RUFF), "analyze", "graph", "--isolated"]
    ours, theirs = [], []
    for _ in range(rounds + 1):
        theirs.append(timed(ruff, repo))
        ours.append(timed(detect, repo))
    # The first round warms the page cache.
    a, b = statistics.median(theirs[1:]), statistics.median(ours[1:])
    print(f"{case:>18}: ruff analyze graph {a * 1000:4.0f} ms, detect {b * 1000:4.0f} ms, ratio {b / a:.2f}")


def timed(command: Sequence[str], cwd: Path) -> float:
    """Wall-clock seconds of a whole process."""
    start = time.perf_counter()
    run(command, cwd)
    return time.perf_counter() - start


def run(command: Sequence[str], cwd: Path) -> str:
    """Standard output of a command that succeeds."""
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout


def generate(repo: Path, files: int) -> tuple[str, dict[str, str]]:
    """Write and commit the monorepo; give the base commit, and the head commit of each case."""
    rng = random.Random(1)  # noqa: S311 -- a reproducible tree, no secret
    modules = [f"company{i // 500}/area{i // MODULES_PER_PACKAGE}/module{i}" for i in range(files - 1)]
    for i, module in enumerate(modules):
        # A module needs older ones, mostly of its neighbourhood: closures grow, and stay far from the whole.
        older = {max(0, i - 1 - int(rng.expovariate(1 / 400))) for _ in range(rng.randrange(IMPORTS_PER_MODULE))} if i else set()
        write(repo, f"src/{module}.py", [modules[j] for j in sorted(older)], f"f{i}")
    middle = len(modules) // 2
    write(repo, PILOT, [modules[middle], modules[middle - 7]], "feature_map")
    git(repo, "init", "--quiet")
    base = commit(repo)
    changed = {"prose": "README.md", "off the path": f"src/{modules[-1]}.py", "on the path": f"src/{modules[middle]}.py"}
    changed["deep on the path"] = f"src/{deepest(repo, modules, middle)}.py"
    heads = {}
    for case, path in changed.items():
        git(repo, "checkout", "--quiet", base)
        with (repo / path).open("a") as file:
            file.write("# changed\n")
        heads[case] = commit(repo)
    return base, heads


def deepest(repo: Path, modules: Sequence[str], start: int) -> str:
    """The module that is farthest down the chain of first imports from the pilot's."""
    module = modules[start]
    while imports := [line for line in (repo / f"src/{module}.py").read_text().splitlines() if line.startswith("from company")]:
        module = imports[0].split()[1].replace(".", "/")
    return module


def write(repo: Path, path: str, imports: Sequence[str], name: str) -> None:
    """One module of a hundred lines, with its packages."""
    file = repo / path
    file.parent.mkdir(parents=True, exist_ok=True)
    for package in (file.parent, file.parent.parent):
        if package not in {repo, repo / "src"}:
            (package / "__init__.py").touch()
    lines = ["import json", "import os", "import numpy as np", "from dataclasses import dataclass", ""]
    lines += [f"from {module.replace('/', '.')} import f{module.rpartition('module')[2]}" for module in imports]
    for i in range(FUNCTIONS_PER_MODULE):
        lines += ["", "", f"def {name}_{i}(x, y=1):", f'    """Step {i}."""', "    total = x + y", f"    return total * {i}"]
    file.write_text("\n".join([*lines, "", "", f"def {name}(x):", "    return x", ""]))


def commit(repo: Path) -> str:
    """Commit everything; give the SHA."""
    git(repo, "add", "--all")
    git(repo, "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet", "--allow-empty", "--message", "x")
    return git(repo, "rev-parse", "HEAD")


def git(repo: Path, *arguments: str) -> str:
    """Plain git in the monorepo."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"}
    return subprocess.run(
        ["git", "-C", str(repo), *arguments], check=True, capture_output=True, text=True, env=environment
    ).stdout.strip()


if __name__ == "__main__":
    main()
