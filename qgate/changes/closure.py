"""A pilot's dependency closure: the files that running an entrypoint may execute, and by which imports."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qgate.changes.imports import ImportGraph

ARROW = " → "


@dataclass(frozen=True, kw_only=True)
class Closure:
    """The files that an entrypoint needs, the nearest first.

    `importers` gives the file that each was first found from, by the fewest imports (None: the entrypoint's own); `end` is the
    last word of every chain (`candidate`, `baseline classical`).
    """

    end: str
    importers: Mapping[str, str | None]

    def chain(self, path: str, *before: str) -> str:
        """The shortest chain from a file of the closure to the pilot, led by what reaches that file."""
        steps = list(before)
        step: str | None = path
        while step is not None:
            steps.append(step)
            step = self.importers[step]
        return ARROW.join([*steps, self.end])


def closure_of(graph: ImportGraph, entries: Iterable[str], end: str) -> Closure:
    """Follow the imports from the entrypoint's files: breadth first and in sorted order, so that chains are short and stable."""
    importers: dict[str, str | None] = dict.fromkeys(sorted(entries))
    frontier = list(importers)
    while frontier:
        found: dict[str, str | None] = {}
        for importer, imported in graph.dependencies(frontier).items():
            for path in imported:
                if path not in importers:
                    found.setdefault(path, importer)
        importers.update(found)
        frontier = list(found)
    return Closure(end=end, importers=importers)
