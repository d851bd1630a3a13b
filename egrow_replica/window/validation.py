"""The whole evidence of a window: users' tables, orphans, content, conflicts, workers. Only reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from egrow_replica.catalog import (
    ForeignKey,
    Scope,
    Table,
    protected,
    read_foreign_keys,
    read_relations,
    read_server_facts,
    read_tables,
)
from egrow_replica.catalog.scope import changed_tables
from egrow_replica.content import Overwritten
from egrow_replica.db import Door
from egrow_replica.evidence import (
    JudgedColumns,
    Judgement,
    Origins,
    Orphans,
    UserEvidence,
    WalFindings,
    WalReading,
    WalState,
    access_lost,
    compare_access,
    compare_probes,
    count_again,
    count_all,
    ignore,
    read_access,
    run_probes,
    sentences,
    tier,
    touching,
)
from egrow_replica.model import EvidenceTier, QualifiedName, TableVerdict
from egrow_replica.replication import origins as replication_origins
from egrow_replica.replication import subscription as subscriptions
from egrow_replica.replication.names import PREFIX
from egrow_replica.results import (
    AccessReport,
    DefinitionsLook,
    OrphanCount,
    ProbeReport,
    ProductionColumns,
    StreakNumber,
    StreamedRows,
    TableEvidence,
    Validation,
)
from egrow_replica.settings import Settings
from egrow_replica.streaks import compare_numbers
from egrow_replica.window.belonging import unknown_objects, unknown_window
from egrow_replica.window.definitions import look_at_definitions
from egrow_replica.window.hold import HoldWatch, weakness
from egrow_replica.window.journal import PublicationLook, StreamLook, read_windows
from egrow_replica.window.listener import Listener
from egrow_replica.window.own_columns import (
    Circumstances,
    Read,
    follows_another,
    judge,
    overwritten,
    read_own_columns,
)
from egrow_replica.window.servers import Servers
from egrow_replica.window.stream_look import look_at_publication, look_at_stream
from egrow_replica.window.subject import Subject


@dataclass(frozen=True)
class Gathered:
    """The evidence, and what more is known than it says.

    :ivar wal: how far it was examined, ``findings``: what it means.
    :ivar overwritten: what of production's columns can be put back.
    """

    validation: Validation
    wal: WalReading
    findings: WalFindings | None
    origins: Origins
    publication: PublicationLook | None
    definitions: DefinitionsLook
    overwritten: tuple[Overwritten, ...]


@dataclass(frozen=True)
class _Production:
    """What production tells, and what was seen of the publication after it was read."""

    origins: Origins
    users: UserEvidence
    orphans: tuple[OrphanCount, ...]
    probes: tuple[ProbeReport, ...]
    access: tuple[AccessReport, ...]
    streaks: tuple[StreakNumber, ...]
    own_columns: list[tuple[Read, JudgedColumns]]
    publication: PublicationLook | None

    @property
    def columns(self) -> tuple[ProductionColumns, ...]:
        """The verdicts on the columns that do not travel."""
        return tuple(judged.evidence for _, judged in self.own_columns)


def validate(
    servers: Servers,
    settings: Settings,
    subject: Subject,
    listener: Listener,
    *,
    look: StreamLook | None = None,
    full_scan: bool = False,
    keep: Callable[[WalState], None] = ignore,
) -> Gathered:
    """Gather the evidence and say what fails.

    :param look: at the stream, from before it was ended; it is looked at now where none is given.
    :param full_scan: also scan tables that no WAL record wrote.
    :param keep: called while much WAL is read, with how far that is; a later validation can go on from there.
    :raises ServerUnavailable: a server went away, so nothing is known.
    """
    look = look or look_at_stream(servers, settings, subject, listener)
    problems: list[str] = []
    notes: list[str] = []
    with servers.read_prod("validate") as prod:
        conflicts = _conflicts(prod, subject, problems)
        changed = changed_tables(prod, subject.scope)
        unknown = unknown_objects(prod, read_windows(prod))
        definitions = look_at_definitions(prod, subject.scope, subject.setting, subject.progress)
    if unknown:
        problems.append(unknown_window(unknown).message)
    problems += [f"{name} is not the table that it was when the window opened" for name in changed]
    problems += (*definitions.refused, *look.problems)
    notes += (*definitions.named, *look.notes)
    wal = WalReading(subject.progress.wal, subject.progress.wal_missing, listener.advance_wal, keep)
    found = _production(servers, subject, wal, listener, full_scan, notes)
    users = found.users
    problems += found.publication.problems if found.publication is not None else ()
    problems += _verdict_problems(users.tables, subject.setting.allow_unproven, notes)
    problems += _columns_problems(found.columns, subject.setting.allow_unproven, notes)
    problems += _wal_problems(users, subject.setting.allow_unproven, notes)
    problems += orphan_problems(found.orphans)
    problems += [f"the probe {probe.sql!r} is {probe.after} now" for probe in found.probes if probe.after is not True]
    problems += [
        f"the streak report's {one.name} was {one.before} and is {one.after}, which no write of others explains"
        for one in found.streaks
        if not one.explained
    ]
    if subject.progress.streaks is not None and not found.streaks:
        problems.append("the streak report cannot be made any more: its tables are gone or may not be read")
    notes += [f"{one.subject} changed: {one.before!r} became {one.after!r}" for one in found.access if not one.equal]
    for what, sentence in access_lost(found.access):
        if what in settings.validation.access_changes:
            notes.append(f"access: {sentence} (knowingly)")
        else:
            problems.append(f"access: {sentence}")
    if not users.tables:
        notes.append("every table of production is content: there is nothing to protect, and the verdict is about none")
    if users.tier is EvidenceTier.NONE:
        notes.append("track_commit_timestamp is off on production: a table that changed cannot be proved")
    validation = Validation(
        verdict=_worst(users, found.columns),
        evidence=users.tier,
        tables=users.tables,
        production_columns=found.columns,
        orphans=found.orphans,
        content=look.content,
        conflicts=conflicts,
        access=found.access,
        probes=found.probes,
        streamed=_streamed(users, subject),
        streaks=found.streaks,
        definitions=definitions.changes,
        problems=tuple(dict.fromkeys(problems)),
        notes=tuple(notes),
    )
    return Gathered(
        validation,
        users.wal,
        users.findings,
        found.origins,
        found.publication,
        definitions,
        overwritten(found.own_columns),
    )


def ours(prod: Door, subject: Subject) -> Origins:
    """Our origins by number, those that exist and those that the window had; everybody else's beside.

    Every origin of this program counts, of whatever window, and that of whatever subscription writes content: a journal
    may be gone, and its window go on. Of what came since the baseline and is not ours, nobody knows whose it is.
    """
    progress = subject.progress
    known = replication_origins.all_origins(prod)
    worker = replication_origins.worker_origin(progress.subscription_oid) if progress.subscription_oid else None
    mine = {n: name for n, name in known.items() if name == subject.origin or (worker and is_of(name, worker))}
    # An origin that was dropped in the middle is still the one that wrote; its number may even be another's by now.
    if progress.origin_id is not None:
        mine.setdefault(progress.origin_id, subject.origin)
    if worker and progress.worker_origin is not None:
        mine.setdefault(progress.worker_origin, worker)
    programs = subscriptions.worker_origins_of_content(prod, subject.scope)
    stray = {
        number: name
        for number, name in known.items()
        if number not in mine and (name.startswith(PREFIX) or any(is_of(name, one) for one in programs))
    }
    others = {
        n: name
        for n, name in known.items()
        if n not in mine and n not in stray and subject.baseline.origins.get(n) == name
    }
    since = {number: progress.subscribed_at for number, name in mine.items() if worker and is_of(name, worker)}
    return Origins(
        ours={**stray, **mine},
        others=others,
        since={number: lsn for number, lsn in since.items() if lsn},
        window=frozenset(mine),
    )


def is_of(name: str, worker: str) -> bool:
    """Whether an origin is a worker's, or that of its table synchronisation, which has the table's oid behind."""
    return name == worker or name.startswith(f"{worker}_")


def protected_tables(door: Door, scope: Scope) -> list[Table]:
    """Every table that is not content, with its columns."""
    return list(read_tables(door, protected(read_relations(door).values(), scope.names)).values())


def _production(
    servers: Servers, subject: Subject, wal: WalReading, listener: Listener, full_scan: bool, notes: list[str]
) -> _Production:
    """Everything that production itself tells, the tables in one snapshot."""
    before = subject.baseline
    with servers.wal_prod() as wal_door:
        names = ours(wal_door, subject)
        judgement = Judgement(wal_door, subject.scope, before, names, wal)
        watch = HoldWatch(
            wal_door,
            [one.oid for one in before.fingerprints],
            subject.common,
            wanted=subject.progress.hold,
            missing=subject.progress.hold_missing,
        )
        with servers.prod_snapshot("validate") as snapshot:
            first = snapshot.doors[0]
            tables = protected_tables(first, subject.scope)
            tracks_commits = read_server_facts(first).tracks_commits
            users = judgement.judge(
                snapshot.doors,
                tables,
                tracks_commits=tracks_commits,
                # Exact is what was read; what WAL spared from being read rests on WAL.
                full_scan=full_scan or watch.unbroken(),
                unbroken=watch.unbroken,
                have_counted=lambda: subscriptions.have_counted(wal_door, subject.common),
                progress=listener.advance,
            )
            keys = keys_to_count(first, subject.scope, notes)
            counted = count_all(first, keys) if full_scan else _count_again(first, keys, subject, users, tables)
            orphans = _orphans(before.orphans, counted)
            probes = compare_probes(before.probes, run_probes(first, [probe.sql for probe in before.probes]))
            access = compare_access(before.access, read_access(first, [one.oid for one in before.fingerprints]))
            verdicts = {table.table: table.verdict for table in users.tables}
            streaks = compare_numbers(first, subject.progress.streaks, verdicts)
            by_origin = tier(first, before, tracks_commits=tracks_commits) is EvidenceTier.ORIGIN
            reading = read_own_columns(
                first,
                subject.scope,
                subject.names.window if subject.names is not None else "",
                subject.setting.seed,
                subject.progress,
                users.findings,
                before.xid if by_origin else None,
                full_scan=full_scan,
            )
            # After everything was read: what travelled until then was sent by a publication that this look is at.
            publication = look_at_publication(servers, subject, notes)
            about = Circumstances(
                look=publication,
                follows=follows_another(wal_door, subject.common),
                deletes="delete" in subject.setting.publish,
                read_dev=servers.read_dev,
            )
            own = judge(reading, subject.scope, subject.setting.seed, names, about)
    proves = users.findings is not None and users.findings.proves
    notes += filter(None, [watch.note(exact=users.tier is EvidenceTier.EXACT, wal=proves)])
    return _Production(names, users, orphans, probes, access, streaks, own, publication)


def orphan_problems(orphans: Iterable[OrphanCount]) -> list[str]:
    """A sentence for each foreign key that has more orphans than before."""
    return [
        f"{one.table}: {one.count_after - one.count_before} rows point at no row of {one.references} any more "
        f"({one.constraint})"
        for one in orphans
        if one.count_after > one.count_before
    ]


def keys_to_count(prod: Door, scope: Scope, notes: list[str]) -> tuple[ForeignKey, ...]:
    """The foreign keys that lead from or to content: those that are there, and those that were when the window opened.

    What a key promised is looked after although somebody has dropped it, as far as its columns are still there.
    """
    keys = touching(read_foreign_keys(prod), scope.names)
    there = {(key.table, key.name) for key in keys}
    gone = [key for key in scope.foreign_keys if (key.table, key.name) not in there]
    if not gone:
        return keys
    relations = read_relations(prod, measured=False)
    tables = read_tables(prod, [relations[name] for name in _named_by(gone) if name in relations])
    countable = [key for key in gone if _can_be_counted(key, tables)]
    notes += [
        f"{key.table}: the foreign key {key.name} is gone; rows that point nowhere "
        + ("were counted all the same" if key in countable else "cannot be counted: a column of it is gone too")
        for key in gone
    ]
    return (*keys, *countable)


def _named_by(keys: Iterable[ForeignKey]) -> set[QualifiedName]:
    return {name for key in keys for name in (key.table, key.references)}


def _can_be_counted(key: ForeignKey, tables: Mapping[QualifiedName, Table]) -> bool:
    table, referenced = tables.get(key.table), tables.get(key.references)
    if table is None or referenced is None:
        return False
    return all(table.column(name) for name in key.columns) and all(
        referenced.column(name) for name in key.referenced_columns
    )


def look_at_hold(servers: Servers, scope: Scope, subscription: str) -> tuple[int | None, str]:
    """The hold under which a baseline is about to be taken, or why none counts; nothing where there is none."""
    with servers.read_prod("hold") as door:
        oids = [table.relation.oid for table in protected_tables(door, scope)]
        hold, reason = weakness(door, oids, subscription)
    if hold is None:
        return None, ""
    return (None, f"when the baseline was taken, {reason}") if reason else (hold.id, "")


def _count_again(
    door: Door, keys: Iterable[ForeignKey], subject: Subject, users: UserEvidence, tables: Iterable[Table]
) -> tuple[Orphans, ...]:
    """Count orphans; WAL, which was read beyond the door's snapshot, says where none can have come."""
    findings = users.findings if users.findings is not None and users.findings.proves else None
    if findings is None:
        return count_all(door, keys)
    known = {one.table: (one.oid, one.columns) for one in subject.baseline.fingerprints}
    now = {table.name: (table.relation.oid, table.columns) for table in tables}
    quiet = {one.oid for one in findings.tables if one.untouched}
    untouched = {name for name, (oid, _) in now.items() if oid in quiet}
    return count_again(
        door,
        keys,
        before=subject.baseline.orphans,
        same=subject.scope.foreign_keys,
        unwritten={name for name in untouched if name in now and now[name] == known.get(name)},
        kept=findings.kept,
    )


