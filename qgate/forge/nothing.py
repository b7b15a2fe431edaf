"""`--forge none`: the run directory is the only publication."""

from collections.abc import Collection

from qgate.domain.report import Publication, Recorded, Report
from qgate.domain.review import Reviews


class NoForge:
    """Publishes nothing: the same report is written to files by the pipeline."""

    def publish(self, _report: Report) -> tuple[Publication, ...]:
        """No surface, so no publication."""
        return ()

    def recorded(self, _marker: str) -> Recorded | None:
        """Nothing is kept."""
        return None

    def reviews(self, _accounts: Collection[str]) -> Reviews | None:
        """No pull request, so no reviews."""
        return None
