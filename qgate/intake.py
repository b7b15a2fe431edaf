"""What is read before anything is measured: the change, the charters, the head's files, and what is reached.

Light on purpose: `qgate detect` and `qgate validate` end here, and so does a change that reaches nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from qgate.changes.behind import Stricter, stricter
from qgate.changes.charters import CharterSource, FoundCharters, Side, below, find_charters
from qgate.changes.closure import ARROW
from qgate.changes.content import content_digest
from qgate.changes.diff import find_change
from qgate.changes.fresh import fetched_paths, take_fetched
from qgate.changes.git import Repository
from qgate.changes.reach import detect
from qgate.changes.ruler import Sides, ruler_changes
from qgate.changes.tree import head_tree
from qgate.domain.change import Change, PilotReach, Reach
from qgate.domain.scope import Scope, SourcedCharter
from qgate.domain.verdict import Verdict
from qgate.errors import CharterError, UsageError
from qgate.evidence.sealing import sealed
from qgate.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The repository at hand: the change as seen from the working directory, the charters, the head's files on disk.

    `stricter` are the charters of the base branch's end that ask for more than those that judge. `every_pilot` is True where
    nothing was changed and all are gated; `fetched` are then the files that the workspace has otherwise than the commit.
    """

    repository: Repository
    change: Change
    head: str
    found: FoundCharters
    tree: Path
    today: date
    pull_request: str = ""
    stricter: tuple[Stricter, ...] = ()
    every_pilot: bool = False
    fetched: tuple[str, ...] = ()


@contextmanager
def opened(settings: Settings) -> Iterator[Opened]:
    """Everything that is read from git, with the head's files on disk for as long as the block lasts."""
    repository = Repository(settings.repository)
    whole = find_change(repository, base=settings.base, head=settings.head)
    source = CharterSource(named=settings.charters, prefix=settings.prefix, own=settings.own_charter)
    tip = repository.resolve(settings.base or repository.default_branch())
    found = find_charters(repository, whole, source, today=settings.today)
    change = below(whole, settings.prefix)
    base, after = (Side(repository, commit, settings.prefix) for commit in (whole.base, whole.head))
    ruler = ruler_changes(Sides(base=base, head=after, change=change), found.charters)
    head = whole.head or f"worktree:{repository.worktree_digest()}"
    with head_tree(repository, whole.head) as tree:
        here = tree / settings.prefix
        fetched = _fetched(settings, here, found.charters)
        charters = tuple(_sealed(sourced, here, settings.pull_request) for sourced in found.charters)
        yield Opened(
            repository=repository,
            change=change,
            head=head,
            found=replace(found, charters=charters, changes=(*found.changes, *ruler)),
            tree=here,
            today=settings.today,
            pull_request=settings.pull_request,
            stricter=stricter(repository, whole, source, tip),
            every_pilot=settings.every_pilot,
            fetched=fetched,
        )


def _fetched(settings: Settings, tree: Path, charters: tuple[SourcedCharter, ...]) -> tuple[str, ...]:
    workspace = settings.repository / settings.prefix
    if not settings.every_pilot or tree == workspace:
        return ()
    return take_fetched(workspace, tree, fetched_paths(sourced.charter for sourced in charters))


def _sealed(sourced: SourcedCharter, root: Path, pull_request: str) -> SourcedCharter:
    if not sourced.charter.shots.sealed:
        return sourced
    return sealed(replace(sourced, content_sha256=content_digest(root, sourced.charter)), pull_request)


def find_scope(run: Opened) -> Scope:
    """What the change reaches, and who judges it.

    Raises:
        CharterError: a charter is invalid; its problems are in `run.found`.
        UsageError: the base branch has a stricter charter for what is reached than the commit where the change began.
    """
    scope = scope_of(run)
    behind = {one.charter.path: one.what for one in run.stricter}
    late = detect(run.tree, run.change, [one.charter for one in run.stricter]).pilots if behind else ()
    if late:
        told = "; ".join(f"{pilot.charter} ({behind[pilot.charter]})" for pilot in late)
        raise UsageError(
            f"the base branch has stricter charters than the commit where this change began: {told}\n"
            "  fix: merge the base branch into this one, or rebase it, and run again"
        )
    return scope


def scope_of(run: Opened) -> Scope:
    """As `find_scope`, wherever the change began.

    Raises:
        CharterError: a charter is invalid; its problems are in `run.found`.
    """
    if run.found.invalid:
        raise CharterError("no gate was evaluated: the charter is invalid")
    charters = run.found.charters
    reach = _all_of(charters) if run.every_pilot else detect(run.tree, run.change, [c.charter for c in charters])
    return Scope(
        base=run.change.base,
        head=run.head,
        reach=reach,
        charters=charters,
        notes=(*run.found.notes, *(f"`{path}` is what the workflow fetched, not the commit's." for path in run.fetched)),
        charter_changes=run.found.changes,
        today=run.today if any(c.charter.waivers or c.charter.rollback.rehearsed for c in charters) else None,
        pull_request=run.pull_request,
    )


def _all_of(charters: tuple[SourcedCharter, ...]) -> Reach:
    chain = f"the default branch as it is{ARROW}every pilot"
    return Reach(pilots=tuple(PilotReach(pilot=c.charter.pilot, charter=c.charter.path, chains=(chain,)) for c in charters))


def nothing_reached(scope: Scope) -> Verdict:
    """The verdict where there is nothing to judge but quantum code without a charter."""
    return Verdict(
        base=scope.base,
        head=scope.head,
        uncovered=scope.reach.uncovered,
        notes=(*scope.notes, *scope.reach.notes),
        charter_changes=scope.charter_changes,
    )
