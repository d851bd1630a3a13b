"""What only both servers show: whether the stream is whole, and whether what dev has committed is on production."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from egrow_replica.catalog import (
    Scope,
)
from egrow_replica.catalog.scope import changed_tables, lost_on_dev, new_on_dev
from egrow_replica.content import Equality, EqualityCheck, Move, hashes_of, recent_rows
from egrow_replica.db import Door
from egrow_replica.errors import NotCaughtUp, ServerUnavailable, StreamFailed
from egrow_replica.model import QualifiedName
from egrow_replica.replication import history
from egrow_replica.replication import publication as publications
from egrow_replica.replication import slot as slots
from egrow_replica.replication import subscription as subscriptions
from egrow_replica.replication.names import ObjectNames
from egrow_replica.replication.stream import broken_parts
from egrow_replica.replication.waiting import wait_until
from egrow_replica.results import (
    ContentReport,
    ContentTableReport,
)
from egrow_replica.settings import Settings
from egrow_replica.window.checks.base import counted
from egrow_replica.window.journal import PublicationLook, StreamLook
from egrow_replica.window.listener import Listener
from egrow_replica.window.losses import Stream, causes, signs
from egrow_replica.window.servers import Servers
from egrow_replica.window.subject import Subject


def look_at_stream(servers: Servers, settings: Settings, subject: Subject, listener: Listener) -> StreamLook:
    """See what only a running stream shows, as far as the subject asks for it: workers, and dev's rows on production.

    :raises ServerUnavailable: a server went away.
    """
    problems: list[str] = []
    notes: list[str] = []
    with servers.read_prod("stream") as prod:
        if subject.streaming:
            _check_workers(prod, subject, problems)
        comparable = subject.check_content and not changed_tables(prod, subject.scope)
        if subject.names is not None and (subject.check_content or subject.paused):
            with servers.read_dev("look") as dev:
                broken = broken_parts(dev, prod, subject.names)
                stream = stream_of(subject, subject.names, servers)
                seen = causes(dev, prod, stream) if broken else signs(dev, prod, stream)
                comparable = comparable and not broken and not lost_on_dev(dev, subject.scope)
            problems += [*broken, *(sign.message for sign in seen if sign.loses)]
            notes += [sign.message for sign in seen if not sign.loses]
            notes += [
                f"{one.table}: {counted(one.keys)} that dev had moved between partitions before the window opened "
                "stand on production under the old key too"
                for one in subject.progress.moves
            ]
    content = ContentReport(equal=None)
    if comparable:
        content = _content(servers, settings, subject, listener, problems, notes)
    return StreamLook(content=content, problems=tuple(dict.fromkeys(problems)), notes=tuple(notes))


def stream_of(subject: Subject, names: ObjectNames, servers: Servers) -> Stream:
    """The subject's stream."""
    return Stream(
        scope=subject.scope,
        progress=subject.progress,
        names=names,
        login=servers.stream.user,
        paused=subject.paused,
    )


def look_at_publication(servers: Servers, subject: Subject, notes: list[str]) -> PublicationLook | None:
    """What is known of the publication; ``None`` where it never was looked at since it was made.

    :raises ServerUnavailable: dev does not answer, and the stream is expected to run.
    """
    earlier = subject.progress.publication_look
    if not subject.check_publication:
        return earlier
    try:
        with servers.read_dev("publication") as dev:
            return see_publication(dev, subject).after(earlier)
    except ServerUnavailable as error:
        if subject.streaming:
            raise
        notes.append(f"the publication was not looked at: {error.message}")
        return earlier.model_copy(update={"whole": False}) if earlier is not None else None


def see_publication(dev: Door, subject: Subject) -> PublicationLook:
    """Look at the publication now."""
    return PublicationLook(
        differences=publications.differences(
            dev, subject.common, subject.scope, subject.setting.publish, subject.progress.publication
        ),
        whole=True,
    )


def _check_workers(prod: Door, subject: Subject, problems: list[str]) -> None:
    found = subscriptions.get(prod, subject.common)
    if found is None:
        problems.append(f"subscription {subject.common} is gone on production")
        return
    for worker in subscriptions.workers(prod, subject.common):
        # A worker that started while the owner changed keeps the old owner's rights.
        if worker.role is not None and worker.role != found.owner:
            problems.append(f"worker {worker.pid} runs as {worker.role}, not as {found.owner}")


def _content(
    servers: Servers,
    settings: Settings,
    subject: Subject,
    listener: Listener,
    problems: list[str],
    notes: list[str],
) -> ContentReport:
    updates = "update" in subject.setting.publish
    with (
        servers.read_dev("validate") as dev,
        servers.read_dev("confirm") as clock,
        servers.read_prod("compare") as prod,
    ):

        def settle() -> None:
            if subject.streaming:
                catch_up(clock, prod, subject, settings.window.catchup_timeout, listener)

        try:
            check = EqualityCheck(dev, prod, subject.setting.seed, settle, updates=updates)
            found = check.compare(subject.scope)
            came = {name: _came(prod, subject, name, one.moved) for name, one in found.items()}
            notes += _taken_back(prod, subject, found)
        except (NotCaughtUp, StreamFailed) as error:
            problems.append(error.message)
            return ContentReport(equal=False)
        new = new_on_dev(dev, subject.scope)
    tables = tuple(
        ContentTableReport(
            table=name,
            equal=not one.differing and not came[name],
            differing=one.differing,
            production_only=len(one.production_only),
            moved=tuple(str(move) for move in came[name]),
        )
        for name, one in found.items()
    )
    whole = not new and not any(one.unsettled for one in found.values())
    problems += [f"{name}: {' and '.join(_differing(one))}" for name, one in found.items() if one.differing]
    problems += [
        f"{one.table}: dev has {counted(one.moved)} under another key now, and production still has them under the old "
        "one too, as an update that moves a row between partitions leaves them"
        for one in tables
        if one.moved
    ]
    return ContentReport(
        equal=False if not all(one.equal for one in tables) else True if whole else None,
        tables=tables,
        left_out=(*_never_compared(subject.scope, updates=updates), *_left_out(found, new)),
    )


