"""Whether dev's disk has room for the WAL that a slot keeps: only where dev runs on this machine can that be seen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from egrow_replica.catalog.conditions import DataDirectory, read_data_directory, read_own_connection
from egrow_replica.model import Check, Server
from egrow_replica.window.checks.base import fine, inspection, size, warning
from egrow_replica.window.checks.view import View

DEV = Server.DEV
#: Lines of ``postmaster.pid``, counted from 0 (postgresql.org: src/include/utils/pidfile.h).
_START_TIME, _PORT = 2, 3
#: The postmaster notes when it began twice, a moment apart.
_STARTING_SECONDS = 60


@inspection("slot-space", DEV, subject="disk", fine="how much is free there is not visible from here", guards=False)
def slot_space(view: View, server: Server) -> Iterator[Check]:
    """While the stream stands still the slot keeps WAL, up to what ``status`` warns at and beyond."""
    if not read_own_connection(view.door(server)).local:
        return
    found = read_data_directory(view.door(server))
    if found.directory is None or not _is_here(found):
        return
    free = shutil.disk_usage(Path(found.directory) / "pg_wal").free
    keep = view.server_settings(server)["max_slot_wal_keep_size"].number
    alarm = view.settings.window.max_wal_retained
    needed = alarm if keep < 0 else min(alarm, int(keep))
    if free < needed:
        yield warning(
            "slot-space",
            server,
            found.directory,
            f"{size(free)} are free, and the slot may keep {size(needed)} of WAL before `status` warns: a full disk "
            "stops dev",
            f"ALTER SYSTEM SET max_slot_wal_keep_size = '{max(1, free // 2 // 1024**2)}MB'; SELECT pg_reload_conf(); "
            "-- or free space there",
        )
    else:
        yield fine("slot-space", server, found.directory, f"{size(free)} are free for {size(needed)} of WAL")


def _is_here(found: DataDirectory) -> bool:
    """A directory of that name may be another server's, behind a tunnel or in a container: its pid file tells."""
    try:
        lines = (Path(found.directory or "") / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        return int(lines[_PORT]) == found.port and abs(int(lines[_START_TIME]) - found.started) <= _STARTING_SECONDS
    except (OSError, ValueError, IndexError):
        return False


CHECKS = slot_space
