"""A publication that somebody altered: whatever was done to it is named, and the stream does not go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from support.pair import Pair

from egrow_replica.model import Server

DEV, PROD = Server.DEV, Server.PROD
COLUMNS = """SELECT string_agg(quote_ident(a), ', ') FROM pg_publication_tables, unnest(attnames) AS a
              WHERE pubname = '{}' AND tablename = 'courses'"""


@dataclass(frozen=True)
class Alteration:
    """What is done to the publication, and what has to be said; ``{}`` is its name, ``{columns}`` those of courses."""

    statements: tuple[str, ...]
    said: str


ALTERATIONS = {
    "a table without its column list": Alteration(
        ("ALTER PUBLICATION {} DROP TABLE courses", "ALTER PUBLICATION {} ADD TABLE courses"),
        "publishes other columns of public.courses: rating, studentsCount too",
    ),
    "a column less": Alteration(
        ("ALTER PUBLICATION {} DROP TABLE courses", "ALTER PUBLICATION {} ADD TABLE courses (id, title)"),
        "publishes other columns of public.courses: not ",
    ),
    "a table out and in again": Alteration(
        ("ALTER PUBLICATION {} DROP TABLE courses", "ALTER PUBLICATION {} ADD TABLE ONLY courses ({columns})"),
        "was altered for public.courses, and may have been altered back",
    ),
    "all columns and back": Alteration(
        (
            "ALTER PUBLICATION {} DROP TABLE courses",
            "ALTER PUBLICATION {} ADD TABLE courses",
            "ALTER PUBLICATION {} DROP TABLE courses",
            "ALTER PUBLICATION {} ADD TABLE ONLY courses ({columns})",
        ),
        "was altered for public.courses, and may have been altered back",
    ),
    "a table out": Alteration(("ALTER PUBLICATION {} DROP TABLE prices",), "does not publish public.prices any more"),
    "a user's table in": Alteration(
        ("ALTER PUBLICATION {} ADD TABLE users",), "publishes public.users too, which the window does not"
    ),
    "a filter": Alteration(
        (
            "ALTER PUBLICATION {} DROP TABLE courses",
            "ALTER PUBLICATION {} ADD TABLE ONLY courses ({columns}) WHERE (id <> 'x')",
        ),
        "has another row filter for public.courses",
    ),
    "deletes": Alteration(
        ("ALTER PUBLICATION {} SET (publish = 'insert, update, delete')",),
        "publishes other operations: insert, update, delete",
    ),
    "operations and back": Alteration(
        (
            "ALTER PUBLICATION {} SET (publish = 'insert')",
            "ALTER PUBLICATION {} SET (publish = 'insert, update')",
        ),
        "was altered since the window made it, and may have been altered back",
    ),
    "partitions one by one": Alteration(
        ("ALTER PUBLICATION {} SET (publish_via_partition_root = false)",), "has another publish_via_partition_root"
    ),
    "the table made anew": Alteration(
        (
            "ALTER TABLE courses RENAME TO courses_before",
            "CREATE TABLE courses (LIKE courses_before INCLUDING ALL)",
            "ALTER TABLE courses OWNER TO academy_owner",
            "ALTER PUBLICATION {} DROP TABLE courses_before",
            "ALTER PUBLICATION {} ADD TABLE ONLY courses ({columns})",
        ),
        "public.courses on dev is another table than the one",
    ),
}
QUICK = {"a table without its column list", "all columns and back", "operations and back"}


CASES = [pytest.param(one, marks=() if one in QUICK else pytest.mark.slow) for one in ALTERATIONS]


@pytest.mark.parametrize("what", CASES)
def test_an_altered_publication_fails_the_window(pair: Pair, what: str) -> None:
    alteration = ALTERATIONS[what]
    pair.ok("enable", "--name", "altered", "--no-backup")
    name = pair.value(DEV, "SELECT pubname FROM pg_publication")
    columns = pair.value(DEV, COLUMNS.format(name))
    pair.ok("validate")
    for statement in alteration.statements:
        pair.dev_sql(statement.replace("{columns}", columns).replace("{}", name))
    status = pair.cli("status")
    assert (status.exit_code, status.json["window"]["state"]) == (5, "failed"), str(status)
    assert any(alteration.said in one for one in status.json["warnings"]), status.json["warnings"]
    validated = pair.cli("validate")
    assert validated.exit_code == 5, str(validated)
    assert any(alteration.said in one for one in validated.json["problems"]), str(validated)
    pair.ok("pause")
    resumed = pair.cli("resume")
    assert resumed.exit_code == 5, str(resumed)
    assert alteration.said in resumed.error["message"]
    assert resumed.error["hint"]
    assert pair.journal("altered")[0] == "paused"
    assert pair.cli("status").exit_code == 5
    closed = pair.cli("disable")
    assert closed.exit_code == 5, str(closed)
    assert closed.json["window"]["state"] == "closed"
    assert alteration.said in closed.error["message"]
    assert pair.cli("validate").exit_code == 5
    assert pair.leftovers() == []


def test_a_publication_that_was_made_anew(pair: Pair) -> None:
    """It is another's: it is named, and nothing that it sends is waited for."""
    pair.ok("enable", "--name", "anew", "--no-backup")
    name = pair.value(DEV, "SELECT pubname FROM pg_publication")
    pair.dev_sql(f"DROP PUBLICATION {name}")
    pair.dev_sql(f"CREATE PUBLICATION {name} FOR TABLE courses")
    said = f"publication {name} on dev was dropped and made anew"
    status = pair.cli("status")
    assert (status.exit_code, status.json["window"]["state"]) == (5, "failed")
    assert said in status.json["warnings"]
    assert said in pair.cli("validate").json["problems"]
    closed = pair.cli("disable")
    assert closed.exit_code != 0
    assert said in closed.json["validation"]["problems"]


