"""The journal in production's ``egrow_replica`` schema: who, why, what, when, and what a later command needs."""

from __future__ import annotations

import json
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from egrow_replica import __version__
from egrow_replica.catalog import Scope
from egrow_replica.content import Moves, Overwritten, OwnColumns
from egrow_replica.db import Composed, Door, Identifier, int8_array, query
from egrow_replica.effects.definitions import Definition
from egrow_replica.errors import WrongState
from egrow_replica.evidence import Baseline, WalState
from egrow_replica.model import Model, QualifiedName, TableName, WindowState
from egrow_replica.replication.history import Moment
from egrow_replica.replication.names import ObjectNames, WindowId
from egrow_replica.replication.publication import Difference, Published
from egrow_replica.results import (
    ContentReport,
    DefinitionsLook,
    LastEntry,
    Reconciled,
    RestoredTable,
    Validation,
)
from egrow_replica.settings import Operation
from egrow_replica.streaks import StreakNumbers

TABLES = ("window", "step", "made_row", "hold", "overwritten", "own_values", "left_content")


#: Operating-system user and host where they are not known.
NOBODY = ("unknown", "unknown")
#: Of what is kept of content, so much stands in one row of the journal.
PART_BYTES = 1 << 20


class WindowSetting(Model):
    """What was decided when the window opened and holds for its whole life.

    :ivar seed: of every hash in the window.
    :ivar id: of the window, a part of its objects' names; empty in windows of earlier versions.
    :ivar makes_roles: the content roles did not exist, so the window makes and removes them.
    :ivar hold_seconds: writes of the application's roles are held while it opens, for so long at most.
    """

    publish: tuple[Operation, ...]
    seed: int
    allow_unproven: bool
    whole_backup: bool
    makes_roles: bool
    hold_seconds: float | None = None
    id: WindowId = ""


class StreamLook(Model):
    """What only a running stream shows: whether what dev has committed arrives, and who its workers are.

    :ivar problems: sentences; any of them fails the validation. ``notes``: those that do not.
    """

    content: ContentReport = ContentReport(equal=None)
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class PublicationLook(Model):
    """What was seen of the publication: once it was another one, what it sent meanwhile cannot be taken back.

    :ivar whole: whether nothing can have come after it, or it is of now.
    """

    differences: tuple[Difference, ...] = ()
    whole: bool = False

    @property
    def problems(self) -> tuple[str, ...]:
        """A sentence each."""
        return tuple(map(str, self.differences))

    def after(self, earlier: PublicationLook | None) -> PublicationLook:
        """This look with what an earlier one saw."""
        before = earlier.differences if earlier is not None else ()
        return self.model_copy(update={"differences": tuple(dict.fromkeys((*before, *self.differences)))})


