"""Values are made up only for types of which a text can be made up."""

from __future__ import annotations

import pytest

from egrow_replica.catalog import Column
from egrow_replica.window.rehearsal.values import free, near


def _column(type_name: str, base: str) -> Column:
    return Column(
        relation_oid=1, name="c", type=type_name, base_type=base, not_null=False, has_default=False, generated=False,
        identity="", enum_labels=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("type_name", "base"),
    [("regconfig", "regconfig"), ("tsquery", "tsquery"), ("public.hstore", ""), ("public.geometry", "")],
)
@pytest.mark.parametrize("present", [None, "'a' & 'b'"])
def test_nothing_is_made_up_for_a_type_that_nobody_knows(type_name: str, base: str, present: str | None) -> None:
    assert near(_column(type_name, base), present) == free(_column(type_name, base), present) == []


@pytest.mark.parametrize(("type_name", "base"), [("text", "text"), ("public.citext", ""), ("jsonb", "jsonb")])
def test_for_others_there_is_one(type_name: str, base: str) -> None:
    assert near(_column(type_name, base), None)


def test_what_is_nested_too_deeply_to_be_read_is_made_anew() -> None:
    assert near(_column("jsonb", "jsonb"), "[" * 5000 + "]" * 5000)
