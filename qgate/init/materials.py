"""What the parts of a drafted charter are made of."""

from collections.abc import Sequence
from dataclasses import dataclass

from qgate.charter.document import Document
from qgate.init.choices import Choices, Question
from qgate.init.flags import Flags
from qgate.init.inspection import Inspection, Seen
from qgate.init.yaml_text import Entry


@dataclass(frozen=True, kw_only=True, eq=False)
class Materials:
    """What the sections are made of: flags, what was seen, the fragment (or an empty document), and the choices so far."""

    flags: Flags
    seen: Inspection
    fragment: Document
    choices: Choices

    def has(self, *key: str) -> bool:
        """Whether the fragment says something there, so that nothing is to be added."""
        return self.fragment.get(*key) is not None

    def entry(self, key: str, *, under: str, question: Question, given: str | None, seen: Sequence[Seen] = ()) -> list[Entry]:
        """A text of `under`, unless the fragment has it."""
        if self.has(under, key):
            return []
        return [Entry(key=key, value=self.choices.pick(question, given, seen))]
