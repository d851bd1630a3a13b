"""The whole database, with pg_dump, in the snapshot that the content files are read in."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from pydantic import SecretStr

from egrow_replica.backup.files import (
    FILE_SIZE_LIMIT,
    NO_SPACE,
    digest_of,
    explained,
    open_plain,
    sync_directory,
)
from egrow_replica.backup.leashed import Leash, leash
from egrow_replica.backup.manifest import Dump, StoredFile
from egrow_replica.backup.passfile import Handover, handed_over
from egrow_replica.backup.tools import Tools, choose_compression, plain_environment, run_tool
from egrow_replica.db import Dsn, Identifier, Waits, describe, ending, pinned_options
from egrow_replica.db.connect import watched
from egrow_replica.db.waits import Watched
from egrow_replica.errors import BackupFailed, ExitCode
from egrow_replica.model import Server

DUMP = "dump"
#: The controller's own journal is not user data, and restored elsewhere it would tell of a window that is not there.
EXCLUDED_SCHEMA = "egrow_replica"
#: How long pg_dump waits for a table that somebody holds exclusively.
LOCK_WAIT = "30s"
#: pg_dump bounds only how long it waits for tables. A view or a sequence can be held as well, so this is for all of it.
MOST_LOCK_SECONDS = 35.0
_APPLICATION = "egrow-replica/backup"
_GRACE_SECONDS = 10
_POLL_SECONDS = 0.5
_SHOWN_LINES = 6
_SHOWN_CHARACTERS = 300

#: Parameters that are secrets and that libpq takes from nowhere but the connection string.
_SECRETS = ("sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key")
#: The dump stays in the database's own encoding, and the password goes another way.
_NOT_PASSED = ("client_encoding", "passfile")

_ENTRY = re.compile(r"(\d+); \d+ \d+ TABLE DATA ")


def dump_database(dsn: Dsn, tools: Tools, snapshot: str, directory: Path, *, jobs: int, compression: str) -> Dump:
    """Dump the whole database into ``directory/dump/`` and wait for the end.

    :param snapshot: exported by a transaction that stays open until this returns.
    :param compression: what ``-Z`` takes, or ``auto``.
    :raises BackupFailed: pg_dump failed, was killed, or left an incomplete directory.
    """
    with running_dump(dsn, tools, snapshot, directory, jobs=jobs, compression=compression) as dump:
        return dump.finish()


@dataclass(frozen=True)
class RunningDump:
    """A pg_dump that works while the caller does something else."""

    process: subprocess.Popen[bytes]
    errors: BinaryIO
    dsn: Dsn
    tools: Tools
    directory: Path
    jobs: int
    compression: str
    watched: Watched

    def finish(self) -> Dump:
        """Wait for the end and look at what is there.

        :raises BackupFailed: see :func:`dump_database`.
        """
        code = self._wait()
        said = self._said()
        if code != 0:
            raise self._with_blocker(_failure(code, said, self.dsn.user), said)
        output = self.directory / DUMP
        _check_complete(output, self.tools)
        with explained("read", output):
            files = tuple(_stored(self.directory, path) for path in sorted(output.iterdir()))
            sync_directory(output)
        return Dump(
            directory=DUMP,
            tool_version=self.tools.version,
            compression=self.compression,
            jobs=self.jobs,
            files=files,
            warnings=tuple(said),
        )

    def _wait(self) -> int:
        """Wait for its end, and for nobody who holds a lock for ever; :raises BackupFailed: it waited too long."""
        while True:
            try:
                return self.process.wait(_POLL_SECONDS)
            except subprocess.TimeoutExpired:
                if self.watched.waited > MOST_LOCK_SECONDS:
                    self.stop()
                    raise self._with_blocker(BackupFailed("pg_dump was ended, because it waited for a lock")) from None

    def _with_blocker(self, error: BackupFailed, said: Sequence[str] = ()) -> BackupFailed:
        """Name whom pg_dump waited for, where that is why it ended."""
        waited = not said or any("statement timeout" in line for line in said)
        if waited and self.watched.latest:
            error.message += f"; it waited for {describe(self.watched.latest)}"
            error.hint = ending(self.watched.latest[-1])
            error.exit_code = ExitCode.TIMEOUT
        return error

    def stop(self) -> None:
        """End pg_dump and its workers, if they still run."""
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _said(self) -> list[str]:
        """The last lines of what pg_dump said, short, and never with the password."""
        # Not by its position, which is where pg_dump writes on.
        size = os.fstat(self.errors.fileno()).st_size
        text = os.pread(self.errors.fileno(), size, 0).decode(errors="replace")
        password = self.dsn.password.get_secret_value()
        if password:
            text = text.replace(password, "***")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return [line[:_SHOWN_CHARACTERS] for line in lines[-_SHOWN_LINES:]]


@contextmanager
def running_dump(
    dsn: Dsn,
    tools: Tools,
    snapshot: str,
    directory: Path,
    *,
    jobs: int,
    compression: str,
    waits: Waits | None = None,
) -> Iterator[RunningDump]:
    """Start pg_dump; it is ended when the block ends, whatever ended the block, and when this process ends.

    Nothing of it has a name on a disk outside the backup: see :func:`handed_over` for the password.

    :param waits: looks for whom it waits.
    :raises BackupFailed: pg_dump cannot be started.
    """
    waits = waits or Waits()
    method = choose_compression(tools, compression)
    command = [str(tools.pg_dump), *_arguments(snapshot, directory / DUMP, jobs, method), "-d", _conninfo(dsn)]
    with leash() as held, _messages() as errors, handed_over(dsn.password.get_secret_value()) as handover:
        process = _start(held, command, handover, errors)
        look = waits.watch(watched(dsn, Server.PROD, process.pid, name=_APPLICATION))
        dump = RunningDump(process, errors, dsn, tools, directory, jobs, method, look)
        try:
            with look.sending():
                yield dump
        finally:
            waits.leave(look)
            dump.stop()


@contextmanager
def _messages() -> Iterator[BinaryIO]:
    """A file without a name, for what pg_dump says."""
    with explained("write in", Path(tempfile.gettempdir())):
        file = tempfile.TemporaryFile()  # noqa: SIM115  closed below, not explained
    with file:
        yield file


def _start(held: Leash, command: list[str], handover: Handover, errors: BinaryIO) -> subprocess.Popen[bytes]:
    with explained("start", Path(command[0])):
        return subprocess.Popen(  # noqa: S603  found by find_tools, no shell
            held.command(*command),
            stdin=held.stdin,
            stdout=errors,
            stderr=errors,
            env=_environment(handover),
            pass_fds=handover.descriptors,
            umask=0o077,
            # Python ignores SIGXFSZ. Left so, pg_dump says "File too large" where a worker would just be gone.
            restore_signals=False,
        )


def _arguments(snapshot: str, output: Path, jobs: int, compression: str) -> list[str]:
    return [
        "--format=directory",
        f"--jobs={jobs}",
        f"--snapshot={snapshot}",
        f"--file={output}",
        f"--compress={compression}",
        f"--exclude-schema={EXCLUDED_SCHEMA}",
        f"--lock-wait-timeout={LOCK_WAIT}",
        # Their connection strings hold passwords, and a restored subscription could take the slot from the true one.
        "--no-publications",
        "--no-subscriptions",
        "--no-password",
    ]


def _conninfo(dsn: Dsn) -> str:
    """The connection string without the password: this one may be seen in the process list."""
    for secret in _SECRETS:
        if dsn.get(secret):
            raise BackupFailed(
                f"the connection string holds {secret}, which pg_dump could only take where everybody sees it",
                hint="Put it into ~/.pg_service.conf and write service=NAME in the connection string.",
            )
    left_out = _NOT_PASSED if dsn.password.get_secret_value() else _NOT_PASSED[:1]
    public = replace(
        dsn, parameters=tuple(pair for pair in dsn.parameters if pair[0] not in left_out), password=SecretStr("")
    )
    return public.conninfo(application_name=_APPLICATION, options=pinned_options()).get_secret_value()


def _environment(handover: Handover) -> dict[str, str]:
    environment = plain_environment()
    environment.pop("PGCLIENTENCODING", None)
    if handover.environment:
        # Stronger than a password file, so another password there would win.
        environment.pop("PGPASSWORD", None)
    return {**environment, **handover.environment}


def _stored(directory: Path, path: Path) -> StoredFile:
    with open_plain(path) as file:
        sha256, size = digest_of(file)
    return StoredFile(file=str(path.relative_to(directory)), bytes=size, sha256=sha256)


def _check_complete(output: Path, tools: Tools) -> None:
    """Cheap: the table of contents reads, and every table's data that it lists has a file.

    :raises BackupFailed: it is not so.
    """
    missing = [entry for entry in table_entries(output, tools) if not list(output.glob(f"{entry}.dat*"))]
    if missing:
        raise BackupFailed(
            f"the dump in {output} lacks the data of {len(missing)} tables", hint="See whether the disk is full."
        )


def table_entries(output: Path, tools: Tools) -> list[str]:
    """The numbers of the tables' data in a dump, as ``pg_restore -l`` lists them.

    :raises BackupFailed: pg_restore cannot read the dump.
    """
    with explained("run", tools.pg_restore):
        answer = run_tool(tools.pg_restore, "--list", str(output))
    if answer.returncode != 0:
        said = answer.stderr.decode(errors="replace").strip()[-_SHOWN_CHARACTERS:]
        raise BackupFailed(f"pg_restore cannot read {output}: {said}", hint="Use another backup.")
    lines = answer.stdout.decode(errors="replace").splitlines()
    return [match[1] for line in lines if (match := _ENTRY.match(line))]


def _failure(code: int, said: list[str], role: str | None) -> BackupFailed:
    text = " / ".join(said) or "it said nothing"
    if code < 0:
        name = signal.Signals(-code).name if -code in signal.valid_signals() else str(-code)
        remedy = FILE_SIZE_LIMIT if -code == signal.SIGXFSZ else "Start again; see who or what ended it (dmesg)."
        return BackupFailed(f"pg_dump was ended by {name}: {text}", hint=remedy)
    return BackupFailed(f"pg_dump failed ({code}): {text}", hint=_remedy(text, role))


def _remedy(text: str, role: str | None) -> str:
    """What usually helps. A guess from pg_dump's words, for a person only: nothing is decided by it."""
    who = Identifier(role).as_string() if role else "the operator's role"
    remedies = {
        "for large object": f"GRANT SELECT ON LARGE OBJECT … TO {who}, for that one and every other.",
        "permission denied": f"GRANT pg_read_all_data TO {who}, or SELECT on that object and USAGE on its schema.",
        "row-level security": f"ALTER ROLE {who} BYPASSRLS: a dump without rows that row security hides is none.",
        "row security": f"ALTER ROLE {who} BYPASSRLS: a dump without rows that row security hides is none.",
        "No space left": NO_SPACE,
        "quota": NO_SPACE,
        "File too large": FILE_SIZE_LIMIT,
        "statement timeout": f"Somebody holds a table exclusively for more than {LOCK_WAIT}: see pg_locks, try again.",
        "could not obtain lock": "Somebody changed a table's definition meanwhile: start again.",
        "snapshot": "The transaction that exported the snapshot has ended: start again.",
        "connection": "Check the address, the password, pg_hba.conf and max_connections.",
    }
    return next((remedy for word, remedy in remedies.items() if word in text), "See what pg_dump says; start again.")
