"""The commit statuses: one for each pilot and one overall, on the gated commit."""

from qgate.domain.report import Outcome, Publication, Status
from qgate.forge.client import Client
from qgate.forge.events import EventTarget


def surface(status: Status) -> str:
    """The status's name among the surfaces."""
    return f"status:{status.context}"


def publish_status(client: Client, target: EventTarget, status: Status) -> Publication:
    """Post the status. The newest of a context counts, so it is posted whatever is there, and may be repeated.

    Raises:
        qgate.forge.errors.ForgeError: GitHub refused.
    """
    body = {
        "state": status.state,
        "context": status.context,
        "description": status.description,
        "target_url": target.run_url,
    }
    client.write("POST", f"repos/{target.repository}/statuses/{target.head}", body)
    return Publication(surface=surface(status), outcome=Outcome.CREATED, url=target.run_url)
