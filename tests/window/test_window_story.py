"""A whole window on two real servers, with people on production all through: what the program is for."""

from __future__ import annotations

import getpass
import json
import re
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from support.command import Result
from support.pair import CONTENT, Pair
from support.waiting import wait_until

from egrow_replica.model import Server

LONG = "«" + "eGrow 🌱 " * 40_000 + "»"
NOW = "'2026-07-01 10:00:00.123'"
PRODUCTION_COLUMNS = {
    "courses": ("studentsCount", "rating"),
    "resources": ("downloadsCount", "rating"),
    "events": ("currentCapacity",),
    "promotions": ("currentImpressions",),
}

#: Columns that do not belong to production, so that both servers have to agree on them.
TRAVELLING = """
    SELECT md5(string_agg((to_jsonb(t) - %s::text[])::text, E'\\n' ORDER BY id)) FROM public."{}" AS t
     WHERE id IN (SELECT jsonb_array_elements_text(%s::jsonb))"""


@dataclass
class Story:
    """What was seen, step by step."""

    pair: Pair
    baseline: dict[str, Any] = field(default_factory=dict)
    counters: dict[str, Any] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)


def counters(pair: Pair) -> dict[str, Any]:
    """Production's own columns, by table and row."""
    return {
        table: dict(
            pair.prod_sql(
                "SELECT id, jsonb_build_array({}) FROM {}".format(", ".join(f'"{c}"' for c in columns), table)
            )
        )
        for table, columns in PRODUCTION_COLUMNS.items()
    }


def same_content(pair: Pair) -> bool:
    """Whether production shows what dev shows, row by row, for every row that dev has."""
    for table in CONTENT:
        keys = json.dumps([row[0] for row in pair.dev_sql(f"SELECT id FROM {table}")])
        own = list(PRODUCTION_COLUMNS.get(table, ()))
        answers = [pair.value(server, TRAVELLING.format(table), own, keys) for server in Server]
        if answers[0] != answers[1]:
            return False
    return True


def edit(pair: Pair) -> None:
    """A day's work on dev: every kind of change, in several transactions, one of them with many rows."""
    with pair.connect(Server.DEV) as dev:
        dev.execute(
            f"""INSERT INTO courses (id, title, slug, description, price, "updatedAt", category, meta, "studentsCount")
                VALUES ('story-1', 'Ñandú "quoted" \\ back', 'story-1', %s, 10.50, {NOW}, 'LIDERAZGO',
                        '{{"a": [1, 2.50, null]}}', 777)""",
            [LONG],
        )
        dev.execute("UPDATE courses SET title = '' WHERE id = (SELECT min(id) FROM courses WHERE id <> 'story-1')")
        with dev.transaction():
            dev.execute("UPDATE lessons SET duration = NULL, content = content || ' …'")
            dev.execute("UPDATE resources SET status = 'ARCHIVED', category = 'PODCASTS'")
            dev.execute(
                f"""INSERT INTO lessons (id, title, "order", "updatedAt", "courseId")
                    SELECT 'story-lesson-' || n, 'Lección ' || n, n, {NOW}, 'story-1' FROM generate_series(1, 300) n"""
            )
        dev.execute('UPDATE products SET metadata = \'{"k": "v\\u00f1"}\', description = NULL')
        dev.execute(
            """UPDATE prices SET "unitAmount" = NULL, "interval" = NULL WHERE id = (SELECT min(id) FROM prices)"""
        )
        dev.execute("UPDATE events SET price = 0.1000, location = repeat('x', 100000)")
        dev.execute("""UPDATE courses SET "studentsCount" = 1, rating = 1""")
        dev.execute("""UPDATE promotions SET "currentImpressions" = 3""")


def count_reference(pair: Pair) -> int:
    """Somebody enrols in a course that only the window brought."""
    with pair.connect(Server.PROD, dsn=pair.lab.application_dsn) as people:
        people.execute(
            """INSERT INTO enrollments (id, "userId", "courseId")
               SELECT 'story-enrolment', min(u.id), 'story-1' FROM users AS u"""
        )
    return 1


