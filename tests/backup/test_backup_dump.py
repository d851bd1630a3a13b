"""The whole database: exact to the snapshot, restorable, and without the password anywhere."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from backup_world import FACTS, OPERATOR, PASSWORD, Database, a_cluster, deadline, table
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from egrow_replica.backup import Manifest, dump_database, find_tools, make_backup, verify
from egrow_replica.backup.dump import running_dump
from egrow_replica.backup.tools import choose_compression
from egrow_replica.errors import BackupFailed
from egrow_replica.settings.model import BackupSettings

Make = Callable[..., tuple[Path, Manifest]]
HASH = "SELECT count(*), sum(hashtextextended(t::text, 0)) FROM public.courses t"
DUMPS = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'egrow-replica/backup' "
    "AND datname = current_database()"
)
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture
def courses(database: Database) -> Database:
    database.run(
        "CREATE TABLE courses (id int PRIMARY KEY, title text)",
        "INSERT INTO courses SELECT i, repeat(md5(i::text), 4) FROM generate_series(1, 20000) i",
        "CREATE TABLE users (id int PRIMARY KEY, email text)",
        "INSERT INTO users VALUES (1, 'a@b'), (2, 'c@d')",
        "CREATE SCHEMA egrow_replica CREATE TABLE journal (id int)",
        "CREATE PUBLICATION secret FOR TABLE courses",
    )
    return database


def test_a_restored_dump_has_the_same_rows(courses: Database, backup: Make) -> None:
    directory, manifest = backup(table("courses", "id|title", "id"))
    assert manifest.dump is not None
    assert courses.rows("SELECT split_part(version(), ' ', 2)") == [(manifest.server_version,)]
    assert manifest.bytes == sum(path.stat().st_size for path in directory.glob("*/*"))
    with courses.cluster.admin() as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier("restored")))
        try:
            target = make_conninfo(
                host="127.0.0.1", port=courses.cluster.port, user="postgres", password=PASSWORD, dbname="restored"
            )
            pg_restore = courses.cluster.bin_dir / "pg_restore"
            subprocess.run([pg_restore, "--exit-on-error", "-d", target, str(directory / "dump")], check=True)
            restored = Database(courses.cluster, "restored")
            assert restored.rows(HASH) == courses.rows(HASH)
            assert restored.rows("SELECT count(*) FROM users") == [(2,)]
            assert restored.rows("SELECT to_regnamespace('egrow_replica'), count(*) FROM pg_publication") == [(None, 0)]
        finally:
            admin.execute("DROP DATABASE restored WITH (FORCE)")
    assert verify(directory, courses.cluster.bin_dir).ok


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="coreutils are not installed")
def test_the_sums_can_be_checked_without_the_program(courses: Database, backup: Make) -> None:
    directory, manifest = backup(table("courses", "id|title", "id"))
    command = "find content dump -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum"
    answer = subprocess.run(command, shell=True, cwd=directory, check=True, capture_output=True, text=True)
    assert answer.stdout.split()[0] == manifest.sha256


def test_rows_written_after_the_export_are_in_no_part(courses: Database, tmp_path: Path) -> None:
    before = courses.rows(HASH)
    with courses.snapshot() as (door, snapshot):
        courses.run("INSERT INTO courses VALUES (-1, 'late')", "UPDATE courses SET title = 'late' WHERE id = 1")
        courses.run("DELETE FROM courses WHERE id = 2")
        manifest = make_backup(
            door, courses.dsn, tables=[table("courses", "id|title", "id")], snapshot=snapshot, base=tmp_path / "b",
            window="june", settings=BackupSettings(), whole_database=True, facts=FACTS,
        )  # fmt: skip
    directory = tmp_path / "b" / manifest.directory
    assert manifest.content[0].rows == before[0][0] == 20000
    assert b"late" not in (directory / manifest.content[0].file).read_bytes()
    data = subprocess.run(
        [courses.cluster.bin_dir / "pg_restore", "-f", "-", "-a", directory / "dump"], check=True, capture_output=True
    ).stdout
    assert b"late" not in data
    assert (directory / manifest.content[0].file).read_bytes() in data.replace(b"\r", b"")


@contextmanager
def watched_arguments() -> Iterator[set[bytes]]:
    """Every command line of the machine that is seen during the block."""
    seen: set[bytes] = set()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(path.read_bytes())
                except OSError:
                    continue

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="there is no /proc")
def test_the_password_is_nowhere(
    courses: Database, backup: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "private"
    private.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(private))
    monkeypatch.setenv("PGPASSWORD", "another")
    with watched_arguments() as seen:
        directory, _ = backup(table("courses", "id|title", "id"))
    assert any(b"pg_dump" in line and b"--snapshot" in line for line in seen)
    for line in seen:
        assert PASSWORD.encode() not in line
    for path in directory.rglob("*"):
        assert path.is_dir() or PASSWORD.encode() not in path.read_bytes()
    assert list(private.iterdir()) == []


def test_a_wrong_password_is_refused_and_not_shown(courses: Database, backup: Make, tmp_path: Path) -> None:
    wrong = replace(courses.dsn, password=SecretStr("courses-not-it"))
    with pytest.raises(BackupFailed, match="pg_dump failed") as refusal:
        backup(table("courses", "id|title", "id"), dsn=wrong)
    assert "courses-not-it" not in str(refusal.value) + refusal.value.hint
    assert list((tmp_path / "backups").iterdir()) == []


def test_an_object_that_the_role_cannot_read_is_named(courses: Database, backup: Make, tmp_path: Path) -> None:
    with courses.cluster.admin(courses.name) as admin:
        admin.execute("CREATE ROLE narrow LOGIN")
        admin.execute(sql.SQL("ALTER ROLE narrow PASSWORD {}").format(sql.Literal(PASSWORD)))
        try:
            with pytest.raises(BackupFailed, match="permission denied for table") as refusal:
                backup(table("courses", "id|title"), dsn=courses.cluster.dsn(courses.name, user="narrow"))
        finally:
            admin.execute("DROP ROLE narrow")
    assert 'GRANT pg_read_all_data TO "narrow"' in refusal.value.hint
    assert list((tmp_path / "backups").iterdir()) == []


@pytest.mark.parametrize(
    ("statement", "remedy"),
    [
        ("ALTER TABLE users ENABLE ROW LEVEL SECURITY", 'ALTER ROLE "egrow operator" BYPASSRLS'),
        ("SELECT lo_from_bytea(0, 'x')", "GRANT SELECT ON LARGE OBJECT"),
    ],
)
def test_what_would_make_a_dump_incomplete_is_refused(
    courses: Database, backup: Make, statement: str, remedy: str
) -> None:
    courses.run(statement)
    with pytest.raises(BackupFailed) as refusal:
        backup()
    assert remedy in refusal.value.hint


def test_a_snapshot_that_is_gone_fails(courses: Database, tmp_path: Path) -> None:
    with courses.snapshot() as (_, snapshot):
        pass
    with pytest.raises(BackupFailed, match="snapshot"):
        dump_database(courses.dsn, find_tools(180000), snapshot, tmp_path, jobs=2, compression="auto")


def test_a_table_that_is_locked_too_long(courses: Database, backup: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("egrow_replica.backup.dump.LOCK_WAIT", "50ms")
    with courses.cluster.admin(courses.name) as admin, admin.transaction():
        admin.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(BackupFailed) as refusal:
            backup(table("courses", "id|title"))
    assert "pg_locks" in refusal.value.hint


def test_an_interrupt_ends_pg_dump_and_leaves_nothing(
    courses: Database, backup: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pg_dump waits for a lock; the interrupt comes while the content is read."""

    def interrupted(*_: object) -> None:
        deadline(lambda: courses.rows(f"{DUMPS} AND wait_event_type = 'Lock'") != [(0,)], "pg_dump waits")
        raise KeyboardInterrupt

    monkeypatch.setattr("egrow_replica.backup.make._write_all", interrupted)
    with courses.cluster.admin(courses.name) as admin, admin.transaction():
        admin.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(KeyboardInterrupt):
            backup(table("courses", "id|title"))
        deadline(lambda: courses.rows(DUMPS) == [(0,)], "pg_dump's sessions end")
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_killed_pg_dump_is_told(courses: Database, tmp_path: Path) -> None:
    with courses.cluster.admin(courses.name) as admin, admin.transaction(), courses.snapshot() as (_, snapshot):
        admin.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        with running_dump(courses.dsn, find_tools(180000), snapshot, tmp_path, jobs=1, compression="auto") as dump:
            deadline(lambda: courses.rows(DUMPS) != [(0,)], "pg_dump connects")
            dump.process.kill()
            with pytest.raises(BackupFailed, match="SIGKILL"):
                dump.finish()


