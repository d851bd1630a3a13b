"""What a person gets wrong, and what a server does not let us see: one message that names it, and no traceback."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from psycopg import conninfo
from support.pair import Pair

from egrow_replica.model import Server

OPERATOR = "egrow_operator"


def refused(pair: Pair, exit_code: int, *expected: str) -> None:
    result = pair.cli("compare")
    assert result.exit_code == exit_code, str(result)
    for text in expected:
        assert text in result.message
    assert "Traceback" not in result.stdout + result.stderr
    assert result.error["hint"], str(result)
    for secret in (conninfo.conninfo_to_dict(dsn)["password"] for dsn in (pair.lab.dev_dsn, pair.lab.prod_dsn)):
        assert str(secret) not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("missing", "there"), [(Server.DEV, "prod"), (Server.PROD, "dev")], ids=["on production only", "on dev only"]
)
def test_a_table_on_one_side_only(pair: Pair, missing: Server, there: str) -> None:
    (pair.dev_sql if missing is Server.DEV else pair.prod_sql)("DROP TABLE events CASCADE")
    refused(pair, 4, f"public.events: there is no such table on {missing}, only on {there}", "[tables] content")


@pytest.mark.parametrize("server", list(Server))
def test_permission_denied_on_one_table(pair: Pair, server: Server) -> None:
    run = pair.dev_sql if server is Server.DEV else pair.prod_sql
    login = conninfo.conninfo_to_dict(pair.logins[server])["user"]
    run(
        f"REVOKE SELECT ON events FROM {login}; ALTER TABLE events OWNER TO postgres; REVOKE ALL ON events FROM {login}"
    )
    refused(pair, 4, "events", server)


def test_permission_denied_on_one_catalog(pair: Pair) -> None:
    pair.prod_sql("REVOKE SELECT ON pg_catalog.pg_index FROM PUBLIC")
    refused(pair, 4, "prod", "pg_index")


@pytest.fixture
def url(shared_pair: Pair) -> str:
    parts = conninfo.conninfo_to_dict(shared_pair.logins["dev"])
    login = f"{quote(str(parts['user']), safe='')}:{quote(str(parts['password']), safe='')}"
    return f"postgresql://{login}@HOST:{parts['port']}/{parts['dbname']}"


@pytest.mark.parametrize(
    ("host", "end", "exit_code", "expected"),
    [
        ("127.0.0.1", "?frobnicate=1", 2, "'frobnicate'"),
        ("[::1", "", 2, "dev"),
        ("[::1]", "?connect_timeout=2", 7, "dev"),
        ("[fe80::1%25lo]", "?connect_timeout=2", 7, "dev"),
    ],
)
def test_connection_strings(shared_pair: Pair, url: str, host: str, end: str, exit_code: int, expected: str) -> None:
    shared_pair.configure(logins={"dev": url.replace("HOST", host) + end})
    refused(shared_pair, exit_code, expected)


def test_what_orms_add_is_understood(shared_pair: Pair, url: str) -> None:
    end = "?schema=public&connection_limit=5&pgbouncer=true&sslmode=prefer&connect_timeout=7"
    shared_pair.configure(logins={"dev": url.replace("HOST", "127.0.0.1") + end})
    assert shared_pair.ok("compare").json["tables"]
