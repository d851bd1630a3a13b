"""Whose a column is: a counter that production keeps, or a price that one statement changed on dev."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest
from init_world import Place, columns
from pydantic import SecretStr
from support.command import Result
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.app import init_evidence
from egrow_replica.db import Door, connect, parse_dsn
from egrow_replica.guard import Policy
from egrow_replica.model import QualifiedName, Server

BOTH = """
CREATE TABLE account (id int PRIMARY KEY, email text UNIQUE, password text);
CREATE TABLE item (id int PRIMARY KEY, changed timestamp, visits int NOT NULL DEFAULT 0, halved numeric DEFAULT 0,
  cheaper int DEFAULT 0);
CREATE TABLE loaded (id int PRIMARY KEY, changed timestamp, price numeric DEFAULT 0, seen int DEFAULT 0);
CREATE TABLE sale (id int PRIMARY KEY, account int NOT NULL REFERENCES account, item int NOT NULL REFERENCES item,
  loaded int NOT NULL REFERENCES loaded);
INSERT INTO account VALUES (1, 'a@x.example', 'x');
INSERT INTO item SELECT n, '2026-01-01', n, 19.98 + 2 * n, 100 + n FROM generate_series(1, 30) AS n;
"""
#: One statement of a person each, which leaves every time as it was. What was loaded was changed before.
ON_DEV = """
UPDATE item SET halved = round(halved / 2, 2), cheaper = id % 7;
INSERT INTO loaded SELECT n, '2026-01-01', round((19.98 + 2 * n) / 2, 2), n % 3 FROM generate_series(1, 30) AS n;
"""
ON_PROD = """
INSERT INTO loaded SELECT n, '2026-01-01', 19.98 + 2 * n, 50 + n % 11 FROM generate_series(1, 30) AS n;
INSERT INTO account SELECT n, n || '@x.example', 'x' FROM generate_series(2, 90) AS n;
INSERT INTO sale SELECT n, n, 1 + n % 30, 1 + n % 30 FROM generate_series(1, 90) AS n;
"""
COUNTED = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'item'"


@pytest.fixture(scope="module")
def shop(new_pair: Callable[..., Pair], tmp_path_factory: pytest.TempPathFactory) -> Place:
    pair = new_pair(template="template1", set_up=False)
    pair.both_sql(BOTH)
    pair.dev_sql(ON_DEV)
    pair.prod_sql(ON_PROD)
    wait_until(lambda: (pair.value(Server.DEV, COUNTED) or 0) >= 30, 10, what="the server's counters")
    place = Place(tmp_path_factory.mktemp("shop"), pair)
    place.use_env_files()
    return place


@pytest.fixture(scope="module")
def proposal(shop: Place) -> Result:
    result = shop.init("--force")
    assert result.exit_code == 0, str(result)
    return result


def why(result: Result, table: str, column: str) -> str:
    (found,) = [one for one in result.json["production_columns"] if (one["table"], one["column"]) == (table, column)]
    return "; ".join(found["reasons"])


def test_a_price_that_a_statement_changed_on_dev_is_only_suggested(proposal: Result) -> None:
    suggested = columns(proposal, proposed=False)
    assert {("public.item", "halved"), ("public.item", "cheaper"), ("public.loaded", "price")} <= suggested
    for column in ("halved", "cheaper"):
        assert "dev counts 30 updates of this table" in why(proposal, "public.item", column)
    assert "0.5 times" in why(proposal, "public.item", "halved")
    assert "times" not in why(proposal, "public.item", "cheaper").partition("; ")[2]


def test_one_factor_is_enough_where_nothing_was_counted(proposal: Result) -> None:
    assert "0.5 times" in why(proposal, "public.loaded", "price")
    assert "updates" not in why(proposal, "public.loaded", "price")


def test_what_users_count_is_proposed(proposal: Result) -> None:
    assert columns(proposal, proposed=True) == {("public.loaded", "seen")}


def test_a_suggestion_stands_as_a_comment(shop: Place, proposal: Result) -> None:
    assert proposal.json["written"] is True
    assert shop.toml["tables"]["production_columns"] == {"public.loaded": ["seen"]}
    text = shop.file.read_text()
    assert "# halved: not proposed, for you to decide: " in text
    assert '# "public.item" = ["halved", "cheaper"]' in text


def test_of_a_large_table_only_a_sample_is_read(shop: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of these tables the sample is the whole, so that the estimate has to be what was counted."""
    shop.pair.both_sql("ANALYZE")
    with open_doors(shop) as (dev, prod):
        evidence = init_evidence.read_evidence(dev, prod)
        names = [QualifiedName("public", name) for name in ("item", "loaded", "account", "sale")]
        counted = init_evidence.compare(dev, prod, evidence, names)
        monkeypatch.setattr(init_evidence, "MAX_BYTES", 0)
        estimated = init_evidence.compare(dev, prod, evidence, names)
    assert evidence.notes == []
    assert estimated[names[2]].production_only == counted[names[2]].production_only == 89
    assert estimated[names[0]].estimated_from == 30
    for name, found in estimated.items():
        plain = replace(found, estimated_from=None, changes=(), travelling=counted[name].travelling)
        assert plain == replace(counted[name], changes=()), name
        assert sorted(map(str, found.changes)) == sorted(map(str, counted[name].changes)), name


@contextmanager
def open_doors(place: Place) -> Iterator[tuple[Door, Door]]:
    dsns = {server: place.pair.lab.admin_dsn(server) for server in Server}
    with ExitStack() as stack:
        yield tuple(  # type: ignore[misc]
            stack.enter_context(connect(parse_dsn(SecretStr(dsn), name=server), server, Policy.reading(), what="test"))
            for server, dsn in dsns.items()
        )
