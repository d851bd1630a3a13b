"""The moment before a commit of ours: whatever a trigger of content does to a user's table by then never happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pydantic import SecretStr
from support.pair import Pair
from tamper_cases import COMMITS, CREATE, IN_TRANSACTION, ROLLED_BACK, Case, before_commit
from tamper_matrix import DOCUMENT, document, parsed
from tamper_world import prepare_orders, remove_trigger, set_trigger

from egrow_replica.catalog import Scope, content_table, read_relations, read_tables
from egrow_replica.catalog.roles import RECONCILE_ROLE
from egrow_replica.db import Door, connect, parse_dsn
from egrow_replica.errors import ValidationFailed
from egrow_replica.evidence import judged_transaction
from egrow_replica.guard import Policy
from egrow_replica.model import QualifiedName, Server

COURSES = QualifiedName("public", "courses")
UPDATE = "UPDATE public.courses SET title = title || '.' WHERE id = (SELECT min(id) FROM public.courses)"
ROWS = "SELECT jsonb_agg(t ORDER BY t.id) FROM {} AS t"


@pytest.fixture(scope="module")
def ready(new_pair: Callable[..., Pair]) -> Pair:
    pair = new_pair()
    for case in IN_TRANSACTION:
        for number, statement in enumerate(CREATE):
            pair.prod_sql(("CREATE SCHEMA IF NOT EXISTS tamper; " * (not number)) + _about(statement, case))
    prepare_orders(pair)
    pair.set_up()
    return pair


def _about(statement: str, case: Case) -> str:
    return statement.replace("{t}", _table(case))


def _table(case: Case) -> str:
    return f"tamper.before_{case.name}"


@contextmanager
def _writer(pair: Pair) -> Iterator[tuple[Door, Scope]]:
    """The operator's own connection, as a window has it."""
    policy = Policy.for_window(content=[COURSES], origin="egrow_tamper", roles=[RECONCILE_ROLE])
    dsn = parse_dsn(SecretStr(pair.logins["prod"]), name="prod")
    with connect(dsn, Server.PROD, policy, what="tamper", read_only=False) as door:
        table = read_tables(door, [read_relations(door)[COURSES]])[COURSES]
        content = content_table(table, table, (), None)
        assert content is not None
        yield door, Scope(tables=(content,), sequences=(), foreign_keys=())


def _write(door: Door, scope: Scope) -> str:
    """Update content as the reconcile does; what became of it."""
    try:
        with judged_transaction(door, scope):
            door.execute("SET LOCAL session_replication_role = replica")
            door.execute(f"SET LOCAL ROLE {RECONCILE_ROLE}")
            door.execute(UPDATE)
    except ValidationFailed as error:
        return f"{ROLLED_BACK}: {error.message}"
    return COMMITS


def test_what_a_trigger_does_to_a_users_table_before_our_commit(ready: Pair) -> None:
    title = "SELECT title FROM courses WHERE id = (SELECT min(id) FROM courses)"
    with _writer(ready) as (door, scope):
        for case in IN_TRANSACTION:
            set_trigger(ready, [_about(one, case) for one in case.in_trigger or case.statements])
            rows, course = ready.value(Server.PROD, ROWS.format(_table(case))), ready.value(Server.PROD, title)
            became = _write(door, scope)
            remove_trigger(ready)
            assert became.startswith(before_commit(case)), (case.name, became)
            if became != COMMITS:
                gone = "a relation that is gone"
                assert _table(case) in became or gone in became, (case.name, became)
                assert ready.value(Server.PROD, title) == course, case.name
            assert ready.value(Server.PROD, ROWS.format(_table(case))) == rows, case.name


def test_the_document_says_so() -> None:
    found = DOCUMENT.read_text(encoding="utf-8")
    assert found == document(parsed(found))
