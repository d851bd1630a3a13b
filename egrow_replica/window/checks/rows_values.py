"""Values of dev that production would refuse, and columns of production that a new row would leave without one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from egrow_replica.catalog import key_hash
from egrow_replica.catalog.definitions import ColumnDefinition
from egrow_replica.db import SQL, Composable, Identifier, int8_array, query
from egrow_replica.db.expressions import texts
from egrow_replica.errors import Refused
from egrow_replica.guard import vet_filter
from egrow_replica.model import Check, Server, Severity
from egrow_replica.window.checks.base import counted, finding, named, warning
from egrow_replica.window.checks.drift_constraints import add_partitions
from egrow_replica.window.checks.drift_types import numeric_modifier, text_limit
from egrow_replica.window.checks.remedies import alter_table, name, text
from egrow_replica.window.checks.rows_table import Row, TableRows

DEV, PROD = Server.DEV, Server.PROD


@dataclass(frozen=True)
class _Test:
    """What a column of production refuses: ``refuses`` is asked for each value, ``None`` is NULL."""

    slug: str
    column: str
    position: int
    refuses: Callable[[str | None], bool]
    what: str
    remedy: str


class RefusedValues:
    """NULLs, lengths, numbers and enum labels, only where production is narrower than dev."""

    def __init__(self, rows: TableRows) -> None:
        self._rows = rows
        self._tests = list(_tests(rows))
        self._found: defaultdict[int, list[str]] = defaultdict(list)
        self.wants_rows = bool(self._tests)

    def see(self, row: Row) -> None:
        """Ask every test."""
        for number, test in enumerate(self._tests):
            if test.refuses(row.new[test.position]):
                self._found[number].append(row.shown)

    def findings(self) -> Iterator[Check]:
        """One for each column and reason."""
        for number, keys in sorted(self._found.items()):
            test = self._tests[number]
            message = f"{counted(keys)} of dev with {test.what} in column {test.column}: {named(keys)}"
            yield finding(test.slug, Severity.ERROR, PROD, self._rows.name, message, test.remedy, rows=keys)


def _tests(rows: TableRows) -> Iterator[_Test]:
    for position, column in enumerate(rows.table.column_names):
        dev, prod = rows.dev.column(column), rows.prod.column(column)
        if dev is None or prod is None:
            continue
        if not dev.never_null and (remedy := _lets_null_in(rows, prod)):
            what = "no value, which production demands,"
            yield _Test("null-refused", column, position, lambda value: value is None, what, remedy)
        retype = alter_table(rows.name, f"ALTER COLUMN {name(column)} TYPE {dev.type}")
        limit = (
            text_limit(prod)
            if prod.base_type == "varchar"
            and (dev.type, dev.modifier)
            != (
                prod.type,
                prod.modifier,
            )
            else None
        )
        if limit is not None:
            what = f"more than the {limit} characters that production holds"
            yield _Test("too-long", column, position, _longer_than(limit), what, retype)
        if prod.base_type == "numeric" and dev.modifier != prod.modifier and (limits := numeric_modifier(prod)):
            what = f"a number that does not fit into production's numeric({limits[0]},{limits[1]})"
            yield _Test("out-of-range", column, position, _outside(*limits), what, retype)
        lacking = frozenset(dev.enum_labels) - frozenset(prod.enum_labels)
        if lacking and dev.enum == prod.enum:
            what = f"a label that production's {prod.enum} lacks,"
            remedy = " ".join(f"ALTER TYPE {prod.enum} ADD VALUE IF NOT EXISTS {text(one)};" for one in sorted(lacking))
            yield _Test("enum-refused", column, position, _has_label(lacking), what, remedy)


def _lets_null_in(rows: TableRows, column: ColumnDefinition) -> str:
    """What lets production's column, or its domain, hold NULL; ``""``: it does already."""
    domain = rows.view.definitions(PROD).domains.get(column.domain)
    parts = [alter_table(rows.name, f"ALTER COLUMN {name(column.name)} DROP NOT NULL")] if column.not_null else []
    return " ".join([*parts, *([f"ALTER DOMAIN {domain.name} DROP NOT NULL;"] if domain and domain.not_null else [])])


def _longer_than(limit: int) -> Callable[[str | None], bool]:
    # Blanks beyond the limit are cut off silently.
    return lambda value: value is not None and len(value) > limit and len(value.rstrip(" ")) > limit


def _outside(precision: int, scale: int) -> Callable[[str | None], bool]:
    """What would overflow, and what would be rounded: then the two servers would never be equal."""
    quantum = Decimal(1).scaleb(-scale)

    def refuses(value: str | None) -> bool:
        if value is None:
            return False
        number = Decimal(value)
        if number.is_nan():
            return False
        if number.is_infinite():
            return True
        return abs(number) >= Decimal(10) ** (precision - scale) or _rounded(number, quantum)

    return refuses


def _rounded(number: Decimal, quantum: Decimal) -> bool:
    try:
        return number.quantize(quantum) != number
    except InvalidOperation:  # more digits than the context holds
        return True


def _has_label(labels: frozenset[str]) -> Callable[[str | None], bool]:
    def refuses(value: str | None) -> bool:
        if value is None:
            return False
        parts = value.strip("{}").split(",") if value.startswith("{") else [value]
        return any(part.strip('"') in labels for part in parts)

    return refuses


@dataclass(frozen=True)
class _Demand:
    """A CHECK of production's table or of a column's domain, or what its partitions accept.

    :ivar columns: what the expression is over; a domain's calls its value ``value``.
    """

    slug: str
    name: str
    definition: str
    expression: str
    columns: Composable
    remedy: str


