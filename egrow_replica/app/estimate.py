"""How long the steps of a window may take: what former windows took on this production, or what its bytes need."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import median

from egrow_replica.db import Door, query
from egrow_replica.model import Model
from egrow_replica.results import PlannedStep, PlanTotals, Throughput
from egrow_replica.window.steps import Work

#: A comparison that reads less is over before its duration tells anything.
MEASURABLE_BYTES = 16 << 20
#: Hashing on one ordinary core; the plan says that it was not measured.
ASSUMED_BYTES_PER_SECOND = 50_000_000

#: What a step takes beside its data, in seconds: connections, round trips, waiting for what is open. The shortest and
#: the longest that windows of the lab took on two busy cores, widened (benchmarks/plan.py). A dump needs longer to
#: start.
FIXED_SECONDS = {
    "origin": (0.0, 0.2),
    "roles": (0.05, 0.5),
    "rehearsal": (0.1, 1.0),
    "keep-wal": (0.1, 3.0),
    "baseline": (0.2, 2.0),
    "backup": (0.1, 1.0),
    "publication": (0.01, 0.2),
    "slot": (0.05, 1.0),
    "reconcile": (0.2, 3.0),
    "second-rehearsal": (0.1, 1.0),
    "subscription": (0.05, 0.5),
    "catch-up": (0.01, 3.0),
    "validate": (0.3, 5.0),
    "streaming": (0.01, 0.2),
}
OTHER_SECONDS = (0.0, 0.5)
DUMP_SECONDS = (0.5, 5.0)
#: How far a machine's speed may be from what was measured or assumed, either way; a short step also by a moment.
SPREAD = 2.0
MOMENT = 0.1
#: As many as are looked up.
ENOUGH_WINDOWS = 3


class FormerStep(Model):
    """What a step took in a former window."""

    window_name: str
    step: str
    seconds: float


@dataclass(frozen=True)
class Estimator:
    """What an estimate rests on.

    :ivar trip: seconds of the smallest statement.
    :ivar former: by step, the newest first, in seconds; ``windows``: whose.
    """

    throughput: Throughput
    trip: float
    former: Mapping[str, tuple[float, ...]]
    windows: tuple[str, ...]

    def of(self, step: PlannedStep, work: Work, *, whole_backup: bool) -> PlannedStep:
        """A planned step with its seconds: a range, and where nobody has to be waited for, what is most likely."""
        data = (max(work.read, work.read_on_dev) + work.moved) / self.throughput.bytes_per_second
        data += len(step.statements) * self.trip
        low, high = FIXED_SECONDS.get(step.name, OTHER_SECONDS)
        if step.name == "backup" and whole_backup:
            low, high = low + DUMP_SECONDS[0], high + DUMP_SECONDS[1]
        likely, low, high = sqrt(low * high) + data, low + data / SPREAD, high + data * SPREAD
        if former := self.former.get(step.name):
            # Where more is there to be read or moved than then, the bytes tell.
            likely = max(median(former), data)
            shortest = max(0.0, min(*former, likely) / SPREAD - MOMENT)
            # One or two may have been on a busy day.
            low = shortest if len(former) >= ENOUGH_WINDOWS else min(shortest, low)
            high = max(*former, likely) * SPREAD + MOMENT
        return step.model_copy(
            update={
                "seconds": None if work.waits else round(likely, 3),
                "seconds_low": round(low, 3),
                "seconds_high": None if work.waits else round(high, 3),
            }
        )


def estimator(prod: Door, throughput: Throughput, *, whole_backup: bool, journal: bool) -> Estimator:
    """Look up what former windows took.

    :param journal: whether there is one.
    """
    rows = prod.rows(FormerStep, query("journal/former_steps"), [whole_backup]) if journal else []
    former: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        former[row.step].append(row.seconds)
    return Estimator(
        throughput=throughput,
        trip=round_trip(prod),
        former={step: tuple(seconds) for step, seconds in former.items()},
        windows=tuple(dict.fromkeys(row.window_name for row in rows)),
    )


def measured_throughput(size: int, seconds: float) -> Throughput:
    """How fast ``size`` bytes were hashed, or an assumption where that was too little."""
    if size < MEASURABLE_BYTES:
        return Throughput(bytes_per_second=ASSUMED_BYTES_PER_SECOND, measured=False)
    return Throughput(bytes_per_second=max(1, round(size / max(seconds, 0.001))), measured=True)


def round_trip(door: Door) -> float:
    """Seconds that the smallest statement takes."""
    started = time.monotonic()
    door.value("SELECT 1")
    return time.monotonic() - started


def totals(steps: Iterable[PlannedStep], preflight: float) -> PlanTotals:
    """Sums over all steps.

    :param preflight: seconds that the plan's own took; a window makes it again.
    """
    all_steps = tuple(steps)

    def seconds(name: str) -> float:
        return round(preflight + sum(getattr(step, name) or 0.0 for step in all_steps), 3)

    return PlanTotals(
        inserted=sum(step.inserted or 0 for step in all_steps),
        updated=sum(step.updated or 0 for step in all_steps),
        bytes_read=sum(step.bytes_read or 0 for step in all_steps),
        bytes_moved=sum(step.bytes_moved or 0 for step in all_steps),
        seconds=seconds("seconds"),
        seconds_low=seconds("seconds_low"),
        seconds_high=seconds("seconds_high"),
        preflight_seconds=round(preflight, 3),
    )