def test_a_drain_lets_nothing_of_an_altered_publication_through(pair: Pair) -> None:
    """While the stream was paused dev published every column for a moment; those changes wait in the slot."""
    pair.ok("enable", "--name", "waiting", "--no-backup")
    name = pair.value(DEV, "SELECT pubname FROM pg_publication")
    columns = pair.value(DEV, COLUMNS.format(name))
    pair.ok("pause")
    pair.dev_sql(f"ALTER PUBLICATION {name} SET TABLE courses")
    pair.dev_sql("""UPDATE courses SET "studentsCount" = 77777""")
    pair.dev_sql(f"ALTER PUBLICATION {name} SET TABLE ONLY courses ({columns})")
    closed = pair.cli("disable")
    assert closed.exit_code == 5, str(closed)
    assert closed.json["window"]["state"] == "closed"
    assert pair.value(PROD, """SELECT count(*) FROM courses WHERE "studentsCount" = 77777""") == 0
    assert "does not publish public.lessons any more" in closed.error["message"]
    assert pair.leftovers() == []


def test_a_comment_on_the_publication_changes_nothing(pair: Pair) -> None:
    pair.ok("enable", "--name", "commented", "--no-backup")
    name = pair.value(DEV, "SELECT pubname FROM pg_publication")
    pair.dev_sql(f"COMMENT ON PUBLICATION {name} IS 'seen'")
    pair.ok("status")
    pair.ok("validate")
    pair.ok("disable")


def test_a_subscription_that_follows_another_publication(pair: Pair) -> None:
    pair.ok("enable", "--name", "followed", "--no-backup")
    name = pair.value(PROD, "SELECT subname FROM pg_subscription")
    pair.dev_sql("CREATE PUBLICATION wider FOR TABLE courses")
    pair.prod_sql(f"ALTER SUBSCRIPTION {name} SET PUBLICATION wider WITH (refresh = false)")
    said = f"subscription {name} on production subscribes to wider, not to the window's own"
    status = pair.cli("status")
    assert (status.exit_code, status.json["window"]["state"]) == (5, "failed")
    assert said in status.json["warnings"]
    validated = pair.cli("validate")
    assert validated.exit_code == 5
    assert said in validated.error["message"]
    closed = pair.cli("disable")
    assert (closed.exit_code, closed.json["window"]["state"]) == (5, "closed")
    pair.dev_sql("DROP PUBLICATION wider")
    assert pair.leftovers() == []


def test_a_window_of_an_earlier_version_is_judged_by_what_is_there(pair: Pair) -> None:
    """It has no note of what the publication was."""
    pair.ok("enable", "--name", "earlier", "--no-backup")
    pair.prod_sql(
        "UPDATE egrow_replica.window SET progress = progress - 'publication' - 'publication_look'"
        " - 'publication_dropped'"
    )
    name = pair.value(DEV, "SELECT pubname FROM pg_publication")
    columns = pair.value(DEV, COLUMNS.format(name))
    pair.dev_sql(f"ALTER PUBLICATION {name} DROP TABLE courses")
    pair.dev_sql(f"ALTER PUBLICATION {name} ADD TABLE ONLY courses ({columns})")
    pair.ok("status")
    pair.ok("validate")
    pair.dev_sql(f"ALTER PUBLICATION {name} DROP TABLE courses")
    assert pair.cli("status").exit_code == 5
    assert "does not publish public.courses" in pair.cli("validate").error["message"]
    assert pair.cli("disable").json["window"]["state"] == "closed"


@pytest.mark.slow
def test_dev_may_be_away_while_a_paused_window_is_validated(new_lab: Callable[..., Pair]) -> None:
    own = new_lab()
    own.ok("enable", "--name", "away", "--no-backup")
    own.ok("pause")
    own.lab.stop_server(DEV, "fast")
    validated = own.cli("validate")
    assert any("the publication was not looked at" in one for one in validated.json["notes"]), str(validated)
    assert own.cli("resume").exit_code == 7
    own.lab.start_server(DEV)
    own.ok("resume")
    own.ok("disable")
