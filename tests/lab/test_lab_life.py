"""How a lab begins and, above all, how it ends: nothing of it may stay, whoever dies."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pydantic
import pytest

import egrow_replica
from egrow_replica.errors import ServerUnavailable, UsageError, WrongState
from egrow_replica.lab.binaries import (
    ServerUser,
    copy_installation,
    runs_as,
    server_bin_dir,
    server_user,
    server_version,
)
from egrow_replica.lab.lab import Lab
from egrow_replica.lab.processes import ProcessId, wait_until
from egrow_replica.lab.remains import CONFIGURATION_MARKER, Record
from egrow_replica.model import Server

SOURCE = str(Path(egrow_replica.__file__).parents[1])
PACKAGES = str(Path(pydantic.__file__).parents[1])

STARTER = """
import sys
from pathlib import Path
from egrow_replica.lab.lab import Lab
with Lab.start(Path(sys.argv[1]), load=False) as lab:
    print(lab.admin_dsn("prod"), flush=True)
    sys.stdin.read()
"""


@contextmanager
def starter(directory: Path, python: str = sys.executable, **options: object) -> Iterator[subprocess.Popen[str]]:
    """Another process that starts a lab and waits."""
    command = [python, "-c", STARTER, str(directory)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(), **options
    )  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            pipe.close()


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join((SOURCE, PACKAGES))}


def processes_in(directory: Path) -> list[int]:
    """Every process that names the directory in its arguments or works inside it: postmasters and backends."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            arguments = (entry / "cmdline").read_bytes().decode(errors="replace")
            place = str((entry / "cwd").readlink())
        except OSError:
            continue
        if f"{directory}/" in arguments or f"{place}/".startswith(f"{directory}/"):
            found.append(int(entry.name))
    return found


def nothing_left(directory: Path) -> bool:
    return not directory.exists() and not processes_in(directory)


def record_of(directory: Path) -> Record:
    record = Record.read(directory)
    assert record is not None
    return record


def test_a_lab_ends_with_its_block(place: Path) -> None:
    directory = place / "lab"
    with Lab.start(directory, load=False) as lab:
        assert lab.status().running
        assert len(processes_in(directory)) > 2
        assert lab.psql(Server.DEV, "SHOW track_commit_timestamp") == "off"
        assert lab.psql(Server.PROD, "SHOW track_commit_timestamp") == "on"
        assert lab.psql(Server.DEV, "SHOW wal_level") == "logical"
    assert nothing_left(directory)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_lab_ends_with_its_starter(place: Path, number: signal.Signals) -> None:
    directory = place / "lab"
    with starter(directory) as process:
        assert process.stdout.readline()
        assert processes_in(directory)
        keeper = record_of(directory).keeper_process
        process.send_signal(number)
        process.wait()
        assert wait_until(lambda: nothing_left(directory) and not keeper.is_alive(), 20)


def test_a_lab_ends_with_a_starter_that_is_killed_at_any_moment(place: Path) -> None:
    for round_, sign in enumerate(("keeper.json", "data/dev", "data/prod/postmaster.pid", "prod.log")):
        directory = place / f"lab{round_}"
        with starter(directory) as process:
            assert wait_until(lambda sign=sign, directory=directory: (directory / sign).exists(), 20, interval=0.001)
            process.kill()
            process.wait()
            assert wait_until(lambda directory=directory: nothing_left(directory), 30), sign


@pytest.mark.parametrize("also_starter", [False, True])
def test_a_lab_ends_with_its_keeper(place: Path, also_starter: bool) -> None:
    directory = place / "lab"
    with starter(directory) as process:
        assert process.stdout.readline()
        record = record_of(directory)
        assert len(record.server_processes()) == 2
        if also_starter:
            process.kill()
        os.kill(record.keeper_process.pid, signal.SIGKILL)
        assert wait_until(lambda: nothing_left(directory), 20)
        assert not any(each.is_alive() for each in record.server_processes())


@pytest.mark.parametrize("sign", ["data/dev/PG_VERSION", "data/prod/global/pg_control", "data/dev/base/4"])
def test_a_keeper_that_is_killed_while_the_servers_are_made(place: Path, sign: str) -> None:
    directory, before = place / "lab", orphaned_memory()
    with starter(directory, stderr=subprocess.DEVNULL) as process:
        assert wait_until((directory / sign).exists, 20, interval=0.001)
        os.kill(record_of(directory).keeper_process.pid, signal.SIGKILL)
        assert wait_until(lambda: nothing_left(directory), 20)
        assert process.wait(20) != 0
    assert wait_until(lambda: orphaned_memory() <= before, 10)


