"""Bad input: the contract's exit code, one clear message with a remedy, and both servers exactly as they were."""

from __future__ import annotations

import itertools
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from support.command import COMMAND, Result, as_result, environment
from support.pair import Pair

from egrow_replica.lab import conninfo
from egrow_replica.model import Server

PRESET = {"preset": "egrow-academy"}


def refused(pair: Pair, exit_code: int, *said: str, arguments: tuple[str, ...] = ("enable", "--name", "bad")) -> Result:
    """Run a command that has to be refused, and see that it left no trace on either server or in the backups."""
    with pair.unchanged():
        result = pair.cli(*arguments)
    assert result.exit_code == exit_code, str(result)
    assert result.error["code"], str(result)
    assert "bug" not in result.error["message"], str(result)
    for text in said:
        assert text in result.message, str(result)
    assert not pair.backups.exists() or not list(pair.backups.iterdir()), "a refused window leaves no backup"
    return result


@pytest.fixture
def bad(shared_pair: Pair) -> Pair:
    """A pair whose configuration a test may spoil."""
    return shared_pair


@contextmanager
def objects(pair: Pair, make: str, *, undo: str = "") -> Iterator[None]:
    """Something on both servers for the length of a block."""
    pair.both_sql(make)
    try:
        yield
    finally:
        if undo:
            pair.both_sql(undo)


# ----------------------------------------------------------------------------------------------------- lists of tables


@pytest.mark.parametrize(
    ("tables", "exit_code", "said"),
    [
        pytest.param(
            {"content": ["courses", "users"], "user": ["users"]}, 3, ["public.users", "user table"], id="in both lists"
        ),
        pytest.param(
            {**PRESET, "content": ["enrollments"]}, 3, ["public.enrollments", "user table"], id="preset's user table"
        ),
        pytest.param({**PRESET, "content": ["corses"]}, 4, ["public.corses", "public.courses"], id="misspelt"),
        pytest.param({**PRESET, "content": ["other.courses"]}, 4, ["other.courses"], id="no such schema"),
        pytest.param({**PRESET, "content": ["Courses"]}, 4, ["public.Courses", "public.courses"], id="never folded"),
        pytest.param({"content": []}, 2, ["content is empty"], id="empty list"),
        pytest.param({}, 2, ["content is empty"], id="no list"),
        pytest.param({**PRESET, "content": ["courses;"]}, 2, ["courses;", "public.courses"], id="not SQL"),
        pytest.param({"content": ['courses"']}, 2, ["quote"], id="bad name"),
        pytest.param({"content": ["a.b.c"]}, 2, ["a.b.c"], id="three parts"),
        pytest.param({"content": [""]}, 2, ["empty"], id="empty name"),
        pytest.param({"preset": "egrow-acadmy"}, 2, ["egrow-academy"], id="unknown preset"),
        pytest.param(
            {**PRESET, "production_columns": {"courses": ["studentCount"]}},
            4,
            ["studentCount"],
            id="unknown column",
        ),
        pytest.param({**PRESET, "production_columns": {"courses": ["id"]}}, 4, ["key"], id="key for production"),
        pytest.param(
            {**PRESET, "production_columns": {"users": ["bio"]}}, 2, ["public.users"], id="column of a user table"
        ),
        pytest.param(
            {**PRESET, "filters": {"courses": "status <> 'DRAFT'"}}, 4, ["publish", "insert"], id="filter with updates"
        ),
        pytest.param({**PRESET, "filters": {"users": "true"}}, 2, ["public.users"], id="filter of a user table"),
    ],
)
def test_lists_of_tables(bad: Pair, tables: dict[str, Any], exit_code: int, said: list[str]) -> None:
    bad.configure(tables=tables)
    refused(bad, exit_code, *said)


@pytest.mark.parametrize(
    ("condition", "exit_code"),
    [
        ("status <> 'DRAFT' OR pg_sleep(1) IS NULL", 3),
        ("id IN (SELECT id FROM users)", 3),
        ("status <>", 3),
        ("true); DROP TABLE users; --", 3),
        ("status <> 'DRAFT'", 4),  # an enum, which PostgreSQL takes into no publication
    ],
)
def test_bad_row_filters(bad: Pair, condition: str, exit_code: int) -> None:
    bad.configure(tables={**PRESET, "filters": {"courses": condition}}, window={"publish": ["insert"]})
    refused(bad, exit_code)


