"""A plan in a file: what it holds, how it is kept and read, and what makes it outdated."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from egrow_replica.backup.files import new_file, put_in_place
from egrow_replica.errors import UsageError, WrongState
from egrow_replica.model import Model, QualifiedName, TableName
from egrow_replica.results import PlannedStep

KIND = "egrow-replica plan"
FORMAT = 1
#: More than any plan of a thousand tables; whatever is larger is another file.
MAX_BYTES = 64 << 20


class SavedTable(Model):
    """The rows of one content table that would be moved.

    :ivar digest: over those rows, as they are on both servers.
    """

    table: TableName
    new: int
    updated: int
    production_only: int
    digest: str

    def differs_from(self, other: SavedTable) -> str | None:
        """How the rows to move changed until ``other``, ``None`` where they did not."""
        for what, before, now in (
            ("rows to insert into", self.new, other.new),
            ("rows to update in", self.updated, other.updated),
            ("rows only production has in", self.production_only, other.production_only),
        ):
            if before != now:
                return f"{what} {self.table}: {before} → {now}"
        return f"rows to move of {self.table}: as many as before, but not the same" if self != other else None


class SavedPlan(Model):
    """A plan as a file keeps it; it holds no secret and no row.

    :ivar seed: of the digests of rows. Not the window's, which is drawn when it opens.
    :ivar subjects: what the plan rests on, each by a name for people; a digest where the value is long.
    """

    kind: str = KIND
    format: int = FORMAT
    program_version: str
    made_at: datetime
    window: str
    reason: str | None
    whole_backup: bool
    allow_unproven: bool
    hold_seconds: float | None = None
    seed: int
    subjects: dict[str, str]
    tables: tuple[SavedTable, ...]
    steps: tuple[PlannedStep, ...]


def refuse_existing(path: Path, *, force: bool) -> None:
    """See that a plan may be written there.

    :raises UsageError: there is something already, or no directory.
    """
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(f"{str(path)!r} cannot be written: it is a directory, or is to be in none", code="plan-file")
    if path.exists() and not force:
        raise UsageError(
            f"there is a file {str(path)!r} already", hint="Give another name, or --force.", code="plan-exists"
        )


def write_plan(path: Path, saved: SavedPlan, *, force: bool) -> None:
    """Keep a plan, readable by its owner only; whole or not at all.

    :raises UsageError: it cannot be written, or there is a file already and no ``force``.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with new_file(temporary) as file:
            file.write(f"{saved.model_dump_json(indent=1)}\n".encode())
        put_in_place(temporary, path, replace=force)
    except OSError as error:
        raise UsageError(f"the plan {str(path)!r} cannot be written: {error.strerror}", code="plan-file") from None
    finally:
        temporary.unlink(missing_ok=True)


def read_plan(path: Path) -> SavedPlan:
    """A plan that was kept.

    :raises UsageError: the file cannot be read, is none of ours, or is of a format that this version does not know.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"the plan {str(path)!r} cannot be read: {error.strerror}", code="plan-file") from None
    try:
        found = json.loads(text) if len(text) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("kind") != KIND:
        raise _bad(path, "is not a plan")
    if found.get("format") != FORMAT:
        raise _bad(path, f"has format {str(found.get('format'))[:20]}, this version reads format {FORMAT}")
    try:
        return SavedPlan.model_validate_json(text)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise _bad(path, f"is damaged at {where or 'its beginning'}") from None


def _bad(path: Path, what: str) -> UsageError:
    return UsageError(f"{str(path)!r} {what}", hint="`egrow-replica plan --out FILE` makes one.", code="bad-plan")


def refuse_changed(saved: SavedPlan, now: SavedPlan) -> None:
    """See that a plan still says what would be done.

    :raises WrongState: it does not; each change is named.
    """
    found = list(changes(saved, now))
    if found:
        raise WrongState(
            "the plan is outdated: " + "\nalso: ".join(found),
            hint="Make a new plan, read it, and enable that one.",
            code="plan-outdated",
        )


def changes(saved: SavedPlan, now: SavedPlan) -> list[str]:
    """What is not as it was when the plan was made, a sentence each.

    Statements are only named where nothing else explains that they differ.
    """
    found = [
        _subject(name, saved.subjects.get(name), now.subjects.get(name))
        for name in dict.fromkeys((*saved.subjects, *now.subjects))
        if saved.subjects.get(name) != now.subjects.get(name)
    ]
    before: dict[QualifiedName, SavedTable] = {one.table: one for one in saved.tables}
    found += [change for one in now.tables if one.table in before and (change := before[one.table].differs_from(one))]
    return found or _changed_steps(saved, now)


def _subject(name: str, before: str | None, now: str | None) -> str:
    if before is None or now is None:
        return f"{name}: {'was not there' if before is None else 'is gone'}"
    if before.startswith(DIGEST):
        return f"{name} changed"
    return f"{name}: {before} → {now}"


def _changed_steps(saved: SavedPlan, now: SavedPlan) -> list[str]:
    if [step.name for step in saved.steps] != [step.name for step in now.steps]:
        return ["the steps are others"]
    return [
        f"the statements of step {one.name} are others"
        for before, one in zip(saved.steps, now.steps, strict=True)
        if (before.sql, before.statements, before.guard) != (one.sql, one.statements, one.guard)
    ]


#: What a subject's value begins with where it is a digest.
DIGEST = "sha256:"
