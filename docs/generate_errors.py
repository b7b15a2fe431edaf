"""Writes docs/errors.md from the codes of failures, of a charter's problems, and of findings.

Run it after changing any of them: `python docs/generate_errors.py`.
"""  # noqa: INP001 -- a script, not a package

from pathlib import Path

from qgate.charter.codes import Code
from qgate.domain.error_codes import ERRORS, ErrorCode
from qgate.report.findings import EMPTY_RULE, LOOSENED_RULE, UNCOVERED_RULE, WAIVER_RULE

_TARGET = Path(__file__).resolve().parent / "errors.md"
_INTRODUCTION = """# Errors by their code

<!-- Written by docs/generate_errors.py. Change the codes, and run it again. -->

Whatever qgate refuses to do ends with a code in brackets, the same in every release. It stands at the end of the message's first
line on the terminal, in the comment and in the report, and in the machine files:

| file | place of the code |
|---|---|
| `junit.xml` | the `type` of the test case's error |
| `qgate.sarif` | `ruleId` of a problem or finding; the notification's descriptor where a run ended without a verdict |
| `codequality.json` | `check_name` |

A gate that passed, failed or was not decided has no code: its name is the rule. Exit codes:
[architecture.md](architecture.md#exit-codes).

## Failures

Nothing was evaluated, or a gate is an error: never a pass.
"""
_PROBLEMS = """## Problems of a charter

`qgate validate` names them all at once, as `FILE:LINE:COLUMN: error[CODE]`, each with its own cause and fix. The charter
cannot be used while there is one (exit code 3). [charter.md](charter.md) says what each key takes.

| code | meaning |
|---|---|
"""
_FINDINGS = f"""
## Findings that are no gate

| code | meaning | fix |
|---|---|---|
| `{UNCOVERED_RULE}` | A changed file has quantum code and belongs to no pilot. | Give it a charter. |
| `{EMPTY_RULE}` | A pilot was reached and no gate of it was evaluated. | Its charter needs a gate. |
| `{LOOSENED_RULE}` | The change loosens its charter. | Have it [approved](approvals.md). |
| `{WAIVER_RULE}` | A waiver holds and its gate passes without it. | Remove the waiver. |
"""


def render() -> str:
    """The whole page as Markdown."""
    problems = "\n".join(f"| `{code.value}` | {code.meaning} |" for code in Code)
    return "\n".join([_INTRODUCTION, *map(_section, ERRORS), f"{_PROBLEMS}{problems}", _FINDINGS])


def _section(error: ErrorCode) -> str:
    cause, fix = f"**Cause.** {error.cause}", f"**Fix.** {error.fix}"
    return f"### `{error.code}`\n\n{error.meaning}\n\n{cause}\n\n{fix}\n\n```text\n{error.example} [{error.code}]\n```\n"


if __name__ == "__main__":
    _TARGET.write_text(render(), encoding="utf-8")
