"""What commands answer: the contract's JSON objects. Renderers read these; nothing here knows how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pydantic import Field, model_serializer

from egrow_replica.model import (
    Check,
    EvidenceTier,
    Model,
    Server,
    StepStatus,
    TableName,
    TableVerdict,
    WindowState,
)


class Reason(Model):
    """A sentence for a person, which JSON has in English.

    :ivar message: what is translated, with the names of ``values`` in braces.
    """

    message: str
    values: Mapping[str, str | Reason] = {}

    def text(self, translate: Callable[[str], str] = str) -> str:
        """The sentence in the language that ``translate`` gives."""
        shown = {name: one.text(translate) if isinstance(one, Reason) else one for name, one in self.values.items()}
        return translate(self.message).format(**shown)

    @model_serializer
    def _in_english(self) -> str:
        return self.text()


def tr(message: str, **values: object) -> Reason:
    """A sentence that has a translation.

    >>> tr("{count} rows", count=3).text()
    '3 rows'
    """
    parts = {name: value if isinstance(value, Reason) else str(value) for name, value in values.items()}
    return Reason(message=message, values=parts)


class Blocker(Model):
    """A session, or a prepared transaction, that another session waits for.

    :ivar pid: 0 for a prepared transaction, which ``prepared`` names.
    :ivar since: when its transaction began; ``seconds``: how long ago.
    :ivar query: its present or last statement, up to the first value in it; empty where our role may not see it.
    :ivar table: what is waited for, where that is a table or a row of one; ``target``: what kind of thing it is.
    :ivar mode: the lock that is wanted.
    :ivar waited_seconds: for how long it has been waited for.
    """

    pid: int
    role: str
    application: str
    database: str
    state: str
    since: datetime | None
    seconds: float | None
    query: str
    prepared: str | None
    table: TableName | None
    target: str
    mode: str
    waited_seconds: float


class WindowSummary(Model):
    """A window by name and state."""

    name: str
    state: WindowState


class StepReport(Model):
    """What became of one step and how long it took."""

    name: str
    status: StepStatus
    seconds: float
    detail: str = ""


class BackupReport(Model):
    """The backup of a window: where, how large, and the digest of all its files."""

    directory: Path
    bytes: int
    sha256: str


class Reconciled(Model):
    """Rows that the reconcile wrote in one table."""

    table: TableName
    inserted: int
    updated: int


class BlockRange(Model):
    """Pages of a table, first and last, of which the fingerprint differs, and how many rows were and are on them."""

    first: int
    last: int
    rows_before: int
    rows_after: int


class TableEvidence(Model):
    """The verdict on one user table and what it rests on.

    :ivar origins: names of the replication origins that wrote the rows which are newer than the baseline;
        ``local`` stands for ordinary transactions.
    :ivar rows: the first rows that a difference is about, by key: of a touched table, those that still carry an origin
        of ours; of an unproven one, those that are newer than the baseline.
    :ivar differing: of a touched or unproven table, where its pages differ; none where it has other storage.
    """

    table: TableName
    verdict: TableVerdict
    reason: str
    rows_before: int | None
    rows_after: int | None
    fingerprint_before: str | None
    fingerprint_after: str | None
    origins: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    differing: tuple[BlockRange, ...] = ()


class RowChange(StrEnum):
    """What was done to a row."""

    INSERTED = "inserted"
    UPDATED = "updated"
    DELETED = "deleted"


class UserRow(Model):
    """A row of a user's table that a window changed, and that is not back.

    :ivar key: ``id=5``; no other value of it.
    :ivar change: ``None`` where nobody knows what it was before.
    :ivar written_by: which of our writers: ``stream``, ``reconcile`` (or what put content back), ``restore``.
    :ivar columns: in which it differs from what it was.
    """

    key: str
    change: RowChange | None
    written_by: str
    columns: tuple[str, ...] = ()


class UserRows(Model):
    """The rows of one user's table that a window changed, and that are not back.

    :ivar rows: those that can be named; ``more``: how many others there are of their kind.
    :ivar unknown: what nothing tells, a sentence each.
    """

    table: TableName
    written_by: tuple[str, ...]
    rows: tuple[UserRow, ...] = ()
    more: int = 0
    unknown: tuple[str, ...] = ()


class ChangeKind(StrEnum):
    """What became of a definition."""

    NEW = "new"
    GONE = "gone"
    MADE_ANEW = "made-anew"
    FIRES = "fires"
    CHANGED = "changed"
    CHANGED_BACK = "changed-back"


class DefinitionChange(Model):
    """Something that a write to content depends on, and that is not what it was when the window opened.

    :ivar object: its kind and its identity, as PostgreSQL writes them.
    :ivar detail: when a trigger or a rule fires now.
    """

    object: str
    change: ChangeKind
    detail: str = ""

    def __str__(self) -> str:
        return _CHANGED[self.change].format(object=self.object, detail=self.detail)


_CHANGED = {
    ChangeKind.NEW: "{object} is new",
    ChangeKind.GONE: "{object} is gone",
    ChangeKind.MADE_ANEW: "{object} was dropped and made anew",
    ChangeKind.FIRES: "{object} {detail} now",
    ChangeKind.CHANGED: "{object} was changed",
    ChangeKind.CHANGED_BACK: "{object} was changed and changed back, or its privileges were",
}


class DefinitionsLook(Model):
    """What is seen of the definitions that a write to content depends on.

    :ivar changes: also those that were seen before and taken back since.
    :ivar refused: why a window may not be open with them, as they are judged now; a sentence each.
    """

    changes: tuple[DefinitionChange, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """A sentence for each change."""
        return tuple(f"since the window opened: {one}" for one in self.changes)

    def after(self, earlier: DefinitionsLook | None) -> DefinitionsLook:
        """This look with what an earlier one saw; what was streamed meanwhile is in the evidence."""
        before = earlier.changes if earlier is not None else ()
        return self.model_copy(update={"changes": tuple(dict.fromkeys((*before, *self.changes)))})


class ProductionColumns(Model):
    """The verdict on the columns of a content table that do not travel: their values are production's own.

    :ivar differing: rows of the baseline with other values now; null where they could not be compared.
    :ivar overwritten: of these, the rows that the window wrote.
    :ivar rows: the first rows that the finding is about, by key, each with its columns.
    """

    table: TableName
    columns: tuple[str, ...]
    verdict: TableVerdict
    reason: str
    differing: int | None = None
    overwritten: int = 0
    rows: tuple[str, ...] = ()


class OrphanCount(Model):
    """Rows of ``table`` whose foreign key points at no row of ``references``."""

    constraint: str
    table: TableName
    references: TableName
    count_before: int
    count_after: int


class ContentTableReport(Model):
    """Whether a content table has dev's rows, in the columns that travel.

    :ivar differing: rows that production lacks or has otherwise.
    :ivar production_only: rows that dev does not have.
    :ivar moved: those of them that dev has moved to another key since the window opened, each with both keys.
    :ivar rows: the first rows that are not as a window left them, by key.
    """

    table: TableName
    equal: bool
    differing: int
    production_only: int = 0
    moved: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()


class ContentReport(Model):
    """Content equality over all tables.

    :ivar equal: of what was compared; null where that is less than the window is for.
    :ivar left_out: what was not compared, a sentence each.
    :ivar left_by: the window, or the restore of one, that left what it was compared with; null: it is dev's.
    """

    equal: bool | None
    tables: tuple[ContentTableReport, ...] = ()
    left_out: tuple[str, ...] = ()
    left_by: str | None = None


class AccessReport(Model):
    """A privilege or role setting, before and after."""

    subject: str
    before: str
    after: str
    equal: bool


class ProbeReport(Model):
    """A DBA's own read-only check, before and after."""

    sql: str
    before: bool | None
    after: bool | None


