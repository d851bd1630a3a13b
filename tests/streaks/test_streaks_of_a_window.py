"""The streak report before and after a window: what changed is explained by writes of the application, or a problem."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.command import Result
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.model import Server

GIVE_BACK = 'DELETE FROM user_streak_badges WHERE id = (SELECT min(id) FROM user_streak_badges WHERE "isActive")'


@pytest.fixture(scope="module")
def pair(new_pair: Callable[..., Pair]) -> Pair:
    return new_pair()


def numbers(result: Result) -> dict[str, tuple[int, int, bool]]:
    return {one["name"]: (one["before"], one["after"], one["explained"]) for one in result.json["streaks"]}


def test_changes_by_people_are_explained(pair: Pair) -> None:
    opened = pair.ok("enable", "--name", "people", "--no-backup")
    same = {one["name"]: one["after"] - one["before"] for one in opened.json["validation"]["streaks"]}
    assert same == dict.fromkeys(
        ("total_users", "users_with_streaks", "total_badges", "completions_this_week", "inconsistencies"), 0
    )
    pair.prod_sql(GIVE_BACK)
    validated = pair.ok("validate")
    before, after, explained = numbers(validated)["total_badges"]
    assert (before - after, explained) == (1, True)
    assert numbers(validated)["total_users"][2]
    pair.ok("disable")


def test_changes_of_ours_are_a_problem(pair: Pair) -> None:
    pair.ok("enable", "--name", "ours", "--no-backup")
    with pair.connect(Server.PROD) as connection:
        take = "SELECT pg_replication_origin_session_setup(%s)"
        free = "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'egrow-replica ours%'"
        wait_until(lambda: not pair.prod_sql(free), what="the end of the controller's sessions")
        connection.execute(take, [pair.common("ours")])
        connection.execute(GIVE_BACK)
    validated = pair.cli("validate")
    assert validated.exit_code == 5
    before, after, explained = numbers(validated)["total_badges"]
    assert (before - after, explained) == (1, False)
    assert any("the streak report's total_badges was" in one for one in validated.json["problems"])
    pair.cli("disable")


def test_a_restore_is_measured_from_its_own_beginning(pair: Pair) -> None:
    """What people did since the window is no concern of the restore's."""
    pair.ok("sync", "--name", "earlier", "--no-backup")
    pair.prod_sql(GIVE_BACK)
    restored = pair.ok("restore", "earlier")
    assert all(one["explained"] for one in restored.json["validation"]["streaks"])


def test_a_report_that_cannot_be_made_any_more_is_a_problem(pair: Pair) -> None:
    pair.ok("enable", "--name", "gone", "--no-backup")
    pair.prod_sql(GIVE_BACK)  # else nothing needs to be read again
    pair.prod_sql('ALTER TABLE user_points_history RENAME COLUMN "weekStart" TO week_start')
    try:
        validated = pair.cli("validate")
    finally:
        pair.prod_sql('ALTER TABLE user_points_history RENAME COLUMN week_start TO "weekStart"')
    assert validated.exit_code == 5
    assert any("cannot be made any more" in one for one in validated.json["problems"])
    pair.ok("disable")
