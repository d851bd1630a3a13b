"""The academy's streak report, from production, in one snapshot. Only reads; dev is not asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from egrow_replica.app.context import Context
from egrow_replica.db import SNAPSHOT, Door, Waits, connect, parse_dsn
from egrow_replica.errors import ValidationFailed
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


def streaks_full(context: Context, *, shown: int) -> FullReport:
    """The same, with the entries of each table and every inconsistency.

    :param shown: how many of each a person is shown.
    :raises PreflightFailed: production lacks one of the academy's tables.
    :raises ValidationFailed: there are inconsistencies; ``report`` has them.
    """
    with _snapshot(context) as prod:
        require_tables(prod, full=True)
        report = read_full(prod).model_copy(update={"shown": shown})
    if report.inconsistencies:
        kinds = Counter(one.kind.value for one in report.inconsistencies)
        counted = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        error = ValidationFailed(
            f"numbers of the streak report contradict each other: {counted}",
            hint="The report names each with its user and week; the academy's application has to mend them.",
            code="inconsistencies",
        )
        error.report = report
        raise error
    return report


@contextmanager
def _snapshot(context: Context) -> Iterator[Door]:
    dsn = parse_dsn(prod_dsn(context.settings), name="prod")
    with (
        connect(dsn, Server.PROD, Policy.reading(), what="streaks", waits=Waits(context.listener.say)) as door,
        door.transaction(SNAPSHOT),
    ):
        yield door
