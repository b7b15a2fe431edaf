"""What one worker may use."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Wall-clock seconds, bytes of address space, bytes of answer."""

    seconds: float = 900.0
    memory_bytes: int = 8 << 30
    answer_bytes: int = 512 << 20
