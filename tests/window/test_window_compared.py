"""What a validation says of content is what was compared, no more."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.cli import render
from egrow_replica.model import Server
from egrow_replica.results import ContentReport, ContentTableReport, Validation

DEV, PROD = Server.DEV, Server.PROD
COURSE = """INSERT INTO courses (id, title, slug, "updatedAt", category) VALUES (%s, %s, %s, now(), 'LIDERAZGO')"""


@pytest.fixture(scope="module")
def compared(new_pair: Callable[..., Pair]) -> Pair:
    return new_pair()


def printed(answer: dict[str, object]) -> str:
    """A validation as a person reads it."""
    fields = {name: answer[name] for name in Validation.model_fields if name in answer}
    console = Console(file=io.StringIO(), width=200)
    render.show(console, Validation.model_validate(fields))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_columns_of_production_are_said_not_to_be_compared(compared: Pair) -> None:
    pair = compared
    pair.ok("enable", "--name", "whole", "--no-backup")
    validated = pair.ok("validate")
    assert validated.json["content"]["equal"] is True
    left_out = validated.json["content"]["left_out"]
    assert "public.courses: studentsCount, rating belong to production" in left_out
    shown = printed(validated.json)
    assert "content: as on dev, as far as it was compared\n" in shown
    assert "not compared: public.courses: studentsCount, rating belong to production" in shown
    pair.prod_sql(COURSE, "here", "here", "here")
    alone = pair.ok("validate")
    assert "1 rows are only on production" in printed(alone.json)
    pair.ok("disable")
    pair.prod_sql("DELETE FROM courses WHERE id = 'here'")


def test_a_column_that_dev_got_in_the_middle_of_a_window(compared: Pair) -> None:
    """Its values do not travel, whether they are in old rows or in new ones."""
    pair, said = compared, "public.lessons on dev has columns that the window does not stream"
    pair.ok("enable", "--name", "grown", "--no-backup")
    pair.dev_sql("ALTER TABLE lessons ADD COLUMN subtitle text, ADD COLUMN twice int GENERATED ALWAYS AS (1) STORED")
    pair.dev_sql("UPDATE lessons SET subtitle = 'x'")
    status = pair.cli("status")
    assert (status.exit_code, status.json["window"]["state"]) == (5, "failed"), str(status)
    assert any(said in one and one.endswith(": subtitle") for one in status.json["warnings"]), str(status)
    validated = pair.cli("validate")
    assert validated.exit_code == 5, str(validated)
    assert said in validated.error["message"]
    assert validated.json["content"]["equal"] is None
    assert "public.lessons: subtitle, which dev got after the window opened" in validated.json["content"]["left_out"]
    shown = printed(validated.json)
    assert "as on dev" not in shown
    assert "rows differ" not in shown
    pair.ok("pause")
    resumed = pair.cli("resume")
    assert (resumed.exit_code, resumed.error["code"]) == (5, "dev-changed"), str(resumed)
    closed = pair.cli("disable")
    assert (closed.exit_code, closed.json["window"]["state"]) == (5, "closed"), str(closed)
    assert said in closed.error["message"]
    pair.dev_sql("ALTER TABLE lessons DROP COLUMN subtitle, DROP COLUMN twice")
    assert pair.leftovers() == []


def test_what_is_not_published_is_not_called_equal(compared: Pair) -> None:
    pair = compared
    filters = {"public.courses": "courses.slug <> 'draft' AND (id, slug) <> ('x', 'y') AND slug ~ '.' -- no drafts"}
    pair.configure(tables={"preset": "egrow-academy", "filters": filters}, window={"publish": ["insert"]})
    pair.ok("enable", "--name", "inserts", "--no-backup")
    pair.dev_sql("UPDATE lessons SET title = title || '.'")
    validated = pair.ok("validate")
    left_out = validated.json["content"]["left_out"]
    assert "rows that both servers have: updates are not published" in left_out
    shown = "slug <> 'draft' AND (id, slug) <> ('x', 'y') AND slug ~ '.'"
    assert f"public.courses: rows of dev to which {shown} does not apply" in left_out
    assert "content: as on dev\n" not in printed(validated.json)
    pair.ok("disable")
    pair.configure(tables={"preset": "egrow-academy"}, window={"publish": ["insert", "update"]})


def test_a_stream_that_stands_still_is_not_called_equal(compared: Pair) -> None:
    """Production could not be waited for, so no row was compared: that is not the same as no row that differs."""
    pair = compared
    pair.configure(window={"publish": ["insert", "update"], "catchup_timeout": "2s"})
    pair.ok("enable", "--name", "still", "--no-backup")
    with pair.holding(PROD, "SELECT 1 FROM lessons FOR UPDATE"):
        pair.dev_sql("UPDATE lessons SET title = title || '.'")
        validated = pair.cli("validate")
    assert validated.exit_code == 5, str(validated)
    shown = printed(validated.json)
    assert "rows differ" not in shown
    assert "as on dev\n" not in shown.replace("not as on dev\n", "")
    confirmed = "SELECT confirmed_flush_lsn >= pg_current_wal_lsn() FROM pg_replication_slots WHERE slot_name = %s"
    wait_until(lambda: pair.value(DEV, confirmed, pair.common("still")), what="the stream")
    pair.ok("disable")
    pair.configure(window={"publish": ["insert", "update"], "catchup_timeout": "30s"})


@pytest.mark.parametrize("equal", [None, False, True])
def test_a_report_without_rows(equal: bool | None) -> None:
    """Whatever was not compared: no number of rows, and never as on dev."""
    console = Console(file=io.StringIO(), width=200)
    tables = (ContentTableReport(table="public.t", equal=True, differing=0),) if equal else ()  # type: ignore[arg-type]
    render._content(console, ContentReport(equal=equal, tables=tables))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "rows differ" not in shown
    assert ("content: as on dev\n" in shown) is (equal is True)
