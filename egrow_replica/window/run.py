"""What the steps of one command share: doors, journal, what was decided and what has been made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from egrow_replica.backup import Manifest, load
from egrow_replica.catalog import ContentTable, Scope, read_server_facts
from egrow_replica.catalog.role_uses import is_set_up
from egrow_replica.catalog.roles import APPLY_ROLE, RECONCILE_ROLE, RESTORE_ROLE, why_not_reconcile
from egrow_replica.catalog.scope import changed_tables
from egrow_replica.content import Writer
from egrow_replica.db import Capability, Door, ExportedSlot
from egrow_replica.effects.read import read_effects
from egrow_replica.errors import BackupFailed, Refused, ServerUnavailable, StatementFailed, WrongState
from egrow_replica.evidence import Baseline, WalWitness, judged_transaction
from egrow_replica.replication import lock, origins
from egrow_replica.replication.names import ObjectNames
from egrow_replica.settings import Settings
from egrow_replica.window.definitions import look_at_definitions, refuse_effects
from egrow_replica.window.hold import Hold, HoldClock
from egrow_replica.window.journal import NOBODY, Journal, Progress, RestoreStage, Restoring, Window, WindowSetting
from egrow_replica.window.listener import Listener
from egrow_replica.window.servers import ProdSnapshot, Servers

Result = TypeVar("Result")

#: Deadlock, lock_timeout, serialization: worth another try as long as there is time.
RETRIED = frozenset({"40P01", "55P03", "40001"})
#: A unique violation may come from a concurrent insert, which the next try sees; then it is a collision that stays.
RETRIED_ONCE = "23505"
RETRY_SECONDS = 60.0
#: Between two tries.
RETRY_PAUSE_SECONDS = 1.0


@dataclass
class Run:
    """The state of one command at work on one window.

    :ivar lock: holds the advisory lock for as long as the command runs.
    :ivar writer: production's only writing connection; it carries the origin named ``origin``.
    :ivar keeps_progress: whether what is made belongs to the window; a restore's own things are noted beside it.
    :ivar recorded: the window is known from its backup only.
    :ivar planning: nothing may be sent but what reads.
    :ivar baseline: of the window; ``before_restore``: taken right before a restore, which is judged by it.
    :ivar who: operating-system user and host, for the journal.
    :ivar keeps_hold: the window's hold of writes outlasts this command, whose caller releases it.
    :ivar exported: the slot's snapshot, between the steps that make and use it; ``snapshot`` likewise on production.
    """

    servers: Servers
    settings: Settings
    names: ObjectNames
    listener: Listener
    scope: Scope
    setting: WindowSetting
    origin: str
    lock: Door
    dev_reachable: bool = True
    keeps_progress: bool = True
    recorded: bool = False
    planning: bool = False
    who: tuple[str, str] = NOBODY
    keeps_hold: bool = False
    progress: Progress = field(default_factory=Progress)
    baseline: Baseline | None = None
    before_restore: Baseline | None = None
    exported: ExportedSlot | None = None
    snapshot: ProdSnapshot | None = None
    snapshot_stack: ExitStack = field(default_factory=ExitStack)
    _writer: Door | None = None
    _dev: Door | None = None
    _hold_clock: HoldClock | None = None
    _witness: WalWitness | None = None

    @property
    def writer(self) -> Door:
        """Production's writing door, opened when it is first needed; every commit of it carries the origin."""
        if self._writer is None:
            self._writer = self.servers.write_prod(self.scope, self.names, self.origin, planning=self.planning)
            if not self.planning and origins.origin_id(self._writer, self.origin) is not None:
                door = self._writer
                origins.when_free(self.origin, lambda: origins.use(door, self.origin))
        return self._writer

    def drop_origin(self, door: Door) -> bool:
        """Remove the origin through a door that does not use it; whether it was there."""
        found: list[bool] = []
        origins.when_free(self.origin, lambda: found.append(origins.drop(door, self.origin)))
        return found[-1]

    @property
    def owns_slot(self) -> bool:
        """Whether a slot on dev with the window's name is its own: the id says so, or the journal that it made one."""
        return bool(self.names.id) or self.progress.slot_lsn is not None

    @property
    def dev(self) -> Door:
        """Dev's writing door, opened when it is first needed."""
        if self._dev is None:
            self._dev = self.servers.write_dev(self.scope, self.names, planning=self.planning)
        return self._dev

    @property
    def journal(self) -> Journal:
        """The window's journal, on the writing door."""
        return Journal(self.writer, self.names.window, self.who)

    @property
    def worker_role(self) -> str:
        """Whom the subscription belongs to and its workers must run as."""
        return APPLY_ROLE if self.writer.has(Capability.ORDINARY_SUBSCRIPTION_OWNER) else self.writer.role

    @property
    def makes_roles(self) -> bool:
        """Whether the content roles are the window's own: it made them, and nobody has run setup since."""
        return self.setting.makes_roles and not is_set_up(self.writer, read_server_facts(self.writer).database)

    def reconcile_role(self) -> str:
        """Whom the reconcile writes as: held to the columns that travel, where the server has such a role for it."""
        reason = why_not_reconcile(self.writer, self.scope)
        if reason:
            self.listener.say(f"warning: {reason}: the reconcile runs as {APPLY_ROLE}, which may write every column")
        return APPLY_ROLE if reason else RECONCILE_ROLE

    def note(self, **made: Any) -> None:
        """Record in memory and journal what has been made."""
        self.progress = self.progress.model_copy(update=made)
        if self.keeps_progress:
            self.journal.set_progress(self.progress)
        else:
            self.journal.set_restoring(self.restoring(RestoreStage.BEGUN))

    def restoring(self, stage: RestoreStage) -> Restoring:
        """What the journal keeps of a restore."""
        return Restoring(stage=stage, progress=self.progress, baseline=self.before_restore)

    def adopt(self, window: Window) -> None:
        """Go on with what the journal knows."""
        self.progress = window.progress.model_copy(update={"restoring": None})
        self.baseline = window.baseline

    def watch_hold(self, hold: Hold) -> None:
        """Release this hold when its time is over, if the command is still at work then."""
        self.forget_hold()
        if not self.planning:
            self._hold_clock = HoldClock(self.servers, hold, self.listener)

    def forget_hold(self) -> None:
        """Release it no more."""
        if self._hold_clock is not None:
            self._hold_clock.stop()
            self._hold_clock = None

    def release_writer(self) -> None:
        """Close the writing door; the next one is opened with whatever origin there is then."""
        if self._witness is not None:
            self._witness.close()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def release_snapshots(self) -> None:
        """Let the snapshots on both servers go."""
        self.snapshot_stack.close()
        self.snapshot = None
        if self.exported is not None:
            self.exported.close()
            self.exported = None

    def close(self) -> None:
        """Close every connection but the lock's."""
        self.forget_hold()
        self.release_snapshots()
        self.release_writer()
        if self._dev is not None:
            self._dev.close()
            self._dev = None

    @contextmanager
    def writing(self, role: str) -> Iterator[Writer]:
        """A transaction that writes content under a role; what it has written is judged before it commits.

        :raises ValidationFailed: it has written something else than content, and is rolled back.
        """
        if self._witness is None:
            self._witness = WalWitness(self.servers.wal_prod)
        with judged_transaction(self.writer, self.scope, self._witness) as judge:
            yield Writer(self.writer, role, self.settings.window.lock_timeout)
        if judge.unread and not self._witness.reason:
            self.listener.say(f"warning: judged before the commit without its WAL: {judge.unread}")

    def check_lock(self) -> None:
        """See that no other controller can be at work; :raises WrongState: the lock is lost."""
        lock.check(self.lock)

    def holds_lock(self) -> bool:
        """Whether no other controller can be at work."""
        try:
            self.check_lock()
        except (WrongState, ServerUnavailable):
            return False
        return True

    def check_effects(self) -> None:
        """See, right before content is written, what the server would do of itself: it may have changed since.

        :raises Refused: a write to content could reach a user's table, or a content table is another one now.
        """
        self._refuse_changed_tables()
        refuse_effects(read_effects(self.writer, self.scope), self.setting)
        self._name_changed_definitions()

    def _name_changed_definitions(self) -> None:
        """Say and note what is not as it was when the window opened, although it was judged harmless just now."""
        look = look_at_definitions(self.writer, self.scope, self.setting, self.progress)
        known = self.progress.definitions_look
        for sentence in look.named:
            if known is None or sentence not in known.named:
                self.listener.say(f"warning: {sentence}")
        if look.changes and look != known:
            self.note(definitions_look=look)

    def _refuse_changed_tables(self) -> None:
        for name in changed_tables(self.writer, self.scope):
            raise Refused(
                "relation-changed",
                f"{name} is not the table that it was when the window opened",
                hint="It, or one of its columns, was dropped, renamed or made anew: bring it back, or close the window "
                "with `disable --no-validate`.",
            )

    def manifest(self) -> Manifest:
        """The window's backup; :raises BackupFailed: there is none, or it cannot be read."""
        if self.progress.backup is None:
            raise BackupFailed(f"window {self.names.window} has no backup")
        return load(self.progress.backup)

    def retrying(self, action: Callable[[], Result]) -> Result:
        """Do it again while it fails for another's lock, up to a deadline; each try is a transaction of its own."""
        deadline = time.monotonic() + RETRY_SECONDS
        first = True
        while True:
            try:
                return action()
            except StatementFailed as error:
                again = error.sqlstate in RETRIED or (first and error.sqlstate == RETRIED_ONCE)
                if not again or time.monotonic() > deadline:
                    raise
                first = False
                self.listener.say(f"{error.message}; trying again")
                self.check_lock()
                # So that whoever waits for rows that the last try held gets them.
                time.sleep(RETRY_PAUSE_SECONDS)

    def table(self, name: str) -> ContentTable:
        """The content table of that name, as JSON writes it."""
        return next(table for table in self.scope.tables if str(table.name) == name)


CONTENT_ROLES = (APPLY_ROLE, RESTORE_ROLE, RECONCILE_ROLE)
