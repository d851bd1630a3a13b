"""The conditions on a server in which a window would have to live: settings, places, sessions, leftovers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from ipaddress import ip_address

from egrow_replica.db import Door, query
from egrow_replica.model import Model, QualifiedName, TableName

_UNITS = {"": 1, "B": 1, "kB": 1024, "8kB": 8192, "MB": 1024**2, "ms": 0.001, "s": 1, "min": 60}


class SettingValue(Model):
    """A setting; ``may_set``: our login could change it for its own session."""

    name: str
    value: str
    unit: str
    may_set: bool

    @property
    def number(self) -> float:
        """In bytes or seconds; negative values mean what the setting says they mean."""
        value = float(self.value)
        return value if value < 0 else value * _UNITS[self.unit]


class RoleSetting(Model):
    """A setting that a role, a database or both were given; ``""`` stands for all of them."""

    role: str
    database: str
    name: str
    value: str


class Places(Model):
    """How many places a server has for each thing, and how many are taken.

    :ivar sees_settings: our login sees every setting; ``sees_activity``: and what other sessions do.
    """

    sees_settings: bool
    sees_activity: bool
    slots: int
    slots_used: int
    senders: int
    senders_used: int
    workers: int
    workers_used: int
    origins: int
    origins_used: int
    processes: int
    processes_used: int
    connections: int
    connections_used: int


class Clock(Model):
    """A server's time, and its database's encoding."""

    now: datetime
    encoding: str


class OwnConnection(Model):
    """How a connection of ours travels.

    :ivar address: the one that we connected to, ``""`` for a Unix socket; ``port`` likewise.
    :ivar client_address: ours as the server sees it, ``None`` for a Unix socket; ``server_address`` its own likewise.
    """

    encrypted: bool
    client_address: str | None
    server_address: str | None
    server_port: int | None
    address: str = ""
    port: int = 0

    @property
    def local(self) -> bool:
        """Whether it stays on this machine, or goes to its loopback address first: a published or forwarded port."""
        return self.ends_here or is_loopback(self.address)

    @property
    def ends_here(self) -> bool:
        """Whether the server sees both ends on one machine."""
        return self.server_address is None or self.client_address == self.server_address

    @property
    def passed_on(self) -> bool:
        """Whether somebody between listens on another port than the server."""
        return self.server_port not in (None, self.port)


class StreamRole(Model):
    """The role of production's worker on dev; ``expires``: its password is valid for less than a day."""

    name: str
    may_login: bool
    may_replicate: bool
    expires: bool
    may_connect: bool


class Transaction(Model):
    """An open transaction; ``writes``: it has a transaction id, which a new slot waits for."""

    pid: int
    role: str
    database: str
    application: str
    state: str
    writes: bool
    seconds: float


class PreparedTransaction(Model):
    """A transaction that was prepared and not ended."""

    gid: str
    owner: str
    database: str
    seconds: float


#: Lock modes as ``pg_locks`` writes them; against the first not even a reader gets through.
ACCESS_EXCLUSIVE = "AccessExclusiveLock"
#: Those that ROW EXCLUSIVE, which every write takes, waits for; and SHARE UPDATE EXCLUSIVE, which a publication takes
#: (postgresql.org/docs/18/explicit-locking.html#TABLE-LOCK-COMPATIBILITY).
AGAINST_WRITING = ("ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", ACCESS_EXCLUSIVE)
AGAINST_PUBLISHING = ("ShareUpdateExclusiveLock", *AGAINST_WRITING)


class TableLock(Model):
    """A lock on a table, or on what belongs to one, that somebody holds or waits for; ``pid`` 0: it is prepared.

    :ivar relation: what is locked: the table itself, an index of it, its TOAST data.
    :ivar gid: the prepared transaction's name.
    """

    pid: int
    relation: int
    table_oid: int
    table: TableName
    mode: str
    granted: bool
    role: str
    application: str
    state: str
    since: datetime | None
    seconds: float
    query: str
    gid: str | None

    @property
    def key(self) -> tuple[object, ...]:
        """By which it is known again at a second look."""
        return (self.pid, self.gid, self.relation, self.mode)


class OtherSubscription(Model):
    """A subscription that writes a table."""

    name: str
    table: TableName


class Standbys(Model):
    """``synchronous_standby_names``, how many connected standbys it waits for, and how many are connected at all.

    :ivar sees_activity: our login sees which of them are waited for.
    """

    synchronous: str
    sees_activity: bool
    waiting_for: int
    connected: int


class StaleCollation(Model):
    """A collation whose rules changed under the indexes that are sorted by it.

    :ivar name: as SQL writes it; ``""`` is the database's own.
    :ivar actual: what the machine's library has, ``None`` where it has no such version any more.
    """

    name: str
    recorded: str
    actual: str | None


class Locale(Model):
    """How a database sorts text, and what is upper and lower case there."""

    provider: str
    collation: str
    ctype: str

    @property
    def shown(self) -> str:
        """As a person reads it."""
        same = self.collation == self.ctype
        return f"{self.provider} {self.collation}" + ("" if same else f", case by {self.ctype}")


class InvalidIndex(Model):
    """An index that no query uses; ``refuses``: it is kept up to date all the same, and unique."""

    table: TableName
    index: TableName
    refuses: bool