LIMITED = """
import resource, sys
from pathlib import Path
from backup_world import FACTS, Cluster, Database, table
from egrow_replica.backup import make_backup
from egrow_replica.settings.model import BackupSettings
from egrow_replica.errors import BackupFailed
port, bin_dir, name, base, whole = sys.argv[1:]
database = Database(Cluster(int(port), Path(bin_dir)), name)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
content = [] if whole == "True" else [table("courses", "id|title")]
with database.snapshot() as (door, snapshot):
    try:
        make_backup(door, database.dsn, tables=content, snapshot=snapshot,
                    base=Path(base), window="june", settings=BackupSettings(bin_dir=bin_dir, compression="0"),
                    whole_database=whole == "True", facts=FACTS)
    except BackupFailed as error:
        print(error, "|", error.hint, "|", list(Path(base).iterdir()))
"""


@pytest.mark.parametrize("whole", [True, False], ids=["dump", "content"])
def test_a_limit_on_the_size_of_files(courses: Database, tmp_path: Path, whole: bool) -> None:
    arguments = [str(courses.cluster.port), str(courses.cluster.bin_dir), courses.name, str(tmp_path / "b"), str(whole)]
    command = [sys.executable, "-c", LIMITED, *arguments]
    answer = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert "ulimit -f" in answer.stdout
    assert "File too large" in answer.stdout
    assert answer.stdout.strip().endswith("[]")