@pytest.fixture(scope="module")
def story(new_pair: Callable[..., Pair]) -> Story:
    pair = new_pair()
    told = Story(pair)
    with pair.application(rate_per_second=50.0) as people:
        told.baseline = pair.content()
        told.counters = counters(pair)
        told.results["enable"] = pair.ok("enable", "--name", "july", "--reason", "Ñ: 'new' \"agents\"")
        told.seen["after enable"] = same_content(pair)
        told.results["second enable"] = pair.cli("enable", "--name", "another")
        told.results["restore while open"] = pair.cli("restore")

        edit(pair)
        wait_until(lambda: same_content(pair), 30, what="dev's edits on production")
        told.seen["counters"] = counters(pair)
        told.seen["counters of the new course"] = told.seen["counters"]["courses"]["story-1"]
        told.seen["long text"] = pair.prod_sql("SELECT description FROM courses WHERE id = 'story-1'")[0][0]
        told.results["status"] = pair.ok("status")

        told.results["pause"] = pair.ok("pause")
        pair.dev_sql("UPDATE courses SET title = 'while paused' WHERE id = 'story-1'")
        told.results["status paused"] = pair.ok("status")
        told.results["pause again"] = pair.cli("pause")
        told.seen["while paused"] = pair.prod_sql("SELECT title FROM courses WHERE id = 'story-1'")[0][0]
        told.results["resume"] = pair.ok("resume")
        told.results["resume again"] = pair.cli("resume")
        wait_until(lambda: same_content(pair), 30, what="the change that was made while paused")

        count_reference(pair)
        people.wait_for_writes(20)
        told.results["validate"] = pair.ok("validate")
        told.results["disable"] = pair.ok("disable")
        told.seen["after disable"] = same_content(pair)
        told.seen["left"] = pair.leftovers()
        told.results["second disable"] = pair.cli("disable")
        told.results["status closed"] = pair.ok("status")
        told.results["validate closed"] = pair.ok("validate")
        told.results["backups"] = pair.ok("backups", "list")

        told.results["foreseen"] = pair.ok("restore", "--dry-run")
        told.seen["content after the dry run"] = same_content(pair)
        told.results["restore"] = pair.ok("restore")
        told.seen["restored"] = pair.content()
        told.seen["left after restore"] = pair.leftovers()
        told.results["restore again"] = pair.ok("restore")
        people.wait_for_writes(5)
        told.seen["longest wait"] = people.longest_wait
    return told


def test_content_is_brought_over(story: Story) -> None:
    assert story.seen["after enable"]
    enable = story.results["enable"].json
    assert enable["window"] == {"name": "july", "state": "streaming"}
    assert enable["rolled_back"] is False
    assert sum(one["inserted"] for one in enable["reconciled"]) == 33
    assert {one["table"] for one in enable["reconciled"]} == {f"public.{table}" for table in CONTENT}


def test_every_step_is_reported(story: Story) -> None:
    enable = story.results["enable"].json
    assert [step["name"] for step in enable["steps"]] == [
        "origin", "roles", "rehearsal", "publication", "keep-wal", "baseline", "backup", "slot", "reconcile",
        "second-rehearsal", "subscription", "catch-up", "validate", "streaming",
    ]  # fmt: skip
    assert {step["status"] for step in enable["steps"]} <= {"done", "unchanged"}
    assert all(isinstance(step["seconds"], float) for step in enable["steps"])
    assert isinstance(enable["total_seconds"], float)


def test_users_data_is_proved(story: Story) -> None:
    for name in ("enable", "validate", "disable"):
        result = story.results[name].json
        validation = result if name == "validate" else result["validation"]
        assert validation["verdict"] in ("intact", "changed_by_application"), name
        assert validation["evidence"] == "wal"
        assert validation["content"]["equal"] is True
        assert validation["problems"] == []
        assert all(one["count_after"] <= one["count_before"] for one in validation["orphans"])
        assert validation["conflicts"].keys() <= {"update_origin_differs", "delete_origin_differs"}
    verdicts = {one["table"]: one for one in story.results["disable"].json["validation"]["tables"]}
    assert verdicts["public.users"]["verdict"] == "changed_by_application"
    assert verdicts["public.users"]["rows_after"] > verdicts["public.users"]["rows_before"]
    assert verdicts["public.users"]["origins"] == ["local"]
    assert verdicts["public.achievements"]["verdict"] == "intact"
    assert "public.courses" not in verdicts
    assert not [table for table in verdicts if table.startswith("egrow_replica.")]


