"""What is really left after a server went away in the middle: looked at again, and only what is seen is said."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from egrow_replica.catalog import read_server_facts
from egrow_replica.catalog.role_uses import read_role_uses, used_elsewhere
from egrow_replica.catalog.roles import read_roles
from egrow_replica.db import Door
from egrow_replica.errors import EgrowError, ServerUnavailable, WrongState
from egrow_replica.evidence import slot_state
from egrow_replica.model import Server, WindowState
from egrow_replica.replication import origins, publication, slot, subscription
from egrow_replica.results import Removed
from egrow_replica.window.belonging import NamedObject, read_objects
from egrow_replica.window.hold import read_hold
from egrow_replica.window.journal import RestoreStage, Window, read_windows
from egrow_replica.window.run import CONTENT_ROLES, Run
from egrow_replica.window.servers import Servers

Found = TypeVar("Found")

#: How long a server is asked again, that may just be starting; then nothing is claimed of it.
LOOK_SECONDS, PAUSE_SECONDS = 5.0, 0.5

#: What goes on from each state.
_NEXT = {
    WindowState.OPENING: "`egrow-replica enable` goes on with it, `egrow-replica disable --no-validate` gives it up",
    WindowState.ROLLING_BACK: "`egrow-replica enable` finishes that",
    WindowState.STREAMING: "`egrow-replica status` shows whether it streams",
    WindowState.PAUSED: "`egrow-replica resume` lets it go on, `egrow-replica disable` closes it",
    WindowState.FAILED: "`egrow-replica disable --no-validate` closes it",
    WindowState.CLOSING: "`egrow-replica disable` again ends it",
}


def is_loss(error: EgrowError) -> bool:
    """Whether a server, or the session that held the lock, went away."""
    return isinstance(error, ServerUnavailable) or (isinstance(error, WrongState) and error.code == "lock-lost")


def look_again(servers: Servers) -> str:
    """What both servers have now of the window, in sentences."""
    prod, dev = _ask(servers.read_prod, _on_prod), _ask(servers.read_dev, read_objects)
    windows, objects, held = prod if prod is not None else (None, None, None)
    window = _window_of(windows)
    sentences = [*_journal(windows, window), *_objects(Server.PROD, objects, windows, window)]
    sentences += _objects(Server.DEV, dev, windows, window)
    if held:
        sentences.append(f"writes of {held} are held: `egrow-replica maintenance off` releases them")
    return "Looked at again: " + "; ".join(sentences) + "."


@contextmanager
def saying_what_is_held(servers: Servers) -> Iterator[None]:
    """Where production goes away while the block runs, look again whether writes are held, and say it."""
    try:
        yield
    except EgrowError as error:
        if is_loss(error):
            error.hint = f"{error.hint} {_held_again(servers)}".strip()
        raise


def _held_again(servers: Servers) -> str:
    found = _ask(servers.read_prod, lambda door: [read_hold(door)])
    if found is None:
        return "Whether writes are held is not known: `egrow-replica maintenance status` says it once prod answers."
    (hold,) = found
    if hold is None:
        return "Looked at again: writes are not held."
    names = ", ".join(hold.names)
    return f"Looked at again: writes of {names} are held; `egrow-replica maintenance off` releases them."


def _on_prod(door: Door) -> tuple[list[Window], list[NamedObject], str]:
    hold = read_hold(door)
    return read_windows(door), read_objects(door), ", ".join(hold.names) if hold is not None else ""


def _ask(open_door: Callable[[str], Door], look: Callable[[Door], Found]) -> Found | None:
    """What a server answers; ``None``: nothing, for a while."""
    deadline = time.monotonic() + LOOK_SECONDS
    while True:
        try:
            with open_door("look") as door:
                return look(door)
        except ServerUnavailable:
            if time.monotonic() > deadline:
                return None
            time.sleep(PAUSE_SECONDS)
        except EgrowError:  # it answers, and not what was asked: then nothing is claimed either
            return None


def _window_of(windows: list[Window] | None) -> Window | None:
    """The open window, else the one that was open last, or is being restored."""
    known = windows or []
    chosen = [window for window in known if window.state.is_open]
    chosen += [window for window in known if window.progress.restoring is not None]
    return next(iter([*chosen, *known]), None)


def _journal(windows: list[Window] | None, window: Window | None) -> Iterator[str]:
    if windows is None:
        yield (
            "prod does not answer, so what is left there is not known: its journal says it once it does "
            "(`egrow-replica status`)"
        )
    elif window is None:
        yield "production's journal has no window"
    else:
        following = _NEXT.get(window.state)
        yield f"window {window.name} is {window.state}" + (f" ({following})" if following else "")
        restoring = window.progress.restoring
        if restoring is not None and restoring.stage is RestoreStage.BEGUN:
            yield f"its restore has written no content: `egrow-replica restore {window.name}` begins again"
        elif restoring is not None:
            yield f"its restore has written: `egrow-replica restore {window.name}` ends it and judges what it wrote"


def _objects(
    server: Server, found: list[NamedObject] | None, windows: list[Window] | None, window: Window | None
) -> Iterator[str]:
    """What stands on a server, of the window where it is known, else whatever is named as a window's is."""
    if found is None:
        if server is Server.DEV:
            what = f" of {window.name}" if window is not None else ""
            yield f"dev does not answer: publication and slot{what} may still be there, and the slot keeps WAL"
        return
    if windows is None:
        named = ", ".join(f"{one.kind} {one.name}" for one in found)
        yield f"on {server} stand {named}" if named else f"nothing that is named as a window's is on {server}"
    elif window is not None:
        own = [one for one in found if _is_of(one, window)]
        named = ", ".join(f"{one.kind} {one.name}" for one in own)
        yield f"on {server} stand {named}" if named else f"nothing of it is left on {server}"


