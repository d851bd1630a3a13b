"""More rows of one table than one statement can name."""

from __future__ import annotations

from collections.abc import Callable

from support.pair import Pair

from egrow_replica.content.fetching import KEYS_NAMED
from egrow_replica.model import Server

MANY = 2 * KEYS_NAMED + 1
LESSONS = f"""INSERT INTO lessons (id, title, "order", "updatedAt", "courseId")
              SELECT 'many-' || n, 'many', n, now(), (SELECT min(id) FROM courses)
                FROM generate_series(1, {MANY}) AS n"""


def test_many_rows_come_and_are_taken_back(new_pair: Callable[..., Pair]) -> None:
    pair = new_pair()
    baseline = pair.content()
    pair.dev_sql(LESSONS)
    pair.ok("sync", "--name", "many", "--no-backup")
    count = "SELECT count(*) FROM lessons WHERE title = 'many'"
    assert pair.value(Server.PROD, count) == MANY
    pair.dev_sql("UPDATE lessons SET title = 'more' WHERE title = 'many'")
    pair.ok("sync", "--name", "more", "--no-backup")
    assert pair.value(Server.PROD, count.replace("many", "more")) == MANY
    pair.ok("restore", "many")
    assert pair.content() == baseline
