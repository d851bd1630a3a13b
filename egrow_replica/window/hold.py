"""Holding writes of the application's roles, and giving back exactly what was there.

A hold is a setting of the roles in one database, ``default_transaction_read_only``, and the end of every session that
is older than it. A session can take the setting back for itself: nothing that is concluded rests on its not doing so.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from egrow_replica.catalog import read_relations
from egrow_replica.catalog.conditions import read_places
from egrow_replica.catalog.roles import APPLY_ROLE, MAINTENANCE_ROLE, RESTORE_ROLE
from egrow_replica.db import Capability, Composed, Door, Identifier, Literal, query
from egrow_replica.errors import ConfigurationError, NotCaughtUp, PreflightFailed, Refused, StatementFailed, WrongState
from egrow_replica.evidence import OWN_SCHEMAS
from egrow_replica.model import Model, QualifiedName
from egrow_replica.replication.waiting import wait_until
from egrow_replica.window.listener import Listener
from egrow_replica.window.servers import Servers

#: How long sessions may take to end once they were told to.
END_SECONDS = 30.0
#: The controller's own roles; the login is added to them.
OWN_ROLES = frozenset({APPLY_ROLE, RESTORE_ROLE, MAINTENANCE_ROLE, "egrow_operator"})
UNIQUE_VIOLATION = "23505"


class HeldRole(Model):
    """A role whose writes are held.

    :ivar before: its ``default_transaction_read_only`` in this database before the hold, ``None``: it had none.
    """

    name: str
    oid: int
    before: str | None


class Hold(Model):
    """The hold in force.

    :ivar window_name: the window that made it, ``None``: ``maintenance on`` did.
    :ivar held_since: from then on no session of the roles is older than their settings; ``None`` while it begins, and
        where whoever began it died.
    :ivar seconds_left: of its time, by the server's clock; negative when it is over.
    """

    id: int
    window_name: str | None
    reason: str | None
    os_user: str
    os_host: str
    database_role: str
    roles: tuple[HeldRole, ...]
    begun_at: datetime
    ends_at: datetime
    held_since: datetime | None
    seconds_left: float

    @property
    def names(self) -> tuple[str, ...]:
        """The roles' names."""
        return tuple(role.name for role in self.roles)


class RoleRights(Model):
    """A role that is to be held, and who may do it.

    :ivar in_database: its setting in this database, ``everywhere`` in all; ``None`` where there is none.
    :ivar ours_may: our login may change it and end the role's sessions; ``keeper_may``: the maintenance role may.
    """

    name: str
    oid: int
    superuser: bool
    may_login: bool
    in_database: str | None
    everywhere: str | None
    ours_may: bool
    keeper_may: bool


class Session(Model):
    """A session of some role in this database; what our login may not see is ``None``."""

    pid: int
    role: str
    application: str
    started_at: datetime | None
    state: str
    in_transaction: bool
    writes: bool

    def __str__(self) -> str:
        return f"pid {self.pid} of {self.role}" + (f" ({self.application})" if self.application else "")


class Writer(Model):
    """A role that may write protected tables and is not held; ``sessions``: it has in this database now."""

    role: str
    why: str
    sessions: int


class _Prepared(Model):
    gid: str
    role: str


@dataclass(frozen=True)
class Wish:
    """What is to be held, for how long at most, by whom and why.

    :ivar grace: seconds that a transaction may go on before its session is ended.
    """

    roles: tuple[str, ...]
    seconds: float
    grace: float
    os_user: str
    os_host: str
    reason: str | None = None
    window: str | None = None


@dataclass
class Outcome:
    """What beginning or releasing a hold did.

    :ivar ended: sessions that were ended; ``left``: that would not end; ``notes``: what was not as the hold left it.
    """

    hold: Hold
    ended: int = 0
    left: tuple[Session, ...] = ()
    notes: list[str] = field(default_factory=list)


# ------------------------------------------------------------------------------------------------------------- reading


def read_hold(prod: Door) -> Hold | None:
    """The hold in force."""
    if not prod.value(query("hold/exists")):
        return None
    found = prod.rows(Hold, query("hold/in_force"))
    return found[0] if found else None


