"""The names of a window's objects on both servers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from egrow_replica.db import Door, query
from egrow_replica.errors import UsageError
from egrow_replica.model import Model

_WINDOW_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}\Z")


class ObjectNames(Model):
    """One name for all objects of a window: slot names allow a-z, 0-9 and _ only, and publication and subscription
    follow, so that a DBA who meets one of them knows the window."""

    window: str

    @property
    def common(self) -> str:
        """Publication, slot, subscription and origin."""
        return "egrow_" + self.window.replace("-", "_")

    @property
    def wal_slot(self) -> str:
        """The slot that keeps production's WAL; another name, because dev may be a database of the same cluster."""
        return f"{self.common}_wal"

    def restore_origin(self, database_oid: int) -> str:
        """The origin of a restore after the close; origins belong to the cluster, our lock to a database."""
        return f"{self.common}_restore_{database_oid}"


def object_names(window: str) -> ObjectNames:
    """The names for a window; :raises UsageError: the window's name is not one."""
    if not _WINDOW_NAME.match(window):
        raise UsageError(
            f"{window[:60]!r} is not a window name",
            hint="Use a-z, 0-9 and -, beginning with a letter or digit, up to 40.",
        )
    return ObjectNames(window=window)


def in_use(door: Door, names: Sequence[str]) -> list[str]:
    """Objects of replication that have one of the names, in any database of the server: ``slot egrow_x``."""
    return [str(value) for value in door.values(query("replication/names_in_use"), [list(names)])]
