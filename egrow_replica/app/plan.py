"""What ``enable`` would do, with nothing done."""

from __future__ import annotations

from collections.abc import Iterable

from egrow_replica.app.context import Context, locked, open_window
from egrow_replica.app.enable import EnableOptions, new_names, new_run, refuse_open
from egrow_replica.content import compare_all
from egrow_replica.db import CreateReplicationSlot
from egrow_replica.errors import Refused
from egrow_replica.results import PlannedStep, PlannedTable, PlanReport
from egrow_replica.window.journal import read_windows
from egrow_replica.window.preflight import run_preflight
from egrow_replica.window.run import Run
from egrow_replica.window.steps import ENABLE_STEPS, Foreseen, Slot, Step


def plan(context: Context, options: EnableOptions) -> PlanReport:
    """The steps of :func:`enable` in order, each with its statements and the guard's judgement.

    :raises EgrowError: what would keep the window closed.
    """
    with locked(context, "plan") as (servers, door, _):
        windows = read_windows(door)
        refuse_open(open_window(windows))
        with servers.read_dev("plan") as dev, servers.read_prod("plan") as prod:
            names = new_names(options, windows, dev, prod)
            findings = run_preflight(dev, door, context.settings, windows, whole_backup=options.whole_backup)
            findings.refuse()
            run = new_run(context, servers, door, names, findings, options)
            try:
                differences = compare_all(dev, prod, run.scope, run.setting.seed)
                steps = tuple(_planned(step, run, Foreseen(differences)) for step in ENABLE_STEPS)
            finally:
                run.close()
    return PlanReport(
        window=names.window,
        steps=steps,
        tables=tuple(
            PlannedTable(
                table=name, new=len(one.new), updated=len(one.updated), production_only=len(one.production_only)
            )
            for name, one in differences.items()
        ),
        checks=findings.checks,
    )


def _planned(step: Step, run: Run, foreseen: Foreseen) -> PlannedStep:
    shown: list[str] = []
    reason: str | None = None
    try:
        for text in _statements(step, run, foreseen):
            shown.append(text)
    except Refused as error:
        reason = error.message
    return PlannedStep(
        name=step.name,
        server=step.server,
        description=step.description,
        sql=tuple(shown),
        guard="allowed" if reason is None else "refused",
        reason=reason,
    )


def _statements(step: Step, run: Run, foreseen: Foreseen) -> Iterable[str]:
    if isinstance(step, Slot):
        yield CreateReplicationSlot(run.names.common).text
    for door, statement in step.plan(run, foreseen):
        yield door.vet(statement).shown
