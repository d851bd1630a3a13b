"""Differences between dev and production, the reconcile, and the way back."""

from egrow_replica.content.compare import TableDifference, bytes_of, compare_table, hashes_of, respelled
from egrow_replica.content.equality import EqualityCheck
from egrow_replica.content.reading import changes, read_rows, spellings
from egrow_replica.content.reconcile import Outcome, Writer, compare_all, planned_statements, write_differences
from egrow_replica.content.restore import Foresight, Restore, Traces, recent_rows

__all__ = [
    "EqualityCheck",
    "Foresight",
    "Outcome",
    "Restore",
    "TableDifference",
    "Traces",
    "Writer",
    "bytes_of",
    "changes",
    "compare_all",
    "compare_table",
    "hashes_of",
    "planned_statements",
    "read_rows",
    "recent_rows",
    "respelled",
    "spellings",
    "write_differences",
]