class Progress(Model):
    """What the window has made so far.

    :ivar reconciled_by: transaction id (xid8) of the reconcile, ``None`` until it has committed.
    :ivar definitions: everything that a write to content depends on, as it was judged when the window opened; ``None``
        in windows of an earlier version, where nothing of it is compared. ``definitions_look``: the last one by a
        command that acts.
    :ivar restored: what a rollback did when it put content back.
    :ivar own_columns: columns that do not travel, whose values the backup keeps hashes of; ``None`` in windows of an
        earlier version, where they are not judged.
    :ivar publication: as it was when it was made; ``None`` before, and in windows of an earlier version.
    :ivar publication_look: the last one at it by a command that acts.
    :ivar publication_dropped: the window has removed it, so that there is no other look at it.
    :ivar subscribed_at: production's WAL position just before the subscription, and with it its origin, was made.
    :ivar worker_origin: number of the origin of the subscription's worker.
    :ivar wal: how far production's WAL was examined; ``wal_missing`` says why it cannot be, where it cannot.
    :ivar streaks: the streak report's numbers at the baseline, on an academy.
    :ivar apply_errors: the subscription's error count when the stream was last known to be well.
    :ivar last_look: at the stream, before it was ended; ``None`` as long as it may go on, or if there never was one.
    :ivar dev: where dev stood when the stream was last known to be well, or was paused.
    :ivar moves: rows that dev had moved between partitions before the window opened.
    :ivar paused_at: what the slot had confirmed when the stream was paused; ``None`` while it goes on.
    :ivar judged: whether the stored verdict covers all that the window wrote (else it was closed without one); ``None``
        until the subscription is gone: as long as it could go on, no verdict is the last.
    :ivar restoring: a restore of the closed window that has not ended in order.
    :ivar hold: of writes, in force when the baseline was taken; ``hold_missing`` says what was wrong with it.
    """

    done: tuple[str, ...] = ()
    backup: Path | None = None
    slot_lsn: str | None = None
    reconciled_by: int | None = None
    definitions: tuple[Definition, ...] | None = None
    definitions_look: DefinitionsLook | None = None
    reconciled: tuple[Reconciled, ...] = ()
    restored: tuple[RestoredTable, ...] = ()
    origin_id: int | None = None
    wal: WalState | None = None
    wal_missing: str = ""
    own_columns: tuple[OwnColumns, ...] | None = None
    publication: Published | None = None
    publication_look: PublicationLook | None = None
    publication_dropped: bool = False
    subscription_oid: int | None = None
    subscribed_at: str = ""
    worker_origin: int | None = None
    apply_errors: int = 0
    streaks: StreakNumbers | None = None
    hold: int | None = None
    hold_missing: str = ""
    last_look: StreamLook | None = None
    dev: Moment | None = None
    moves: tuple[Moves, ...] = ()
    paused_at: str | None = None
    judged: bool | None = None
    restoring: Restoring | None = None

    @property
    def publishes(self) -> bool:
        """Whether dev should have the publication: it is made before the slot, and removed by the window alone."""
        made = self.publication is not None or self.slot_lsn is not None
        return made and not self.publication_dropped


class RestoreStage(StrEnum):
    """How far a restore came."""

    BEGUN = "begun"
    #: It has committed, and nobody has looked yet at what it wrote.
    WRITTEN = "written"
    JUDGED = "judged"


class Restoring(Model):
    """A restore at work, or one whose controller died: what the next command needs to judge its writes.

    :ivar progress: its own, not the window's.
    :ivar baseline: taken right before it wrote.
    """

    stage: RestoreStage
    progress: Progress
    baseline: Baseline | None


Progress.model_rebuild()


class Window(Model):
    """A window as the journal knows it."""

    name: str
    state: WindowState
    opened_at: datetime
    closed_at: datetime | None
    reason: str | None
    os_user: str
    os_host: str
    database_role: str
    dev_identity: str
    prod_identity: str
    setting: WindowSetting
    scope: Scope
    baseline: Baseline | None
    progress: Progress
    validation: Validation | None
    failure: str | None
    age_seconds: float

    @property
    def names(self) -> ObjectNames:
        """The names of its objects, and whose they are."""
        return ObjectNames(window=self.name, id=self.setting.id, production=self.prod_identity)


class Opening(Model):
    """Who opens a window, and why."""

    name: str
    reason: str | None
    os_user: str
    os_host: str
    program_version: str
    dev_identity: str
    prod_identity: str


def read_windows(prod: Door) -> list[Window]:
    """All windows, the newest first; none where there is no journal.

    :raises WrongState: the journal holds what this version does not understand.
    """
    if not prod.value(query("journal/exists")):
        return []
    try:
        return prod.rows(Window, query("journal/windows"))
    except ValidationError:
        raise WrongState(
            "production's journal (schema egrow_replica) holds a window that this version cannot read",
            hint="Use the version that egrow_replica.window names in program_version.",
            code="unknown-journal",
        ) from None


def exists(prod: Door) -> bool:
    """Whether the journal is there with everything that this version keeps in it."""
    return len(tables_there(prod)) == len(TABLES) and _names_people(prod)


def tables_there(prod: Door) -> tuple[str, ...]:
    """The journal's tables, those that are there: none where there is no journal."""
    there = set(prod.values(query("journal/tables_there"), [list(TABLES)]))
    # The last that the first version made: without it there is no journal.
    return tuple(table for table in TABLES if table in there) if "made_row" in there else ()


