"""CREATE TABLE and ALTER TABLE: temporary tables and the controller's own, made of plain columns.

Functions, operators and types in defaults and checks are judged by the general rules, like everywhere.
"""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import name_of
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.tree import E, Node, class_of, only
from egrow_replica.model import QualifiedName

RULE = "table"

_CONSTRAINT = E.ConstrType
_PLAIN = frozenset(
    {
        _CONSTRAINT.CONSTR_NULL,
        _CONSTRAINT.CONSTR_NOTNULL,
        _CONSTRAINT.CONSTR_DEFAULT,
        _CONSTRAINT.CONSTR_CHECK,
        _CONSTRAINT.CONSTR_PRIMARY,
        _CONSTRAINT.CONSTR_UNIQUE,
    }
)
#: These make or need something in the schema, so a temporary table has none.
_OF_OWN_SCHEMA = _PLAIN | {_CONSTRAINT.CONSTR_IDENTITY, _CONSTRAINT.CONSTR_FOREIGN}
_CONSTRAINT_CLAUSES = (
    "contype", "conname", "raw_expr", "generated_when", "generated_kind", "nulls_not_distinct", "keys", "is_enforced",
    "initially_valid", "skip_validation", "pktable", "fk_attrs", "pk_attrs", "fk_matchtype", "fk_upd_action",
    "fk_del_action",
)  # fmt: skip
#: NO ACTION, RESTRICT, CASCADE: what they reach lies in the controller's schema as well.
_ACTIONS = frozenset({"a", "r", "c"})


def check_create(statement: Node, policy: Policy) -> tuple[QualifiedName]:
    """CREATE TABLE.

    :raises Refused: rule ``table``.
    """
    only(RULE, statement, "relation", "tableElts", "constraints", "nnconstraints", "oncommit", "if_not_exists")
    name = creatable(statement.relation, policy)
    for element in statement.tableElts or ():
        _check_element(element, name, policy)
    return (name,)


def check_alter(statement: Node, policy: Policy) -> tuple[QualifiedName]:
    """ALTER TABLE … ADD COLUMN IF NOT EXISTS or OWNER TO, in the controller's own schema.

    :raises Refused: rule ``table``.
    """
    only(RULE, statement, "relation", "cmds", "objtype")
    name = name_of(statement.relation)
    if name is None or not policy.is_own(name) or statement.objtype != E.ObjectType.OBJECT_TABLE:
        raise Refused(RULE, "only the controller's own tables may be altered")
    for command in statement.cmds:
        if command.subtype == E.AlterTableType.AT_ChangeOwner:
            only(RULE, command, "subtype", "newowner")
            check_owner(RULE, command.newowner, policy)
            continue
        only(RULE, command, "subtype", "def_", "missing_ok")
        if command.subtype != E.AlterTableType.AT_AddColumn or not command.missing_ok:
            raise Refused(RULE, "only ADD COLUMN IF NOT EXISTS is allowed")
        _check_element(command.def_, name, policy)
    return (name,)


def check_owner(rule: str, owner: Node, policy: Policy) -> None:
    """Who the controller's schema and its tables may be given to.

    :raises Refused: with the given rule.
    """
    if owner.roletype != E.RoleSpecType.ROLESPEC_CSTRING or owner.rolename not in policy.journal_owners:
        raise Refused(rule, "the controller's schema may not be given to this role")


def creatable(relation: Node, policy: Policy) -> QualifiedName:
    """The name of a table that may be made: ``pg_temp.x`` or one of the controller's schema.

    :raises Refused: rule ``table``.
    """
    name = name_of(relation)
    if name is None:
        raise Refused(RULE, "a new table is written schema.name or pg_temp.name")
    temporary = policy.is_temporary(name)
    if not temporary and not policy.is_own(name):
        raise Refused(RULE, f"{name} may not be made on a connection for {policy.purpose}")
    if relation.relpersistence not in ("p", "t") or (relation.relpersistence == "t" and not temporary):
        raise Refused(RULE, "a table is either ordinary or temporary")
    return name


def _check_element(element: Node, table: QualifiedName, policy: Policy) -> None:
    kind = class_of(element)
    if kind == "ColumnDef":
        only(RULE, element, "colname", "typeName", "is_local", "constraints", "collClause")
        for constraint in element.constraints or ():
            _check_constraint(constraint, table, policy)
    elif kind == "Constraint":
        _check_constraint(element, table, policy)
    elif kind == "TableLikeClause":
        _check_like(element, table, policy)
    else:
        raise Refused(RULE, "a table is made of columns and constraints only")


def _check_constraint(constraint: Node, table: QualifiedName, policy: Policy) -> None:
    own = policy.is_own(table)
    if constraint.contype not in (_OF_OWN_SCHEMA if own else _PLAIN):
        raise Refused(RULE, "this kind of constraint is not allowed")
    only(RULE, constraint, *_CONSTRAINT_CLAUSES)
    if constraint.contype != _CONSTRAINT.CONSTR_FOREIGN:
        return
    target = name_of(constraint.pktable)
    if target is None or not policy.is_own(target):
        raise Refused(RULE, "a foreign key of the controller's tables leads to another of them")
    if not {constraint.fk_upd_action, constraint.fk_del_action} <= _ACTIONS:
        raise Refused(RULE, "this action of a foreign key is not allowed")


def _check_like(clause: Node, table: QualifiedName, policy: Policy) -> None:
    """LIKE without INCLUDING takes names and types of columns, nothing that runs."""
    only(RULE, clause, "relation")
    source = name_of(clause.relation)
    if not policy.is_temporary(table) or source is None or not policy.may_write(source):
        raise Refused(RULE, "only a temporary table may be made like a content table")
