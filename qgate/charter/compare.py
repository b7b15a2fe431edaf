"""What a change does to its charter, key by key: loosened, tightened or neutral."""

from typing import Any

from qgate.charter.directions import WHOLES, Edit, default, fits, judged
from qgate.charter.document import Document
from qgate.charter.leaves import GATE, Leaf, cut, leaves, place, plain
from qgate.charter.load import load
from qgate.charter.wording import KeyPath
from qgate.domain.charter_change import CharterChange, Effect
from qgate.domain.source import Position

Leaves = dict[Leaf, tuple[Any, KeyPath]]


def charter_changes(base: bytes, head: bytes | None, path: str) -> tuple[CharterChange, ...]:
    """The changes between two texts of a charter that both are valid; without a head the charter is deleted."""
    if head is None:
        position = Position(path=path, line=1, column=1)
        why, effect = "the next change is not judged at all", Effect.LOOSENED
        return (CharterChange(effect=effect, key="charter", old="there", new=None, why=why, position=position, charter=path),)
    before, after = load(base, path)[0], load(head, path)[0]
    return compare(before, after) if before is not None and after is not None else ()


def compare(base: Document, head: Document) -> tuple[CharterChange, ...]:
    """Every edited key of a valid charter: what loosens first, then in the order of the places in the head."""
    old, new = leaves(base), leaves(head)
    parts = {part for leaf in old.keys() ^ new.keys() for part in _parts(leaf) if _there(part, old) != _there(part, new)}
    outermost = [part for part in parts if not _inside(part, parts)]
    edited = [leaf for leaf in old | new if not _inside(leaf, parts) and plain(_value(leaf, old)) != plain(_value(leaf, new))]
    changes = [_told(leaf, _value(leaf, old), _value(leaf, new), head, new) for leaf in edited]
    changes += [_told(part, _summary(part, old), _summary(part, new), head, new) for part in outermost]
    order = list(Effect)
    return tuple(sorted(changes, key=lambda c: (order.index(c.effect), c.position, c.key)))


def _parts(leaf: Leaf) -> list[Leaf]:
    """The parts of the charter that a key belongs to and that come and go as a whole."""
    return [leaf[:size] for size in range(1, len(leaf)) if any(fits(whole, leaf[:size]) for whole in WHOLES)]


def _there(whole: Leaf, found: Leaves) -> bool:
    return any(leaf[: len(whole)] == whole for leaf in found)


def _inside(leaf: Leaf, parts: set[Leaf]) -> bool:
    return any(leaf[:size] in parts for size in range(1, len(leaf)))


def _value(leaf: Leaf, found: Leaves) -> Any:
    """The value, or what its absence means: a gate without an owner is the pilot's owner's."""
    if leaf in found:
        return found[leaf][0]
    inherits = leaf[:2] == GATE and leaf[3:] == ("owner",)
    return found[("pilot", "owner")][0] if inherits else default(leaf)


def _summary(whole: Leaf, found: Leaves) -> str | None:
    """A part in one line, without its names; None where it is not there."""
    inside = {leaf[len(whole) :]: value for leaf, (value, _) in found.items() if leaf[: len(whole)] == whole}
    shown = [f"{'.'.join(leaf)}: {plain(value)}" for leaf, value in inside.items() if leaf not in (("name",), ("gate",))]
    return ", ".join(shown) if inside else None


def _told(leaf: Leaf, before: Any, after: Any, head: Document, new: Leaves) -> CharterChange:
    warns = leaf[:2] == GATE and _value((*leaf[:3], "on_inconclusive"), new) == "warn"
    effect, why = judged(leaf, Edit(old=before, new=after, warns=warns))
    line, column = place(head, _place_of(leaf, new))
    return CharterChange(
        effect=effect,
        key=_key(leaf),
        old=None if before is None else cut(plain(before)),
        new=None if after is None else cut(plain(after)),
        why=why,
        position=Position(path=head.path, line=line, column=column),
        charter=head.path,
    )


def _place_of(leaf: Leaf, new: Leaves) -> KeyPath:
    """Where the head's document has the key, or what is left of the part that it stood in."""
    for size in range(len(leaf), 0, -1):
        key = next((key for other, (_, key) in new.items() if other[:size] == leaf[:size]), None)
        if key is not None:
            return key[:size]
    return ()


def _key(leaf: Leaf) -> str:
    named = leaf[:2] == GATE and len(leaf) > len(GATE)
    return f"{'.'.join(GATE)}[{leaf[2]}]" + "".join(f".{part}" for part in leaf[3:]) if named else ".".join(leaf)
