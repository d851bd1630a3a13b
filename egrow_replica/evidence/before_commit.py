"""What a transaction of ours has written, asked by itself before it may commit: content alone, or it is undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from egrow_replica.catalog import OWN_SCHEMA, Scope
from egrow_replica.db import Door, query
from egrow_replica.errors import PreflightFailed, StatementFailed, ValidationFailed
from egrow_replica.evidence.own_wal import WalUnreadError, WalWitness, position
from egrow_replica.evidence.wal_relations import StoredRelation, relations_of
from egrow_replica.model import Model, TableName

#: Catalogs in which a temporary table has rows; whose rows were written there is looked at one by one.
_TEMPORARY_IN = frozenset(
    {"pg_class", "pg_attribute", "pg_type", "pg_index", "pg_constraint", "pg_attrdef", "pg_namespace", "pg_depend"}
    | {"pg_shdepend"}
)
#: What ANALYZE writes; which table it was about is told by the lock that it takes on it.
_STATISTICS = frozenset({"pg_statistic", "pg_statistic_ext_data"})
#: How often what is put off may write something that is put off.
_ROUNDS = 5
_CATALOG = "pg_catalog"
_WRITES_ROWS = "RowExclusiveLock"


class OwnWrite(Model):
    """What the transaction has done to one relation.

    :ivar name: ``None`` where it is gone again; ``table`` is that to which an index or a TOAST table belongs.
    :ivar kind: ``pg_class.relkind``.
    :ivar root_oid: the root of the partition tree that the table is in.
    :ivar locks: the modes in which it is locked, but for those of readers and of rows.
    :ivar otherwise: records of WAL that are nothing of the other three; ``storage`` as WAL names it.
    """

    oid: int
    name: TableName | None
    kind: str | None
    temporary: bool
    table_oid: int | None
    table: TableName | None
    root_oid: int | None
    inserted: int
    updated: int
    deleted: int
    locks: tuple[str, ...] = ()
    otherwise: int = 0
    storage: str = ""

    def since(self, before: OwnWrite | None) -> OwnWrite:
        """What was counted after ``before``: earlier transactions may not have handed in their counts yet."""
        if before is None:
            return self
        return self.model_copy(
            update={
                "inserted": self.inserted - before.inserted,
                "updated": self.updated - before.updated,
                "deleted": self.deleted - before.deleted,
            }
        )

    @property
    def subject(self) -> str:
        """The table that it belongs to, or what is known of one that is gone."""
        return str(self.table) if self.table else f"a relation that is gone ({self.storage or f'oid {self.oid}'})"

    @property
    def counted(self) -> str:
        """The numbers of rows in words, ``""`` for none."""
        numbers = (("inserted", self.inserted), ("updated", self.updated), ("deleted", self.deleted))
        said = [f"{rows(number)} {word}" for word, number in numbers if number]
        return ", ".join([*said, "written in a way that is not known"] if self.otherwise else said)


class _CatalogRows(Model):
    catalog: str
    rows: int
    names: list[str]


@dataclass
class TransactionJudge:
    """The look at one transaction of a door, begun as its first statement.

    :ivar before: what the session had counted before this transaction, by relation.
    :ivar unread: why the transaction's WAL was not read; ``None`` before it was tried.
    """

    door: Door
    scope: Scope
    witness: WalWitness | None
    before: dict[int, OwnWrite]
    unread: str | None = None

    @classmethod
    def begin(cls, door: Door, scope: Scope, witness: WalWitness | None = None) -> TransactionJudge:
        """Note where things stand; right behind ``BEGIN``."""
        if witness is not None:
            witness.follow(position(door, taking_id=True))
        return cls(door, scope, witness, {write.oid: write for write in _own_writes(door)})

    def outside(self) -> list[str]:
        """Return what this transaction has written that is not content, a sentence part for each relation."""
        settled, written = self._settled()
        writes = [write.since(self.before.get(write.oid)) for write in written]
        found = list(_outside([*writes, *self._in_wal()], self.scope))
        if not settled:
            found.append("triggers put off what they do again and again, until the commit")
        for changed in self.door.rows(_CatalogRows, query("evidence/own_catalog_rows")):
            found.append(f"{_CATALOG}.{changed.catalog}: {rows(changed.rows)} ({', '.join(changed.names)})")
        return found

    def _settled(self) -> tuple[bool, list[OwnWrite]]:
        """Do what is put off until ``COMMIT``, where nobody looks any more; whether nothing is left, and all writes.

        What is done then may write and be put off again. It is queued for rows that are written: a round that writes
        nothing leaves nothing.
        """
        written = _own_writes(self.door)
        for _ in range(_ROUNDS):
            before = written
            self.door.execute(query("content/fire_deferred"))
            written = _own_writes(self.door)
            if written == before:
                return True, written
        return False, written

    def _in_wal(self) -> Iterator[OwnWrite]:
        if self.witness is None:
            return
        try:
            counts = self.witness.written(position(self.door).lsn)
        except WalUnreadError as error:
            self.unread = str(error)
            return
        self.unread = ""
        # Asked here, because nobody else sees yet what this transaction may have made.
        storages = sorted({storage for _, storage in counts})
        relations = relations_of(self.door, storages)
        for storage in storages:
            yield _in_storage(storage, relations.get(storage), counts)

    def check(self) -> None:
        """See that it may be committed; the next statement has to be ``COMMIT``.

        :raises ValidationFailed: it has written something else than content.
        """
        found = self.outside()
        if found:
            raise ValidationFailed(
                f"what was written set off writes outside content, nothing was committed: {'; '.join(found)}",
                hint="Look for a trigger, rule, default, check or type of a content table that does it, and disable it"
                " for the length of the window. A sequence that was moved stays moved.",
                code="outside-content",
            )
        self.door.judged()


@contextmanager
def judged_transaction(
    door: Door, scope: Scope, witness: WalWitness | None = None, *, commit: bool = True
) -> Iterator[TransactionJudge]:
    """A transaction that may write content: judged as the last thing before it is committed.

    :param witness: reads what the transaction has written in WAL too, where that can be read.
    :param commit: ``False`` rolls it back in any case, judged all the same: a rehearsal.
    :raises ValidationFailed: it has written something else; it is rolled back.
    :raises PreflightFailed: this session does not count what it writes, and may not begin to.
    """
    count_rows(door)
    with door.transaction(commit=commit):
        try:
            judge = TransactionJudge.begin(door, scope, witness)
            yield judge
            judge.check()
        finally:
            if witness is not None:
                witness.leave()


def count_rows(door: Door) -> None:
    """See that the session counts the rows that it writes.

    :raises PreflightFailed: it does not, and its role may not turn that on.
    """
    if door.value(query("evidence/counts_rows")):
        return
    try:
        door.execute(query("evidence/count_rows"))
    except StatementFailed:
        raise PreflightFailed(
            f"{door.server} does not count the rows that a session writes (track_counts is off), so no transaction can"
            " be judged before it commits",
            hint=f"Turn it on: ALTER ROLE {door.role} SET track_counts = on, or grant SET ON PARAMETER track_counts.",
            code="not-counted",
        ) from None


def rows(number: int) -> str:
    """A number of rows in words."""
    return f"{number} row" if number == 1 else f"{number} rows"


def _own_writes(door: Door) -> list[OwnWrite]:
    return door.rows(OwnWrite, query("evidence/own_writes"))


def _in_storage(storage: str, relation: StoredRelation | None, counts: Counter[tuple[str, str]]) -> OwnWrite:
    """What WAL says was done to one storage; one that no relation has, or that is not named, is nobody's content."""
    by_kind = Counter({kind: number for (kind, where), number in counts.items() if where == storage})
    inserted, updated = by_kind["i"] + by_kind["m"], by_kind["u"] + by_kind["k"]
    return OwnWrite(
        oid=relation.oid if relation else 0,
        name=relation.name if relation else None,
        kind=relation.kind if relation else None,
        temporary=False,
        table_oid=relation.table_oid if relation else None,
        table=relation.table if relation else None,
        root_oid=relation.root_oid if relation else None,
        inserted=inserted,
        updated=updated,
        deleted=by_kind["d"],
        otherwise=by_kind.total() - inserted - updated - by_kind["d"],
        storage=f"storage {storage}",
    )


