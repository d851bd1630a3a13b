"""The names of a window's objects on both servers."""

from __future__ import annotations

import re

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

    @property
    def restore_origin(self) -> str:
        """The origin of a restore after the window was closed."""
        return f"{self.common}_restore"


def object_names(window: str) -> ObjectNames:
    """The names for a window; :raises UsageError: the window's name is not one."""
    if not _WINDOW_NAME.match(window):
        raise UsageError(
            f"{window[:60]!r} is not a window name",
            hint="Use a-z, 0-9 and -, beginning with a letter or digit, up to 40.",
        )
    return ObjectNames(window=window)
