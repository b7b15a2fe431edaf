"""What every place of publication offers: one call, and an honest account of what became of each surface."""

from typing import Protocol

from qgate.domain.report import Publication, Report


class Forge(Protocol):
    """A place where a report is published."""

    def publish(self, report: Report) -> tuple[Publication, ...]:
        """Publish the report and say, per surface, what became of it.

        Never raises: a surface that refused, or could not be reached, is a `Publication` with the cause and the fix, since the
        verdict stands whatever becomes of its presentation.
        """
        ...
