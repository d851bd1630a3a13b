"""Whether production's column can hold whatever dev's can, and as the same bytes."""

from __future__ import annotations

from enum import Enum

from egrow_replica.catalog.definitions import ColumnDefinition

#: What PostgreSQL stores in front of a string's length and a numeric's precision (VARHDRSZ in c.h).
_HEADER = 4
_STRINGS = frozenset(["text", "varchar"])
#: Types whose modifier is a number of fractional digits of seconds.
_TIMES = frozenset(["timestamp", "timestamptz", "time", "timetz"])
_ALL_DIGITS = 6


class Fit(Enum):
    """How dev's values fit into production's column."""

    SAME = "same"
    WIDER = "wider"
    NARROWER = "narrower"
    OTHER = "other"


def fit(dev: ColumnDefinition, prod: ColumnDefinition) -> Fit:
    """Compare two columns by the types below their domains.

    Only what holds the same bytes is ``WIDER``: a numeric of a larger scale shows ``1.50`` as ``1.5000``, and the two
    servers would never be equal.
    """
    if dev.base_type in _STRINGS and prod.base_type in _STRINGS:
        return _limits(_length(dev), _length(prod))
    if dev.base_type != prod.base_type or (dev.base_type == "" and dev.type != prod.type):
        return Fit.OTHER  # "": a type of one's own
    return Fit.SAME if dev.modifier == prod.modifier else _by_modifier(dev, prod)


def _by_modifier(dev: ColumnDefinition, prod: ColumnDefinition) -> Fit:
    if dev.base_type == "numeric":
        return _numeric(dev, prod)
    if dev.base_type in _TIMES:
        digits = [_ALL_DIGITS if one.modifier < 0 else one.modifier for one in (dev, prod)]
        return _limits(digits[0], digits[1])
    if dev.base_type == "varbit":
        return _limits(_limit(dev, 0), _limit(prod, 0))
    return Fit.OTHER


def numeric_modifier(column: ColumnDefinition) -> tuple[int, int] | None:
    """Precision and scale of a numeric, ``None`` where it has no limits (numeric.c: numeric_typmod_…)."""
    if column.modifier < _HEADER:
        return None
    packed = column.modifier - _HEADER
    scale = packed & 0x7FF
    return (packed >> 16) & 0xFFFF, scale - 0x800 if scale & 0x400 else scale


def text_limit(column: ColumnDefinition) -> int | None:
    """How many characters a varchar or char holds."""
    return column.modifier - _HEADER if column.modifier >= _HEADER else None


def _length(column: ColumnDefinition) -> float:
    limit = text_limit(column) if column.base_type == "varchar" else None
    return float("inf") if limit is None else limit


def _limit(column: ColumnDefinition, header: int) -> float:
    return float("inf") if column.modifier < header else column.modifier - header


def _limits(dev: float, prod: float) -> Fit:
    if prod == dev:
        return Fit.SAME
    return Fit.WIDER if prod > dev else Fit.NARROWER


def _numeric(dev: ColumnDefinition, prod: ColumnDefinition) -> Fit:
    has, gets = numeric_modifier(dev), numeric_modifier(prod)
    if gets is None:
        return Fit.WIDER
    if has is None:
        return Fit.NARROWER
    if has[1] == gets[1]:
        return _limits(has[0], gets[0])
    return Fit.NARROWER if gets[1] < has[1] else Fit.OTHER
