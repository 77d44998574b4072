"""Fields and constraints of org, a noun a file."""

from shouwang.org.models.accounts import Account, AddressTries, ApiToken, Grant
from shouwang.org.models.merging import MergeMove, PersonKey, PersonMerge
from shouwang.org.models.people import Membership, Person, Residence, SituationSpell
from shouwang.org.models.responsibility import Responsibility
from shouwang.org.models.trees import Organisation, Place

__all__ = [
    "Account",
    "AddressTries",
    "ApiToken",
    "Grant",
    "Membership",
    "MergeMove",
    "Organisation",
    "Person",
    "PersonKey",
    "PersonMerge",
    "Place",
    "Residence",
    "Responsibility",
    "SituationSpell",
]
