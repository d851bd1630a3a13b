"""What a server says about itself: facts, relations, keys, triggers, and the scope of a window made from them."""

from egrow_replica.catalog.hashing import bucket_hash, can_be_respelled, key_hash, row_hash
from egrow_replica.catalog.scope import OWN_SCHEMA, ContentTable, Scope, content_table, protected
from egrow_replica.catalog.server import ServerFacts, read_server_facts
from egrow_replica.catalog.tables import (
    Column,
    ForeignKey,
    OwnedSequence,
    Relation,
    Table,
    UniqueKey,
    read_foreign_keys,
    read_owned_sequences,
    read_partition_columns,
    read_relations,
    read_tables,
)

__all__ = [
    "OWN_SCHEMA",
    "Column",
    "ContentTable",
    "ForeignKey",
    "OwnedSequence",
    "Relation",
    "Scope",
    "ServerFacts",
    "Table",
    "UniqueKey",
    "bucket_hash",
    "can_be_respelled",
    "content_table",
    "key_hash",
    "protected",
    "read_foreign_keys",
    "read_owned_sequences",
    "read_partition_columns",
    "read_relations",
    "read_server_facts",
    "read_tables",
    "row_hash",
]
