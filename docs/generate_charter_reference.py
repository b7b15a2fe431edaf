"""Writes docs/charter.md from the schema, the metric names, the remediation rule and the problem codes.

Run it after changing any of them: `python docs/generate_charter_reference.py`.
"""  # noqa: INP001 -- a script, not a package

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qgate.charter.codes import Code
from qgate.charter.metrics import SCORERS, SPLIT_ALIASES, Task
from qgate.charter.remediation import ACTIONS, WISHES
from qgate.charter.schema import charter_schema

_ROOT = Path(__file__).resolve().parent.parent
_TARGET = _ROOT / "docs" / "charter.md"
_EXAMPLE = _ROOT / "tests" / "examples" / "charters" / "valid" / "complete.yml"

_INTRODUCTION = """# The charter

<!-- Written by docs/generate_charter_reference.py. Change the schema or the code, and run it again. -->

A charter is a YAML file in the repository (`.qgate/*.yml`, one pilot each). It says what a hybrid quantum-classical pilot
promises: per gate a measurement, a threshold, an owner and a remediation; and the way back to the classical service.
`qgate validate` names every problem at once, each with `file:line:column`, what is wrong, and the fix.

A charter may begin as a fragment: an owner, the metrics, a rollback. `qgate validate` then says what each gate lacks, and
`qgate init --from FRAGMENT` completes it. This is a complete one:
"""

_YAML = """## In an editor

The schema knows every key, with its meaning, choices, default and an example. `qgate init` lays it beside the charter, as
`.qgate/charter.schema.json`, and begins the charter with the line that names it:

```yaml
# yaml-language-server: $schema=charter.schema.json
```

- VS Code, with the YAML extension (`redhat.vscode-yaml`), and every other editor with the YAML language server (Neovim, Emacs,
  Helix, Zed): nothing more to do.
- JetBrains IDEs: where that line is not read, map the file under *Settings, Languages & Frameworks, Schemas and DTDs, JSON Schema
  Mappings* to `.qgate/*.yml`.

The copy is for editors alone: the gate reads the schema of the qgate that runs. After an update of qgate, copy its
`schemas/charter.schema.json` over it.

## The file

- UTF-8 text, at most 1 MiB, one YAML document, at most 32 levels deep. A byte-order mark and CRLF line ends are accepted.
- No anchors, aliases, merge keys or tags: what stands on a line is all that it means.
- Values that YAML 1.1 and YAML 1.2 read differently are refused when they are bare: `yes`, `no`, `on`, `off`, `1:30`, `010`,
  `1_000`. Quote them, or write `true`, `false` and plain decimal numbers.
- Numbers are finite and are kept as written: a threshold of 0.005 is five thousandths, not the nearest binary fraction.
- `@login` and `@org/team` begin with a character that YAML reserves, so they are quoted: `"@org/team"`.
- Text in a date's place may be bare (`2027-01-31`) or quoted.
"""

_GATES = (
    (
        "`<split>_<scorer>_gap_vs_<baseline>`",
        "how much worse the candidate is than the baseline; positive is worse",
        "`data.<split>`, `baselines.<baseline>`",
    ),
    ("`latency_pNN_ms`, `throughput_rps`", "the service under the charter's traffic", "`traffic`"),
    ("`latency_gap_pNN_ms_vs_<baseline>`", "the same, against a baseline", "`traffic`, `baselines.<baseline>`"),
    ("`capacity_rps`", "the highest rate that the service bears", "`traffic`"),
    ("`cost_usd_per_1k_requests`, `monthly_cost_usd`, `evaluation_cost_usd`", "cost", "`budget`"),
    (
        "`calibration_contrast`, `calibration_accuracy_drop`, `calibration_flips`, `calibration_age_days`",
        "what the device's noise does",
        "`noise`",
    ),
    (
        "`qubo_energy_gap`",
        "how much higher the mean energy is than the locked candidate's, as a share of random to optimum",
        "`candidate.qubo`",
    ),
    ("`qubo_random_ratio`", "how far the mean energy is from random (0) to the optimum (1)", "`candidate.qubo`"),
    (
        "`qubo_p_opt`, `qubo_r99_shots`",
        "the chance that a sample is optimal, and the shots to see one with 99 %",
        "`candidate.qubo`",
    ),
    ("`qubo_feasible_rate`", "the share of samples that keep the constraints", "`candidate.constraints`"),
    (
        "`qubo_best_of_shots`",
        "the expected best energy of the last shot level, 0 for the optimum and 1 for random",
        "`shots.schedule`",
    ),
)
_SIGNS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def render() -> str:
    """The whole reference as Markdown."""
    schema = charter_schema()
    parts = [_INTRODUCTION, f"```yaml\n{_EXAMPLE.read_text(encoding='utf-8')}```\n", _YAML, "## Keys\n"]
    parts += [_section(title, path, part) for title, path, part in _mappings(schema, schema, "", "The whole file")]
    parts += [_metrics(), _remediations(), _codes()]
    return "\n".join(parts)


