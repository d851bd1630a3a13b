"""Whatever others took away in the middle of a window, it can be judged and closed, and one is told what is gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from psycopg import Connection, errors
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.model import Server

DEV, PROD = Server.DEV, Server.PROD


@dataclass(frozen=True)
class Loss:
    """Something that is taken away, what has to be said of it, and how it comes back for the next window."""

    server: Server
    take: tuple[str, ...]
    said: str
    back: tuple[str, ...] = ()


_DROP_SUBSCRIPTION = (
    "ALTER SUBSCRIPTION {} DISABLE",
    "ALTER SUBSCRIPTION {} SET (slot_name = NONE)",
    "DROP SUBSCRIPTION {}",
)
LOSSES = {
    "subscription": Loss(PROD, _DROP_SUBSCRIPTION, "subscription {} is gone"),
    "slot": Loss(
        DEV,
        (
            "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '{}'",
            "SELECT pg_drop_replication_slot('{}')",
        ),
        "slot {} is gone",
    ),
    "publication": Loss(DEV, ("DROP PUBLICATION {}",), "publication {} is gone"),
    "content table on dev": Loss(
        DEV,
        ("ALTER TABLE promotions RENAME TO promotions_away",),
        "public.promotions",
        ("ALTER TABLE promotions_away RENAME TO promotions",),
    ),
    "content column on dev": Loss(
        DEV,
        ("ALTER TABLE promotions RENAME title TO title_away",),
        "public.promotions",
        ("ALTER TABLE promotions RENAME title_away TO title",),
    ),
    "users' table": Loss(PROD, ("DROP TABLE passing",), "public.passing: unproven: the table is gone"),
}


def _done(connection: Connection[Any], statement: str) -> bool:
    """A slot whose worker was ended may be taken up by the next one."""
    try:
        connection.execute(statement.encode())
    except errors.ObjectInUse:
        return False
    return True


@pytest.fixture(scope="module")
def lossy(new_pair: Callable[..., Pair]) -> Pair:
    return new_pair()


SLOW = {"slot", "content table on dev", "users' table"}


@pytest.mark.parametrize("what", [pytest.param(one, marks=pytest.mark.slow if one in SLOW else ()) for one in LOSSES])
def test_a_window_that_lost_something_is_closed(lossy: Pair, what: str) -> None:
    pair, loss = lossy, LOSSES[what]
    name = f"lost-{list(LOSSES).index(what)}"
    pair.prod_sql("CREATE TABLE IF NOT EXISTS passing (id int PRIMARY KEY); GRANT SELECT ON passing TO egrow_operator")
    pair.ok("enable", "--name", name, "--no-backup")
    common = pair.common(name)
    with pair.connect(loss.server) as connection:
        for statement in loss.take:
            wait_until(lambda s=statement: _done(connection, s.format(common)), what=statement)
    pair.dev_sql("UPDATE courses SET title = title || '.'")
    said = loss.said.format(common)
    validated = pair.cli("validate")
    assert validated.exit_code == 5, str(validated)
    assert said in validated.error["message"], str(validated)
    assert validated.json["problems"], "a report, not only a sentence"
    closed = pair.cli("disable")
    assert closed.exit_code == 5, str(closed)
    assert closed.json["window"] == {"name": name, "state": "closed"}, str(closed)
    assert said in closed.error["message"], str(closed)
    for statement in loss.back:
        pair.run_sql(loss.server, statement)
    assert pair.leftovers() == []
