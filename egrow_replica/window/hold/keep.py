"""Holding writes of the application's roles, and giving back exactly what was there.

A hold is a setting of the roles in one database, ``default_transaction_read_only``, and the end of every session that
is older than it. A session can take the setting back for itself: nothing that is concluded rests on its not doing so.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from egrow_replica.catalog.roles import MAINTENANCE_ROLE
from egrow_replica.db import Composed, Door, Identifier, Literal, query
from egrow_replica.errors import NotCaughtUp, PreflightFailed, StatementFailed, WrongState
from egrow_replica.replication.waiting import wait_until
from egrow_replica.window.hold.model import HeldRole, Hold, Outcome, RoleRights, Session, Wish
from egrow_replica.window.hold.read import (
    changed_meanwhile,
    check_roles,
    read_hold,
    read_role_rights,
    read_sessions,
    refuse_held,
    refuse_prepared,
    still_there,
)
from egrow_replica.window.listener import Listener
from egrow_replica.window.servers import Servers

#: How long sessions may take to end once they were told to.
END_SECONDS = 30.0
UNIQUE_VIOLATION = "23505"


def setting_statement(role: str, database: str, value: str | None) -> Composed:
    """Set a role's ``default_transaction_read_only`` in a database, or have it say nothing again."""
    parts = {"role": Identifier(role), "database": Identifier(database)}
    if value is None:
        return query("hold/reset_setting", **parts)
    return query("hold/set_setting", value=Literal(value), **parts)


def end_statement(role: str) -> Composed:
    """End the session ``$1`` of a role, if it is older than ``$2``."""
    return query("hold/end_session", role=Literal(role))


class Keeper:
    """The connection that holds and releases, for some roles.

    :ivar becomes: the role that it takes on for what our login may not do itself.
    """

    def __init__(self, door: Door, database: str, becomes: str | None) -> None:
        self.door = door
        self.database = database
        self._becomes = becomes

    @classmethod
    @contextmanager
    def open(
        cls, servers: Servers, rights: Iterable[RoleRights], what: str, *, planning: bool = False
    ) -> Iterator[Keeper]:
        """Open it; raises as :func:`egrow_replica.db.connect`."""
        known = list(rights)
        becomes = None if all(one.ours_may for one in known) else MAINTENANCE_ROLE
        with servers.read_prod(what) as reader:
            database = str(reader.value("SELECT pg_catalog.current_database()::text"))
        held = [one.name for one in known]
        with servers.hold_prod(held, database, MAINTENANCE_ROLE, what, planning=planning) as door:
            yield cls(door, database, becomes)

    @contextmanager
    def acting(self) -> Iterator[None]:
        """A transaction; what :meth:`become` comes before in it is done by the role that may."""
        with self.door.transaction():
            yield

    def become(self) -> None:
        """Take the role on until the transaction ends."""
        if self._becomes is not None:
            self.door.execute(query("hold/become", role=Identifier(self._becomes)))

    def now(self) -> datetime:
        """The server's time."""
        moment = self.door.value(query("hold/clock"))
        assert isinstance(moment, datetime)
        return moment

    def end_sessions(
        self, roles: Iterable[str], since: datetime, grace: float, *, after: datetime | None = None
    ) -> tuple[int, tuple[Session, ...]]:
        """End the roles' sessions that began before ``since`` (and not before ``after``); idle ones at once.

        :param grace: seconds that a transaction may go on.
        :returns: how many were told to end, and those that are there all the same.
        """
        names = list(roles)
        told: set[int] = set()
        patience = time.monotonic() + grace
        quiet = 0

        def old() -> list[Session]:
            return [
                one
                for one in read_sessions(self.door, names)
                if one.started_at is None or (one.started_at < since and (after is None or one.started_at >= after))
            ]

        def gone() -> bool:
            # A session that is just beginning shows up only once it has read its settings: so look again.
            nonlocal quiet
            left = old()
            quiet = 0 if left else quiet + 1
            for one in left:
                if not one.in_transaction or time.monotonic() >= patience:
                    self._end(one, since)
                    told.add(one.pid)
            return quiet > 1

        try:
            wait_until(gone, grace + END_SECONDS, "sessions have not ended")
        except NotCaughtUp:
            return len(told), tuple(old())
        return len(told), ()

    def _end(self, session: Session, since: datetime) -> None:
        with self.acting():
            self.become()
            self.door.value(end_statement(session.role), [session.pid, since])


