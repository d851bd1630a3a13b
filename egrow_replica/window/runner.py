"""Executing steps: the lock before each, intent and outcome in the journal, and everything back when one fails."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from egrow_replica.errors import EgrowError, ServerUnavailable
from egrow_replica.model import StepStatus, WindowState
from egrow_replica.replication import subscription
from egrow_replica.results import Reason, Removed, StepReport, Validation
from egrow_replica.window.outcome import after_rollback
from egrow_replica.window.run import Run
from egrow_replica.window.steps import UNTIL_JUDGED, Hold, Reconcile, Step, Subscription, gather, subject_of
from egrow_replica.window.stream_look import look_at_publication


class Runner:
    """Runs the steps of one command and keeps their reports.

    :ivar reports: in the order in which things happened.
    :ivar removed: what undoing took away.
    :ivar left: steps whose undoing failed, each with the error.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self.reports: list[StepReport] = []
        self.removed: list[Removed] = []
        self.left: list[tuple[Step, EgrowError]] = []

    def forward(self, steps: Sequence[Step]) -> None:
        """Execute each step that is not already so; the first failure ends it and leaves undoing to the caller."""
        for step in steps:
            self._run.check_lock()
            self._execute(step)

    def back(self, steps: Sequence[Step]) -> None:
        """Undo the steps in reverse; a step that cannot be undone does not keep the others from it."""
        for step in reversed(steps):
            started = time.monotonic()
            try:
                removed = step.undo(self._run)
            except EgrowError as error:
                self.left.append((step, error))
                self._report(step, StepStatus.UNDO_FAILED, started, error.message)
                continue
            self.removed += removed
            if removed:
                self._report(step, StepStatus.UNDONE, started, ", ".join(f"{one.kind} {one.name}" for one in removed))

    def _execute(self, step: Step) -> None:
        started = time.monotonic()
        self._run.listener.step_started(step.name)
        if step.observe(self._run):
            self._report(step, StepStatus.UNCHANGED, started, "")
            return
        self._run.journal.step(step.name, "intent")
        try:
            detail = step.do(self._run)
        except BaseException as error:
            self._report(step, StepStatus.FAILED, started, str(error))
            raise
        self._run.journal.step(step.name, "done", detail or None)
        self._report(step, StepStatus.DONE, started, detail)

    def _report(self, step: Step, status: StepStatus, started: float, detail: str) -> None:
        report = StepReport(name=step.name, status=status, seconds=round(time.monotonic() - started, 3), detail=detail)
        self.reports.append(report)
        self._run.listener.step_ended(report)


@dataclass(frozen=True)
class RolledBack:
    """What became of a rollback.

    :ivar done: nothing is left behind.
    :ivar validation: of all that the window and its rollback wrote; ``None`` where that was nothing, or nobody knows.
    :ivar unjudged: why nobody knows.
    :ivar sentence: what is true now.
    """

    done: bool
    validation: Validation | None
    unjudged: str
    sentence: Reason


def roll_back(runner: Runner, run: Run, steps: Sequence[Step], cause: str) -> RolledBack:
    """Take everything back after a failure, and judge what was written before its traces are removed.

    The window ends ``rolled_back``, or ``failed`` where something could not be undone, and says so in the journal as
    far as production answers.
    """
    try:
        run.release_snapshots()
        _fresh_writer(run)
        run.journal.set_state(WindowState.ROLLING_BACK, cause)
        validation, unjudged = _take_back(runner, run, steps)
        done = not runner.left
        run.journal.set_state(WindowState.ROLLED_BACK if done else WindowState.FAILED, cause)
    except ServerUnavailable as error:
        return RolledBack(False, None, "", after_rollback((), None, error.message, content_back=False))
    sentence = after_rollback(run.progress.restored, validation, unjudged, content_back=done)
    return RolledBack(done, validation, unjudged, sentence)


def _take_back(runner: Runner, run: Run, steps: Sequence[Step]) -> tuple[Validation | None, str]:
    """End the stream, undo what was written, judge all of it; then what identifies it goes, if that is not needed."""
    holds = [step for step in steps if isinstance(step, Hold)]
    streams = [step for step in steps if isinstance(step, Subscription)]
    traces = [step for step in steps if step.name in UNTIL_JUDGED]
    try:
        subscription.end(run.writer, run.names.common)
    except EgrowError as error:
        runner.left += [(step, error) for step in streams]
    _look_at_publication(run, ended=not runner.left)
    runner.back([step for step in steps if step not in (*holds, *streams, *traces)])
    judged = _judge(run)
    if not _needs_traces(runner):
        runner.back(streams)
    runner.back(holds if _needs_traces(runner) else [*holds, *traces])
    return judged


def _look_at_publication(run: Run, *, ended: bool) -> None:
    """For the last time before it is removed: what it may have sent decides what is judged of what arrived."""
    if run.baseline is None or not run.progress.publishes:
        return
    subject = subject_of(run, streaming=False, check_content=False)
    look = look_at_publication(run.servers, subject, [])
    if look is not None:
        run.note(publication_look=look.model_copy(update={"whole": look.whole and ended}))


def _needs_traces(runner: Runner) -> bool:
    """Whether the stream could not be ended, or the content not be put back."""
    return any(isinstance(step, Subscription | Reconcile) for step, _ in runner.left)


def _judge(run: Run) -> tuple[Validation | None, str]:
    """The evidence after the content was put back, or why there is none: a window may not go on for want of it."""
    wrote = run.progress.reconciled or run.progress.subscription_oid is not None
    if run.baseline is None or not wrote:
        return None, ""
    try:
        return gather(run, subject_of(run, streaming=False, check_content=False), last=True), ""
    except ServerUnavailable:
        raise
    except EgrowError as error:
        return None, error.message


def _fresh_writer(run: Run) -> None:
    # The failure may have left the connection inside a transaction, or gone.
    run.release_writer()
