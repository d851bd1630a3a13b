"""Policies and what they cannot be talked into."""

from __future__ import annotations

import copy
import dataclasses

import pytest
from guard_world import POLICIES

from egrow_replica.errors import ConfigurationError
from egrow_replica.guard import Policy, Refused, StatementKind, Vetted, vet
from egrow_replica.guard.policy import Purpose
from egrow_replica.model import QualifiedName


def test_a_policy_is_a_value() -> None:
    one = Policy.for_content(["courses", "public.lessons"])
    two = Policy.for_content([QualifiedName("public", "lessons"), "public.courses"])
    assert one == two
    assert hash(one) == hash(two)
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.purpose = Purpose.WINDOW  # type: ignore[misc]


@pytest.mark.parametrize(
    "name", ["pg_catalog.pg_authid", "information_schema.tables", "pg_temp.x", "pg_temp_3.x", "pg_toast.pg_toast_1"]
)
def test_content_is_never_the_servers(name: str) -> None:
    with pytest.raises(Refused):
        Policy.for_content([name])


@pytest.mark.parametrize("name", ["", ".", "a.b.c", "a.", '"a', "x" * 64, "a\0b", "\ud800"])
def test_a_bad_content_name_is_an_error(name: str) -> None:
    with pytest.raises(ConfigurationError):
        Policy.for_content([name])


def test_one_text_is_not_a_list() -> None:
    with pytest.raises(TypeError):
        Policy.for_content("public.courses")
    with pytest.raises(TypeError):
        Policy.for_window(content=[], roles="egrow_apply")


@pytest.mark.parametrize("role", ["", "none", "default", "current_user", "public", "pg_monitor"])
def test_some_words_are_not_roles(role: str) -> None:
    with pytest.raises(Refused):
        Policy.for_window(content=[], roles=[role])
    with pytest.raises(Refused):
        Policy.for_setup(content=[], roles=[role])


def test_an_own_schema_is_not_the_servers() -> None:
    with pytest.raises(Refused):
        Policy.for_window(content=["courses"], own_schema="pg_catalog")
    with pytest.raises(Refused):
        Policy.for_window(content=["courses"], own_schema="")


@pytest.mark.parametrize("schema", ["public", "school"])
def test_an_own_schema_holds_nobody_elses_tables(schema: str) -> None:
    with pytest.raises(Refused):
        Policy.for_window(content=["school.courses"], own_schema=schema)


def test_nothing_is_content_by_default() -> None:
    policy = Policy.for_content([])
    assert vet("SELECT 1", policy).writes == ()
    with pytest.raises(Refused):
        vet("DELETE FROM public.courses", policy)


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER SUBSCRIPTION s ENABLE",
        "DROP SUBSCRIPTION s",
        "SELECT pg_replication_origin_create('o')",
        "SET LOCAL ROLE r",
        "SELECT setval('public.s', 1)",
    ],
)
def test_what_is_not_named_is_not_allowed(sql: str) -> None:
    with pytest.raises(Refused):
        vet(sql, Policy.for_window(content=["courses"]))


def test_only_the_guard_makes_a_vetted() -> None:
    vetted = vet("SELECT 1", POLICIES["content"])
    with pytest.raises(TypeError):
        Vetted("DROP TABLE x", StatementKind.SELECT, (), "", POLICIES["content"], object())
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(vetted, text="DROP TABLE x")  # type: ignore[call-arg]
    with pytest.raises(dataclasses.FrozenInstanceError):
        vetted.text = "DROP TABLE x"  # type: ignore[misc]
    assert copy.copy(vetted) == vetted


def test_writes_name_what_changes_once() -> None:
    sql = 'WITH d AS (DELETE FROM "a.b".t RETURNING *), e AS (DELETE FROM "a.b".t) UPDATE public.courses SET a = 1'
    assert sorted(str(name) for name in vet(sql, POLICIES["content"]).writes) == ['"a.b".t', "public.courses"]


@pytest.mark.parametrize(
    "literal",
    [
        "'s3cret'",
        "$$s3cret$$",
        "$x$s3cret$x$",
        "E's3cret'",
        "U&'s3cret'",
        "'s3''s3cret'",
        "/* c */ 's3cret'",
        "'s3'\n'cret'",
    ],
)
def test_secrets_are_not_shown(literal: str) -> None:
    options = "create_slot = false, slot_name = egrow_s, copy_data = false, enabled = false"
    for policy, sql in (
        ("window", f"CREATE SUBSCRIPTION egrow_w CONNECTION {literal} PUBLICATION p WITH ({options})"),
        ("setup", f"CREATE ROLE egrow_apply LOGIN PASSWORD {literal} CONNECTION LIMIT 0"),
        ("setup", f"ALTER ROLE egrow_apply ENCRYPTED PASSWORD {literal}"),
    ):
        vetted = vet(sql, POLICIES[policy])
        assert vetted.text == sql
        for shown in (vetted.shown, str(vetted), repr(vetted), f"{vetted!r:s}"):
            assert "cret" not in shown
            assert "'***'" in shown or "***" in shown


@pytest.mark.parametrize(
    "sql", ["CREATE ROLE x PASSWORD 's3cret'", "ALTER ROLE egrow_apply PASSWORD 's3cret", "x 's3cret'"]
)
def test_a_refusal_does_not_quote_the_text(sql: str) -> None:
    with pytest.raises(Refused) as refused:
        vet(sql, POLICIES["setup"])
    assert "cret" not in str(refused.value)


def test_the_string_after_an_ordinary_word_is_shown() -> None:
    assert vet("SELECT 'connection', 'a' AS password", POLICIES["content"]).shown.count("***") == 0
