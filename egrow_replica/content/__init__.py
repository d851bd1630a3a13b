"""Differences between dev and production, the reconcile, and the way back."""

from egrow_replica.content.compare import (
    TableDifference,
    bytes_of,
    compare_table,
    estimated_rows,
    hashes_of,
    keys_there,
    respelled,
)
from egrow_replica.content.equality import Equality, EqualityCheck
from egrow_replica.content.left import ChangedSince, changed_since, left_rows_statement
from egrow_replica.content.moves import Move, Moves, moved_rows, moves_of
from egrow_replica.content.own_columns import (
    Overwritten,
    OwnColumns,
    OwnRow,
    changed_rows,
    look_at_rows,
    own_columns,
    same_definition,
    same_without_writes,
    values_on,
    values_statement,
)
from egrow_replica.content.reading import (
    changes,
    differing_columns,
    read_rows,
    row_pairs,
    rows_by_key,
    sample_rows,
    spellings,
)
from egrow_replica.content.reconcile import Outcome, Writer, compare_all, planned_statements, write_differences
from egrow_replica.content.restore import AllBut, Foresight, Restore, Traces, recent_rows

__all__ = [
    "AllBut",
    "ChangedSince",
    "Equality",
    "EqualityCheck",
    "Foresight",
    "Move",
    "Moves",
    "Outcome",
    "Overwritten",
    "OwnColumns",
    "OwnRow",
    "Restore",
    "TableDifference",
    "Traces",
    "Writer",
    "bytes_of",
    "changed_rows",
    "changed_since",
    "changes",
    "compare_all",
    "compare_table",
    "differing_columns",
    "estimated_rows",
    "hashes_of",
    "keys_there",
    "left_rows_statement",
    "look_at_rows",
    "moved_rows",
    "moves_of",
    "own_columns",
    "planned_statements",
    "read_rows",
    "recent_rows",
    "respelled",
    "row_pairs",
    "rows_by_key",
    "same_definition",
    "same_without_writes",
    "sample_rows",
    "spellings",
    "values_on",
    "values_statement",
    "write_differences",
]