class Rule(Model):
    """A rewrite rule of a table."""

    table: TableName
    name: str


class ConnectionLimit(Model):
    """How many connections a role, or this database, may have, and how many others than ours there are."""

    name: str
    is_role: bool
    places: int
    used: int


class DataDirectory(Model):
    """Where a server keeps everything, ``None`` where our login may not see it; ``started``: seconds since 1970."""

    directory: str | None
    port: int
    started: int


class WalEvidence(Model):
    """What reading production's WAL as evidence stands on.

    :ivar is_shipped: the server's build has ``pg_walinspect``; ``is_there``: it is where the evidence looks for it.
    :ivar may_keep: our login may make a slot that keeps the WAL meanwhile.
    """

    is_shipped: bool
    is_there: bool
    may_read: bool
    may_keep: bool
    free_slots: int
    wal_level: str
    bounds_slots: bool


def read_identity(door: Door) -> str:
    """The database that the connection leads to, as :attr:`ServerFacts.identity`."""
    return str(door.value(query("doctor/identity")))


def read_settings(door: Door, names: Iterable[str]) -> dict[str, SettingValue]:
    """Those of the settings that the server has, by name."""
    return {one.name: one for one in door.rows(SettingValue, query("doctor/settings"), [list(names)])}


def read_role_settings(door: Door, roles: Iterable[str], names: Iterable[str]) -> list[RoleSetting]:
    """What the roles, this database or everybody were given of the named settings."""
    return door.rows(RoleSetting, query("doctor/role_settings"), [list(roles), list(names)])


def read_places(door: Door) -> Places:
    """How full the server is."""
    return door.one(Places, query("doctor/places"))


def read_clock(door: Door) -> Clock:
    """What time it is there."""
    return door.one(Clock, query("doctor/clock"))


def is_loopback(address: str) -> bool:
    """Whether an address is a machine's own, which leads nowhere else; ``""``, a Unix socket, is."""
    try:
        return not address or ip_address(address).is_loopback
    except ValueError:
        return False


def read_own_connection(door: Door) -> OwnConnection:
    """How this connection travels."""
    address, port = door.address
    return door.one(OwnConnection, query("doctor/own_connection")).model_copy(update={"address": address, "port": port})


def read_stream_role(dev: Door, role: str) -> StreamRole | None:
    """The role of production's worker, ``None`` where dev has none of that name."""
    return next(iter(dev.rows(StreamRole, query("doctor/stream_role"), [role])), None)


def read_transactions(door: Door) -> list[Transaction]:
    """Other sessions' open transactions, the oldest first."""
    return door.rows(Transaction, query("doctor/transactions"))


def read_prepared_transactions(door: Door) -> list[PreparedTransaction]:
    """The cluster's prepared transactions."""
    return door.rows(PreparedTransaction, query("doctor/prepared_transactions"))


def read_table_locks(door: Door, modes: Iterable[str]) -> list[TableLock]:
    """Locks of these modes on tables of this database, those that are waited for too."""
    return door.rows(TableLock, query("doctor/table_locks"), [list(modes)])


def read_other_subscriptions(prod: Door, oids: Iterable[int]) -> list[OtherSubscription]:
    """Subscriptions that write these relations."""
    return prod.rows(OtherSubscription, query("doctor/other_subscriptions"), [list(oids)])


def read_standbys(door: Door) -> Standbys:
    """Who receives WAL, and whether commits wait for it."""
    return door.one(Standbys, query("doctor/standbys"))


def read_stale_collations(door: Door) -> list[StaleCollation]:
    """Collations of which indexes were made by another version."""
    return door.rows(StaleCollation, query("doctor/collations"))


def read_locale(door: Door) -> Locale:
    """How the database sorts."""
    return door.one(Locale, query("doctor/locale"))


def read_invalid_indexes(door: Door, oids: Iterable[int]) -> list[InvalidIndex]:
    """Indexes of these relations that were never finished."""
    return door.rows(InvalidIndex, query("doctor/invalid_indexes"), [list(oids)])


def read_rules(door: Door, oids: Iterable[int]) -> list[Rule]:
    """The rewrite rules of these relations."""
    return door.rows(Rule, query("doctor/rules"), [list(oids)])


def read_hidden_by_row_security(door: Door, oids: Iterable[int]) -> list[QualifiedName]:
    """Those of these relations whose rows row security hides from our login."""
    found: list[QualifiedName] = [
        QualifiedName(*parts) for parts in door.values(query("doctor/row_security_active"), [list(oids)])
    ]
    return found


def read_data_directory(door: Door) -> DataDirectory:
    """Where the server's files are, on its machine."""
    return door.one(DataDirectory, query("doctor/data_directory"))


def read_wal_evidence(prod: Door) -> WalEvidence:
    """Whether WAL can be read, and kept until it was."""
    return prod.one(WalEvidence, query("doctor/wal_evidence"))


def read_connection_limits(door: Door, roles: Iterable[str]) -> list[ConnectionLimit]:
    """The limits of these roles and of the database; without limit, no line."""
    return door.rows(ConnectionLimit, query("doctor/connection_limits"), [list(roles)])