def _differing(found: Equality) -> Iterator[str]:
    """How many rows differ, and in which way; who changed them, nothing here tells."""
    if found.missing:
        yield f"{_rows(found.missing, 'of dev is', 'of dev are')} not on production"
    if others := found.differing - found.missing:
        yield f"{_rows(others, 'has', 'have')} other values on production than on dev: edited there, or not arrived"


def _rows(count: int, of_one: str, of_many: str) -> str:
    return f"{counted(range(count))} {of_one if count == 1 else of_many}"


def _came(prod: Door, subject: Subject, name: QualifiedName, moves: tuple[Move, ...]) -> list[Move]:
    """Those moves that came after the window opened: production has the new row since then, or not yet."""
    if not moves:
        return []
    table, seed = subject.scope.table(name), subject.setting.seed
    before = {key for one in subject.progress.moves if one.table == name for key in one.keys}
    there = hashes_of(prod, table, seed, [move.new.key_hash for move in moves], filtered=False)
    recent = set(recent_rows(prod, table, seed, subject.baseline.xid))
    old = {key for key in there if key not in recent}
    return [move for move in moves if move.old.key_hash not in before and move.new.key_hash not in old]


def _taken_back(prod: Door, subject: Subject, found: Mapping[QualifiedName, Equality]) -> Iterator[str]:
    """Rows that this window brought and dev no longer has: deleted there, moved, or gone with the state it was in."""
    progress = subject.progress
    ours = [number for number in (progress.origin_id, progress.worker_origin) if number is not None]
    for name, one in found.items():
        if one.production_only and ours and subject.baseline.tracks_commits:
            table, seed = subject.scope.table(name), subject.setting.seed
            brought = set(recent_rows(prod, table, seed, subject.baseline.xid, ours))
            recent = [key for key in one.production_only if key in brought]
            if recent:
                yield (
                    f"{name}: {counted(recent)} that this window brought, not on dev any more: deleted there, or dev "
                    "was put back; production keeps them"
                )


def _never_compared(scope: Scope, *, updates: bool) -> Iterator[str]:
    """What is none of the window's business."""
    yield from columns_left_out(scope)
    for table in scope.tables:
        if table.filter:
            yield f"{table.name}: rows of dev to which {table.filter} does not apply"
    if not updates:
        yield "rows that both servers have: updates are not published"


def columns_left_out(scope: Scope) -> Iterator[str]:
    """The columns that travel to nobody."""
    for table in scope.tables:
        if table.production_columns:
            yield f"{table.name}: {', '.join(table.production_columns)} belong to production"


def _left_out(found: Mapping[QualifiedName, Equality], new: Mapping[QualifiedName, tuple[str, ...]]) -> Iterator[str]:
    """What could not be compared, although it should be as on dev."""
    for name, columns in new.items():
        yield f"{name}: {', '.join(columns)}, which dev got after the window opened"
    for name, one in found.items():
        if one.unsettled:
            yield f"{name}: {one.unsettled} rows that changed at every look"


def catch_up(dev: Door, prod: Door, subject: Subject, seconds: float, listener: Listener) -> None:
    """Wait until production has confirmed everything that dev has committed by now.

    :raises NotCaughtUp: not within ``seconds``, or the stream is not running; it names who holds what a worker needs.
    :raises StreamFailed: the stream repeats an error, or a part of it is gone, so waiting is pointless.
    """
    refuse_broken(dev, prod, subject)
    lsn = slots.current_lsn(dev)
    errors = _errors(prod, subject.common)
    decoded = history.moment(dev, subject.common).decoded

    def confirmed() -> bool:
        if slots.has_confirmed(dev, subject.common, lsn):
            return True
        refuse_broken(dev, prod, subject)
        now = _errors(prod, subject.common)
        # One may be a lost connection; an error of data repeats, and dev has sent rows before each of them.
        if now > errors + 1 and history.moment(dev, subject.common).decoded != decoded:
            raise StreamFailed(
                f"the stream stops at an error again and again ({now} apply errors)",
                hint="The production server's log names the row and the conflict.",
            )
        return False

    listener.say(f"waiting until production has confirmed {lsn}")
    wait_until(
        confirmed,
        seconds,
        f"production has not confirmed dev's position {lsn}",
        whom=lambda: subscriptions.waits_for(prod, subject.common),
        say=listener.say,
    )


def refuse_broken(dev: Door, prod: Door, subject: Subject) -> None:
    """See that the stream has all that it needs, and publishes what the window was opened for.

    :raises StreamFailed: it would lose changes, or bring others than the window's columns.
    """
    if subject.names is None:
        return
    broken = (*broken_parts(dev, prod, subject.names), *see_publication(dev, subject).problems)
    if broken:
        raise StreamFailed(
            "; ".join(dict.fromkeys(broken)), hint="Close the window, and open another: `egrow-replica disable`."
        )


def _errors(prod: Door, name: str) -> int:
    found = subscriptions.get(prod, name)
    return found.apply_errors if found else 0
