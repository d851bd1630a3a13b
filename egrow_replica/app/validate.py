"""The evidence for the open window, or for one that was closed. Never changes anything."""

from __future__ import annotations

from egrow_replica.app.context import Context, open_window
from egrow_replica.app.enable import new_setting
from egrow_replica.app.restoring import interrupted, unjudged
from egrow_replica.app.restoring import subject as subject_of_restore
from egrow_replica.errors import ValidationFailed, WrongState
from egrow_replica.evidence import count_all, take_baseline
from egrow_replica.model import WindowState
from egrow_replica.replication import origins
from egrow_replica.results import OrphanCount, Validation
from egrow_replica.streaks import read_numbers
from egrow_replica.window.belonging import KINDS, refuse_unknown
from egrow_replica.window.journal import Progress, Restoring, Window, read_windows
from egrow_replica.window.left import look_at_content
from egrow_replica.window.preflight import run_preflight
from egrow_replica.window.servers import Servers
from egrow_replica.window.subject import Subject
from egrow_replica.window.validation import keys_to_count, look_at_hold, orphan_problems, protected_tables
from egrow_replica.window.validation import validate as gather
from egrow_replica.window.wal import begin_reading


def validate(context: Context, *, full_scan: bool = False) -> Validation:
    """The whole evidence; of a closed window the stored verdict, with orphans and content as they are now.

    Without an open window, what a restore wrote whose controller died comes first.

    :param full_scan: also scan tables that no WAL record wrote.
    :raises ValidationFailed: the evidence fails; ``report`` has it.
    """
    servers = context.servers()
    with servers.read_prod("validate") as prod:
        windows = read_windows(prod)
        window = open_window(windows)
        # Of an open window it is a problem of its validation; but a copy of another production has nothing to judge.
        refuse_unknown(prod, windows, tolerated=() if window is None else KINDS)
    left = interrupted(windows)
    if window is not None:
        validation = _of_open(context, servers, window, full_scan)
    elif left is not None:
        validation = _of_restore(context, servers, *left, full_scan)
    else:
        validation = _of_closed(servers, windows)
    return _passed(validation)


def validate_only(context: Context) -> Validation:
    """What ``validate`` would find: of the open window, or of a production on which nothing was done.

    Without a window the preflight runs, and the protected tables are measured twice, so that the DBA sees which
    evidence this production gives while its application writes. Nothing is written anywhere.

    :raises EgrowError: the preflight's findings; :raises ValidationFailed: the evidence fails.
    """
    servers = context.servers()
    with servers.lock_prod("validate") as prod, servers.read_dev("preflight") as dev:
        windows = read_windows(prod)
        if open_window(windows) is not None:
            return validate(context)
        refuse_unknown(prod, windows, dev)
        findings = run_preflight(dev, prod, context.settings, windows, whole_backup=False)
        findings.refuse()
    setting = new_setting(context, findings, whole_backup=False, allow_unproven=False)
    reading = begin_reading(servers, findings.scope)
    hold, hold_missing = look_at_hold(servers, findings.scope, "")
    with servers.prod_snapshot("baseline") as snapshot:
        first = snapshot.doors[0]
        baseline = take_baseline(
            snapshot.doors,
            protected_tables(first, findings.scope),
            findings.scope.foreign_keys,
            seed=setting.seed,
            lsn=snapshot.lsn,
            tracks_commits=findings.prod.tracks_commits,
            probes=context.settings.validation.probes,
            origins=origins.all_origins(first),
            progress=context.listener.advance,
        )
        streaks = read_numbers(first)
    subject = Subject(
        scope=findings.scope,
        setting=setting,
        progress=Progress(
            wal=reading.state, wal_missing=reading.reason, streaks=streaks, hold=hold, hold_missing=hold_missing
        ),
        baseline=baseline,
        origin="",
        names=None,
        streaming=False,
        check_content=False,
    )
    return _passed(gather(servers, context.settings, subject, context.listener).validation)


def _passed(validation: Validation) -> Validation:
    if not validation.passed:
        error = ValidationFailed("; ".join(validation.problems), hint="Nothing was changed.")
        error.report = validation
        raise error
    return validation


def _of_open(context: Context, servers: Servers, window: Window, full_scan: bool) -> Validation:
    if window.baseline is None:
        raise WrongState(f"window {window.name} has no baseline yet", hint="Wait until it streams.", code="no-baseline")
    names = window.names
    streams = window.state is WindowState.STREAMING
    subject = Subject(
        scope=window.scope,
        setting=window.setting,
        progress=window.progress,
        baseline=window.baseline,
        origin=names.common,
        names=names,
        streaming=streams,
        check_content=streams,
        check_publication=window.progress.publishes,
        paused=window.state is WindowState.PAUSED,
    )
    return gather(servers, context.settings, subject, context.listener, full_scan=full_scan).validation


def _of_restore(context: Context, servers: Servers, window: Window, left: Restoring, full_scan: bool) -> Validation:
    with servers.read_prod("validate") as prod:
        subject = subject_of_restore(prod, window, left)
    validation = gather(servers, context.settings, subject, context.listener, full_scan=full_scan).validation
    return validation.model_copy(update={"notes": (*validation.notes, unjudged(window.name))})


def _of_closed(servers: Servers, windows: list[Window]) -> Validation:
    """The verdict on users' tables as it was stored, with orphans and content as they are now."""
    window = next((one for one in windows if one.validation is not None), None)
    if window is None or window.validation is None:
        raise WrongState("no window is open, and none was ever validated", code="no-window")
    stored = window.validation
    notes = list(stored.notes)
    orphans = _orphans_now(servers, window, stored, notes)
    content = look_at_content(servers, windows)
    note = f"window {window.name} is {window.state}: the verdict is the one stored at its close"
    if window.progress.judged is False:
        note = f"window {window.name} was closed without a validation: the verdict is an earlier one"
    counted_again = set(orphan_problems(stored.orphans))
    kept = (problem for problem in stored.problems if problem not in counted_again)
    return stored.model_copy(
        update={
            "orphans": orphans,
            "content": content.report,
            "problems": (*kept, *orphan_problems(orphans), *content.problems),
            "notes": (*notes, note),
        }
    )


def _orphans_now(servers: Servers, window: Window, stored: Validation, notes: list[str]) -> tuple[OrphanCount, ...]:
    """Orphans now, against those before the window, or those that it left where that were fewer."""
    before = {(one.table, one.constraint): min(one.count_before, one.count_after) for one in stored.orphans}
    with servers.read_prod("validate") as prod:
        return tuple(
            OrphanCount(
                constraint=one.constraint,
                table=one.table,
                references=one.references,
                # Of a foreign key that came since, nobody knows what it found.
                count_before=before.get((one.table, one.constraint), one.count),
                count_after=one.count,
            )
            for one in count_all(prod, keys_to_count(prod, window.scope, notes))
        )
