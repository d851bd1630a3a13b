"""What vetting costs: statements a second, and its share of opening a real window.

    python benchmarks/guard.py [--scale N]

Starts a lab, opens a window in this process and counts the time inside the guard; then vets what was sent again and
again. Nothing is left behind.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from unittest.mock import patch

from pydantic import SecretStr

from egrow_replica.app.context import Context
from egrow_replica.app.enable import EnableOptions, enable
from egrow_replica.app.setup import SetupAction, setup
from egrow_replica.db import door
from egrow_replica.guard import Policy, Vetted, judge, vet
from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server
from egrow_replica.settings import load_settings
from egrow_replica.window.listener import Silence

SECONDS = 2.0
AIM = 0.02


@dataclass
class Meter:
    """Counts calls of the guard and the time inside, from whatever thread."""

    seconds: float = 0.0
    processor_seconds: float = 0.0
    calls: int = 0
    seen: dict[tuple[str, Policy], Vetted] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def vet(self, sql: str, policy: Policy) -> Vetted:
        """The guard, watched."""
        began, worked = time.perf_counter(), time.thread_time()
        vetted = vet(sql, policy)
        spent, worked = time.perf_counter() - began, time.thread_time() - worked
        with self._lock:
            self.seconds += spent
            self.processor_seconds += worked
            self.calls += 1
            self.seen[sql, policy] = vetted
        return vetted

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Put the meter where the door asks the guard."""
        with patch.object(door, "vet", self.vet):
            yield


@contextmanager
def a_lab(scale: int) -> Iterator[Lab]:
    """A lab in a directory that the servers' own user can reach."""
    directory = Path(tempfile.mkdtemp(prefix="egrow-bench-"))
    directory.chmod(0o755)
    try:
        with Lab.start(directory / "lab", scale=scale) as lab:
            yield lab
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def open_window(lab: Lab, meter: Meter) -> float:
    """Set up, open a window; the seconds that opening took."""
    context = Context(load_settings(lab.config_path), Silence())
    setup(context, SetupAction.APPLY, {server: SecretStr(lab.admin_dsn(server)) for server in Server})
    judge._cached.cache_clear()
    with meter.reading():
        began = time.perf_counter()
        enable(context, EnableOptions(name="benchmark", reason="how long vetting takes"))
        return time.perf_counter() - began


def rate(statements: Iterable[tuple[str, Policy]], *, cold: bool) -> tuple[float, float]:
    """Statements a second over the whole list, and the median milliseconds of one."""
    wanted = list(statements)
    times: list[float] = []
    until = time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        for sql, policy in wanted:
            if cold:
                judge._cached.cache_clear()
            began = time.perf_counter()
            vet(sql, policy)
            times.append(time.perf_counter() - began)
    return len(times) / sum(times), statistics.median(times) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=int, default=1, help="size of the lab's data")
    options = parser.parse_args()
    meter = Meter()
    with a_lab(options.scale) as lab:
        total = open_window(lab, meter)
    texts = {sql for sql, _ in meter.seen}
    lengths = sorted(map(len, texts))
    print(f"enable: {total:.2f} s, of which {meter.seconds * 1000:.0f} ms in the guard: "
          f"{meter.seconds / total:.2%} (aim: {AIM:.0%})")  # fmt: skip
    print(f"        {meter.processor_seconds * 1000:.0f} ms of them on a processor, the rest waiting for one: "
          f"{meter.processor_seconds / total:.2%}")  # fmt: skip
    print(f"        {meter.calls} statements vetted, {len(texts)} different texts, "
          f"median length {statistics.median(lengths):.0f}, longest {lengths[-1]} characters")  # fmt: skip
    for name, cold in (("cold", True), ("cached", False)):
        speed, median = rate(meter.seen, cold=cold)
        print(f"{name:7} {speed:8.0f} statements/s, median {median:.3f} ms")


if __name__ == "__main__":
    main()