@pytest.mark.parametrize(
    ("make", "undo", "table"),
    [
        ("CREATE VIEW a_view AS SELECT * FROM courses", "DROP VIEW a_view", "a_view"),
        (
            "CREATE MATERIALIZED VIEW a_matview AS SELECT * FROM courses",
            "DROP MATERIALIZED VIEW a_matview",
            "a_matview",
        ),
        (
            "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
            "CREATE FOREIGN TABLE a_foreign (id text) SERVER s",
            "DROP FOREIGN DATA WRAPPER w CASCADE",
            "a_foreign",
        ),
        (
            "CREATE TABLE a_root (id int PRIMARY KEY) PARTITION BY RANGE (id);"
            "CREATE TABLE a_leaf PARTITION OF a_root DEFAULT",
            "DROP TABLE a_root",
            "a_leaf",
        ),
        (
            "CREATE TABLE a_parent (id int PRIMARY KEY); CREATE TABLE a_child (PRIMARY KEY (id)) INHERITS (a_parent)",
            "DROP TABLE a_parent CASCADE",
            "a_child",
        ),
        (
            "CREATE TABLE a_parent (id int PRIMARY KEY); CREATE TABLE a_child (PRIMARY KEY (id)) INHERITS (a_parent)",
            "DROP TABLE a_parent CASCADE",
            "a_parent",
        ),
        (
            "CREATE TABLE a_table (id int PRIMARY KEY);"
            "CREATE RULE a_rule AS ON INSERT TO a_table DO ALSO DELETE FROM users",
            "DROP TABLE a_table",
            "a_table",
        ),
    ],
    ids=["view", "materialised view", "foreign table", "partition", "inheritance child", "inheritance parent", "rule"],
)
def test_what_is_no_plain_table_is_never_content(bad: Pair, make: str, undo: str, table: str) -> None:
    with objects(bad, make, undo=undo):
        bad.configure(tables={**PRESET, "content": [table]})
        refused(bad, 3, f"public.{table}")


@pytest.mark.parametrize(
    ("make", "table", "said"),
    [
        ("CREATE TABLE a_table (id int)", "a_table", "key"),
        ("CREATE UNLOGGED TABLE a_table (id int PRIMARY KEY)", "a_table", "logged"),
        ("CREATE TABLE a_table (id int PRIMARY KEY DEFERRABLE)", "a_table", "key"),
        ("CREATE TABLE a_table (id int UNIQUE, name text)", "a_table", "key"),
        ("CREATE SEQUENCE a_sequence", "a_sequence", "no such table"),
        (
            "CREATE TABLE a_table (id int PRIMARY KEY); ALTER TABLE a_table ENABLE ROW LEVEL SECURITY",
            "a_table",
            "security",
        ),
    ],
    ids=["no key", "unlogged", "deferrable key", "key with NULL", "sequence", "row security"],
)
def test_a_table_that_cannot_be_replicated(bad: Pair, make: str, table: str, said: str) -> None:
    with objects(bad, make, undo="DROP TABLE IF EXISTS a_table; DROP SEQUENCE IF EXISTS a_sequence"):
        bad.configure(tables={**PRESET, "content": [table]})
        refused(bad, 4, f"public.{table}", said)


def test_a_table_that_is_too_wide(pair: Pair) -> None:
    columns = ", ".join(f"ADD COLUMN wide_{number} int" for number in range(600))
    pair.both_sql(f"ALTER TABLE lessons {columns}")
    refused = pair.cli("enable", "--no-backup")
    assert refused.exit_code == 4, str(refused)
    assert refused.error["code"] == "too-wide"
    assert pair.leftovers() == []


@pytest.mark.parametrize(
    ("kind", "remedy"), [("ALWAYS", 'ENABLE TRIGGER "welcome"'), ("REPLICA", 'DISABLE TRIGGER "welcome"')]
)
def test_a_trigger_that_fires_under_replication(bad: Pair, kind: str, remedy: str) -> None:
    bad.prod_sql(
        "CREATE FUNCTION welcome() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN UPDATE users SET bio = NEW.title; RETURN NEW; END';"
        "CREATE TRIGGER welcome AFTER INSERT ON courses FOR EACH ROW EXECUTE FUNCTION welcome();"
        f"ALTER TABLE courses ENABLE {kind} TRIGGER welcome"
    )
    try:
        refused(bad, 3, "public.courses", "welcome", "public.users", remedy)
    finally:
        bad.prod_sql("DROP FUNCTION welcome CASCADE")


