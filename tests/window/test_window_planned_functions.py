"""Planning a table runs the functions of its indexes, statistics and checks: our reading changes no row by it."""

from __future__ import annotations

import psycopg
import pytest
from support.pair import SIDES, Pair

#: Immutable by its word, and called with constants: the planner computes it, also for EXPLAIN. It acts only on us.
TRAP = """
CREATE TABLE public.trap (note text);
GRANT SELECT ON public.trap TO PUBLIC;
CREATE FUNCTION public.act() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF pg_catalog.current_setting('application_name') ~ '^egrow-replica' THEN
    INSERT INTO public.trap VALUES ('was here');
  END IF;
END $$;
CREATE FUNCTION public.loud(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  PERFORM public.act();
  {more}
  RETURN true;
EXCEPTION WHEN read_only_sql_transaction THEN
  {more}
  RETURN true;
END $$;
CREATE INDEX loud ON public.users (id) WHERE public.loud(1);
CREATE INDEX loud_expression ON public.users ((public.loud(2)), id);
CREATE STATISTICS public.loud_statistics ON (public.loud(3) AND id IS NULL), bio FROM public.users;
ALTER TABLE public.users ADD CONSTRAINT loud_check CHECK (public.loud(4));
"""
READING = (("doctor",), ("compare",), ("plan",), ("streaks", "full"), ("enable", "--dry-run"))


@pytest.fixture
def trapped(pair: Pair) -> Pair:
    pair.both_sql(TRAP.replace("{more}", ""))
    return pair


def _traces(pair: Pair) -> list[int]:
    return [pair.value(side, "SELECT count(*)::int FROM trap") for side in SIDES]


def test_planning_runs_them_where_a_transaction_may_write(trapped: Pair) -> None:
    """The trap is one: who only explains a statement springs it."""
    with psycopg.connect(trapped.lab.prod_admin_dsn, application_name="egrow-replica/test", autocommit=True) as session:
        session.execute("EXPLAIN SELECT id FROM public.users")
    assert _traces(trapped)[1] > 0


def test_no_command_changes_a_row_by_reading(trapped: Pair) -> None:
    """Nor does what writes content: it reads users too, and looks at what it has written before it commits."""
    for command in READING:
        result = trapped.cli(*command)
        assert _traces(trapped) == [0, 0], result
    doctor = trapped.cli("doctor").json["checks"]
    found = {(c["server"], c["subject"], c["severity"]) for c in doctor if c["id"] == "planned-functions"}
    assert found == {(side, "public.users", "warning") for side in ("dev", "prod")}
    assert any(c["subject"] == "public.users" and c["severity"] == "error" and "act" in c["message"] for c in doctor)
    assert trapped.cli("enable").exit_code == 3
    assert _traces(trapped) == [0, 0]


def test_a_window_reads_without_changing_a_row(pair: Pair) -> None:
    pair.ok("enable")
    pair.both_sql(TRAP.replace("{more}", ""))
    for command in ("status", "validate", "disable"):
        result = pair.cli(command)
        assert _traces(pair) == [0, 0], result


def test_a_session_that_was_let_write_reads_no_further(pair: Pair) -> None:
    """What is set for the session outlives the transaction in which it could do no harm."""
    pair.both_sql(TRAP.replace("{more}", "PERFORM set_config('default_transaction_read_only', 'off', false);"))
    refused = pair.cli("compare")
    streaks = pair.cli("streaks", "full")
    assert {refused.exit_code, streaks.exit_code} == {0, 3}, (refused, streaks)
    assert "read-only" in streaks.json["error"]["message"]
    assert _traces(pair) == [0, 0]
