"""Content tables that somebody alters on production while a window is open: it can be closed all the same."""

from __future__ import annotations

import pytest
from support.pair import Pair

CHANGES = {
    "a column is renamed": (
        "ALTER TABLE lessons RENAME COLUMN title TO heading",
        "ALTER TABLE lessons RENAME COLUMN heading TO title",
    ),
    "a table is renamed": (
        "ALTER TABLE lessons RENAME TO lectures",
        "ALTER TABLE lectures RENAME TO lessons",
    ),
    "a table is made anew": (
        "ALTER TABLE lessons RENAME TO lectures; CREATE TABLE lessons (LIKE lectures)",
        "DROP TABLE lessons; ALTER TABLE lectures RENAME TO lessons",
    ),
}


@pytest.mark.parametrize(
    "name", ["a column is renamed", *(pytest.param(one, marks=pytest.mark.slow) for one in list(CHANGES)[1:])]
)
def test_a_content_table_is_altered(pair: Pair, name: str) -> None:
    change, back = CHANGES[name]
    before = pair.content()
    pair.ok("enable", "--name", "altered", "--no-backup")
    pair.prod_sql(change)
    for command in ("validate", "disable"):
        result = pair.cli(command)
        assert (result.exit_code, result.error["code"]) == (5, "validation"), str(result)
        assert "public.lessons is not the table that it was" in result.error["message"]
    assert result.json["window"]["state"] == "closed"
    assert pair.leftovers() == []
    for options in (["--dry-run"], []):
        refused = pair.cli("restore", *options)
        assert refused.exit_code == 3, str(refused)
        assert "public.lessons" in refused.error["message"]
    pair.prod_sql(back)
    pair.ok("restore")
    assert pair.content() == before
