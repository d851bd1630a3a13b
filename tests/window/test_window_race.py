"""The race of every restore: somebody enrols in a course of the window just while it is taken away again."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import Connection, errors
from support.command import Result, Running
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.model import Server

COURSE = "race-course"
NEW_COURSE = """INSERT INTO courses (id, title, slug, "updatedAt", category)
                VALUES (%s, 'Raced', %s, now(), 'LIDERAZGO')"""
NEW_LESSON = """INSERT INTO lessons (id, title, "order", "updatedAt", "courseId") VALUES (%s, '', 1, now(), %s)"""
ENROL = """INSERT INTO enrollments (id, "userId", "courseId")
           SELECT %s, (SELECT id FROM users ORDER BY id LIMIT 1 OFFSET %s), %s"""

ENROL_SOMEBODY = 'INSERT INTO enrollments (id, "userId", "courseId") VALUES (%s, %s, %s)'

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def closed(new_pair: Callable[..., Pair]) -> Pair:
    """A pair whose last window brought a course; restores can be tried again and again."""
    pair = new_pair()
    pair.configure(window={"catchup_timeout": "30s", "lock_timeout": "1s"})
    with pair.connect(Server.DEV) as dev:
        dev.execute(NEW_COURSE, [COURSE, COURSE])
        dev.execute(NEW_LESSON, ["race-lesson", COURSE])
    pair.ok("sync", "--name", "race", "--no-backup")
    return pair


@pytest.fixture
def raced(closed: Pair) -> Iterator[Pair]:
    """The course is there, as the window brought it; nobody is enrolled."""
    with closed.connect(Server.PROD) as prod:
        prod.execute('DELETE FROM enrollments WHERE "courseId" = %s', [COURSE])
        prod.execute(NEW_COURSE + " ON CONFLICT DO NOTHING", [COURSE, COURSE])
        prod.execute(NEW_LESSON + " ON CONFLICT DO NOTHING", ["race-lesson", COURSE])
    yield closed
    assert closed.leftovers() == []


@pytest.fixture
def person(raced: Pair) -> Iterator[Connection[Any]]:
    """A connection of the application, in a transaction."""
    with psycopg.connect(raced.lab.application_dsn) as connection:
        yield connection
        connection.rollback()


def enrol(person: Connection[Any]) -> str:
    number = next(_numbers)
    person.execute(ENROL, [f"race-enrolment-{number}", number % 100, COURSE])
    return f"race-enrolment-{number}"


def waits_for_lock(pair: Pair) -> bool:
    return bool(
        pair.prod_sql(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name LIKE 'egrow%%'"
        )
    )


@contextmanager
def restoring(pair: Pair, *arguments: str) -> Iterator[tuple[Running, Callable[[], None]]]:
    """A restore that stands still right before it writes, and what lets it go on.

    It has measured the users' tables by then, for which it lets open transactions end; whatever begins now races.
    A lock in SHARE mode is held without a transaction id, so that nothing waits for that.
    """
    with (
        pair.holding(Server.PROD, "LOCK TABLE courses, lessons IN SHARE MODE") as holder,
        pair.start("restore", "race", *arguments) as restore,
    ):
        wait_until(lambda: waits_for_lock(pair), what="the restore's wait")
        yield restore, holder.rollback


def is_there(pair: Pair, table: str, key: str) -> bool:
    return bool(pair.prod_sql(f"SELECT 1 FROM {table} WHERE id = %s", key))


def of_courses(result: Result) -> dict[str, int]:
    found: dict[str, int] = next(one for one in result.json["tables"] if one["table"] == "public.courses")
    return found


def check_kept(pair: Pair, result: Result, enrolment: str) -> None:
    assert result.exit_code == 0, str(result)
    assert is_there(pair, "enrollments", enrolment)
    assert is_there(pair, "courses", COURSE), "the course went away under the one who enrolled"
    assert of_courses(result)["kept_referenced"] == 1
    assert is_there(pair, "lessons", "race-lesson"), "whoever enrolled finds a course without lessons"
    assert next(one for one in result.json["tables"] if one["table"] == "public.lessons")["kept_parts"] == 1


@pytest.mark.parametrize("waits", [1, 2, 3], ids=lambda number: f"{number} waits")
def test_an_enrolment_that_is_not_yet_committed_survives_with_its_course(
    raced: Pair, person: Connection[Any], waits: int
) -> None:
    """The restore waits for it, longer than lock_timeout, as often as it takes."""
    with restoring(raced) as (restore, go_on):
        enrolment = enrol(person)
        go_on()
        for number in range(waits):
            wait_until(lambda: waits_for_lock(raced), what="the restore's wait")
            if number < waits - 1:
                wait_until(lambda: not waits_for_lock(raced), what="the restore's timeout", poll=0.005)
        person.commit()
        check_kept(raced, restore.result(), enrolment)


def test_an_enrolment_that_is_rolled_back_keeps_nothing(raced: Pair, person: Connection[Any]) -> None:
    with restoring(raced) as (restore, go_on):
        enrolment = enrol(person)
        go_on()
        wait_until(lambda: waits_for_lock(raced), what="the restore's wait")
        person.rollback()
        result = restore.result()
    assert result.exit_code == 0, str(result)
    assert not is_there(raced, "enrollments", enrolment)
    assert not is_there(raced, "courses", COURSE)
    assert of_courses(result)["removed"] >= 1


def test_an_enrolment_that_was_begun_before_the_restore(raced: Pair, person: Connection[Any]) -> None:
    """The restore's own measuring waits for it first."""
    enrolment = enrol(person)
    with raced.start("restore", "race") as restore:
        wait_until(lambda: ("baseline", "intent") in raced.journal("race")[1][-1:], what="the restore's baseline")
        person.commit()
        check_kept(raced, restore.result(), enrolment)


