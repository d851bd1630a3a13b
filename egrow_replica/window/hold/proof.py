"""Whether writes are held, as far as production shows it, so that evidence may rest on it."""

from __future__ import annotations

from collections.abc import Iterator

from egrow_replica.catalog.conditions import read_places
from egrow_replica.db import Door, query
from egrow_replica.window.hold.model import Hold
from egrow_replica.window.hold.read import (
    changed_meanwhile,
    read_hold,
    read_prepared,
    read_role_rights,
    read_sessions,
    read_writers,
)


def weakness(prod: Door, protected: list[int], subscription: str, wanted: int | None = None) -> tuple[Hold | None, str]:
    """The hold in force, and why nothing can rest on it at this moment; ``""``: writes are held as far as can be known.

    Known is what the server shows now: the roles' settings, the sessions, prepared transactions. Not known is whether
    a held session has taken the setting back, or who came and went since an earlier look.

    :param subscription: of the window, whose own worker is not counted; ``wanted``: the hold that has to be in force.
    """
    hold = read_hold(prod)
    if hold is None:
        return None, "writes are not held" if wanted is None else f"hold {wanted} was released"
    for reason in _weaknesses(prod, hold, protected, subscription, wanted):
        return hold, reason
    return hold, ""


def _weaknesses(prod: Door, hold: Hold, protected: list[int], subscription: str, wanted: int | None) -> Iterator[str]:
    if wanted is not None and hold.id != wanted:
        yield f"hold {wanted} was released; hold {hold.id} is another one"
    if hold.held_since is None:
        yield f"hold {hold.id} is not complete: whoever began it has not seen the older sessions end"
        return
    if not read_places(prod).sees_activity:
        yield "our login may not see other sessions (GRANT pg_monitor)"
    yield from changed_meanwhile(hold, read_role_rights(prod, hold.names))
    for one in read_sessions(prod, hold.names):
        if one.started_at is None or one.started_at < hold.held_since:
            yield f"{one} is older than the hold"
        if one.writes:
            yield f"{one} is writing in spite of the hold"
    for prepared in read_prepared(prod):
        yield f"{prepared.role} has prepared the transaction {prepared.gid}"
    others = [one.role for one in read_writers(prod, protected, hold.names) if one.sessions]
    workers = set(prod.values(query("hold/workers"), [subscription]))
    for one in read_sessions(prod, others):
        if one.pid not in workers:
            yield f"{one} may write protected tables and is not held"


class HoldWatch:
    """Whether writes have been held since before a baseline, asked again and again; once broken it stays so.

    :ivar hold: as it was last seen; ``reason``: why nothing rests on it, ``""`` while it is unbroken.
    """

    def __init__(
        self, door: Door, protected: list[int], subscription: str, *, wanted: int | None, missing: str
    ) -> None:
        self._door = door
        self._protected = protected
        self._subscription = subscription
        self._wanted = wanted
        self.hold: Hold | None = None
        self.reason = missing or "writes were not held when the baseline was taken"
        self.was_held = wanted is not None or missing != ""

    def unbroken(self) -> bool:
        """Ask the server."""
        if self._wanted is None or (self.hold is not None and self.reason):
            return False
        self.hold, self.reason = weakness(self._door, self._protected, self._subscription, self._wanted)
        return not self.reason

    def note(self, *, exact: bool, wal: bool) -> str:
        """Why the evidence is exact, or is not although writes were held; ``""`` where nobody held them.

        :param wal: WAL tells who wrote.
        """
        if not exact:
            return f"no exact evidence: {self.reason}" if self.was_held else ""
        assert self.hold is not None
        who = "WAL tells" if wal else "nothing could tell"
        return (
            f"exact evidence: writes of {', '.join(self.hold.names)} have been held since "
            f"{self.hold.held_since:%Y-%m-%d %H:%M:%S%z} (hold {self.hold.id}), before the baseline, and every table "
            f"was read again; {who} who wrote a table that differs"
        )
