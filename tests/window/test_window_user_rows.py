"""A user's row that a write of ours changed after all: what is said of it, and the SQL that puts it back."""

from __future__ import annotations

import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.command import Result
from support.gate import Gated
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.model import Server

#: Users' rows whose values read in many ways, under a key and a name that need quotes.
BASKETS = r"""
CREATE SCHEMA shop;
CREATE TYPE shop.mood AS ENUM ('glad', 'sad');
CREATE TABLE shop."Basket" (
  "the ""id"" of" int, part text, paid boolean, note text, since timestamptz, how json, place point, moods shop.mood[],
  code char(4), price numeric, twice numeric GENERATED ALWAYS AS (price * 2) STORED,
  number int GENERATED ALWAYS AS IDENTITY, PRIMARY KEY ("the ""id"" of", part));
INSERT INTO shop."Basket"
SELECT n, E'a\tb\\c''d', n % 2 = 0, E'two\nlines; \\. -- ''quoted''', '2025-06-01 12:00+02'::timestamptz,
       '{"a":  1}', point(n, 1), ARRAY['glad', 'sad']::shop.mood[], 'ab', n + 0.50
  FROM generate_series(1, 30) AS n;
CREATE TABLE shop.keyless (n int);
INSERT INTO shop.keyless VALUES (1);
CREATE TABLE shop.quiet (n int PRIMARY KEY);
CREATE FUNCTION shop.obey() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF NEW.title <> 'fires' THEN RETURN NULL; END IF;
  UPDATE shop."Basket" SET paid = NOT paid, note = 'ours', how = '{}', place = point(9, 9), moods = '{}', code = 'x',
         since = since + interval '1 hour', price = price + 1 WHERE "the ""id"" of" IN (1, 2);
  DELETE FROM shop."Basket" WHERE "the ""id"" of" = 3;
  UPDATE shop."Basket" SET part = 'another key' WHERE "the ""id"" of" = 4;
  INSERT INTO shop."Basket" ("the ""id"" of", part, price) VALUES (99, 'new', 1);
  UPDATE shop."Basket" SET note = 'ours first' WHERE "the ""id"" of" = 5;
  UPDATE shop.keyless SET n = 2;
  RETURN NULL;
END $$;
"""
TRIGGER = """BEGIN;
CREATE TRIGGER obey AFTER UPDATE ON courses FOR EACH ROW EXECUTE FUNCTION shop.obey();
ALTER TABLE courses ENABLE ALWAYS TRIGGER obey;
COMMIT"""
OF_OTHERS = """UPDATE shop."Basket" SET note = 'theirs' WHERE "the ""id"" of" IN (5, 20)"""


def rows(pair: Pair) -> list[str]:
    return [row for (row,) in pair.prod_sql("""SELECT b::text FROM shop."Basket" AS b ORDER BY b""")]


def fire(pair: Pair, number: int) -> None:
    """What the stream brings sets the application's trigger in motion, which is gone afterwards."""
    pair.prod_sql(TRIGGER)
    pair.dev_sql("UPDATE courses SET title = 'fires' WHERE id = (SELECT min(id) FROM courses)")
    wait_until(lambda: pair.value(Server.PROD, "SELECT n FROM shop.keyless") == number, what="the trigger's work")
    pair.prod_sql("DROP TRIGGER obey ON courses")


@pytest.fixture(scope="module")
def shop(new_pair: Callable[..., Pair]) -> Pair:
    pair = new_pair()
    pair.prod_sql(BASKETS)
    pair.set_up()
    return pair


