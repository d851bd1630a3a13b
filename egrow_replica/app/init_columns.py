"""Columns of content tables whose values production writes itself: counters, live ids, times of last use.

Every rule asks first whether an edit on dev explains the difference: in a row whose time of change is later on dev,
it may. A column for which that cannot be told is only suggested. So is one where dev counts as many updates as rows
differ, or all rows differ by one factor, for one statement on dev may have done it; and one that a new row of dev could
not do without.
"""

from __future__ import annotations

import os.path
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from egrow_replica.app.init_evidence import Comparison
from egrow_replica.app.init_reasons import tr
from egrow_replica.catalog import Column, Table
from egrow_replica.model import QualifiedName
from egrow_replica.results import Change, ProposedColumn, Reason

_NUMBERS = frozenset(["int2", "int4", "int8", "numeric", "float4", "float8"])
_STRINGS = frozenset(["text", "varchar"])
_TIMES = frozenset(["timestamp", "timestamptz"])

#: Fewer rows than these show no habit.
FEW_ROWS = 3
#: Shares of the rows that both servers have, and of those that differ.
MANY = 0.5
MOST = 0.8
#: One row in so many may have been edited on dev.
EDITED = 5
#: Production's numbers are together at least this much larger: a counter of real use, not a price that was cut.
LARGER = 2
#: Factors that differ by no more than this are one factor: a price is rounded when it is halved.
ROUNDED = 0.02
#: A shorter common beginning of all values is chance.
PREFIX = 3
SHOWN = 30


@dataclass
class _Differences:
    """What differs in one column; ``edited``: how many of these rows dev changed later than production."""

    pairs: list[tuple[str | None, str | None]] = field(default_factory=list)
    edited: int = 0


@dataclass(frozen=True)
class Updates:
    """Updates of the table that each server's statistics count, ``None`` where they cannot be read."""

    dev: int | None
    prod: int | None

    def doubt(self, rows: int) -> Reason | None:
        """Why dev may have made so many rows differ; a statement on dev that touches no time column is counted too."""
        if self.dev is None or self.dev < rows:
            return None
        if self.prod is None:
            return tr("dev counts {dev} updates of this table, enough to explain it", dev=self.dev)
        counts = {"dev": self.dev, "prod": self.prod}
        return tr("dev counts {dev} updates of this table, enough to explain it (production {prod})", **counts)


def production_columns(
    prod: Table, comparison: Comparison, listed: tuple[str, ...], references: frozenset[str], updates: Updates
) -> Iterator[ProposedColumn]:
    """Columns of one table, in order.

    :param listed: columns that a preset gives to production.
    :param references: columns of foreign keys, which are never production's.
    """
    times = [column.name for column in comparison.travelling.columns if column.base_type in _TIMES]
    differences = _by_column(comparison.changes, frozenset(times))
    for column in prod.columns:
        if column.name in listed:
            yield _column(prod.name, column, True, (tr("the preset lists it"),), listed=True)
            continue
        found = differences.get(column.name)
        if found is None or column.name in comparison.travelling.key or column.name in references:
            continue
        reason = _reason(column, found, comparison)
        if reason is not None:
            doubts = (*_whose(column, found, comparison, updates), *_doubts(column, bool(times), comparison.new))
            yield _column(prod.name, column, not doubts, (reason, *doubts), listed=False)


def _column(
    table: QualifiedName, column: Column, proposed: bool, reasons: tuple[Reason, ...], *, listed: bool
) -> ProposedColumn:
    return ProposedColumn(table=table, column=column.name, proposed=proposed, reasons=reasons, listed_by_preset=listed)


def _by_column(changes: tuple[Change, ...], times: frozenset[str]) -> dict[str, _Differences]:
    # ISO times of one kind and one time zone are in order as text.
    edited = {
        change.key for change in changes if change.column in times and (change.dev or "") > (change.production or "")
    }
    found: defaultdict[str, _Differences] = defaultdict(_Differences)
    for change in changes:
        found[change.column].pairs.append((change.production, change.dev))
        found[change.column].edited += change.key in edited
    return found


def _share(found: _Differences, comparison: Comparison) -> float:
    """How many of the rows that both have differ. The sample holds only such rows; what share these are is known."""
    return len(found.pairs) / comparison.sampled * comparison.updated / comparison.common