def test_two_enrolments_one_after_the_other(raced: Pair, person: Connection[Any]) -> None:
    """The first is rolled back while the second, begun meanwhile, is not yet committed."""
    with restoring(raced) as (restore, go_on), psycopg.connect(raced.lab.application_dsn) as other:
        enrol(person)
        go_on()
        wait_until(lambda: waits_for_lock(raced), what="the restore's wait")
        kept = enrol(other)
        person.rollback()
        other.commit()
        check_kept(raced, restore.result(), kept)


def test_an_enrolment_that_was_committed_before(raced: Pair, person: Connection[Any]) -> None:
    enrolment = enrol(person)
    person.commit()
    check_kept(raced, raced.cli("restore", "race"), enrolment)


def test_an_enrolment_that_arrives_too_late_is_told_so(raced: Pair, person: Connection[Any]) -> None:
    """The course is locked and about to go: the enrolment waits, and then nothing dangles, whoever was first."""
    with restoring(raced) as (restore, go_on):
        with raced.holding(Server.PROD, "SELECT 1 FROM lessons WHERE id = 'race-lesson' FOR SHARE"):
            go_on()
            wait_until(lambda: waits_for_lock(raced), what="the restore's wait for the lesson")
        try:
            enrol(person)
            person.commit()
        except errors.ForeignKeyViolation:
            person.rollback()
        result = restore.result()
    assert result.exit_code == 0, str(result)
    enrolled = raced.prod_sql('SELECT id FROM enrollments WHERE "courseId" = %s', COURSE)
    assert bool(enrolled) == is_there(raced, "courses", COURSE)


def test_many_people_enrol_while_the_restore_runs(raced: Pair) -> None:
    """Whoever was told that the enrolment is there keeps it, and its course."""
    enrolled: list[str] = []
    with (
        psycopg.connect(raced.lab.application_dsn, autocommit=True) as person,
        raced.start("restore", "race") as restore,
    ):
        users = iter(raced.prod_sql("SELECT id FROM users ORDER BY id"))
        gone = False
        while not restore.ended:
            for (user,) in itertools.islice(users, 1):
                key = f"race-enrolment-{next(_numbers)}"
                try:
                    person.execute(
                        'INSERT INTO enrollments (id, "userId", "courseId") VALUES (%s, %s, %s)', [key, user, COURSE]
                    )
                    assert not gone, "the course was gone and came back"
                    enrolled.append(key)
                except errors.ForeignKeyViolation:
                    gone = True
        result = restore.result()
    assert result.exit_code == 0, str(result)
    assert [key for key in enrolled if not is_there(raced, "enrollments", key)] == []
    assert is_there(raced, "courses", COURSE) == bool(enrolled)


def test_the_dba_may_choose_to_stop_instead(raced: Pair, person: Connection[Any]) -> None:
    enrol(person)
    person.commit()
    before = raced.content()
    result = raced.cli("restore", "race", "--referenced", "fail")
    assert result.exit_code == 5, str(result)
    assert "public.courses" in result.error["message"]
    assert raced.content() == before, "nothing at all was written"


def test_a_reference_through_other_content_keeps_the_chain(raced: Pair) -> None:
    """A subscription to a price of the window keeps the price, and the price its product."""
    raced.ok("sync", "--name", "chain", "--no-backup")
    with raced.connect(Server.PROD) as prod:
        product, price = prod.execute(
            """SELECT p.id, c.id FROM products p JOIN prices c ON c."productId" = p.id
                WHERE p."stripeProductId" LIKE 'prod_test_%' AND p.name LIKE 'Premium Equipos%' LIMIT 1"""
        ).fetchone() or ("", "")
        assert product, "the window brought a product"
        prod.execute(
            """INSERT INTO subscriptions (id, "stripeSubscriptionId", status, "currentPeriodStart", "currentPeriodEnd",
                                          "updatedAt", "userId", "priceId")
               SELECT 'race-subscription', 'race', 'ACTIVE', now(), now(), now(), min(id), %s FROM users""",
            [price],
        )
    result = raced.ok("restore", "chain")
    assert is_there(raced, "prices", price)
    assert is_there(raced, "products", product)
    kept = {one["table"]: one["kept_referenced"] for one in result.json["tables"]}
    assert (kept["public.prices"], kept["public.products"]) == (1, 1)
