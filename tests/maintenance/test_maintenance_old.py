"""PostgreSQL 15, where a superuser opens windows and holds writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from maintenance_world import APP, as_application, people, settings, wait_for_refusals
from support.pair import Pair

OLD = Path("/usr/lib/postgresql/15/bin")


@pytest.mark.slow
@pytest.mark.skipif(not OLD.is_dir(), reason="PostgreSQL 15 is not installed")
def test_writes_are_held_on_15(new_lab: Callable[..., Pair]) -> None:
    pair = new_lab(set_up=False, bin_dir=OLD)
    pair.use_superuser()
    pair.configure(logins={"stream": pair.lab.dev_admin_dsn})
    pair.configure(maintenance={"roles": [APP]}, evidence={"require": "exact"})
    before = settings(pair)
    with people(pair) as application:
        opened = pair.ok("enable", "--no-backup", "--maintenance").json
        assert opened["validation"]["evidence"] == "exact"
        pair.ok("maintenance", "on")
        wait_for_refusals(application)
        with as_application(pair) as connection:
            assert connection.execute("SELECT count(*) > 0 FROM users").fetchone() == (True,)
        pair.ok("maintenance", "off")
        pair.ok("disable")
    assert settings(pair) == before
