"""What the stream may do to a table, each kind of change done once to a row."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from egrow_replica.catalog import Column
from egrow_replica.db import Composed, Door
from egrow_replica.errors import EgrowError, StatementFailed
from egrow_replica.model import Model
from egrow_replica.settings import Operation
from egrow_replica.window.rehearsal.heaps import Heap
from egrow_replica.window.rehearsal.values import free, near

#: A constraint says that a row does not suit its table, not that the change cannot be applied: the row may be one which
#: a constraint marked NOT VALID never saw (postgresql.org/docs/18/errcodes-appendix.html).
_CONSTRAINT = "23"
#: Of values that nobody would have given, a data exception says the same, and what a trigger raises on its own account.
_UNSUITABLE = (_CONSTRAINT, "22", "P0")
#: A lock that was not given, a deadlock, a serialization failure: another try may do.
_IN_THE_WAY = frozenset({"55P03", "40P01", "40001"})


def is_in_the_way(error: EgrowError) -> bool:
    """Whether somebody else's lock is all that failed it."""
    return isinstance(error, StatementFailed) and error.sqlstate in _IN_THE_WAY


class Kind(StrEnum):
    """A kind of change, in words."""

    ANEW = "an UPDATE that writes every column anew"
    CHANGE = "an UPDATE with other values"
    INSERT = "an INSERT"
    KEY = "an UPDATE of the key"
    DELETE = "a DELETE"


class Row(Model):
    """A row: where it lies, and its values as texts, in the order of the heap's columns."""

    ctid: str
    values: tuple[str | None, ...]

    def after(self, change: Row | None) -> Row:
        """The same row where a change has put it; its values are those that it had first."""
        return self if change is None else self.model_copy(update={"ctid": change.ctid})


class _Failed(Exception):
    """A change failed, and the subtransaction of all of them with it."""


class _Unsuitable(Exception):
    """A value does not suit its column or its table."""


class StopsStream(Exception):
    """A change fails as it would in the stream; its text is what the server said."""

    def __init__(self, kind: Kind, failure: StatementFailed) -> None:
        super().__init__(failure.message)
        self.kind = kind


