"""The whole command with the program's own roles, and a real subscription: nothing outside content changes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from setups import BY_NAME, SET_UPS
from setups_harmless import HARMLESS
from setups_model import SetUp
from setups_pair import plant, production_of, remove, streamed
from setups_world import WRITES, Production, changed, picture
from support.pair import Pair
from support.waiting import wait_until
from test_setups_found import cases

#: What the ordinary run takes.
SAMPLE = ("update of a stored column",)
_STREAMED = "SELECT id, title FROM {s}.courses WHERE id IN (2, 9) ORDER BY id"


@pytest.fixture(scope="module")
def enabled(new_module_lab: Callable[..., Pair]) -> tuple[Pair, Production]:
    pair = new_module_lab(set_up=False, load=False)
    return pair, production_of(pair)


@pytest.mark.parametrize("name", SAMPLE)
def test_a_window_over_a_set_up_changes_nothing_of_the_users(enabled: tuple[Pair, Production], name: str) -> None:
    _open(*enabled, BY_NAME[name])


@pytest.mark.slow
@pytest.mark.parametrize("set_up", cases(streamed(SET_UPS)))
def test_no_window_changes_anything_of_the_users(enabled: tuple[Pair, Production], set_up: SetUp) -> None:
    _open(*enabled, set_up)


def test_a_window_over_content_alone_streams(enabled: tuple[Pair, Production]) -> None:
    assert _open(*enabled, HARMLESS[0]), "the window was refused, and so was everything else for another reason"


def _open(pair: Pair, production: Production, set_up: SetUp) -> bool:
    """Open a window; where that is possible, stream an edit and a new row. Return whether it was."""
    (schema,) = plant(pair, production, [set_up]).values()
    try:
        with production.connect() as connection:
            before = picture(connection, schema)
        result = pair.cli("enable", "--no-backup")
        opened = result.exit_code == 0
        if opened:
            for letter in "iu":
                pair.dev_sql(WRITES[letter].format(t=f"{schema}.courses"))
            shown = _STREAMED.replace("{s}", schema)
            wait_until(lambda: pair.prod_sql(shown) == pair.dev_sql(shown), what="the streamed rows")
            pair.cli("disable")
        else:
            assert pair.leftovers() == []
        with production.connect() as connection:
            assert changed(before, picture(connection, schema)) == [], str(result)
        return opened
    finally:
        remove(pair, [schema])
