"""The first wall: a statement is parsed with PostgreSQL's own grammar and must be provably harmless.

Text → parse tree → facts → verdict by small rules. Nothing here connects to anything.
"""

from egrow_replica.errors import Refused
from egrow_replica.guard.filters import filter_columns, filter_condition, vet_filter
from egrow_replica.guard.judge import vet, vet_probe
from egrow_replica.guard.names import read_name
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.statements import StatementKind
from egrow_replica.guard.vetted import Vetted

__all__ = [
    "Policy",
    "Refused",
    "StatementKind",
    "Vetted",
    "filter_columns",
    "filter_condition",
    "read_name",
    "vet",
    "vet_filter",
    "vet_probe",
]
