"""The action's inputs: defaults, every allowed value, and what a wrong one is told."""

import pytest

from entrypoint.inputs import Inputs, Mode, read_inputs
from qgate.domain.environment import Setup
from qgate.domain.verdict import Decision
from qgate.errors import UsageError

FAIL_ON_IS = (
    "the input `fail-on` holds '{}'\n  fix: list one or more of fail, inconclusive, error, with commas; "
    "for a step that never fails, give it GitHub's `continue-on-error: true`"
)


def test_without_any_variable_every_input_has_its_default():
    assert read_inputs({}) == Inputs(token="")


def test_every_input_is_read():
    environ = {
        "INPUT_BASE": "release",
        "INPUT_CHARTER": " .qgate/a.yml\n\n.qgate/b b.yml \n",
        "INPUT_COMMENT": "false",
        "INPUT_FAIL-ON": "error, fail",
        "INPUT_MODE": "publish",
        "INPUT_OUT": "evidence/",
        "INPUT_SETUP": "locked",
        "INPUT_TOKEN": "ghs_secret\n",
        "INPUT_WORKING-DIRECTORY": "./pilots/triage",
    }
    assert read_inputs(environ) == Inputs(
        token="ghs_secret",
        mode=Mode.PUBLISH,
        base="release",
        charters=(".qgate/a.yml", ".qgate/b b.yml"),
        comment=False,
        fail_on=frozenset({Decision.ERROR, Decision.FAIL}),
        out="evidence",
        working_directory="pilots/triage",
        setup=Setup.LOCKED,
    )


def test_the_token_is_never_shown():
    assert "ghs_secret" not in repr(read_inputs({"INPUT_TOKEN": "ghs_secret"}))


@pytest.mark.parametrize("given", [("auto", Mode.AUTO), ("run", Mode.RUN), ("measure", Mode.MEASURE), ("publish", Mode.PUBLISH)])
def test_mode(given):
    word, mode = given
    assert read_inputs({"INPUT_MODE": word}).mode is mode


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("INPUT_MODE", "gate", "the input `mode` is 'gate'\n  fix: write one of auto, run, measure, publish"),
        ("INPUT_MODE", "", "the input `mode` is ''\n  fix: write one of auto, run, measure, publish"),
        ("INPUT_SETUP", "none", "the input `setup` is 'none'\n  fix: write one of auto, bundled, locked"),
        ("INPUT_COMMENT", "yes", "the input `comment` is 'yes'\n  fix: write one of true, false"),
        ("INPUT_COMMENT", "True", "the input `comment` is 'True'\n  fix: write one of true, false"),
        (
            "INPUT_FAIL-ON",
            "fail,pass",
            FAIL_ON_IS.format("pass"),
        ),
        (
            "INPUT_FAIL-ON",
            "",  # a variable that was never set must not open the gate
            FAIL_ON_IS.format(""),
        ),
        (
            "INPUT_OUT",
            "/etc",
            "the input `out` is '/etc'\n  fix: write a path inside the workspace, without a leading / and ..",
        ),
        (
            "INPUT_WORKING-DIRECTORY",
            "a/../..",
            "the input `working-directory` is 'a/../..'\n  fix: write a path inside the workspace, without a leading / and ..",
        ),
        (
            "INPUT_OUT",
            "a\nb",
            "the input `out` is 'a\\nb'\n  fix: write a path inside the workspace, without a leading / and ..",
        ),
    ],
)
def test_a_wrong_value_names_the_allowed_ones(variable, value, message):
    with pytest.raises(UsageError) as caught:
        read_inputs({variable: value})
    assert str(caught.value) == message