def read_role_rights(prod: Door, roles: Iterable[str]) -> dict[str, RoleRights]:
    """Those of the roles that exist."""
    needs_admin = prod.has(Capability.MEMBERSHIP_OPTIONS)
    rows = prod.rows(RoleRights, query("hold/roles"), [list(roles), MAINTENANCE_ROLE, needs_admin])
    return {row.name: row for row in rows}


def read_sessions(prod: Door, roles: Iterable[str]) -> list[Session]:
    """Sessions of these roles in this database, but our own."""
    return prod.rows(Session, query("hold/sessions"), [list(roles)])


def read_writers(prod: Door, protected: Iterable[int], held: Iterable[str]) -> list[Writer]:
    """Roles that may write tables with these oids, beside the held ones."""
    membership = "USAGE, SET" if prod.has(Capability.MEMBERSHIP_OPTIONS) else "MEMBER"
    return prod.rows(Writer, query("hold/writers"), [list(protected), list(held), membership])


def protected_oids(prod: Door, content: Iterable[QualifiedName]) -> list[int]:
    """Every table with rows of its own that is not content, by oid."""
    names = set(content)
    return [
        one.oid
        for one in read_relations(prod).values()
        if one.holds_rows
        and one.name not in names
        and one.name.schema not in OWN_SCHEMAS
        and not (one.is_partition and one.partition_root in names)
    ]


# ------------------------------------------------------------------------------------------------------------ refusing


def check_roles(prod: Door, roles: tuple[str, ...], login: str | None) -> dict[str, RoleRights]:
    """See that these roles can be held.

    :raises ConfigurationError: none is configured.
    :raises Refused: a superuser, whom the setting does not bind, or a role of the controller's.
    :raises PreflightFailed: a role that does not exist or does not log in, or rights of ours that are missing.
    """
    if not roles:
        raise ConfigurationError(
            "no role is configured whose writes could be held",
            hint='Name those that the application logs in as: [maintenance] roles = ["app"].',
        )
    found = read_role_rights(prod, roles)
    for name in roles:
        refuse_role(name, found.get(name), {prod.role, login})
    lacking = [name for name, one in found.items() if not (one.ours_may or one.keeper_may)]
    if lacking:
        raise PreflightFailed(
            f"our login may not hold writes of {', '.join(lacking)}",
            hint="Run `egrow-replica setup` (it prints the SQL) with [maintenance] roles, or let an administrator run "
            "`maintenance on`.",
            code="privilege",
        )
    if not read_places(prod).sees_activity:
        raise PreflightFailed(
            "our login may not see other sessions, so that nobody would know whether writes are held",
            hint=f"GRANT pg_monitor TO {Identifier(prod.role).as_string(None)};",
            code="privilege",
        )
    return found


def refuse_role(name: str, found: RoleRights | None, logins: Collection[str | None]) -> None:
    """See that a role is one whose writes can be held.

    :param logins: ours.
    :raises Refused: a superuser, or a role of the controller's; :raises PreflightFailed: it is none that logs in.
    """
    if name in OWN_ROLES or name in logins:
        raise Refused("hold", f"{name} is a role of the controller's: held, it could not go on", hint=_NAME_THEIRS)
    if found is None:
        raise PreflightFailed(f"production has no role {name}", hint=_NAME_THEIRS, code="unknown-role")
    if found.superuser:
        raise Refused("hold", f"{name} is a superuser, who can write whatever is set", hint=_NAME_THEIRS)
    if not found.may_login:
        message = f"{name} does not log in, so that no session would ever have its settings"
        raise PreflightFailed(message, hint=_NAME_THEIRS, code="role-without-login")


_NAME_THEIRS = "Name the roles that the application logs in as in [maintenance] roles."


# --------------------------------------------------------------------------------------------------------- statements


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


# ------------------------------------------------------------------------------------------------------------- holding


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
        _refuse_prepared(reader, wish.roles)
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


def refuse_held(hold: Hold | None) -> None:
    """See that no hold is in force; :raises WrongState: one is."""
    if hold is not None:
        raise WrongState(
            f"writes of {', '.join(hold.names)} are held already (hold {hold.id}, by {hold.os_user}@{hold.os_host})",
            hint="`egrow-replica maintenance status` shows it, `maintenance off` ends it.",
            code="already-held",
        )


