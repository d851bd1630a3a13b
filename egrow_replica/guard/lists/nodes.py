"""The classes of the parse tree that the guard understands, by where they may stand."""

from __future__ import annotations

from egrow_replica.guard.lists import words

#: Anywhere in a query or an expression.
EXPRESSION: frozenset[str] = words("""
SelectStmt InsertStmt UpdateStmt DeleteStmt MergeStmt
A_ArrayExpr A_Const A_Expr A_Indices A_Indirection A_Star Alias BoolExpr BooleanTest CTECycleClause CTESearchClause
CaseExpr CaseWhen CoalesceExpr CollateClause ColumnDef ColumnRef CommonTableExpr FuncCall GroupingFunc GroupingSet
IndexElem InferClause JoinExpr LockingClause MergeSupportFunc MergeWhenClause MinMaxExpr MultiAssignRef NamedArgExpr
NullTest OnConflictClause ParamRef RangeFunction RangeSubselect RangeTableSample
RangeVar ResTarget ReturningClause ReturningOption RowExpr SQLValueFunction SetToDefault SortBy SubLink TypeCast
TypeName WindowDef WithClause XmlExpr XmlSerialize
JsonAggConstructor JsonArgument JsonArrayAgg JsonArrayConstructor JsonArrayQueryConstructor JsonBehavior JsonFormat
JsonFuncExpr JsonIsPredicate JsonKeyValue JsonObjectAgg JsonObjectConstructor JsonOutput JsonParseExpr JsonReturning
JsonScalarExpr JsonSerializeExpr JsonTable JsonTableColumn JsonTablePathSpec JsonValueExpr
BitString Boolean Float Integer String
""")

#: Nodes that a statement may hold besides, by the statement's class.
OF_STATEMENT: dict[str, frozenset[str]] = {
    "CopyStmt": frozenset({"DefElem"}),
    "ExplainStmt": frozenset({"DefElem"}),
    "TransactionStmt": frozenset({"DefElem"}),
    "VariableSetStmt": frozenset({"DefElem"}),
    "ConstraintsSetStmt": frozenset(),
    "VacuumStmt": frozenset({"DefElem", "VacuumRelation"}),
    "CreateStmt": frozenset({"Constraint", "DefElem", "TableLikeClause"}),
    "CreateTableAsStmt": frozenset({"IntoClause"}),
    "AlterTableStmt": frozenset({"AlterTableCmd", "Constraint", "RoleSpec"}),
    "CommentStmt": frozenset(),
    "CreatePublicationStmt": frozenset({"DefElem", "PublicationObjSpec", "PublicationTable"}),
    "CreateSubscriptionStmt": frozenset({"DefElem"}),
    "AlterSubscriptionStmt": frozenset({"DefElem"}),
    "AlterOwnerStmt": frozenset({"RoleSpec"}),
    "CreateRoleStmt": frozenset({"DefElem", "RoleSpec"}),
    "AlterRoleStmt": frozenset({"DefElem", "RoleSpec"}),
    "AlterRoleSetStmt": frozenset({"RoleSpec", "VariableSetStmt"}),
    "DropRoleStmt": frozenset({"RoleSpec"}),
    "GrantStmt": frozenset({"AccessPriv", "FunctionParameter", "ObjectWithArgs", "RoleSpec"}),
    "GrantRoleStmt": frozenset({"AccessPriv", "DefElem", "RoleSpec"}),
    "AlterDefaultPrivilegesStmt": frozenset({"AccessPriv", "DefElem", "GrantStmt", "RoleSpec"}),
    "CreateExtensionStmt": frozenset({"DefElem"}),
    "DropOwnedStmt": frozenset({"RoleSpec"}),
    "DropStmt": frozenset(),
}
