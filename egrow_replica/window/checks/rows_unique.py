"""Unique values: who wants one that another row has, and whether that row gives it up in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from egrow_replica.catalog import UniqueKey
from egrow_replica.model import Check, Server, Severity
from egrow_replica.window.checks.base import counted, finding, named
from egrow_replica.window.checks.rows_remedies import with_own_values
from egrow_replica.window.checks.rows_table import AT_ONCE, Row, TableRows, Values

PROD = Server.PROD


@dataclass(frozen=True)
class _Collision:
    """A row that wants what another one has.

    :ivar key: of the row that wants it.
    """

    key: Values
    wanting: str
    holding: str
    value: str

    @property
    def sentence(self) -> str:
        """For a person."""
        return f"the row with key {self.wanting} wants {self.value}, which the row with key {self.holding} has"


@dataclass
class _Key:
    """What is known of one unique key.

    :ivar giving: rows that change their value in it, by key; ``wanted`` is what they want.
    :ivar holders: of a row that wants a value, the row that has it now.
    :ivar fresh: new rows and what they want, until they are looked up, which so many are ``at_once``.
    :ivar seen: on dev, where dev has no such key: who has a value first.
    """

    key: UniqueKey
    positions: tuple[int, ...]
    on_dev: bool
    giving: dict[Values, tuple[str, Values]] = field(default_factory=dict)
    differing: list[str] = field(default_factory=list)
    holders: dict[Values, Values] = field(default_factory=dict)
    fresh: list[tuple[Values, str, Values]] = field(default_factory=list)
    at_once: int = AT_ONCE
    collisions: list[_Collision] = field(default_factory=list)
    seen: dict[Values, str] = field(default_factory=dict)

    @property
    def columns(self) -> str:
        """As a person reads them."""
        return ", ".join(self.key.columns)

    def shown(self, value: Values) -> str:
        """``(slug) = (x)``."""
        return f"({self.columns}) = ({', '.join('NULL' if one is None else one for one in value)})"


class Uniques:
    """Every secondary unique key of production whose columns travel."""

    def __init__(self, rows: TableRows) -> None:
        self._rows = rows
        on_dev = {key.columns for key in rows.view.tables(Server.DEV)[rows.name].unique_keys if key.is_plain}
        self._keys = [
            _Key(key, positions, key.columns in on_dev)
            for key in rows.table.unique_keys
            if (positions := rows.positions(key.columns)) is not None
        ]
        self._freed: set[Values] | None = None
        self.wants_rows = bool(self._keys)

    def see(self, row: Row) -> None:
        """Note what it wants, and what it gives up."""
        for one in self._keys:
            value = tuple(row.new[position] for position in one.positions)
            if row.old is not None:
                old = tuple(row.old[position] for position in one.positions)
                if old == value:
                    continue
                one.giving[row.key] = row.shown, value
                one.differing.append(row.shown)
            if None in value:  # equal to nothing; NULLS NOT DISTINCT is looked at elsewhere
                continue
            self._see_duplicate(one, row, value)
            if row.old is None:
                one.fresh.append((row.key, row.shown, value))
                if len(one.fresh) >= one.at_once:
                    self._look_up_fresh(one)
                    one.at_once *= 2  # where no index answers, each time reads the table

    def _see_duplicate(self, one: _Key, row: Row, value: Values) -> None:
        if one.on_dev:
            return
        first = one.seen.setdefault(value, row.shown)
        if first != row.shown:
            one.collisions.append(_Collision(row.key, row.shown, f"{first} (on dev too)", one.shown(value)))

    def findings(self) -> Iterator[Check]:
        """Collisions, exchanges, and values that differ between the servers."""
        exchanged = self._exchanged()
        for one in self._keys:
            self._look_up_fresh(one)
            if one.collisions:
                yield self._collision(one)
            ring = {key: one.holders[key] for key in exchanged if key in one.holders}
            rows = [one.giving[key][0] for key in ring]
            if rows:
                message = f"{counted(rows)} exchange values of ({one.columns}) among themselves: {named(rows)}"
                advice = "let one of them take a value of its own on dev first, and open two windows"
                parting = with_own_values(self._rows, one.key.columns, first_of_rings(ring))
                remedy = f"{parting}; {advice}" if parting else f"{advice.capitalize()}."
                yield finding("unique-exchange", Severity.ERROR, PROD, self._rows.name, message, remedy, rows=rows)
            if one.differing:
                yield self._differing(one)

    def _collision(self, one: _Key) -> Check:
        return finding(
            "unique-collision",
            Severity.ERROR,
            PROD,
            self._rows.name,
            named(collision.sentence for collision in one.collisions),
            self._apart(one),
            rows=[f"{collision.wanting} → {collision.holding}" for collision in one.collisions],
        )

    def _apart(self, one: _Key) -> str:
        """On dev: production's rows belong to people by now."""
        advice = f"give dev's rows other values of ({one.columns}), or take them for production's by their key"
        update = with_own_values(self._rows, one.key.columns, [collision.key for collision in one.collisions])
        return f"{update}; or: {advice}" if update else f"{advice.capitalize()}."

    def _differing(self, one: _Key) -> Check:
        entry = f'"{self._rows.name}" = [{", ".join(f"{chr(34)}{column}{chr(34)}" for column in one.key.columns)}]'
        return finding(
            "unique-differs",
            Severity.WARNING,
            PROD,
            self._rows.name,
            f"({one.columns}) is unique and differs in {counted(one.differing)} that both servers have: "
            f"{named(one.differing)}. Dev's values would overwrite production's; ids of a payment provider's test "
            "mode must not",
            f"Where they are production's own: [tables.production_columns] {entry}",
            rows=one.differing,
        )

    def _exchanged(self) -> list[Values]:
        """Rows on a ring, each of which waits for the next one's value; who waits outside it is told elsewhere."""
        waits: defaultdict[Values, set[Values]] = defaultdict(set)
        for one in self._keys:
            self._look_up_updates(one)
            for row, holder in one.holders.items():
                waits[row].add(holder)
        stuck = {row for one in self._keys for row in one.giving}
        self._freed = set()
        while ready := {row for row in stuck if waits[row] <= self._freed}:
            self._freed |= ready
            stuck -= ready
        return [row for row in stuck if returns_to(row, waits)]

    def _look_up_updates(self, one: _Key) -> None:
        wanting = [(row, shown, value) for row, (shown, value) in one.giving.items() if None not in value]
        for number, holder in self._rows.find(one.key.columns, [value for _, _, value in wanting]):
            row, shown, value = wanting[number]
            if holder == row:
                continue
            one.holders[row] = holder
            if holder not in one.giving:
                one.collisions.append(_Collision(row, shown, shown_key(holder), one.shown(value)))

    def _look_up_fresh(self, one: _Key) -> None:
        """Updates are all known by now: they come first."""
        if self._freed is None:
            self._exchanged()
        fresh, one.fresh = one.fresh, []
        for number, holder in self._rows.find(one.key.columns, [value for _, _, value in fresh]):
            key, shown, value = fresh[number]
            if holder not in one.giving or holder not in (self._freed or ()):
                one.collisions.append(_Collision(key, shown, shown_key(holder), one.shown(value)))


def first_of_rings(waits: Mapping[Values, Values]) -> list[Values]:
    """One row of each ring, by whom each row waits for.

    >>> first_of_rings({("a",): ("b",), ("b",): ("a",), ("c",): ("d",), ("d",): ("e",), ("e",): ("c",)})
    [('a',), ('c',)]
    """
    chosen: list[Values] = []
    seen: set[Values] = set()
    for row in waits:
        if row not in seen:
            chosen.append(row)
        ahead: Values | None = row
        while ahead is not None and ahead not in seen:
            seen.add(ahead)
            ahead = waits.get(ahead)
    return chosen


def shown_key(key: Iterable[str | None]) -> str:
    """A key as one word."""
    values = ["NULL" if value is None else value for value in key]
    return values[0] if len(values) == 1 else f"({', '.join(values)})"


def returns_to(row: Values, waits: dict[Values, set[Values]]) -> bool:
    """Whether following who waits for whom leads back to the row."""
    seen: set[Values] = set()
    ahead = list(waits.get(row, ()))
    while ahead:
        one = ahead.pop()
        if one == row:
            return True
        if one not in seen:
            seen.add(one)
            ahead.extend(waits.get(one, ()))
    return False
