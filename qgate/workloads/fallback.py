"""When public PennyLane answers in our engine's place: asked why, on which device, and what the evidence says of it.

The engine refuses a circuit with an `EngineError`: the worker could not describe it, the replay differs from the circuit's own
QNode, or lightning's bindings are not what they were. Then the worker evaluates each row's own tape on a public device, without
shots, and the judge samples from those numbers. What PennyLane does not answer either is an error.
"""

from dataclasses import dataclass
from typing import Any

from qgate.domain.work import Answer
from qgate.errors import EngineError
from qgate.quantum import bindings

LIGHTNING, DEFAULT = "lightning.qubit", "default.qubit"
_WORDS = 400


@dataclass(frozen=True, kw_only=True)
class Fallback:
    """A public device, and why it is asked."""

    device: str
    why: str

    def facts(self) -> dict[str, Any]:
        """How it was measured, for the evidence."""
        return {"engine": "pennylane", "fallback": {"device": self.device, "why": self.why}}


def fallback(why: str) -> Fallback:
    """Public PennyLane on lightning.qubit; on default.qubit where lightning's own state vector is not what we take it for."""
    try:
        bindings.check()
    except EngineError:
        return Fallback(device=DEFAULT, why=why)
    return Fallback(device=LIGHTNING, why=why)


def check_engine(answer: Answer) -> None:
    """Go on only with bindings that hold, and with an answer that describes.

    Raises:
        EngineError: why public PennyLane is to be asked.
    """
    bindings.check()
    if (refused := answer.value.get("refused")) is not None:
        raise EngineError(told(refused))


def told(words: Any) -> str:
    """A worker's words, cut to what a reader needs: one line of them."""
    line = " ".join(str(words).split())
    return line if len(line) <= _WORDS else f"{line[:_WORDS]} …"
