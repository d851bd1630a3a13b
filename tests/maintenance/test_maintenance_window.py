"""A window that opens while writes are held: what its evidence is worth, and when they are released."""

from __future__ import annotations

import itertools
import signal
from typing import Any

import pytest
from maintenance_world import APP, as_application, is_held, people, settings, wait_for_refusals, writes
from support.gate import Gated
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.model import Server

NAMES = (f"held-{number}" for number in itertools.count(1))
ENABLE = ("enable", "--no-backup", "--maintenance")


class _Gated(Gated):
    """A gate for a window of that name."""

    def __init__(self, pair: Pair, name: str) -> None:
        super().__init__(pair)
        self._name = name

    @property
    def name(self) -> str:
        return self._name


def note(validation: dict[str, Any]) -> str:
    """What a validation says of exact evidence."""
    (found,) = [one for one in validation["notes"] if "exact evidence" in one]
    return str(found)


def steps(report: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["status"] for one in report["steps"]}


def test_a_window_opens_on_exact_evidence(held: Pair) -> None:
    held.configure(evidence={"require": "exact"})
    before = settings(held)
    with people(held) as application:
        failures = application.failures
        opened = held.ok(*ENABLE).json
        assert application.failures > failures
    validation = opened["validation"]
    assert (validation["evidence"], validation["verdict"]) == ("exact", "intact")
    assert f"exact evidence: writes of {APP} have been held since" in note(validation)
    assert {one["verdict"] for one in validation["tables"]} == {"intact"}
    assert {one["reason"] for one in validation["tables"]} == {"every row is as it was"}
    assert [one for one in validation["access"] if not one["equal"]] == []
    assert not [one for one in validation["notes"] if "changed" in one]
    assert {name: steps(opened)[name] for name in ("hold", "validate", "release")} == dict.fromkeys(
        ("hold", "validate", "release"), "done"
    )
    assert settings(held) == before
    assert writes(held) is True
    # People write again, so what comes later rests on something else, and says why.
    later = held.ok("validate").json
    assert later["evidence"] == "wal"
    assert "was released" in note(later)
    assert [one for one in later["access"] if not one["equal"]] == []
    closed = held.ok("disable").json
    assert closed["left_behind"] == []


@pytest.mark.slow
def test_sync_holds_writes_until_its_last_verdict(held: Pair) -> None:
    held.configure(evidence={"require": "exact"})
    with people(held):
        done = held.ok("sync", "--no-backup", "--maintenance", "--duration", "2min").json
    assert done["validation"]["evidence"] == "exact"
    assert done["window"]["state"] == "closed"
    assert [one["name"] for one in done["removed"] if one["kind"] == "hold"] == [APP]
    assert done["left_behind"] == []
    assert writes(held) is True


@pytest.mark.slow
def test_a_hold_of_the_dba_is_used_and_left(held: Pair) -> None:
    held.ok("maintenance", "on")
    opened = held.ok("enable", "--no-backup").json
    assert opened["validation"]["evidence"] == "exact"
    assert "hold" not in steps(opened)
    assert held.ok("validate").json["evidence"] == "exact"
    closed = held.ok("disable").json
    assert closed["validation"]["evidence"] == "exact"
    assert is_held(held)
    restored = held.ok("restore").json
    assert restored["validation"]["evidence"] == "exact"
    held.ok("maintenance", "off")


def test_exact_evidence_cannot_be_had_without_a_hold(held: Pair) -> None:
    held.configure(evidence={"require": "exact"})
    with held.unchanged():
        result = held.cli("enable", "--no-backup")
    assert (result.exit_code, result.error["code"]) == (4, "not-held")


def test_whoever_may_write_beside_it_weakens_the_evidence(held: Pair) -> None:
    held.configure(evidence={"require": "exact"})
    before = settings(held)
    with held.connect(Server.PROD) as superuser:
        result = held.cli(*ENABLE)
        pid = superuser.info.backend_pid
    assert result.exit_code == 5, str(result)
    assert result.json["rolled_back"] is True
    assert f"pid {pid} of postgres" in note(result.json["validation"])
    assert "the evidence is wal, the configuration requires exact" in result.error["message"]
    assert settings(held) == before
    assert held.leftovers() == []


def test_a_session_that_takes_the_setting_back_is_found_out(held: Pair) -> None:
    """The hold does not bind who means to write; the evidence says so, and never that nothing was written."""
    held.ok("maintenance", "on")
    held.ok("enable", "--no-backup")
    with as_application(held) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute("UPDATE users SET bio = bio || '!' WHERE id = (SELECT min(id) FROM users)")
        connection.execute("BEGIN")
        connection.execute("SELECT pg_current_xact_id()")
        writing = held.ok("validate").json
        assert "is writing in spite of the hold" in note(writing)
        connection.execute("COMMIT")
    validation = held.ok("validate").json
    assert validation["evidence"] == "exact"
    (users,) = [one for one in validation["tables"] if one["table"] == "public.users"]
    assert users["verdict"] == "changed_by_application"
    assert users["reason"] == "writes were held, but: 1 updated by ordinary transactions"
    held.ok("disable")