def orphaned_memory() -> set[str]:
    """Shared memory segments that nobody uses and whose maker is dead."""
    lines = [line.split() for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]
    return {fields[1] for fields in lines if fields[6] == "0" and not Path(f"/proc/{fields[4]}").exists()}


def test_a_detached_lab_outlives_its_starter_until_it_is_stopped(place: Path) -> None:
    directory, configuration = place / "lab", place / "egrow-replica.toml"
    code = """
import sys
from pathlib import Path
from egrow_replica.lab.lab import Lab
Lab.start(Path(sys.argv[1]), load=False, detached=True, config_path=Path(sys.argv[2]))
"""
    subprocess.run([sys.executable, "-c", code, directory, configuration], check=True, env=environment(), timeout=60)
    lab = Lab.find(directory)
    assert lab.status().running
    assert configuration.read_text().startswith(CONFIGURATION_MARKER)
    with pytest.raises(UsageError, match="a lab is running"):
        Lab.start(directory, load=False)
    keeper = record_of(directory).keeper_process
    lab.stop()
    assert nothing_left(directory)
    assert not configuration.exists()
    assert not keeper.is_alive()
    with pytest.raises(WrongState, match="there is no lab"):
        Lab.find(directory)


def test_servers_listen_on_loopback_only_and_want_a_password(lab: Lab) -> None:
    for server in Server:
        assert lab.psql(server, "SHOW listen_addresses") == "127.0.0.1"
        assert lab.psql(server, "SHOW unix_socket_directories") == ""
        port = f"{int(lab.admin[server]['port']):04X}"
        listening = [
            line.split()[1]
            for table in ("/proc/net/tcp", "/proc/net/tcp6")
            for line in (Path(table).read_text().splitlines()[1:] if Path(table).exists() else [])
            if line.split()[1].endswith(f":{port}") and line.split()[3] == "0A"
        ]
        assert listening == [f"0100007F:{port}"]
        without = {**lab.admin[server], "password": "wrong"}
        with pytest.raises(ServerUnavailable, match="password authentication failed"):
            lab.model_copy(update={"admin": {server: without}}).psql(server, "SELECT 1")


def test_two_clusters_not_one_copied(lab: Lab) -> None:
    identifiers = {lab.psql(server, "SELECT system_identifier FROM pg_control_system()") for server in Server}
    assert len(identifiers) == 2


def test_secrets_are_private(lab: Lab) -> None:
    secrets = [lab.admin[Server.DEV]["password"], *lab.passwords.model_dump().values()]
    for name in ("lab.json", "lab.env", "egrow-replica.toml", "keeper.json", "dev.log", "prod.log"):
        assert (lab.directory / name).stat().st_mode & 0o077 == 0, name
    for name in ("keeper.json", "dev.log", "prod.log", "keeper.log"):
        assert not any(secret in (lab.directory / name).read_text() for secret in secrets), name
    assert not any(secret in repr(lab) + str(lab) for secret in secrets)
    for pid in [*processes_in(lab.directory), record_of(lab.directory).keeper_process.pid]:
        command = Path(f"/proc/{pid}/cmdline").read_text()
        assert not any(secret in command for secret in secrets)


