"""A window rehearses before it begins and before it streams; what the analysis had overlooked ends it there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rehearsal_world import errors, rehearsed
from support.catalogs import read_rows
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.app.context import Context
from egrow_replica.app.enable import EnableOptions, enable
from egrow_replica.app.stream import resume
from egrow_replica.errors import ExitCode, Refused, StatementFailed
from egrow_replica.model import Server
from egrow_replica.results import EnableReport
from egrow_replica.settings import load_settings
from egrow_replica.window import definitions
from egrow_replica.window.checks import effects as effect_checks
from egrow_replica.window.listener import Silence

OLD = Path("/usr/lib/postgresql/15/bin")
WRITES_USERS = """
CREATE FUNCTION public.write_users() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
  $$BEGIN UPDATE public.users SET bio = 'written'; RETURN NEW; END$$;
CREATE TRIGGER fires AFTER UPDATE ON public.{table} FOR EACH ROW EXECUTE FUNCTION public.write_users();
ALTER TABLE public.{table} ENABLE ALWAYS TRIGGER fires"""


@pytest.fixture
def overlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The analysis finds nothing, whatever there is."""
    for module in (definitions, effect_checks):
        monkeypatch.setattr(module, "validate_window", lambda *_, **__: ())


def _context(pair: Pair) -> Context:
    return Context(load_settings(pair.config), Silence())


def _users(pair: Pair) -> object:
    with pair.connect(Server.PROD) as connection:
        return read_rows(connection, "public", "users")


@pytest.mark.usefixtures("overlooked")
def test_what_was_overlooked_ends_a_window_before_it_begins(pair: Pair) -> None:
    pair.prod_sql(WRITES_USERS.format(table="lessons"))
    users, content = _users(pair), pair.content()
    with pair.application(), pytest.raises(Refused) as refused:
        enable(_context(pair), EnableOptions(name="w", whole_backup=False))
    assert refused.value.exit_code == ExitCode.REFUSED
    assert "public.lessons" in refused.value.message
    assert "also writes public.users" in refused.value.message
    assert "fires (public.write_users())" in refused.value.message
    report = refused.value.report
    assert isinstance(report, EnableReport)
    assert report.rolled_back
    assert [(step.name, step.status) for step in report.steps if step.status != "undone"] == [
        ("origin", "done"), ("roles", "unchanged"), ("rehearsal", "failed"),
    ]  # fmt: skip
    assert pair.content() == content
    assert pair.value(Server.PROD, "SELECT count(*) FROM users WHERE bio = 'written'") == 0
    assert users is not None
    assert pair.leftovers() == []
    assert not any(pair.backups.glob("*"))


@pytest.mark.usefixtures("overlooked")
def test_a_table_that_was_empty_is_rehearsed_again_before_it_streams(pair: Pair) -> None:
    pair.both_sql("CREATE TABLE public.codes (id int PRIMARY KEY, v text NOT NULL CHECK (v ~ '^[A-Z]{3}:[0-9]{4}$'))")
    pair.dev_sql("INSERT INTO codes SELECT g, 'ABC:000' || g FROM generate_series(1, 3) g")
    pair.prod_sql(WRITES_USERS.format(table="codes"))
    pair.configure(tables={"preset": "egrow-academy", "content": ["public.codes"]})
    pair.set_up()
    (missed, nothing) = rehearsed(pair).missed
    assert "an INSERT" in missed.message
    assert "no row" in nothing.message
    with pytest.raises(Refused) as refused:
        enable(_context(pair), EnableOptions(name="w", whole_backup=False))
    assert "public.codes" in refused.value.message
    report = refused.value.report
    assert isinstance(report, EnableReport)
    assert [step.name for step in report.steps if step.status == "failed"] == ["second-rehearsal"]
    assert report.rolled_back
    assert pair.value(Server.PROD, "SELECT count(*) FROM codes") == 0
    assert pair.value(Server.PROD, "SELECT count(*) FROM users WHERE bio = 'written'") == 0
    assert pair.leftovers() == []


