"""Which of production's types hold what dev sends, as the same bytes."""

from __future__ import annotations

import pytest

from egrow_replica.catalog.definitions import ColumnDefinition
from egrow_replica.window.checks.drift_types import Fit, fit, numeric_modifier


def column(base: str, modifier: int = -1, written: str | None = None) -> ColumnDefinition:
    return ColumnDefinition(
        relation_oid=1,
        name="c",
        type=written or f"{base}({modifier})",
        base_type=base,
        modifier=modifier,
        domain="",
        enum="",
        enum_labels=(),
        not_null=False,
        never_null=False,
        default=None,
        generated=None,
        identity="",
        collation="",
    )


def numeric(precision: int, scale: int) -> ColumnDefinition:
    """As numeric.c packs it; a negative scale has eleven bits."""
    return column("numeric", ((precision << 16) | (scale & 0x7FF)) + 4)


@pytest.mark.parametrize(
    ("dev", "prod", "expected"),
    [
        (column("int4"), column("int4"), Fit.SAME),
        (column("int4"), column("int8"), Fit.OTHER),
        (column("varchar", 14), column("varchar", 14), Fit.SAME),
        (column("varchar", 14), column("varchar", 24), Fit.WIDER),
        (column("varchar", 24), column("varchar", 14), Fit.NARROWER),
        (column("varchar", 24), column("text"), Fit.WIDER),
        (column("text"), column("varchar"), Fit.SAME),
        (column("text"), column("varchar", 24), Fit.NARROWER),
        (column("bpchar", 14), column("bpchar", 24), Fit.OTHER),
        (column("bpchar", 14), column("text"), Fit.OTHER),
        (numeric(8, 2), numeric(10, 2), Fit.WIDER),
        (numeric(10, 2), numeric(8, 2), Fit.NARROWER),
        (numeric(10, 3), numeric(12, 2), Fit.NARROWER),
        (numeric(8, 2), numeric(10, 3), Fit.OTHER),  # 1.50 would be shown as 1.500
        (numeric(8, 2), column("numeric"), Fit.WIDER),
        (column("numeric"), numeric(8, 2), Fit.NARROWER),
        (column("timestamptz", 3), column("timestamptz"), Fit.WIDER),
        (column("timestamptz"), column("timestamptz", 3), Fit.NARROWER),
        (column("timestamp"), column("timestamptz"), Fit.OTHER),
        (column("varbit", 8), column("varbit"), Fit.WIDER),
        (column("bit", 8), column("bit", 9), Fit.OTHER),
        (column("", written="public.point3"), column("", written="public.point3"), Fit.SAME),
        (column("", written="public.point3"), column("", written="public.point4"), Fit.OTHER),
    ],
)
def test_fit(dev: ColumnDefinition, prod: ColumnDefinition, expected: Fit) -> None:
    assert fit(dev, prod) is expected


@pytest.mark.parametrize("limits", [(10, 2), (5, 0), (3, -2), (1000, 1000)])
def test_limits_of_a_numeric(limits: tuple[int, int]) -> None:
    assert numeric_modifier(numeric(*limits)) == limits
