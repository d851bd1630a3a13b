"""Who writes a table, and to whom its rows belong: what a proposal for the configuration rests on."""

from __future__ import annotations

from egrow_replica.db import Door, query
from egrow_replica.model import Model, QualifiedName, TableName


class WriteActivity(Model):
    """Rows written since the server's counters began."""

    name: TableName
    inserts: int
    updates: int
    deletes: int


class KeyToOther(Model):
    """A foreign key to another table.

    :ivar owns: the row belongs to the row that it points at: it cannot be without it.
    :ivar vanishes: it is deleted together with that row.
    """

    table: TableName
    references: TableName
    owns: bool
    vanishes: bool
    columns: tuple[str, ...]


def read_write_activity(door: Door) -> dict[QualifiedName, WriteActivity]:
    """The counters of every table, by name; raises as :meth:`Door.execute`."""
    return {one.name: one for one in door.rows(WriteActivity, query("catalog/write_activity"))}


def read_owning_keys(door: Door) -> list[KeyToOther]:
    """Foreign keys between different tables; raises as :meth:`Door.execute`."""
    return door.rows(KeyToOther, query("catalog/owning_keys"))