def begin(servers: Servers, wish: Wish, listener: Listener) -> Outcome:
    """Hold the roles' writes; when this returns no session of theirs is older than the hold.

    The journal is there. What fails, or is interrupted, leaves no hold.

    :raises WrongState: one is in force.
    :raises NotCaughtUp: sessions did not end.
    :raises EgrowError: as :func:`check_roles`.
    """
    with servers.read_prod("maintenance") as reader:
        rights = check_roles(reader, wish.roles, servers.prod.user)
        refuse_held(read_hold(reader))
        refuse_prepared(reader, wish.roles)
    listener.say(f"holding writes of {', '.join(wish.roles)}")
    with Keeper.open(servers, rights.values(), "maintenance/on") as keeper:
        _write_hold(keeper, wish, rights)
        hold = read_hold(keeper.door)
        assert hold is not None
        try:
            since = keeper.now()
            ended, left = keeper.end_sessions(hold.names, since, wish.grace)
            if left:
                raise NotCaughtUp(
                    f"writes could not be held: {', '.join(map(str, left))} did not end",
                    hint="See what the session does, end it, then try again.",
                    code="sessions-left",
                )
            keeper.door.execute(query("hold/set_held"), [hold.id, since])
        except BaseException:
            _give_back(keeper, hold, "it could not be begun", wish.grace)
            raise
        return Outcome(hold=hold.model_copy(update={"held_since": since}), ended=ended)


def _write_hold(keeper: Keeper, wish: Wish, rights: dict[str, RoleRights]) -> None:
    roles = [HeldRole(name=one.name, oid=one.oid, before=one.in_database) for one in rights.values()]
    text = "[" + ",".join(role.model_dump_json() for role in roles) + "]"
    try:
        with keeper.acting():
            keeper.door.value(
                query("hold/insert"), [wish.window, wish.reason, wish.os_user, wish.os_host, text, wish.seconds]
            )
            keeper.become()
            for role in roles:
                keeper.door.execute(setting_statement(role.name, keeper.database, "on"))
    except StatementFailed as error:
        if error.sqlstate == UNIQUE_VIOLATION:  # another one was faster
            refuse_held(read_hold(keeper.door))
        raise


def release(servers: Servers, hold: Hold, why: str, *, grace: float = 5.0) -> Outcome:
    """Give back what the hold found, and end the sessions that began under it: they would only read until they end.

    :raises WrongState: another session has released it; :raises PreflightFailed: our rights are gone.
    """
    with servers.read_prod("maintenance") as reader:
        rights = _rights_to_release(reader, hold)
    with Keeper.open(servers, rights.values(), "maintenance/off") as keeper:
        return _give_back(keeper, hold, why, grace)


def end_left_behind(servers: Servers, hold: Hold, *, grace: float = 5.0) -> Outcome:
    """End the sessions that began under a hold that is no longer in force; raises as :func:`release`."""
    with servers.read_prod("maintenance") as reader:
        rights = _rights_to_release(reader, hold)
    with Keeper.open(servers, rights.values(), "maintenance/off") as keeper:
        assert hold.released_at is not None
        ended, left = keeper.end_sessions(hold.changed, hold.released_at, grace, after=hold.begun_at)
    return Outcome(hold=hold, ended=ended, left=left)


def _rights_to_release(prod: Door, hold: Hold) -> dict[str, RoleRights]:
    rights = read_role_rights(prod, hold.names)
    lacking = [name for name, one in rights.items() if not (one.ours_may or one.keeper_may)]
    if lacking:
        raise PreflightFailed(
            f"our login may not release writes of {', '.join(lacking)}",
            hint="Let an administrator run `egrow-replica maintenance off`.",
            code="privilege",
        )
    return rights


def _give_back(keeper: Keeper, hold: Hold, why: str, grace: float) -> Outcome:
    now = read_role_rights(keeper.door, hold.names)
    notes = list(changed_meanwhile(hold, now))
    with keeper.acting():
        if keeper.door.value(query("hold/release"), [hold.id, why]) is None:
            raise WrongState(f"hold {hold.id} is no longer in force", code="not-held")
        keeper.become()
        for role in still_there(hold, now):
            keeper.door.execute(setting_statement(role.name, keeper.database, role.before))
    names = [role.name for role in still_there(hold, now) if role.name in hold.changed]
    ended, left = keeper.end_sessions(names, keeper.now(), grace, after=hold.begun_at)
    return Outcome(hold=hold, ended=ended, left=left, notes=notes)
