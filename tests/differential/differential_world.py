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


def data_directory(lab: Lab) -> Path:
    """Where production's files are."""
    return Path(lab.psql(Server.PROD, "SHOW data_directory").strip())


__all__ = ["ASKED", "REPLICA", "data_directory", "trapped_server"]
