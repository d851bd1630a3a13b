"""What is computed is written by one grammar and read by another: names of every kind pass, a difference is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egrow_replica.db.expressions import (
    Expression,
    all_of,
    any_of,
    array_parameter,
    between,
    builtin,
    bytewise,
    cast,
    coalesce,
    constant,
    differ,
    equal,
    is_null,
    is_one_of,
    is_present,
    numbers,
    operator,
    origin_of,
    record,
    shifted_right,
    shown_key,
    strung,
    value_of,
    when,
    written,
)
from egrow_replica.errors import Refused
from egrow_replica.guard import two_grammars
from egrow_replica.guard.two_grammars import write_expression

NAMES = st.one_of(
    st.sampled_from(
        ["id", "Id", "select", "user", 'a"b', "a'b", "a b", "ñandú", "$1", "--", "/*", "a.b", "%s", "{x}", "\\"]
    ),
    st.text(st.characters(blacklist_categories=["Cs", "Cc"], min_codepoint=32), min_size=1, max_size=12),
)
WHOLE = ["int2", "int4", "int8", "bool", "uuid", "bytea", "jsonb", "record", "xid", "int4range", "varbit"]
MODIFIED = ["float4", "float8", "numeric", "text", "varchar", "name", "date", "time", "timetz", "timestamp", "interval"]
TYPES = st.sampled_from([*WHOLE, *MODIFIED, "timestamptz"])


LEAVES = st.one_of(
    st.builds(value_of, st.sampled_from(["t", "s", "T x"]), NAMES),
    st.builds(constant, st.one_of(st.integers(-(2**63), 2**63), NAMES)),
    st.builds(origin_of, st.just("t")),
    st.builds(lambda names: shown_key("t", names), st.lists(NAMES, min_size=1, max_size=2)),
    st.just(array_parameter(1, "int8")),
)


def _combined(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    some = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(lambda values: builtin("concat", *values), some),
        st.builds(cast, inner, TYPES),
        st.builds(bytewise, inner),
        st.builds(record, some),
        st.builds(equal, inner, inner),
        st.builds(differ, inner, inner),
        st.builds(is_null, inner),
        st.builds(is_present, inner),
        st.builds(all_of, some),
        st.builds(any_of, some),
        st.builds(when, inner, inner),
        st.builds(lambda values: coalesce(*values), some),
        st.builds(between, LEAVES, LEAVES, LEAVES),
        st.builds(strung, some),
        st.builds(shifted_right, inner, st.integers(0, 60)),
        st.builds(lambda value, many: is_one_of(value, numbers(many)), inner, st.lists(st.integers(-9, 9), min_size=1)),
    )


EXPRESSIONS = st.one_of(
    st.recursive(LEAVES, _combined, max_leaves=5),
    st.builds(operator, LEAVES, st.sampled_from(["=", "&&", "@>", "->>", "||", "<->"]), LEAVES),
)


@given(EXPRESSIONS)
@settings(max_examples=250, deadline=None)
def test_whatever_is_computed_is_read_as_it_was_meant(expression: Expression) -> None:
    assert write_expression(expression)


@given(EXPRESSIONS, EXPRESSIONS)
@settings(max_examples=150, deadline=None)
def test_another_reading_is_refused(meant: Expression, other: Expression) -> None:
    text = write_expression(other)
    if two_grammars._plain(meant) == two_grammars._plain(other):
        return
    with pytest.raises(Refused) as refused:
        two_grammars._written(text, meant)
    assert refused.value.rule == two_grammars.RULE


@pytest.mark.parametrize(
    "text",
    ['"t"."a", 1', '"t"."a" AS b', "1 FROM pg_class", '"t"."b"', '"t"."a" IS NULL', 'CAST("t"."a" AS pg_catalog.int4)'],
)
def test_more_than_the_expression_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        two_grammars._written(text, value_of("t", "a"))


def test_a_part_of_a_statement_cannot_be_torn_apart() -> None:
    condition = any_of([is_null(value_of("t", "a")), is_null(value_of("t", "b"))])
    assert written(condition).as_string().startswith("(")
