"""Every check is seen to find nothing where all is well, and to find something where it is not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from doctor_seen import Seen

from egrow_replica.model import Side
from egrow_replica.window import checks

HERE = Path(__file__).parent
#: It always says what only production can know.
ALWAYS_TOLD = {("stream-address", Side.PROD)}
#: Dev's version matters to nothing: it is shown.
NEVER_BAD = {("version", Side.DEV)}
#: What only PostgreSQL 15 lacks: among the slow tests, because it has to be installed.
OLD_ONLY = {("second-wall", Side.PROD), ("version", Side.PROD), ("capability", Side.PROD)}
#: Functions of the checks that make a finding of what follows.
MAKERS = ("error", "warning", "info", "finding", "kind", "weaker", "_Test", "_Demand", "_place")


def test_every_check_is_seen_well_and_unwell(seen: Seen, request: pytest.FixtureRequest) -> None:
    """Runs last, and only with all the others."""
    modules = {item.path for item in request.session.items}
    if missing := sorted(path.name for path in HERE.glob("test_*.py") if path not in modules):
        pytest.skip(f"not run: {', '.join(missing)}")
    registered = {(one.id, one.side) for one in (*checks.FIRST, *checks.ALL)}
    lacking = [
        *(f"{slug} of {side} was never well" for slug, side in registered - seen.well - ALWAYS_TOLD),
        *(f"{slug} of {side} was never unwell" for slug, side in registered - seen.unwell - NEVER_BAD - OLD_ONLY),
        *(f"nothing was told as {slug}" for slug in set(_slugs()) - seen.findings - {slug for slug, _ in OLD_ONLY}),
    ]
    assert "\n".join(sorted(lacking)) == ""


def _slugs() -> Iterator[str]:
    """Ids of findings, as the sources of the checks have them."""
    for path in Path(checks.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
                constants = [one.value for one in node.args[:2] if isinstance(one, ast.Constant)]
                yield from (one for one in constants[:1] if isinstance(one, str))


def test_slugs_are_found() -> None:
    assert {"drift-enum", "too-long", "slots", "same-key", "drift-type", "backup-mode"} <= set(_slugs())
