"""Whose the objects are that are named as a window's: the open window's, an ended one's, another production's.

A journal can be dropped, or be older than the servers. What stands on the servers, is this production's, and is not in
the journal belongs to a window that nobody looks after: it may write at any moment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum

from egrow_replica.catalog import read_server_facts
from egrow_replica.db import Door, query
from egrow_replica.errors import WrongState
from egrow_replica.model import Model, Server
from egrow_replica.replication.names import owner_in, production_half, production_in
from egrow_replica.window.journal import Window, tables_there


class NamedObject(Model):
    """An object that is named as a window's are.

    :ivar kind: one of :data:`KINDS`.
    :ivar comment: a publication's.
    :ivar runs_as_ours: a subscription that belongs to one of this program's roles.
    :ivar uses: its name; of a subscription also its slot's and publications'.
    """

    server: Server
    kind: str
    name: str
    active: bool
    comment: str | None
    runs_as_ours: bool
    uses: tuple[str | None, ...]


#: What a window leaves on the servers; the roles' rights (``role``) stay whatever becomes of it.
KINDS = ("subscription", "origin", "slot", "publication", "role")


class Belonging(StrEnum):
    """To what an object belongs."""

    OPEN = "the open window"
    ENDED = "a window that has ended"
    #: This production's, and its journal knows no such window.
    UNKNOWN = "a window that the journal does not know"
    ANOTHERS = "a window of another production"
    #: An earlier version named it, and nothing says for which production.
    UNCLEAR = "a window of this production or of another"


def read_objects(door: Door) -> list[NamedObject]:
    """What on a server is named as a window's objects are."""
    if door.server is Server.DEV:
        return door.rows(NamedObject, query("replication/objects_on_dev"))
    return door.rows(NamedObject, query("replication/objects_on_prod"), [bool(tables_there(door))])


class Journalled:
    """What production's journal knows, to hold objects against."""

    def __init__(self, windows: Iterable[Window], production: str) -> None:
        self._windows = tuple(windows)
        self._production = production
        self._database = int(production.rpartition("/")[2])

    @classmethod
    def of(cls, prod: Door, windows: Iterable[Window]) -> Journalled:
        """With the identity that production has now."""
        return cls(windows, read_server_facts(prod).identity)

    def belonging(self, found: NamedObject) -> Belonging:
        """To what an object belongs."""
        owner = owner_in(found.comment or "")
        if owner is not None and owner.production != self._production:
            return Belonging.ANOTHERS
        window = self._window(found.name if owner is None else owner.common)
        if window is not None:
            # Before names had an id, two productions could give one on their dev the same.
            unclear = not window.setting.id and found.server is Server.DEV and not window.state.is_open
            return Belonging.UNCLEAR if unclear else Belonging.OPEN if window.state.is_open else Belonging.ENDED
        if owner is not None or found.kind == "role" or found.runs_as_ours:
            return Belonging.UNKNOWN
        halves = {production_in(name) for name in found.uses if name is not None} - {None}
        if not halves:
            return Belonging.UNCLEAR
        return Belonging.UNKNOWN if production_half(self._production) in halves else Belonging.ANOTHERS

    def _window(self, name: str) -> Window | None:
        """This production's window whose object has this name; a re-base numbers its slots."""
        for window in self._windows:
            if window.prod_identity != self._production:
                continue  # the journal came with a copy of another production
            names = window.names
            if name in (names.common, names.wal_slot, names.restore_origin(self._database)):
                return window
            if window.state.is_open and name.startswith(f"{names.common}_"):
                return window
        return None

    @property
    def copied(self) -> list[Window]:
        """Windows that are open in the journal, and are another production's: this one is a copy of it."""
        return [one for one in self._windows if one.state.is_open and one.prod_identity != self._production]

    def unknown(self, door: Door) -> list[NamedObject]:
        """Objects on a server that are this production's and that the journal knows nothing of."""
        return [found for found in read_objects(door) if self.belonging(found) is Belonging.UNKNOWN]


def refuse_unknown(
    prod: Door, windows: Iterable[Window], dev: Door | None = None, *, tolerated: Collection[str] = ()
) -> None:
    """See that everything on the servers that is this production's stands in its journal.

    :param tolerated: kinds of objects that do not count.
    :raises WrongState: something does not; it may write at any moment.
    """
    windows = list(windows)
    copied = copied_window(prod, windows)
    if copied is not None:
        raise copied
    found = [one for one in unknown_objects(prod, windows, dev) if one.kind not in tolerated]
    if found:
        raise unknown_window(found)


def copied_window(prod: Door, windows: Iterable[Window]) -> WrongState | None:
    """The refusal where an open window of the journal is another production's, of which this one is a copy."""
    found = Journalled.of(prod, windows).copied
    if not found:
        return None
    return WrongState(
        f"window {found[0].name} is open in the journal, and it is another production's ({found[0].prod_identity}): "
        "this one is a copy of it",
        hint="`egrow-replica disable --orphan` ends what came with the copy; nothing that is the other's is touched.",
        code="copied-journal",
    )


def unknown_objects(prod: Door, windows: Iterable[Window], dev: Door | None = None) -> list[NamedObject]:
    """What :func:`refuse_unknown` refuses."""
    journalled = Journalled.of(prod, windows)
    return [found for door in (prod, dev) if door is not None for found in journalled.unknown(door)]


def unknown_window(found: Collection[NamedObject]) -> WrongState:
    """The refusal that names them."""
    named = ", ".join(f"{one.kind} {one.name} on {one.server}" for one in found)
    if {one.kind for one in found} == {"role"}:
        hint = "Was the journal dropped? `egrow-replica setup --apply` makes it anew."
    else:
        hint = "Was the journal dropped, or production restored? `egrow-replica disable --orphan` closes that window."
    return WrongState(
        f"there are objects of a window that production's journal does not know: {named}",
        hint=hint,
        code="unknown-window",
    )
