"""A refusal in words for the person who must mend it: the cause as GitHub put it, and the fix. Pure, plain text."""

from qgate.forge.errors import Forbidden, ForgeError, NotFound, RateLimited, Unavailable, Unprocessable
from qgate.forge.events import EventTarget

_STANDS = "The verdict stands: the job summary shows it and the exit code carries it"
_APP_ONLY = "authenticate via a GitHub App"
_INTEGRATION = "not accessible by integration"
_UNAUTHORIZED = 401
_GONE = 410


def explain(error: ForgeError, *, permission: str, target: EventTarget) -> str:
    """What went wrong and what to do.

    Args:
        error: the refusal.
        permission: the line under `permissions:` that the write needs, as `checks: write`.
        target: the event, which tells whether the token was bound to be read-only.
    """
    match error:
        case Forbidden():
            return f'GitHub refused: {error.status} "{error.words}". {_forbidden(error, permission, target)}'
        case RateLimited():
            return (
                f'GitHub\'s rate limit is used up: {error.status} "{error.words}". {_wait(error)}Re-run the job later. {_STANDS}'
            )
        case NotFound():
            return _not_found(error, permission, target)
        case Unprocessable():
            return f"GitHub did not accept the request: {error}. Report it as a bug of qgate, with this sentence. {_STANDS}"
        case Unavailable():
            return f"GitHub could not be reached: {error}. Re-run the job. {_STANDS}"
        case _:
            return f"GitHub refused: {error}. {_STANDS}"


def _not_found(error: NotFound, permission: str, target: EventTarget) -> str:
    if error.status == _GONE:
        where = f"enable them in the settings of {target.repository}"
        return f'GitHub refused: {error.status} "{error.words}". Where issues are disabled, {where}. {_STANDS}'
    return (
        f'GitHub found no such thing: {error.status} "{error.words}". It hides what a token may not see: check that '
        f'{target.repository} is the repository and that the job has "{permission}". {_STANDS}'
    )


def _forbidden(error: Forbidden, permission: str, target: EventTarget) -> str:
    if error.status == _UNAUTHORIZED:
        return f"The token is wrong or has expired: leave the `token` input at its default. {_STANDS}"
    if _APP_ONLY in error.words:
        return f"Only a GitHub App's token writes check runs: the workflow's own token does, a personal one does not. {_STANDS}"
    if target.head_is_fork:
        return (
            "The pull request comes from a fork, and GitHub gives its workflow a read-only token whatever `permissions:` says. "
            f"Two workflows publish it all the same: docs/forks.md. {_STANDS}"
        )
    if target.by_dependabot:
        return (
            "Dependabot started this workflow, and GitHub gives it a read-only token unless the job itself asks for more: "
            f'add "{permission}" under `permissions:` of the job. {_STANDS}'
        )
    if _INTEGRATION in error.words:
        return f'The token lacks a permission: add "{permission}" under `permissions:` of the job. {_STANDS}'
    return f'Check that the job has "{permission}" under `permissions:`, and that the pull request is not locked. {_STANDS}'


def _wait(error: RateLimited) -> str:
    return f"It asks to wait {error.retry_after:,.0f} s, longer than a job should. " if error.retry_after is not None else ""