@pytest.mark.slow
def test_without_wal_a_difference_is_never_explained(held: Pair) -> None:
    held.prod_sql("REVOKE EXECUTE ON FUNCTION egrow_ext.pg_get_wal_records_info FROM egrow_operator")
    try:
        held.ok("maintenance", "on")
        opened = held.ok("enable", "--no-backup").json["validation"]
        assert (opened["evidence"], opened["verdict"]) == ("exact", "intact")
        held.prod_sql("UPDATE users SET bio = 'by hand' WHERE id = (SELECT min(id) FROM users)")
        result = held.cli("validate")
        assert result.exit_code == 5
        (users,) = [one for one in result.json["tables"] if one["verdict"] != "intact"]
        assert (users["table"], users["verdict"]) == ("public.users", "unproven")
        assert "although writes were held" in users["reason"]
        held.cli("disable")
    finally:
        held.set_up()


@pytest.mark.slow
def test_a_second_hold_is_not_the_first(held: Pair) -> None:
    held.ok("maintenance", "on")
    held.ok("enable", "--no-backup")
    held.ok("maintenance", "off")
    held.ok("maintenance", "on")
    validation = held.ok("validate").json
    assert validation["evidence"] == "wal"
    assert "is another one" in note(validation)
    held.ok("disable")


#: Making the slot on dev waits for such a transaction, and with it everything that comes after the baseline.
OPEN_ON_DEV = "UPDATE users SET bio = bio WHERE id = (SELECT min(id) FROM users)"


@pytest.mark.slow
def test_a_hold_whose_time_is_over_is_released_and_the_window_goes_on(held: Pair) -> None:
    with (
        people(held) as application,
        held.holding(Server.DEV, OPEN_ON_DEV) as waiting,
        held.start(*ENABLE, "--duration", "5s") as running,
    ):
        wait_for_refusals(application, 1)
        wait_until(lambda: running.ended or not is_held(held), what="the end of the hold's time")
        application.wait_for_writes(2)
        waiting.rollback()
        result = running.result()
    assert result.exit_code == 0, str(result)
    assert result.json["validation"]["evidence"] == "wal"
    assert "was released" in note(result.json["validation"])
    assert "time is over" in result.stderr
    held.ok("disable")


@pytest.mark.slow
def test_where_exact_is_required_it_is_rolled_back_then(held: Pair) -> None:
    held.configure(evidence={"require": "exact"})
    before = settings(held)
    with held.holding(Server.DEV, OPEN_ON_DEV) as waiting, held.start(*ENABLE, "--duration", "5s") as running:
        wait_until(lambda: running.ended or is_held(held), what="the hold")
        wait_until(lambda: running.ended or not is_held(held), what="the end of the hold's time")
        waiting.rollback()
        result = running.result()
    assert result.exit_code == 5, str(result)
    assert result.json["rolled_back"] is True
    assert "was released" in result.error["message"]
    assert settings(held) == before
    assert held.leftovers() == []


@pytest.mark.parametrize("moment", [pytest.param("baseline", marks=pytest.mark.slow), "catch-up"])
def test_an_interrupted_enable_releases(held: Pair, moment: str) -> None:
    name = next(NAMES)
    before = settings(held)
    with _Gated(held, name).stopped("after", moment, *ENABLE, "--name", name) as running:
        assert is_held(held)
        running.send(signal.SIGTERM)
    result = running.result()
    assert result.exit_code == 130, str(result)
    assert settings(held) == before
    assert held.leftovers() == []


@pytest.mark.parametrize(
    "command",
    [
        ("enable",),
        *(pytest.param(one, marks=pytest.mark.slow) for one in (("disable", "--no-validate"), ("maintenance", "off"))),
    ],
)
def test_a_killed_enable_leaves_a_hold_that_is_told_and_ended(held: Pair, command: tuple[str, ...]) -> None:
    name = next(NAMES)
    before = settings(held)
    with _Gated(held, name).stopped("after", "catch-up", *ENABLE, "--name", name, "--duration", "1h") as running:
        running.kill()
    assert is_held(held)
    assert held.ok("status").json["hold"]["window"] == name
    held.prod_sql("UPDATE egrow_replica.hold SET ends_at = now() WHERE in_force")
    assert any("overdue" in one for one in held.ok("status").json["warnings"])
    held.ok(*command)
    wait_until(lambda: not is_held(held), what="the release")
    assert settings(held) == before
    if command[0] != "disable":
        held.ok("disable", "--no-validate")
    assert held.leftovers() == []