def _whose(column: Column, found: _Differences, comparison: Comparison, updates: Updates) -> Iterator[Reason]:
    """What speaks for dev as the one that wrote; nothing where both have values of their own, as live and test ids."""
    if column.base_type in _STRINGS:
        return
    rows = round(_share(found, comparison) * comparison.common)
    if doubt := updates.doubt(rows):
        yield doubt
    if column.base_type in _NUMBERS and (factor := _one_factor(found)) is not None:
        shown = f"{factor:.6g}"
        yield tr("dev has {factor} times production's number in most rows, as one statement leaves it", factor=shown)


def _one_factor(found: _Differences) -> float | None:
    """By what production's numbers are multiplied on dev, where most have the same factor, rounding aside; not by 0."""
    factors = [
        float(on_dev / on_prod)
        for on_prod, on_dev in ((_number(prod), _number(dev)) for prod, dev in found.pairs)
        if on_prod and on_dev
    ]
    if len(factors) < FEW_ROWS:
        return None
    middle = sorted(factors)[len(factors) // 2]
    alike = sum(1 for factor in factors if abs(factor - middle) <= ROUNDED * abs(middle))
    return middle if alike >= MOST * len(found.pairs) else None


def _reason(column: Column, found: _Differences, comparison: Comparison) -> Reason | None:
    count, share = len(found.pairs), _share(found, comparison)
    if count < FEW_ROWS or share < MANY or found.edited * EDITED > count:
        return None
    where = tr("differs in {share} of the {rows} rows that both have", share=f"{share:.0%}", rows=comparison.common)
    if column.base_type in _NUMBERS:
        return _counter(found, where)
    if column.base_type in _STRINGS:
        return _live_value(found, where) if share == 1 else None
    if column.base_type in _TIMES:
        later = sum(1 for prod, dev in found.pairs if (prod or "") > (dev or ""))
        reason = tr("a time of use: {differs}, later on production in {count}", differs=where, count=later)
        return reason if later >= MOST * count else None
    return None


def _counter(found: _Differences, where: Reason) -> Reason | None:
    numbers = [(_number(prod), _number(dev)) for prod, dev in found.pairs]
    larger = sum(1 for prod, dev in numbers if prod > dev)
    on_prod, on_dev = sum(prod for prod, _ in numbers), sum(dev for _, dev in numbers)
    if larger < MANY * len(numbers) or on_prod < LARGER * max(on_dev, Decimal(0)):
        return None
    return tr(
        "a counter or an average: {differs}, larger on production in {count}; together {prod} there, {dev} on dev",
        differs=where,
        count=larger,
        prod=f"{float(on_prod):.10g}",
        dev=f"{float(on_dev):.10g}",
    )


def _number(value: str | None) -> Decimal:
    try:
        number = Decimal(value or 0)
    except InvalidOperation:
        return Decimal(0)
    return number if number.is_finite() else Decimal(0)


def _live_value(found: _Differences, where: Reason) -> Reason | None:
    """Two worlds of ids or addresses: no value in common, and every value of a side begins as the others there do."""
    on_prod = {prod for prod, _ in found.pairs if prod}
    on_dev = {dev for _, dev in found.pairs if dev}
    prod_start, dev_start = _common_beginning(on_prod), _common_beginning(on_dev)
    several = len(on_prod) >= FEW_ROWS and len(on_dev) >= FEW_ROWS
    if not several or on_prod & on_dev or prod_start == dev_start or min(len(prod_start), len(dev_start)) < PREFIX:
        return None
    return tr(
        "live and test values: {differs}, {prod}… on production, {dev}… on dev, none in common",
        differs=where,
        prod=repr(prod_start[:SHOWN]),
        dev=repr(dev_start[:SHOWN]),
    )


def _common_beginning(values: set[str]) -> str:
    return os.path.commonprefix(sorted(values))  # noqa: RUF071 - characters are meant, not parts of a path


def _doubts(column: Column, has_times: bool, new: int) -> Iterator[Reason]:
    if not has_times:
        yield tr("no column tells when a row was changed, so that an edit on dev may explain it")
    if column.not_null and not column.has_default and not column.identity:
        if new:
            yield tr("NOT NULL without a default: dev's {rows} new rows could not come without it", rows=new)
        else:
            yield tr("NOT NULL without a default: no new row of dev could come without it")
