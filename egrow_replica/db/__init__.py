"""Connections, what a server's version can do, and the door. The only package that imports psycopg."""

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from egrow_replica.db.capabilities import Capability
from egrow_replica.db.connect import connect, pinned_options
from egrow_replica.db.door import READ_ONLY, SNAPSHOT, Door, Query
from egrow_replica.db.dsn import Dsn, parse_dsn
from egrow_replica.db.names import columns, relation
from egrow_replica.db.packed import in_order, int8_array, unpacked
from egrow_replica.db.queries import query
from egrow_replica.db.slot import CreateReplicationSlot, ExportedSlot
from egrow_replica.db.waits import Waits, describe, ending, read_blockers

__all__ = [
    "READ_ONLY",
    "SNAPSHOT",
    "SQL",
    "Capability",
    "Composable",
    "Composed",
    "CreateReplicationSlot",
    "Door",
    "Dsn",
    "ExportedSlot",
    "Identifier",
    "Literal",
    "Query",
    "Waits",
    "columns",
    "connect",
    "describe",
    "ending",
    "in_order",
    "int8_array",
    "parse_dsn",
    "pinned_options",
    "query",
    "read_blockers",
    "relation",
    "unpacked",
]
