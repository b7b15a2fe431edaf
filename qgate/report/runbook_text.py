"""A runbook in words: what every surface says of the way back."""

from qgate.domain.verdict import Runbook
from qgate.report.wording import label_of


def rehearsed_of(book: Runbook) -> str:
    """What its rehearsal came to, and why."""
    return f"{label_of(book.rehearsal)}: {book.why}" if book.why else label_of(book.rehearsal)


def weights_of(book: Runbook) -> str:
    """How much traffic each service has before and after; "" where nobody says."""
    known = [
        f"{name} {book.before[name]} % → {percent} %" if name in book.before else f"{name} → {percent} %"
        for name, percent in book.after.items()
    ]
    return ", ".join(known)


def verified_of(book: Runbook) -> str:
    """When somebody last carried out its checks; "" without any."""
    if not book.verify and not book.rehearsed:
        return ""
    if book.rehearsed:
        return f"last where the service runs on {book.rehearsed}"
    return "never recorded: no run carries out what reaches production; `qgate rollback --rehearse --verify` does"


def script_of(book: Runbook) -> str:
    """Steps, what to watch, and the checks afterwards, as one shell text; "" where there is nothing to do."""
    parts = ["\n".join(book.steps)] if book.steps else []
    parts += [f"# watch meanwhile\n{book.watch}"] if book.watch else []
    parts += ["\n".join(["# verify afterwards", *book.verify])] if book.verify else []
    return "\n\n".join(parts)
