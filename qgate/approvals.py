"""The reviews of a pull request that loosens a charter, looked up before it is judged and kept in the scope.

A change that loosens nothing asks nothing. Judging later reads the scope, and so comes to the same verdict.
"""

from dataclasses import replace

from qgate.domain.scope import Scope
from qgate.evidence.scope_file import write_scope
from qgate.forge.base import Forge
from qgate.gates.approval import accounts_of
from qgate.settings import Settings


def looked_up(scope: Scope, settings: Settings, forge: Forge) -> Scope:
    """The scope with the reviews, written to the run directory again; as it is where nobody has to approve, or can be asked."""
    accounts = accounts_of(scope)
    reviews = forge.reviews(accounts) if accounts else None
    if reviews is None:
        return scope
    found = replace(scope, reviews=reviews)
    write_scope(found, settings.out)
    return found
