"""Servers that do not answer, logins that are refused, and a pooler in between."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

import pytest
from doctor_world import DEV, PROD, examine, let_in, stand_in, with_changes
from support.pair import Pair

from egrow_replica.lab import conninfo
from egrow_replica.model import Severity, Side


@pytest.fixture(scope="module")
def closed_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def other_process(data: bytes) -> bytes:
    """As a pooler: it tells the client another process id than the server's, in BackendKeyData."""
    key = data.find(b"K\x00\x00\x00\x0c")
    return data[: key + 5] + b"\x00\x00\x00\x07" + data[key + 9 :] if key >= 0 else data


def tomorrow(data: bytes) -> bytes:
    """As a server whose clock is a day ahead."""
    now = datetime.now(UTC)
    return data.replace(f"{now:%Y-%m-%d}".encode(), f"{now + timedelta(days=1):%Y-%m-%d}".encode())


@pytest.mark.parametrize(("login", "other"), [("dev", PROD), ("prod", DEV)])
def test_one_server_does_not_answer(shared_pair: Pair, closed_port: str, login: str, other: object) -> None:
    shared_pair.configure(logins={login: with_changes(shared_pair.logins[login], port=closed_port)})
    found = examine(shared_pair)
    assert found.failure is not None
    assert found.failure.exit_code == 7
    assert found.one("connection", DEV if login == "dev" else PROD).severity is Severity.ERROR
    wanted = {
        "dev": {"commit-timestamps", "pg_dump", "log-password"},
        "prod": {"wal-level", "leftovers", "stream-role"},
    }
    answered = {check.id for check in found.checks if check.severity is Severity.OK}
    assert wanted[login] <= answered


def test_neither_answers(shared_pair: Pair, closed_port: str) -> None:
    changed = {one: with_changes(shared_pair.logins[one], port=closed_port) for one in ("dev", "prod")}
    shared_pair.configure(logins=changed)
    result = shared_pair.cli("doctor")
    assert result.exit_code == 7, str(result)
    assert [check["severity"] for check in result.json["checks"]] == ["error", "error"]


def test_a_pooler(shared_pair: Pair) -> None:
    with stand_in(int(conninfo.parse(shared_pair.logins["dev"])["port"]), other_process) as port:
        shared_pair.configure(
            logins={one: with_changes(shared_pair.logins[one], port=port) for one in ("dev", "stream")}
        )
        found = examine(shared_pair)
    assert "pooler" in found.one("server", DEV).message


def refusing(data: bytes) -> bytes:
    """As a pooler that does not know the settings which a client asks for; no word on TLS."""
    if len(data) == 1:
        return data
    fields = b"SFATAL\0C08P01\0Munsupported startup parameter in options: datestyle\0\0"
    return b"E" + (len(fields) + 4).to_bytes(4, "big") + fields


def test_a_pooler_that_refuses_our_settings(shared_pair: Pair) -> None:
    with stand_in(int(conninfo.parse(shared_pair.logins["prod"])["port"]), refusing) as port:
        shared_pair.configure(logins={"prod": with_changes(shared_pair.logins["prod"], port=port)})
        result = shared_pair.cli("status")
    assert (result.exit_code, result.error["code"]) == (7, "pooler"), str(result)
    assert "pooler" in result.error["hint"]
    assert "password" not in result.error["hint"]


def test_a_pooler_for_the_stream(shared_pair: Pair) -> None:
    with stand_in(int(conninfo.parse(shared_pair.logins["stream"])["port"]), other_process) as port:
        shared_pair.configure(logins={"stream": with_changes(shared_pair.logins["stream"], port=port)})
        found = examine(shared_pair)
    assert "pooler" in found.one("stream-login").message


@pytest.mark.parametrize("login", ["dev", "prod"])
def test_a_clock_that_is_ahead(shared_pair: Pair, login: str) -> None:
    with stand_in(int(conninfo.parse(shared_pair.logins[login])["port"]), tomorrow) as port:
        shared_pair.configure(logins={login: with_changes(shared_pair.logins[login], port=port)})
        found = examine(shared_pair)
    told = found.one("clock", DEV if login == "dev" else PROD)
    assert told.severity is Severity.WARNING
    assert "ahead" in told.message
    assert found.one("clock", PROD if login == "dev" else DEV).severity is Severity.OK


def behind_a_published_port(data: bytes) -> bytes:
    """As a server in a container: it sees an address of its own that is not the one that we connected to."""
    return data.replace(b"127.0.0.1", b"172.9.0.3")


def test_a_production_elsewhere_does_not_find_dev_at_a_loopback_address(shared_pair: Pair) -> None:
    """Told before anything is made, instead of by a subscription that never connects."""
    port = int(conninfo.parse(shared_pair.logins["prod"])["port"])
    with (
        let_in(shared_pair, "host all all 127.0.0.2/32 scram-sha-256", PROD),
        stand_in(port, behind_a_published_port, source="127.0.0.2") as other,
    ):
        shared_pair.configure(logins={"prod": with_changes(shared_pair.logins["prod"], port=other)})
        found = examine(shared_pair)
    told = found.one("stream-address")
    assert told.severity is Severity.ERROR
    assert "production runs at 172.9.0.3, dev at 127.0.0.1" in told.message
    assert "from_production_dsn_env" in told.remedy
    assert found.one("tls", PROD).severity is Severity.OK
    assert found.failure is not None
    assert found.failure.exit_code == 4


def test_a_stream_that_is_let_in_without_a_password(shared_pair: Pair) -> None:
    with let_in(shared_pair, "host all egrow_stream 127.0.0.1/32 trust"):
        found = examine(shared_pair)
    assert found.one("stream-trust").severity is Severity.WARNING
    assert "scram-sha-256" in found.one("stream-trust").remedy
    assert examine(shared_pair).of("stream-trust") == []


def test_the_same_database(shared_pair: Pair) -> None:
    shared_pair.configure(logins={"dev": shared_pair.logins["prod"]})
    found = examine(shared_pair)
    assert found.one("same-database").server is Side.BOTH
    assert found.of("commit-timestamps")
    assert not found.of("drift")


@pytest.mark.parametrize(
    ("changes", "slug", "exit_code"),
    [
        ({"password": "wrong"}, "stream-login", 7),
        ({"dbname": "postgres"}, "stream-database", 4),
        ({"user": "egrow_operator"}, "stream-login", 7),  # with another's password
        ({"user": "academy_app"}, "stream-role", None),
    ],
    ids=["password", "database", "user", "role"],
)
def test_the_streams_login(shared_pair: Pair, changes: dict[str, str], slug: str, exit_code: int | None) -> None:
    shared_pair.configure(logins={"stream": with_changes(shared_pair.logins["stream"], **changes)})
    found = examine(shared_pair)
    assert found.of(slug)[0].severity is Severity.ERROR
    assert found.failure is not None
    if exit_code is not None:
        assert found.failure.exit_code == exit_code


def test_the_streams_address_does_not_answer_here(shared_pair: Pair, closed_port: str) -> None:
    shared_pair.configure(logins={"stream": with_changes(shared_pair.logins["stream"], port=closed_port)})
    found = examine(shared_pair)
    assert found.one("stream-login").severity is Severity.WARNING
    assert found.failure is None


def test_the_streams_password_is_missing(shared_pair: Pair) -> None:
    values = conninfo.parse(shared_pair.logins["stream"])
    del values["password"]
    shared_pair.configure(logins={"stream": conninfo.write(values)})
    found = examine(shared_pair)
    assert found.one("stream-password").severity is Severity.ERROR