def test_production_keeps_its_own_columns(story: Story) -> None:
    before, after = story.counters, story.seen["counters"]
    assert {table: {key: after[table][key] for key in rows} for table, rows in before.items()} == before
    assert story.seen["counters of the new course"] == [0, 0], "a new row takes the defaults, not dev's values"


def test_long_text_arrives(story: Story) -> None:
    assert story.seen["long text"] == LONG


def test_status_tells_how_it_stands(story: Story) -> None:
    status = story.results["status"].json
    window = status["window"]
    assert (window["name"], window["state"]) == ("july", "streaming")
    assert window["reason"] == "Ñ: 'new' \"agents\""
    assert window["opened_at"].endswith(("Z", "+00:00"))
    assert window["age_seconds"] > 0
    assert isinstance(status["lag_bytes"], int)
    assert status["lag_seconds"] is not None
    assert re.fullmatch("egrow_july_[0-9a-f]{12}", status["slot"]["name"])
    assert status["slot"]["active"] is True
    assert status["slot"]["wal_status"] == "reserved"
    assert isinstance(status["slot"]["retained_bytes"], int)
    assert status["production_slot"]["name"] == f"{status['slot']['name']}_wal"
    assert status["subscription"]["enabled"] is True
    assert status["subscription"]["apply_errors"] == 0
    assert {worker["role"] for worker in status["workers"]} == {"egrow_apply"}
    assert status["watched"] is False
    assert {one["table"]: one["state"] for one in status["tables"]} == {f"public.{t}": "ready" for t in CONTENT}
    assert status["warnings"] == []


def test_pause_stops_and_resume_goes_on(story: Story) -> None:
    assert story.results["pause"].json["window"]["state"] == "paused"
    assert story.results["status paused"].json["window"]["state"] == "paused"
    assert story.results["status paused"].json["subscription"]["enabled"] is False
    assert story.results["status paused"].json["workers"] == []
    assert story.seen["while paused"] != "while paused"
    assert story.results["resume"].json["window"]["state"] == "streaming"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("second enable", "window-already-open"),
        ("restore while open", "window-open"),
        ("pause again", "wrong-state"),
        ("resume again", "wrong-state"),
        ("second disable", "no-window"),
    ],
)
def test_a_command_out_of_place_is_refused(story: Story, name: str, code: str) -> None:
    result = story.results[name]
    assert (result.exit_code, result.error["code"]) == (8, code)
    assert result.error["hint"]


def test_disable_removes_everything(story: Story) -> None:
    disable = story.results["disable"].json
    assert disable["window"] == {"name": "july", "state": "closed"}
    assert {(one["server"], one["kind"]) for one in disable["removed"]} == {
        ("dev", "publication"),
        ("dev", "slot"),
        ("prod", "subscription"),
        ("prod", "origin"),
        ("prod", "slot"),
    }
    assert disable["left_behind"] == []
    assert story.seen["left"] == []
    assert story.seen["after disable"]
    assert story.results["status closed"].json["window"] is None


def test_the_verdict_stays_readable(story: Story) -> None:
    validation = story.results["validate closed"].json
    assert validation["verdict"] == "changed_by_application"
    assert validation["tables"] == story.results["disable"].json["validation"]["tables"]
    assert any("july" in note for note in validation["notes"])


def test_the_journal_knows_who_and_why(story: Story) -> None:
    row = story.pair.prod_sql(
        "SELECT state, reason, os_user, os_host, database_role, closed_at > opened_at FROM egrow_replica.window"
    )
    assert row == [("closed", "Ñ: 'new' \"agents\"", getpass.getuser(), socket.gethostname(), "egrow_operator", True)]
    assert story.pair.journal("july")[1][-1][0] != "", "the steps are there"


