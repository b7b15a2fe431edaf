"""The stable codes of a charter's problems; docs/charter.md shows this table."""

from enum import StrEnum
from typing import Self


class Code(StrEnum):
    """One kind of problem; `meaning` is the sentence that the reference prints."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        """A member is its code, and carries its meaning."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    # The file
    TOO_LARGE = "too-large", "The file is larger than 1 MiB; nothing of it is read."
    NOT_UTF8 = "not-utf8", "The file is not UTF-8 text."
    CHARACTER = "character", "A control, line-separator or text-direction character, which hides what the file says."
    EMPTY = "empty", "The file holds no YAML value."
    NOT_A_MAPPING = "not-a-mapping", "The file's top level is a list or a single value instead of keys and values."
    DOCUMENTS = "documents", "The file holds more than one YAML document."
    # YAML
    TAB = "tab", "A tab indents a line; YAML indents with spaces only."
    SYNTAX = "yaml-syntax", "The text is not YAML; nothing after the position is read."
    DUPLICATE_KEY = "duplicate-key", "A mapping holds the same key twice."
    ANCHOR = "anchor", "A YAML anchor (`&name`)."
    ALIAS = "alias", "A YAML alias (`*name`)."
    MERGE_KEY = "merge-key", "A YAML merge key (`<<`)."
    TAG = "tag", "A YAML tag (`!name`), which asks the reader to build an object."
    KEY_NOT_TEXT = "key-not-text", "A key that is a number, a boolean, nothing, a list or a mapping."
    TOO_DEEP = "too-deep", "Values are nested more than 32 levels deep."
    AMBIGUOUS = "ambiguous", "A bare value that YAML 1.1 and YAML 1.2 read differently, such as `no`, `1:30` or `010`."
    NOT_FINITE = "not-finite", "A number that is not finite (`.nan`, `.inf`)."
    NUMBER = "number", "A number too long or too large to compute with."
    # The schema
    UNKNOWN_KEY = "unknown-key", "A key that has no meaning at this place."
    MISSING_KEY = "missing-key", "A required key is absent."
    WRONG_TYPE = "wrong-type", "A value of the wrong kind: text for a number, a list for a mapping."
    WRONG_CHOICE = "wrong-choice", "A value outside a fixed list of choices."
    WRONG_FORM = "wrong-form", "Text that is not written as its key demands: an email address, a path, a digest, an entrypoint."
    OUT_OF_RANGE = "out-of-range", "A number outside its range."
    WRONG_COUNT = "wrong-count", "Too few or too many items or characters."
    ONE_OF = "one-of", "None, or more than one, of several keys of which exactly one is needed."
    # What a schema cannot say
    MISSING_BINDING = "missing-binding", "A gate needs a part of the charter that is not declared."
    UNKNOWN_SLICE = "unknown-slice", "A gate about a slice that its data does not declare."
    SLICE_BOUNDS = "slice-bounds", "A slice of a column without `min`, `max` or `equals`, so that it would take every row."
    UNKNOWN_METRIC = "unknown-metric", "A gate whose name is no metric that qgate can measure."
    DUPLICATE_GATE = "duplicate-gate", "Two gates with the same name."
    MIN_ABOVE_MAX = "min-above-max", "A gate's `min` is above its `max`, so that nothing could pass."
    UNUSED = "unused", "A key that has no effect beside another key's value."
    WRONG_CANDIDATE = "wrong-candidate", "A gate measures another kind of candidate than the pilot's."
    VAGUE_REMEDIATION = "vague-remediation", "A remediation that names nothing to do."
    IDLE_REMEDIATION = "idle-remediation", "A remediation that sets what is set already, or shots where there are none."
    DUPLICATE_SEED = "duplicate-seed", "The same seed twice: a replicate that repeats another."
    SHOTS_NOT_RISING = "shots-not-rising", "A shot schedule that does not rise from each level to the next."
    SEQUENTIAL = "sequential", "`sequential` where nothing could be saved, or where no error rate would hold."
    UNDERPOWERED = "underpowered", "A gate that its rows and seeds would rarely decide, and that does not acknowledge it."
    DUPLICATE_QUBIT = "duplicate-qubit", "A layout that puts two wires on one qubit."
    DUPLICATE_SPLIT = "duplicate-split", "Two names for one split of the data (`val` and `validation`)."
    UNKNOWN_GATE = "unknown-gate", "A waiver for a gate that the pilot does not have."
    UNKNOWN_PERSON = "unknown-person", "An identity of somebody whom the charter does not name."
    WRONG_DATE = "wrong-date", "A date that no calendar has."
    WAIVER_EXPIRED = "waiver-expired", "A waiver whose day has come."
    UNKNOWN_BASELINE = "unknown-baseline", "The rollback's target names a baseline that is not declared."
    WRONG_PLATFORM = "wrong-platform", "The rollback's traffic names a platform that cannot do its strategy."
    UNKNOWN_SCORER = "unknown-scorer", "The rollback's target records a metric that qgate does not compute."
    PILOT_NAME = "pilot-name", "The pilot has no name, and the file's name cannot serve as one."
    MORE = "more-problems", "There are more problems than are listed."
