"""What a check is, what it may look at, and how one that cannot look answers all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import nullcontext
from dataclasses import dataclass

from egrow_replica.errors import EgrowError, Refused, ServerUnavailable, StatementFailed
from egrow_replica.model import Check, Server, Severity, Side
from egrow_replica.window.checks.view import View

#: What a check does: it yields what it finds, nothing where all is well.
Look = Callable[[View, Server], Iterable[Check]]

SIDES: dict[Server, Side] = {Server.DEV: Side.DEV, Server.PROD: Side.PROD}
LOCK_NOT_AVAILABLE = "55P03"
#: Rows that a message names; all of them are in the finding's ``rows``.
SHOWN_ROWS = 20
#: Rows that an error's line names of each finding: it is about tables and counts, the report has the rows.
SHOWN_IN_ERROR = 3


@dataclass(frozen=True)
class Inspection:
    """One thing to look at.

    :ivar id: stable slug; a finding may carry a narrower one.
    :ivar server: where it looks first; ``side`` is what the answer names.
    :ivar needs: the servers without which it cannot look.
    :ivar fine: what the answer says where nothing was found.
    :ivar guards: a window must not be opened where this is unknown.
    :ivar reads_rows: it may take as long as that takes; every other only reads catalogs.
    """

    id: str
    server: Server
    side: Side
    needs: frozenset[Server]
    subject: str
    fine: str
    guards: bool
    look: Look
    reads_rows: bool = False

    def run(self, view: View) -> list[Check]:
        """The answers; empty where a server that it needs is not there.

        :raises ServerUnavailable: one went away.
        """
        if not all(view.has(server) for server in self.needs):
            return []
        try:
            with view.at_length() if self.reads_rows else nullcontext():
                found = list(self.look(view, self.server))
        except ServerUnavailable:
            raise
        except Refused as error:
            return [self._answer(Severity.ERROR, error.reason, error.hint, refused=True)]
        except EgrowError as error:
            if isinstance(error, StatementFailed) and error.sqlstate == LOCK_NOT_AVAILABLE:
                view.hurry()
            severity = Severity.ERROR if self.guards else Severity.WARNING
            return [self._answer(severity, f"this could not be looked at: {error.message}", error.hint)]
        return found or [self._answer(Severity.OK, self.fine)]

    def _answer(self, severity: Severity, message: str, remedy: str = "", *, refused: bool = False) -> Check:
        return Check(
            id=self.id,
            severity=severity,
            server=self.side,
            subject=self.subject,
            message=message,
            remedy=remedy,
            refused=refused,
        )


def inspection(
    slug: str,
    *servers: Server,
    subject: str,
    fine: str,
    both: bool = False,
    guards: bool = True,
    reads_rows: bool = False,
) -> Callable[[Look], tuple[Inspection, ...]]:
    """Make a check of a function, one for each of the servers.

    :param both: it needs both servers, whichever it is about; without ``servers`` it is about both.
    :param reads_rows: it reads more than catalogs.
    """

    def make(look: Look) -> tuple[Inspection, ...]:
        return tuple(
            Inspection(
                id=slug,
                server=server,
                side=SIDES[server] if servers else Side.BOTH,
                needs=frozenset(Server) if both or not servers else frozenset({server}),
                subject=subject,
                fine=fine,
                guards=guards,
                look=look,
                reads_rows=reads_rows,
            )
            for server in servers or (Server.PROD,)
        )

    return make


def inspect(view: View, chosen: Iterable[Inspection]) -> Iterator[Check]:
    """Run checks one after the other; one that fails is an answer, the rest go on.

    :raises ServerUnavailable: a server went away.
    """
    for one in chosen:
        yield from one.run(view)


# ------------------------------------------------------------------------------------------------------------ findings


def finding(
    slug: str,
    severity: Severity,
    side: Side | Server,
    subject: object,
    message: str,
    remedy: str = "",
    *,
    refused: bool = False,
    rows: Iterable[str] = (),
) -> Check:
    """An answer, its subject as people write it."""
    return Check(
        id=slug,
        severity=severity,
        server=SIDES[side] if isinstance(side, Server) else side,
        subject=str(subject),
        message=message,
        remedy=remedy,
        refused=refused,
        rows=tuple(rows),
    )


def error(
    slug: str, side: Side | Server, subject: object, message: str, remedy: str = "", *, refused: bool = False
) -> Check:
    """What keeps a window closed."""
    return finding(slug, Severity.ERROR, side, subject, message, remedy, refused=refused)


def warning(slug: str, side: Side | Server, subject: object, message: str, remedy: str = "") -> Check:
    """What may harm."""
    return finding(slug, Severity.WARNING, side, subject, message, remedy)


def info(slug: str, side: Side | Server, subject: object, message: str, remedy: str = "") -> Check:
    """What is good to know."""
    return finding(slug, Severity.INFO, side, subject, message, remedy)


def fine(slug: str, side: Side | Server, subject: object, message: str) -> Check:
    """What was looked at and is well."""
    return finding(slug, Severity.OK, side, subject, message)


def named(rows: Iterable[str], most: int = SHOWN_ROWS) -> str:
    """Rows in a message: the first ones, and how many more.

    >>> named(["a", "b"]), named(["a", "b", "c"], 2)
    ('a, b', 'a, b and 1 more')
    """
    known = list(rows)
    shown = ", ".join(known[:most])
    return f"{shown} and {len(known) - most} more" if len(known) > most else shown


def in_short(check: Check) -> str:
    """A finding's message with a few of its rows, however many it names."""
    if len(check.rows) <= SHOWN_IN_ERROR:
        return check.message
    few = named(check.rows, SHOWN_IN_ERROR)
    if named(check.rows) in check.message:
        return check.message.replace(named(check.rows), few)
    return f"{check.id}: {counted(check.rows)}: {few}"


def counted(keys: Sized, what: str = "row") -> str:
    """How many of something.

    >>> counted(["a"]), counted(["a", "b"], "key")
    ('1 row', '2 keys')
    """
    return f"{len(keys)} {what}" if len(keys) == 1 else f"{len(keys)} {what}s"


def size(count: int) -> str:
    """Bytes as a person reads them.

    >>> size(5 * 1024**3)
    '5.0 GB'
    """
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 1024:
            return f"{value:.0f} {unit}"
        value /= 1024
    return f"{value:.1f} GB"
