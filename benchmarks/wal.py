"""How fast production's WAL is examined, end to end, and what it costs: ``python benchmarks/wal.py [megabytes]``.

A server of its own writes WAL of two sorts: an application's small transactions on an indexed table (with full page
images after a checkpoint), and bulk loads of rows so short that WAL is nothing but tiny records, the worst case. Then
both are read with the program's own code. Printed beside the speed: the memory of this process, and what the server
wrote to temporary files.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import psycopg
from pydantic import SecretStr

from egrow_replica.catalog import Scope
from egrow_replica.db import Door, connect, parse_dsn
from egrow_replica.evidence.wal import Mark, WalFindings, WalState, examine, mark, read_wal, settle
from egrow_replica.evidence.wal_read import PIECE_BYTES
from egrow_replica.evidence.wal_state import lsn_number
from egrow_replica.guard import Policy
from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server

EMPTY = Scope(tables=(), sequences=(), foreign_keys=())

SCHEMA = """
CREATE SCHEMA egrow_ext; CREATE EXTENSION pg_walinspect SCHEMA egrow_ext;
CREATE TABLE account (id int PRIMARY KEY, owner int, balance numeric, note text);
CREATE INDEX ON account (owner);
CREATE TABLE entry (id bigserial PRIMARY KEY, account int, amount numeric, at timestamptz DEFAULT now(), note text);
CREATE INDEX ON entry (account);
CREATE TABLE tiny (id int);
INSERT INTO account SELECT i, i % 1000, 0, repeat('n', 60) FROM generate_series(1, 200000) AS i;
CREATE PROCEDURE work(count int) LANGUAGE plpgsql AS $$
DECLARE one int;
BEGIN
  FOR i IN 1..count LOOP
    one := 1 + random() * 199999;
    UPDATE account SET balance = balance + 1 WHERE id = one;
    INSERT INTO entry (account, amount, note) VALUES (one, 1, 'a note of ordinary length for an entry');
    COMMIT;
  END LOOP;
END $$;
"""


def main(megabytes: int) -> None:
    with tempfile.TemporaryDirectory(prefix="egrow-bench-") as name:
        Path(name).chmod(0o755)
        settings = {"max_wal_size": "8GB", "checkpoint_timeout": "1h"}
        with Lab.start(Path(name) / "lab", load=False, prod_settings=settings) as lab:
            lab.psql(Server.PROD, SCHEMA)
            dsn = parse_dsn(SecretStr(lab.prod_admin_dsn), name="prod")
            for what, statement in (("application", "CALL work(2000)"), ("tiny records", _TINY)):
                before = _temporary_bytes(lab)
                with connect(dsn, Server.PROD, Policy.reading(), what="bench") as door:
                    measure(lab, door, what, statement, megabytes)
                # A session's counters have arrived when it has ended.
                print(f"  temporary files on the server: {(_temporary_bytes(lab) - before) / 1e6:.1f} MB")


_TINY = "INSERT INTO tiny SELECT i FROM generate_series(1, 100000) AS i"


def measure(lab: Lab, door: Door, what: str, statement: str, megabytes: int) -> None:
    lab.psql(Server.PROD, "CHECKPOINT")
    state = settle(door, mark(door), EMPTY, seconds=10)
    assert isinstance(state, WalState)
    end = mark(door)
    with psycopg.connect(lab.prod_admin_dsn, autocommit=True) as application:
        application.execute("SET synchronous_commit = off")
        while lsn_number(end.lsn) - lsn_number(state.start) < megabytes << 20:
            application.execute(statement.encode())
            end = mark(door)
    raw = _counting(lab, state.start, end.lsn)
    begin, begin_cpu = time.monotonic(), _cpu_seconds(door.backend_pid)
    after, findings = _examined(door, state, end)
    seconds, cpu = time.monotonic() - begin, _cpu_seconds(door.backend_pid) - begin_cpu
    # Once more for our memory: looking at every allocation would have slowed the first reading.
    tracemalloc.start()
    _examined(door, state, end)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    size = (lsn_number(after.position) - lsn_number(after.start)) / (1 << 20)
    print(
        f"{what}: {size:.0f} MB of WAL, {after.records:,} records of interest, "
        f"in {seconds:.1f} s: {size / seconds:.0f} MB/s, "
        f"{size / cpu:.0f} MB a second of the server's processor time, {cpu / raw:.2f} times what only counting takes; "
        f"our memory: {peak / 1e6:.1f} MB allocated at most, {_resident():.0f} MB resident at most; "
        f"state {len(after.model_dump_json()):,} bytes; tables with writes: "
        f"{sum(not one.untouched for one in findings.tables)}"
    )


def _examined(door: Door, state: WalState, end: Mark) -> tuple[WalState, WalFindings]:
    after = read_wal(door, state, end, EMPTY)
    assert isinstance(after, WalState), after
    return after, examine(door, after, EMPTY, {})


def _counting(lab: Lab, start: str, end: str) -> float:
    """Processor time that the server needs to decode the same records and only count them, in pieces of that size."""
    with psycopg.connect(lab.prod_admin_dsn, autocommit=True) as connection:
        connection.execute("SET work_mem = '64MB'")
        begin = _cpu_seconds(connection.info.backend_pid)
        for at in range(lsn_number(start), lsn_number(end), PIECE_BYTES):
            connection.execute(
                "SELECT count(*) FROM egrow_ext.pg_get_wal_records_info('0/0'::pg_lsn + %s, '0/0'::pg_lsn + %s)",
                [at, min(at + PIECE_BYTES, lsn_number(end))],
            )
        return _cpu_seconds(connection.info.backend_pid) - begin


def _cpu_seconds(pid: int) -> float:
    """What a process of this machine has used so far (proc_pid_stat(5)): other work on the machine does not count."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _temporary_bytes(lab: Lab) -> int:
    # A session's counters arrive at its end, at the latest; ours ends with psql, the door's when it is idle.
    return int(
        lab.psql(Server.PROD, "SELECT pg_stat_force_next_flush(); SELECT sum(temp_bytes) FROM pg_stat_database;")
    )


def _resident() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 256)
