"""A real standby: commits that wait for it, for nobody, or not; and one that is named as the server itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from doctor_world import DEV, PROD, examine, reload_settings
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.lab import conninfo
from egrow_replica.lab.binaries import server_user
from egrow_replica.lab.servers import free_ports
from egrow_replica.model import Server, Severity, Side

SYNC = "SELECT sync_state FROM pg_stat_replication"


@pytest.fixture(scope="module")
def lab(new_module_lab: Callable[..., Pair]) -> Pair:
    pair = new_module_lab(set_up=False, load=False)
    pair.both_sql("CREATE TABLE things (id int PRIMARY KEY)")
    pair.configure(tables={"content": ["things"]})
    pair.use_superuser()
    return pair


@contextmanager
def standby(pair: Pair, server: Server) -> Iterator[str]:
    """A copy of a server that receives its WAL, as long as the block runs; how to log in there."""
    values = conninfo.parse(pair.lab.admin_dsn(server))
    home, port = pair.directory.parent / f"standby of {server}", str(free_ports(1)[0])
    data = home / "data"
    home.mkdir()
    user = server_user()
    options: dict[str, object] = {"user": user.uid, "group": user.gid, "extra_groups": []} if user else {}
    environment = {**os.environ, "PGPASSWORD": values["password"], "LC_ALL": "C"}
    primary = conninfo.write(
        {**{name: values[name] for name in ("host", "port", "user", "password")}, "application_name": "second"}
    )

    def run(program: str, *arguments: str) -> None:
        command = [pair.lab.bin_dir / program, *arguments]
        subprocess.run(command, env=environment, check=True, capture_output=True, cwd=home, **options)  # type: ignore[call-overload]

    if user:
        os.chown(home, user.uid, user.gid)
    run("pg_basebackup", "-d", primary, "-D", str(data), "-R", "-c", "fast", "-X", "stream", "--no-sync")
    run("pg_ctl", "-D", str(data), "-o", f"-p {port}", "-l", str(home / "log"), "-w", "start")
    try:
        wait_until(lambda: connected(pair, server), 20, what="the standby")
        yield conninfo.write({**values, "port": port})
    finally:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
        wait_until(lambda: not connected(pair, server), 20, what="the end of the standby")


def connected(pair: Pair, server: Server) -> bool:
    return bool(pair.value(server, "SELECT count(*) FROM pg_stat_replication WHERE application_name = 'second'"))


def test_standbys(lab: Pair) -> None:
    """Nothing else on these servers ever commits, so nobody waits for long."""
    assert {one.severity for one in examine(lab).of("standbys")} == {Severity.OK}
    for server, word in ((PROD, "goes to 1 standby too"), (DEV, None)):
        with standby(lab, server) as copy:
            found = examine(lab).one("standbys", server)
            assert found.severity is (Severity.INFO if word else Severity.OK)
            assert word is None or word in found.message
            reload_settings(lab, server, "ALTER SYSTEM SET synchronous_standby_names = 'second'")
            wait_until(lambda s=server: lab.value(s, SYNC) == "sync", 10, what="the synchronous standby")
            found = examine(lab).one("standbys", server)
            assert (found.severity, found.subject) == (Severity.INFO, "synchronous_standby_names")
            assert "waits for 1 standby" in found.message
            if server is PROD:
                in_recovery_is_told(lab, copy)
        found = examine(lab).one("standbys", server)
        assert found.severity is Severity.WARNING
        assert "for ever" in found.message
        apply_system(lab, server, found.remedy)
        assert examine(lab).one("standbys", server).severity is Severity.OK


def in_recovery_is_told(lab: Pair, copy: str) -> None:
    """Dev's own identity is another one; the standby has production's."""
    lab.configure(logins={"prod": copy})
    found = examine(lab).one("in-recovery", PROD)
    assert found.severity is Severity.ERROR
    assert found.server is Side.PROD
    for command in ("enable", "sync", "disable", "restore", "pause", "plan"):
        result = lab.cli(command)
        assert (result.exit_code, result.error["code"]) == (4, "in-recovery"), str(result)
    for command in ("status", "compare", "validate"):
        assert "recovery" not in str(lab.cli(command).json.get("error", "")), command
    lab.configure(logins={"prod": lab.lab.prod_admin_dsn})


def test_productions_worker_as_a_standby(lab: Pair) -> None:
    reload_settings(lab, DEV, "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'")
    found = examine(lab).of("standbys")
    told = [one for one in found if "production's worker" in one.message]
    assert [one.severity for one in told] == [Severity.WARNING]
    apply_system(lab, DEV, told[0].remedy)
    assert {one.severity for one in examine(lab).of("standbys")} == {Severity.OK}


def apply_system(pair: Pair, server: Server, remedy: str) -> None:
    statement, reload, *_ = remedy.partition(" -- ")[0].split("; ")
    assert reload.startswith("SELECT pg_reload_conf()")
    reload_settings(pair, server, statement)
