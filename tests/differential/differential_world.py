"""A server of one's own with a database full of traps, and the policies that are compared with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from guard_world import POLICIES
from support.pair import open_directory

from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server

#: The policies that are asked; the others write no row and are for an administrator's hands.
ASKED: Final = {name: POLICIES[name] for name in ("content", "reading", "window")}
#: Content is written under the replica role only, as the controller does.
REPLICA: Final = frozenset({"content", "window"})

_SETTINGS = {
    "autovacuum": "off",
    "checkpoint_timeout": "1h",
    "max_wal_size": "4GB",
    "fsync": "off",
    "track_functions": "all",
    "max_prepared_transactions": "2",
}


@contextmanager
def trapped_server() -> Iterator[Lab]:
    """A lab whose production holds ``differential_world.sql``; nothing moves there by itself."""
    with open_directory() as directory, Lab.start(directory / "lab", load=False, prod_settings=_SETTINGS) as lab:
        lab.psql(Server.PROD, file=Path(__file__).with_suffix(".sql"))
        lab.psql(Server.PROD, "VACUUM (FREEZE, ANALYZE);")
        lab.psql(Server.PROD, "CHECKPOINT;")
        yield lab


#: Where the server writes by itself.
_OWN_PLACES = (
    "base/", "pg_wal/", "pg_xact/", "pg_subtrans/", "pg_multixact/", "pg_commit_ts/", "pg_replslot/", "pg_logical/",
    "pg_stat", "pg_notify/", "pg_dynshmem/", "global/",
)  # fmt: skip


def read_files(lab: Lab) -> dict[str, bytes]:
    """Production's files that no statement of ours may make, change or remove."""
    directory = Path(lab.psql(Server.PROD, "SHOW data_directory").strip())
    names = (path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())
    return {name: (directory / name).read_bytes() for name in names if not name.startswith(_OWN_PLACES)}


__all__ = ["ASKED", "REPLICA", "read_files", "trapped_server"]
