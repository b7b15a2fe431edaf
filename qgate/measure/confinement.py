"""What a pilot's charter says of the sandbox, beside what the door asks for."""

from dataclasses import replace

from qgate.domain.charter import Sandbox
from qgate.domain.limits import Limits
from qgate.domain.scope import SourcedCharter


def limits_of(sourced: SourcedCharter, limits: Limits) -> Limits:
    """The limits of this pilot's workers.

    A charter of the head commit can require the sandbox, and not lower it: nobody has reviewed that charter.
    """
    sandbox = sourced.charter.sandbox
    if sandbox is None or (sandbox is Sandbox.BEST_EFFORT and sourced.origin == "head"):
        return limits
    return replace(limits, sandbox_required=sandbox is Sandbox.REQUIRED)
