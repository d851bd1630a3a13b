"""A validation that reads much WAL: what it read is in the journal before it ends, and production need not keep it."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from support.pair import Pair

from egrow_replica.app.context import Context
from egrow_replica.app.disable import DisableOptions, disable
from egrow_replica.evidence import wal_read
from egrow_replica.evidence.wal_state import lsn_number
from egrow_replica.model import Server
from egrow_replica.settings import load_settings
from egrow_replica.window.listener import Silence

#: What the journal and the slot say, in this order.
EXAMINED = """
SELECT w.progress #>> '{wal,position}', s.restart_lsn::text
  FROM egrow_replica.window AS w, pg_replication_slots AS s WHERE s.slot_name LIKE 'egrow%wal'
"""


class Impatient(Silence):
    """Is interrupted in the middle of production's WAL."""

    def __init__(self) -> None:
        self.total = 0

    def advance_wal(self, done_bytes: int, total_bytes: int) -> None:
        self.total = total_bytes
        if done_bytes > total_bytes / 2:
            raise KeyboardInterrupt


def test_an_interrupted_reading_goes_on_where_it_was(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    pair.ok("enable", "--name", "long", "--no-backup")
    ((before, _),) = _examined(pair)
    with psycopg.connect(pair.lab.prod_admin_dsn, autocommit=True) as people:
        people.execute("UPDATE users SET bio = 'early' WHERE id = (SELECT min(id) FROM users)")
        for _ in range(6):
            people.execute("SELECT pg_logical_emit_message(false, 'people', repeat('m', 1 << 20))")
        people.execute("UPDATE users SET bio = 'late' WHERE id = (SELECT min(id) FROM users)")
    monkeypatch.setattr(wal_read, "PIECE_BYTES", 1 << 18)
    monkeypatch.setattr(wal_read, "LEG_BYTES", 1 << 20)
    listener = Impatient()
    with pytest.raises(KeyboardInterrupt):
        disable(Context(load_settings(pair.config), listener), DisableOptions())
    ((position, kept_from),) = _examined(pair)
    assert position == kept_from
    assert listener.total / 4 < lsn_number(position) - lsn_number(before) < listener.total
    result = pair.ok("disable")
    tables = {one["table"]: one for one in result.json["validation"]["tables"]}
    assert result.json["validation"]["evidence"] == "wal"
    assert tables["public.users"]["reason"] == "2 updated by ordinary transactions"


def _examined(pair: Pair) -> list[tuple[Any, ...]]:
    return pair.run_sql(Server.PROD, EXAMINED)