def create_statements() -> list[Composed]:
    """What makes the journal where it is missing."""
    return [*(query(f"journal/create_{name}") for name in ("schema", *TABLES)), query("journal/alter_step")]


def owner_statements(role: str, tables: Iterable[str] = TABLES) -> list[Composed]:
    """What gives the journal to a role, so that whoever opened the first window, the operator can go on.

    :param tables: those that are there: an earlier version made fewer.
    """
    owner = Identifier(role)
    return [
        query("journal/schema_owner", role=owner),
        *(query("journal/table_owner", table=Identifier(table), role=owner) for table in tables),
    ]


def own_values(prod: Door, window: str, table: QualifiedName) -> bytes | None:
    """What a table's columns that do not travel held at a window's baseline, where the journal keeps it."""
    if "own_values" not in tables_there(prod):
        return None
    found = prod.value(query("journal/own_values"), [window, str(table)])
    return bytes(found) if found is not None else None


class LeftContent(Model):
    """Whose doing the content is that was kept last.

    :ivar command: ``disable`` or ``restore``.
    :ivar relations: the content tables that were kept.
    """

    window: str
    command: str
    left_at: datetime
    relations: tuple[TableName, ...]

    @property
    def by(self) -> str:
        """For a person and JSON: the window, or the restore of it."""
        return self.window if self.command == "disable" else f"{self.command} of {self.window}"


def last_entry(prod: Door, window: str) -> LastEntry | None:
    """The last thing that was done to a window."""
    name = "journal/last_step" if _names_people(prod) else "journal/last_step_unnamed"
    return next(iter(prod.rows(LastEntry, query(name), [window])), None)


def _names_people(prod: Door) -> bool:
    return bool(prod.value(query("journal/names_people")))


class _Part(Model):
    packed: bytes


def left_content(prod: Door) -> LeftContent | None:
    """What was kept last; ``None`` where nothing was, as in a journal of an earlier version."""
    if "left_content" not in tables_there(prod):
        return None
    return next(iter(prod.rows(LeftContent, query("journal/left_content"))), None)


def left_parts(prod: Door, table: QualifiedName) -> Iterator[bytes]:
    """What was kept of a table, part by part; no other statement may be sent through the door meanwhile."""
    return (part.packed for part in prod.stream(_Part, query("journal/left_parts"), [str(table)]))


