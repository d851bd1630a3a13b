"""Row filters from the configuration, made safe to be put between parentheses."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from egrow_replica.errors import Refused
from egrow_replica.guard.judge import analysing
from egrow_replica.guard.limits import check_text, check_tokens
from egrow_replica.guard.policy import Name, Policy
from egrow_replica.guard.rules.filters import RULE, check_filter, columns_of, put_alias, without_table
from egrow_replica.guard.tree import Node, class_of, only, parse, print_sql
from egrow_replica.guard.two_grammars import columns_of_alias
from egrow_replica.model import QualifiedName


def vet_filter(text: str, *, table: QualifiedName | None = None, types: Iterable[Name] = ()) -> str:
    """The filter as it goes into ``WHERE (…)`` of a publication, without comments.

    The text must mean the same with and without the parentheses around it; so it cannot close them, and nothing
    can follow it.

    :param table: whose rows it picks; its name may stand before its columns, and is taken away.
    :param types: user types that it may name, such as the enum of a column.
    :raises Refused: rule ``filter``, or those of a text that is no SQL at all.
    """
    with analysing():
        check_text(text)
        check_tokens(text)
        expression = _condition(text)
        if _condition(f"({text}\n)") != expression:  # a comment at the end ends with its line
            raise Refused(RULE, "the filter is more than one expression")
        if table is not None:
            without_table(expression, table)
        check_filter(expression, Policy.reading(types=types))
        printed = print_sql(expression)
        if _condition(printed) != expression:
            raise Refused(RULE, "the filter cannot be written in a way that surely means the same")
        return printed


def filter_columns(text: str) -> frozenset[str]:
    """The names of the columns that a vetted filter reads."""
    return frozenset(column.fields[-1].sval for column in columns_of(_condition(text)))


@cache
def filter_condition(text: str, alias: str) -> str:
    """A vetted filter as a condition on the rows that go by ``alias``: each of its columns says whose it is.

    :raises Refused: a second grammar sees other columns in it than PostgreSQL's, or it cannot surely be written so.
    """
    condition = _condition(text)
    put_alias(condition, alias)
    printed = print_sql(condition)
    again = _condition(printed)
    without_table(again, QualifiedName(alias, alias))
    if again != _condition(text):
        raise Refused(RULE, "the filter cannot be written in a way that surely means the same")
    seen = columns_of_alias(printed, alias)
    if seen is not None and seen != filter_columns(text):
        raise Refused(RULE, "two grammars read different columns in the filter")
    return printed


def _condition(text: str) -> Node:
    statement = parse(f"SELECT 1 FROM x WHERE {text}")  # noqa: S608 - parsed, never sent
    if class_of(statement) != "SelectStmt":
        raise Refused(RULE, "the filter is not an expression")
    only(RULE, statement, "targetList", "fromClause", "whereClause", "limitOption")
    if len(statement.targetList) != 1 or len(statement.fromClause) != 1 or statement.whereClause is None:
        raise Refused(RULE, "the filter is not an expression")
    return statement.whereClause
