"""What ``enable`` would do, with nothing done; a plan that was kept is held against what would be done later."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from egrow_replica import __version__
from egrow_replica.app.context import Context, locked, open_window
from egrow_replica.app.enable import Approval, EnableOptions, new_names, new_run, refuse_hold, refuse_open
from egrow_replica.app.estimate import Estimator, estimator, measured_throughput, totals
from egrow_replica.app.plan_subjects import read_subjects, row_digest
from egrow_replica.app.saved_plan import SavedPlan, SavedTable, read_plan, refuse_changed, refuse_existing, write_plan
from egrow_replica.catalog import read_relations
from egrow_replica.content import TableDifference, bytes_of, compare_all
from egrow_replica.db import SNAPSHOT, CreateReplicationSlot, Door
from egrow_replica.errors import Refused, UsageError
from egrow_replica.model import QualifiedName, Server
from egrow_replica.replication.names import ObjectNames
from egrow_replica.results import (
    PlannedStatement,
    PlannedStep,
    PlannedTable,
    PlanReport,
    Purpose,
)
from egrow_replica.window.journal import WindowSetting, create_statements, read_windows
from egrow_replica.window.journal import exists as journal_exists
from egrow_replica.window.preflight import Findings, run_preflight
from egrow_replica.window.run import Run
from egrow_replica.window.servers import Servers
from egrow_replica.window.steps import Foreseen, Planned, Step, Work, enable_steps, noted, size_of

_KEY_HASHES = re.compile(r"'\{(-?\d+(?:,-?\d+)*)\}'(?=::int8\[\])")
_MARKS = re.compile(r"'([0-9a-f]{2,})'(?=, 'hex'\))")


@dataclass(frozen=True)
class Draft:
    """A plan, and what it rests on, for a later look at whether that still holds."""

    report: PlanReport
    subjects: dict[str, str]
    tables: tuple[SavedTable, ...]
    seed: int


def plan(context: Context, options: EnableOptions, *, out: Path | None = None, force: bool = False) -> PlanReport:
    """The steps of :func:`enable` in order, each with its statements and the guard's judgement.

    :param out: a file to keep the plan in; ``force``: replace one that is there.
    :raises EgrowError: what would keep the window closed, a step that the guard refuses too.
    :raises UsageError: the file cannot be written.
    """
    if out is not None:
        refuse_existing(out, force=force)
    with locked(context, "plan") as (servers, door, _):
        windows = read_windows(door)
        refuse_open(open_window(windows))
        with servers.read_dev("plan") as dev:
            names = new_names(options, windows, door)
            started = time.monotonic()
            findings = run_preflight(dev, door, context.settings, windows, whole_backup=options.whole_backup)
            findings.refuse()
            preflight = time.monotonic() - started
            refuse_hold(context, servers, door, options)
            draft = _draft(
                context, servers, door, dev, names, findings, options, keep=out is not None, preflight=preflight
            )
    if out is None:
        return draft.report
    write_plan(out, _saved(draft, options), force=force)
    return draft.report.model_copy(update={"saved": out})


def options_of(path: Path, given: EnableOptions) -> tuple[SavedPlan, EnableOptions]:
    """A saved plan, and the options that it was made with.

    :raises UsageError: the file is no plan, or the command line says something else than it.
    """
    saved = read_plan(path)
    options = EnableOptions(
        name=saved.window,
        reason=saved.reason,
        whole_backup=saved.whole_backup,
        allow_unproven=saved.allow_unproven,
        hold_seconds=saved.hold_seconds,
    )
    conflicts = {
        "--name": given.name not in (None, saved.window),
        "--reason": given.reason not in (None, saved.reason),
        "--no-backup": saved.whole_backup and not given.whole_backup,
        "--allow-unproven": given.allow_unproven and not saved.allow_unproven,
        "--maintenance": given.hold_seconds not in (None, saved.hold_seconds),
    }
    for option, conflicting in conflicts.items():
        if conflicting:
            raise UsageError(
                f"{option} is not what the plan {str(path)!r} was made with",
                hint=f"Leave {option} out, or make a new plan with it.",
                code="plan-conflict",
            )
    return saved, options


def approval(context: Context, saved: SavedPlan, options: EnableOptions) -> Approval:
    """What sees, before a window is opened by a plan, that all that matters is as it was when the plan was made.

    It raises WrongState where it is not, and names what changed.
    """

    def approve(servers: Servers, door: Door, dev: Door, names: ObjectNames, findings: Findings) -> None:
        draft = _draft(context, servers, door, dev, names, findings, options, seed=saved.seed, keep=True)
        refuse_changed(saved, _saved(draft, options))

    return approve


def placeholders(text: str, seed: int, id: str) -> str:
    """A statement without what is drawn or found only when the window opens.

    >>> placeholders("SELECT CAST('7' AS pg_catalog.int8), '{1,-2}'::int8[], 'egrow_a_0123456789ab'", 7, "0123456789ab")
    "SELECT CAST('<seed>' AS pg_catalog.int8), '{<2 key hashes>}'::int8[], 'egrow_a_<id>'"
    """
    text = text.replace(id, "<id>") if id else text
    text = text.replace(f"CAST('{seed}' AS pg_catalog.int8)", "CAST('<seed>' AS pg_catalog.int8)")
    text = _KEY_HASHES.sub(lambda found: f"'{{<{found[1].count(',') + 1} key hashes>}}'", text)
    text = _MARKS.sub(lambda found: f"'<{4 * len(found[1])} marks>'", text)
    return text.replace("'0/0'::pg_lsn", "'<lsn>'::pg_lsn")


def _saved(draft: Draft, options: EnableOptions) -> SavedPlan:
    return SavedPlan(
        program_version=__version__,
        made_at=datetime.now(UTC),
        window=draft.report.window,
        reason=options.reason,
        whole_backup=options.whole_backup,
        allow_unproven=options.allow_unproven,
        hold_seconds=options.hold_seconds,
        seed=draft.seed,
        subjects=draft.subjects,
        tables=draft.tables,
        steps=draft.report.steps,
    )


def _draft(
    context: Context,
    servers: Servers,
    door: Door,
    dev: Door,
    names: ObjectNames,
    findings: Findings,
    options: EnableOptions,
    *,
    keep: bool,
    seed: int | None = None,
    preflight: float = 0.0,
) -> Draft:
    """Plan.

    :param keep: also gather what the plan rests on.
    :param preflight: seconds that it took.
    :param seed: of an earlier plan, to compare with; a window draws its own in any case.
    """
    run = new_run(context, servers, door, names, findings, options, planning=True)
    if seed is not None:
        run.setting = run.setting.model_copy(update={"seed": seed})
    try:
        with servers.read_prod("plan") as prod, dev.transaction(SNAPSHOT), prod.transaction(SNAPSHOT):
            report, differences = _report(run, dev, prod, findings, preflight)
            _refuse_refused(report)
            if not keep:
                return Draft(report, {}, (), run.setting.seed)
            tables = tuple(_saved_table(run, dev, prod, name, one) for name, one in differences.items())
            return Draft(report, read_subjects(run, dev, prod, findings), tables, run.setting.seed)
    finally:
        run.close()


def _refuse_refused(report: PlanReport) -> None:
    """See that every step may be done; :raises Refused: the guard refuses one, and ``report`` shows the plan."""
    for step in report.steps:
        if step.guard != "allowed":
            error = Refused("plan", f"step {step.name} would be refused: {step.reason}")
            error.report = report
            raise error


Differences = dict[QualifiedName, TableDifference]


def _report(run: Run, dev: Door, prod: Door, findings: Findings, preflight: float) -> tuple[PlanReport, Differences]:
    scope, seed = run.scope, run.setting.seed
    dev_relations, relations = read_relations(dev), read_relations(prod)
    started = time.monotonic()
    differences = compare_all(dev, prod, scope, seed)
    throughput = measured_throughput(
        max(size_of(dev_relations, scope.names), size_of(relations, scope.names)), time.monotonic() - started
    )
    sizes = {table.name: bytes_of(dev, table, seed, differences[table.name].from_dev) for table in scope.tables}
    foreseen = Foreseen(differences, sum(sizes.values()), relations)
    whole = run.setting.whole_backup
    journal = journal_exists(prod)
    estimate = estimator(prod, throughput, whole_backup=whole, journal=journal)
    steps = (
        _opening(run, estimate),
        *(_planned(step, run, foreseen, estimate) for step in enable_steps(run.setting)),
    )
    tables = tuple(
        PlannedTable(
            table=name,
            new=len(one.new),
            updated=len(one.updated),
            production_only=len(one.production_only),
            bytes=sizes[name],
        )
        for name, one in differences.items()
    )
    report = PlanReport(
        window=run.names.window,
        steps=steps,
        tables=tables,
        checks=findings.checks,
        totals=totals(steps, preflight),
        throughput=throughput,
        former_windows=estimate.windows,
    )
    return report, differences


def _saved_table(run: Run, dev: Door, prod: Door, name: QualifiedName, difference: TableDifference) -> SavedTable:
    return SavedTable(
        table=name,
        new=len(difference.new),
        updated=len(difference.updated),
        production_only=len(difference.production_only),
        digest=row_digest(dev, prod, run.scope.table(name), run.setting.seed, difference),
    )


def _opening(run: Run, estimate: Estimator) -> PlannedStep:
    """The journal's entry, before the first step; the journal itself where there is none yet."""
    statements = [noted(run, "insert_window")]
    if not journal_exists(run.writer):
        statements[:0] = [Planned(run.writer, statement, Purpose.JOURNAL) for statement in create_statements()]
    shown, reason = _judged(iter(statements), run.setting)
    step = _step("journal", Server.PROD, "note the window in the journal, the schema egrow_replica", shown, reason)
    return estimate.of(step, Work(), whole_backup=False)


