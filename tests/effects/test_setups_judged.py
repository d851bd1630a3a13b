"""A write of ours whose consequences nobody foresaw leaves no trace: it is looked at before it commits."""

from __future__ import annotations

import pytest
from setups import SET_UPS
from setups_model import Path, SetUp
from setups_open import NOT_FOUND, NOT_SEEN
from setups_world import Production, changed, picture, write_judged
from test_setups_found import cases

WRITTEN = [one for one in SET_UPS if one.path in (Path.WRITE, Path.SESSION)]


@pytest.mark.parametrize("set_up", cases(WRITTEN, NOT_SEEN, every=7))
def test_a_write_of_ours_leaves_no_trace(production: Production, set_up: SetUp) -> None:
    """A sequence that was moved stays moved, and another session's writes are its own: both have to be found before."""
    with production.planted(set_up) as (database, schema):
        with database.connect() as connection:
            before = picture(connection, schema)
        refused = write_judged(database, schema, set_up)
        with database.connect() as connection:
            left = changed(before, picture(connection, schema))
        assert set_up.beyond or refused, "it was committed"
        assert set_up.beyond or [name for name in left if not name.endswith(("tickets", "_id_seq"))] == []
        assert left == [] or set_up.name not in NOT_FOUND
