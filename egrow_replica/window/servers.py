"""The two servers of a command, and the doors that it opens to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from egrow_replica.catalog import Scope
from egrow_replica.catalog.roles import APPLY_ROLE, RECONCILE_ROLE, RESTORE_ROLE
from egrow_replica.db import SNAPSHOT, SQL, Door, Dsn, Literal, Waits, connect
from egrow_replica.errors import ServerUnavailable, StatementFailed
from egrow_replica.guard import Policy
from egrow_replica.model import QualifiedName, Server
from egrow_replica.replication.names import ObjectNames

#: Readers that fingerprint side by side, and what they are in a database that is large enough to be worth it.
SNAPSHOT_READERS, MANY_READERS = 2, 4
LARGE_BYTES = 1 << 30
#: What a server answers of a snapshot that is not there any more: 18, and those before it.
_NO_SNAPSHOT = frozenset({"42704", "22023"})


@dataclass(frozen=True)
class Servers:
    """Where both are.

    :ivar stream: how the production server reaches dev.
    :ivar waits: looks for whom a statement waits, whichever door it went through.
    """

    dev: Dsn
    prod: Dsn
    stream: Dsn
    waits: Waits = field(default_factory=Waits)

    def read_dev(self, what: str) -> Door:
        """A reading door to dev."""
        return connect(self.dev, Server.DEV, Policy.reading(), what=what, waits=self.waits)

    def read_prod(self, what: str) -> Door:
        """A reading door to production."""
        return connect(self.prod, Server.PROD, Policy.reading(), what=what, waits=self.waits)

    def wal_prod(self) -> Door:
        """A reading door to production that may mark a place in its WAL, and have all before it flushed."""
        return connect(self.prod, Server.PROD, Policy.for_evidence(), what="wal", waits=self.waits)

    def lock_prod(self, what: str) -> Door:
        """The door that holds production's advisory lock; it can take the lock and write nothing."""
        return connect(self.prod, Server.PROD, Policy.for_window(content=()), what=what, waits=self.waits)

    def write_dev(self, scope: Scope, names: ObjectNames, *, planning: bool = False) -> Door:
        """Dev's writing door: the publication and the slot, no row; ``planning``: it only judges what it would send."""
        policy = Policy.for_publisher(content=scope.names, publication=names.common, slot=names.common)
        what = f"{names.window}/publish"
        return connect(self.dev, Server.DEV, policy, what=what, read_only=False, planning=planning, waits=self.waits)

    def write_prod(self, scope: Scope, names: ObjectNames, origin: str, *, planning: bool = False) -> Door:
        """Production's writing door: content, journal, subscription; ``planning`` as above."""
        policy = Policy.for_window(
            content=scope.names,
            sequences=[sequence.name for sequence in scope.sequences],
            subscription=names.common,
            origin=origin,
            slot=names.common,
            roles=[APPLY_ROLE, RESTORE_ROLE, RECONCILE_ROLE],
        )
        what = f"{names.window}/write"
        return connect(self.prod, Server.PROD, policy, what=what, read_only=False, planning=planning, waits=self.waits)

    def rehearse_prod(
        self, scope: Scope, partitions: Iterable[QualifiedName], origin: str | None, *, planning: bool = False
    ) -> Door:
        """Production's door that plays what the stream will write and commits nothing; ``planning`` as above.

        :param partitions: of the content: the stream writes each by itself.
        """
        policy = Policy.for_rehearsal(content=scope.names, partitions=partitions, origin=origin, roles=[APPLY_ROLE])
        # Transactions begin read only unless they say otherwise: what is sent outside of one writes nothing.
        return connect(self.prod, Server.PROD, policy, what="rehearse", planning=planning, waits=self.waits)

    def remove_prod(self, name: str) -> Door:
        """Production's door that ends and removes one subscription, origin or slot, and does nothing else."""
        roles = [APPLY_ROLE, RESTORE_ROLE]
        policy = Policy.for_window(content=(), subscription=name, origin=name, slot=name, roles=roles)
        return connect(self.prod, Server.PROD, policy, what="remove", read_only=False)

    def remove_dev(self, name: str) -> Door:
        """Dev's door that removes one publication or slot."""
        policy = Policy.for_publisher(content=(), publication=name, slot=name)
        return connect(self.dev, Server.DEV, policy, what="remove", read_only=False)

    def hold_prod(self, held: Iterable[str], database: str, keeper: str, what: str, *, planning: bool = False) -> Door:
        """Production's door that holds and releases writes of some roles, and does nothing else; as above."""
        policy = Policy.for_maintenance(held=held, database=database, keeper=keeper)
        return connect(self.prod, Server.PROD, policy, what=what, read_only=False, planning=planning, waits=self.waits)

    def journal_prod(self, what: str) -> Door:
        """Production's door that makes the journal where there is none; it writes no content."""
        policy = Policy.for_window(content=())
        return connect(self.prod, Server.PROD, policy, what=what, read_only=False, waits=self.waits)

    @contextmanager
    def prod_snapshot(self, what: str) -> Iterator[ProdSnapshot]:
        """Several reading doors to production that see one and the same snapshot."""
        with ExitStack() as stack:
            first = stack.enter_context(self.read_prod(what))
            lsn = str(first.value("SELECT pg_catalog.pg_current_wal_insert_lsn()::text"))
            first.execute(SNAPSHOT)
            name = str(first.value("SELECT pg_catalog.pg_export_snapshot()"))
            doors = [first]
            size = int(first.value("SELECT pg_catalog.pg_database_size(pg_catalog.current_database())"))
            for _ in range((MANY_READERS if size > LARGE_BYTES else SNAPSHOT_READERS) - 1):
                door = stack.enter_context(self.read_prod(what))
                join_snapshot(door, name)
                doors.append(door)
            yield ProdSnapshot(tuple(doors), name, lsn)


@dataclass(frozen=True)
class ProdSnapshot:
    """Doors that see one snapshot, its name for others to join, and the WAL position just before it."""

    doors: tuple[Door, ...]
    name: str
    lsn: str


def join_snapshot(door: Door, name: str) -> None:
    """Begin a transaction in an exported snapshot.

    :raises ServerUnavailable: the session that exported it is gone, and the snapshot with it.
    """
    door.execute(SNAPSHOT)
    try:
        door.execute(SQL("SET TRANSACTION SNAPSHOT {}").format(Literal(name)))
    except StatementFailed as error:
        if error.sqlstate not in _NO_SNAPSHOT:
            raise
        raise ServerUnavailable(
            f"{door.server} ended the session that held the snapshot: {error.message}",
            hint=f"See the log of {door.server} for who ended it, then try again.",
            code="snapshot-lost",
        ) from None
