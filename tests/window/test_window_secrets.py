"""Passwords appear nowhere: what the program prints, logs, keeps and hands to the servers is searched for them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from support.command import Result, Spy, run
from support.pair import Pair

from egrow_replica.lab import conninfo
from egrow_replica.lab.lab import Lab, Passwords
from egrow_replica.model import Server

#: Whatever has to be quoted in SQL, in a connection string, in a URL, in a passfile, in TOML or in a shell.
NASTY = "Zürich' \"%s\\ @:/%%!{}$(id)`x`;#?&=+ñ🔑"


@pytest.fixture(scope="module")
def nasty(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """Servers that log every statement, and roles with passwords that nobody can write without quoting."""
    new_lab: Callable[..., Pair] = request.getfixturevalue("new_module_lab")
    loud = {
        "log_statement": "all",
        "log_min_duration_statement": "0",
        "log_connections": "all",
        "log_error_verbosity": "verbose",
        "log_replication_commands": "on",
    }
    pair = new_lab(dev_settings=loud, prod_settings=loud, set_up=False)
    passwords = Passwords(operator=f"op{NASTY}er", stream=f"str{NASTY}eam", application=pair.lab.passwords.application)
    lab = pair.lab.model_copy(update={"passwords": passwords})
    lab._link = pair.lab._link
    pair.lab = lab
    pair.configure(logins={"dev": lab.dev_dsn, "prod": lab.prod_dsn, "stream": lab.stream_dsn})
    return pair


def forms(password: str) -> list[bytes]:
    """How it could be written down: plain, doubled and escaped quotes, in a URL, in JSON."""
    texts = {
        password,
        password.replace("'", "''"),
        password.replace("\\", "\\\\").replace("'", "\\'"),
        password.replace("\\", "\\\\").replace("'", "''"),
        password.replace("\\", "\\\\").replace('"', '\\"'),
        password.replace("\\", "\\\\").replace(":", "\\:"),
        quote(password, safe=""),
        quote(password),
    }
    return [text.encode() for text in texts] + [password.encode("unicode_escape"), password[:14].encode()]


def holding(secrets: dict[str, str], text: bytes | str) -> list[str]:
    """Whose passwords a text holds."""
    raw = text.encode(errors="surrogateescape") if isinstance(text, str) else text
    return [name for name, password in secrets.items() if any(form in raw for form in forms(password))]


def secrets_of(pair: Pair) -> dict[str, str]:
    admin = pair.lab.admin[Server.PROD]["password"]
    return {"operator": pair.lab.passwords.operator, "stream": pair.lab.passwords.stream, "admin": admin}


@pytest.fixture(scope="module")
def told(nasty: Pair) -> tuple[list[Result], set[str]]:
    """Everything once, also what fails, with the most talkative options; and the command lines that were seen."""
    nasty.set_up()
    results: list[Result] = []
    wrong = {
        name: conninfo.write({**conninfo.parse(dsn), "password": f"wrong{NASTY}"}) for name, dsn in nasty.logins.items()
    }
    right = dict(nasty.logins)

    def do(*arguments: str, json: bool = True) -> None:
        env = {"EGROW_DEV_ADMIN_DSN": nasty.lab.dev_admin_dsn, "EGROW_PROD_ADMIN_DSN": nasty.lab.prod_admin_dsn}
        options = ["--config", str(nasty.config), "--yes", "--verbose", "--log-file", str(nasty.directory / "log")]
        results.append(run([*options, *(["--json"] if json else []), *arguments], directory=nasty.directory, env=env))

    with Spy() as spy:
        do("setup")
        do("setup", json=False)
        do("setup", "--apply")
        do("enable", "--name", "nasty")
        do("status", json=False)
        nasty.dev_sql("UPDATE courses SET title = title || '!'")
        do("pause")
        do("resume")
        do("validate")
        do("disable", json=False)
        do("restore")
        for name in ("dev", "prod", "stream"):
            nasty.configure(logins={**right, name: wrong[name]})
            do("enable", "--name", f"wrong-{name}")
            do("status", json=False)
        nasty.configure(logins=right)
        nasty.prod_sql("ALTER ROLE egrow_operator RENAME TO somebody_else")
        do("enable", "--name", "no-role")
        nasty.prod_sql("ALTER ROLE somebody_else RENAME TO egrow_operator")
        nasty.use_superuser()
        do("sync", "--name", "superuser")
        nasty.configure(logins=right)
    return results, spy.seen


def test_it_works_with_such_passwords(told: tuple[list[Result], set[str]], nasty: Pair) -> None:
    assert [str(one) for one in told[0] if one.exit_code not in (0, 7)] == []
    assert [one.exit_code for one in told[0]] == [0] * 10 + [7, 7, 7, 7, 7, 0, 7, 0], (
        "only the stream's login is not status's business"
    )
    assert nasty.leftovers() == []


def test_nothing_is_printed(told: tuple[list[Result], set[str]], nasty: Pair) -> None:
    secrets = secrets_of(nasty) | {"wrong": f"wrong{NASTY}"}
    for result in told[0]:
        assert holding(secrets, result.stdout + result.stderr) == [], str(result)


def test_no_process_shows_it(told: tuple[list[Result], set[str]], nasty: Pair) -> None:
    assert any("pg_dump" in line for line in told[1]), "the backup was seen at work"
    assert [line for line in told[1] if holding(secrets_of(nasty), line)] == []


def test_the_log_file_has_no_secret(told: tuple[list[Result], set[str]], nasty: Pair) -> None:
    log = (nasty.directory / "log").read_bytes()
    assert b"step reconcile" in log
    assert holding(secrets_of(nasty) | {"wrong": f"wrong{NASTY}"}, log) == []


def test_the_journal_has_no_secret(told: tuple[list[Result], set[str]], nasty: Pair) -> None:
    tables = nasty.prod_sql(
        "SELECT relname FROM pg_class WHERE relnamespace = 'egrow_replica'::regnamespace AND relkind = 'r'"
    )
    assert len(tables) >= 3
    for (table,) in tables:
        for (row,) in nasty.prod_sql(f'SELECT t::text FROM egrow_replica."{table}" AS t'):
            assert holding(secrets_of(nasty), row) == [], table


def test_the_backups_have_no_secret(told: tuple[list[Result], set[str]], nasty: Pair) -> None:
    """Verifiers of passwords neither: the dump is of one database, and roles are not in it."""
    files = [file for file in nasty.backups.rglob("*") if file.is_file()]
    assert any(file.name == "toc.dat" for file in files)
    for file in files:
        assert holding(secrets_of(nasty), file.read_bytes()) == [], file
    for dump in {file.parent for file in files if file.name == "toc.dat"}:
        text = subprocess.run(
            [nasty.lab.bin_dir / "pg_restore", "-f", "-", dump], capture_output=True, check=True
        ).stdout
        assert b"COPY" in text
        assert holding(secrets_of(nasty), text) == []
        assert b"SCRAM-SHA-256" not in text
        assert b"CREATE SUBSCRIPTION" not in text


@pytest.mark.parametrize("server", list(Server))
def test_the_servers_logs_have_no_secret(told: tuple[list[Result], set[str]], nasty: Pair, server: Server) -> None:
    """Although both servers log every statement, its duration, and each statement that fails."""
    log = server_log(nasty.lab, server)
    assert b"CREATE" in log, "it is the log of every statement"
    found = [line for line in log.splitlines() if holding(secrets_of(nasty), line)]
    assert found == []


def test_no_file_of_the_controller_is_left(told: tuple[list[Result], set[str]], nasty: Pair) -> None:
    """Passfiles and the like are gone; the configuration is the DBA's own."""
    left = [file for file in nasty.directory.rglob("*") if file.is_file() and file != nasty.config]
    assert [file for file in left if holding(secrets_of(nasty), file.read_bytes())] == []


def server_log(lab: Lab, server: Server) -> bytes:
    logs = [Path(path) for path in lab.directory.rglob(f"*{server}.log")] or list(lab.directory.rglob("*.log"))
    return b"".join(path.read_bytes() for path in logs)
