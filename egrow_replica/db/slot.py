"""Making a logical slot with an exported snapshot: a command of the replication protocol, not SQL for the guard."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg

from egrow_replica.db.capabilities import Capability, has
from egrow_replica.db.connect import UNBOUNDED_TRANSACTION, pinned_options, raw_connection, watched
from egrow_replica.db.door import CANCEL_SECONDS, log_sent, translate, waited_for
from egrow_replica.db.dsn import Dsn
from egrow_replica.db.waits import Waits
from egrow_replica.errors import Refused, ServerUnavailable, StatementFailed
from egrow_replica.guard import Policy, vet
from egrow_replica.model import Server

#: Also PostgreSQL's own rule for slot names (ReplicationSlotValidateName in slot.c).
_SLOT_NAME = re.compile(r"[a-z0-9_]{1,63}\Z")
#: Slot creation waits for every open writing transaction; statement_timeout does nothing there, lock_timeout does.
LOCK_TIMEOUT = "60s"
#: One transaction after the other is waited for, each as long as that; so this is for all of them.
MOST_SECONDS = 75.0
_GAVE_UP = ("55P03", "57014")


@dataclass(frozen=True)
class CreateReplicationSlot:
    """``CREATE_REPLICATION_SLOT name LOGICAL pgoutput (SNAPSHOT 'export')``, from a validated name only."""

    name: str

    def __post_init__(self) -> None:
        if not _SLOT_NAME.match(self.name):
            raise Refused("slot-name", f"{self.name!r} is not a slot name: a-z, 0-9 and _ only")

    @property
    def text(self) -> str:
        """What is sent."""
        return f"CREATE_REPLICATION_SLOT {self.name} LOGICAL pgoutput (SNAPSHOT 'export')"


class ExportedSlot:
    """A new slot and the snapshot of the instant from which it streams; the snapshot lives until :meth:`close`.

    :ivar lsn: what was committed before it is in the snapshot, what comes after it is in the stream.
    :ivar snapshot: for ``SET TRANSACTION SNAPSHOT`` on another connection to the same database.
    """

    def __init__(self, dsn: Dsn, command: CreateReplicationSlot, *, what: str, waits: Waits) -> None:
        """Make the slot.

        :param waits: looks for whom that waits.

        :raises ServerUnavailable: no connection; :raises StatementFailed: the slot could not be made.
        """
        options = pinned_options(lock_timeout=LOCK_TIMEOUT)
        self._connection = raw_connection(dsn, Server.DEV, what=what, options=options, replication=True)
        look = waits.watch(watched(dsn, Server.DEV, self._connection.info.backend_pid))
        try:
            if has(self._connection.info.server_version, Capability.TRANSACTION_TIMEOUT):
                self._connection.execute(vet(UNBOUNDED_TRANSACTION, Policy.reading()).text.encode())
            log_sent(Server.DEV, command.text)
            with look.sending(), self._cancelled_in_time():
                row = self._connection.execute(command.text.encode()).fetchone()
        except psycopg.Error as error:
            closed = self._connection.closed
            self._connection.close()
            raise waited_for(_explained(translate(error, Server.DEV, closed)), look) from None
        finally:
            waits.leave(look)
        assert row is not None
        self.lsn = str(row[1])
        self.snapshot = str(row[2])

    @contextmanager
    def _cancelled_in_time(self) -> Iterator[None]:
        timer = threading.Timer(MOST_SECONDS, self._cancel)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cancel(self) -> None:
        with suppress(psycopg.Error):
            self._connection.cancel_safe(timeout=CANCEL_SECONDS)

    def close(self) -> None:
        """Let the snapshot go; the slot stays."""
        self._connection.close()

    def __enter__(self) -> ExportedSlot:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _explained(error: ServerUnavailable | StatementFailed) -> ServerUnavailable | StatementFailed:
    if isinstance(error, StatementFailed) and error.sqlstate in _GAVE_UP:
        error.hint = "A transaction that writes is open on dev for too long: end it (pg_stat_activity), then try again."
    return error
