"""Rows that meet in an index of production's which plain values do not tell of: expressions, predicates, exclusions."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from egrow_replica.catalog.demands import Demand, read_demands
from egrow_replica.content.compare import hash_parts
from egrow_replica.db import SQL, Composed, Door, Identifier, int8_array, query
from egrow_replica.db.expressions import (
    Expression,
    all_of,
    cast,
    element_as_text,
    equal,
    is_null,
    operator,
    texts,
    value_of,
)
from egrow_replica.errors import Refused, StatementFailed
from egrow_replica.guard import vet_filter
from egrow_replica.guard.lists.names import OPERATORS, TYPES
from egrow_replica.model import Check, Model, Server, Severity
from egrow_replica.window.checks.base import finding, named, warning
from egrow_replica.window.checks.rows_remedies import of_columns, with_own_values
from egrow_replica.window.checks.rows_table import VALUES_AT_ONCE, Found, Row, TableRows, Values
from egrow_replica.window.checks.rows_unique import returns_to, shown_key

PROD = Server.PROD
_SAVEPOINT = "SAVEPOINT egrow_replica_ask"
_BACK = "ROLLBACK TO SAVEPOINT egrow_replica_ask"


class _Valued(Model):
    """A row and what it has in an index."""

    key: tuple[str | None, ...]
    values: tuple[str | None, ...]


@dataclass(frozen=True)
class _Asked:
    """An index whose expressions and predicate may be sent."""

    demand: Demand
    parts: tuple[str, ...]
    predicate: str


@dataclass
class _State:
    """What the differing rows have in one index, by key; a row that the index does not hold is missing.

    :ivar fresh: what new rows want; ``wanted``: what rows want that production has otherwise; ``had``: what they have.
    :ivar waits: rows that want what others give up.
    """

    fresh: dict[Values, Values]
    wanted: dict[Values, Values]
    had: dict[Values, Values]
    meetings: list[tuple[Values, str]] = field(default_factory=list)
    waits: defaultdict[Values, set[Values]] = field(default_factory=lambda: defaultdict(set))

    @property
    def moving(self) -> dict[Values, Values]:
        """Rows that want something which they do not have yet."""
        return {key: values for key, values in self.wanted.items() if self.had.get(key) != values} | self.fresh

    def gives_up(self, key: Values) -> bool:
        """Whether a row of production's will have something else, or nothing."""
        return key in self.had and self.wanted.get(key) != self.had[key]


