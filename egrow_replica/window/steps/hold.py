"""The steps that hold the application's writes while a window opens, and release them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

from egrow_replica.db import query
from egrow_replica.errors import WrongState
from egrow_replica.model import Server
from egrow_replica.results import Purpose, Removed
from egrow_replica.window.hold import (
    Keeper,
    Wish,
    begin,
    end_statement,
    protected_oids,
    read_hold,
    read_role_rights,
    read_writers,
    release,
    setting_statement,
)
from egrow_replica.window.run import Run
from egrow_replica.window.steps.base import Foreseen, Planned, Step, Work

_OLDER = "a session of theirs is older"


class Hold(Step):
    """Writes of the application's roles are held; a hold that is in force already is used, and left to its maker."""

    name = "hold"
    server = Server.PROD
    description = "hold writes of the application's roles, and end their sessions that are older"

    def observe(self, run: Run) -> bool:
        found = read_hold(run.writer)
        if found is None:
            # The time of the window's own may be over; one that begins after the baseline proves nothing.
            return run.baseline is not None and run.progress.backup is not None
        if found.window_name == run.names.window:
            run.watch_hold(found)
        return True

    def do(self, run: Run) -> str:
        assert run.setting.hold_seconds is not None
        user, host = run.who
        settings = run.settings.maintenance
        wish = Wish(
            roles=settings.roles,
            seconds=run.setting.hold_seconds,
            grace=settings.grace,
            os_user=user,
            os_host=host,
            reason="a window opens",
            window=run.names.window,
        )
        outcome = begin(run.servers, wish, run.listener)
        run.watch_hold(outcome.hold)
        others = read_writers(
            run.writer, protected_oids(run.writer, run.settings.tables.all_content), outcome.hold.names
        )
        if others:
            named = ", ".join(f"{one.role} ({one.why})" for one in others)
            run.listener.say(f"warning: not held, and able to write protected tables: {named}")
        return f"{', '.join(outcome.hold.names)} until {outcome.hold.ends_at:%H:%M:%S}, {outcome.ended} sessions ended"

    def undo(self, run: Run) -> list[Removed]:
        released = release_own(run, "the window was closed or taken back") if run.setting.hold_seconds else ()
        return [Removed(server=Server.PROD, kind="hold", name=", ".join(released))] if released else []

    def plan(self, run: Run, foreseen: Foreseen) -> Iterator[Planned]:
        with _keeper(run) as keeper:
            yield Planned(keeper.door, query("hold/insert"), Purpose.JOURNAL)
            for role in run.settings.maintenance.roles:
                yield Planned(keeper.door, setting_statement(role, keeper.database, "on"))
            for role in run.settings.maintenance.roles:
                yield Planned(keeper.door, end_statement(role), when=_OLDER)
            yield Planned(keeper.door, query("hold/set_held"), Purpose.JOURNAL)

    def work(self, run: Run, foreseen: Foreseen) -> Work:
        return Work(waits=True)  # for the transactions of the application


class Release(Step):
    """The window's own hold ends; whoever made another one ends that."""

    name = "release"
    server = Server.PROD
    description = "give the application's roles back what they had, and end the sessions that only read"

    def observe(self, run: Run) -> bool:
        return run.keeps_hold

    def do(self, run: Run) -> str:
        return "" if release_own(run, "the window is open") else "there was no hold of this window"

    def plan(self, run: Run, foreseen: Foreseen) -> Iterator[Planned]:
        if read_hold(run.writer) is not None:  # somebody else's, which stays
            return
        with _keeper(run) as keeper:
            rights = read_role_rights(keeper.door, run.settings.maintenance.roles)
            yield Planned(keeper.door, query("hold/release"), Purpose.JOURNAL)
            for name, one in rights.items():
                yield Planned(keeper.door, setting_statement(name, keeper.database, one.in_database))
            for name in rights:
                yield Planned(keeper.door, end_statement(name), when="a session of theirs began under the hold")


def release_own(run: Run, why: str) -> tuple[str, ...]:
    """Release the hold that this run's window made; the roles that it was of, none where there was none."""
    run.forget_hold()
    found = read_hold(run.writer)
    if found is None or found.window_name != run.names.window:
        return ()
    try:
        outcome = release(run.servers, found, why, grace=run.settings.maintenance.grace)
    except WrongState:  # somebody else has just released it
        return ()
    for note in outcome.notes:
        run.listener.say(f"warning: {note}")
    for session in outcome.left:
        run.listener.say(f"warning: {session} has not ended: it only reads until it does")
    return found.names


def _keeper(run: Run) -> AbstractContextManager[Keeper]:
    rights = read_role_rights(run.writer, run.settings.maintenance.roles)
    return Keeper.open(run.servers, rights.values(), f"{run.names.window}/hold", planning=run.planning)