@dataclass
class Performance:
    """All kinds of change of one heap, played in the transaction that is open.

    :ivar deletes: a row may be removed: deletes are published, or a row that moves leaves its partition.
    :ivar after: called after each play.
    :ivar played: how many plays there were.
    :ivar missed: what could not be played, and why.
    """

    door: Door
    heap: Heap
    publish: tuple[Operation, ...]
    deletes: bool
    after: Callable[[Kind], None]
    played: int = 0
    missed: list[str] = field(default_factory=list)
    _one_by_one: bool = False

    def play(self) -> None:
        """Play each kind once, on a row that is there; where nobody can hold one, on the one that is added.

        Mostly all of it suits. Where something fails, all is played again, each change in a subtransaction of its own.

        :raises StopsStream: a change fails as it would in the stream.
        :raises StatementFailed: somebody else is in the way.
        """
        self.door.execute("SAVEPOINT heap")
        try:
            self._play()
        except _Failed:
            self.door.execute("ROLLBACK TO heap")
            self.played, self.missed, self._one_by_one = 0, [], True
            self._play()
        self.door.execute("RELEASE heap")

    def _play(self) -> None:
        row = next(iter(self.door.rows(Row, self.heap.first_row())), None)
        other = next(iter(self.door.rows(Row, self.heap.last_row())), None)
        added = self._insert(row or other) if "insert" in self.publish else None
        if added is not None and self.heap.is_partition:
            self._insert(row or other or added, routed=True)
        if row is None and other is not None:
            self.missed.append("somebody holds its rows: changes were played on a copy of one")
        row = row or added
        if row is None:
            self.missed.append("it has no row, and none could be made: no UPDATE and no DELETE was played")
            return
        if "update" in self.publish:
            row = self._update(row, other or row)
        if self.deletes:
            self._first(Kind.DELETE, [(self.heap.delete(), [row.ctid])], invented=False)

    # -------------------------------------------------------------------------------------------------- kinds of change

    def _insert(self, template: Row | None, *, routed: bool = False) -> Row | None:
        """A copy under a new key, with new values wherever no two rows may have the same; without a row, of its types.

        Where that does not do, everything is made new, because a key may lie in an expression; of types alone, what may
        be is left empty.
        """
        statement = self.heap.insert(routed=routed)
        attempts = (
            (statement, [self._added(column, template, attempt) for column in self.heap.columns])
            for attempt in range(self.heap.tries)
        )
        return self._first(Kind.INSERT, attempts)

    def _update(self, row: Row, other: Row) -> Row:
        if self.heap.settable:
            row = row.after(self._first(Kind.ANEW, [(self.heap.write_anew(), [row.ctid])], invented=False))
        row = self._change_key(self._change(row, other))
        always = {column.name for column in self.heap.columns if column.identity == "a"}
        for trigger in self.heap.triggers:
            if waited := always.intersection(trigger.columns):
                self.missed.append(
                    f"trigger {trigger.name} waits for an UPDATE of {', '.join(sorted(waited))}, which is always "
                    "generated: the stream may write it, no statement can"
                )
        return row

    def _change(self, row: Row, other: Row) -> Row:
        """Another value for every column but the key's: all at once, else one by one, so that each has been changed."""
        offers: dict[str, list[str | None]] = {}
        for column, present, known in zip(self.heap.columns, row.values, other.values, strict=True):
            if column.identity != "a" and column.name not in self.heap.content.key:
                offers[column.name] = self._offers(column, present, known)
        names = [name for name, values in offers.items() if values]
        self.missed += (f"{Kind.CHANGE}: no other value is known for {name}" for name in offers if name not in names)
        if not names:
            return row
        together = (self.heap.change(names), [row.ctid, *(offers[name][0] for name in names)])
        if (changed := self._first(Kind.CHANGE, [together], say=False)) is not None:
            return row.after(changed)
        for name in names:
            statement = self.heap.change([name])
            attempts = [(statement, [row.ctid, value]) for value in offers[name]]
            row = row.after(self._first(Kind.CHANGE, attempts, what=f" of {name}"))
        return row

    def _change_key(self, row: Row) -> Row:
        """A free key; the columns that say which partition a row is in stay, where the key has others."""
        wanted = [column for column in self.heap.settable if column.name in self.heap.content.key]
        wanted = [column for column in wanted if column.name not in self.heap.partition_columns] or wanted
        if not wanted:
            return row
        statement = self.heap.change(column.name for column in wanted)
        attempts = (
            (statement, [row.ctid, *(self._free(column, row, attempt) for column in wanted)])
            for attempt in range(self.heap.tries)
        )
        return row.after(self._first(Kind.KEY, attempts))

    # ----------------------------------------------------------------------------------------------------------- values

    def _offers(self, column: Column, present: str | None, known: str | None) -> list[str | None]:
        """Values to try for a column: what another row has, what is near, what is rare, none at all."""
        constants = [value for value in self.heap.constants.get(column.name, ()) if value != present]
        if column.name in self.heap.unique:
            return [*free(column, present), *constants]
        others = [] if known == present else [known]
        if column.name in self.heap.partition_columns:
            return [*others, *(value for value in self.heap.inside() if value != present)]
        nothing = [None] if present is not None and not column.not_null else []
        return list(dict.fromkeys([*others, *near(column, present), *constants, *free(column, present), *nothing]))

    def _added(self, column: Column, template: Row | None, attempt: int) -> str | None:
        """A value for the row that is added."""
        last_resort = attempt % 3 == 2
        if column.name in self.heap.unique or (last_resort and template is not None):
            return self._free(column, template, attempt)
        if template is not None:
            return self._present(column, template)
        return None if last_resort and not column.not_null else self._free(column, template, attempt)

    def _free(self, column: Column, row: Row | None, attempt: int) -> str | None:
        """A value that is likely to be free, another one at each attempt; one that keeps the row in its partition."""
        present = self._present(column, row)
        found = free(column, present)
        if column.name in self.heap.partition_columns:
            if row is not None and not set(self.heap.content.key) <= set(self.heap.partition_columns):
                return present
            found = [*self.heap.inside(), *found]
        else:
            constants = [value for value in self.heap.constants.get(column.name, ()) if value != present]
            first = found[:1] if column.name in self.heap.unique else []
            found = [*first, *constants, *found[len(first) :]]
        if not found:
            return present
        return found[attempt] if attempt < min(2, len(found)) else secrets.choice(found)

    def _present(self, column: Column, row: Row | None) -> str | None:
        return None if row is None else row.values[self.heap.columns.index(column)]

    # ------------------------------------------------------------------------------------------------------------ plays

    def _first(
        self,
        kind: Kind,
        attempts: Iterable[tuple[Composed, list[str | None]]],
        *,
        invented: bool = True,
        what: str = "",
        say: bool = True,
    ) -> Row | None:
        """Play the first attempt that suits; where its row is then, with the values that were sent.

        :param invented: the values are; else what is refused would be so in the stream, if it is not for a constraint.
        :param say: note if none suits.
        """
        reason = ""
        for statement, sent in attempts:
            try:
                ctid = self._send(kind, statement, sent, invented=invented)
            except _Unsuitable as error:
                reason = str(error)
                continue
            self.played += 1
            self.after(kind)
            if ctid is None:
                self.missed.append(f"{kind}{what}: something held the row back")
                return None
            return Row(ctid=ctid, values=tuple(sent))
        if say:
            self.missed.append(f"{kind}{what}: {reason}")
        return None

    def _send(self, kind: Kind, statement: Composed, sent: list[str | None], *, invented: bool) -> str | None:
        """Send a change; where the row is afterwards."""
        if self._one_by_one:
            self.door.execute("SAVEPOINT play")
        try:
            ctid = self.door.value(statement, sent)
        except StatementFailed as error:
            if is_in_the_way(error):
                raise
            if not self._one_by_one:
                raise _Failed from error
            self.door.execute("ROLLBACK TO play")
            if error.sqlstate.startswith(_UNSUITABLE if invented else _CONSTRAINT):
                raise _Unsuitable(error.message) from error
            raise StopsStream(kind, error) from error
        if self._one_by_one:
            self.door.execute("RELEASE play")
        return None if ctid is None else str(ctid)


def planned_plays(heap: Heap, publish: tuple[Operation, ...], *, deletes: bool) -> Iterator[Composed]:
    """The statements of a performance that can be known beforehand."""
    yield heap.first_row()
    if "insert" in publish:
        yield heap.insert()
        if heap.is_partition:
            yield heap.insert(routed=True)
    if "update" in publish and heap.settable:
        yield heap.write_anew()
        key = heap.content.key
        if others := [column.name for column in heap.settable if column.name not in key]:
            yield heap.change(others)
        if own := [column.name for column in heap.settable if column.name in key]:
            yield heap.change(own)
    if deletes:
        yield heap.delete()