class Opening:
    """An ``enable`` that was taken back, with users' rows before the window and after it."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.content, self.before = pair.content(), rows(pair)
        gate = Gated(pair)
        with pair.application(), gate.stopped("before", "validate", "enable", "--name", gate.name) as running:
            fire(pair, 2)
            pair.prod_sql(OF_OTHERS)
        self.result: Result = running.result()
        self.after = rows(pair)
        self.file = Path(self.result.json["validation"]["put_back"] or "/none")


@pytest.fixture(scope="module")
def opening(shop: Pair) -> Opening:
    return Opening(shop)


def of_table(validation: dict[str, Any], table: str) -> dict[str, Any]:
    (found,) = [one for one in validation["not_back"] if one["table"] == table]
    return found


def test_the_sentence_after_a_rollback_says_which_rows_are_not_back(opening: Opening) -> None:
    result = opening.result
    assert result.exit_code == 5, str(result)
    assert result.json["rolled_back"] is True
    outcome = result.json["outcome"]
    assert outcome.startswith("rolled back: content is back; rows of users were changed and are NOT back: "), outcome
    assert str(opening.file) in outcome
    assert opening.pair.content() == opening.content
    assert [table["table"] for table in result.json["validation"]["not_back"]] == ["shop.Basket", "shop.keyless"]


def test_each_row_is_named_with_what_was_done_and_by_which_of_ours(opening: Opening) -> None:
    basket = of_table(opening.result.json["validation"], "shop.Basket")
    assert basket["written_by"] == ["stream"]
    assert {row["written_by"] for row in basket["rows"]} == {"stream"}
    found = {(row["key"].split(",")[0], row["change"]) for row in basket["rows"]}
    key = 'the "id" of='
    assert found >= {(f"{key}1", "updated"), (f"{key}2", "updated"), (f"{key}99", "inserted"), (f"{key}4", "inserted")}
    updated = next(row for row in basket["rows"] if row["change"] == "updated")
    assert updated["columns"] == ["paid", "note", "since", "how", "place", "moods", "code", "price"]
    # A row that people wrote again is theirs by now.
    assert not {number for number, _ in found} & {f"{key}5", f"{key}20"}
    assert any("written again" in sentence for sentence in basket["unknown"]), basket["unknown"]


def test_a_table_without_a_key_is_named_without_rows(opening: Opening) -> None:
    keyless = of_table(opening.result.json["validation"], "shop.keyless")
    assert keyless["rows"] == []
    assert any("key" in sentence for sentence in keyless["unknown"])


def test_no_value_stands_anywhere_but_in_the_file(opening: Opening) -> None:
    assert stat.S_IMODE(opening.file.stat().st_mode) == 0o600
    text = opening.file.read_text(encoding="utf-8")
    assert "two\nlines" in text
    said = opening.result.stdout + opening.result.stderr
    journal = opening.pair.prod_sql("SELECT w::text FROM egrow_replica.window AS w")
    assert not [text for text in (said, *(row for (row,) in journal)) if "quoted" in text or "theirs" in text]


def test_the_file_puts_the_rows_back_and_nothing_else(opening: Opening) -> None:
    pair = opening.pair
    text = opening.file.read_text(encoding="utf-8")
    assert "-- COMMIT;" in text
    script = pair.directory / "reviewed.sql"
    script.write_text(text.replace("-- COMMIT;", "COMMIT;"), encoding="utf-8")
    program = pair.lab.bin_dir / "psql"
    arguments = [program, "-X", "-v", "ON_ERROR_STOP=1", "-d", pair.lab.prod_admin_dsn, "-f", script]
    answer = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    now = rows(pair)
    assert len(now) == len(opening.before)
    others = [row for row in now if row not in opening.before]
    assert others == [row for row in opening.after if "theirs" in row]
    assert len(others) == 2


def test_a_window_that_is_closed_and_restored_says_it_too(opening: Opening) -> None:
    """Without a dump nothing tells what the rows were; and a restore is of content alone."""
    pair = opening.pair
    pair.prod_sql("UPDATE shop.keyless SET n = 1")
    pair.ok("enable", "--name", "closed", "--no-backup")
    fire(pair, 2)
    closed = pair.cli("disable")
    assert closed.exit_code == 5, str(closed)
    basket = of_table(closed.json["validation"], "shop.Basket")
    assert {row["change"] for row in basket["rows"]} == {None}
    assert any("no dump" in sentence for sentence in basket["unknown"])
    assert closed.json["validation"]["put_back"] is None
    assert "rows of users were changed and are NOT back: shop.Basket" in closed.error["hint"]
    restored = pair.ok("restore")
    assert any("NOT back: shop.Basket" in note for note in restored.json["notes"]), str(restored)
    assert [table["table"] for table in pair.cli("validate").json["not_back"]] == ["shop.Basket", "shop.keyless"]
