"""What is true after content was put back: of content, and of users' rows. The evidence decides, not the intention."""

from __future__ import annotations

from collections.abc import Iterable

from egrow_replica.model import TableVerdict
from egrow_replica.results import Reason, RestoredTable, UserRow, UserRows, Validation, tr

#: How many rows a line for a person names.
SHOWN_ROWS = 5


def after_rollback(
    restored: Iterable[RestoredTable], validation: Validation | None, unjudged: str, *, content_back: bool
) -> Reason:
    """The sentence after a rollback.

    :param restored: what putting content back did; nothing where nothing had been written.
    :param validation: of all that was written; ``None`` where that was nothing, or nobody knows.
    :param unjudged: why nobody knows.
    :param content_back: nothing of it failed.
    """
    if validation is None and not unjudged and content_back:
        return tr(
            "rolled back: no row was written, both servers are as they were; numbers that a rehearsal took of a "
            "sequence stay taken"
        )
    about = users(validation, unjudged)
    if not content_back:
        return tr("not everything is rolled back; {users}", users=about)
    kept = sum(one.kept_referenced + one.kept_parts for one in restored)
    edited = sum(one.locally_edited for one in restored)
    if not kept and not edited:
        return tr("rolled back: content is back; {users}", users=about)
    return tr(
        "rolled back: content is back, but for {kept} new rows that users' rows refer to and {edited} that people have "
        "edited; {users}",
        kept=kept,
        edited=edited,
        users=about,
    )


def users(validation: Validation | None, unjudged: str = "") -> Reason:
    """What is true of users' rows."""
    if validation is None:
        return tr("what was written to users' tables could not be judged: {why}", why=unjudged)
    if validation.verdict is TableVerdict.TOUCHED:
        return _touched(validation)
    if validation.verdict is TableVerdict.UNPROVEN:
        names = [str(table.table) for table in validation.tables if table.verdict is TableVerdict.UNPROVEN]
        names += [str(one.table) for one in validation.production_columns if one.verdict is TableVerdict.UNPROVEN]
        return tr(
            "whether a row of a user was changed is not proved ({tables})", tables=", ".join(names) or "see the report"
        )
    return tr("no row of a user was written (evidence: {evidence})", evidence=validation.evidence.value)


def _touched(validation: Validation) -> Reason:
    shown = [_rows(one) for one in validation.not_back]
    columns = [one for one in validation.production_columns if one.verdict is TableVerdict.TOUCHED]
    shown += [f"{one.table} ({', '.join(one.columns)})" for one in columns]
    if not shown:  # a sequence, for example
        return tr("what is no content was written and is NOT back: {what}", what="; ".join(validation.problems))
    rows = "; ".join(shown)
    if validation.put_back is None:
        return tr("rows of users were changed and are NOT back: {rows}", rows=rows)
    file = validation.put_back
    return tr("rows of users were changed and are NOT back: {rows}; SQL to review: {file}", rows=rows, file=file)


def _rows(table: UserRows) -> str:
    """A few keys, and no other value."""
    shown = [f"{row.key} ({_deed(row)})" for row in table.rows[:SHOWN_ROWS]]
    rest = len(table.rows) - len(shown) + table.more
    shown += [f"{rest} more"] if rest else []
    shown += [f"not known: {one}" for one in table.unknown]
    return f"{table.table}: {', '.join(shown) or 'every row is as it was'}"


def _deed(row: UserRow) -> str:
    return f"{row.change.value if row.change is not None else 'written'} by the {row.written_by}"
