"""Does the analysis find it, and would it have been found in vain: does it bite?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from setups import BY_NAME, SET_UPS
from setups_harmless import HARMLESS
from setups_model import Path, SetUp
from setups_open import NOT_FOUND, NOT_SEEN
from setups_world import Production, changed, picture, refusals, write


def cases(set_ups: Iterable[SetUp], failing: frozenset[str] = frozenset(), *, every: int = 1) -> list[Any]:
    """Parameters: what is known to fail has to fail, and of so many only the first in the ordinary run."""
    known = pytest.mark.xfail(strict=True, raises=AssertionError, reason="no wall here yet")
    found = []
    for number, one in enumerate(set_ups):
        marks = [known] * (one.name in failing) + [pytest.mark.slow] * (number % every != 0)
        found.append(pytest.param(one, id=one.name, marks=marks))
    return found


@pytest.mark.parametrize("set_up", cases(SET_UPS, NOT_FOUND, every=4))
def test_the_analysis_finds_it(production: Production, set_up: SetUp) -> None:
    with production.planted(set_up) as (database, schema):
        assert refusals(database, schema), "nothing is refused"


@pytest.mark.parametrize("set_up", cases(HARMLESS))
def test_what_writes_nothing_is_not_refused(production: Production, set_up: SetUp) -> None:
    with production.planted(set_up) as (database, schema):
        assert refusals(database, schema) == []
        assert _writes(database, schema, set_up) == []


@pytest.mark.slow
@pytest.mark.parametrize("set_up", cases(one for one in SET_UPS if one.path is not Path.STREAM))
def test_it_bites_where_nobody_looks(production: Production, set_up: SetUp) -> None:
    with production.planted(set_up) as (database, schema):
        assert _writes(database, schema, set_up), "nothing happens: the set-up shows nothing"


def _writes(database: Production, schema: str, set_up: SetUp) -> list[str]:
    """What a write of content changes besides. Each look is a session's of its own, for what is planned only once."""
    with database.connect() as connection:
        before = picture(connection, schema)
    assert write(database, schema, set_up) == []
    with database.connect() as connection:
        return changed(before, picture(connection, schema))


def test_there_are_set_ups_enough() -> None:
    assert len(SET_UPS) >= 160
    assert len(BY_NAME) == len(SET_UPS)
    assert set(BY_NAME) >= NOT_FOUND | NOT_SEEN
