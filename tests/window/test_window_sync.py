"""``sync`` is all or nothing: what its closing half finds is taken back as what its opening half finds."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pytest
from support.gate import Gated
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.model import Server

DEV, PROD = Server.DEV, Server.PROD
COURSE = """INSERT INTO courses (id, title, slug, "updatedAt", category) VALUES (%s, '', %s, now(), 'LIDERAZGO')"""
#: Put on while the window is open: whatever dev adds, the worker writes to a user's table.
THIEF = """
CREATE FUNCTION thief() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public
    AS 'BEGIN UPDATE achievements SET title = NEW.id; RETURN NEW; END';
CREATE TRIGGER thief AFTER INSERT ON courses FOR EACH ROW EXECUTE FUNCTION thief();
ALTER TABLE courses ENABLE ALWAYS TRIGGER thief
"""


@pytest.fixture(scope="module")
def made(new_pair: Callable[..., Pair]) -> Gated:
    pair = new_pair()
    pair.ok("sync", "--name", "first", "--no-backup")  # the gate needs a journal
    return Gated(pair)


@pytest.fixture
def gated(made: Gated) -> Iterator[Gated]:
    made.pair.dev_sql("UPDATE courses SET title = title || '.'")
    yield made
    made.pair.prod_sql("DROP FUNCTION IF EXISTS thief CASCADE")
    if made.pair.ok("status").json["window"]:
        made.pair.cli("disable", "--now", "--no-validate")
    assert made.pair.leftovers() == []


def test_what_the_closing_half_finds_is_taken_back(gated: Gated) -> None:
    pair, name = gated.pair, gated.new_name()
    before = pair.content()
    with pair.application(rate_per_second=20.0):
        with gated.stopped("after", "drain", "sync", "--name", name, "--no-backup") as running:
            common = pair.common(name)
            pair.prod_sql(THIEF)
            pair.dev_sql(COURSE, name, name)
            stolen = "SELECT count(*) FROM achievements WHERE title = %s"
            wait_until(lambda: pair.value(PROD, stolen, name), what="the worker's write")
            pair.prod_sql("DROP FUNCTION thief CASCADE")
        result = running.result()
    assert result.exit_code == 5, str(result)
    assert result.json["window"] == {"name": name, "state": "rolled_back"}
    assert result.json["rolled_back"] is True
    assert "rows of users were changed" in result.json["outcome"]
    assert result.json["validation"]["verdict"] == "touched"
    removed = {(one["server"], one["kind"], one["name"]) for one in result.json["removed"]}
    assert removed >= {("dev", "publication", common), ("dev", "slot", common), ("prod", "subscription", common)}
    assert result.json["left_behind"] == []
    assert pair.content() == before
    assert pair.journal(name)[0] == "rolled_back"


@pytest.mark.slow
def test_an_interruption_while_it_closes_is_taken_back(gated: Gated) -> None:
    pair, name = gated.pair, gated.new_name()
    before = pair.content()
    with gated.stopped("after", "note-rows", "sync", "--name", name, "--no-backup") as running:
        running.send(signal.SIGINT)
    result = running.result()
    assert result.exit_code == 130, str(result)
    assert result.json["window"] == {"name": name, "state": "rolled_back"}
    assert (result.json["rolled_back"], result.json["left_behind"]) == (True, [])
    assert pair.content() == before


def test_a_failure_of_the_opening_half_says_what_was_removed(gated: Gated) -> None:
    pair = gated.pair
    pair.configure(validate={"probes": ["SELECT NOT EXISTS (SELECT FROM public.courses WHERE title LIKE '%.')"]})
    pair.prod_sql("UPDATE courses SET title = rtrim(title, '.')")
    result = pair.cli("sync", "--no-backup")
    pair.configure(validate={})
    assert result.exit_code == 5, str(result)
    assert result.json["rolled_back"] is True
    removed = {(one["server"], one["kind"]) for one in result.json["removed"]}
    assert removed >= {("dev", "slot"), ("prod", "subscription")}
    assert result.json["left_behind"] == []


def test_sync_takes_every_option_of_enable(gated: Gated) -> None:
    pair = gated.pair
    only = pair.ok("sync", "--validate-only").json
    assert only["verdict"] == "intact"
    assert pair.ok("status").json["window"] is None
    pair.ok("plan", "--no-backup", "--name", "planned", "--out", "the.plan")
    for other in ("--dry-run", "--validate-only"):
        assert pair.cli("sync", "--plan", "the.plan", other).exit_code == 2
    result = pair.ok("sync", "--plan", "the.plan").json
    assert result["window"] == {"name": "planned", "state": "closed"}
    changed = pair.cli("sync", "--plan", "the.plan")
    assert changed.exit_code == 8
