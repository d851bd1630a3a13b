"""The SQL that gives rows of dev values of their own: for a person to run there, never sent by the controller."""

from __future__ import annotations

import re
from collections.abc import Iterable

from egrow_replica.catalog.definitions import ColumnDefinition
from egrow_replica.window.checks.drift_types import text_limit
from egrow_replica.window.checks.remedies import name, names, table, text
from egrow_replica.window.checks.rows_table import TableRows, Values

#: A remedy that names more rows than these is no longer read.
REMEDY_ROWS = 100


def with_own_values(rows: TableRows, columns: Iterable[str], keys: Iterable[Values]) -> str:
    """An UPDATE of dev after which these rows' values in one of the columns are like no other's; ``""``: there is none.

    Only where a value can be made longer by the row's key, or drawn: what number is free is for a person to say.
    """
    wanted = list(dict.fromkeys(keys))
    for column in columns:
        definition = rows.dev.column(column)
        value = _own_value(definition, rows.table.key) if definition is not None else ""
        if value and column not in rows.table.key and len(wanted) <= REMEDY_ROWS:
            return f"{update(rows, f'{name(column)} = {value}', wanted)} -- on dev"
    return ""


def update(rows: TableRows, assignments: str, keys: Iterable[Values]) -> str:
    """An UPDATE of the table's rows with these keys."""
    return (
        f"UPDATE {table(rows.name)} SET {assignments} "  # noqa: S608 - printed, never sent
        f"WHERE {among(rows.table.key, keys)};"
    )


def among(key: tuple[str, ...], keys: Iterable[Values]) -> str:
    """``(id) IN (('1'), ('2'))``."""
    return f"({names(key)}) IN ({', '.join(map(_tuple, keys))})"


def of_columns(rows: TableRows, expressions: Iterable[str]) -> list[str]:
    """The columns that expressions of an index name."""
    whole = " ".join(expressions)
    return [one.name for one in rows.prod.columns if re.search(rf"(?<!\w){re.escape(one.name)}(?!\w)", whole)]


def _own_value(column: ColumnDefinition, key: tuple[str, ...]) -> str:
    if column.base_type == "uuid":
        return "gen_random_uuid()"
    if column.base_type not in ("text", "varchar"):
        return ""
    own = name(column.name)
    suffix = f"concat_ws('-', {names(key)})"
    limit = text_limit(column) if column.base_type == "varchar" else None
    start = own if limit is None else f"left({own}, greatest(0, {limit - 1} - length({suffix})))"
    return f"{start} || '-' || {suffix}"


def _tuple(key: Values) -> str:
    return "(" + ", ".join("NULL" if value is None else text(value) for value in key) + ")"