def _outside(writes: Iterable[OwnWrite], scope: Scope) -> Iterator[str]:
    content = {table.oid for table in scope.tables}
    sequences = {sequence.name for sequence in scope.sequences}
    found: dict[str, list[OwnWrite]] = {}
    for write in writes:
        if not write.counted and not write.locks:  # counted by an earlier transaction
            continue
        if write.temporary or {write.table_oid, write.root_oid} & content or write.name in sequences:
            continue
        if write.table is not None and write.table.schema == OWN_SCHEMA:
            continue
        if write.table is not None and write.table.schema == _CATALOG and not _in_catalog(write):
            continue
        found.setdefault(write.subject, []).append(write)
    for subject, parts in found.items():
        yield f"{subject}: {_said(parts)}"


def _in_catalog(write: OwnWrite) -> bool:
    """Whether this is a write to a catalog that no statement of ours makes; a lock alone is none."""
    assert write.table is not None
    if write.table.name in _TEMPORARY_IN:
        return write.deleted > 0
    return write.table.name not in _STATISTICS and bool(write.counted)


def _said(parts: list[OwnWrite]) -> str:
    """What was done to a table, by the table's own rows if they were counted, else by what was locked."""
    if parts[0].kind == "S" and {mode for part in parts for mode in part.locks} <= {_WRITES_ROWS}:
        return "moved"
    counted = [part.counted for part in parts if part.oid == part.table_oid and part.counted]
    if counted:
        return counted[0]
    locks = sorted({mode for part in parts for mode in part.locks})
    return f"locked in {' and '.join(locks)}" if locks else "; ".join(part.counted for part in parts if part.counted)
