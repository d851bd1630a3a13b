"""Expressions that are computed from a catalogue, as trees: values, comparisons, conditions.

:func:`egrow_replica.db.query` writes them where a fixed statement has their place. Lists for COPY, GRANT, publications
and subscriptions stay templates: sqlglot has no grammar for those statements.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import TypeAlias

from psycopg.sql import SQL, Composed
from sqlglot import exp

from egrow_replica.guard.two_grammars import write_expression

Expression: TypeAlias = exp.Expr


def value_of(alias: str, name: str) -> Expression:
    """``alias."name"``."""
    return exp.column(exp.to_identifier(name, quoted=True), table=exp.to_identifier(alias, quoted=True))


def constant(value: str | int) -> Expression:
    """A string or a whole number."""
    return exp.convert(value)


def parameter(number: int) -> Expression:
    """``$1`` and so on."""
    return exp.Parameter(this=exp.Literal.number(number))


def builtin(function: str, *arguments: Expression) -> Expression:
    """A call of a function of ``pg_catalog``."""
    return exp.Dot(
        this=exp.to_identifier("pg_catalog"), expression=exp.Anonymous(this=function, expressions=[*arguments])
    )


def cast(value: Expression, type_name: str) -> Expression:
    """A value as another type of ``pg_catalog``."""
    return exp.Cast(this=value, to=_type(type_name))


def numbers(values: Iterable[int]) -> Expression:
    """An array of int8."""
    return exp.Cast(
        this=exp.Array(expressions=[constant(int(value)) for value in values], value_constructor=False),
        to=_array("int8"),
    )


def array_parameter(number: int, type_name: str) -> Expression:
    """A parameter that is an array of a type of ``pg_catalog``."""
    return exp.Cast(this=parameter(number), to=_array(type_name))


def bytewise(value: Expression) -> Expression:
    """A text, compared by its bytes."""
    return exp.Collate(this=_operand(value), expression=value_of("pg_catalog", "C"))


def record(values: Iterable[Expression]) -> Expression:
    """``ROW(…)``."""
    return exp.Anonymous(this="ROW", expressions=[*values])


def equal(left: Expression, right: Expression) -> Expression:
    """``left = right``."""
    return exp.EQ(this=_operand(left), expression=_operand(right))


def null() -> Expression:
    """NULL."""
    return exp.null()


def operator(left: Expression, name: str, right: Expression) -> Expression:
    """An operator of ``pg_catalog`` between two values."""
    return exp.Operator(this=_operand(left), operator=f"pg_catalog.{name}", expression=_operand(right))


def is_null(value: Expression) -> Expression:
    """``value IS NULL``."""
    return exp.Is(this=_operand(value), expression=exp.null())


def is_present(value: Expression) -> Expression:
    """``value IS NOT NULL``."""
    return exp.Is(this=_operand(value), expression=exp.null(), negate=True)


def between(value: Expression, low: Expression, high: Expression) -> Expression:
    """``value BETWEEN low AND high``."""
    return exp.Between(this=_operand(value), low=_operand(low), high=_operand(high))


def coalesce(*values: Expression) -> Expression:
    """The first value that is not NULL."""
    return exp.Coalesce(this=values[0], expressions=[*values[1:]])


def when(condition: Expression, value: Expression) -> Expression:
    """The value where the condition holds, else NULL."""
    return exp.Case(ifs=[exp.If(this=condition, true=value)])


def shifted_right(value: Expression, bits: int) -> Expression:
    """``value >> bits``."""
    return exp.BitwiseRightShift(this=_operand(value), expression=constant(bits))


def strung(values: Iterable[Expression]) -> Expression:
    """``a || b || …``."""
    return reduce(lambda left, right: exp.DPipe(this=left, expression=right, safe=True), map(_operand, values))


def element_as_text(array: Expression, number: int) -> Expression:
    """``array ->> number``, of JSON."""
    return operator(array, "->>", constant(number))


def differ(left: Expression, right: Expression) -> Expression:
    """``left IS DISTINCT FROM right``."""
    return exp.NullSafeNEQ(this=_operand(left), expression=_operand(right))


def is_one_of(value: Expression, numbers: Expression) -> Expression:
    """``value = ANY (numbers)``, an array."""
    return exp.EQ(this=_operand(value), expression=exp.Any(this=exp.paren(numbers)))


def all_of(conditions: Iterable[Expression]) -> Expression:
    """Conditions joined by AND; true where there is none."""
    return _joined(exp.And, conditions, empty=exp.true())


def any_of(conditions: Iterable[Expression]) -> Expression:
    """Conditions joined by OR; false where there is none."""
    return _joined(exp.Or, conditions, empty=exp.false())


def same(names: Iterable[str], left: str, right: str) -> Expression:
    """``left.a = right.a AND …``, for columns of the same names."""
    return all_of(equal(value_of(left, name), value_of(right, name)) for name in names)


def points_at(
    columns: Iterable[str], referenced: Iterable[str], referencing_alias: str, referenced_alias: str
) -> Expression:
    """The condition that a row refers to another, by the columns of a foreign key."""
    pairs = zip(columns, referenced, strict=True)
    return all_of(equal(value_of(referenced_alias, there), value_of(referencing_alias, here)) for here, there in pairs)


def shown_key(alias: str, key: Iterable[str]) -> Expression:
    """A row's key for a person: ``id=1, lang=en``."""
    parts = (builtin("concat", constant(f"{name}="), cast(value_of(alias, name), "text")) for name in key)
    return builtin("concat_ws", constant(", "), *parts)


def origin_of(alias: str) -> Expression:
    """The number of the origin that wrote a row last, where commits are tracked; NULL where that is not known."""
    commit = exp.paren(builtin("pg_xact_commit_timestamp_origin", value_of(alias, "xmin")))
    return cast(exp.Dot(this=commit, expression=exp.to_identifier("roident", quoted=True)), "int8")


def texts(alias: str, names: Iterable[str]) -> list[Expression]:
    """Columns as text."""
    return [cast(value_of(alias, name), "text") for name in names]


def written(value: Expression | Iterable[Expression]) -> Composed:
    """An expression, or several with commas between them, as a part of a statement."""
    values = [value] if isinstance(value, exp.Expr) else value
    # The text is the guard's, which has read it again; psycopg wants to be told that.
    return SQL(", ").join(SQL(write_expression(_operand(one))) for one in values)


def _joined(operator: type[exp.Connector], conditions: Iterable[Expression], *, empty: Expression) -> Expression:
    operands = [_operand(condition) for condition in conditions]
    return reduce(lambda left, right: operator(this=left, expression=right), operands) if operands else empty


def _array(type_name: str) -> exp.DataType:
    return exp.DataType(this=exp.DataType.Type.ARRAY, expressions=[_type(type_name)], nested=True)


def _type(name: str) -> exp.DataType:
    qualified = exp.Dot(this=exp.to_identifier("pg_catalog"), expression=exp.to_identifier(name))
    return exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=qualified)


_ATOMS = (
    exp.Column,
    exp.Literal,
    exp.Dot,
    exp.Anonymous,
    exp.Cast,
    exp.Null,
    exp.Parameter,
    exp.Paren,
    exp.Case,
    exp.Boolean,
)


def _operand(value: Expression) -> Expression:
    """The value in parentheses, unless nothing could tear it apart."""
    return value if isinstance(value, _ATOMS) else exp.paren(value, copy=False)
