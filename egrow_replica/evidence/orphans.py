"""Orphans: rows whose foreign key points nowhere. Under replication nobody checks, and fingerprints cannot see them."""

from __future__ import annotations

from collections.abc import Iterable

from egrow_replica.catalog import ForeignKey
from egrow_replica.db import SQL, Composed, Door, Identifier, query, relation
from egrow_replica.model import Model, QualifiedName, TableName


class Orphans(Model):
    """The orphans of one foreign key."""

    constraint: str
    table: TableName
    references: TableName
    count: int


def touching(keys: Iterable[ForeignKey], content: Iterable[QualifiedName]) -> tuple[ForeignKey, ...]:
    """The foreign keys that lead from or to a content table."""
    names = set(content)
    return tuple(key for key in keys if key.table in names or key.references in names)


def count(door: Door, key: ForeignKey) -> Orphans:
    """Count the orphans of one foreign key."""
    present = SQL(" AND ").join(SQL("{} IS NOT NULL").format(Identifier("t", name)) for name in key.columns)
    matches = SQL(" AND ").join(
        SQL("{} = {}").format(Identifier("r", referenced), Identifier("t", name))
        for name, referenced in zip(key.columns, key.referenced_columns, strict=True)
    )
    number = door.value(
        query(
            "evidence/orphans",
            table=_source(key.table, key.partitioned),
            references=_source(key.references, key.references_partitioned),
            all_present=present,
            matches=matches,
        )
    )
    return Orphans(constraint=key.name, table=key.table, references=key.references, count=int(number))


def count_all(door: Door, keys: Iterable[ForeignKey]) -> tuple[Orphans, ...]:
    """Count the orphans of every key."""
    return tuple(count(door, key) for key in keys)


def new_orphans(before: Iterable[Orphans], after: Iterable[Orphans]) -> list[str]:
    """A sentence for each foreign key that has more orphans than before."""
    known = {(orphans.table, orphans.constraint): orphans.count for orphans in before}
    return [
        f"{orphans.table}: {orphans.count - known.get((orphans.table, orphans.constraint), 0)} rows point at no row of "
        f"{orphans.references} any more ({orphans.constraint})"
        for orphans in after
        if orphans.count > known.get((orphans.table, orphans.constraint), 0)
    ]


def _source(name: QualifiedName, partitioned: bool) -> Composed:
    return SQL("{}{}").format(SQL("" if partitioned else "ONLY "), relation(name))
