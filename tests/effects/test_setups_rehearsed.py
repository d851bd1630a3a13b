"""What nobody foresaw is seen when the stream's changes are played, before a stream makes one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from setups import SET_UPS
from setups_model import SetUp
from setups_open import NOT_FOUND, NOT_REHEARSED
from setups_pair import plant, production_of, rehearsal_errors, streamed
from setups_world import changed, picture
from support.pair import Pair
from test_setups_found import cases

EVERY = 8


@dataclass(frozen=True)
class Played:
    """One rehearsal of all set-ups together: by set-up, what was refused and what is another now."""

    refused: dict[str, list[str]]
    left: dict[str, list[str]]


@pytest.fixture(scope="module")
def played(new_module_lab: Callable[..., Pair], request: pytest.FixtureRequest) -> Played:
    pair = new_module_lab(set_up=False, load=False)
    production = production_of(pair)
    chosen = streamed(SET_UPS)[:: 1 if request.config.getoption("--slow") else EVERY]
    where = plant(pair, production, chosen)
    with production.connect() as connection:
        before = {name: picture(connection, schema) for name, schema in where.items()}
        checks = rehearsal_errors(pair)
        left = {name: changed(before[name], picture(connection, schema)) for name, schema in where.items()}
    refused = {
        name: [check.message for check in checks if check.subject.startswith(f"{schema}.")]
        for name, schema in where.items()
    }
    return Played(refused, left)


@pytest.mark.parametrize("set_up", cases(streamed(SET_UPS), NOT_REHEARSED, every=EVERY))
def test_a_rehearsal_stops_it(played: Played, set_up: SetUp) -> None:
    assert played.refused[set_up.name]


@pytest.mark.parametrize("set_up", cases(streamed(SET_UPS), every=EVERY))
def test_a_rehearsal_leaves_no_trace(played: Played, set_up: SetUp) -> None:
    """Sequences stay where they were moved to, and another session's writes are its own."""
    left = [name for name in played.left[set_up.name] if not name.endswith(("tickets", "_id_seq"))]
    assert set_up.beyond or left == []


def test_what_no_rehearsal_sees_is_found_before() -> None:
    assert frozenset() == NOT_FOUND & NOT_REHEARSED
