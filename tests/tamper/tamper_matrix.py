"""The matrix of cases, tiers and verdicts, as a document has it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tamper_cases import CELLS, IN_TRANSACTION, TIERS, Actor, before_commit

DOCUMENT = Path(__file__).parents[2] / "docs" / "tamper-matrix.md"
#: Set to anything, the document is written anew from what was measured.
REWRITE = "EGROW_WRITE_MATRIX"

#: (what was done, who, whether people write there too) → tier → verdict
Key = tuple[str, str, str]
Matrix = dict[Key, dict[str, str]]

MEASURED: Matrix = {}

QUIET, BUSY = "", "yes"
SPECIAL: dict[str, Key] = {
    "live": ("one byte of a user's row, in the table that the application fills", Actor.CONTROLLER.value, BUSY),
    "early": ("an update that was under way when the baseline was to be taken", Actor.PEOPLE.value, QUIET),
    "orphan": ("content deleted under the replica role, so that a user's row points nowhere", "controller", QUIET),
    "created": ("a table made and filled", Actor.PEOPLE.value, QUIET),
}

_INTRODUCTION = """\
# What tampering is found

Measured by `tests/tamper` on two real servers, with the application writing to production all the time, and compared
with this document by a test (`EGROW_WRITE_MATRIX=1 pytest tests/tamper --slow` writes it anew). Each line is a table of
its own in one window for each tier: what was done to it between baseline and validation, by whom, whether other people
wrote to the table as well, and the verdict. With WAL, in `exact` and `wal`, the lines in which our own origin gives
files up (`TRUNCATE`, `VACUUM FULL`) have a window of their own: what such files were nobody knows afterwards, and then
WAL only proves what was written, no more what was not.

In the columns `exact` and `held` the application's writes were held from before the baseline until the window was
closed; it was refused all the time, and went on afterwards. Both are the tier `exact`: the first with WAL read besides,
the second without, so that only commit timestamps can show a write of ours. Whoever else writes there was not held.

- **controller**: a connection that carries the origin of the window's own writes.
- **apply worker**: an `ALWAYS` trigger on a content table with a `SECURITY DEFINER` function, put on after the window
  had opened.
- **others**: ordinary transactions.

`intact` is said only where nothing differs that a person could see. Where a tier cannot see who wrote, it says
`unproven`; with one exception, in the tier `origin`: a row that people have changed after somebody else carries their
transaction, and a prepared transaction the one who commits it, so that such a table is `changed_by_application`.
"""


_BEFORE_COMMIT = """\
## Before a commit

The same, done by an `ALWAYS` trigger on content that nothing has found before, in a transaction of ours: what becomes
of it, in every tier, when it is judged before it commits. What a subtransaction has taken back counts as written,
because it was counted; a row that is only locked does not.
"""


def document(matrix: Matrix) -> str:
    """The whole document."""
    lines = "\n".join(f"- {case.title}: {before_commit(case)}" for case in IN_TRANSACTION)
    return f"{_INTRODUCTION}\n{as_text(matrix)}\n\n{_BEFORE_COMMIT}\n{lines}\n"


def as_text(matrix: Matrix) -> str:
    """The table, in Markdown; a tier that was not measured has a gap."""
    head = ("what", "by whom", "others too", *TIERS)
    lines = [head, *((*key, *(matrix[key].get(tier, "?") for tier in TIERS)) for key in order() if key in matrix)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    text.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(text)


def parsed(text: str) -> Matrix:
    """The matrix that a document has."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")
    ]
    return {(row[0], row[1], row[2]): dict(zip(rows[0][3:], row[3:], strict=True)) for row in rows[2:]}


def order() -> list[Key]:
    """All lines there are."""
    return [*dict.fromkeys(key_of(cell.case.title, cell.actor, cell.busy) for cell in CELLS), *SPECIAL.values()]


def key_of(title: str, actor: Actor, busy: bool) -> Key:
    return title, actor.value, BUSY if busy else QUIET


def record(key: Key, verdicts: Mapping[str, str]) -> None:
    """Add what was measured."""
    MEASURED.setdefault(key, {}).update(verdicts)


def rewrite() -> bool:
    return bool(os.environ.get(REWRITE))