def _planned(step: Step, run: Run, foreseen: Foreseen, estimate: Estimator) -> PlannedStep:
    if step.observe(run):
        return _step(step.name, step.server, step.description, (), None)
    shown, reason = _judged(_statements(step, run, foreseen), run.setting)
    work = step.work(run, foreseen)
    planned = _step(step.name, step.server, step.description, shown, reason).model_copy(
        update={
            "locks": tuple(one for one in step.locks(run, foreseen) if one.tables),
            "inserted": work.inserted,
            "updated": work.updated,
            "bytes_read": work.read or None,
            "bytes_moved": work.moved or None,
        }
    )
    return estimate.of(planned, work, whole_backup=run.setting.whole_backup)


def _step(
    name: str, server: Server, description: str, shown: tuple[PlannedStatement, ...], reason: str | None
) -> PlannedStep:
    return PlannedStep(
        name=name,
        server=server,
        description=description,
        sql=tuple(one.sql for one in shown),
        guard="allowed" if reason is None else "refused",
        reason=reason,
        statements=shown,
    )


def _statements(step: Step, run: Run, foreseen: Foreseen) -> Iterator[Planned]:
    """A step's own, between its two entries in the journal."""
    yield noted(run, "insert_step")
    yield from step.plan(run, foreseen)
    yield noted(run, "insert_step")


def _judged(statements: Iterator[Planned], drawn: WindowSetting) -> tuple[tuple[PlannedStatement, ...], str | None]:
    """What the guard lets pass, up to the first statement that it does not, and why."""
    shown: list[PlannedStatement] = []
    try:
        for one in statements:
            command = one.statement
            text = command.text if isinstance(command, CreateReplicationSlot) else one.door.vet(command).shown
            sql = placeholders(text, drawn.seed, drawn.id)
            shown.append(PlannedStatement(server=one.door.server, sql=sql, purpose=one.purpose, when=one.when))
    except Refused as error:
        return tuple(shown), error.message
    return tuple(shown), None
