"""What `plan` estimates, and what opening the window then takes, step by step.

    python benchmarks/plan.py [--scale N] [--windows N] [--no-backup]

Two servers of the lab. The first window has none before it to go by; before each of the others dev changes every course
and lesson. In this process; nothing is left behind. Times outside their range are marked.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from egrow_replica.app.context import Context
from egrow_replica.app.disable import DisableOptions, disable
from egrow_replica.app.enable import EnableOptions, enable
from egrow_replica.app.plan import plan
from egrow_replica.cli.lab_setup import set_up
from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server
from egrow_replica.results import EnableReport, PlanReport
from egrow_replica.settings import load_settings
from egrow_replica.window.listener import Silence

EDIT = "UPDATE courses SET title = left(title, 40) || ' (2)'; UPDATE lessons SET content = repeat(md5(id), 20);"


def one_window(context: Context, name: str, *, whole_backup: bool) -> int:
    """Plan, open, close; the number of steps that took other than estimated."""
    options = EnableOptions(name=name, whole_backup=whole_backup)
    planned = plan(context, options)
    opened = enable(context, options)
    disable(context, DisableOptions())
    return show(planned, opened)


def show(planned: PlanReport, opened: EnableReport) -> int:
    """Print both; the number of steps that took other than estimated."""
    taken = {step.name: step.seconds for step in opened.steps}
    outside = 0
    print(f"{planned.window}: estimated from {', '.join(planned.former_windows) or 'no former window'}")
    rows = [(one.name, one.seconds, one.seconds_low, one.seconds_high, taken.get(one.name)) for one in planned.steps]
    totals = planned.totals
    rows.append(("in all", totals.seconds, totals.seconds_low, totals.seconds_high, opened.total_seconds))
    for name, seconds, low, high, took in rows:
        if took is None:
            continue
        fits = (low or 0.0) - 0.01 <= took and (high is None or took <= high + 0.01)
        outside += not fits
        likely, bound = ("-" if one is None else f"{one:.2f}" for one in (seconds, high))
        print(f"  {name:14}{likely:>8} ({low or 0.0:6.2f} to {bound:>6}) took {took:6.2f}{'' if fits else '  <<'}")
    return outside


def main() -> None:
    """Print the figures of each window."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--windows", type=int, default=3)
    parser.add_argument("--no-backup", action="store_true")
    arguments = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="egrow-bench-"))
    directory.chmod(0o755)
    outside = 0
    try:
        with Lab.start(directory / "lab", scale=arguments.scale) as lab:
            set_up(lab)
            context = Context(load_settings(lab.config_path), Silence())
            for number in range(1, arguments.windows + 1):
                outside += one_window(context, f"window-{number}", whole_backup=not arguments.no_backup)
                lab.psql(Server.DEV, EDIT)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(f"{outside} outside their range")


if __name__ == "__main__":
    main()
