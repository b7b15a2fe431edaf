"""What every surface says of the sandbox that a pull request's code was measured in, where it was not complete."""

from collections.abc import Iterator, Mapping

from qgate.domain.evidence import Evidence


def unconfined(evidence: Evidence) -> Iterator[str]:
    """A sentence for each pilot one of whose workers could not have every layer."""
    for pilot in evidence.pilots:
        sandbox = pilot.facts.get("sandbox")
        missing = sandbox.get("missing") if isinstance(sandbox, Mapping) else None
        if missing and isinstance(missing, Mapping):
            layers = "; ".join(f"{layer} ({why})" for layer, why in missing.items())
            yield f"{pilot.pilot}: the sandbox of the pull request's code was not complete. Missing: {layers}"