def _columns_problems(columns: Iterable[ProductionColumns], allow_unproven: bool, notes: list[str]) -> list[str]:
    problems = []
    for verdict, sentence in sentences(columns):
        if verdict is TableVerdict.TOUCHED or (verdict is TableVerdict.UNPROVEN and not allow_unproven):
            problems.append(sentence)
        elif verdict is TableVerdict.UNPROVEN:
            notes.append(f"{sentence} (allowed)")
    return problems


def _worst(users: UserEvidence, columns: Iterable[ProductionColumns]) -> TableVerdict:
    verdicts = [table.verdict for table in users.tables] + [one.verdict for one in columns]
    if users.findings is not None and users.findings.touched:
        verdicts.append(TableVerdict.TOUCHED)
    if users.findings is not None and users.findings.unresolved:
        verdicts.append(TableVerdict.UNPROVEN)
    # Where all is content, nothing of a user's was there to be written, and a table that comes later is judged.
    return TableVerdict.worst(verdicts or [TableVerdict.INTACT])


def _wal_problems(users: UserEvidence, allow_unproven: bool, notes: list[str]) -> list[str]:
    """What WAL says beyond single tables: writes of ours to something else, and why it proves nothing."""
    findings = users.findings
    if findings is None:
        notes.append(f"no WAL evidence: {users.wal.reason or 'none was kept'}")
        return []
    named = {table.table for table in users.tables}
    problems = [f"this window wrote {write}" for write in findings.touched if write.relation not in named]
    unknown = [f"this window wrote what nobody knows: {one}" for one in findings.unresolved]
    if allow_unproven:
        notes += unknown
    else:
        problems += unknown
    if findings.gap is not None:
        notes.append(f"no WAL evidence: {findings.gap}")
    return problems


