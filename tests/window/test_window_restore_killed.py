"""A restore that is killed can be begun again, and what it wrote is judged all the same."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from support.gate import Gated
from support.pair import Pair

from egrow_replica.model import Server

SLOWLY = [pytest.param(step, marks=pytest.mark.slow) for step in ("origin", "baseline")]


@pytest.fixture(scope="module")
def gated(new_pair: Callable[..., Pair]) -> Gated:
    pair = new_pair()
    pair.ok("sync", "--name", "first", "--no-backup")
    return Gated(pair)


@contextmanager
def killed(gated: Gated, moment: str, step: str) -> Iterator[tuple[Pair, str]]:
    """A window was closed, and its restore died; in the end the content is as it was before the window."""
    pair, name = gated.pair, gated.new_name()
    pair.dev_sql("UPDATE courses SET title = title || '.'")
    baseline = pair.content()
    pair.ok("sync", "--name", name, "--no-backup")
    with gated.stopped(moment, step, "restore", name) as running:
        running.kill()
    yield pair, name
    assert pair.content() == baseline
    assert pair.leftovers() == []


@pytest.mark.parametrize("step", [*SLOWLY, "restore"])
def test_killed_before_it_had_written(gated: Gated, step: str) -> None:
    with killed(gated, "after", step) as (pair, name):
        assert pair.ok("status").json["warnings"] == []
        pair.ok("restore", name, "--dry-run")
        assert "was killed" not in pair.ok("restore", name).stderr


def test_killed_after_it_had_written(gated: Gated) -> None:
    """What it wrote is judged by whoever looks next, and again together with the restore that ends it."""
    with killed(gated, "committed", "restore") as (pair, name):
        assert name in pair.ok("status").json["warnings"][0]
        (left,) = (one for one in pair.ok("doctor").json["checks"] if one["id"] == "leftovers" and one["remedy"])
        assert left["remedy"] == f"Run `egrow-replica restore {name}`.", "its origin must not be dropped"
        judged = pair.ok("validate").json
        assert (judged["verdict"], judged["evidence"]) == ("intact", "wal")
        assert any("was interrupted after it had written" in note for note in judged["notes"])
        again = pair.ok("restore", name)
        assert again.json["validation"]["notes"][-1].startswith("this covers also what a restore had written")
        assert sum(one["reverted"] for one in again.json["tables"]) == 0
        assert pair.ok("status").json["warnings"] == []
        assert "stored at its close" in pair.ok("validate").json["notes"][-1]
    assert "was killed" not in pair.ok("restore", name).stderr


def test_killed_after_it_had_written_to_a_user(gated: Gated) -> None:
    """Had it done so, its successor would tell."""
    with killed(gated, "committed", "restore") as (pair, name):
        with pair.connect(Server.PROD) as prod:
            (origin,) = prod.execute("SELECT roname FROM pg_replication_origin WHERE roname LIKE 'egrow%'").fetchone()
            prod.execute("SELECT pg_replication_origin_session_setup(%s)", [origin])
            prod.execute("UPDATE users SET bio = 'touched' WHERE id = (SELECT min(id) FROM users)")
        for command in (("validate",), ("restore", name)):
            result = pair.cli(*command)
            assert result.exit_code == 5, str(result)
            assert "public.users: touched" in result.error["message"]
        pair.ok("restore", name)


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


@pytest.mark.slow
def test_interrupted_after_it_had_written(gated: Gated) -> None:
    """What identifies its writes stays, so that they can be judged."""
    pair, name = gated.pair, gated.new_name()
    pair.dev_sql("UPDATE courses SET title = title || '.'")
    baseline = pair.content()
    pair.ok("sync", "--name", name, "--no-backup")
    with gated.stopped("committed", "restore", "restore", name) as running:
        running.send(signal.SIGINT)
    result = running.result()
    assert result.exit_code == 130, str(result)
    assert "was interrupted after it had written" in result.stderr
    assert pair.ok("validate").json["verdict"] == "intact"
    assert "had written that was interrupted" in pair.ok("restore", name).json["validation"]["notes"][-1]
    assert pair.content() == baseline
    assert pair.leftovers() == []
