"""What ``validate`` says of a closed window: the stored verdict, and content and orphans as they are now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.command import Result
from support.pair import Pair

from egrow_replica.model import Server

#: As somebody does it who switches triggers off, so that no foreign key is checked.
UNCHECKED = "SET session_replication_role = replica; {}; RESET session_replication_role"
ENROLLED = """SELECT "courseId", count(*) FROM enrollments GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"""


@pytest.fixture(scope="module")
def closed(new_pair: Callable[..., Pair]) -> Pair:
    """A pair on which a window was opened and closed, and nothing happened since."""
    pair = new_pair()
    pair.ok("sync", "--name", "july", "--no-backup")
    return pair


def content_of(result: Result) -> dict[str, Any]:
    return {one["table"]: one for one in result.json["content"]["tables"]}


def test_content_and_orphans_are_as_they_are_now(closed: Pair) -> None:
    pair = closed
    well = pair.ok("validate").json
    assert (well["content"]["equal"], well["content"]["left_by"]) == (True, "july")
    assert well["problems"] == []
    pair.prod_sql("""UPDATE courses SET "studentsCount" = "studentsCount" + 1, rating = 4.9""")
    pair.ok("validate")

    course, enrolled = pair.prod_sql(ENROLLED)[0]
    changed = pair.prod_sql("UPDATE courses SET title = title || ' !' WHERE id <> %s RETURNING id", course)
    pair.prod_sql(UNCHECKED.format(f"DELETE FROM courses WHERE id = '{course}'"))
    pair.prod_sql(
        """INSERT INTO products (id, "stripeProductId", name, "updatedAt") VALUES ('of-its-own', 'x', 'x', now())"""
    )

    found = pair.cli("validate")
    assert (found.exit_code, found.error["code"]) == (5, "validation"), str(found)
    assert found.json["verdict"] == well["verdict"], "the users' tables' is the one that was stored"
    assert found.json["tables"] == well["tables"]
    assert found.json["content"]["equal"] is False
    tables = content_of(found)
    assert tables["public.courses"] == {**tables["public.courses"], "equal": False, "differing": len(changed) + 1}
    assert tables["public.products"]["differing"] == 1
    assert tables["public.lessons"]["equal"] is True
    (of_courses,) = [one for one in found.json["problems"] if one.startswith("public.courses:")]
    assert f"{len(changed)} rows changed" in of_courses
    assert "1 row is gone" in of_courses
    assert "july" in of_courses
    (of_products,) = [one for one in found.json["problems"] if one.startswith("public.products:")]
    assert "1 row came" in of_products
    assert tables["public.products"]["rows"] == ["of-its-own came"]
    orphans = {one["constraint"]: one for one in found.json["orphans"]}
    assert orphans["enrollments_courseId_fkey"]["count_after"] == enrolled
    assert any(f"public.enrollments: {enrolled} rows point at no row" in one for one in found.json["problems"])


def test_a_restore_is_what_content_is_then_held_against(closed: Pair) -> None:
    pair = closed
    pair.ok("restore", "july")
    result = pair.cli("validate")
    assert result.json["content"] == {**result.json["content"], "equal": True, "left_by": "restore of july"}
    assert not [one for one in result.json["problems"] if "public.courses" in one], "its row is back"


def test_a_window_that_was_rolled_back_since(closed: Pair) -> None:
    """Its way back is none that was kept: what is not known is said, and nothing is called changed for it."""
    pair = closed
    pair.dev_sql("UPDATE events SET title = 'of dev' WHERE id = (SELECT min(id) FROM events)")
    pair.configure(validate={"probes": ["SELECT NOT EXISTS (SELECT FROM public.events WHERE title = 'of dev')"]})
    assert pair.cli("enable", "--name", "august", "--no-backup").exit_code == 5
    pair.configure(validate={})
    content = pair.cli("validate").json["content"]
    assert (content["equal"], content["left_by"], content["tables"]) == (None, None, [])
    assert "window august wrote content since" in content["left_out"][0]
    pair.ok("restore", "july")


def test_orphans_are_counted_where_the_foreign_key_is_gone(closed: Pair) -> None:
    pair = closed
    pair.prod_sql('ALTER TABLE enrollments DROP CONSTRAINT "enrollments_courseId_fkey"')
    course, enrolled = pair.prod_sql(ENROLLED)[0]
    pair.prod_sql(UNCHECKED.format(f"DELETE FROM courses WHERE id = '{course}'"))
    result = pair.cli("validate")
    assert result.exit_code == 5
    assert any(f"public.enrollments: {enrolled} rows point at no row" in one for one in result.json["problems"])
    assert any("enrollments_courseId_fkey" in one and "gone" in one for one in result.json["notes"])


def test_a_content_table_that_is_another_one_now(closed: Pair) -> None:
    pair = closed
    pair.both_sql("ALTER TABLE events RENAME TO happenings")
    result = pair.cli("validate")
    assert result.exit_code == 5
    assert result.json["content"]["equal"] is False
    assert any("public.events" in one for one in result.json["problems"])


@pytest.mark.parametrize("closing", [(), ("--no-validate",)])
def test_a_window_closed_either_way(pair: Pair, closing: tuple[str, ...]) -> None:
    """What a window left is kept whether or not it was validated; of a person it is told in words."""
    pair.ok("enable", "--name", "august", "--no-backup")
    pair.ok("disable", *closing)
    pair.ok("validate")
    pair.prod_sql("UPDATE lessons SET title = 'x' WHERE id = (SELECT min(id) FROM lessons)")
    assert pair.cli("validate").exit_code == 5
    assert pair.value(Server.PROD, "SELECT count(DISTINCT window_name) FROM egrow_replica.left_content") == 1
