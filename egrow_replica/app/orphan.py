"""Closing a window that production's journal does not know, by what stands on the servers."""

from __future__ import annotations

import time
from collections.abc import Callable

from egrow_replica.app.context import Context, locked
from egrow_replica.db import Door
from egrow_replica.errors import EgrowError, ServerUnavailable, WrongState
from egrow_replica.evidence import drop_slot
from egrow_replica.model import Server, WindowState
from egrow_replica.replication import origins, publication, slot, subscription
from egrow_replica.replication.names import production_in, window_of
from egrow_replica.replication.waiting import wait_until
from egrow_replica.results import DisableReport, Removed, WindowSummary
from egrow_replica.window.belonging import KINDS, Journalled, NamedObject, unknown_objects
from egrow_replica.window.journal import Journal, read_windows
from egrow_replica.window.servers import Servers

#: The subscription first: what it wrote under is needed until its workers have ended. Then dev's slot, which is free
#: only if nobody else streams from it; a publication that is dropped under a stream loses changes. What the roles hold
#: is setup's.
_ORDER = (
    (Server.PROD, "subscription"),
    (Server.DEV, "slot"),
    (Server.DEV, "publication"),
    (Server.PROD, "origin"),
    (Server.PROD, "slot"),
)
SLOT_FREE_SECONDS = 60.0
FROM_A_COPY = "it came with a copy of another production"
NOT_JUDGED = (
    "what that window wrote is not judged: its baseline went with its journal; `egrow-replica restore --backup DIR` "
    "puts content back, and the dump beside it shows users' tables as they were"
)


def disable_orphan(context: Context, *, force: bool) -> DisableReport:
    """End the stream and remove everything of a window that the journal does not know; the journal is there afterwards.

    :param force: also where dev cannot be reached; what is left there is named.
    :raises WrongState: there is nothing of such a window, or something could not be removed; ``report`` has the rest.
    """
    started = time.monotonic()
    with locked(context, "disable", tolerated=KINDS) as (servers, door, _):
        copied = Journalled.of(door, read_windows(door)).copied
        found, unseen = _found(context, servers, door, force=force)
        if not found and not copied:
            raise WrongState(
                "there is nothing of a window that the journal does not know",
                hint="`egrow-replica status` shows the window that it knows, `disable` closes that one.",
                code="no-window",
            )
        removed: list[Removed] = []
        reason = ""
        for one in found:
            try:
                if _remove(servers, one):
                    removed.append(_as_removed(one))
            except EgrowError as error:  # what comes after it is still in use, or tells what it writes
                reason = f"{one.kind} {one.name}: {error.message}"
                break
        with servers.journal_prod("disable/journal") as journal:
            Journal(journal, "").create()
            if not reason:
                for window in copied:
                    Journal(journal, window.name).set_state(WindowState.CLOSED, FROM_A_COPY)
    left = [*(_as_removed(one) for one in found if _as_removed(one) not in removed), *unseen]
    context.listener.say(f"warning: {NOT_JUDGED}")
    report = DisableReport(
        window=WindowSummary(
            name=_window_name(found) or ", ".join(window.name for window in copied),
            state=WindowState.CLOSING if reason else WindowState.CLOSED,
        ),
        validation=None,
        removed=tuple(removed),
        left_behind=tuple(left),
        notes=(NOT_JUDGED,),
        total_seconds=round(time.monotonic() - started, 3),
    )
    if reason:
        failure = WrongState(
            f"not everything could be removed: {reason}",
            hint="See to the cause, then run `egrow-replica disable --orphan` again.",
            code="left-behind",
        )
        failure.report = report
        raise failure
    return report


def _found(context: Context, servers: Servers, prod: Door, *, force: bool) -> tuple[list[NamedObject], list[Removed]]:
    """Everything that is to go, in the order in which it has to; and what dev has, where dev does not answer."""
    windows = read_windows(prod)
    unseen: list[Removed] = []
    try:
        with servers.read_dev("disable") as dev:
            found = unknown_objects(prod, windows, dev)
    except ServerUnavailable as error:
        if not force:
            error.hint += " `disable --orphan --force` goes on without dev; what is left there keeps dev's WAL."
            raise
        context.listener.say(f"warning: {error.message}; going on without dev, where a slot may keep WAL")
        found = unknown_objects(prod, windows)
        names = {one.name.removesuffix("_wal") for one in found if production_in(one.name) is not None}
        on_dev = ("publication", "slot")
        unseen = [Removed(server=Server.DEV, kind=kind, name=name) for name in sorted(names) for kind in on_dev]
    ordered = [one for one in found if (one.server, one.kind) in _ORDER]
    return sorted(ordered, key=lambda one: _ORDER.index((one.server, one.kind))), unseen


def _remove(servers: Servers, one: NamedObject) -> bool:
    """Remove one object. Return whether it was there."""
    if one.server is Server.DEV:
        with servers.remove_dev(one.name) as door:
            return _ON_DEV[one.kind](door, one.name)
    with servers.remove_prod(one.name) as door:
        return _ON_PROD[one.kind](door, one.name)


def _drop_origin(prod: Door, name: str) -> bool:
    dropped: list[bool] = []
    origins.when_free(name, lambda: dropped.append(origins.drop(prod, name)))
    return dropped[-1]


def _drop_dev_slot(dev: Door, name: str) -> bool:
    wait_until(
        lambda: (found := slot.get(dev, name)) is None or not found.active,
        SLOT_FREE_SECONDS,
        f"slot {name} on dev is still in use, maybe by the production of which this one is a copy,",
    )
    return slot.drop(dev, name)


def _drop_wal_slot(prod: Door, name: str) -> bool:
    drop_slot(prod, name)
    return True


_Drop = Callable[[Door, str], bool]
_ON_PROD: dict[str, _Drop] = {
    "subscription": subscription.drop,
    "origin": _drop_origin,
    "slot": _drop_wal_slot,
}
_ON_DEV: dict[str, _Drop] = {"slot": _drop_dev_slot, "publication": publication.remove}


def _as_removed(one: NamedObject) -> Removed:
    return Removed(server=one.server, kind=one.kind, name=one.name)


def _window_name(found: list[NamedObject]) -> str:
    """What the window was called, as far as the names of its objects tell."""
    return ", ".join(dict.fromkeys(window_of(one.name) for one in found))
