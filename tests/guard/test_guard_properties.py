"""What must hold for every text: only ``Refused`` leaves the guard, and what passes writes content only."""

from __future__ import annotations

import random

import pytest
import sqlglot
from guard_world import CONTENT, POLICIES, cases
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from egrow_replica.guard import Policy, Refused, Vetted, vet, vet_filter
from egrow_replica.guard.tree import scan
from egrow_replica.model import QualifiedName

SEEDS = sorted({case.sql for case in cases() if len(case.sql) < 400})
WORDS = sorted({word for sql in SEEDS for word in sql.replace("(", " ( ").replace(")", " ) ").split()})
CONTENT_NAMES = {QualifiedName.parse(name) for name in CONTENT}
POLICY_NAMES = st.sampled_from(sorted(POLICIES))


def _verdict(sql: str, policy: Policy) -> Vetted | None:
    try:
        return vet(sql, policy)
    except Refused as refused:
        if refused.rule == "internal":
            pytest.fail(f"the guard stumbled: {refused.reason} in {sql!r}")
        return None


def _written_by_sqlglot(sql: str) -> set[QualifiedName] | None:
    """Targets of every write, read by another parser; ``None`` where it does not know the statement."""
    try:
        trees = sqlglot.parse(sql, read="postgres")
    except Exception:
        return None
    found: set[QualifiedName] = set()
    for tree in trees:
        if tree is None or isinstance(tree, exp.Command):
            return None
        for node in tree.find_all(exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.TruncateTable, exp.Drop, exp.Into):
            target = node.this.find(exp.Table) if node.this is not None else None
            if target is None or target.catalog:
                return None
            found.add(QualifiedName(_folded(target.args.get("db")), _folded(target.this)))
    return found


def _folded(identifier: exp.Identifier | None) -> str:
    if identifier is None:
        return ""
    name = str(identifier.this)
    return name if identifier.args.get("quoted") else name.lower()


def _check_writes(sql: str) -> None:
    vetted = _verdict(sql, POLICIES["content"])
    if vetted is None:
        return
    assert set(vetted.writes) <= CONTENT_NAMES
    seen = _written_by_sqlglot(sql)
    if seen is not None:
        assert seen <= CONTENT_NAMES, sql


@given(st.text(max_size=200), POLICY_NAMES)
@example("\ud800", "content")
@example("\0", "content")
@settings(deadline=None)
def test_any_text(text: str, policy: str) -> None:
    _verdict(text, POLICIES[policy])


@given(st.lists(st.sampled_from(WORDS), max_size=25), POLICY_NAMES)
@settings(max_examples=300, deadline=None)
def test_any_words(words: list[str], policy: str) -> None:
    _verdict(" ".join(words), POLICIES[policy])
    _check_writes(" ".join(words))


@given(st.text(max_size=60))
@settings(deadline=None)
def test_any_filter(text: str) -> None:
    try:
        filtered = vet_filter(text)
    except Refused as refused:
        if refused.rule == "internal":
            pytest.fail(f"the guard stumbled: {refused.reason}")
        return
    assert vet_filter(filtered) == filtered


@given(st.sampled_from(SEEDS), st.integers(0, 2**32), POLICY_NAMES)
@settings(max_examples=500, deadline=None)
def test_mutated_statements(sql: str, seed: int, policy: str) -> None:
    mutated = _mutate(sql, random.Random(seed))
    _verdict(mutated, POLICIES[policy])
    _check_writes(mutated)


def _mutate(sql: str, dice: random.Random) -> str:
    """Cut, double, exchange and splice pieces, as a careless or a hostile hand would."""
    words = sql.split(" ")
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(words))
        match dice.randrange(6):
            case 0:
                del words[place]
            case 1:
                words.insert(place, dice.choice(WORDS))
            case 2:
                words[place] = dice.choice(WORDS)
            case 3:
                words[place] = words[place][::-1] if dice.random() < 0.2 else words[place].swapcase()
            case 4:
                words[place : place + 1] = ["(", *dice.choice(SEEDS).split(" "), ")"]
            case _:
                words += [";", *dice.choice(SEEDS).split(" ")] if dice.random() < 0.3 else words[place:]
        words = words[:300] or ["SELECT"]
    return " ".join(words)


@pytest.mark.parametrize("sql", [case.sql for case in cases() if case.allowed and case.policy == "content"])
def test_two_parsers_see_the_same_writes(sql: str) -> None:
    _check_writes(sql)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_statement_put_inside_another_keeps_its_verdict(data: st.DataObject) -> None:
    inner = data.draw(st.sampled_from(WRITES_TO_USERS))
    outer = data.draw(st.sampled_from(WRAPPERS))
    for policy in POLICIES.values():
        assert _verdict(outer.replace("@", inner), policy) is None


WRITES_TO_USERS = [
    "DELETE FROM public.users RETURNING 1",
    "UPDATE public.users SET a = 1 RETURNING 1",
    "INSERT INTO public.users VALUES (1) RETURNING 1",
    "MERGE INTO public.users u USING public.courses c ON true WHEN MATCHED THEN DELETE RETURNING 1",
]
WRAPPERS = [
    "@",
    "WITH x AS (@) SELECT 1",
    "WITH x AS (@) SELECT * FROM x",
    "WITH RECURSIVE x AS (@) SELECT 1",
    "WITH public AS (SELECT 1), users AS (@) SELECT 1",
    "WITH x AS (@) INSERT INTO public.courses SELECT * FROM x",
    "WITH x AS (@) DELETE FROM public.courses",
    "WITH x AS (WITH y AS (@) SELECT * FROM y) SELECT 1",
    "EXPLAIN @",
    "EXPLAIN ANALYZE @",
    "EXPLAIN (ANALYZE, FORMAT json) WITH x AS (@) SELECT 1",
    "COPY (@) TO STDOUT",
    "COPY (WITH x AS (@) SELECT 1) TO STDOUT",
    "PREPARE p AS @",
    "CREATE TEMP TABLE pg_temp.x AS WITH y AS (@) SELECT * FROM y",
    "CREATE RULE r AS ON INSERT TO public.courses DO ALSO @",
    "DECLARE c CURSOR FOR WITH x AS (@) SELECT 1",
    "SELECT 1; @",
    "@; SELECT 1",
]


EVIL = ["public.evil()", "pg_sleep(1)", "('x'::text).lo_import", "NULL::public.email", "(1 OPERATOR(public.+) 1)"]


@pytest.mark.parametrize(
    ("policy", "sql"), sorted({(case.policy, case.sql) for case in cases() if case.allowed and len(case.sql) < 500})
)
def test_no_place_hides_an_evil_expression(policy: str, sql: str) -> None:
    """Put one in the place of every single token: whatever still parses must be refused."""
    tokens = scan(sql)
    for token in tokens:
        for evil in EVIL:
            changed = f"{sql[: token.start]} {evil} {sql[token.end + 1 :]}"
            assert _verdict(changed, POLICIES[policy]) is None, changed


@pytest.mark.parametrize(
    "sql", sorted({case.sql for case in cases() if case.allowed and case.policy == "content" and "courses" in case.sql})
)
def test_exchanging_a_table_is_seen(sql: str) -> None:
    """Exchange one mention of a content table at a time: if it still passes, the other parser sees no write to it."""
    for token in scan(sql):
        if sql[token.start : token.end + 1] == "courses":
            _check_writes(f"{sql[: token.start]}users{sql[token.end + 1 :]}")
