"""A whole release window in the lab, told step by step; it checks every promise itself."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from egrow_replica.app.context import Context
from egrow_replica.app.disable import DisableOptions, disable
from egrow_replica.app.enable import EnableOptions, enable
from egrow_replica.app.plan import plan
from egrow_replica.app.restore import RestoreOptions, restore
from egrow_replica.app.status import status
from egrow_replica.app.validate import validate
from egrow_replica.cli import render
from egrow_replica.cli.lab_setup import set_up
from egrow_replica.cli.progress import ConsoleListener
from egrow_replica.cli.story import Stage
from egrow_replica.errors import ValidationFailed
from egrow_replica.lab.application import Application
from egrow_replica.lab.lab import Lab
from egrow_replica.model import TableVerdict
from egrow_replica.results import DemoReport, Promise, Validation
from egrow_replica.settings import load_settings


class Demo:
    """The story.

    :ivar promises: what was promised so far.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self.promises: list[Promise] = []
        self._chapter = 0

    def run(self) -> DemoReport:
        """Tell it.

        :raises ValidationFailed: a promise did not hold; ``report`` has them all.
        """
        started = time.monotonic()
        with _open_directory() as directory:
            self._tell("Two PostgreSQL servers start: development and production, 150 users on the latter.")
            with Lab.start(directory / "lab") as lab:
                set_up(lab)
                self._console.print("   Both run on loopback; `setup` has made the operator's ordinary roles.")
                with Application.start(lab.application_dsn, rate_per_second=25.0, bin_dir=lab.bin_dir) as application:
                    application.wait_for_writes(10)
                    self._tell("The academy is open: people register, learn and keep their streaks, all the time.")
                    self._play(lab, application)
            self._tell("Both servers are stopped and their directory is removed.")
        report = DemoReport(promises=tuple(self.promises), total_seconds=round(time.monotonic() - started, 3))
        broken = [promise.text for promise in self.promises if not promise.kept]
        if broken:
            error = ValidationFailed("promises were broken: " + "; ".join(broken))
            error.report = report
            raise error
        return report

    def _play(self, lab: Lab, application: Application) -> None:
        stage = Stage(lab)
        context = Context(load_settings(lab.config_path), ConsoleListener(self._console, verbose=False))
        counters = stage.counters()
        self._first_release(stage, context, application)
        self._damaged_release(stage, context, application)
        self._tell("What the people did meanwhile.")
        self._promise(counters <= stage.counters(), "every counter and rating that belongs to production is as it was")
        application.stop()
        lost = application.verify()
        self._promise(not lost, f"all {application.writes} writes of the application are there")
        self._promise(not application.failures, "not one of them failed")
        left = stage.leftovers()
        self._promise(not left, "nothing is left on either server" + (f", but {', '.join(left)}" if left else ""))

    def _first_release(self, stage: Stage, context: Context, application: Application) -> None:
        self._tell("What would a release change? `enable --dry-run` reads both sides and does nothing.")
        foreseen = plan(context, EnableOptions())
        for table in foreseen.tables:
            self._console.print(
                f"   {table.table!s:<20} {table.new:3} new {table.updated:3} changed "
                f"{table.production_only:3} only on production",
                highlight=False,
            )
        self._tell("`enable` opens the window: backup, fingerprints, reconcile, stream, validation.")
        opened = enable(context, EnableOptions(name="spring-release", reason="new courses"))
        render.show(self._console, opened)
        self._promise_evidence(opened.validation)
        written = {str(one.table): one.inserted for one in opened.reconciled}
        self._promise(
            all(written.get(str(table.table), 0) == table.new for table in foreseen.tables),
            "production has exactly the rows that were foreseen",
        )
        self._tell("An editor on dev corrects a title. It streams.")
        stage.dev("UPDATE courses SET title = 'Corrected while streaming' WHERE id = (SELECT min(id) FROM courses);")
        took = stage.wait_on_prod("SELECT count(*) FROM courses WHERE title = 'Corrected while streaming'", "1")
        self._console.print(f"   Production showed it after {took:.2f} s.", highlight=False)
        render.show(self._console, status(context))
        self._tell("`validate` looks again, with the people at work.")
        self._promise_evidence(validate(context))
        self._tell("`disable` drains, validates and removes everything that the window made.")
        closed = disable(context, DisableOptions())
        self._promise_evidence(closed.validation)
        self._promise(bool(closed.removed) and not closed.left_behind, f"{len(closed.removed)} objects were removed")
        application.wait_for_writes(5)

    def _damaged_release(self, stage: Stage, context: Context, application: Application) -> None:
        before = stage.content()
        self._tell("The next release is damaged: dev's courses were blanked, and two were made by mistake.")
        stage.dev("UPDATE courses SET title = 'TODO', price = 0; UPDATE lessons SET content = NULL;")
        stage.dev(
            'INSERT INTO courses (id, title, slug, category, "updatedAt") VALUES'
            " ('demo-mistake', 'A mistake', 'a-mistake', 'PRODUCTIVIDAD', now()),"
            " ('demo-mistake-2', 'Another mistake', 'another-mistake', 'PRODUCTIVIDAD', now());"
        )
        enable(context, EnableOptions(name="damaged-release", reason="nobody looked"))
        self._promise(stage.prod("SELECT count(*) FROM courses WHERE title = 'TODO'") != "0", "the damage has arrived")
        stage.prod(_ENROL)
        self._console.print("   Somebody has enrolled in the course that should not be.")
        disable(context, DisableOptions())
        self._tell("`restore` puts content back, without taking the course away under the one who enrolled.")
        restored = restore(context, RestoreOptions())
        render.show(self._console, restored)
        self._promise_evidence(restored.validation)
        after = stage.content()
        gone = {table: rows - after[table] for table, rows in before.items()}
        extra = [row for table, rows in after.items() for row in rows - before[table]]
        self._promise(not any(gone.values()), "every content row is as it was before the damaged release")
        self._promise(
            len(extra) == 1 and '"demo-mistake"' in extra[0], "only the course that somebody enrolled in was kept"
        )
        self._promise(
            stage.prod("SELECT count(*) FROM enrollments WHERE id = 'demo-enrolment'") == "1", "the enrolment is there"
        )
        application.wait_for_writes(5)

    def _promise_evidence(self, validation: Validation | None) -> None:
        good = validation is not None and validation.passed
        proved = validation is not None and validation.verdict in (
            TableVerdict.INTACT,
            TableVerdict.CHANGED_BY_APPLICATION,
        )
        verdict = validation.verdict if validation else "none"
        self._promise(good and proved, f"the evidence says: {verdict}")

    def _tell(self, text: str) -> None:
        self._chapter += 1
        self._console.print(f"\n[bold]{self._chapter}. {escape(text)}[/]", highlight=False, soft_wrap=True)

    def _promise(self, held: bool, text: str) -> None:
        mark = "[green]kept[/]" if held else "[bold red]BROKEN[/]"
        self._console.print(f"   {mark}: {escape(text)}", highlight=False, soft_wrap=True)
        self.promises.append(Promise(text=text, kept=held))


_ENROL = """
INSERT INTO enrollments (id, "enrolledAt", "progressPercentage", status, "userId", "courseId")
SELECT 'demo-enrolment', now(), 0, (enum_range(NULL::"EnrollmentStatus"))[1], min(id), 'demo-mistake' FROM users"""


@contextmanager
def _open_directory() -> Iterator[Path]:
    """A directory that the servers' own user can pass through."""
    with tempfile.TemporaryDirectory(prefix="egrow-demo-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o711)
        yield directory
