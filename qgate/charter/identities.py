"""Identities that lead nowhere: accounts of people whom the charter does not name."""

from collections.abc import Iterator

from qgate.charter.codes import Code
from qgate.charter.document import Document
from qgate.charter.wording import KeyPath, did_you_mean, shown
from qgate.domain.source import Problem

_KEY = "identities"


def check_identities(document: Document) -> Iterator[Problem]:
    """Each identity of somebody who owns no gate and approves nothing here."""
    if document.partial:
        return
    people = list(_people(document))
    for person in document.mapping(_KEY):
        if person not in people:
            message = f"the charter names nobody as {shown(person)}{did_you_mean(person, people)}"
            fix = "write the address as an `owner` or `approver` is written, or remove the identity"
            yield document.problem_of(Code.UNKNOWN_PERSON, (_KEY, person), message, fix)


def _people(document: Document) -> Iterator[str]:
    places: list[KeyPath] = [("pilot", "owner"), ("rollback", "approver")]
    places += [("pilot", "success_metrics", i, "owner") for i, _ in enumerate(document.items("pilot", "success_metrics"))]
    places += [("waivers", i, "approver") for i, _ in enumerate(document.items("waivers"))]
    yield from (person for place in places if (person := document.text(*place)))
