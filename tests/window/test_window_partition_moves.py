"""Rows that an update on dev moves between partitions: without deletes, production keeps the old one, and says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.model import Server

DEV, PROD = Server.DEV, Server.PROD
LISTED = """CREATE TABLE offers (id int, region text, v text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
    CREATE TABLE offers_a PARTITION OF offers FOR VALUES IN ('a');
    CREATE TABLE offers_rest PARTITION OF offers DEFAULT PARTITION BY RANGE (id);
    CREATE TABLE offers_rest_1 PARTITION OF offers_rest DEFAULT;"""
PLAIN = "CREATE TABLE offers (id int, region text, v text, PRIMARY KEY (id, region));"
HASHED = """CREATE TABLE labels (id int PRIMARY KEY, v text) PARTITION BY HASH (id);
    CREATE TABLE labels_0 PARTITION OF labels FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE labels_1 PARTITION OF labels FOR VALUES WITH (MODULUS 2, REMAINDER 1);"""
ROWS = """INSERT INTO offers SELECT n, 'a', 'v' || n FROM generate_series(1, 9) n;
    INSERT INTO labels SELECT n, 'v' || n FROM generate_series(0, 9) n;
    CREATE TABLE people (id int PRIMARY KEY);"""

IN_THE_OTHER_PART = "satisfies_hash_partition('labels'::regclass, 2, 1, n)"


@pytest.fixture(params=["alike", "plain"])
def moving(new_pair: Callable[..., Pair], request: pytest.FixtureRequest) -> Pair:
    """Dev's tables are partitioned, production's too or not."""
    pair = new_pair(template="template1", set_up=False)
    pair.dev_sql(LISTED + HASHED + ROWS)
    pair.prod_sql((LISTED if request.param == "alike" else PLAIN) + HASHED + ROWS)
    pair.configure(tables={"content": ["offers", "labels"]})
    pair.set_up()
    return pair


def offers(pair: Pair) -> set[str]:
    return {row[0] for row in pair.prod_sql("SELECT id || region || ' ' || v FROM offers")}


def test_a_move_in_the_middle_of_a_window(moving: Pair) -> None:
    """A new version of an offer that moved, a deleted row and one that changed its key within its part."""
    pair = moving
    pair.ok("enable", "--name", "moves", "--no-backup")
    pair.dev_sql("UPDATE offers SET region = 'b', v = 'moved' WHERE id = 1")
    pair.dev_sql("DELETE FROM offers WHERE id = 2")
    pair.dev_sql("UPDATE offers SET id = 30 WHERE id = 3")
    label = pair.value(DEV, "SELECT min(id) FROM labels_0")
    moved = pair.value(DEV, f"SELECT min(n) FROM generate_series(100, 200) n WHERE {IN_THE_OTHER_PART}")
    pair.dev_sql("UPDATE labels SET id = %s WHERE id = %s", moved, label)
    wait_until(lambda: pair.prod_sql("SELECT 1 FROM labels WHERE id = %s", moved), what="the stream")
    assert {"1a v1", "1b moved", "2a v2", "30a v3"} <= offers(pair)
    assert "3a v3" not in offers(pair)
    for command in ("validate", "disable"):
        result = pair.cli(command)
        assert result.exit_code == 5, str(result)
        assert "public.offers: dev has 1 row under another key now" in result.error["message"], str(result)
        content = result.json.get("validation", result.json)["content"]
        assert content["equal"] is False
        tables = {one["table"]: one for one in content["tables"]}
        assert (tables["public.offers"]["differing"], tables["public.offers"]["production_only"]) == (0, 2)
        assert tables["public.offers"]["moved"] == ["(1, a) → (1, b)"]
        assert tables["public.labels"]["moved"] == [f"{label} → {moved}"]
    assert pair.leftovers() == []


def test_a_move_before_the_window_opens(moving: Pair) -> None:
    """Known to doctor, with the statement that settles it; a window that opens all the same is not held up by it."""
    pair = moving
    pair.dev_sql("UPDATE offers SET region = 'b', v = 'moved' WHERE id = 1")
    found = {check["id"]: check for check in pair.ok("doctor").json["checks"] if check["severity"] == "warning"}
    assert found["partition-moves"]["server"] == "dev"
    assert found["moved-rows"]["rows"] == ["(1, a) → (1, b)"]
    pair.ok("enable", "--name", "before", "--no-backup")
    validated = pair.ok("validate")
    assert any("1 row that dev had moved between partitions" in note for note in validated.json["notes"])
    assert {one["table"]: one["production_only"] for one in validated.json["content"]["tables"]}["public.offers"] == 1
    pair.ok("disable")
    pair.ok("restore")
    assert "1b moved" not in offers(pair)
    pair.prod_sql(found["moved-rows"]["remedy"])
    assert "1b v1" in offers(pair)
    assert "moved-rows" not in {check["id"] for check in pair.ok("doctor").json["checks"]}
    pair.ok("sync", "--name", "settled", "--no-backup")
    assert "1b moved" in offers(pair)
    assert pair.leftovers() == []


def test_a_move_arrives_whole_where_deletes_are_published(moving: Pair) -> None:
    pair = moving
    pair.configure(window={"publish": ["insert", "update", "delete"]})
    pair.set_up()
    info = [check["severity"] for check in pair.ok("doctor").json["checks"] if check["id"] == "partition-moves"]
    assert info == ["info", "info"]
    pair.ok("enable", "--name", "whole", "--no-backup")
    pair.dev_sql("UPDATE offers SET region = 'b', v = 'moved' WHERE id = 1")
    wait_until(lambda: "1b moved" in offers(pair), what="the stream")
    assert "1a v1" not in offers(pair)
    pair.ok("disable")
    assert pair.leftovers() == []