def _is_of(found: NamedObject, window: Window) -> bool:
    names = window.names
    return found.name in (names.common, names.wal_slot) or found.name.startswith(f"{names.common}_")


def _roles_left(prod: Door) -> list[str]:
    """The content roles that only this database's window can have needed, or that may still do something here."""
    here = read_server_facts(prod).database
    uses = read_role_uses(prod, CONTENT_ROLES)
    elsewhere = used_elsewhere(uses, here)
    used_here = {one.role for one in uses if one.database == here}
    return [role for role in read_roles(prod, CONTENT_ROLES) if role in used_here or role not in elsewhere]


def left_behind(run: Run) -> list[Removed]:
    """What the servers themselves say is still there of a window.

    :raises EgrowError: one of them does not answer.
    """
    name = run.names.common
    left = []
    with run.servers.read_prod("look") as prod:
        if subscription.get(prod, name) is not None:
            left.append(Removed(server=Server.PROD, kind="subscription", name=name))
        if slot_state(prod, run.names.wal_slot) is not None:
            left.append(Removed(server=Server.PROD, kind="slot", name=run.names.wal_slot))
        if origins.origin_id(prod, name) is not None:
            left.append(Removed(server=Server.PROD, kind="origin", name=name))
        found = read_hold(prod)
        if found is not None and found.window_name == run.names.window:
            left.append(Removed(server=Server.PROD, kind="hold", name=", ".join(found.names)))
        if run.makes_roles:
            left += [Removed(server=Server.PROD, kind="role", name=role) for role in _roles_left(prod)]
    if not run.dev_reachable:
        return [
            *left,
            Removed(server=Server.DEV, kind="publication", name=name),
            Removed(server=Server.DEV, kind="slot", name=name),
        ]
    with run.servers.read_dev("look") as dev:
        if publication.is_ours(dev, run.names, run.progress.publication):
            left.append(Removed(server=Server.DEV, kind="publication", name=name))
        if run.owns_slot and slot.get(dev, name) is not None:
            left.append(Removed(server=Server.DEV, kind="slot", name=name))
    return left
