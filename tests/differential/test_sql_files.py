"""The files under ``sql/`` while a program runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from egrow_replica.db import queries
from egrow_replica.settings import sql_directory


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy that the program reads from now on."""
    files = tmp_path / "sql"
    shutil.copytree(str(sql_directory()), files)
    monkeypatch.setattr(queries, "sql_directory", lambda: files)
    queries._texts.cache_clear()
    yield files
    queries._texts.cache_clear()


def test_an_upgrade_does_not_reach_a_program_that_runs(copied: Path) -> None:
    """One that mixes its own code with the statements of another version fails in the middle of a window."""
    before = queries.query("journal/exists")
    later = copied / "journal" / "insert_step.sql"
    later.write_text("SELECT {another_part}", encoding="utf-8")
    shutil.rmtree(copied / "journal")
    assert queries.query("journal/exists") == before
    assert "egrow_replica.step" in queries.query("journal/insert_step").as_string(None)


def test_every_name_is_known(copied: Path) -> None:
    assert {name for name in queries._texts() if not queries._texts()[name]} == set()
    assert len(queries._texts()) == len([one for one in copied.glob("*/*.sql") if one.parent.name != "academy"])