def _streamed(users: UserEvidence, subject: Subject) -> tuple[StreamedRows, ...]:
    """Rows of content that the subscription's worker wrote, as WAL counts them."""
    if users.findings is None:
        return ()
    worker = replication_origins.worker_origin(subject.progress.subscription_oid or 0)
    return tuple(
        StreamedRows(table=one.table, inserted=one.inserted, updated=one.updated, deleted=one.deleted)
        for one in users.findings.streamed
        if one.origin == worker
    )


def _orphans(before: Iterable[Orphans], after: Iterable[Orphans]) -> tuple[OrphanCount, ...]:
    known = {(one.table, one.constraint): one.count for one in before}
    return tuple(
        OrphanCount(
            constraint=one.constraint,
            table=one.table,
            references=one.references,
            count_before=known.get((one.table, one.constraint), 0),
            count_after=one.count,
        )
        for one in after
    )


def _verdict_problems(tables: Iterable[TableEvidence], allow_unproven: bool, notes: list[str]) -> list[str]:
    problems = []
    for table in tables:
        sentence = f"{table.table}: {table.verdict.value}: {table.reason}"
        if table.verdict is TableVerdict.TOUCHED or (table.verdict is TableVerdict.UNPROVEN and not allow_unproven):
            problems.append(sentence)
        elif table.verdict is TableVerdict.UNPROVEN:
            notes.append(f"{sentence} (allowed)")
    return problems


def _conflicts(prod: Door, subject: Subject, problems: list[str]) -> dict[str, int]:
    counters = subscriptions.conflicts(prod, subject.common)
    if counters is None:
        return {}
    problems += [f"the stream met conflicts: {count} {kind}" for kind, count in counters.failing.items()]
    return {kind: count for kind, count in counters.model_dump().items() if count}
