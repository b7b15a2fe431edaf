"""The stable codes of expected failures: what a message ends with, and what docs/errors.md is looked up by.

A failure's code is that of the part of qgate that found it, told by the module that raised it: each raises about one thing.
A test holds that every module that raises has a code here, and that every code has a module.
"""

from dataclasses import dataclass
from types import TracebackType

from qgate.errors import QgateError

_OURS = ("qgate", "entrypoint")


@dataclass(frozen=True, kw_only=True)
class ErrorCode:
    """One kind of expected failure, with what the reference says of it; `modules` are those that raise it."""

    code: str
    meaning: str
    cause: str
    fix: str
    example: str
    modules: tuple[str, ...]


INTERNAL = "internal/bug"
ERRORS = (
    ErrorCode(
        code=INTERNAL,
        meaning="A bug in qgate: exit code 1, and never a verdict.",
        cause="An exception that nobody expected.",
        fix="Report it with the traceback, which is in the log.",
        example="internal error: KeyError: 'x'",
        modules=(),
    ),
    ErrorCode(
        code="usage/option",
        meaning="An option, an input of the action or a file named by one cannot be used.",
        cause="A path that is missing or leads out of the repository, or an input without a meaning.",
        fix="Correct the option that the message names; `qgate COMMAND --help` lists them.",
        example="there is no charter in ./.qgate: `qgate init` drafts one, or name a file",
        modules=("entrypoint.inputs", "entrypoint.run_directory", "qgate.cli", "qgate.measure.cache_directory"),
    ),
    ErrorCode(
        code="usage/event",
        meaning="What started the workflow, or its environment, is nothing that can be gated.",
        cause="An event without a commit, a `mode` against the event, or a variable of the runner that is missing.",
        fix="Use the workflow of the README or of docs/forks.md as it stands.",
        example="this push deleted its branch: there is no commit to gate. Leave out deletions in the workflow's `on:`",
        modules=(
            *("entrypoint.choose", "entrypoint.stages", "entrypoint.take_over", "qgate.forge.choose", "qgate.forge.events"),
            *("qgate.forge.measuring_run", "qgate.forge.pulls", "qgate.forge.workflow"),
        ),
    ),
    ErrorCode(
        code="usage/init",
        meaning="`qgate init` wrote nothing.",
        cause="What a charter needs is in no file of the repository, a file is there already, or the fragment is invalid.",
        fix="Give the options that the message lists, or answer at a terminal; `--force` overwrites.",
        example="nothing was written: this is missing, and cannot be told from the repository",
        modules=("qgate.init",),
    ),
    ErrorCode(
        code="usage/run-directory",
        meaning="The run directory does not hold what this stage reads.",
        cause="A stage that was not run before, another commit's run, or files that somebody edited.",
        fix="Run `qgate measure`, `judge` and `publish` in that order with the same `--out`, or `qgate run`.",
        example=".qgate/run/verdict.json is missing: run `qgate judge --out .qgate/run` first",
        modules=(
            *(
                "qgate.evaluation",
                "qgate.incidents",
                "qgate.evidence.bundle",
                "qgate.evidence.scope_file",
                "qgate.evidence.timings",
            ),
            *("qgate.pipeline", "qgate.plan.pilot", "qgate.report.verdict_json"),
        ),
    ),
    ErrorCode(
        code="usage/installation",
        meaning="A part of qgate is missing on this machine.",
        cause="An installation without its dependencies or its sample files.",
        fix="Install qgate anew with its lock: `make setup` in a clone.",
        example="ruff is not installed beside qgate",
        modules=("qgate.changes.ruff", "qgate.demo"),
    ),
    ErrorCode(
        code="git/repository",
        meaning="Git cannot answer about this repository.",
        cause="No clone, a shallow one that lacks the merge base, a revision that is nowhere, or objects that are missing.",
        fix="In a workflow check out with `fetch-depth: 0`; else name an existing revision with `--base` or `--head`.",
        example="this clone is shallow, and its history does not reach the merge base",
        modules=("qgate.changes",),
    ),
    ErrorCode(
        code="git/ledger-branch",
        meaning="The ledger branch cannot be read, or cannot be appended to.",
        cause="A branch that is no ledger, that was rewritten, that other runs keep moving, or that was fetched in part.",
        fix="Fetch the branch whole; where it was rewritten, find out by whom. docs/evidence.md describes it.",
        example="the branch qgate-ledger was fetched without its whole history",
        modules=("qgate.changes.ledger_branch", "qgate.evidence.record", "qgate.history"),
    ),
    ErrorCode(
        code="forge/refused",
        meaning="The forge did not do what it was asked.",
        cause="A token without the permission, a rate limit, an outage, or something that is gone.",
        fix="Give the job the permissions of the README's workflow; run it again where the forge was down.",
        example="403 Resource not accessible by integration",
        modules=("qgate.forge", "qgate.approvals"),
    ),
    ErrorCode(
        code="forge/artifact",
        meaning="The artifact of another workflow's run is not what a measuring run uploads.",
        cause="A run that failed before its upload, an archive beyond its bounds, or one that was made by hand.",
        fix="Run the measuring workflow again; both workflows have to be of one version of qgate.",
        example="the artifact qgate-evidence has expired",
        modules=("qgate.evidence.handover", "qgate.forge.artifact"),
    ),
    ErrorCode(
        code="charter/invalid",
        meaning="A charter cannot be used, or must not be used for this change.",
        cause="Its problems, each listed with a code of its own (below); or the base branch has a stricter one by now.",
        fix="Correct each problem, or bring the branch up to date with its base.",
        example="no gate was evaluated: the charter is invalid",
        modules=("qgate.intake", "qgate.cli.options"),
    ),
    ErrorCode(
        code="attempts/ledger",
        meaning="The attempts of this pull request cannot be counted.",
        cause="A ledger inside the change, one that was edited, another run at the same time, or a key that cannot sign.",
        fix="Name a ledger outside of the repository; run again. docs/attempts.md describes it.",
        example="the ledger attempts.json could be part of the change: git does not ignore it",
        modules=("qgate.attempts", "qgate.evidence.attempt_state", "qgate.evidence.ledger"),
    ),
    ErrorCode(
        code="evidence/does-not-hold",
        meaning="A finished run, or another job's evidence, is not what it says.",
        cause="A file whose digest, signature or verdict differs, or evidence that contradicts the commits.",
        fix="Do not merge by it. Measure again; docs/evidence.md says what is checked.",
        example="scope.json is missing, or is no file that a verdict rests on",
        modules=("qgate.evidence.attestation", "qgate.recomputation", "qgate.verification"),
    ),
    ErrorCode(
        code="lock/unusable",
        meaning="`.qgate/lock.json` cannot be used.",
        cause="A file that is no lock, or of another version.",
        fix="Make it anew with `qgate lock`, and have it reviewed.",
        example=".qgate/lock.json cannot be read (KeyError('pilots')); run `qgate lock` and commit the file",
        modules=("qgate.evidence.lock",),
    ),
    ErrorCode(
        code="data/unreadable",
        meaning="A data file is missing, is not what the charter locked, or cannot be read as a data set.",
        cause="A changed file whose `sha256` was not changed, a label column that is not there, text where numbers are needed.",
        fix="Correct the file or its entry under `pilot.data`, then run `qgate lock`.",
        example="data/val.csv has no column `label`; name its label column as `target`: amount, age, is_fraud",
        modules=("qgate.measure.data", "qgate.measure.inputs", "qgate.measure.row_groups", "qgate.measure.slice_files"),
    ),
    ErrorCode(
        code="environment/lockfile",
        meaning="The lockfile's environment cannot be had.",
        cause="A pin without a hash, a line that is no pin, a wheel that the index does not have, or no network.",
        fix="Write the lockfile with `uv pip compile --generate-hashes`. docs/architecture.md says what is built when.",
        example="requirements.lock:1 pins numpy without a hash",
        modules=("qgate.measure.environment", "qgate.measure.lockfile", "qgate.worker.locked"),
    ),
    ErrorCode(
        code="worker/answer",
        meaning="The candidate or a baseline did not answer, or its answer cannot be believed.",
        cause="An exception in the pull request's code, a time-out, a crash, or an answer of another shape than asked for.",
        fix="The message ends with the code's own last words: correct what they name. `qgate run` repeats it on your machine.",
        example="the candidate's class probabilities do not sum to one",
        modules=("qgate.measure", "qgate.worker", "qgate.workloads"),
    ),
    ErrorCode(
        code="circuit/not-simulated",
        meaning="A circuit or kernel cannot be described, or cannot be simulated as it is described.",
        cause="A measurement that is no expval, var or probs, or too few values for the decision rule.",
        fix="Return one of the measurements that the message names, or change `candidate.decision`.",
        example="the circuit returns no measurement; return for example qml.expval(qml.Z(0))",
        modules=("qgate.quantum",),
    ),
    ErrorCode(
        code="circuit/too-large",
        meaning="A circuit is beyond what is simulated.",
        cause="More qubits, gates, memory or time than the bounds of `pilot.simulation`.",
        fix="Make the circuit smaller, or raise the bound that the message names.",
        example="the candidate has 24 qubits; at most 20 are simulated",
        modules=("qgate.quantum.bounds", "qgate.quantum.noisy"),
    ),
    ErrorCode(
        code="noise/calibration",
        meaning="A calibration snapshot cannot be used for this circuit.",
        cause="A file that is no snapshot, a layout that does not fit, or a gate or qubit that the device does not have.",
        fix="Declare another snapshot or `noise.layout`. docs/noise.md says what is read.",
        example="the circuit couples the wires 0-2, which fit nowhere on ibm_lagos without routing",
        modules=("qgate.measure.calibration", "qgate.quantum.calibration", "qgate.quantum.layout", "qgate.quantum.noise"),
    ),
    ErrorCode(
        code="qubo/unusable",
        meaning="A QUBO, its options or its angles cannot be used.",
        cause="A file of another format, too many variables, coefficients that are not finite.",
        fix="Correct what the message names; docs/qubo.md describes the formats.",
        example="the QUBO has 25 variables; from 1 to 24 are ever enumerated",
        modules=(
            *("qgate.quantum.qubo", "qgate.quantum.qubo_files", "qgate.quantum.qubo_values", "qgate.worker.answer_qubo"),
            "qgate.workloads.qubo",
        ),
    ),
    ErrorCode(
        code="service/not-timed",
        meaning="A service could not be started or timed.",
        cause="A command that ends or never listens, answers that differ from the predictions, times that add up to too much.",
        fix="Start the service by hand with the same command and variables; docs/service.md describes them.",
        example="the service did not answer within 30 seconds",
        modules=(
            *(
                "qgate.measure.service",
                "qgate.worker.answer_http_service",
                "qgate.worker.http_client",
                "qgate.worker.serve_kernel",
            ),
            *("qgate.workloads.growth", "qgate.workloads.http_service", "qgate.workloads.service"),
        ),
    ),
    ErrorCode(
        code="remediation/not-rehearsed",
        meaning="A remediation could not be applied.",
        cause="A script that is missing or fails, or a `set` that the candidate does not take.",
        fix="Correct the remediation in the charter; docs/remediation.md says how it is run.",
        example="tools/smooth.py changed no file of the repository, so that there is nothing to measure again",
        modules=("qgate.measure.remedied_tree",),
    ),
    ErrorCode(
        code="gate/not-computable",
        meaning="What was measured does not give the gate's number.",
        cause="Labels of one class, a score that is not defined there, prices that are missing, too few rows or seeds.",
        fix="Change the gate, its data or what it needs in the charter; `qgate plan` says what each gate needs.",
        example="the labels of the split `validation` are missing from the evidence",
        modules=("qgate.gates", "qgate.statistics"),
    ),
)
_BY_MODULE = {module: error.code for error in ERRORS for module in error.modules}
_ENDINGS = tuple(f" [{error.code}]" for error in ERRORS)


def code_of(error: QgateError) -> str:
    """The failure's code. One that was never raised, or from outside of qgate's modules, is a bug of ours."""
    return code_of_module(_raised_in(error.__traceback__) or "")


def code_of_module(module: str) -> str:
    """The code of what a module raises: its own, else that of the nearest package above it."""
    while module and module not in _BY_MODULE:
        module = module.rpartition(".")[0]
    return _BY_MODULE.get(module, INTERNAL)


def coded(error: QgateError) -> str:
    """The message, with the code at the end of its first line: what comes below is what to do.

    A failure that was handed on in its own words keeps its code.
    """
    told = str(error)
    if any(ending in told for ending in _ENDINGS):
        return told
    first, end, rest = told.partition("\n")
    return f"{first} [{code_of(error)}]{end}{rest}"


def _raised_in(traceback: TracebackType | None) -> str | None:
    """The innermost module of ours that the failure went through: the one that raised it."""
    found = None
    while traceback is not None:
        name = traceback.tb_frame.f_globals.get("__name__", "")
        found = name if name.partition(".")[0] in _OURS else found
        traceback = traceback.tb_next
    return found