def _refuse_prepared(prod: Door, roles: Iterable[str]) -> None:
    for one in prod.rows(_Prepared, query("hold/prepared")):
        if one.role in roles:
            raise PreflightFailed(
                f"{one.role} prepared the transaction {one.gid}: whoever ends it would write in spite of a hold",
                hint="COMMIT PREPARED or ROLLBACK PREPARED it first.",
                code="prepared-transaction",
            )


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
        rights = read_role_rights(reader, hold.names)
        lacking = [name for name, one in rights.items() if not (one.ours_may or one.keeper_may)]
    if lacking:
        raise PreflightFailed(
            f"our login may not release writes of {', '.join(lacking)}",
            hint="Let an administrator run `egrow-replica maintenance off`.",
            code="privilege",
        )
    with Keeper.open(servers, rights.values(), "maintenance/off") as keeper:
        return _give_back(keeper, hold, why, grace)


def _give_back(keeper: Keeper, hold: Hold, why: str, grace: float) -> Outcome:
    now = read_role_rights(keeper.door, hold.names)
    notes = list(_changed(hold, now))
    with keeper.acting():
        if keeper.door.value(query("hold/release"), [hold.id, why]) is None:
            raise WrongState(f"hold {hold.id} is no longer in force", code="not-held")
        keeper.become()
        for role in _still_there(hold, now):
            keeper.door.execute(setting_statement(role.name, keeper.database, role.before))
    names = [role.name for role in _still_there(hold, now)]
    ended, left = keeper.end_sessions(names, keeper.now(), grace, after=hold.begun_at)
    return Outcome(hold=hold, ended=ended, left=left, notes=notes)


def _still_there(hold: Hold, now: dict[str, RoleRights]) -> list[HeldRole]:
    return [role for role in hold.roles if role.name in now and now[role.name].oid == role.oid]


def _changed(hold: Hold, now: dict[str, RoleRights]) -> Iterator[str]:
    there = {role.name for role in _still_there(hold, now)}
    for role in hold.roles:
        if role.name not in there:
            yield f"the role {role.name} is gone, or another one has its name: nothing was given back to it"
        elif now[role.name].in_database != "on":
            yield f"somebody had set {role.name} to {now[role.name].in_database or 'nothing'} during the hold"


# ------------------------------------------------------------------------------------------------------------ evidence


def weakness(prod: Door, protected: list[int], subscription: str, wanted: int | None = None) -> tuple[Hold | None, str]:
    """The hold in force, and why nothing can rest on it at this moment; ``""``: writes are held as far as can be known.

    Known is what the server shows now: the roles' settings, the sessions, prepared transactions. Not known is whether
    a held session has taken the setting back, or who came and went since an earlier look.

    :param subscription: of the window, whose own worker is not counted; ``wanted``: the hold that has to be in force.
    """
    hold = read_hold(prod)
    if hold is None:
        return None, "writes are not held" if wanted is None else f"hold {wanted} was released"
    for reason in _weaknesses(prod, hold, protected, subscription, wanted):
        return hold, reason
    return hold, ""


def _weaknesses(prod: Door, hold: Hold, protected: list[int], subscription: str, wanted: int | None) -> Iterator[str]:
    if wanted is not None and hold.id != wanted:
        yield f"hold {wanted} was released; hold {hold.id} is another one"
    if hold.held_since is None:
        yield f"hold {hold.id} is not complete: whoever began it has not seen the older sessions end"
        return
    if not read_places(prod).sees_activity:
        yield "our login may not see other sessions (GRANT pg_monitor)"
    yield from _changed(hold, read_role_rights(prod, hold.names))
    for one in read_sessions(prod, hold.names):
        if one.started_at is None or one.started_at < hold.held_since:
            yield f"{one} is older than the hold"
        if one.writes:
            yield f"{one} is writing in spite of the hold"
    for prepared in prod.rows(_Prepared, query("hold/prepared")):
        yield f"{prepared.role} has prepared the transaction {prepared.gid}"
    others = [one.role for one in read_writers(prod, protected, hold.names) if one.sessions]
    workers = set(prod.values(query("hold/workers"), [subscription]))
    for one in read_sessions(prod, others):
        if one.pid not in workers:
            yield f"{one} may write protected tables and is not held"
