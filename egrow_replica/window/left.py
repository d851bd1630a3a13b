"""What a window or a restore left in the content tables, kept in the journal, against what stands there now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from egrow_replica.catalog import ContentTable
from egrow_replica.catalog.scope import changed_tables
from egrow_replica.content import ChangedSince, changed_since, left_rows_statement, read_rows
from egrow_replica.db import Door
from egrow_replica.results import ContentReport, ContentTableReport
from egrow_replica.window.checks.base import SHOWN_ROWS, counted
from egrow_replica.window.journal import LeftContent, Window, left_content, left_parts
from egrow_replica.window.run import Run
from egrow_replica.window.servers import Servers
from egrow_replica.window.stream_look import columns_left_out


@dataclass(frozen=True)
class ContentNow:
    """Content as it is now.

    :ivar problems: what is not as it was left, a sentence for each table.
    """

    report: ContentReport
    problems: tuple[str, ...] = ()


def keep_content(run: Run, command: str) -> str:
    """Keep what the content tables hold now. Return a sentence.

    :param command: what leaves them so.
    """
    changed = changed_tables(run.writer, run.scope)
    tables = [table for table in run.scope.tables if table.name not in changed]
    with run.servers.read_prod("keep-content") as prod:
        # One after the other: a door reads one stream at a time.
        kept = ((table.name, prod.copy_out(left_rows_statement(table, run.setting.seed))) for table in tables)
        there = run.journal.keep_left_content(command, kept)
    return f"{len(tables)} tables" if there else "nothing: the journal is of an earlier version"


def look_at_content(servers: Servers, windows: Iterable[Window]) -> ContentNow:
    """Hold production's content against what the last window or restore left."""
    known = list(windows)
    with servers.read_prod("journal") as journal, servers.read_prod("content") as prod:
        left = left_content(journal)
        owner = next((window for window in known if left is not None and window.name == left.window), None)
        if left is None or owner is None:
            return _unknown("what the window left was not kept: an earlier version closed it")
        since = next((window for window in known if window.opened_at > left.left_at and _wrote(window)), None)
        if since is not None:
            return _unknown(f"window {since.name} wrote content since {left.by} left it, and is {since.state}")
        return _compare(journal, prod, owner, left)


def _unknown(reason: str) -> ContentNow:
    return ContentNow(ContentReport(equal=None, left_out=(f"content: {reason}",)))


def _wrote(window: Window) -> bool:
    return bool(window.progress.reconciled) or window.progress.subscription_oid is not None


def _compare(journal: Door, prod: Door, owner: Window, left: LeftContent) -> ContentNow:
    others = changed_tables(prod, owner.scope)
    tables, problems, not_kept = [], [], []
    for table in owner.scope.tables:
        if table.name in others:
            problems.append(f"{table.name} is not the table that it was when {left.by} left it")
            tables.append(ContentTableReport(table=table.name, equal=False, differing=0))
        elif table.name not in left.relations:
            not_kept.append(f"{table.name}: what {left.by} left in it was not kept")
        else:
            found = changed_since(prod, table, owner.setting.seed, left_parts(journal, table.name))
            rows = tuple(_rows(prod, table, owner.setting.seed, found))
            tables.append(ContentTableReport(table=table.name, equal=not found.count, differing=found.count, rows=rows))
            if found.count:
                problems.append(f"{table.name}: not as {left.by} left it: {', '.join(_told(found))}")
    report = ContentReport(
        equal=False if problems else None if not_kept else True,
        tables=tuple(tables),
        left_out=(*columns_left_out(owner.scope), *not_kept),
        left_by=left.by,
    )
    return ContentNow(report, tuple(problems))


def _told(found: ChangedSince) -> Iterator[str]:
    """How many rows of each kind."""
    if found.changed:
        yield f"{counted(found.changed)} changed"
    if found.came:
        yield f"{counted(found.came)} came"
    if found.gone:
        yield f"{counted(found.gone)} {'is' if len(found.gone) == 1 else 'are'} gone"


def _rows(prod: Door, table: ContentTable, seed: int, found: ChangedSince) -> Iterator[str]:
    """The first rows of each kind, by key: of those that are gone nothing but the hash of their key is known."""
    for kind, hashes in (("changed", found.changed), ("came", found.came)):
        rows = read_rows(prod, table, seed, hashes, filtered=False, with_values=False)
        yield from (f"{row.shown_key} {kind}" for row in islice(rows, SHOWN_ROWS))
