"""Checks of the content tables: what they are, whether dev and production agree, what would fire."""

from __future__ import annotations

from collections.abc import Iterator

from egrow_replica.catalog import Column, Scope, Table, read_firing_triggers
from egrow_replica.db import Door
from egrow_replica.errors import Refused
from egrow_replica.guard import vet_filter
from egrow_replica.model import Check, QualifiedName, Severity, Side
from egrow_replica.settings import Settings

_KINDS = {"v": "a view", "m": "a materialised view", "f": "a foreign table"}


def table_checks(
    settings: Settings, dev: dict[QualifiedName, Table], prod: dict[QualifiedName, Table]
) -> Iterator[Check]:
    """Everything that is known of the configured tables which exist."""
    for side, tables in ((Side.DEV, dev), (Side.PROD, prod)):
        for table in tables.values():
            yield from _kind_checks(side, table)
    for name in settings.tables.all_content:
        if name in dev and name in prod:
            yield from _pair_checks(settings, dev[name], prod[name])
    for name, row_filter in settings.tables.filters.items():
        yield from _filter_checks(name, row_filter)
        if settings.window.publish != ("insert",):
            yield _error(
                "row-filter",
                Side.DEV,
                name,
                'a row filter needs publish = ["insert"]: an update that leaves the filter arrives as a DELETE',
                'Set publish = ["insert"] in [window], or take the filter out.',
            )


def _filter_checks(name: QualifiedName, row_filter: str) -> Iterator[Check]:
    try:
        vet_filter(row_filter)
    except Refused as error:
        yield _error("row-filter", Side.DEV, name, error.reason, "Correct [tables.filters].", refused=True)


def firing_trigger_checks(prod: Door, scope: Scope) -> Iterator[Check]:
    """Triggers of production that fire for a replicated row: they could write anything."""
    for trigger in read_firing_triggers(prod, [table.oid for table in scope.tables]):
        kind = "ALWAYS" if trigger.enabled == "A" else "REPLICA"
        yield Check(
            id="firing-trigger",
            severity=Severity.ERROR,
            server=Side.PROD,
            subject=str(trigger.table),
            message=f"trigger {trigger.name} (ENABLE {kind}) runs {trigger.function} for each replicated row, "
            "which may write anything",
            remedy=f"ALTER TABLE {trigger.table} ENABLE TRIGGER {trigger.name}; makes it an ordinary one.",
            refused=True,
        )


def _kind_checks(side: Side, table: Table) -> Iterator[Check]:
    relation, name = table.relation, table.name
    if relation.kind in _KINDS:
        yield _error("not-a-table", side, name, f"it is {_KINDS[relation.kind]}", "Name its tables.", refused=True)
        return
    if relation.persistence != "p":
        yield _error("unlogged", side, name, "it is not logged, so it cannot be replicated", "SET LOGGED.")
    if relation.is_partition:
        yield _error(
            "partition", side, name, "it is a partition", "Name the partitioned table that it belongs to.", refused=True
        )
    elif relation.has_parents or (relation.has_children and relation.kind == "r"):
        yield _error(
            "inheritance",
            side,
            name,
            "it takes part in table inheritance: a write could reach another table",
            "Content tables must stand alone; use partitioning instead.",
            refused=True,
        )
    if side is Side.PROD and relation.row_security:
        yield _error(
            "row-security",
            side,
            name,
            "row security is on: the apply worker refuses such a table",
            f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY;",
        )
    if side is Side.PROD and relation.has_rules and relation.kind == "r":
        yield _error("rule", side, name, "it has rewrite rules", "Drop its rules.", refused=True)


def _pair_checks(settings: Settings, dev: Table, prod: Table) -> Iterator[Check]:
    own = settings.tables.all_production_columns.get(dev.name, ())
    key = dev.identity_key
    if key is None:
        yield _error(
            "no-key",
            Side.DEV,
            dev.name,
            "it has no primary key (or replica identity index): rows cannot be told apart",
            f"ALTER TABLE {dev.name} ADD PRIMARY KEY (…); on both servers.",
        )
        return
    if not any(other.columns == key.columns and other.immediate and other.is_plain for other in prod.unique_keys):
        yield _error(
            "no-key",
            Side.PROD,
            prod.name,
            f"production has no unique index on ({', '.join(key.columns)}), dev's key",
            f"Make ({', '.join(key.columns)}) the primary key on production too.",
        )
    for column in own:
        if prod.column(column) is None and (dev.name, column) in settings.tables.own_columns:
            yield _error("unknown-column", Side.PROD, prod.name, f"there is no column {column}", "Correct [tables].")
        if column in key.columns:
            yield _error(
                "key-column",
                Side.PROD,
                prod.name,
                f"{column} is in the key",
                "Correct [tables].",
            )
    yield from _column_checks(dev, prod, own)


def _column_checks(dev: Table, prod: Table, own: tuple[str, ...]) -> Iterator[Check]:
    for column in dev.columns:
        if column.name in own or column.generated:
            continue
        other = prod.column(column.name)
        if other is None:
            yield _drift(
                prod,
                f"production lacks column {column.name}",
                f"ALTER TABLE {prod.name} ADD COLUMN {_quoted(column.name)} {column.type};",
            )
        elif other.generated:
            yield _drift(prod, f"column {column.name} is generated on production only", "Make both alike.")
        else:
            yield from _type_checks(prod, column, other)
    for column in prod.columns:
        missing = dev.column(column.name) is None or column.name in own
        if missing and column.not_null and not (column.has_default or column.generated or column.identity):
            yield Check(
                id="no-default",
                severity=Severity.WARNING,
                server=Side.PROD,
                subject=str(prod.name),
                message=f"column {column.name} is NOT NULL without a default and gets no value: a new row would fail",
                remedy=f"ALTER TABLE {prod.name} ALTER COLUMN {_quoted(column.name)} SET DEFAULT …;",
            )


def _type_checks(prod: Table, dev: Column, column: Column) -> Iterator[Check]:
    if dev.type != column.type:
        yield _drift(
            prod,
            f"column {dev.name} is {column.type}, on dev {dev.type}",
            f"ALTER TABLE {prod.name} ALTER COLUMN {_quoted(dev.name)} TYPE {dev.type};",
        )
    lacking = [label for label in dev.enum_labels if label not in column.enum_labels]
    if lacking:
        yield _drift(
            prod,
            f"column {dev.name}: production's type {column.type} lacks the labels {', '.join(lacking)}",
            " ".join(f"ALTER TYPE {column.type} ADD VALUE '{label}';" for label in lacking),
        )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _drift(prod: Table, message: str, remedy: str) -> Check:
    return _error("schema-drift", Side.PROD, prod.name, message, remedy)


def _error(slug: str, side: Side, name: QualifiedName, message: str, remedy: str, *, refused: bool = False) -> Check:
    return Check(
        id=slug,
        severity=Severity.ERROR,
        server=side,
        subject=str(name),
        message=message,
        remedy=remedy,
        refused=refused,
    )
