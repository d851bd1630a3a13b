"""SQL through the ``psql`` that comes with the servers: the lab is no part of the program's one door."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from egrow_replica.errors import ServerUnavailable, StatementFailed
from egrow_replica.lab import conninfo

_CONNECTION_LOST = 2


def psql_environment(dsn: str, secrets: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a psql on that connection, without the caller's own PG variables."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    defaults = {"PGCLIENTENCODING": "UTF8", "PGCONNECT_TIMEOUT": "10", "PGAPPNAME": "egrow-lab", "LC_ALL": "C"}
    return {**inherited, **defaults, **conninfo.environment(conninfo.parse(dsn)), **(secrets or {})}


def psql_command(bin_dir: Path, variables: Mapping[str, str] | None = None) -> list[str]:
    """The command: no start-up file, bare output, stop at the first error, errors with their SQLSTATE."""
    settings = {"ON_ERROR_STOP": "1", "VERBOSITY": "verbose", **(variables or {})}
    options = [option for name, value in settings.items() for option in ("-v", f"{name}={value}")]
    return [str(bin_dir / "psql"), "--no-psqlrc", "--no-password", "-qAt", *options]


def psql(
    dsn: str,
    sql: str | None = None,
    *,
    bin_dir: Path,
    file: Path | None = None,
    variables: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    timeout: float = 900,
) -> str:
    """Run statements, or a script, and answer what psql printed (fields separated by ``|``).

    :param variables: psql variables, visible to every user of the machine.
    :param secrets: environment variables, for ``\\getenv``.
    :raises ServerUnavailable: where it cannot connect or loses the connection.
    :raises StatementFailed: where a statement failed.
    """
    command = [*psql_command(bin_dir, variables), "-f", str(file) if file is not None else "-"]
    try:
        done = subprocess.run(  # noqa: S603 - psql, no shell
            command,
            input=sql if file is None else "",
            env=psql_environment(dsn, secrets),
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ServerUnavailable(f"a script of the lab did not end within {timeout:g} s") from None
    if done.returncode == 0:
        return done.stdout.rstrip("\n")
    if done.returncode == _CONNECTION_LOST:
        raise ServerUnavailable(f"the lab cannot reach a server: {_first_line(done.stderr)}")
    raise _failure(done.stderr)


def _failure(text: str) -> StatementFailed:
    found = re.search(r"(?:ERROR|FATAL|PANIC):\s+([0-9A-Z]{5}): (.*)", text)
    if found is None:
        return StatementFailed(f"psql failed: {_first_line(text)}", sqlstate="XX000")
    return StatementFailed(f"the lab's statement failed: {found[2]}", sqlstate=found[1])


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0] or "psql gave no reason"