# -------------------------------------------------------------------------------------------------------- schema drift


@pytest.mark.parametrize(
    ("server", "change", "said"),
    [
        (
            Server.DEV,
            "ALTER TABLE courses ADD COLUMN subtitle text",
            ['ADD COLUMN "subtitle" text'],
        ),
        (
            Server.PROD,
            "ALTER TABLE lessons ALTER COLUMN duration TYPE smallint",
            ["duration", "smallint", "TYPE integer"],
        ),
        (
            Server.PROD,
            "ALTER TABLE lessons ALTER COLUMN title TYPE varchar(500)",
            ["title", "character varying(500)"],
        ),
        (
            Server.DEV,
            "ALTER TYPE \"CourseStatus\" ADD VALUE 'COMING SOON'",
            ["COMING SOON", "ADD VALUE 'COMING SOON'"],
        ),
        (
            Server.PROD,
            "ALTER TABLE prices DROP CONSTRAINT prices_pkey CASCADE",
            ["public.prices", "(id)"],
        ),
    ],
    ids=["missing column", "narrower type", "other type", "missing enum label", "missing key"],
)
def test_schema_drift(pair: Pair, server: Server, change: str, said: list[str]) -> None:
    pair.run_sql(server, change)
    refused(pair, 4, *said)


# ------------------------------------------------------------------------------------------------------- configuration


@pytest.mark.parametrize(
    ("section", "values", "said"),
    [
        ("window", {"max_agee": "1h"}, ["window.max_agee", "max_age"]),
        ("windows", {}, ["windows", "window"]),
        ("window", {"max_age": "soon"}, ["window.max_age", "10min"]),
        ("window", {"catchup_timeout": 0}, ["catchup_timeout"]),
        ("window", {"publish": ["insert", "truncate"]}, ["publish"]),
        ("window", {"publish": []}, ["publish"]),
        ("window", {"max_wal_retained": "5 parsecs"}, ["max_wal_retained"]),
        ("backup", {"jobs": "many"}, ["backup.jobs"]),
        ("backup", {"keep": 10}, ["backup.keep"]),
        ("evidence", {"require": "faith"}, ["evidence.require"]),
        ("maintenance", {"role": ["app"]}, ["maintenance.role", "roles"]),
        ("maintenance", {"roles": ["app", "app"]}, ["maintenance.roles"]),
        ("maintenance", {"duration": "a while"}, ["maintenance.duration", "10min"]),
        ("notify", {"urls": []}, ["notify"]),
        ("dev", {"password": "hunter2"}, ["dev.password"]),
    ],
)
def test_unknown_keys_and_bad_values(bad: Pair, section: str, values: dict[str, Any], said: list[str]) -> None:
    bad.configure(**{section: values})
    result = refused(bad, 2, *said)
    assert "hunter2" not in result.stdout + result.stderr


def test_no_configuration(bad: Pair) -> None:
    result = run_plain(bad, "--json", "--config", "elsewhere.toml", "status")
    assert result.exit_code == 2
    assert "elsewhere.toml" in result.error["message"]
    assert result.error["hint"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("enable", "--watch"),
        ("watch",),
        ("restore", "--full", "--into", "x"),
        ("restore", "--referenced", "perhaps"),
        ("status", "--format", "prometheus"),
        ("backups",),
        ("backups", "prune"),
        ("enable", "--name"),
        ("enable", "--name", "Bad Name"),
        ("enable", "--name", "bad_name"),
        ("enable", "--name", "-bad"),
        ("enable", "--name", ""),
        ("enable", "--name", "a" * 41),
        ("enable", "--name", "ñ"),
        ("restore", "Bad'Name"),
        ("enable", "surplus"),
        ("nonsense",),
        (),
    ],
    ids=" ".join,
)
def test_usage_errors(shared_pair: Pair, arguments: tuple[str, ...]) -> None:
    result = shared_pair.cli(*arguments)
    assert result.exit_code == 2, str(result)
    assert result.error["hint"], str(result)


@pytest.mark.parametrize(
    "arguments",
    [("enable",), ("sync",), ("pause",), ("resume",), ("disable",), ("restore",), ("setup", "--apply")],
    ids=" ".join,
)
def test_what_writes_asks_and_nobody_answers(shared_pair: Pair, arguments: tuple[str, ...]) -> None:
    result = run_plain(shared_pair, "--json", "--config", str(shared_pair.config), *arguments)
    assert result.exit_code == 2, str(result)
    assert "--yes" in result.error["hint"]