def test_a_stream_does_not_go_on_without_a_rehearsal(pair: Pair, request: pytest.FixtureRequest) -> None:
    first = pair.ok("enable", "--no-backup").json
    assert {step["name"]: step["status"] for step in first["steps"]}["second-rehearsal"] == "done"
    assert "28 changes of 7 tables" in next(step["detail"] for step in first["steps"] if step["name"] == "rehearsal")
    pair.ok("pause")
    pair.ok("resume")
    pair.dev_sql("UPDATE lessons SET title = 'streamed'")
    pair.ok("pause")
    pair.prod_sql(WRITES_USERS.format(table="lessons"))
    request.getfixturevalue("overlooked")
    with pytest.raises(Refused) as refused:
        resume(_context(pair))
    assert "also writes public.users" in refused.value.message
    status = pair.cli("status")  # its look is not the one that was passed over
    assert (status.exit_code, bool(status.json["definitions"])) == (5, True)
    assert not pair.value(Server.PROD, "SELECT subenabled FROM pg_subscription")
    assert pair.value(Server.PROD, "SELECT count(*) FROM users WHERE bio = 'written'") == 0
    pair.prod_sql("DROP TRIGGER fires ON lessons")
    pair.ok("resume")
    arrived = "SELECT count(*) > 0 FROM lessons WHERE title = 'streamed'"
    wait_until(lambda: pair.value(Server.PROD, arrived), 20, what="the edit")
    pair.ok("disable")


def test_doctor_rehearses_where_it_is_asked_to(shared_pair: Pair) -> None:
    with shared_pair.unchanged():
        checks = shared_pair.ok("doctor", "--rehearse").json["checks"]
    (check,) = [one for one in checks if one["id"] == "rehearsal"]
    assert (check["severity"], check["server"], check["subject"]) == ("ok", "prod", "stream")
    assert check["message"] == "28 changes of 7 tables played and taken back"
    assert not [one for one in shared_pair.ok("doctor").json["checks"] if one["id"] == "rehearsal"]


def test_doctor_plays_nothing_where_something_else_was_found(pair: Pair) -> None:
    pair.prod_sql(WRITES_USERS.format(table="lessons"))
    result = pair.cli("doctor", "--rehearse")
    assert result.exit_code == ExitCode.REFUSED
    (check,) = [one for one in result.json["checks"] if one["id"] == "rehearsal"]
    assert (check["severity"], "nothing was played" in check["message"]) == ("info", True)


def test_what_stops_the_stream_keeps_a_window_closed(pair: Pair) -> None:
    pair.prod_sql(
        "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'never'; END$$;"
        "CREATE TRIGGER refuse BEFORE UPDATE ON lessons FOR EACH ROW EXECUTE FUNCTION refuse();"
        "ALTER TABLE lessons ENABLE ALWAYS TRIGGER refuse"
    )
    for command in (("doctor", "--rehearse"), ("enable", "--no-backup")):
        result = pair.cli(*command)
        assert (result.exit_code, result.error["code"]) == (ExitCode.PREFLIGHT, "stops-stream"), str(result)
        assert "public.lessons: an UPDATE that writes every column anew fails" in result.error["message"]
    checks = pair.cli("doctor", "--rehearse").json["checks"]
    assert not [one for one in checks if one["id"] == "rehearsal" and one["severity"] == "ok"]
    assert pair.leftovers() == []


def test_a_lock_on_a_whole_table_is_not_waited_for_long(shared_pair: Pair) -> None:
    with (
        shared_pair.holding(Server.PROD, "LOCK TABLE lessons IN SHARE MODE"),
        pytest.raises(StatementFailed) as failed,
    ):
        rehearsed(shared_pair)
    assert failed.value.sqlstate == "55P03"


def test_before_16_the_worker_is_the_login_itself(new_lab: Callable[..., Pair]) -> None:
    pair = new_lab(set_up=False, bin_dir=OLD)
    pair.use_superuser()
    pair.configure(logins={"stream": pair.lab.dev_admin_dsn})
    assert "28 changes of 7 tables" in str(pair.cli("doctor", "--rehearse").json["checks"])
    pair.prod_sql(WRITES_USERS.format(table="lessons").replace("SECURITY DEFINER", ""))
    check = errors(rehearsed(pair))["public.lessons"][0]
    assert check.message.startswith("an UPDATE that writes every column anew also writes public.users")
    assert pair.value(Server.PROD, "SELECT count(*) FROM users WHERE bio = 'written'") == 0