def test_environment_file_is_read_by_a_shell(lab: Lab) -> None:
    script = '. "$1"; printf "%s\n" "$EGROW_DEV_ADMIN_DSN" "$EGROW_PROD_ADMIN_DSN" "$EGROW_DEV_DSN_FROM_PROD"'
    command = ["/bin/sh", "-c", script, "sh", lab.directory / "lab.env"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert answer == [lab.dev_admin_dsn, lab.prod_admin_dsn, lab.stream_dsn]


def test_settings_of_one_server(place: Path) -> None:
    with Lab.start(
        place / "lab",
        load=False,
        dev_settings={"wal_level": "replica"},
        prod_settings={"track_commit_timestamp": "off", "cluster_name": "it's"},
    ) as lab:
        assert lab.psql(Server.DEV, "SHOW wal_level") == "replica"
        assert lab.psql(Server.PROD, "SHOW track_commit_timestamp") == "off"
        assert lab.psql(Server.PROD, "SHOW cluster_name") == "it's"
        lab.stop_server(Server.PROD)
        assert [each.running for each in lab.status().servers] == [True, False]
        lab.start_server(Server.PROD)
        assert lab.status().running
        lab.stop_server(Server.DEV, "kill")
        lab.start_server(Server.DEV)
        assert lab.status().running


def test_a_server_that_does_not_start_says_why(place: Path) -> None:
    directory = place / "lab"
    with pytest.raises(ServerUnavailable, match=r"(?s)prod server: did not start.*no_such_setting") as caught:
        Lab.start(directory, load=False, prod_settings={"no_such_setting": "1"})
    assert "password" not in caught.value.message
    assert wait_until(lambda: nothing_left(directory), 10)


def test_a_directory_in_use_is_left_alone(place: Path) -> None:
    (place / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="is in use"):
        Lab.start(place, load=False)
    assert [path.name for path in place.iterdir()] == ["thesis.txt"]


def test_a_configuration_of_somebody_is_left_alone(place: Path) -> None:
    configuration = place / "egrow-replica.toml"
    configuration.write_text("[dev]\n")
    with pytest.raises(UsageError, match="was not written by the lab"):
        Lab.start(place / "lab", load=False, config_path=configuration)
    assert configuration.read_text() == "[dev]\n"
    assert not (place / "lab").exists()


def test_what_others_put_into_a_directory_that_was_there_stays(place: Path) -> None:
    with Lab.start(place, load=False):
        (place / "notes").write_text("mine")
    assert [path.name for path in place.iterdir()] == ["notes"]


def test_the_remains_of_a_dead_lab_are_replaced(place: Path) -> None:
    directory = place / "lab"
    (directory / "data" / "dev").mkdir(parents=True)
    dead = [2**22 - 1, 1]
    Record(str(directory), dead, created=True, base=str(directory / "data"), servers={"dev": dead}).write()
    with Lab.start(directory, load=False) as lab:
        assert lab.status().running
    assert nothing_left(directory)


@pytest.mark.skipif(os.geteuid() != 0, reason="another server user only as root")
def test_root_with_a_directory_that_the_server_user_cannot_reach(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    with Lab.start(closed / "lab", load=False) as lab:
        base = Path(record_of(lab.directory).base)
        assert base.parent == Path(tempfile.gettempdir())
        owner = {(base / name).stat().st_uid for name in ("dev", "prod")}
        assert owner == {server_user().uid}
    assert not base.exists()
    assert list(closed.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="another server user only as root")
def test_root_with_programs_that_the_server_user_cannot_reach(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    programs = copy_installation(server_bin_dir(), closed)
    closed.chmod(0o700)
    assert not runs_as(server_user(), [programs / "postgres", "--version"])
    with Lab.start(place / "lab", load=False, bin_dir=programs) as lab:
        assert lab.status().running
    assert nothing_left(place / "lab")


@pytest.mark.skipif(os.geteuid() != 0, reason="we are an ordinary user already")
def test_an_ordinary_user(place: Path) -> None:
    user = server_user()
    home = place / "home"
    home.mkdir()
    os.chown(home, *user)
    python = python_for(user)
    with starter(home / "lab", python, user=user.uid, group=user.gid, extra_groups=[], cwd="/") as process:
        assert process.stdout.readline()
        assert {Path(f"/proc/{pid}").stat().st_uid for pid in processes_in(home / "lab")} == {user.uid}
        process.stdin.close()
        assert process.wait(30) == 0
        assert nothing_left(home / "lab")


def python_for(user: ServerUser) -> str:
    """A Python that the user can reach: ours, or the machine's (of the same version) with our packages."""
    probe = f"import sys; sys.path[:0] = {[SOURCE, PACKAGES]!r}; import egrow_replica.lab.lab"
    for python in (sys.executable, "/usr/bin/python3"):
        if runs_as(user, [python, "-c", probe]):
            return python
    pytest.skip("an ordinary user cannot reach this Python")


def test_programs_that_are_not_there(place: Path) -> None:
    with pytest.raises(UsageError, match="has no program initdb, postgres, psql"):
        Lab.start(place / "lab", bin_dir=place)
    assert not (place / "lab").exists()


def test_version_of_the_wheel() -> None:
    assert server_version(server_bin_dir()) >= 18


def test_a_process_is_not_mistaken_for_its_successor() -> None:
    own = ProcessId.of(os.getpid())
    other = ProcessId(own.pid, own.started + 1)
    assert own.is_alive()
    assert not other.is_alive()
    assert not other.send(signal.SIGTERM)


def test_state_is_json_that_finds_the_lab_again(lab: Lab) -> None:
    assert json.loads((lab.directory / "lab.json").read_text())["seed"] == 1
    found = Lab.find(lab.directory)
    assert found.model_dump() == lab.model_dump()
    assert re.fullmatch(
        r"host=127\.0\.0\.1 port=\d+ dbname=academy user=egrow_operator password=[0-9a-f]{32}", found.dev_dsn
    )
