"""Checks of the ways between the machines: ours to both servers, and production's to dev."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from egrow_replica.catalog.conditions import OwnConnection, is_loopback, read_identity, read_stream_role
from egrow_replica.db import Capability, Dsn, connect
from egrow_replica.db.connect import pinned_options, raw_connection
from egrow_replica.errors import EgrowError, ServerUnavailable
from egrow_replica.guard import Policy
from egrow_replica.model import Check, Server
from egrow_replica.window.checks.base import error, info, inspection, warning
from egrow_replica.window.checks.remedies import name, text
from egrow_replica.window.checks.view import View

DEV, PROD = Server.DEV, Server.PROD
_SETUP = "Run `egrow-replica setup` (it prints the SQL) or `setup --apply` with an administrator's connection."
_PROBE_SECONDS = 3.0
_ENCRYPTED = ("require", "verify-ca", "verify-full")


@inspection("tls", DEV, PROD, subject="our connection", fine="it is encrypted, or does not leave this machine")
def tls(view: View, server: Server) -> Iterator[Check]:
    """As the server sees our connection."""
    ours = view.own_connection(server)
    if not ours.encrypted and not ours.local:
        yield warning(
            "tls",
            server,
            "our connection",
            "it leaves this machine and is not encrypted: rows and the password's exchange can be read on the way",
            f"Add sslmode=verify-full to the connection string of [{server}].",
        )


@inspection("stream-role", DEV, subject="stream role", fine="it may log in, replicate and connect")
def stream_role(view: View, server: Server) -> Iterator[Check]:
    """What dev's catalog knows of the role."""
    user = view.stream.user
    if not user:
        yield error("stream-role", server, "stream", "the stream's connection string names no user", "Add user=….")
        return
    role = read_stream_role(view.dev, user)
    if role is None:
        yield error("stream-role", server, user, "dev has no such role", _SETUP)
        return
    database = name(view.facts(DEV).database)
    if not role.may_login:
        yield error("stream-role", server, user, "the role may not log in", f"ALTER ROLE {name(user)} LOGIN;")
    if not role.may_replicate:
        remedy = f"ALTER ROLE {name(user)} REPLICATION;"
        yield error("stream-role", server, user, "the role may not replicate", remedy)
    if not role.may_connect:
        remedy = f"GRANT CONNECT ON DATABASE {database} TO {name(user)};"
        yield error("stream-role", server, user, "the role may not connect to the database", remedy)
    if role.expires:
        remedy = f"ALTER ROLE {name(user)} VALID UNTIL 'infinity';"
        yield warning("stream-role", server, user, "its password is valid for less than a day", remedy)


@inspection("stream-password", PROD, subject="stream", fine="the stream's connection string has a password")
def stream_password(view: View, server: Server) -> Iterator[Check]:
    """The subscription belongs to an ordinary role, so PostgreSQL asks for a password in its connection string."""
    if view.prod.has(Capability.ORDINARY_SUBSCRIPTION_OWNER) and not view.stream.password.get_secret_value():
        yield error(
            "stream-password",
            server,
            view.stream.shown,
            "the stream's connection string holds no password: a subscription of an ordinary role needs one, and a "
            "passfile or a certificate does not do",
            "Put the password into from_production_dsn, and let dev's pg_hba.conf ask for it (scram-sha-256).",
        )


@inspection("stream-login", DEV, subject="stream", fine="the stream's login works from here, and may replicate")
def stream_login(view: View, server: Server) -> Iterator[Check]:
    """Log in as production's worker will, from here: production itself cannot be asked without writing."""
    stream = view.stream
    try:
        with connect(stream, DEV, Policy.reading(), what="doctor/stream") as door:
            if read_identity(door) != view.facts(DEV).identity:
                yield error(
                    "stream-database",
                    server,
                    stream.shown,
                    "the stream's address leads to another database than dev's",
                    "Correct from_production_dsn.",
                )
        # The replication protocol takes another way through pg_hba.conf and poolers.
        options = pinned_options()
        connection = raw_connection(stream, DEV, what="doctor/stream", options=options, replication=True)
        asked = connection.pgconn.used_password
        connection.close()
        if not asked and view.has(PROD) and view.prod.has(Capability.ORDINARY_SUBSCRIPTION_OWNER):
            yield warning(
                "stream-trust",
                server,
                stream.shown,
                "dev lets it in from here without asking for the password; if it does so from production, PostgreSQL "
                "refuses the stream of an ordinary role",
                _hba_line(view, stream),
            )
    except ServerUnavailable as failure:
        yield _login_failed(view, stream, failure)
    except EgrowError as failure:  # a pooler
        yield error("stream-login", server, stream.shown, failure.message, failure.hint)


