"""``kill -9`` in the middle of a backup: no secret is left, no program goes on, and the half-made backup is known."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from backup_world import PASSWORD, Database, deadline, table

from egrow_replica.backup import Manifest, find_tools, list_backups
from egrow_replica.backup.leashed import leash
from egrow_replica.backup.passfile import handed_over
from egrow_replica.backup.remains import remove_passfiles
from egrow_replica.backup.store import BackupState

Make = Callable[..., tuple[Path, Manifest]]
SESSIONS = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'egrow-replica/backup' "
    "AND datname = current_database()"
)
#: How the password stands in a password file, and as it is.
FORMS = (PASSWORD.encode(), PASSWORD.replace("\\", "\\\\").replace(":", "\\:").encode())

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is no /proc")

CONTROLLER = """
import sys
from pathlib import Path
from backup_world import FACTS, Cluster, Database, table
from egrow_replica.backup import make_backup
from egrow_replica.settings.model import BackupSettings
port, bin_dir, name, base = sys.argv[1:]
database = Database(Cluster(int(port), Path(bin_dir)), name)
with database.snapshot() as (door, snapshot):
    make_backup(door, database.dsn, tables=[table("courses", "id|title")], snapshot=snapshot, base=Path(base),
                window="june", settings=BackupSettings(bin_dir=bin_dir, jobs=2, compression="9"),
                whole_database=True, facts=FACTS)
"""


@contextmanager
def controller(database: Database, base: Path) -> Iterator[subprocess.Popen[bytes]]:
    arguments = [str(database.cluster.port), str(database.cluster.bin_dir), database.name, str(base / "backups")]
    (base / "tmp").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", CONTROLLER, *arguments],
        cwd=Path(__file__).parent,
        env={**os.environ, "TMPDIR": str(base / "tmp")},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def programs(base: Path) -> list[int]:
    """Every living process that was told of this test's directory, the controller aside: leaders, workers, watchers."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            line = (place / "cmdline").read_bytes()
            state = (place / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if str(base).encode() in line and b"backup_world" not in line and state not in "ZX":
            found.append(int(place.name))
    return found


def files_with_the_password(*places: Path) -> list[Path]:
    files = (path for place in places for path in place.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in files if any(form in path.read_bytes() for form in FORMS)]


@pytest.fixture
def large(database: Database) -> Database:
    """Two tables that take pg_dump's two workers some seconds to compress."""
    for name in ("courses", "users"):
        database.run(
            f"CREATE TABLE {name} (id int PRIMARY KEY, title text)",
            f"INSERT INTO {name} SELECT i, repeat(md5(i::text), 8) || md5(random()::text) "
            "FROM generate_series(1, 100000) i",
        )
    return database


def test_nothing_goes_on_and_no_secret_is_left(large: Database, tmp_path: Path) -> None:
    """Even with workers that do not listen: they are stopped when the controller is killed."""
    with controller(large, tmp_path) as process:
        deadline(lambda: large.rows(SESSIONS) == [(3,)], "pg_dump and its workers are at work")
        running = programs(tmp_path)
        assert len(running) >= 4, "a leader, two workers, a watcher"
        for pid in running:
            assert not any(form in Path(f"/proc/{pid}/environ").read_bytes() for form in FORMS)
            assert not any(form in Path(f"/proc/{pid}/cmdline").read_bytes() for form in FORMS)
        leaders = {int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) for pid in running}
        workers = [pid for pid in running if pid not in leaders and _parent(pid) in running]
        assert len(workers) == 2
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        assert files_with_the_password(tmp_path, Path("/dev/shm")) == []
        process.kill()
        process.wait()
        deadline(lambda: programs(tmp_path) == [], "no program goes on", 15)
    deadline(lambda: large.rows(SESSIONS) == [(0,)], "its sessions end")
    assert files_with_the_password(tmp_path, Path("/dev/shm")) == []
    assert list((tmp_path / "tmp").iterdir()) == []
    (half,) = list_backups(tmp_path / "backups")
    assert (half.state, half.verified, half.window) == (BackupState.INCOMPLETE, False, "june")


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_leader_that_waits_for_a_lock_ends_too(large: Database, tmp_path: Path) -> None:
    with large.cluster.admin(large.name) as admin, admin.transaction(), controller(large, tmp_path) as process:
        admin.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        deadline(lambda: large.rows(f"{SESSIONS} AND wait_event_type = 'Lock'") == [(1,)], "pg_dump waits")
        process.kill()
        process.wait()
        deadline(lambda: programs(tmp_path) == [], "no program goes on", 15)
        deadline(lambda: large.rows(SESSIONS) == [(0,)], "the server is told")


def test_a_worker_of_a_killed_leader_ends_too(large: Database, tmp_path: Path) -> None:
    """As when the system runs out of memory and takes one process."""
    with controller(large, tmp_path) as process:
        deadline(lambda: large.rows(SESSIONS) == [(3,)], "pg_dump and its workers are at work")
        running = programs(tmp_path)
        (leader,) = {_parent(pid) for pid in running} & set(running)
        os.kill(leader, signal.SIGKILL)
        assert process.wait(30) == 1
        deadline(lambda: programs(tmp_path) == [], "no program goes on", 15)
    assert list((tmp_path / "backups").iterdir()) == []


