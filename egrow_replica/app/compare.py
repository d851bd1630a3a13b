"""What a window would change, row by row. Only reads, in one snapshot of each server."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable

from egrow_replica.app.context import Context
from egrow_replica.catalog import ContentTable, Scope, protected, read_relations
from egrow_replica.content import TableDifference, changes, compare_table, read_rows, respelled, spellings
from egrow_replica.db import SNAPSHOT, Door
from egrow_replica.errors import PreflightFailed
from egrow_replica.model import Model, QualifiedName
from egrow_replica.results import Change, CompareReport, DifferingKeys, TableComparison
from egrow_replica.window.preflight import read_scope


class CompareOptions(Model):
    """What the command line says.

    :ivar tables: only these; all content tables where empty.
    :ivar rows: also the keys; ``columns``: also old and new values.
    """

    tables: tuple[QualifiedName, ...] = ()
    rows: bool = False
    columns: bool = False


def compare(context: Context, options: CompareOptions) -> CompareReport:
    """Count, and name where asked, the rows that differ.

    :raises PreflightFailed: a table is not content, or is missing on a side.
    """
    servers = context.servers()
    with servers.read_dev("compare") as dev, servers.read_prod("compare") as prod:
        dev.execute(SNAPSHOT)
        prod.execute(SNAPSHOT)
        scope = read_scope(dev, prod, context.settings)
        seed = secrets.randbits(63)
        tables = tuple(_compared(dev, prod, table, seed, options) for table in _wanted(scope, options.tables))
        unclassified = _unclassified(context, prod, scope)
    return CompareReport(tables=tables, unclassified=unclassified)


def _wanted(scope: Scope, names: Iterable[QualifiedName]) -> list[ContentTable]:
    chosen = list(names) or list(scope.names)
    for name in chosen:
        if name not in scope.names:
            raise PreflightFailed(
                f"{name} is not a content table", hint="Content is what [tables] lists.", code="unknown-table"
            )
    return [scope.table(name) for name in dict.fromkeys(chosen)]


def _compared(dev: Door, prod: Door, table: ContentTable, seed: int, options: CompareOptions) -> TableComparison:
    difference = compare_table(dev, prod, table, seed)
    spelled = respelled(dev, prod, table, seed)
    return TableComparison(
        table=table.name,
        new=len(difference.new),
        updated=len(difference.updated),
        unchanged=difference.dev_rows - len(difference.new) - len(difference.updated),
        production_only=len(difference.production_only),
        respelled=len(spelled),
        left_out=table.production_columns,
        keys=_keys(dev, prod, table, seed, difference, spelled) if options.rows else None,
        changes=_changes(dev, prod, table, seed, difference) if options.columns else None,
    )


def _changes(dev: Door, prod: Door, table: ContentTable, seed: int, difference: TableDifference) -> tuple[Change, ...]:
    found = changes(dev, prod, table, seed, difference.updated)
    return tuple(sorted(found, key=lambda change: change.key))  # the columns of a row stay in their order


def _keys(
    dev: Door, prod: Door, table: ContentTable, seed: int, difference: TableDifference, spelled: Collection[int]
) -> DifferingKeys:
    def shown(door: Door, hashes: Collection[int], filtered: bool) -> tuple[str, ...]:
        rows = read_rows(door, table, seed, hashes, filtered=filtered, with_values=False)
        return tuple(row.shown_key for row in rows)

    return DifferingKeys(
        new=shown(dev, difference.new, True),
        updated=shown(dev, difference.updated, True),
        production_only=shown(prod, difference.production_only, False),
        respelled=tuple(sorted(spellings(dev, prod, table, seed, spelled), key=lambda one: one.dev)),
    )


def _unclassified(context: Context, prod: Door, scope: Scope) -> tuple[QualifiedName, ...]:
    known = set(context.settings.tables.all_user)
    relations = read_relations(prod, measured=False).values()
    return tuple(one.name for one in protected(relations, scope.names) if one.name not in known)
