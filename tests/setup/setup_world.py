"""Words for what setup makes and takes away."""

from __future__ import annotations

import os
import pty
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from support.catalogs import differences
from support.command import COMMAND, Result, environment
from support.pair import Pair

from egrow_replica.model import Server

OURS = ("egrow_apply", "egrow_maintenance", "egrow_operator", "egrow_reconcile", "egrow_restore", "egrow_stream")


def admins(pair: Pair) -> dict[str, str]:
    return {"EGROW_DEV_ADMIN_DSN": pair.lab.dev_admin_dsn, "EGROW_PROD_ADMIN_DSN": pair.lab.prod_admin_dsn}


def setup(pair: Pair, *arguments: str, env: Mapping[str, str] | None = None) -> Result:
    return pair.cli("setup", *arguments, env={**admins(pair), **(env or {})})


@contextmanager
def nothing_changes(pair: Pair) -> Iterator[None]:
    """As :meth:`Pair.unchanged`, in an open window, whose worker is a session of ours."""
    before = pair.state()
    yield
    assert differences(before, pair.state()) == []


def our_roles(pair: Pair, server: Server) -> list[str]:
    return [name for (name,) in pair.run_sql(server, "SELECT rolname FROM pg_roles WHERE rolname LIKE 'egrow%'")]


def rights_here(pair: Pair, server: Server) -> list[Any]:
    """What our roles may do, or own, in this pair's database or on it."""
    return pair.run_sql(
        server,
        "SELECT refobjid::regrole::text, classid::regclass::text, objid FROM pg_shdepend"
        " WHERE refclassid = 'pg_authid'::regclass AND refobjid::regrole::text LIKE 'egrow%'"
        " AND (dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
        "      OR classid = 'pg_database'::regclass"
        "         AND objid = (SELECT oid FROM pg_database WHERE datname = current_database()))",
    )


def checks(result: Result, slug: str) -> list[dict[str, Any]]:
    return [one for one in result.json["checks"] if one["id"] == slug]


def on_a_terminal(pair: Pair, answers: str, *arguments: str) -> tuple[int, str]:
    """Run a command where a person sits, who has typed these answers; its exit code and what was seen."""
    command = [str(COMMAND), "--config", str(pair.config), *arguments]
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(pair.directory)
        os.execve(command[0], command, environment({**admins(pair), "TERM": "dumb"}))
    os.write(terminal, answers.encode())
    seen = b""
    while True:
        try:
            block = os.read(terminal, 4096)
        except OSError:  # how a terminal ends
            break
        if not block:
            break
        seen += block
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode()