def test_the_backup_is_listed(story: Story) -> None:
    (backup,) = story.results["backups"].json["backups"]
    assert backup["window"] == "july"
    assert backup["verified"] is True
    assert backup["bytes"] == story.results["enable"].json["backup"]["bytes"]
    assert backup["directory"] == story.results["enable"].json["backup"]["directory"]
    assert backup["server_version"].startswith("18")
    assert backup["tables"] == len(CONTENT)
    directory = story.pair.backups / str(backup["directory"]).rpartition("/")[2]
    assert directory.stat().st_mode & 0o777 == 0o700
    assert [file for file in directory.rglob("*") if file.is_file() and file.stat().st_mode & 0o077] == []

    assert backup["looked_at"] == "sizes"
    (checked,) = story.pair.ok("backups", "list", "--check").json["backups"]
    assert (checked["looked_at"], checked["verified"], checked["problems"]) == ("checksums", True, [])
    file = max(directory.glob("content/*"), key=lambda one: one.stat().st_size)
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    damaged = story.pair.cli("backups", "list", "--check")
    file.write_bytes(whole)
    assert (damaged.exit_code, damaged.error["code"]) == (4, "damaged"), str(damaged)
    assert file.name in damaged.error["message"]
    assert damaged.json["backups"][0]["verified"] is False


def test_a_dry_run_foretells_the_restore(story: Story) -> None:
    foreseen, done = story.results["foreseen"].json, story.results["restore"].json
    assert foreseen["dry_run"] is True
    assert story.seen["content after the dry run"], "it changed nothing"
    assert foreseen["tables"] == done["tables"]


def test_restore_brings_the_baseline_back_except_what_users_reference(story: Story) -> None:
    restored = {one["table"]: one for one in story.results["restore"].json["tables"]}
    assert restored["public.courses"]["kept_referenced"] == 1
    lessons = restored["public.lessons"]
    assert (lessons["removed"], lessons["kept_parts"]) == (18, 300), "those of the course of the enrolment stay too"
    assert all(one["locally_edited"] == 0 for one in restored.values())
    before, after = dict(story.baseline), dict(story.seen["restored"])
    for table in ("courses", "lessons"):
        assert before.pop(table) != after.pop(table), "the course of the enrolment stays"
    assert after == before
    story.pair.prod_sql("DELETE FROM enrollments WHERE id = 'story-enrolment'")
    story.pair.prod_sql("DELETE FROM courses WHERE id = 'story-1'")
    tables = ("courses", "lessons")
    assert story.pair.content(tables=tables) == {table: story.baseline[table] for table in tables}


def test_restore_proves_its_own_writes(story: Story) -> None:
    validation = story.results["restore"].json["validation"]
    assert validation["verdict"] in ("intact", "changed_by_application")
    assert validation["problems"] == []
    assert story.seen["left after restore"] == []


def test_a_second_restore_finds_nothing_to_do(story: Story) -> None:
    for one in story.results["restore again"].json["tables"]:
        assert (one["reverted"], one["removed"], one["reinserted"]) == (0, 0, 0)


def test_the_application_never_waits_long(story: Story) -> None:
    assert story.seen["longest wait"] < 5.0


def test_what_was_backed_up_is_the_baseline(story: Story) -> None:
    """The content files hold the rows that production had, production's own columns included."""
    directory = story.results["enable"].json["backup"]["directory"]
    manifest = json.loads((story.pair.backups / directory.rpartition("/")[2] / "manifest.json").read_text())
    assert {one["table"]: one["rows"] for one in manifest["content"]} == {
        f"public.{table}": rows for table, (rows, _) in story.baseline.items()
    }


def test_sync_is_enable_validate_disable(pair: Pair) -> None:
    baseline = pair.content()
    with pair.application(rate_per_second=50.0):
        result = pair.ok("sync", "--name", "all-in-one", "--no-backup").json
    assert result["window"] == {"name": "all-in-one", "state": "closed"}
    assert result["validation"]["verdict"] in ("intact", "changed_by_application")
    assert sum(one["inserted"] for one in result["reconciled"]) == 33
    assert result["left_behind"] == []
    assert pair.leftovers() == []
    assert same_content(pair)

    (backup,) = [one for one in pair.backups.iterdir() if one.is_dir()]
    assert not list(backup.rglob("toc.dat")), "without the whole database"
    pair.ok("restore", "all-in-one")
    assert pair.content() == baseline
    shutil.rmtree(backup)
    gone = pair.cli("restore", "all-in-one")
    assert gone.exit_code == 4
    assert str(backup) in gone.error["message"]


def test_names_are_from_the_date_unless_given(pair: Pair) -> None:
    first = pair.ok("sync", "--no-backup").json["window"]["name"]
    second = pair.ok("sync", "--no-backup").json["window"]["name"]
    assert second == f"{first}-2"
    taken = pair.cli("enable", "--name", first)
    assert (taken.exit_code, taken.error["code"]) == (8, "name-taken")
