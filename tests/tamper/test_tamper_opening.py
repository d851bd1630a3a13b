"""A trigger that appears while the window opens, and makes the worker write a user's row: everything is taken back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from support.command import Result
from support.pair import Pair
from support.waiting import wait_until
from tamper_world import prepare_orders, remove_trigger, set_trigger

from egrow_replica.model import Server

WINDOW = "opening"
NAME = "SELECT \"lastName\" FROM users WHERE id = (SELECT max(id) FROM users WHERE id NOT LIKE 'capp%')"
# Qualified: the worker has no search_path.
CHANGE = """UPDATE public.users SET "lastName" = overlay("lastName" PLACING 'X' FROM 1 FOR 1)
             WHERE id = (SELECT max(id) FROM public.users WHERE id NOT LIKE 'capp%')"""
ROWS = "SELECT id, md5(t::text) FROM {} AS t ORDER BY id"


@dataclass
class Opening:
    """How it went; before and after."""

    result: Result
    content: tuple[dict[str, Any], dict[str, Any]]
    name: tuple[str, str]
    left: list[str]
    state: str


@pytest.fixture(scope="module")
def opening(new_pair: Callable[..., Pair]) -> Opening:
    """Nothing is left to chance: an open transaction on dev holds the slot up until production's rows are locked, and
    those locks hold up first the reconcile, then the worker: before the course that fires the trigger, and after it."""
    pair = new_pair()
    pair.prod_sql("CREATE SCHEMA hidden")
    prepare_orders(pair, "hidden")
    pair.set_up()
    content, name = pair.content(), pair.value(Server.PROD, NAME)
    before, after = _same_rows(pair, "lessons")[:2]
    course = next(
        row for row in pair.dev_sql("SELECT id FROM courses") if row in pair.prod_sql("SELECT id FROM courses")
    )
    with pair.application(rate_per_second=30.0), ExitStack() as stack:

        def hold(server: Server, statement: str) -> Any:
            return stack.enter_context(pair.holding(server, statement))

        slot = hold(Server.DEV, "UPDATE users SET bio = 'open' WHERE id = (SELECT min(id) FROM users)")
        enabling = stack.enter_context(pair.start("enable", "--name", WINDOW, "--no-backup"))

        def reached(step: str, status: str) -> None:
            wait_until(
                lambda: enabling.ended or (step, status) in pair.journal(WINDOW)[1], 60, what=f"{step}: {status}"
            )

        reached("slot", "intent")
        reconcile = hold(Server.PROD, "LOCK TABLE courses IN SHARE MODE")
        first = hold(Server.PROD, f"SELECT FROM lessons WHERE id = '{before}' FOR NO KEY UPDATE")
        second = hold(Server.PROD, f"SELECT FROM lessons WHERE id = '{after}' FOR NO KEY UPDATE")
        slot.rollback()
        reached("slot", "done")
        with pair.connect(Server.DEV) as dev:
            with dev.transaction():
                dev.execute("UPDATE lessons SET title = 'first' WHERE id = %s", [before])
                dev.execute("UPDATE courses SET title = 'fires' WHERE id = %s", course)
            dev.execute("UPDATE lessons SET title = 'second' WHERE id = %s", [after])
        reconcile.rollback()
        reached("subscription", "done")
        set_trigger(pair, [CHANGE], "hidden")
        first.rollback()
        wait_until(lambda: enabling.ended or pair.value(Server.PROD, NAME) != name, 60, what="the trigger's work")
        remove_trigger(pair)
        second.rollback()
        result = enabling.result()
    return Opening(
        result,
        content=(content, pair.content()),
        name=(name, pair.value(Server.PROD, NAME)),
        left=pair.leftovers(),
        state=pair.journal(WINDOW)[0],
    )


def _same_rows(pair: Pair, table: str) -> list[str]:
    """Keys of rows that both servers have alike, so that the reconcile has nothing to do with them."""
    dev, prod = pair.dev_sql(ROWS.format(table)), pair.prod_sql(ROWS.format(table))
    return [row[0] for row in dev if row in prod]


def test_the_write_is_found_and_the_window_rolled_back(opening: Opening) -> None:
    assert opening.name[1] == "X" + opening.name[0][1:], str(opening.result)
    assert opening.result.exit_code == 5, str(opening.result)
    assert opening.result.json["rolled_back"] is True
    assert opening.result.json["window"] == {"name": WINDOW, "state": "rolled_back"}
    assert opening.state == "rolled_back"
    assert [step["name"] for step in opening.result.json["steps"] if step["status"] == "failed"] == ["validate"]


def test_the_answer_says_what_was_written_and_by_whom(opening: Opening) -> None:
    validation = opening.result.json["validation"]
    assert (validation["verdict"], validation["evidence"]) == ("touched", "wal")
    (users,) = [one for one in validation["tables"] if one["verdict"] == "touched"]
    assert users["table"] == "public.users"
    assert users["reason"].startswith("public.users 1 updated through pg_")
    assert users["reason"] in opening.result.error["message"]


def test_content_is_as_before_and_nothing_is_left(opening: Opening) -> None:
    assert opening.content[0] == opening.content[1]
    assert opening.left == []
