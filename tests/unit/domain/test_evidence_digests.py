"""A cell's digest follows its content, not the way numpy happens to hold it."""

from dataclasses import replace

import numpy as np
import pytest

from qgate.domain.charter import Shots
from qgate.domain.evidence import Cell, CellKey, InputFile, PilotEvidence, answers_digest, cell_digest, predictions_digest

KEY = CellKey(role="candidate", split="validation")


def cell(predictions, scores=None, kind=None):
    return Cell(key=KEY, predictions=np.asarray(predictions), scores=scores, score_kind=kind)


def test_integer_width_and_layout_do_not_matter():
    wide = np.array([[0, 1], [1, 0], [1, 1]], dtype=np.int64)[:, 0]
    assert cell_digest(cell(wide)) == cell_digest(cell(np.array([0, 1, 1], dtype=np.int8)))


@pytest.mark.parametrize(
    "other",
    [
        cell([0, 1, 0]),
        cell([[0, 1, 1]]),
        cell([0.0, 1.0, 1.0]),
        cell(["0", "1", "1"]),
        cell([0, 1, 1], np.array([0.1, 0.9, 0.8]), "probability"),
    ],
    ids=["label", "shape", "kind of number", "text", "scores"],
)
def test_any_difference_in_content_is_another_digest(other):
    assert cell_digest(other) != cell_digest(cell([0, 1, 1]))


def test_text_labels_are_told_apart_where_they_join():
    assert cell_digest(cell(["ab", "c"])) != cell_digest(cell(["a", "bc"]))


def test_a_last_bit_of_a_score_changes_the_cell_but_not_its_predictions():
    scores = np.array([0.25, 0.75])
    before, after = (cell([0, 1], s, "probability") for s in (scores, np.nextafter(scores, 1)))
    assert cell_digest(before) != cell_digest(after)
    assert predictions_digest(before) == predictions_digest(after)


def test_objects_have_no_digest():
    with pytest.raises(TypeError, match="predictions of type object have no canonical form"):
        cell_digest(cell(np.array([object()])))


def test_the_last_level_decides_with_every_seed():
    shots = Shots(schedule=(100, 1000), seeds=(1, 2))
    assert shots.planned == ((100, 1), (100, 2), (1000, 1), (1000, 2))
    assert shots.deciding == ((1000, 1), (1000, 2))


def test_without_a_schedule_the_seeds_alone_are_planned():
    assert Shots(seeds=(7,)).deciding == ((None, 7),)
    assert Shots().planned == ((None, None),)


def test_the_digest_that_a_waiver_names_follows_what_was_read_and_answered():
    def pilot(**fields):
        cell = Cell(key=CellKey(role="candidate", split="validation"), predictions=np.array([0, 1]), scores=np.array([0.1, 0.9]))
        given = {"pilot": "p", "cells": (cell,), "truth": {"validation": np.array([0, 1])}, "tables": {"a/b": np.array([1.0])}}
        return PilotEvidence(**(given | fields))

    same = answers_digest(pilot())
    cell = pilot().cells[0]
    rounded = replace(cell, scores=np.nextafter(cell.scores, 1.0))
    assert answers_digest(pilot(cells=(rounded,), facts={"sandbox": {}}, timings={"candidate": 1.0})) == same
    changed = (
        {"cells": (replace(cell, predictions=np.array([1, 1])),)},
        {"cells": (replace(cell, scores=np.array([0.1, 0.91])),)},
        {"cells": (replace(cell, scores=None),)},
        {"cells": ()},
        {"truth": {"validation": np.array([1, 1])}},
        {"tables": {"a/b": np.array([2.0])}},
        {"inputs": (InputFile(role="data", path="v.npz", declared_sha256=None, sha256="a" * 64),)},
    )
    assert len({same, *(answers_digest(pilot(**fields)) for fields in changed)}) == len(changed) + 1