def test_any_program_on_a_leash_ends_with_it(tmp_path: Path) -> None:
    with leash() as held:
        stubborn = "trap '' TERM; echo begun; while :; do sleep 1; done"
        process = subprocess.Popen(
            held.command("/bin/sh", "-c", stubborn, str(tmp_path)), stdin=held.stdin, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
    with process:
        assert process.wait(15) == -signal.SIGKILL


def test_a_program_on_a_leash_ends_as_it_would_without() -> None:
    with leash() as held:
        for script, code in (("exit 7", 7), ("kill -USR1 $$", -signal.SIGUSR1), ("cat; exec true", 0)):
            answer = subprocess.run(
                held.command("/bin/sh", "-c", script), stdin=held.stdin, capture_output=True, check=False
            )
            assert (answer.returncode, answer.stdout, answer.stderr) == (code, b"", b"")
        answer = subprocess.run(held.command("/nowhere/pg_dump"), stdin=held.stdin, capture_output=True, check=False)
    assert answer.returncode == 127
    assert answer.stderr == b"/nowhere/pg_dump: No such file or directory\n"


def test_where_there_is_no_file_in_memory_it_is_a_variable_of_that_program(
    large: Database, backup: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("egrow_replica.backup.passfile._DESCRIPTORS", "/nowhere")
    monkeypatch.setenv("PGPASSWORD", "another")
    with handed_over(PASSWORD) as handover:
        assert (handover.environment, handover.descriptors) == ({"PGPASSWORD": PASSWORD}, ())
    directory, _ = backup(table("courses", "id|title"))
    assert files_with_the_password(directory) == []


# ------------------------------------------------------------------------------------------- of an earlier version


def left(place: Path, name: str = "egrow-replica-ab12_x9z", content: bytes = b"*:*:*:*:p\\:a\\\\ss\n") -> Path:
    """What a killed controller of an earlier version left."""
    directory = place / name
    directory.mkdir(mode=0o700)
    (directory / "stderr").touch()
    (directory / "pgpass").write_bytes(content)
    (directory / "pgpass").chmod(0o600)
    return directory


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    return place


def test_a_backup_removes_what_an_earlier_version_left(large: Database, backup: Make, temporary: Path) -> None:
    left(temporary)
    backup(whole_database=False)
    assert list(temporary.iterdir()) == []


def test_only_what_is_provably_ours_is_removed(temporary: Path, tmp_path: Path) -> None:
    elsewhere = left(tmp_path, "egrow-replica-elsewher")
    strange = [
        left(temporary, "egrow-replica-toolong1x"),
        left(temporary, "egrow-replica-content1", b"host:5432:db:user:secret\n"),
        left(temporary, "egrow-replica-content2", b"*:*:*:*:one\n*:*:*:*:two\n"),
        left(temporary, "egrow-replica-content3", b"*:*:*:*:one"),
        left(temporary, "egrow-replica-morefile"),
        left(temporary, "egrow-replica-readable"),
        left(temporary, "egrow-replica-openfile"),
        left(temporary, "egrow-replica-linkfile"),
        left(temporary, "egrow-replica-pipefile"),
        temporary / "egrow-replica-linkdir_",
        temporary / "egrow-replica-empty_12",
    ]
    (strange[4] / "letter.txt").touch()
    strange[5].chmod(0o755)
    (strange[6] / "pgpass").chmod(0o640)
    (strange[7] / "pgpass").unlink()
    (strange[7] / "pgpass").symlink_to(elsewhere / "pgpass")
    (strange[8] / "pgpass").unlink()
    os.mkfifo(strange[8] / "pgpass", 0o600)
    strange[9].symlink_to(elsewhere)
    strange[10].mkdir(mode=0o700)
    ours = left(temporary)
    if os.geteuid() == 0:
        strange.append(left(temporary, "egrow-replica-notours1"))
        os.chown(strange[-1] / "pgpass", 65534, -1)
        strange.append(left(temporary, "egrow-replica-notours2"))
        os.chown(strange[-1], 65534, -1)
    assert remove_passfiles() == [ours]
    assert all(path.exists() for path in strange)
    assert (elsewhere / "pgpass").exists()
    assert not ours.exists()


def test_one_that_a_program_still_uses_stays(temporary: Path) -> None:
    used = left(temporary)
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, env={"PGPASSFILE": str(used / "pgpass")}) as program:
        deadline(lambda: b"PGPASSFILE" in Path(f"/proc/{program.pid}/environ").read_bytes(), "it has begun")
        assert remove_passfiles() == []
        assert program.stdin is not None
        program.stdin.close()
    assert remove_passfiles() == [used]


def test_the_programs_are_found_as_before(large: Database) -> None:
    assert find_tools(180000, large.cluster.bin_dir).major == 18
