"""Computed SQL, written by one grammar and read by another, so that no error of one of them goes unseen.

What a statement is computed from (columns, keys, types of a catalogue) is put together as a tree of sqlglot's, never as
text. sqlglot writes it, PostgreSQL's own grammar reads that and writes it again as it was understood, and what sqlglot
reads there must be the tree that was meant.
"""

from __future__ import annotations

from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from egrow_replica.errors import Refused
from egrow_replica.guard.limits import check_text
from egrow_replica.guard.tree import only, parse, print_sql

RULE = "two-grammars"
_DIALECT = "postgres"
#: Types that PostgreSQL's printer shows by their SQL names (``TypeName`` in gram.y maps these back to pg_catalog's).
_SQL_NAMES = {
    "pg_catalog.int2": "smallint",
    "pg_catalog.int4": "int",
    "pg_catalog.int8": "bigint",
    "pg_catalog.float4": "real",
    "pg_catalog.float8": "double precision",
    "pg_catalog.bool": "boolean",
    "pg_catalog.varbit": "varbit",
    "pg_catalog.numeric": "decimal",
    "pg_catalog.varchar": "varchar",
    "pg_catalog.bpchar": "char",
    "pg_catalog.interval": "interval",
    "pg_catalog.time": "time",
    "pg_catalog.timetz": "timetz",
    "pg_catalog.timestamp": "timestamp",
    "pg_catalog.timestamptz": "timestamptz",
}


def write_expression(tree: exp.Expr) -> str:
    """Write an expression, and return its text, which both grammars read as that tree.

    :raises Refused: rule ``two-grammars``: they differ, so what the server would do is not what was meant.
    """
    return _written(tree.sql(dialect=_DIALECT), tree)


def columns_of_alias(text: str, alias: str) -> frozenset[str] | None:
    """Which columns of ``alias`` sqlglot sees in a condition, and no others; ``None`` where it cannot read it.

    :raises Refused: it sees a column of something else.
    """
    try:
        tree = sqlglot.parse_one(text, read=_DIALECT)
    except SqlglotError:
        return None
    if tree.find(exp.Parameter) or any(isinstance(test.expression, exp.Column) for test in tree.find_all(exp.Is)):
        return None  # it takes the operator @ for a parameter, and DOCUMENT after IS for a column
    collations = {
        id(each) for collate in tree.find_all(exp.Collate) for each in collate.expression.find_all(exp.Column)
    }
    columns = [column for column in tree.find_all(exp.Column) if id(column) not in collations]
    if any(column.table != alias for column in columns):
        raise Refused(RULE, "a condition names columns without saying whose they are")
    return frozenset(str(_plain(column).this.name) for column in columns)


@lru_cache(maxsize=4096)
def _written(text: str, tree: exp.Expr) -> str:
    check_text(text)
    try:
        understood = sqlglot.parse_one(_as_postgres_reads(text), read=_DIALECT)
    except SqlglotError:
        raise Refused(RULE, "a computed expression cannot be read again") from None
    if _plain(understood) != _plain(tree):
        raise Refused(
            RULE,
            "PostgreSQL's grammar reads a computed expression differently from how it was meant",
            hint="A name or a type is written in a way that this program does not know; please report its definition.",
        )
    return text


def _as_postgres_reads(text: str) -> str:
    """The only expression of ``SELECT text``, printed anew from PostgreSQL's parse tree."""
    statement = parse(f"SELECT {text}")
    only(RULE, statement, "targetList", "limitOption")
    if len(statement.targetList) != 1 or statement.targetList[0].name:
        raise Refused(RULE, "a computed expression is more than one expression")
    # sqlglot has no such type of two words.
    return print_sql(statement.targetList[0].val).replace(" AS bit varying)", " AS varbit)")


def _plain(tree: exp.Expr) -> exp.Expr:
    """The tree without what only the spelling tells: parentheses, quotes around names, two names of one type."""
    return tree.copy().transform(_plain_node)


def _plain_node(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Paren):
        return _plain(node.this)
    if isinstance(node, exp.Identifier):
        return exp.to_identifier(node.name if node.quoted else node.name.lower(), quoted=True)
    if isinstance(node, exp.DataType):
        name, brackets, _ = node.sql(dialect=_DIALECT).lower().partition("[")
        return exp.var(_SQL_NAMES.get(name, name) + brackets)
    return node
