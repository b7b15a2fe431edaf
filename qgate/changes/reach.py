"""Which pilots a change reaches, by what chain, and which changed quantum code no charter covers.

What cannot be known counts as reached, and a note says why: a skipped gate is the one mistake that nobody would see.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from qgate.changes.closure import ARROW, Closure, closure_of
from qgate.changes.declared import command, declared_files, entrypoints, services
from qgate.changes.imports import ImportGraph, ancestors
from qgate.changes.installed import is_installed
from qgate.changes.links import Links
from qgate.changes.python_source import entrypoint_module, is_python
from qgate.changes.quantum_libraries import quantum_import
from qgate.domain.change import Change, ChangedFile, FileStatus, PilotReach, Reach, Uncovered
from qgate.domain.charter import Charter

# Prose that no program imports: a change of nothing else is answered without the import graph.
_PROSE = (".md", ".rst", ".adoc")

# They decide how a project's imports and requirements resolve; any directory from the entrypoint up to the root counts.
_PACKAGE_CONFIGURATION = {"pyproject.toml", "setup.py", "setup.cfg"}


def detect(root: Path, change: Change, charters: Sequence[Charter]) -> Reach:
    """The pilots that `change` reaches. `root` holds the head's files (`qgate.changes.tree.head_tree`).

    A chain reads from the changed file to the pilot by the fewest imports, and ends in what the pilot has it for: `candidate`,
    `baseline NAME`, `data SPLIT`, `weights`, `lockfile`, `calibration`, `rollback artifact`, `charter`, `lock`,
    `candidate options`, `remediation GATE`, `package configuration`, `paths`.

    Raises:
        UsageError: ruff is not installed.
    """
    if change.complete and not change.files:
        return Reach(pilots=())
    graph = ImportGraph(Path(os.path.realpath(root)))
    surveys = [_PilotSurvey(graph, change, charter) for charter in charters]
    pilots = (PilotReach(pilot=s.charter.pilot, charter=s.charter.path, chains=tuple(s.chains)) for s in surveys if s.chains)
    covered = {path for survey in surveys for path in survey.covered}
    return Reach(
        pilots=tuple(pilots),
        uncovered=tuple(_uncovered(graph.root, change, covered)),
        notes=tuple(dict.fromkeys(note for survey in surveys for note in survey.notes)),
    )


class _PilotSurvey:
    """One pilot's part of the answer: its chains, its notes, and the changed files that its charter is known to cover."""

    def __init__(self, graph: ImportGraph, change: Change, charter: Charter) -> None:
        self.charter = charter
        self.chains: list[str] = []
        self.notes: list[str] = []
        self.covered: set[str] = set()
        self._graph = graph
        self._change = change
        if not change.complete:
            self._assume("(incomplete list of changes)", "candidate", "git could not list every changed file")
        self._closures = list(self._find_closures())
        self._links = {closure.end: Links(graph, closure) for closure in self._closures}
        self._survey()

    def _survey(self) -> None:
        declared = declared_files(self.charter)
        in_paths = self._matched_by_paths()
        for file in self._change.files:
            chains = [f"{file.path}{ARROW}{declared[file.path]}"] if file.path in declared else []
            chains += [chain for closure in self._closures for chain in self._known(file, closure)]
            if not chains and file.path in in_paths:
                chains = [f"{file.path}{ARROW}paths"]
            if chains:
                self.covered.add(file.path)
                self.chains += dict.fromkeys(chains)
            else:
                self._take_unknown(file)

    def _find_closures(self) -> Iterator[Closure]:
        """The closure of each part of the pilot; what has no file in the tree and is no installed library counts as reached."""
        only_prose = all(file.path.endswith(_PROSE) for file in self._change.files)
        for end, names in entrypoints(self.charter).items():
            entries = self._script(command(self.charter), end) if end == "candidate" else []
            for name in names:
                module = entrypoint_module(name)
                files = self._graph.plain_entry_files(module) if module else []
                if files and only_prose:
                    continue
                files = files or (self._graph.entry_files(module) if module and not self._installed(module) else [])
                if not files and not (module and self._installed(module)):
                    self._assume(f"{name} (not found)", end, f"the module of `{name}` ({end}) is not in the repository")
                entries += files
            if entries and not only_prose:
                yield self._closure(entries, end)
        for end, path in services(self.charter).items():
            if (entries := self._script(path, end)) and not only_prose:
                yield self._closure(entries, end)

    def _closure(self, entries: list[str], end: str) -> Closure:
        found = closure_of(self._graph, entries, end)
        if self._graph.failure:
            self._assume("(unknown imports)", end, self._graph.failure)
        return found

    def _script(self, path: str | None, end: str) -> list[str]:
        """The file that an executable's closure starts from; what one that is not Python runs, only `paths` can tell."""
        if path is None:
            return []
        if is_python(path) and (self._graph.root / path).is_file():
            return [path]
        if not self.charter.paths:
            self._assume(path, end, f"what the executable `{path}` runs is not known: list it under `pilot.paths`")
        return []

    def _installed(self, module: str) -> bool:
        return is_installed(self._graph.root, module, self._change)

    def _known(self, file: ChangedFile, closure: Closure) -> Iterator[str]:
        """The chains from the file through a closure, where it is certain that there is one."""
        if file.path in closure.importers:
            yield closure.chain(file.path)
        elif importer := self._links[closure.end].importer(file):
            yield closure.chain(importer, file.path)
        elif self._configures(file.path, closure):
            yield f"{file.path}{ARROW}package configuration"

    def _configures(self, path: str, closure: Closure) -> bool:
        directory, _, name = path.rpartition("/")
        entries = (entry for entry, importer in closure.importers.items() if importer is None)
        return name in _PACKAGE_CONFIGURATION and any(directory in ancestors(entry) for entry in entries)

    def _take_unknown(self, file: ChangedFile) -> None:
        """Count the file as reached where it cannot be ruled out."""
        if file.submodule and not _is_checked_out(self._graph.root / file.path):
            self._assume(f"{file.path} (submodule, not checked out)", "candidate", f"submodule {file.path} is not checked out")
        if not is_python(file.path):
            return
        for closure in self._closures:
            if unknown := self._links[closure.end].unknown:
                through, reason = unknown
                self.chains.append(closure.chain(through, f"{file.path} (possibly)"))
                self._note(f"{through} {reason}, so every changed Python file counts as imported by it")

    def _matched_by_paths(self) -> set[str]:
        if not self.charter.paths:
            return set()
        import pathspec  # noqa: PLC0415 -- 50 ms that only a charter with `paths` needs to pay

        names = [file.path for file in self._change.files]
        try:
            return set(pathspec.GitIgnoreSpec.from_lines(self.charter.paths).match_files(names))
        except ValueError as error:
            self._assume("(unreadable pattern)", "paths", f"`paths` holds a pattern that cannot be read ({error})")
            return set()

    def _assume(self, what: str, end: str, why: str) -> None:
        self.chains.append(f"{what}{ARROW}{end}")
        self._note(f"{why}; the change counts as reaching it")

    def _note(self, text: str) -> None:
        self.notes.append(f"{self.charter.pilot}: {text}")


def _is_checked_out(directory: Path) -> bool:
    return directory.is_dir() and any(directory.iterdir())


def _uncovered(root: Path, change: Change, covered: set[str]) -> Iterator[Uncovered]:
    for file in change.files:
        if file.status != FileStatus.DELETED and file.path not in covered and (found := quantum_import(root, file.path)):
            yield Uncovered(path=file.path, library=found.library, line=found.line)
