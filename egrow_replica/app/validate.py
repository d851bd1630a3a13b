"""The evidence for the open window, or for one that was closed. Never changes anything."""

from __future__ import annotations

from egrow_replica.app.context import Context, open_window
from egrow_replica.catalog import read_foreign_keys
from egrow_replica.errors import ValidationFailed, WrongState
from egrow_replica.evidence import count_all, touching
from egrow_replica.model import WindowState
from egrow_replica.replication.names import object_names
from egrow_replica.results import OrphanCount, Validation
from egrow_replica.window.journal import Window, read_windows
from egrow_replica.window.servers import Servers
from egrow_replica.window.validation import Subject
from egrow_replica.window.validation import validate as gather


def validate(context: Context) -> Validation:
    """The whole evidence; for a closed window the verdict stored at its close, with orphans as they are now.

    :raises ValidationFailed: the evidence fails; ``report`` has it.
    """
    servers = context.servers()
    with servers.read_prod("validate") as prod:
        windows = read_windows(prod)
    window = open_window(windows)
    validation = _of_closed(servers, windows) if window is None else _of_open(context, servers, window)
    if not validation.passed:
        error = ValidationFailed("; ".join(validation.problems), hint="Nothing was changed.")
        error.report = validation
        raise error
    return validation


def _of_open(context: Context, servers: Servers, window: Window) -> Validation:
    if window.baseline is None:
        raise WrongState(f"window {window.name} has no baseline yet", hint="Wait until it streams.", code="no-baseline")
    names = object_names(window.name)
    streams = window.state is WindowState.STREAMING
    subject = Subject(
        scope=window.scope,
        setting=window.setting,
        progress=window.progress,
        baseline=window.baseline,
        origin=names.common,
        common=names.common,
        streaming=streams,
        check_content=streams,
    )
    return gather(servers, context.settings, subject, context.listener)


def _of_closed(servers: Servers, windows: list[Window]) -> Validation:
    window = next((one for one in windows if one.validation is not None), None)
    if window is None or window.validation is None:
        raise WrongState("no window is open, and none was ever validated", code="no-window")
    stored = window.validation
    with servers.read_prod("validate") as prod:
        now = count_all(prod, touching(read_foreign_keys(prod), window.scope.names))
    before = {(one.table, one.constraint): one.count_before for one in stored.orphans}
    orphans = tuple(
        OrphanCount(
            constraint=one.constraint,
            table=one.table,
            references=one.references,
            count_before=before.get((one.table, one.constraint), one.count),
            count_after=one.count,
        )
        for one in now
    )
    note = f"window {window.name} is {window.state}: the verdict is the one stored at its close"
    return stored.model_copy(update={"orphans": orphans, "notes": (*stored.notes, note)})