def _resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    return {**schema["$defs"][part["$ref"].removeprefix("#/$defs/")], **part}


def _mappings(schema: dict[str, Any], part: dict[str, Any], path: str, title: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every mapping with fixed keys, depth first, with the path that leads to it."""
    if "properties" in part:
        resolved = {name: _resolved(schema, child) for name, child in part["properties"].items()}
        yield title, path, {**part, "properties": resolved}
        for name, child in resolved.items():
            yield from _mappings(schema, child, f"{path}.{name}".lstrip("."), child["title"])
    for suffix, keyword in (("[]", "items"), (".<name>", "additionalProperties")):
        if isinstance(part.get(keyword), dict):
            child = _resolved(schema, part[keyword])
            yield from _mappings(schema, child, path + suffix, child["title"])


def _section(title: str, path: str, part: dict[str, Any]) -> str:
    heading = f"### `{path}`: {title[0].lower()}{title[1:]}" if path else f"### {title}"
    lines = [heading, "", part["description"], "", "| key | value | meaning |", "|---|---|---|"]
    for name, child in part["properties"].items():
        needed = " (required)" if name in part.get("required", ()) else ""
        lines.append(f"| `{name}`{needed} | {_cell(_value(child))} | {_cell(_meaning(child))} |")
    return "\n".join([*lines, ""])


def _value(part: dict[str, Any]) -> str:
    if "enum" in part:
        return ", ".join(f"`{choice}`" for choice in part["enum"])
    kinds = part["type"] if isinstance(part["type"], list) else [part["type"]]
    words = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "object": "mapping",
        "array": "list",
        "boolean": "true or false",
    }
    bounds = [f"{sign} {part[key]}" for key, sign in _SIGNS.items() if key in part]
    text = " or ".join(words[kind] for kind in kinds)
    return f"{text}, {' and '.join(bounds)}" if bounds else text


def _meaning(part: dict[str, Any]) -> str:
    text = f"**{part['title']}.** {part['description']}"
    if "default" in part:
        text += f" Default: `{part['default']}`."
    if part.get("examples"):
        text += f" Example: `{json.dumps(part['examples'][0], ensure_ascii=False)}`."
    return text


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _metrics() -> str:
    def names(task: Task) -> str:
        return ", ".join(f"`{scorer.name}`" for scorer in SCORERS.values() if scorer.task is task)

    aliases = ", ".join(f"`{alias}` for `{split}`" for alias, split in SPLIT_ALIASES.items())
    rows = "\n".join(f"| {name} | {measures} | {needs} |" for name, measures, needs in _GATES)
    return f"""## Gates

| name | measures | needs |
|---|---|---|
{rows}

Every gate needs a candidate. The `qubo_…` gates are defined in docs/qubo.md. A split may go by a short name: {aliases}.

Scorers for classes: {names(Task.CLASSIFICATION)}.

Scorers for numbers: {names(Task.REGRESSION)}.
"""


def _remediations() -> str:
    actions, wishes = (", ".join(sorted(words)) for words in (ACTIONS, WISHES))
    return f"""## Remediations

A remediation can be rehearsed (`set`, `run`) or followed (`steps`, numbered in their order), or its summary names a concrete
action, which is then its one step; `rerun` alone changes nothing. A summary names an action when it has one of the verbs below
(not as a noun: "the run") *and* a word that says to what, other than the model, the circuit, or the quantity that failed.
*Disable layer X and re-run the parity suite* is one; *improve the quantum model*, *retrain the model* and *reduce latency* are
not. Steps may be commands and need no such verb, but steps that are all wishes are refused. A `set` that repeats what the
candidate's options say already is refused too, and so is a `shots` that is no number of shots. How `set` and `run` are tried when
a gate fails: [remediation.md](remediation.md).

Actions: {actions}.

Wishes: {wishes}.
"""


def _codes() -> str:
    rows = "\n".join(f"| `{code.value}` | {_cell(code.meaning)} |" for code in Code)
    introduction = "The codes are stable. Each makes the charter invalid (exit code 3)."
    return f"## Problems\n\n{introduction}\n\n| code | meaning |\n|---|---|\n{rows}\n"


if __name__ == "__main__":
    _TARGET.write_text(render(), encoding="utf-8")
