"""Columns of content that belong to production: judged like a user's table, whatever became of the publication."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.command import Result
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.model import Server

DEV, PROD = Server.DEV, Server.PROD
COUNTERS = 'SELECT id, "studentsCount", rating FROM courses ORDER BY id'
COLUMNS = """SELECT string_agg(quote_ident(a), ', ') FROM pg_publication_tables, unnest(attnames) AS a
              WHERE pubname = '{}' AND tablename = 'courses'"""


def found_in(result: Result, table: str = "public.courses") -> dict[str, Any]:
    validation = result.json.get("validation") or result.json
    (found,) = [one for one in validation["production_columns"] if one["table"] == table]
    assert isinstance(found, dict)
    return found


def edit(pair: Pair, title: str, **counters: int) -> str:
    """Edit the first course on dev, and its counters there; wait until the title has arrived."""
    course = pair.value(DEV, "SELECT min(id) FROM courses")
    pair.dev_sql("UPDATE courses SET title = %s WHERE id = %s", title, course)
    for name, value in counters.items():
        pair.dev_sql(f'UPDATE courses SET "{name}" = %s WHERE id = %s', value, course)
    pair.dev_sql("UPDATE courses SET title = %s || '.' WHERE id = %s", title, course)
    arrived = "SELECT title FROM courses WHERE id = %s"
    wait_until(lambda: pair.value(PROD, arrived, course) == f"{title}.", what="the edit")
    return str(course)


def count(pair: Pair, course: str, by: int = 1) -> None:
    """What the application does: count another student."""
    pair.prod_sql('UPDATE courses SET "studentsCount" = "studentsCount" + %s WHERE id = %s', by, course)


def publish_all(pair: Pair) -> str:
    """What somebody did at night: mend the publication without a column list. Return the name of it."""
    name = str(pair.value(DEV, "SELECT pubname FROM pg_publication"))
    pair.dev_sql(f"ALTER PUBLICATION {name} DROP TABLE courses")
    pair.dev_sql(f"ALTER PUBLICATION {name} ADD TABLE courses")
    return name


def test_people_count_while_dev_edits_the_same_rows(pair: Pair) -> None:
    """The application counts before and after the stream writes the same rows, and nobody is suspected."""
    other = pair.value(PROD, "SELECT max(id) FROM courses")
    with pair.application():
        pair.ok("enable", "--name", "quiet", "--no-backup")
        course = edit(pair, "first", studentsCount=5)
        count(pair, course)
        edit(pair, "second")
        count(pair, other)
        validated = pair.ok("validate")
        found = found_in(validated)
        assert found["verdict"] == "changed_by_application", found
        assert sorted(found["columns"]) == ["rating", "studentsCount"]
        assert found["differing"] >= 2
        closed = pair.ok("disable")
        assert found_in(closed)["verdict"] == "changed_by_application"
        assert closed.json["validation"]["verdict"] == "changed_by_application"
    assert pair.leftovers() == []


def test_nothing_is_said_where_nothing_changed(pair: Pair) -> None:
    pair.ok("sync", "--name", "first", "--no-backup")
    pair.ok("enable", "--name", "still", "--no-backup")
    edit(pair, "only dev", studentsCount=77)
    found = found_in(pair.ok("validate"))
    assert (found["verdict"], found["differing"]) == ("intact", 0), found
    untouched = found_in(pair.ok("validate"), "public.events")
    assert untouched["reason"] == "no WAL record wrote the table", untouched
    tables = {one["table"] for one in pair.ok("disable").json["validation"]["production_columns"]}
    assert "public.lessons" not in tables, "all its columns travel"


def test_a_table_that_was_made_anew_on_dev_and_published_whole(pair: Pair) -> None:
    """The whole story: dev's values overwrite everybody's counters."""
    before = {one: (students, rating) for one, students, rating in pair.prod_sql(COUNTERS)}
    with pair.application():
        pair.ok("enable", "--name", "story", "--no-backup")
        name = pair.value(DEV, "SELECT pubname FROM pg_publication")
        pair.dev_sql(
            "BEGIN; ALTER TABLE courses RENAME TO old; CREATE TABLE courses (LIKE old INCLUDING ALL);"
            "ALTER TABLE courses OWNER TO academy_owner; INSERT INTO courses SELECT * FROM old; COMMIT;"
        )
        pair.dev_sql(f"ALTER PUBLICATION {name} DROP TABLE old")
        pair.dev_sql(f"ALTER PUBLICATION {name} ADD TABLE courses")
        pair.dev_sql("DROP TABLE old CASCADE")
        course = edit(pair, "mended", studentsCount=77777)
        assert pair.value(PROD, 'SELECT "studentsCount" FROM courses WHERE id = %s', course) == 77777
        status = pair.cli("status")
        assert (status.exit_code, status.json["window"]["state"]) == (5, "failed")
        validated = pair.cli("validate")
        assert validated.exit_code == 5
        found = found_in(validated)
        assert found["verdict"] == "touched", found
        assert any(row.startswith(f"id={course} (") and "studentsCount" in row for row in found["rows"]), found
        assert validated.json["verdict"] == "touched"
        closed = pair.cli("disable")
        assert closed.exit_code == 5
        assert closed.json["validation"]["verdict"] == "touched"
        assert "restore" in closed.error["hint"]
        assert "public.courses" in closed.error["message"]
        foreseen = pair.ok("restore", "--dry-run")
        assert restored_in(foreseen)["production_columns"] >= found["overwritten"]
        restored = pair.ok("restore")
        assert restored_in(restored)["production_columns"] == restored_in(foreseen)["production_columns"]
        assert pair.value(PROD, 'SELECT "studentsCount" FROM courses WHERE id = %s', course) == before[course][0]
    assert restored_in(restored)["production_columns_left"] == []
    assert restored_in(restored, "public.events")["production_columns"] == 0
    assert pair.leftovers() == []


def restored_in(result: Result, table: str = "public.courses") -> dict[str, Any]:
    (found,) = [one for one in result.json["tables"] if one["table"] == table]
    assert isinstance(found, dict)
    return found


def test_a_restore_leaves_what_people_counted_meanwhile(pair: Pair) -> None:
    """Only what the window wrote goes back, and only where it is still there."""
    course = pair.value(DEV, "SELECT min(id) FROM courses")
    both = {one for (one,) in pair.dev_sql("SELECT id FROM courses")} - {course}
    other, third = [one for (one,) in pair.prod_sql("SELECT id FROM courses ORDER BY id") if one in both][:2]
    pair.ok("enable", "--name", "counted", "--no-backup")
    baseline = {one: students for one, students, _ in pair.prod_sql(COUNTERS)}
    publish_all(pair)
    edit(pair, "overwritten", studentsCount=77777)
    pair.dev_sql('UPDATE courses SET "studentsCount" = 88888 WHERE id = %s', other)
    wait_until(lambda: pair.prod_sql('SELECT 1 FROM courses WHERE "studentsCount" = 88888'), what="the other edit")
    count(pair, third, 5)
    assert pair.cli("disable").exit_code == 5
    count(pair, other, 3)
    restored = restored_in(pair.ok("restore"))
    assert restored["production_columns"] >= 1
    assert restored["production_columns_left"] == [f"id={other} (studentsCount)"], restored
    now = {one: students for one, students, _ in pair.prod_sql(COUNTERS)}
    assert now[course] == baseline[course]
    assert now[other] == 88891, "people have counted on"
    assert now[third] == baseline[third] + 5, "the window never wrote it"
    again = restored_in(pair.ok("restore"))
    assert again["production_columns"] == 0


def test_an_alteration_that_was_taken_back_before_anybody_looked(pair: Pair) -> None:
    pair.ok("enable", "--name", "back", "--no-backup")
    columns = pair.value(DEV, COLUMNS.format(pair.value(DEV, "SELECT pubname FROM pg_publication")))
    name = publish_all(pair)
    course = edit(pair, "in between", studentsCount=4711)
    pair.dev_sql(f"ALTER PUBLICATION {name} DROP TABLE courses")
    pair.dev_sql(f"ALTER PUBLICATION {name} ADD TABLE ONLY courses ({columns})")
    found = found_in(pair.cli("validate"))
    assert found["verdict"] == "touched", found
    assert found["rows"][0].startswith(f"id={course}"), found
    # Somebody else's value in such a row is nobody's to know.
    count(pair, course)
    found = found_in(pair.cli("validate"))
    assert found["verdict"] in ("touched", "unproven"), found
    assert pair.cli("disable").exit_code == 5


@pytest.mark.parametrize("what", ["without-wal", "without-commits", "without-both"])
def test_with_less_evidence(pair: Pair, new_lab: Any, what: str) -> None:
    """Fewer words, but never good ones."""
    untracked = what != "without-wal"
    own = new_lab(prod_settings={"track_commit_timestamp": "off"}) if untracked else pair
    if what != "without-commits":
        own.prod_sql("REVOKE EXECUTE ON FUNCTION egrow_ext.pg_get_wal_records_info FROM egrow_operator")
    other = own.value(PROD, "SELECT max(id) FROM courses")
    own.ok("enable", "--name", "less", "--no-backup", "--allow-unproven")
    course = edit(own, "untouched")
    count(own, other)
    count(own, course)
    edit(own, "after")
    found = found_in(own.cli("validate"))
    wanted = "unproven" if what == "without-both" else "changed_by_application"
    assert found["verdict"] == wanted, found
    publish_all(own)
    edit(own, "overwritten", studentsCount=99999)
    found = found_in(own.cli("validate"))
    assert found["verdict"] == "touched", found
    assert own.cli("disable").exit_code == 5


def test_partitions_and_quoted_names(new_pair: Callable[..., Pair]) -> None:
    """A partitioned table, names with capitals, quotes and blanks, a column that only production has."""
    pair = new_pair(set_up=False)
    pair.both_sql(
        """CREATE SCHEMA "Catá.logo";
           CREATE TABLE "Catá.logo"."Artí""culo" (kind text, "the Id" int, title text, "it's Count" int,
             PRIMARY KEY (kind, "the Id")) PARTITION BY LIST (kind);
           CREATE TABLE "Catá.logo".a PARTITION OF "Catá.logo"."Artí""culo" FOR VALUES IN ('a');
           CREATE TABLE "Catá.logo".b PARTITION OF "Catá.logo"."Artí""culo" FOR VALUES IN ('b');
           ALTER TABLE "Catá.logo"."Artí""culo" OWNER TO academy_owner;
           ALTER TABLE "Catá.logo".a OWNER TO academy_owner; ALTER TABLE "Catá.logo".b OWNER TO academy_owner;
           INSERT INTO "Catá.logo"."Artí""culo" SELECT k, i, 'title', i FROM generate_series(1, 50) AS i,
             (VALUES ('a'), ('b')) AS v(k)"""
    )
    pair.prod_sql('ALTER TABLE "Catá.logo"."Artí""culo" ADD COLUMN here int DEFAULT 1')
    name = '"Catá.logo"."Artí""culo"'
    pair.configure(tables={"content": [name]}, **{"tables.production_columns": {name: ["it's Count"]}})
    pair.set_up()
    pair.ok("enable", "--name", "quoted", "--no-backup")
    pair.prod_sql(f'UPDATE {name} SET "it\'s Count" = 1000, here = 2 WHERE "the Id" = 7')
    pair.dev_sql(f"UPDATE {name} SET title = 'dev' WHERE \"the Id\" < 9")
    arrived = f"SELECT count(*) FROM {name} WHERE title = 'dev'"
    wait_until(lambda: pair.value(PROD, arrived) == 16, what="the edits")
    found = found_in(pair.ok("validate"), name)
    assert (found["verdict"], found["differing"]) == ("changed_by_application", 2), found
    assert found["columns"] == ["it's Count", "here"]
    publication = pair.value(DEV, "SELECT pubname FROM pg_publication")
    pair.dev_sql(f"ALTER PUBLICATION {publication} SET TABLE {name}")
    pair.dev_sql(f'UPDATE {name} SET "it\'s Count" = 4000 + "the Id" WHERE "the Id" IN (3, 4)')
    wait_until(lambda: pair.value(PROD, f'SELECT sum("it\'s Count") FROM {name}') > 16000, what="the overwriting")
    found = found_in(pair.cli("validate"), name)
    assert found["verdict"] == "touched", found
    assert sorted(found["rows"]) == [f"kind={k}, the Id={i} (it's Count)" for k in "ab" for i in (3, 4)]
    assert pair.cli("disable").exit_code == 5
    restored = restored_in(pair.ok("restore"), name)
    assert restored["production_columns"] == 4
    counts = pair.prod_sql(f'SELECT "it\'s Count", here FROM {name} WHERE "the Id" IN (3, 4, 7) ORDER BY 1')
    assert counts == [(3, 1), (3, 1), (4, 1), (4, 1), (1000, 2), (1000, 2)]


def test_a_controller_without_the_backup(pair: Pair) -> None:
    """Another machine compares what the journal keeps; of larger tables it says what WAL says, and nothing better."""
    pair.ok("enable", "--name", "elsewhere", "--no-backup")
    course = edit(pair, "first")
    pair.backups.rename(pair.directory / "away")
    assert found_in(pair.ok("validate"))["verdict"] == "intact"
    pair.prod_sql("DELETE FROM egrow_replica.own_values")
    found = found_in(pair.cli("validate"))
    assert (found["verdict"], found["differing"]) == ("unproven", None), found
    count(pair, course)
    found = found_in(pair.cli("validate"))
    assert (found["verdict"], found["differing"]) == ("changed_by_application", None), found
    publish_all(pair)
    found = found_in(pair.cli("validate"))
    assert found["verdict"] == "unproven", found
    (pair.directory / "away").rename(pair.backups)
    assert pair.cli("disable").exit_code == 5


def test_a_journal_of_an_earlier_version(pair: Pair) -> None:
    """Its window kept no values, so none are judged; the next window's are."""
    pair.ok("enable", "--name", "earlier", "--no-backup")
    pair.prod_sql(
        "UPDATE egrow_replica.window SET progress = progress - 'publication' - 'publication_look' - 'own_columns'"
        " - 'publication_dropped'; ALTER TABLE egrow_replica.overwritten RENAME TO later;"
        "ALTER TABLE egrow_replica.own_values RENAME TO even_later"
    )
    assert pair.ok("validate").json["production_columns"] == []
    pair.ok("disable")
    pair.ok("restore")
    pair.ok("sync", "--name", "later", "--no-backup")
    assert found_in(pair.ok("validate"))["verdict"] == "intact"
