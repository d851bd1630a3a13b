"""The academy's streak report, from production, in one snapshot. Only reads; dev is not asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from egrow_replica.app.context import Context
from egrow_replica.db import SNAPSHOT, Door, Waits, connect, parse_dsn
from egrow_replica.guard import Policy
from egrow_replica.model import Server
from egrow_replica.settings import prod_dsn
from egrow_replica.streaks import FullReport, QuickReport, read_full, read_quick, require_tables


def streaks_quick(context: Context) -> QuickReport:
    """How many users, streaks, badges and completions there are.

    :raises PreflightFailed: production lacks one of the academy's tables.
    """
    with _snapshot(context) as prod:
        require_tables(prod, full=False)
        return read_quick(prod)


def streaks_full(context: Context) -> FullReport:
    """The same, with the newest entries of each table and every inconsistency.

    :raises PreflightFailed: production lacks one of the academy's tables.
    """
    with _snapshot(context) as prod:
        require_tables(prod, full=True)
        return read_full(prod)


@contextmanager
def _snapshot(context: Context) -> Iterator[Door]:
    dsn = parse_dsn(prod_dsn(context.settings), name="prod")
    with (
        connect(dsn, Server.PROD, Policy.reading(), what="streaks", waits=Waits(context.listener.say)) as door,
        door.transaction(SNAPSHOT),
    ):
        yield door
