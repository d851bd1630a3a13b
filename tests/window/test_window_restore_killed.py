"""A restore that is killed can be begun again."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest
from support.gate import Gated
from support.pair import Pair


@pytest.fixture(scope="module")
def gated(new_pair: Callable[..., Pair]) -> Gated:
    pair = new_pair()
    pair.ok("sync", "--name", "first", "--no-backup")
    return Gated(pair)


@pytest.mark.parametrize(
    "step",
    [pytest.param("origin", marks=pytest.mark.slow), pytest.param("baseline", marks=pytest.mark.slow), "restore"],
)
def test_killed_while_restoring(gated: Gated, step: str) -> None:
    pair, name = gated.pair, gated.new_name()
    pair.dev_sql("UPDATE courses SET title = title || '.'")
    baseline = pair.content()
    pair.ok("sync", "--name", name, "--no-backup")
    with gated.stopped("after", step, "restore", name) as running:
        running.kill()
    planned = pair.ok("restore", name, "--dry-run")
    again = pair.cli("restore", name)
    assert "was killed" in planned.stderr
    assert "was killed" in again.stderr
    assert again.exit_code == 0, str(again)
    assert pair.content() == baseline
    assert pair.leftovers() == []
    assert "was killed" not in pair.ok("restore", name).stderr


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("step", ["origin", "baseline", "restore"])
def test_interrupted_while_restoring(gated: Gated, step: str, number: signal.Signals) -> None:
    pair, name = gated.pair, gated.new_name()
    pair.dev_sql("UPDATE courses SET title = title || '.'")
    baseline = pair.content()
    pair.ok("sync", "--name", name, "--no-backup")
    with gated.stopped("after", step, "restore", name) as running:
        running.send(number)
    result = running.result()
    assert (result.exit_code, result.error["code"]) == (130, "interrupted"), str(result)
    assert pair.leftovers() == []
    pair.ok("restore", name)
    assert pair.content() == baseline