class FailedChecks:
    """Rows that a CHECK of production does not accept, and that dev's own need not keep away."""

    wants_rows = False

    def __init__(self, rows: TableRows) -> None:
        self._rows = rows

    def see(self, row: Row) -> None:
        """Nothing: dev answers itself."""

    def findings(self) -> Iterator[Check]:
        """One for each CHECK, the table's own and those of its columns' domains."""
        for one in (*self._of_table(), *self._of_domains(), *self._of_partitions()):
            try:
                condition = vet_filter(one.expression)
            except Refused:
                message = f"whether dev's rows pass {one.name} cannot be asked beforehand: it is not a plain expression"
                yield warning("check-unasked", PROD, self._rows.name, message)
                continue
            keys = list(self._failing(condition, one.columns))
            if keys:
                message = f"{counted(keys)} of dev against production's {one.name}, {one.definition}: {named(keys)}"
                yield finding(one.slug, Severity.ERROR, PROD, self._rows.name, message, one.remedy, rows=keys)

    def _of_table(self) -> Iterator[_Demand]:
        """Where dev has the same, valid for all of its rows, there is nothing to ask."""
        kept = {one.demand for one in self._rows.dev.constraints if one.holds}
        for one in self._rows.prod.constraints:
            if one.expression is not None and one.enforced and one.demand not in kept:
                remedy = alter_table(self._rows.name, f"DROP CONSTRAINT IF EXISTS {name(one.name)}")
                yield _Demand("check-refused", one.name, one.definition, one.expression, SQL("t.*"), remedy)

    def _of_domains(self) -> Iterator[_Demand]:
        dev, prod = self._rows.view.definitions(DEV).domains, self._rows.view.definitions(PROD).domains
        for column in self._rows.table.column_names:
            ours, theirs = self._rows.prod.column(column), self._rows.dev.column(column)
            domain = prod.get(ours.domain) if ours is not None else None
            if domain is None:
                continue
            known = dev.get(theirs.domain) if theirs is not None else None
            kept = known.checks if known is not None else ()  # NOT VALID is part of the text
            for check, constraint, expression in zip(
                domain.checks, domain.check_names, domain.expressions, strict=True
            ):
                if check.removesuffix(" NOT VALID") not in kept:
                    remedy = f"ALTER DOMAIN {domain.name} DROP CONSTRAINT IF EXISTS {name(constraint)};"
                    value = SQL("{} AS value").format(Identifier("t", column))
                    yield _Demand("check-refused", f"{constraint} of {domain.name}", check, expression, value, remedy)

    def _of_partitions(self) -> Iterator[_Demand]:
        """A row that no part of production's accepts."""
        parts, remedy = self._rows.prod.partitioning, add_partitions(self._rows.dev, self._rows.prod)
        # Where production has all parts of dev's each row finds its own; a hash is made by a function that takes oids.
        if parts is None or not remedy or parts.key.startswith("HASH"):
            return
        accepted = " OR ".join(f"({one})" for one in parts.accepted) or "false"
        yield _Demand("no-partition", "partitions", f"by {parts.key}", accepted, SQL("t.*"), remedy)

    def _failing(self, condition: str, columns: Composable) -> Iterator[str]:
        table, hashes = self._rows.table, self._rows.difference.from_dev
        statement = query(
            "doctor/refused_by_check",
            key=texts("t", table.key),
            key_hash=key_hash(table.key_columns, "t", self._rows.seed),
            columns=columns,
            source=table.dev_source,
            filter=table.arriving,
            condition=SQL(condition),
        )
        for key in self._rows.view.dev.values(statement, [int8_array(hashes)]):
            yield key[0] if len(key) == 1 else f"({', '.join(map(str, key))})"


class Defaults:
    """Columns that dev does not send: a new row needs another source of a value."""

    wants_rows = False

    def __init__(self, rows: TableRows) -> None:
        self._rows = rows

    def see(self, row: Row) -> None:
        """Nothing: whether there are new rows is known."""

    def findings(self) -> Iterator[Check]:
        """An error where there are new rows, else a warning."""
        new = len(self._rows.difference.new)
        for column in self._rows.prod.columns:
            sent = column.name in self._rows.table.column_names
            if sent or not column.not_null or column.default or column.generated or column.identity:
                continue
            message = f"column {column.name} is NOT NULL without a default and dev does not send it: "
            message += f"{new} new rows would fail" if new else "a new row would fail"
            action = f"ALTER COLUMN {name(column.name)} SET DEFAULT {_zero(column)}"
            severity = Severity.ERROR if new else Severity.WARNING
            yield finding("no-default", severity, PROD, self._rows.name, message, alter_table(self._rows.name, action))


_ZEROS = {
    **dict.fromkeys(("int2", "int4", "int8", "numeric", "float4", "float8"), "0"),
    **dict.fromkeys(("text", "varchar", "bpchar"), "''"),
    **dict.fromkeys(("timestamp", "timestamptz", "date"), "CURRENT_TIMESTAMP"),
    **dict.fromkeys(("json", "jsonb"), "'{}'"),
    "bool": "false",
    "uuid": "gen_random_uuid()",
}


def _zero(column: ColumnDefinition) -> str:
    """A value to begin with; a DBA may know a better one."""
    if column.enum_labels and column.type == column.enum:
        return text(column.enum_labels[0])
    return _ZEROS.get(column.base_type, "…")