class Demands:
    """Unique indexes over expressions, of some rows or with equal NULLs, and exclusion constraints."""

    wants_rows = False

    def __init__(self, rows: TableRows) -> None:
        self._rows = rows
        view, name = rows.view, rows.name
        self._demands = read_demands(view.prod, [rows.table.oid])[rows.table.oid]
        dev = view.tables(Server.DEV)[name].relation.oid
        self._on_dev = {one.definition for one in read_demands(view.dev, [dev])[dev]} if self._demands else set()

    def see(self, row: Row) -> None:
        """Nothing: the servers compute what the indexes hold."""

    def findings(self) -> Iterator[Check]:
        """One for each index."""
        for demand in self._demands:
            try:
                for door in (self._rows.view.dev, self._rows.view.prod):
                    door.execute(_SAVEPOINT)
                yield from self._of(self._vetted(demand))
            except (Refused, StatementFailed):
                for door in (self._rows.view.dev, self._rows.view.prod):
                    door.execute(_BACK)
                message = (
                    f"whether dev's rows meet others in {demand.name} {demand.definition} cannot be asked beforehand: "
                    "it is more than plain expressions"
                )
                yield warning("unique-unasked", PROD, self._rows.name, message)

    def _vetted(self, demand: Demand) -> _Asked:
        """:raises Refused: an expression is more than a plain one, or a type or an operator is not built in."""
        if demand.excludes and not (OPERATORS.issuperset(demand.operators) and TYPES.issuperset(demand.types)):
            raise Refused("filter", "an operator or a type of the exclusion constraint is not built in")
        sent = set(self._rows.table.column_names)
        text = " ".join([*demand.parts, demand.predicate or ""])
        for column in self._rows.prod.columns:
            if column.name not in sent and re.search(rf"(?<!\w){re.escape(column.name)}(?!\w)", text):
                raise Refused("filter", f"dev does not send column {column.name}")
        enums = {column.enum for column in self._rows.prod.columns if column.enum}
        for part in demand.parts:
            vet_filter(f"({_without_casts(part, enums)}) IS NOT NULL")
        parts = tuple(_without_casts(part, enums) for part in demand.parts)
        predicate = vet_filter(_without_casts(demand.predicate, enums)) if demand.predicate else "true"
        return _Asked(demand, parts, predicate)

    def _of(self, asked: _Asked) -> Iterator[Check]:
        difference, view = self._rows.difference, self._rows.view
        state = _State(
            fresh=self._values(view.dev, asked, difference.new, filtered=True),
            wanted=self._values(view.dev, asked, difference.updated, filtered=True),
            had=self._values(view.prod, asked, difference.updated, filtered=False),
        )
        if asked.demand.definition not in self._on_dev and not asked.demand.excludes:
            self._see_duplicates(state)
        self._see_holders(asked, state)
        if state.meetings:
            yield self._collision(asked, state.meetings)
        exchanged = [key for key in state.waits if returns_to(key, state.waits)]
        if exchanged:
            yield self._exchange(asked, exchanged)
        elif state.waits:
            yield self._order(asked, list(state.waits))

    def _values(self, door: Door, asked: _Asked, hashes: Collection[int], *, filtered: bool) -> dict[Values, Values]:
        parts = hash_parts(self._rows.table, self._rows.seed, filtered=filtered)
        del parts["row_hash"]
        statement = query(
            "doctor/demanded_values",
            key=texts("t", self._rows.table.key),
            values=SQL(", ").join(SQL(f"({part})::pg_catalog.text") for part in asked.parts),
            predicate=SQL(f"({asked.predicate})"),
            **parts,
        )
        found: dict[Values, Values] = {}
        for one in door.stream(_Valued, statement, [int8_array(hashes)]) if hashes else ():
            if asked.demand.concerns(one.values):
                found[one.key] = one.values
        return found

    def _see_duplicates(self, state: _State) -> None:
        first: dict[Values, Values] = {}
        for key, values in {**state.wanted, **state.fresh}.items():
            holder = first.setdefault(values, key)
            if holder != key:
                state.meetings.append((key, f"{shown_key(holder)} (on dev too)"))

    def _see_holders(self, asked: _Asked, state: _State) -> None:
        """Note who meets a row that stays, and who waits for one that moves; new rows come last anyway."""
        moving = list(state.moving.items())
        for number, holder in self._find(asked, [values for _, values in moving]):
            key = moving[number][0]
            if holder == key:
                continue
            if not state.gives_up(holder):
                state.meetings.append((key, shown_key(holder)))
            elif key not in state.fresh:
                state.waits[key].add(holder)

    def _find(self, asked: _Asked, wanted: list[Values]) -> Iterator[tuple[int, Values]]:
        """Which of the wanted values production has, by position, and in which row.

        Values with NULLs in the same places are asked for together: by IS NULL and = tables are joined as wholes.
        """
        alike: defaultdict[tuple[bool, ...], list[int]] = defaultdict(list)
        for position, values in enumerate(wanted):
            alike[tuple(asked.demand.nulls_equal and value is None for value in values)].append(position)
        for nulls, positions in alike.items():
            statement = self._find_statement(asked, nulls)
            for start in range(0, len(positions), VALUES_AT_ONCE):
                some = positions[start : start + VALUES_AT_ONCE]
                part = json.dumps([wanted[position] for position in some])
                for found in self._rows.view.prod.rows(Found, statement, [part]):
                    yield some[found.number - 1], found.key

    def _find_statement(self, asked: _Asked, nulls: Sequence[bool]) -> Composed:
        names = [f"part {number}" for number in range(len(asked.parts))]
        return query(
            "doctor/rows_in_the_way",
            key=texts("t", self._rows.table.key),
            parts=SQL(", ").join(
                SQL("{} AS {}").format(SQL(f"({part})"), Identifier(name))
                for part, name in zip(asked.parts, names, strict=True)
            ),
            source=self._rows.table.source,
            predicate=SQL(f"({asked.predicate})"),
            matches=all_of(
                is_null(value_of("t", name)) if nulls[number] else _match(asked.demand, number, name)
                for number, name in enumerate(names)
            ),
        )

    def _collision(self, asked: _Asked, meetings: list[tuple[Values, str]]) -> Check:
        slug = "exclusion-collision" if asked.demand.excludes else "unique-collision"
        what = named(f"the row with key {shown_key(key)} meets the row with key {holder}" for key, holder in meetings)
        return finding(
            slug,
            Severity.ERROR,
            PROD,
            self._rows.name,
            f"in {asked.demand.name} {asked.demand.definition}: {what}",
            self._apart(asked, [key for key, _ in meetings]),
            rows=[f"{shown_key(key)} → {holder}" for key, holder in meetings],
        )

    def _apart(self, asked: _Asked, keys: list[Values]) -> str:
        """Longer words are other words to an index over words; what else keeps two rows apart is for a person."""
        parts = ", ".join(asked.demand.parts)
        advice = f"give dev's rows other values of {parts}, if only for one window"
        columns = [] if asked.demand.excludes else of_columns(self._rows, asked.demand.parts)
        update = with_own_values(self._rows, columns, keys)
        return f"{update}; or: {advice}" if update else f"{advice.capitalize()}."

    def _exchange(self, asked: _Asked, exchanged: list[Values]) -> Check:
        rows = [shown_key(key) for key in exchanged]
        return finding(
            "unique-exchange",
            Severity.ERROR,
            PROD,
            self._rows.name,
            f"in {asked.demand.name} {asked.demand.definition}, rows exchange their values among themselves: "
            f"{named(rows)}",
            self._apart(asked, exchanged[:1] if len(exchanged) == 2 else exchanged),
            rows=rows,
        )

    def _order(self, asked: _Asked, waiting: list[Values]) -> Check:
        rows = [shown_key(key) for key in waiting]
        return finding(
            "unique-order",
            Severity.WARNING,
            PROD,
            self._rows.name,
            f"in {asked.demand.name} {asked.demand.definition}, rows take over what others give up in the same window: "
            f"{named(rows)}. The order in which rows change is the server's, so the reconcile may be refused",
            "If it is: open a window without these changes first, then another with them.",
            rows=rows,
        )


def _match(demand: Demand, number: int, name: str) -> Expression:
    """By the type's own operator where it is built in: then its equality decides; else by text."""
    wanted, base = element_as_text(value_of("w", "value"), number), demand.types[number]
    value = value_of("t", name)
    if base in TYPES:
        wanted = cast(wanted, base)
    else:
        value = cast(value, "text")
    if demand.excludes:
        return operator(wanted, demand.operators[number], value)
    return equal(value, wanted)


def _without_casts(text: str, enums: set[str]) -> str:
    """A constant takes an enum's type from what it is compared with; the guard knows no types of one's own."""
    for enum in enums:
        text = text.replace(f"'::{enum}", "'")
    return text
