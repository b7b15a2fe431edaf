"""What one worker may use."""

from dataclasses import dataclass, field

from qgate.domain.environment import Environment


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Wall-clock seconds; bytes of address space, of answer and of any file; open files; processes and threads.

    `sandbox_required`: whether a worker that cannot have every layer of the sandbox is an error. Without, it runs in what it can
    have, and the evidence says so. `environment` is what it runs with.
    """

    seconds: float = 900.0
    memory_bytes: int = 8 << 30
    answer_bytes: int = 512 << 20
    file_bytes: int = 256 << 20
    open_files: int = 1024
    processes: int = 256
    sandbox_required: bool = False
    environment: Environment = field(default_factory=Environment)
