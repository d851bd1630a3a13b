"""What a restore will do, and what will stop it, is told by its dry run; the restore itself is the judge of that."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from support.pair import Pair

from egrow_replica.model import Server

NEW_COURSE = """INSERT INTO courses (id, title, slug, "updatedAt", category)
                VALUES (%s, 'New', %s, now(), 'LIDERAZGO')"""
NEW_LESSON = """INSERT INTO lessons (id, title, "order", "updatedAt", "courseId") VALUES (%s, '', 1, now(), %s)"""
NEW_USER = """INSERT INTO users (id, email, "firstName", "lastName", "updatedAt")
              VALUES ('leaver', 'leaver@example.org', '', '', now())"""


@pytest.fixture(scope="module")
def closed_window(new_pair: Callable[..., Pair]) -> Pair:
    """A closed window; the first three courses of its baseline are called after their slugs."""
    pair = new_pair()
    pair.prod_sql(NEW_USER)
    for number in (1, 2, 3):
        pair.prod_sql(NEW_COURSE, f"base-{number}", f"slug-{number}")
    pair.prod_sql("""UPDATE courses SET "instructorId" = 'leaver' WHERE id = 'base-1'""")
    pair.dev_sql(NEW_COURSE, "release", "release")
    pair.dev_sql(NEW_LESSON, "release-lesson", "release")
    pair.ok("sync", "--name", "base", "--no-backup")
    return pair


@pytest.fixture
def closed(closed_window: Pair) -> Iterator[Pair]:
    """Production as the window left it, whatever a test or a restore did."""
    pair = closed_window
    tables = ("users", "courses", "lessons")
    with pair.connect(Server.PROD) as prod:
        kept = {}
        for table in tables:
            with prod.cursor().copy(f"COPY {table} TO STDOUT") as copy:
                kept[table] = b"".join(map(bytes, copy))
    yield pair
    with pair.connect(Server.PROD) as prod, prod.transaction():
        prod.execute("SET LOCAL session_replication_role = replica")
        prod.execute("DELETE FROM enrollments WHERE id LIKE 'foresight-%'")
        for table in tables:
            prod.execute(f"DELETE FROM {table}")
            with prod.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                copy.write(kept[table])


def foretold(pair: Pair, *options: str) -> str:
    """See that the dry run says what the restore then does; the message of a refusal, ``""`` where there is none."""
    before = pair.content()
    dry = pair.cli("restore", "base", "--dry-run", *options)
    assert pair.content() == before
    done = pair.cli("restore", "base", *options)
    assert dry.exit_code == done.exit_code, f"{dry}\n{done}"
    if done.exit_code == 0:
        assert dry.json["tables"] == done.json["tables"]
        return ""
    assert dry.error["code"] == done.error["code"], f"{dry}\n{done}"
    assert pair.content() == before, "nothing at all was written"
    return str(dry.error["message"])


def rename(pair: Pair, **slugs: str) -> None:
    """Give courses of the baseline other slugs, in this order."""
    for course, slug in slugs.items():
        pair.prod_sql("UPDATE courses SET slug = %s WHERE id = %s", slug, course.replace("_", "-"))


def test_a_unique_value_that_is_taken_meanwhile(closed: Pair) -> None:
    rename(closed, base_1="other")
    closed.prod_sql(NEW_COURSE, "application's", "slug-1")
    with closed.unchanged():
        closed.cli("restore", "base", "--dry-run")
    message = foretold(closed)
    assert "the row with key (base-1) wants (slug) = (slug-1), which the row with key (application's) has" in message


@pytest.mark.slow
def test_a_row_that_went_missing_and_whose_value_is_taken(closed: Pair) -> None:
    closed.prod_sql("DELETE FROM courses WHERE id = 'base-2'")
    closed.prod_sql(NEW_COURSE, "application's", "slug-2")
    assert "(base-2) wants" in foretold(closed)


def test_rows_that_exchanged_their_values(closed: Pair) -> None:
    rename(closed, base_1="x", base_2="slug-1", base_3="slug-2")
    assert closed.ok("restore", "base", "--dry-run").json["tables"], "a chain has an end"
    rename(closed, base_1="slug-3")
    message = foretold(closed)
    for number in (1, 2, 3):
        assert f"(base-{number}) wants (slug) = (slug-{number})" in message


@pytest.mark.slow
def test_a_chain_that_ends_at_a_row_of_the_release(closed: Pair) -> None:
    rename(closed, base_1="x", base_2="slug-1", base_3="slug-2", release="slug-3")
    assert foretold(closed) == ""


def test_a_chain_that_ends_at_a_row_of_the_release_which_stays(closed: Pair) -> None:
    rename(closed, base_1="x", base_2="slug-1", base_3="slug-2", release="slug-3")
    _enrol(closed, "release")
    message = foretold(closed)
    assert "(base-3) wants (slug) = (slug-3), which the row with key (release) has" in message


def test_rows_that_users_reference(closed: Pair) -> None:
    _enrol(closed, "release")
    assert "1 rows of public.courses" in foretold(closed, "--referenced", "fail")
    assert foretold(closed) == ""
    assert closed.prod_sql("SELECT id FROM lessons WHERE id = 'release-lesson'"), "a part of what was kept"


def test_a_row_that_the_baseline_points_at_is_gone(closed: Pair) -> None:
    closed.prod_sql("DELETE FROM users WHERE id = 'leaver'")
    assert closed.prod_sql("SELECT id FROM courses WHERE id = 'base-1' AND \"instructorId\" IS NULL")
    message = foretold(closed)
    assert "(base-1)" in message
    assert "public.users" in message


def test_a_row_that_goes_back_to_its_own_course_keeps_no_other(closed: Pair) -> None:
    """What counts is where it points afterwards."""
    lesson, course = closed.prod_sql("SELECT id, \"courseId\" FROM lessons WHERE id <> 'release-lesson' LIMIT 1")[0]
    closed.prod_sql("""UPDATE lessons SET "courseId" = 'release' WHERE id = %s""", lesson)
    assert foretold(closed) == ""
    assert closed.value(Server.PROD, 'SELECT "courseId" FROM lessons WHERE id = %s', lesson) == course
    assert not closed.prod_sql("SELECT id FROM courses WHERE id = 'release'")


def test_a_table_that_came_later_and_references_content(closed: Pair) -> None:
    closed.prod_sql("CREATE TABLE later (id int PRIMARY KEY, course text REFERENCES courses)")
    try:
        closed.prod_sql("INSERT INTO later VALUES (1, 'release')")
        closed.prod_sql("GRANT SELECT ON later TO egrow_operator")
        assert foretold(closed) == ""
        assert closed.prod_sql("SELECT id FROM courses WHERE id = 'release'"), "a row of users points at it"
    finally:
        closed.prod_sql("DROP TABLE later")


@pytest.mark.parametrize(
    "privilege", ["DELETE", *(pytest.param(one, marks=pytest.mark.slow) for one in ("UPDATE", "INSERT"))]
)
def test_a_privilege_that_was_taken_away(closed: Pair, privilege: str) -> None:
    closed.prod_sql(f"REVOKE {privilege} ON courses FROM egrow_restore")
    try:
        dry = closed.cli("restore", "base", "--dry-run")
        assert (dry.exit_code, dry.error["code"]) == (4, "privilege"), str(dry)
        assert f"egrow_restore lacks {privilege} on public.courses" in dry.error["message"]
    finally:
        closed.prod_sql(f"GRANT {privilege} ON courses TO egrow_restore")


@pytest.mark.slow
def test_a_damaged_backup(closed: Pair) -> None:
    (backup,) = [one for one in closed.backups.iterdir() if one.is_dir()]
    (file,) = backup.rglob("*courses*")
    whole = file.read_bytes()
    file.write_bytes(whole[:-9])
    try:
        foretold(closed)
    finally:
        file.write_bytes(whole)


def _enrol(pair: Pair, course: str) -> None:
    pair.prod_sql(
        """INSERT INTO enrollments (id, "userId", "courseId")
           SELECT 'foresight-' || min(id), min(id), %s FROM users""",
        course,
    )