class Journal:
    """Writing the journal, on the connection that writes everything else, so that entry and effect commit together."""

    def __init__(self, prod: Door, window: str, who: tuple[str, str] = NOBODY) -> None:
        self._prod = prod
        self._window = window
        self._who = who

    def create(self) -> None:
        """Make schema and tables where they are missing."""
        if exists(self._prod):
            return
        with self._prod.transaction():
            for statement in create_statements():
                self._prod.execute(statement)

    def open(self, opening: Opening, setting: WindowSetting, scope: Scope) -> None:
        """Note that the window exists."""
        self._prod.execute(
            query("journal/insert_window"),
            [
                opening.name,
                opening.reason,
                opening.os_user,
                opening.os_host,
                opening.program_version,
                opening.dev_identity,
                opening.prod_identity,
                _json(setting),
                _json(scope),
                _json(Progress()),
            ],
        )

    def record(self, window: Window, program_version: str) -> None:
        """Note a window that the journal did not know, as its backup has it."""
        values = [window.name, window.opened_at, window.reason, window.os_user, window.os_host, program_version]
        documents = [_json(one) for one in (window.setting, window.scope, window.baseline, window.progress) if one]
        self._prod.execute(query("journal/record_window"), [*values, window.prod_identity, *documents])

    def read(self) -> Window:
        """The window as the journal has it now; :raises WrongState: somebody took it out."""
        for window in read_windows(self._prod):
            if window.name == self._window:
                return window
        raise WrongState(f"production's journal knows no window {self._window} any more", code="no-window")

    def step(self, step: str, status: str, detail: str | None = None) -> None:
        """Note intent or outcome of a step."""
        entry = [self._window, step, status, detail]
        if _names_people(self._prod):
            self._prod.execute(query("journal/insert_step"), [*entry, *self._who, __version__])
        else:
            self._prod.execute(query("journal/insert_step_unnamed"), entry)

    def set_state(self, state: WindowState, failure: str | None = None) -> None:
        """Change the window's state."""
        self._prod.execute(query("journal/set_state"), [self._window, state.value, failure])

    def set_progress(self, progress: Progress) -> None:
        """Note what has been made."""
        self._prod.execute(query("journal/set_progress"), [self._window, _json(progress)])

    def set_restoring(self, restoring: Restoring | None) -> None:
        """Note what a restore has made, beside the window's own progress; ``None`` once it has ended."""
        document = "null" if restoring is None else _json(restoring)
        self._prod.execute(query("journal/set_restoring"), [self._window, document])

    def set_baseline(self, baseline: Baseline) -> None:
        """Store what later evidence is compared with."""
        self._prod.execute(query("journal/set_baseline"), [self._window, _json(baseline)])

    def set_validation(self, validation: Validation) -> None:
        """Store the verdict."""
        self._prod.execute(query("journal/set_validation"), [self._window, _json(validation)])

    def set_overwritten(self, found: Iterable[Overwritten]) -> None:
        """Note which values of production's columns the window overwrote; nothing is sent where none ever were."""
        noted = tuple(found)
        if not noted and not self.overwritten():
            return
        with self._prod.transaction():
            self._prod.execute(query("journal/delete_overwritten"), [self._window])
            for one in noted:
                columns = json.dumps([column.model_dump(mode="json") for column in one.columns])
                self._prod.execute(
                    query("journal/insert_overwritten"),
                    [self._window, str(one.table), columns, list(one.key_hashes), list(one.value_hashes)],
                )

    def keep_own_values(self, kept: Mapping[QualifiedName, bytes]) -> None:
        """Keep what columns that do not travel held, by table, where the backup's directory may be out of reach."""
        with self._prod.transaction():
            self._prod.execute(query("journal/delete_own_values"), [self._window])
            for table, packed in kept.items():
                self._prod.execute(query("journal/insert_own_values"), [self._window, str(table), packed])

    def forget_own_values(self) -> None:
        """Let them go: the window is closed."""
        if "own_values" in tables_there(self._prod):
            self._prod.execute(query("journal/delete_own_values"), [self._window])

    def keep_left_content(self, command: str, tables: Iterable[tuple[QualifiedName, Iterator[bytes]]]) -> bool:
        """Keep what the content tables hold now, instead of what was kept before. Return whether there is a place.

        :param tables: each with its rows' hashes in blocks, read through another door before the next is asked for.
        """
        if "left_content" not in tables_there(self._prod):
            return False
        with self._prod.transaction():
            self._prod.execute(query("journal/delete_left_content"))
            for table, blocks in tables:
                for number, part in enumerate(_parts(blocks)):
                    values = [str(table), number, self._window, command, part]
                    self._prod.execute(query("journal/insert_left_content"), values)
        return True

    def overwritten(self) -> list[Overwritten]:
        """Which values of production's columns the window overwrote; none in a journal of an earlier version."""
        if "overwritten" not in tables_there(self._prod):
            return []
        return self._prod.rows(Overwritten, query("journal/overwritten"), [self._window])

    def add_made_rows(self, table: QualifiedName, key_hashes: Collection[int]) -> None:
        """Note rows that the window added."""
        if key_hashes:
            self._prod.execute(query("journal/insert_made_rows"), [self._window, str(table), int8_array(key_hashes)])

    def made_rows(self, table: QualifiedName) -> array[int]:
        """Rows that the window added, as far as they are noted."""
        return self._prod.numbers(query("journal/made_rows"), [self._window, str(table)])


def _parts(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, in parts that a statement can carry."""
    held = bytearray()
    for block in blocks:
        held += block
        if len(held) >= PART_BYTES:
            yield bytes(held)
            held.clear()
    yield bytes(held)


def _json(value: BaseModel) -> Any:
    return value.model_dump_json()
