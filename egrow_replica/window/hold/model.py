"""What a hold is, and what is known of roles and sessions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from egrow_replica.model import Model


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
    :ivar released_at: of one that is no longer in force.
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
    released_at: datetime | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The roles' names."""
        return tuple(role.name for role in self.roles)

    @property
    def changed(self) -> tuple[str, ...]:
        """Those of the roles that wrote before."""
        return tuple(role.name for role in self.roles if role.before is None or not reads_only(role.before))


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


class Prepared(Model):
    """A transaction that was prepared, and by whom."""

    gid: str
    role: str


def reads_only(value: str) -> bool:
    """Whether a boolean, as PostgreSQL reads one, is true.

    >>> reads_only("on"), reads_only("T"), reads_only("off"), reads_only("0")
    (True, True, False, False)
    """
    text = value.lower()
    return text in ("on", "1") or (text != "" and ("true".startswith(text) or "yes".startswith(text)))
