"""Seeds that nobody chose: they follow from the charter, the pull request and the content, and from nothing else."""

from dataclasses import replace

from qgate.domain.scope import SourcedCharter
from qgate.statistics.sealed import sealed_seeds


def sealed(found: SourcedCharter, pull_request: str) -> SourcedCharter:
    """The charter with its sealed seeds; as it is where it writes its seeds down."""
    charter = found.charter
    if not charter.shots.sealed:
        return found
    seeds = sealed_seeds(
        charter_sha256=charter.sha256,
        pull_request=pull_request,
        content_sha256=found.content_sha256,
        gate=charter.pilot,
        count=charter.shots.sealed,
    )
    return replace(found, charter=replace(charter, shots=replace(charter.shots, seeds=seeds)))
