"""What every place of publication offers: one call, and an honest account of what became of each surface."""

from collections.abc import Collection
from typing import Protocol

from qgate.domain.report import Publication, Recorded, Report
from qgate.domain.review import Reviews


class Forge(Protocol):
    """A place where a report is published."""

    def publish(self, report: Report) -> tuple[Publication, ...]:
        """Publish the report and say, per surface, what became of it.

        Never raises: a surface that refused, or could not be reached, is a `Publication` with the cause and the fix, since the
        verdict stands whatever becomes of its presentation.
        """
        ...

    def recorded(self, marker: str) -> Recorded | None:
        """What the comment with this marker keeps; None where nothing can be kept.

        Raises:
            QgateError: it cannot be told: not reachable.
        """
        ...

    def reviews(self, accounts: Collection[str]) -> Reviews | None:
        """The reviews of the pull request that is gated; None where there is none.

        `accounts` are those who may approve, as `login` or `org/team`. Never raises: a refusal is told in `Reviews.unknown`.
        """
        ...
