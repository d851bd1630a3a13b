"""Servers that are set otherwise than a window needs, and the same checks where all is well."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from doctor_world import DEV, PROD, examine, stand_by
from pydantic import SecretStr
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.catalog.conditions import OwnConnection, SettingValue
from egrow_replica.db import parse_dsn
from egrow_replica.lab import conninfo
from egrow_replica.model import Server, Severity, Side
from egrow_replica.window.checks import ALL, FIRST, addresses, servers

#: What needs a restart, or would disturb other tests: all of it in one pair of servers.
DEV_SETTINGS = {
    "wal_level": "replica",
    "max_replication_slots": "0",
    "max_wal_senders": "0",
    "max_slot_wal_keep_size": "64MB",
    "idle_replication_slot_timeout": "1min",
    "max_connections": "10",
    "autovacuum_worker_slots": "3",
    "output_plugin_libraries": "test_decoding",
    "log_min_duration_sample": "0",
    "log_parameter_max_length_on_error": "-1",
}
PROD_SETTINGS = {
    "max_connections": "10",
    "autovacuum_worker_slots": "3",
    "track_commit_timestamp": "off",
    "track_counts": "off",
    "max_logical_replication_workers": "0",
    "max_worker_processes": "0",
    "max_sync_workers_per_subscription": "0",
    "max_active_replication_origins": "1",
    "max_replication_slots": "1",
    "log_statement": "all",
    "log_min_duration_statement": "0",
    "log_transaction_sample_rate": "0.5",
    "shared_preload_libraries": "auto_explain,pg_stat_statements",
    "auto_explain.log_min_duration": "0",
    "pg_stat_statements.track_utility": "on",
}
TABLE = """
CREATE TABLE things (id int PRIMARY KEY);
CREATE ROLE egrow_operator LOGIN PASSWORD 'secret';
GRANT pg_monitor TO egrow_operator
"""
EXPECTED = {
    "error dev wal-level wal_level",
    "error dev output-plugin output_plugin_libraries",
    "error dev slots max_replication_slots",
    "error dev senders max_wal_senders",
    "warning dev connections max_connections",
    "warning dev slot-limits max_slot_wal_keep_size",
    "warning dev slot-limits idle_replication_slot_timeout",
    "warning prod connections max_connections",
    "error prod workers max_logical_replication_workers",
    "error prod processes max_worker_processes",
    "error prod origins max_active_replication_origins",
    "info prod sync-workers max_sync_workers_per_subscription",
    "error prod wal-evidence pg_walinspect",
    "warning prod commit-timestamps track_commit_timestamp",
    "error prod row-counters track_counts",
    "warning prod log-password log_statement",
    "warning prod log-password log_min_duration_statement",
    "warning prod log-password log_min_error_statement",
    "warning prod log-password log_transaction_sample_rate",
    "warning prod statistics-password pg_stat_statements.track_utility",
    "warning prod log-rows log_parameter_max_length",
    "warning prod log-rows auto_explain.log_min_duration",
    "warning dev log-rows log_parameter_max_length",
    "warning dev log-rows log_parameter_max_length_on_error",
    "warning prod standbys synchronous_standby_names",
    # and what an ordinary role without setup lacks
    "error dev privilege egrow_operator",
    "error dev privilege public.things",
    "error dev stream-role egrow_operator",
    "error prod rows public.things",
    "error prod privilege egrow_operator",
    "error prod privilege public.things",
    "error prod content-roles egrow_apply, egrow_restore",
}


def test_settings(new_lab: Callable[..., Pair]) -> None:
    pair = new_lab(set_up=False, load=False, dev_settings=DEV_SETTINGS, prod_settings=PROD_SETTINGS)
    pair.both_sql(TABLE)
    login = {"user": "egrow_operator", "password": "secret"}
    pair.configure(
        tables={"content": ["things"]},
        evidence={"require": "wal"},
        logins={
            "dev": conninfo.write({**conninfo.parse(pair.lab.dev_admin_dsn), **login}),
            "prod": conninfo.write({**conninfo.parse(pair.lab.prod_admin_dsn), **login}),
            "stream": conninfo.write({**conninfo.parse(pair.lab.dev_admin_dsn), **login}),
        },
    )
    pair.prod_sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    pair.prod_sql("SELECT pg_reload_conf()")
    wait_until(lambda: pair.value(PROD, "SHOW synchronous_standby_names") == "nobody", 10, what="the setting")
    found = examine(pair)
    usual = {line for line in found.lines() if "stream-reach" in line}
    expected = EXPECTED | {"error dev stream-login " + parse_shown(pair, "stream")}
    lines = found.lines() - usual
    assert (lines - expected, expected - lines) == (set(), set())
    stand_by(pair)  # no third pair of servers for it
    found = examine(pair)
    assert {one.server for one in found.of("in-recovery") if one.severity is Severity.ERROR} == {Side.DEV, Side.PROD}


def parse_shown(pair: Pair, login: str) -> str:
    return parse_dsn(SecretStr(pair.logins[login]), name=login).shown


def test_all_is_well(shared_pair: Pair) -> None:
    """Every check answers ok on servers that are as they should be: none is silent."""
    found = examine(shared_pair)
    assert found.failure is None
    answered = {(check.id, check.server) for check in found.checks}
    silent = {(one.id, one.side) for one in (*FIRST, *ALL)} - answered
    # These answer by narrower names.
    assert (
        silent - {("slot-limits", Side.DEV), ("stream-address", Side.PROD), ("rows", Side.PROD), ("closure", Side.PROD)}
        == {
            ("unknown-user-table", Side.BOTH),
            ("unclassified", Side.PROD),
        }
        - answered
    )
    assert {check.severity for check in found.checks} >= {Severity.OK, Severity.INFO, Severity.WARNING}
    for slug in ("rows-values", "rows-references", "rows-defaults", "stream-login", "timeouts", "pg_dump", "probes"):
        assert all(check.severity is Severity.OK for check in found.of(slug)), slug
        assert found.of(slug)


def test_doctor_changes_nothing(shared_pair: Pair) -> None:
    with shared_pair.unchanged():
        result = shared_pair.cli("doctor")
    assert result.exit_code == 0, str(result)
    assert {"id", "severity", "server", "subject", "message", "remedy"} <= set(result.json["checks"][0])
    shown = shared_pair.cli("--lang", "en", "doctor").json
    assert "checks" in shown


# ---------------------------------------------------------------------------------------------------- what others do


def test_sessions_of_others(shared_pair: Pair) -> None:
    update = "UPDATE users SET bio = 'x' WHERE id = (SELECT min(id) FROM users)"
    lock = "LOCK TABLE lessons IN SHARE MODE"
    with shared_pair.holding(DEV, update, lock) as dev, shared_pair.holding(PROD, lock) as prod:
        shared_pair.configure(doctor={"writing_transaction": "10min"})
        assert [one.severity for one in examine(shared_pair).of("transactions")] == [Severity.OK, Severity.OK]
        shared_pair.configure(
            doctor={"writing_transaction": "1ms", "old_transaction": "1ms", "blocking_transaction": "10min"}
        )
        found = examine(shared_pair)
        transaction = found.one("transactions", DEV)
        assert transaction.severity is Severity.WARNING
        assert str(dev.info.backend_pid) in transaction.remedy
        assert str(prod.info.backend_pid) in found.one("transactions", PROD).remedy
        for server, holder in ((DEV, dev), (PROD, prod)):
            assert (found.one("locks", server).severity, found.one("locks", server).subject) == (
                Severity.ERROR,
                "public.lessons",
            )
            assert str(holder.info.backend_pid) in found.one("locks", server).remedy
        shared_pair.configure(doctor={"writing_transaction": "1ms", "blocking_transaction": "1ms"})
        assert examine(shared_pair).one("transactions", DEV).severity is Severity.ERROR


def test_one_catalog_is_closed(pair: Pair) -> None:
    """Permission denied is an answer for that check; all others go on."""
    pair.dev_sql("REVOKE SELECT ON pg_catalog.pg_prepared_xacts FROM PUBLIC")
    pair.prod_sql("REVOKE SELECT ON pg_catalog.pg_stat_ssl FROM PUBLIC")
    pair.prod_sql("REVOKE SELECT ON public.lessons FROM egrow_operator")
    found = examine(pair)
    closed = found.one("prepared-transactions", DEV)
    assert closed.severity is Severity.ERROR
    assert "permission denied" in closed.message
    assert "permission denied" in found.one("tls", PROD).message
    assert found.one("rows").subject == "public.lessons"
    assert {one.subject for one in found.of("unique-differs")} == {"public.products", "public.prices"}
    assert found.one("privilege", PROD).remedy.endswith('GRANT SELECT ON public.lessons TO "egrow_operator";')
    assert found.of("pg_dump")


# ---------------------------------------------------------------------------------------------- what cannot be made so


@pytest.mark.parametrize(
    ("level", "effective", "refused"),
    [("logical", None, False), ("replica", None, True), ("replica", "replica", True), ("replica", "logical", False)],
)
def test_wal_that_became_logical_on_demand(level: str, effective: str | None, refused: bool) -> None:
    """No server here has ``effective_wal_level``, which comes with 19: what is asked of it, by itself."""
    values = {"wal_level": level} | ({"effective_wal_level": effective} if effective else {})
    known = {name: SettingValue(name=name, value=value, unit="", may_set=False) for name, value in values.items()}
    view: Any = SimpleNamespace(has=lambda server: True, server_settings=lambda server: known)
    found = servers.wal_level[0].run(view)
    assert [one.severity for one in found] == [Severity.ERROR if refused else Severity.OK]


def way(address: str, client: str | None, server: str | None, *, port: int = 5432) -> OwnConnection:
    """A connection of ours to ``address``, and the two ends as the server sees them."""
    return OwnConnection(
        encrypted=False,
        address=address,
        port=port,
        client_address=client,
        server_address=server,
        server_port=5432 if server else None,
    )


HERE = way("127.0.0.1", "127.0.0.1", "127.0.0.1")
SOCKET = way("", None, None)
CONTAINER = way("127.0.0.1", "172.18.0.1", "172.18.0.2", port=54321)
OTHER_CONTAINER = way("127.0.0.1", "172.18.0.1", "172.18.0.3", port=54322)
TUNNEL = way("127.0.0.1", "127.0.0.1", "127.0.0.1", port=6000)
FAR = way("203.0.113.5", "198.51.100.7", "203.0.113.5")
FAR_TOO = way("203.0.113.9", "198.51.100.7", "203.0.113.9")
FAR_CONTAINER = way("203.0.113.5", "198.51.100.7", "172.18.0.2", port=5433)
TRANSLATED = way("203.0.113.50", "198.51.100.7", "10.0.0.5")


@pytest.mark.parametrize(
    ("ours", "warns"), [(HERE, False), (SOCKET, False), (CONTAINER, False), (FAR, True), (TRANSLATED, True)]
)
def test_a_connection_that_leaves_the_machine_unencrypted(ours: OwnConnection, warns: bool) -> None:
    """Encrypted ones are in ``test_doctor_rest.py``, on PostgreSQL 15."""
    view: Any = SimpleNamespace(has=lambda server: True, own_connection=lambda server: ours)
    for one in addresses.tls:
        assert [check.severity for check in one.run(view)] == [Severity.WARNING if warns else Severity.OK]


@pytest.mark.parametrize(
    ("dev", "prod", "found"),
    [
        (HERE, HERE, True),
        (SOCKET, HERE, True),
        (CONTAINER, HERE, True),  # at its published port, as seen from here
        (HERE, CONTAINER, False),
        (SOCKET, CONTAINER, False),
        (OTHER_CONTAINER, CONTAINER, False),
        (CONTAINER, CONTAINER, True),
        (HERE, FAR, False),
        (CONTAINER, FAR, None),
        (FAR, FAR, True),
        (FAR_CONTAINER, FAR, True),
        (FAR_TOO, FAR, None),
        (HERE, TRANSLATED, False),
        (FAR_TOO, TRANSLATED, None),
        (TUNNEL, FAR, None),
        (HERE, TUNNEL, None),
    ],
)
def test_whether_production_finds_dev_on_its_own_machine(
    dev: OwnConnection, prod: OwnConnection, found: bool | None
) -> None:
    assert addresses.shares_machine(dev, prod) is found


@pytest.mark.parametrize(
    ("prod", "stream", "slugs"),
    [
        (FAR, "host=127.0.0.1 user=s", ["stream-address error", "stream-reach info"]),
        (CONTAINER, "user=s", ["stream-address error", "stream-reach info"]),
        (TUNNEL, "host=localhost user=s", ["stream-address warning", "stream-reach info"]),
        (FAR, "host=dev.example user=s", ["stream-tls warning", "stream-reach info"]),
        (FAR, "host=dev.example sslmode=verify-full", ["stream-reach info"]),
        (HERE, "host=localhost", ["stream-reach info"]),
        (HERE, "host=::1", ["stream-reach info"]),
    ],
)
def test_ways_to_dev(prod: OwnConnection, stream: str, slugs: list[str]) -> None:
    view: Any = SimpleNamespace(
        has=lambda server: True,
        stream=parse_dsn(SecretStr(stream), name="stream"),
        own_connection=lambda server: prod if server is Server.PROD else HERE,
    )
    found = addresses.stream_address[0].run(view)
    assert [f"{one.id} {one.severity}" for one in found] == slugs