def _login_failed(view: View, stream: Dsn, failure: ServerUnavailable) -> Check:
    reason = failure.message.partition("): ")[2] or failure.message
    if not _answers(stream):
        message = f"it cannot be reached from here ({reason}); whether production reaches it, only production can tell"
        return warning("stream-login", DEV, stream.shown, message, "See that production's server can reach it.")
    if "pg_hba.conf" in reason:  # a file's name, so the same in every language
        message = f"dev does not let it in from here ({reason}); production's own address may be let in"
        return warning("stream-login", DEV, stream.shown, message, _hba_line(view, stream))
    return error("stream-login", DEV, stream.shown, f"dev refuses the stream's login: {reason}", failure.hint)


def _hba_line(view: View, stream: Dsn) -> str:
    """A connection for logical replication matches the lines of its database, never those for ``replication``."""
    return (
        f"pg_hba.conf on dev needs: host {text(view.facts(DEV).database)} {text(stream.user or '')} "
        "<production's address>/32 scram-sha-256"
    ).replace("'", '"')


@inspection(
    "stream-address", PROD, subject="stream", fine="production's way to dev looks sound", both=True, guards=False
)
def stream_address(view: View, server: Server) -> Iterator[Check]:
    """What can be said of the way without asking production to go it."""
    stream = view.stream
    if _is_local(stream):
        yield from _own_machine(stream, view.own_connection(DEV), view.own_connection(PROD))
    elif not _is_local(stream) and stream.get("sslmode") not in _ENCRYPTED:
        yield warning(
            "stream-tls",
            server,
            stream.shown,
            "the stream may travel unencrypted",
            "Add sslmode=verify-full to from_production_dsn.",
        )
    yield info(
        "stream-reach",
        server,
        stream.shown,
        "whether production's server reaches dev there is seen only when it connects: nothing here asks it to",
    )


def _own_machine(stream: Dsn, dev: OwnConnection, prod: OwnConnection) -> Iterator[Check]:
    """What the addresses say that both servers see, where the stream is to find dev on production's own machine."""
    found = shares_machine(dev, prod)
    if found:
        return
    remedy = (
        "Set [dev] from_production_dsn_env to the address by which production's server reaches dev "
        "(in a network of containers dev's service name and its own port)."
    )
    message = "to production's server this address is its own machine"
    if found is None:
        message = f"{message}: nothing here tells whether dev is there"
        yield warning("stream-address", PROD, stream.shown, message, remedy)
        return
    where = f"production runs at {prod.server_address}, dev at {dev.server_address or 'an address of this machine'}"
    yield error("stream-address", PROD, stream.shown, f"{message}, and dev is not there: {where}", remedy)


def shares_machine(dev: OwnConnection, prod: OwnConnection) -> bool | None:
    """Whether production's server finds dev at its own loopback address; ``None`` where the addresses do not tell.

    A container counts as a machine: its loopback address leads to nobody else's.
    """
    if prod.ends_here:
        return None if prod.passed_on else True  # a tunnel's end, or this machine: then what is seen from here counts
    if dev.server_address == prod.server_address or prod.address == dev.address == prod.server_address:
        return True
    if dev.ends_here and not dev.passed_on:
        return False
    # Reached at this machine's own address, production is somewhere else: behind a published port.
    return False if is_loopback(prod.address) else None


def _is_local(dsn: Dsn) -> bool:
    host = dsn.get("hostaddr") or dsn.get("host") or ""
    return host.startswith("/") or host == "localhost" or is_loopback(host)


def _answers(dsn: Dsn) -> bool:
    """Whether somebody listens there at all; a Unix socket that did not answer does not."""
    host = dsn.get("hostaddr") or dsn.get("host") or ""
    if not host or host.startswith("/"):
        return False
    try:
        port = int(dsn.get("port") or 5432)
        with socket.create_connection((host, port), timeout=_PROBE_SECONDS):
            return True
    except (OSError, ValueError):  # several hosts in one string are not looked at one by one
        return False


CHECKS = (*tls, *stream_role, *stream_password, *stream_login, *stream_address)
