"""Publishing on GitHub: the check run, the statuses, the sticky comment, the incident, in this order."""

import logging
from collections.abc import Callable, Collection
from functools import partial

from qgate.domain.report import Incident, Outcome, Publication, Recorded, Report, Status
from qgate.domain.review import Reviews
from qgate.forge.check_run import SURFACE as CHECK
from qgate.forge.check_run import publish_check_run
from qgate.forge.client import Client
from qgate.forge.comment import SURFACE as COMMENT
from qgate.forge.comment import publish_comment, read_record
from qgate.forge.errors import Forbidden, ForgeError, NotFound
from qgate.forge.events import EventTarget
from qgate.forge.explain import explain
from qgate.forge.incident import SURFACE as INCIDENT
from qgate.forge.incident import publish_incident
from qgate.forge.reviews import find_reviews
from qgate.forge.status import publish_status, surface

_log = logging.getLogger(__name__)


class GitHub:
    """GitHub as a `qgate.forge.base.Forge`.

    `comment` is False where the user wants none. A refusal, an unreachable server, and even a bug in a surface end as that
    surface's `Publication`: nothing here may hide the verdict.
    """

    def __init__(self, *, client: Client, target: EventTarget, comment: bool = True) -> None:
        self._client = client
        self._target = target
        self._comment = comment

    def publish(self, report: Report) -> tuple[Publication, ...]:
        """Publish on every surface: `check`, `status:<context>` for each status, `comment`, of the default branch `incident`."""
        published = (self._check(report), *map(self._status, report.statuses), self._sticky(report))
        return published if report.incident is None else (*published, self._incident(report.incident))

    def recorded(self, marker: str) -> Recorded | None:
        """What our comment keeps; None without a pull request, without a comment, or where the token may not read comments.

        Raises:
            ForgeError: GitHub could not be asked.
        """
        if not self._comment or self._target.pull_request is None:
            return None
        try:
            return read_record(self._client, self._target, marker)
        except (Forbidden, NotFound) as error:
            _log.warning("attempts are not counted: the comment cannot be read (%s)", error)
            return None

    def reviews(self, accounts: Collection[str]) -> Reviews | None:
        """The pull request's reviews; None for an event without one."""
        return None if self._target.pull_request is None else find_reviews(self._client, self._target, accounts)

    def _check(self, report: Report) -> Publication:
        return self._try(CHECK, "checks: write", partial(publish_check_run, self._client, self._target, report.check))

    def _status(self, status: Status) -> Publication:
        return self._try(surface(status), "statuses: write", partial(publish_status, self._client, self._target, status))

    def _sticky(self, report: Report) -> Publication:
        if not self._comment:
            return Publication(surface=COMMENT, outcome=Outcome.SKIPPED, detail="switched off")
        return self._try(COMMENT, "pull-requests: write", partial(publish_comment, self._client, self._target, report))

    def _incident(self, incident: Incident) -> Publication:
        publish = partial(publish_incident, self._client, self._target.repository, incident)
        return self._try(INCIDENT, "issues: write", publish)

    def _try(self, name: str, permission: str, publish: Callable[[], Publication]) -> Publication:
        """The surface's publication, whatever happens."""
        try:
            return publish()
        except ForgeError as error:
            detail = explain(error, permission=permission, target=self._target)
        except Exception as error:  # noqa: BLE001 -- a bug in a surface must not hide the verdict
            _log.exception("publishing %s failed", name)
            detail = f"publishing failed inside qgate: {type(error).__name__}: {error}"
        return Publication(surface=name, outcome=Outcome.REFUSED, detail=detail)