def test_a_secret_that_only_an_argument_could_carry_is_refused(courses: Database, backup: Make) -> None:
    dsn = replace(courses.dsn, parameters=(*courses.dsn.parameters, ("sslpassword", "s3cret")))
    with pytest.raises(BackupFailed, match="sslpassword") as refusal:
        backup(table("courses", "id|title"), dsn=dsn)
    assert "s3cret" not in str(refusal.value)


def test_options_of_the_connection_string_reach_pg_dump(courses: Database, backup: Make) -> None:
    dsn = courses.cluster.dsn(courses.name, options="-c work_mem=77MB", client_encoding="LATIN1", sslmode="prefer")
    directory, _ = backup(table("courses", "id|title"), dsn=dsn)
    listing = subprocess.run(
        [courses.cluster.bin_dir / "pg_restore", "-f", "-", "-s", directory / "dump"], check=True, capture_output=True
    )
    assert b"client_encoding = 'UTF8'" in listing.stdout


def test_a_compression_that_this_build_lacks_is_refused(courses: Database, backup: Make) -> None:
    settings = BackupSettings(bin_dir=courses.cluster.bin_dir, compression="nonsense")
    with pytest.raises(BackupFailed, match="nonsense"):
        backup(table("courses", "id|title"), settings=settings)


def test_auto_chooses_what_the_build_takes() -> None:
    tools = find_tools(180000)
    assert choose_compression(tools, choose_compression(tools, "auto")) in {"zstd", "gzip", "6", "0"}


def test_programs_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="are not in") as refusal:
        find_tools(180000, tmp_path)
    assert "bin_dir" in refusal.value.hint


@pytest.mark.skipif(not (DEBIAN_15 / "pg_dump").exists(), reason="Debian's PostgreSQL 15 is not installed")
def test_older_programs_are_refused_and_newer_accepted() -> None:
    with pytest.raises(BackupFailed, match="older than the server, PostgreSQL 18"):
        find_tools(180000, DEBIAN_15)
    assert find_tools(180000).major == 18
    assert find_tools(150000).major == 15
    assert find_tools(160000).major > 15


@pytest.mark.skipif(not (DEBIAN_15 / "initdb").exists(), reason="Debian's PostgreSQL 15 is not installed")
def test_a_server_of_15_with_its_own_programs(tmp_path: Path) -> None:
    with a_cluster(DEBIAN_15) as cluster:
        database = Database(cluster, "postgres")
        database.run("CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)", "SELECT lo_from_bytea(0, 'large')")
        database.run(f'ALTER ROLE "{OPERATOR}" SUPERUSER')
        with database.snapshot() as (door, snapshot):
            manifest = make_backup(
                door, database.dsn, tables=[table("t", "id")], snapshot=snapshot, base=tmp_path, window="june",
                settings=BackupSettings(), whole_database=True, facts=FACTS,
            )  # fmt: skip
    assert manifest.dump is not None
    assert manifest.dump.tool_version.startswith("15.")
    assert verify(tmp_path / manifest.directory).ok


def test_a_transaction_with_several_snapshots_is_refused(courses: Database, tmp_path: Path) -> None:
    with courses.snapshot() as (door, snapshot):
        door.execute("COMMIT")
        with pytest.raises(BackupFailed, match="one snapshot"):
            make_backup(
                door, courses.dsn, tables=[], snapshot=snapshot, base=tmp_path, window="june",
                settings=BackupSettings(), whole_database=False, facts=FACTS,
            )  # fmt: skip


def test_the_operator_is_an_ordinary_role(courses: Database) -> None:
    assert courses.rows(f"SELECT rolsuper FROM pg_roles WHERE rolname = '{OPERATOR}'") == [(False,)]
