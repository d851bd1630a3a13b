"""What the guard allows, PostgreSQL runs as a superuser; nothing beyond the policy may have been touched.

A default run asks a seeded subset; ``--slow`` asks everything.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

import pytest
from builders import SEED as SEED_OF_HASHES
from builders import rendered
from corpora import case_statements, every_call, every_cast, every_operation, mutations, shipped_statements
from differential_world import ASKED, REPLICA
from grammar import Catalog, Grammar
from hypothesis import HealthCheck, Phase, given, settings
from watching import Disagreement, Tally, Watcher, as_if_vetted

from egrow_replica.catalog import Scope
from egrow_replica.db import Identifier, relation
from egrow_replica.guard import Refused, StatementKind, vet
from egrow_replica.guard.lists.functions import HARMLESS

#: How many of each corpus a default run asks.
SUBSET = 130
SEED = 20250601


class Asker:
    """Ask the guard under every policy, and run what it allowed."""

    def __init__(self, watcher: Watcher, tally: Tally) -> None:
        self._watcher = watcher
        self.tally = tally

    def __call__(self, text: str) -> None:
        """:raises Disagreement: PostgreSQL did what the guard did not see."""
        for name, policy in ASKED.items():
            self.tally.asked += 1
            try:
                vetted = vet(text, policy)
            except Refused as refused:
                if refused.rule == "internal":
                    pytest.fail(f"the guard stumbled: {refused.reason} in {text!r}")
                continue
            self.tally.allowed += 1
            if vetted.kind is StatementKind.CREATE_SUBSCRIPTION and "connect = false" not in text:
                self.tally.left_out += 1  # it would look for another server
                continue
            self.tally.executed += 1
            try:
                state = self._watcher.run(vetted, replica=name in REPLICA)
            except Disagreement:
                self.tally.disagreements += 1
                raise
            if state:
                self.tally.errors[state] += 1

    def all(self, texts: Iterable[str]) -> None:
        """Ask many; every disagreement is shown."""
        found: list[str] = []
        for text in texts:
            try:
                self(text)
            except Disagreement as problem:
                found.append(str(problem))
        assert not found, f"{len(found)} disagreements\n" + "\n".join(found[:40])


@pytest.fixture
def ask(watcher: Watcher, tallies: dict[str, Tally], request: pytest.FixtureRequest) -> Asker:
    return Asker(watcher, tallies.setdefault(request.node.originalname.removeprefix("test_"), Tally()))


def _some(texts: Iterable[str], whole: bool) -> Iterable[str]:
    """All, or a seeded choice."""
    found = list(texts)
    return found if whole or len(found) <= SUBSET else random.Random(SEED).sample(found, SUBSET)


WHOLE = pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["subset", "whole"])


@WHOLE
def test_cases(ask: Asker, whole: bool) -> None:
    ask.all(_some(case_statements(), whole) if whole else case_statements(allowed=True))


@WHOLE
def test_mutated_cases(ask: Asker, whole: bool) -> None:
    ask.all(mutations(4000 if whole else SUBSET, SEED))


@WHOLE
def test_shipped(ask: Asker, whole: bool) -> None:
    ask.all(_some(shipped_statements(whole=whole), whole))


@WHOLE
def test_functions(ask: Asker, catalog: Catalog, whole: bool) -> None:
    ask.all(_some(every_call(catalog), whole))


@WHOLE
def test_operators(ask: Asker, catalog: Catalog, whole: bool) -> None:
    ask.all(_some(every_operation(catalog), whole))


@WHOLE
def test_casts(ask: Asker, catalog: Catalog, whole: bool) -> None:
    ask.all(_some(every_cast(catalog), whole))


@WHOLE
def test_builders(ask: Asker, watcher: Watcher, world_scope: Scope, whole: bool) -> None:
    """Every statement of ``sql/`` as the project composes it, without and with what it expects to find."""
    texts = [one.text for one in rendered(world_scope)]
    if whole:
        ask.all(texts)
    watcher.prepare(text for text in texts if text.startswith(("CREATE SCHEMA", "CREATE TABLE IF NOT EXISTS egrow")))
    watcher.prepare(_stages(world_scope))
    watcher.parameters["int8[]"] = watcher.key_hashes(world_scope, SEED_OF_HASHES)
    try:
        ask.all(_some(texts, whole))
    finally:
        watcher.renew()


def _stages(scope: Scope) -> Iterator[str]:
    """Staged rows of which some are new, some changed, some the same."""
    for position, table in enumerate(scope.tables):
        columns = ", ".join(Identifier(name).as_string(None) for name in table.stored_columns)
        stage, source = f"pg_temp.egrow_stage_{position}", relation(table.name).as_string(None)
        yield f"CREATE TEMP TABLE egrow_stage_{position} AS SELECT {columns} FROM {source} WHERE id BETWEEN 5 AND 20"
        yield f"UPDATE {stage} SET title = 'changed', id = CASE WHEN id > 15 THEN id + 1000 ELSE id END WHERE id > 10"


@WHOLE
def test_grammar(ask: Asker, catalog: Catalog, whole: bool) -> None:
    grown = Grammar(catalog, HARMLESS)

    @settings(
        max_examples=8000 if whole else 2 * SUBSET,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(grown.statement)
    def check(text: str) -> None:
        ask(text)

    check()


SEEN = {
    "reading": [
        "UPDATE public.users SET a = 5", "DELETE FROM public.courses", "SELECT nextval('public.tickets')",
        "SELECT public.evil()", "SELECT * FROM public.users FOR KEY SHARE", "LOCK TABLE public.users IN SHARE MODE",
        "SELECT pg_advisory_lock(1)", "SELECT pg_advisory_xact_lock(1)", "SELECT set_config('work_mem', '1MB', true)",
        "SELECT pg_drop_replication_slot('others')", "SELECT lo_unlink(4711)", "SELECT pg_switch_wal()",
        "SELECT pg_replication_origin_create('more')", "CREATE TABLE public.more ()", "TRUNCATE public.users",
        "SELECT pg_create_physical_replication_slot('more', false)", "PREPARE p AS SELECT 1",
        "SELECT pg_stat_reset()", "INSERT INTO pg_temp.x (id) VALUES (1)",
        "CREATE FUNCTION public.f() RETURNS int RETURN 1",
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'bystander'",
        "SELECT pg_logical_emit_message(false, 'x', 'y')",
        "DO $$ BEGIN INSERT INTO public.trap VALUES ('x'); RAISE 'no'; END $$",
        "SELECT setval('public.tickets', 9), 1 / (id - id) FROM public.users",
    ],
    "content": [
        "DELETE FROM public.users",
        "WITH d AS (DELETE FROM public.trap RETURNING 1) DELETE FROM public.courses",
    ],
    "window": [
        "SELECT setval('public.tickets', 1)", "LOCK TABLE public.courses", "CREATE TABLE public.more ()",
        "CREATE FUNCTION public.f() RETURNS int RETURN 1", "GRANT SELECT ON public.users TO egrow_apply",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("policy", "text"), [(policy, text) for policy, texts in SEEN.items() for text in texts])
def test_the_watcher_is_not_blind(watcher: Watcher, policy: str, text: str) -> None:
    """What no guard would allow is run as if one had: the watcher has to object."""
    with pytest.raises(Disagreement):
        watcher.run(as_if_vetted(text, ASKED[policy]), replica=policy in REPLICA)
    watcher.renew()
