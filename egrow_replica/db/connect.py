"""Opening connections: they introduce themselves, are bounded, and pin every setting that changes how values read."""

from __future__ import annotations

import psycopg

from egrow_replica.db.capabilities import Capability, check_supported
from egrow_replica.db.door import Door, PlanningDoor
from egrow_replica.db.dsn import Dsn
from egrow_replica.db.waits import Waits, Watched
from egrow_replica.errors import PreflightFailed, ServerUnavailable
from egrow_replica.guard import Policy
from egrow_replica.model import Server
from egrow_replica.settings import ADMIN_VARIABLES

CONNECT_TIMEOUT_SECONDS = 10
#: PgBouncer's and Odyssey's word for the settings that we pin; it has no SQLSTATE of its own, and no server says it.
_POOLER = "unsupported startup parameter"
#: 17 and later end a long transaction, and with it an exported snapshot, unless told otherwise.
UNBOUNDED_TRANSACTION = "SET transaction_timeout = 0"

#: A server whose machine is gone, or a network that swallows everything, is noticed after about a minute; the
#: operating system's own limit is two hours (postgresql.org/docs/18/libpq-connect.html#LIBPQ-KEEPALIVES-IDLE).
NOTICED = {
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}

#: What a value's text depends on, and what could end a long snapshot or hide rows. ``pg_temp`` last, so that a
#: temporary relation never shadows a catalog (postgresql.org/docs/18/runtime-config-client.html#GUC-SEARCH-PATH).
PINNED = {
    "search_path": "pg_catalog,pg_temp",
    "timezone": "UTC",
    "datestyle": "ISO",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "quote_all_identifiers": "off",
    "row_security": "off",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    # The session that holds the lock is idle most of the time.
    "idle_session_timeout": "0",
    "lock_timeout": "30s",
    # What one statement sees must not be what another saw, unless a transaction asks for it.
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    # No commit of ours waits for a standby, which may be gone: nothing but a cancel ends such a wait. WAL is one
    # sequence, so whatever an application commits afterwards and waits for carries ours along
    # (postgresql.org/docs/18/warm-standby.html#SYNCHRONOUS-REPLICATION-HA).
    "synchronous_commit": "local",
    "transform_null_equals": "off",
    "standard_conforming_strings": "on",
    # A fingerprint reads a table page by page; without it, it would read all of it for each part.
    "enable_tidscan": "on",
    # A controller that was killed must not leave a statement behind that waits for a lock and then writes.
    "client_connection_check_interval": "1s",
}


def pinned_options(**more: str) -> str:
    """The ``options`` parameter of a connection string that pins the settings."""
    return " ".join(f"-c {name}={_escaped(value)}" for name, value in {**PINNED, **more}.items())


def _escaped(value: str) -> str:
    """As the server takes ``options`` apart: a space ends a word unless a backslash stands before it."""
    return value.replace("\\", "\\\\").replace(" ", "\\ ")


def connect(
    dsn: Dsn,
    server: Server,
    policy: Policy,
    *,
    what: str,
    read_only: bool = True,
    planning: bool = False,
    waits: Waits | None = None,
) -> Door:
    """Open a door to a server.

    :param what: who we are, behind ``egrow-replica/`` in ``application_name``.
    :param read_only: a second fence only: transactions start read only.
    :param planning: the policy is one for writing, of which nothing is to be sent; always read only.
    :param waits: looks for whom its statements wait.
    :raises ServerUnavailable: it cannot be reached or refuses the login.
    :raises PreflightFailed: a pooler stands in between, or the version is unknown.
    """
    options = pinned_options(default_transaction_read_only="on" if read_only or planning else "off")
    connection = raw_connection(dsn, server, what=what, options=options)
    try:
        check_supported(connection.info.server_version, server)
        door = (PlanningDoor if planning else Door)(connection, server, policy)
        if door.value("SELECT pg_catalog.pg_backend_pid()") != connection.info.backend_pid:
            raise PreflightFailed(
                f"a connection pooler stands between here and {server} ({dsn.shown})",
                hint="Use the server's own address: a pooler cannot replicate and gives an advisory lock twice.",
            )
        if door.has(Capability.TRANSACTION_TIMEOUT):
            door.execute(UNBOUNDED_TRANSACTION)
    except BaseException:
        connection.close()
        raise
    door.only_reads = read_only or planning
    if waits is not None:
        door.watched_by(waits, watched(dsn, server, door.backend_pid))
    return door


def watched(dsn: Dsn, server: Server, pid: int, *, name: str | None = None) -> Watched:
    """What is to be known of a connection, or of a program's that go by a name, to look for whom it waits."""
    return Watched(server, lambda: connect(dsn, server, Policy.reading(), what="waits"), pid, name)


def raw_connection(
    dsn: Dsn, server: Server, *, what: str, options: str, replication: bool = False
) -> psycopg.Connection[tuple[object, ...]]:
    """A bare driver connection, for the doors of this package.

    :raises ServerUnavailable: it cannot be reached or refuses the login.
    """
    extra = {name: value for name, value in NOTICED.items() if dsn.get(name) is None}
    if replication:
        extra["replication"] = "database"
    if dsn.get("target_session_attrs") == "read-write":
        # We make our reading sessions read only, which libpq takes for the server's; a primary is what is meant.
        extra["target_session_attrs"] = "primary"
    conninfo = dsn.conninfo(
        application_name=f"egrow-replica/{what}",
        connect_timeout=dsn.get("connect_timeout") or CONNECT_TIMEOUT_SECONDS,
        client_encoding="UTF8",
        options=options,
        **extra,
    )
    try:
        return psycopg.connect(conninfo.get_secret_value(), autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else "no answer"
        if _POOLER in reason:
            raise ServerUnavailable(
                f"no connection to {server} ({dsn.shown}): {reason}",
                hint="A connection pooler stands between here and the server: use the server's own address.",
                code="pooler",
            ) from None
        raise ServerUnavailable(
            f"no connection to {server} ({dsn.shown}): {reason}",
            hint=f"Check that {server} runs, its address and pg_hba.conf, and the role's password."
            + _makes_role(error, server),
        ) from None


def _makes_role(error: psycopg.Error, server: Server) -> str:
    """What else may be wrong where a server has asked for a password: it does not say whether the role exists."""
    login = error.pgconn
    if login is None or not (login.used_password or login.needs_password):
        return ""
    return (
        f" Is the role not there yet? `egrow-replica setup --apply` makes it, with an administrator's login in "
        f"{ADMIN_VARIABLES[server]}."
    )
