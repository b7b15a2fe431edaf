"""`--forge none`: the run directory is the only publication."""

from qgate.domain.report import Publication, Report


class NoForge:
    """Publishes nothing: the same report is written to files by the pipeline."""

    def publish(self, _report: Report) -> tuple[Publication, ...]:
        """No surface, so no publication."""
        return ()