def test_names_as_long_as_they_may_be(pair: Pair) -> None:
    name = "a" * 40
    pair.ok("enable", "--name", name, "--no-backup")
    common = pair.common(name)
    status = pair.ok("status").json
    assert (status["slot"]["name"], status["production_slot"]["name"]) == (common, f"{common}_wal")
    assert len(f"{common}_wal") == 63
    pair.ok("disable")
    assert pair.leftovers() == []


def run_plain(pair: Pair, *arguments: str, extra: dict[str, str] | None = None) -> Result:
    done = subprocess.run(
        [COMMAND, *arguments],
        cwd=pair.directory,
        env=environment(extra),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return as_result(arguments, done.returncode, done.stdout, done.stderr)


# ------------------------------------------------------------------------------------------------------------- servers


def with_changes(dsn: str, **changes: str) -> str:
    return conninfo.write({**conninfo.parse(dsn), **changes})


@contextmanager
def a_port_that_never_answers() -> Iterator[str]:
    """A listener that takes connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken: list[socket.socket] = []

        def take() -> None:
            with suppress(OSError):
                while True:
                    taken.append(listener.accept()[0])

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield str(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for one in taken:
            one.close()


@pytest.fixture(scope="module")
def closed_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@pytest.mark.parametrize("login", ["dev", "prod", "stream"])
@pytest.mark.parametrize(
    "changes",
    [{"password": "not' the\\ one"}, {"dbname": "no such database"}, {"user": "nobody in particular"}],
    ids=["password", "database", "user"],
)
def test_a_login_that_is_refused(bad: Pair, login: str, changes: dict[str, str]) -> None:
    bad.configure(logins={login: with_changes(bad.logins[login], **changes)})
    check_unreachable(bad, login)


@pytest.mark.parametrize("login", ["dev", "prod", "stream"])
def test_a_server_that_does_not_answer(bad: Pair, login: str, closed_port: str) -> None:
    bad.configure(logins={login: with_changes(bad.logins[login], port=closed_port)})
    if login != "stream":
        check_unreachable(bad, login)
        return
    result = bad.cli("enable")  # only production can tell
    assert result.exit_code == 7, str(result)
    assert result.json["rolled_back"] is True
    assert bad.leftovers() == []


def check_unreachable(pair: Pair, login: str) -> None:
    result = refused(pair, 7, "stream" if login == "stream" else login)
    assert pair.logins[login].split("password=")[1].split()[0].strip("'") not in result.stdout + result.stderr
    if login != "stream":
        assert pair.cli("status").exit_code == 7


@pytest.mark.parametrize("login", ["dev", "prod"])
def test_a_server_that_accepts_and_never_answers(bad: Pair, login: str) -> None:
    with a_port_that_never_answers() as port:
        bad.configure(logins={login: with_changes(bad.logins[login], port=port, connect_timeout="2")})
        refused(bad, 7, login)


def test_dev_is_production(bad: Pair) -> None:
    bad.configure(logins={"dev": with_changes(bad.logins["prod"])})
    refused(bad, 4, "same database")


def test_another_name_of_the_same_database(bad: Pair) -> None:
    bad.configure(logins={"dev": with_changes(bad.lab.prod_admin_dsn, host="localhost")})
    refused(bad, 4, "same database")


def test_disable_without_a_window(bad: Pair) -> None:
    refused(bad, 8, "enable", arguments=("disable",))


@pytest.mark.parametrize("command", ["pause", "resume", "restore", "validate"])
def test_commands_without_a_window(bad: Pair, command: str) -> None:
    refused(bad, 8, arguments=(command,))


def test_status_without_a_window(bad: Pair) -> None:
    with bad.unchanged():
        status = bad.ok("status").json
    assert status["window"] is None


# -------------------------------------------------------------------------------------------------------------- backup


def test_the_backup_directory_is_a_file(bad: Pair) -> None:
    place = bad.directory / "a-file"
    place.write_text("mine")
    bad.configure(backup={"directory": "a-file"})
    refused(bad, 4, "a-file")
    assert place.read_text() == "mine"


def test_the_backup_directory_is_below_a_file(bad: Pair) -> None:
    (bad.directory / "a-file").write_text("mine")
    bad.configure(backup={"directory": "a-file/backups"})
    refused(bad, 4, "a-file")


@pytest.mark.parametrize("limit", [0, 50_000, 150_000], ids=["nothing", "content", "dump"])
def test_the_disk_is_full(bad: Pair, limit: int) -> None:
    """Root ignores modes; a limit on the size of files is met by everybody."""
    program = (
        "import os, resource, sys;"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    arguments = ["--config", str(bad.config), "--json", "--yes", "enable"]
    done = subprocess.run(
        [sys.executable, "-c", program, COMMAND, *arguments],
        cwd=bad.directory,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    result = as_result(arguments, done.returncode, done.stdout, done.stderr)
    assert result.exit_code == 4, str(result)
    assert "backup" in result.message
    assert bad.leftovers() == []
    assert not [one for one in bad.ok("backups", "list").json["backups"] if one["verified"]]


def test_pg_dump_is_missing(bad: Pair) -> None:
    bad.configure(backup={"bin_dir": str(bad.directory)})
    refused(bad, 4, "pg_dump")


# ----------------------------------------------------------------------------------------------- content that collides


def test_a_unique_value_that_another_row_has(pair: Pair) -> None:
    pair.prod_sql(
        """INSERT INTO courses (id, title, slug, "updatedAt", category)
           SELECT 'local', 'Local', slug || '-x', now(), category FROM courses LIMIT 1"""
    )
    pair.dev_sql(
        """INSERT INTO courses (id, title, slug, "updatedAt", category)
           SELECT 'from-dev', 'Dev', %s, now(), category FROM courses LIMIT 1""",
        pair.prod_sql("SELECT slug FROM courses WHERE id = 'local'")[0][0],
    )
    refused(pair, 4, "local", "from-dev", "slug")


def test_two_rows_that_exchange_a_unique_value(pair: Pair) -> None:
    swap = """
        UPDATE courses SET slug = 'temporary' WHERE id = %(a)s;
        UPDATE courses SET slug = %(slug_a)s WHERE id = %(b)s;
        UPDATE courses SET slug = %(slug_b)s WHERE id = %(a)s"""
    (a, slug_a), (b, slug_b) = pair.dev_sql(
        "SELECT id, slug FROM courses WHERE slug NOT LIKE 'agentes%' ORDER BY id LIMIT 2"
    )
    with pair.connect(Server.DEV) as dev, dev.transaction():
        for statement in swap.split(";"):
            dev.execute(statement, {"a": a, "b": b, "slug_a": slug_a, "slug_b": slug_b})
    refused(pair, 4, a, b, "slug")


def test_a_unique_value_that_wanders_is_no_collision(pair: Pair) -> None:
    """A gives its slug to B, B its own to C: possible in the right order."""
    rows = pair.dev_sql("SELECT id, slug FROM courses WHERE slug NOT LIKE 'agentes%' ORDER BY id LIMIT 3")
    with pair.connect(Server.DEV) as dev:
        dev.execute("UPDATE courses SET slug = 'quite-new' WHERE id = %s", [rows[0][0]])
        for (_, slug), (row, _) in itertools.pairwise(rows):
            dev.execute("UPDATE courses SET slug = %s WHERE id = %s", [f"{slug}-later", row])
        for (_, slug), (row, _) in itertools.pairwise(rows):
            dev.execute("UPDATE courses SET slug = %s WHERE id = %s", [slug, row])
    pair.ok("enable", "--no-backup")
    query = "SELECT id, slug FROM courses WHERE id = ANY (%s) ORDER BY id"
    keys = [row for row, _ in rows]
    assert pair.prod_sql(query, keys) == pair.dev_sql(query, keys)


def test_an_instructor_whom_only_dev_knows(pair: Pair) -> None:
    pair.dev_sql(
        """UPDATE courses SET "instructorId" = (SELECT id FROM users WHERE email LIKE 'tester1@%')
            WHERE id = (SELECT min(id) FROM courses)"""
    )
    refused(pair, 4, "courses_instructorId_fkey", "public.users")


# ------------------------------------------------------------------------------------------ another kind of dev server


def test_wal_level_is_not_logical(new_lab: Callable[..., Any]) -> None:
    pair = new_lab(dev_settings={"wal_level": "replica"})
    refused(pair, 4, "wal_level", "logical")
