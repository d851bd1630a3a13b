"""Orphans: rows whose foreign key points nowhere. Under replication nobody checks, and fingerprints cannot see them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from egrow_replica.catalog import ForeignKey
from egrow_replica.db import SQL, Composed, Door, Identifier, query, relation
from egrow_replica.db.expressions import all_of, is_present, points_at, value_of
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
    """Count the orphans of one foreign key: where an index helps, without reading the whole table."""
    statement = _by_index(key) if _is_indexed(door, key) else _by_rows(key)
    return Orphans(constraint=key.name, table=key.table, references=key.references, count=int(door.value(statement)))


def _is_indexed(door: Door, key: ForeignKey) -> bool:
    if key.partitioned or len(key.columns) > 1:
        return False
    return bool(door.value(query("evidence/orphans_index"), [key.table.schema, key.table.name, key.columns[0]]))


def _by_index(key: ForeignKey) -> Composed:
    return query(
        "evidence/orphans_by_index",
        table=_source(key.table, key.partitioned),
        references=_source(key.references, key.references_partitioned),
        column=Identifier(key.columns[0]),
        referenced=Identifier(key.referenced_columns[0]),
    )


def _by_rows(key: ForeignKey) -> Composed:
    return query(
        "evidence/orphans",
        table=_source(key.table, key.partitioned),
        references=_source(key.references, key.references_partitioned),
        all_present=all_of(is_present(value_of("t", name)) for name in key.columns),
        matches=points_at(key.columns, key.referenced_columns, "t", "r"),
    )


def count_all(door: Door, keys: Iterable[ForeignKey]) -> tuple[Orphans, ...]:
    """Count the orphans of every key."""
    return tuple(count(door, key) for key in keys)


def count_again(
    door: Door,
    keys: Iterable[ForeignKey],
    *,
    before: Iterable[Orphans],
    same: Collection[ForeignKey],
    unwritten: Collection[QualifiedName],
    kept: Collection[QualifiedName],
) -> tuple[Orphans, ...]:
    """Count the orphans of every key, except where WAL proves that there still are none.

    A row becomes an orphan when it is written, or when the row that it points at goes or changes its key. Where there
    were none, and neither has happened, there are none: so a large table of users need not be read.

    :param same: keys that are as they were at the baseline; :param unwritten: tables of which no row was written since;
        :param kept: tables that lost no row since, and no row its key.
    """
    none_before = {(one.table, one.constraint) for one in before if one.count == 0}
    counted = []
    for key in keys:
        still = key in same and key.table in unwritten and key.references in kept
        if still and (key.table, key.name) in none_before and not (key.partitioned or key.references_partitioned):
            counted.append(Orphans(constraint=key.name, table=key.table, references=key.references, count=0))
        else:
            counted.append(count(door, key))
    return tuple(counted)


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
