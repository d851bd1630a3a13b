"""``kill -9`` of ``enable`` while it backs production up."""

from __future__ import annotations

from pathlib import Path

from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.model import Server

PROD = Server.PROD
DUMPING = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'egrow-replica/backup'"
    " AND datname = current_database()"
)


def test_no_password_and_no_program_is_left_and_the_window_goes_on(pair: Pair) -> None:
    pair.prod_sql("CREATE TABLE diary AS SELECT i, repeat(md5(i::text), 8) AS x FROM generate_series(1, 150000) AS i")
    pair.prod_sql("GRANT SELECT ON diary TO egrow_operator")
    pair.configure(backup={"compression": "9"})
    temporary = pair.directory / "tmp"
    temporary.mkdir()
    with pair.start("enable", "--name", "june", env={"TMPDIR": str(temporary)}) as running:
        wait_until(lambda: running.ended or pair.value(PROD, DUMPING) > 1, 60, what="pg_dump at work")
        assert not running.ended, str(running.result())
        running.kill()
    wait_until(lambda: pair.value(PROD, DUMPING) == 0, 15, what="the end of pg_dump")
    wait_until(lambda: not programs(pair.directory), 15, what="the end of its processes")
    assert list(temporary.iterdir()) == []
    password = pair.lab.passwords.operator.encode()
    holding = [path for path in pair.directory.rglob("*") if path.is_file() and password in path.read_bytes()]
    assert holding == [pair.config], "the DBA's own"
    (half,) = pair.ok("backups", "list").json["backups"]
    assert (half["state"], half["verified"], half["window"]) == ("incomplete", False, "june")
    opened = pair.ok("enable")
    listed = {one["directory"]: one["state"] for one in pair.ok("backups", "list").json["backups"]}
    assert listed.pop(half["directory"]) == "incomplete"
    assert listed == {opened.json["backup"]["directory"]: "finished"}
    pair.ok("disable")


def programs(directory: Path) -> list[str]:
    """Command lines that name a directory."""
    lines = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = place.read_bytes()
        except OSError:
            continue
        if str(directory).encode() in line:
            lines.append(line.decode(errors="replace"))
    return lines
