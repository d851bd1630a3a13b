"""The names of a window's objects on both servers, and whose they are.

Several productions may be fed by one dev, and several may be databases of one cluster, so a window's name alone says
nothing: its objects also carry its id, of which one half is production's and the other the window's own. A slot has no
comment, so the id is a part of the name.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Annotated

from pydantic import StringConstraints

from egrow_replica.errors import UsageError
from egrow_replica.model import Model

#: What every object of this program begins with.
PREFIX = "egrow_"
_WINDOW_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}\Z")
#: Six digits of production and six of the window: with the longest window name and ``_wal`` exactly the 63 bytes that
#: PostgreSQL allows. Windows of earlier versions have none.
WindowId = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{12})?$")]
_HALF = 6
_OWNER = "egrow-replica: window "
_WITHOUT_ID = "without id"
_OWNED = re.compile(
    rf"{_OWNER}(?P<window>[a-z0-9-]+) \((?P<id>[0-9a-f]{{12}}|{_WITHOUT_ID})\)"
    r" of production (?P<production>[0-9]+/[0-9]+)\Z"
)
_WITH_ID = re.compile(
    r"egrow_(?P<window>[a-z0-9_]{1,40})_(?P<production>[0-9a-f]{6})[0-9a-f]{6}(_wal|_restore_[0-9]+)?\Z"
)


class ObjectNames(Model):
    """One name for all objects of a window: slot names allow a-z, 0-9 and _ only, and publication and subscription
    follow, so that a DBA who meets one of them knows the window.

    :ivar id: tells the window from every other, of whatever production; empty in windows of earlier versions.
    :ivar production: identity of the production that it belongs to (:attr:`ServerFacts.identity`).
    """

    window: str
    id: WindowId
    production: str

    @property
    def common(self) -> str:
        """Publication, slot, subscription and origin."""
        base = PREFIX + self.window.replace("-", "_")
        return f"{base}_{self.id}" if self.id else base

    @property
    def owner(self) -> str:
        """What the publication's comment says: whose it is."""
        return f"{_OWNER}{self.window} ({self.id or _WITHOUT_ID}) of production {self.production}"

    @property
    def wal_slot(self) -> str:
        """The slot that keeps production's WAL; another name, because dev may be a database of the same cluster."""
        return f"{self.common}_wal"

    def restore_origin(self, database_oid: int) -> str:
        """The origin of a restore after the close; origins belong to the cluster, our lock to a database."""
        return f"{self.common}_restore_{database_oid}"


def object_names(window: str, *, id: str, production: str) -> ObjectNames:
    """The names for a window; :raises UsageError: the window's name is not one."""
    check_window_name(window)
    return ObjectNames(window=window, id=id, production=production)


def check_window_name(window: str) -> None:
    """See that a text can be a window's name; :raises UsageError: it cannot."""
    if not _WINDOW_NAME.match(window):
        raise UsageError(
            f"{window[:60]!r} is not a window name",
            hint="Use a-z, 0-9 and -, beginning with a letter or digit, up to 40.",
        )


def is_owner(comment: str) -> bool:
    """Whether a comment is one that a window writes, whichever."""
    return comment.startswith(_OWNER)


def owner_in(comment: str) -> ObjectNames | None:
    """The window that a publication's comment names; ``None`` where it names none."""
    found = _OWNED.match(comment)
    if found is None:
        return None
    id_ = "" if found["id"] == _WITHOUT_ID else found["id"]
    return ObjectNames(window=found["window"], id=id_, production=found["production"])


def new_id(production: str) -> str:
    """An id for a new window of this production, which no other window has or will have."""
    return production_half(production) + secrets.token_hex(_HALF // 2)


def production_half(production: str) -> str:
    """What the ids of all windows of a production begin with."""
    return hashlib.sha256(production.encode()).hexdigest()[:_HALF]


def window_of(name: str) -> str:
    """What the window is called whose object has this name, as far as that tells: ``-`` became ``_``."""
    found = _WITH_ID.match(name)
    return (found["window"] if found else name.removeprefix(PREFIX)).replace("_", "-")


def production_in(name: str) -> str | None:
    """The half of an object's name that tells its production; ``None`` where it has none."""
    found = _WITH_ID.match(name)
    return found["production"] if found else None