class StreakNumber(Model):
    """A number of the academy's streak report, before and after.

    :ivar explained: it is the same, or time alone changes it, or others may have written what it counts.
    """

    name: str
    before: int
    after: int
    explained: bool


class StreamedRows(Model):
    """Rows that the stream wrote, as far as the evidence tells."""

    table: TableName
    inserted: int
    updated: int
    deleted: int


class Validation(Model):
    """The evidence of a window.

    :ivar definitions: what a write to content depends on and that is not what it was when the window opened.
    :ivar not_back: rows of users that the window changed, named once nothing of it can write any more.
    :ivar put_back: the file with SQL for them, for a person to review; only there stand their values.
    :ivar problems: each finding that makes the validation fail, as a sentence; empty when it passed.
    """

    verdict: TableVerdict
    evidence: EvidenceTier
    tables: tuple[TableEvidence, ...]
    production_columns: tuple[ProductionColumns, ...] = ()
    orphans: tuple[OrphanCount, ...] = ()
    content: ContentReport = ContentReport(equal=None)
    conflicts: dict[str, int] = Field(default_factory=dict)
    access: tuple[AccessReport, ...] = ()
    probes: tuple[ProbeReport, ...] = ()
    streamed: tuple[StreamedRows, ...] = ()
    streaks: tuple[StreakNumber, ...] = ()
    not_back: tuple[UserRows, ...] = ()
    put_back: Path | None = None
    definitions: tuple[DefinitionChange, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.problems


class Removed(Model):
    """An object of a window on a server: one that was removed, or is left, or that nobody looks after."""

    server: Server
    kind: str
    name: str


class EnableReport(Model):
    """Answer of ``enable`` and the first half of ``sync``.

    :ivar outcome: what is true after a rollback, of content and of users' rows; null where there was none.
    :ivar removed: what a rollback removed; ``left_behind``: what is left then, null where nobody knows.
    """

    window: WindowSummary
    steps: tuple[StepReport, ...]
    backup: BackupReport | None
    reconciled: tuple[Reconciled, ...] = ()
    validation: Validation | None = None
    rolled_back: bool = False
    outcome: Reason | None = None
    removed: tuple[Removed, ...] = ()
    left_behind: tuple[Removed, ...] | None = ()
    total_seconds: float
    checks: tuple[Check, ...] = ()


class DisableReport(Model):
    """Answer of ``disable``."""

    window: WindowSummary
    steps: tuple[StepReport, ...] = ()
    validation: Validation | None
    removed: tuple[Removed, ...]
    left_behind: tuple[Removed, ...]
    notes: tuple[str, ...] = ()
    total_seconds: float


class SyncReport(Model):
    """Answer of ``sync``: a window opened, validated and closed, or all of it taken back.

    :ivar outcome: as in :class:`EnableReport`; ``left_behind`` likewise.
    """

    window: WindowSummary
    steps: tuple[StepReport, ...]
    backup: BackupReport | None
    reconciled: tuple[Reconciled, ...]
    validation: Validation | None
    rolled_back: bool
    outcome: Reason | None = None
    removed: tuple[Removed, ...]
    left_behind: tuple[Removed, ...] | None
    total_seconds: float


class LastEntry(Model):
    """The last thing that was done to a window; ``by`` is unknown in the journal of an earlier version."""

    step: str
    status: str
    at: datetime
    by: str | None
    program_version: str | None


class StatusWindow(Model):
    """The open window."""

    name: str
    state: WindowState
    opened_at: datetime
    age_seconds: float
    reason: str | None
    opened_by: str
    last_entry: LastEntry | None = None


class SlotStatus(Model):
    """A replication slot."""

    name: str
    active: bool
    wal_status: str | None
    retained_bytes: int | None


class SubscriptionStatus(Model):
    """The window's subscription on production."""

    name: str
    enabled: bool
    apply_errors: int
    conflicts: dict[str, int]


class WorkerStatus(Model):
    """A process of the subscription and the role that it runs as."""

    pid: int
    role: str


class TableState(Model):
    """A table of the subscription; ``ready`` when it streams."""

    table: TableName
    state: str


class HeldRoleReport(Model):
    """A role whose writes are held; ``before``: what ``off`` gives back, ``None``: that there was nothing."""

    role: str
    before: str | None


class HoldReport(Model):
    """A hold of writes.

    :ivar held_since: from then on no session of the roles is older than it; null where it never came so far.
    :ivar overdue: its time is over, and nobody has released it.
    """

    id: int
    roles: tuple[HeldRoleReport, ...]
    begun_at: datetime
    held_since: datetime | None
    ends_at: datetime
    overdue: bool
    reason: str | None
    held_by: str
    window: str | None


class NotHeld(Model):
    """A role that may write protected tables in spite of a hold; ``sessions``: of it in this database now."""

    role: str
    why: str
    sessions: int


class MaintenanceReport(Model):
    """Answer of ``maintenance on``, ``off`` and ``status``.

    :ivar in_force: whether writes are held now; ``hold``: that hold, or the one that ``off`` ended.
    :ivar sessions_ended: sessions of the held roles that were ended.
    :ivar not_held: who else may write protected tables.
    """

    in_force: bool
    hold: HoldReport | None
    sessions_ended: int = 0
    not_held: tuple[NotHeld, ...] = ()
    warnings: tuple[str, ...] = ()
    total_seconds: float


class StatusReport(Model):
    """Answer of ``status``; everything but ``window``, ``hold`` and ``warnings`` is empty when none is open.

    :ivar waits_for: who on production holds what a worker of the stream waits for, and whom those wait for in turn.
    :ivar definitions: as of a :class:`Validation`.
    """

    window: StatusWindow | None
    lag_bytes: int | None = None
    lag_seconds: float | None = None
    slot: SlotStatus | None = None
    production_slot: SlotStatus | None = None
    subscription: SubscriptionStatus | None = None
    workers: tuple[WorkerStatus, ...] = ()
    waits_for: tuple[Blocker, ...] = ()
    definitions: tuple[DefinitionChange, ...] = ()
    watched: bool = False
    tables: tuple[TableState, ...] = ()
    hold: HoldReport | None = Field(None, exclude_if=lambda hold: hold is None)
    #: What stands on the servers of a window that production's journal does not know.
    unknown: tuple[Removed, ...] = ()
    warnings: tuple[str, ...] = ()


class RestoredTable(Model):
    """What a restore did, or would do, to one content table.

    :ivar production_columns: how many of production's own values were put back: the window had overwritten them.
    :ivar production_columns_left: rows in which people have changed them since, by key.
    :ivar kept_referenced: rows of the window that others reference; ``kept_parts``: that are parts of such rows.
    """

    table: TableName
    reverted: int
    removed: int
    reinserted: int
    kept_referenced: int
    kept_parts: int = 0
    locally_edited: int
    production_columns: int = 0
    production_columns_left: tuple[str, ...] = ()


class RestoreReport(Model):
    """Answer of ``restore``."""

    window: WindowSummary
    backup: Path
    dry_run: bool
    tables: tuple[RestoredTable, ...]
    validation: Validation | None
    notes: tuple[str, ...] = ()
    total_seconds: float


class SetupReport(Model):
    """Answer of ``setup``: the statements for each server, and whether they were applied.

    :ivar checks: what a DBA should know: memberships that give much, roles that stay, what would refuse a window.
    :ivar changed: the servers that were changed: one only where the other failed.
    :ivar left_dev: what the administrator may not run there, for somebody who may; ``left_prod`` likewise.
    """

    dev: tuple[str, ...]
    prod: tuple[str, ...]
    applied: bool
    checks: tuple[Check, ...] = ()
    changed: tuple[Server, ...] = ()
    left_dev: tuple[str, ...] = ()
    left_prod: tuple[str, ...] = ()


class Change(Model):
    """A column of a row that differs; ``None`` is NULL."""

    key: str
    column: str
    production: str | None
    dev: str | None


class Spelling(Model):
    """A key that is one and the same to the servers and looks different: ``1.0`` and ``1.00``."""

    production: str
    dev: str


class DifferingKeys(Model):
    """Keys of the rows that differ, by kind; those that only look different as both servers write them."""

    new: tuple[str, ...]
    updated: tuple[str, ...]
    production_only: tuple[str, ...]
    respelled: tuple[Spelling, ...] = ()


class TableComparison(Model):
    """How one content table differs.

    :ivar respelled: rows whose key is equal and looks different; a window leaves it as production has it.
    :ivar left_out: the columns that belong to production and were not compared.
    """

    table: TableName
    new: int
    updated: int
    unchanged: int
    production_only: int
    respelled: int = 0
    left_out: tuple[str, ...]
    keys: DifferingKeys | None = Field(None, exclude_if=lambda keys: keys is None)
    changes: tuple[Change, ...] | None = Field(None, exclude_if=lambda changes: changes is None)


class CompareReport(Model):
    """Answer of ``compare``; ``unclassified`` are protected tables that no list names."""

    tables: tuple[TableComparison, ...]
    unclassified: tuple[TableName, ...]

    @property
    def different(self) -> bool:
        """Whether a window would change anything."""
        return any(table.new or table.updated for table in self.tables)


class Purpose(StrEnum):
    """What a planned statement is for."""

    EFFECT = "effect"
    #: The controller's own note in production's schema ``egrow_replica``.
    JOURNAL = "journal"


class PlannedStatement(Model):
    """A statement of a plan.

    :ivar sql: secrets masked; what is drawn only when the window opens stands as a placeholder, ``<seed>`` for example.
    :ivar when: the condition under which it is sent, ``""``: always.
    """

    server: Server
    sql: str
    purpose: Purpose = Purpose.EFFECT
    when: str = ""


class PlannedLock(Model):
    """A lock level of PostgreSQL and the tables that a step takes it on."""

    server: Server
    mode: str
    tables: tuple[TableName, ...]


class PlannedStep(Model):
    """A step of a plan.

    :ivar sql: what it would send, secrets masked; empty for a step that only reads or waits.
    :ivar guard: ``allowed`` or ``refused``, then with the reason.
    :ivar statements: the same statements, each with its server.
    :ivar inserted: rows, as ``updated``; null for a step that writes no content.
    :ivar bytes_read: read on production; ``bytes_moved``: from one place to another. Both estimated.
    :ivar seconds: estimated; null where it depends on what others do. ``seconds_low`` and ``seconds_high`` bound it,
        the latter null too where others are waited for.
    """

    name: str
    server: Server
    description: str
    sql: tuple[str, ...]
    guard: str
    reason: str | None = None
    statements: tuple[PlannedStatement, ...] = ()
    locks: tuple[PlannedLock, ...] = ()
    inserted: int | None = None
    updated: int | None = None
    bytes_read: int | None = None
    bytes_moved: int | None = None
    seconds: float | None = None
    seconds_low: float | None = None
    seconds_high: float | None = None


class PlannedTable(Model):
    """Rows of one content table that differ now; ``bytes``: size of those that would be fetched from dev."""

    table: TableName
    new: int
    updated: int
    production_only: int
    bytes: int = 0


class PlanTotals(Model):
    """Sums over all steps; ``seconds`` and ``seconds_high`` without those whose duration nobody can know.

    :ivar preflight_seconds: what the plan's own preflight took; contained in the others.
    """

    inserted: int = 0
    updated: int = 0
    bytes_read: int = 0
    bytes_moved: int = 0
    seconds: float = 0.0
    seconds_low: float = 0.0
    seconds_high: float = 0.0
    preflight_seconds: float = 0.0


class Throughput(Model):
    """What the estimated durations rest on.

    :ivar measured: whether the plan's own comparison read enough to measure it; assumed otherwise.
    """

    bytes_per_second: int
    measured: bool


class PlanReport(Model):
    """Answer of ``plan`` and ``enable --dry-run``; ``saved``: the file that it was written to.

    :ivar former_windows: whose steps the estimated durations rest on, the newest first.
    """

    window: str
    steps: tuple[PlannedStep, ...]
    tables: tuple[PlannedTable, ...]
    checks: tuple[Check, ...]
    totals: PlanTotals = PlanTotals()
    throughput: Throughput | None = None
    former_windows: tuple[str, ...] = ()
    saved: Path | None = None


class PauseReport(Model):
    """Answer of ``pause`` and ``resume``; ``definitions``: as of a :class:`Validation`."""

    window: WindowSummary
    definitions: tuple[DefinitionChange, ...] = ()


class VersionReport(Model):
    """Answer of ``--version``."""

    version: str


class HelpReport(Model):
    """Answer of ``--help`` where JSON is wanted."""

    help: str


class Promise(Model):
    """Something that the demo promises, and whether it held."""

    text: str
    kept: bool


class DemoReport(Model):
    """Answer of ``demo``."""

    promises: tuple[Promise, ...]
    total_seconds: float


class DoctorReport(Model):
    """Answer of ``doctor``: everything that was looked at, in order."""

    checks: tuple[Check, ...]


class TableClass(StrEnum):
    """What a table is proposed to be; ``unclassified`` is protected as a user table is, and left to its owner."""

    CONTENT = "content"
    USER = "user"
    UNCLASSIFIED = "unclassified"


class ProposedTable(Model):
    """A table as ``init`` would list it.

    :ivar listed_by_preset: the preset brings it, so that the file does not list it again.
    """

    table: TableName
    proposal: TableClass
    reasons: tuple[Reason, ...]
    listed_by_preset: bool = False


class ProposedColumn(Model):
    """A column whose values look like production's.

    :ivar proposed: the file gives it to production; else it stands there as a comment, for the owner to decide.
    """

    table: TableName
    column: str
    proposed: bool
    reasons: tuple[Reason, ...]
    listed_by_preset: bool = False


class ConnectionSource(Model):
    """Where the connection string of a server was found; never the string."""

    server: Server
    found: str


class InitReport(Model):
    """Answer of ``init``.

    :ivar written: whether the file was written.
    :ivar replaced: what the former file is called now.
    """

    file: Path
    written: bool
    replaced: Path | None = None
    preset: str | None
    connections: tuple[ConnectionSource, ...]
    tables: tuple[ProposedTable, ...]
    production_columns: tuple[ProposedColumn, ...]
    notes: tuple[Reason, ...] = ()

    def of_class(self, proposal: TableClass) -> tuple[ProposedTable, ...]:
        """The tables of one class."""
        return tuple(one for one in self.tables if one.proposal is proposal)
