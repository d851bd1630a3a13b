"""What an administrator who is no superuser may not give, and what is weaker without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from egrow_replica.catalog.roles import MAINTENANCE_ROLE
from egrow_replica.db import Composed, Door
from egrow_replica.errors import StatementFailed
from egrow_replica.model import Check, Server, Severity
from egrow_replica.window.checks.base import finding

#: The server refuses, or an object is not there because what makes it was refused before.
_DENIED = frozenset({"42501", "0LP01", "3F000", "42883", "42704", "42P01", "0A000", "2BP01"})
#: It only warns that nothing was granted, or revoked.
_DID_NOTHING = frozenset({"01007", "01006"})
#: The findings.
LEFT = ("not-granted", "not-removed")
_SAVEPOINT = "SAVEPOINT egrow_replica_setup"
_BACK = "ROLLBACK TO SAVEPOINT egrow_replica_setup"

_NO_WINDOW = "no window can be opened without it"
_LOG = "the password of the stream may be in the server's log (doctor: `log-password`)"
_WAL = "the evidence rests on commit timestamps, which cannot tell who deleted a row (tier `origin`)"
_HOLD = "writes cannot be held (`--maintenance`)"


@dataclass(frozen=True)
class _Meaning:
    """What a statement is about, told by a part of it.

    :ivar without: what is so without it; an error where no window opens then.
    """

    part: str
    subject: str
    without: str
    error: bool = False


_MEANINGS = (
    _Meaning("session_replication_role", "session_replication_role", f"triggers would fire: {_NO_WINDOW}", error=True),
    _Meaning(
        "track_counts", "track_counts", "where it is off, no transaction of ours could be judged (`row-counters`)"
    ),
    *(
        _Meaning(f'"{setting}"', setting, _LOG)
        for setting in (
            "log_statement",
            "log_min_error_statement",
            "log_min_duration_statement",
            "log_transaction_sample_rate",
            "track_activities",
        )
    ),
    _Meaning("pg_replication_origin", "replication origins", f"our writes bear no mark: {_NO_WINDOW}", error=True),
    _Meaning("pg_show_replication_origin", "replication origins", f"our writes bear no mark: {_NO_WINDOW}", error=True),
    _Meaning("egrow_ext", "pg_walinspect", _WAL),
    _Meaning("pg_create_subscription", "pg_create_subscription", _NO_WINDOW, error=True),
    _Meaning("pg_stat_reset_replication_slot", "slot", "a slot that is made anew under the window's name is not known"),
    _Meaning(MAINTENANCE_ROLE, MAINTENANCE_ROLE, _HOLD),
    _Meaning("pg_monitor", "pg_monitor", "whom we wait for cannot be seen, nor whether writes are held"),
    _Meaning("DEFAULT PRIVILEGES", "new tables", "a table that is made later cannot be read until setup is run again"),
)
_OTHERWISE = _Meaning("", "a grant", "doctor says which check needs it (`privilege`)", error=True)


def try_each(door: Door, statements: list[Composed]) -> Iterator[tuple[Composed, str]]:
    """Send statements in the open transaction; what this login may not do is taken back and told with the reason.

    :raises StatementFailed: one fails for another reason.
    """
    denied = False
    for statement in statements:
        door.execute(_SAVEPOINT)
        before = len(door.warned)
        try:
            door.execute(statement)
        except StatementFailed as error:
            if error.sqlstate not in _DENIED or not (denied or error.sqlstate in ("42501", "0LP01")):
                raise
            door.execute(_BACK)
            denied = True
            yield statement, error.message
            continue
        if _DID_NOTHING.intersection(door.warned[before:]):
            door.execute(_BACK)
            denied = True
            yield statement, "our login may not give it"


def left_checks(server: Server, left: dict[str, str], *, removing: bool) -> Iterator[Check]:
    """What is weaker without the statements that are left, one finding for each."""
    for shown, reason in left.items():
        if removing:
            message = f"left for somebody who may: {reason}"
            yield finding("not-removed", Severity.ERROR, server, "a role", message, f"{shown};")
            continue
        meaning = next((one for one in _MEANINGS if one.part in shown), _OTHERWISE)
        severity = Severity.ERROR if meaning.error else Severity.WARNING
        message = f"left for somebody who may: {reason}; {meaning.without}"
        yield finding("not-granted", severity, server, meaning.subject, message, f"{shown};")
