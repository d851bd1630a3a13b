"""What PostgreSQL's parser reads in a composed statement is what another parser reads: kind, tables, columns."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import pytest
import sqlglot
from builders import Rendered, rendered, unfilled_files, varied_scope
from sqlglot import exp

from egrow_replica.guard.facts import gather
from egrow_replica.guard.limits import check_text, check_tokens
from egrow_replica.guard.tree import Node, children, class_of, parse, strings

ALL: Final = rendered(varied_scope())

#: Statements that sqlglot has no grammar for: it hands the text on unread.
UNREAD: Final = {
    "CREATE PUBLICATION": "a statement of logical replication",
    "DROP PUBLICATION": "a statement of logical replication",
    "CREATE SUBSCRIPTION": "a statement of logical replication",
    "ALTER SUBSCRIPTION": "a statement of logical replication",
    "DROP SUBSCRIPTION": "a statement of logical replication",
    "COMMENT ON": "a comment on a publication is handed on unread",
    "CREATE ROLE": "roles are read as a command",
    "ALTER ROLE": "roles are read as a command",
    "ALTER SCHEMA": "a change of owner is read as a command",
    "ALTER TABLE": "a change of owner is read as a command",
    "ALTER DEFAULT": "default privileges are read as a command",
    "SET LOCAL": "SET LOCAL ROLE is read as a command",
    "SET CONSTRAINTS": "constraints are read as a command",
    "SET TRANSACTION": "the snapshot is not understood",
    "REVOKE": "several columns, tables or roles in one REVOKE are not understood",
    "GRANT": "several tables, roles or parameters in one GRANT are not understood",
}
#: Spellings that sqlglot stumbles over, and others that name the same tables and columns.
SPELLINGS: Final = (
    (re.compile(r"::(pg_catalog\.)?oid\[\]"), "::int8[]"),  # oid[] is read as an empty subscript
    (re.compile(r"(TO STDOUT|FROM STDIN) \((FORMAT|ENCODING)[^)]*\)$"), r"\1"),  # options of COPY
    (re.compile(r" ON COMMIT DROP AS "), " AS "),
    (re.compile(r"^ANALYZE \(SKIP_LOCKED\) "), "ANALYZE "),
    (re.compile(r" OVERRIDING SYSTEM VALUE\b"), ""),
)
#: What else it does not read, by the builder or file.
UNREADABLE: Final = {
    "effects/expressions": "a subscript of a column before a cast",
    "effects/views": "a subscript of a column before a cast",
    "evidence/wal_chunk": "a cast before END",
    "evidence/wal_kinds": "a cast before END",
    "evidence/wal_records": "a cast before END",
    "evidence/wal_records_alike": "a cast before END",
}


class Seen(NamedTuple):
    kind: str
    tables: frozenset[tuple[str, str]]
    columns: frozenset[str]


# ------------------------------------------------------------------------------------------------------------- pglast


_KINDS: Final = {
    "SelectStmt": "SELECT", "InsertStmt": "INSERT", "UpdateStmt": "UPDATE", "DeleteStmt": "DELETE", "CopyStmt": "COPY",
    "CreateStmt": "CREATE TABLE", "CreateTableAsStmt": "CREATE TABLE", "IndexStmt": "CREATE INDEX",
    "VacuumStmt": "ANALYZE", "VariableSetStmt": "SET", "CreateSchemaStmt": "CREATE SCHEMA", "DropStmt": "DROP",
    "DropRoleStmt": "DROP", "DropOwnedStmt": "DROP", "AlterTableStmt": "ALTER TABLE", "LockStmt": "LOCK",
    "GrantStmt": "GRANT",
}  # fmt: skip


def seen_by_pglast(text: str) -> Seen:
    statement = parse(text)
    facts = gather(statement)
    relations = [*facts.relations, *facts.writes]
    return Seen(
        _KINDS.get(class_of(statement), class_of(statement)),
        frozenset((relation.schemaname or "", relation.relname) for relation in relations),
        frozenset(_columns(statement)),
    )


def _columns(node: Node) -> Iterator[str]:
    """Names behind the last dot of every column that is read or written."""
    stack = [node]
    while stack:
        one = stack.pop()
        name = class_of(one)
        if name == "ColumnRef":
            last = one.fields[-1]
            if class_of(last) != "A_Star":
                yield last.sval
        elif name in ("InsertStmt", "UpdateStmt"):
            targets = one.cols if name == "InsertStmt" else one.targetList
            yield from (target.name for target in targets or ())
        elif name == "CopyStmt":
            yield from strings(one.attlist)
        elif name == "IndexElem" and one.name:
            yield one.name
        stack.extend(children(one))


# ------------------------------------------------------------------------------------------------------------ sqlglot


def seen_by_sqlglot(text: str) -> Seen | None:
    """``None`` where it does not read the statement."""
    for pattern, spelling in SPELLINGS:
        text = pattern.sub(spelling, text)
    (tree,) = sqlglot.parse(text, read="postgres")
    assert tree is not None
    if isinstance(tree, exp.Command):
        return None
    return Seen(_kind(tree), frozenset(_tables(tree)), frozenset(_named(tree)))


def _kind(tree: exp.Expr) -> str:
    if isinstance(tree, exp.Create):
        return f"CREATE {tree.kind}"
    if isinstance(tree, exp.Alter):
        return f"ALTER {tree.args['kind']}"
    return "SELECT" if isinstance(tree, exp.SetOperation) else str(tree.key).upper()


def _name(part: Any) -> str:
    if part is None:
        return ""
    return str(part.this) if part.args.get("quoted") else str(part.this).lower()


def _tables(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    ctes = {_name(cte.args["alias"].this) for cte in tree.find_all(exp.CTE)}
    if isinstance(tree, exp.Grant) and tree.args.get("kind") == "DATABASE":
        return  # it takes the database for a table
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier):
            found = (_name(table.args.get("db")), _name(table.this))
            if not (found[0] == "" and found[1] in ctes):
                yield found


def _named(tree: exp.Expr) -> Iterator[str]:
    if isinstance(tree, exp.Set):
        return  # it takes the setting for a column
    if isinstance(tree, exp.Grant) and tree.args.get("kind") == "FUNCTION":
        return  # it takes the types of the function's arguments for columns
    collations = {id(one) for each in tree.find_all(exp.Collate) for one in each.expression.find_all(exp.Column)}
    for column in tree.find_all(exp.Column):
        if id(column) not in collations and isinstance(column.this, exp.Identifier):
            yield _name(column.this)
    for schema in tree.find_all(exp.Schema):
        yield from (_name(one) for one in schema.expressions if isinstance(one, exp.Identifier))


# --------------------------------------------------------------------------------------------------------- comparison


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """sqlglot warns in the log of each statement that it hands on unread."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("one", ALL, ids=lambda one: f"{one.builder}-{one.text[:50]}")
def test_both_read_the_same(one: Rendered) -> None:
    check_text(one.text)
    check_tokens(one.text)
    words = one.text.split()
    reason = UNREADABLE.get(one.builder) or UNREAD.get(" ".join(words[:2])) or UNREAD.get(words[0])
    try:
        other = seen_by_sqlglot(one.text)
    except sqlglot.ParseError as error:
        if not reason:
            pytest.fail(f"sqlglot does not read it: {error}")
        return
    if other is None:
        assert reason, "sqlglot hands it on unread"
        return
    assert other == seen_by_pglast(one.text)


def test_every_file_is_rendered() -> None:
    """A new file under ``sql/`` needs its builder in ``builders.py``, or placeholders that are listed there."""
    missing = [
        name for name, pattern in unfilled_files().items() if not any(pattern.fullmatch(one.text) for one in ALL)
    ]
    assert missing == []


@pytest.mark.parametrize("text", ["DELETE FROM a.b", 'UPDATE a."B" SET c = 1', "COPY (SELECT x FROM a.b) TO STDOUT"])
def test_a_difference_would_be_seen(text: str) -> None:
    other = seen_by_sqlglot(text)
    assert other == seen_by_pglast(text)
    assert other != seen_by_pglast(text.replace("a.", "c."))
