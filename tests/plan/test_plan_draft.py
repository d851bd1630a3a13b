"""What a plan is made with: doors that send nothing, placeholders, estimates, and the comparison of two plans."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from support.pair import Pair

from egrow_replica.app.context import Context
from egrow_replica.app.plan import ASSUMED_BYTES_PER_SECOND, MEASURABLE_BYTES, _throughput, placeholders
from egrow_replica.app.saved_plan import DIGEST, SavedPlan, SavedTable, changes
from egrow_replica.catalog import Scope
from egrow_replica.errors import Refused
from egrow_replica.model import QualifiedName, Server
from egrow_replica.replication.names import object_names
from egrow_replica.results import PlannedStep
from egrow_replica.settings import load_settings
from egrow_replica.window.listener import Silence

_NOTHING = Scope(tables=(), sequences=(), foreign_keys=())


def test_a_planning_door_judges_and_sends_nothing_but_reading(shared_pair: Pair) -> None:
    servers = Context(load_settings(shared_pair.config), Silence()).servers()
    names = object_names("draft")
    write = "UPDATE egrow_replica.window SET reason = 'x'"
    with shared_pair.unchanged(), servers.write_prod(_NOTHING, names, names.common, planning=True) as door:
        assert door.vet(write).shown == write
        with pytest.raises(Refused):
            door.execute(write)
        with pytest.raises(Refused):
            door.value("SELECT pg_catalog.pg_replication_origin_create('egrow_draft')")
        assert door.value("SHOW default_transaction_read_only") == "on"
    with servers.write_dev(_NOTHING, names, planning=True) as door:
        assert door.value("SHOW default_transaction_read_only") == "on"


def test_only_what_is_drawn_is_replaced() -> None:
    text = "ROW(t.id), '77'::pg_catalog.int8) = ANY ('{1,-22,3}'::int8[]) AND t.note = '77' AND t.a = '{1}'::int4[]"
    shown = "ROW(t.id), '<seed>'::pg_catalog.int8) = ANY ('{<3 key hashes>}'::int8[]) AND t.note = '77'"
    assert placeholders(text, 77) == shown + " AND t.a = '{1}'::int4[]"


def test_a_small_comparison_measures_nothing() -> None:
    small = _throughput(MEASURABLE_BYTES - 1, 0.001)
    assert (small.bytes_per_second, small.measured) == (ASSUMED_BYTES_PER_SECOND, False)
    large = _throughput(MEASURABLE_BYTES, 2.0)
    assert (large.bytes_per_second, large.measured) == (MEASURABLE_BYTES // 2, True)


def _saved(
    *, subjects: dict[str, str] | None = None, sql: str = "SELECT 1", digest: str = "a", new: int = 1
) -> SavedPlan:
    step = PlannedStep(name="reconcile", server=Server.PROD, description="", sql=(sql,), guard="allowed")
    table = SavedTable(
        table=QualifiedName("public", "courses"), new=new, updated=2, production_only=0, digest=DIGEST + digest
    )
    return SavedPlan(
        program_version="1",
        made_at=datetime.now(UTC),
        window="w",
        reason=None,
        whole_backup=True,
        allow_unproven=False,
        seed=1,
        subjects=subjects or {},
        tables=(table,),
        steps=(step,),
    )


def test_each_change_is_named_and_statements_only_where_nothing_explains_them() -> None:
    assert changes(_saved(), _saved()) == []
    assert changes(_saved(), _saved(sql="SELECT 2")) == ["the statements of step reconcile are others"]
    assert changes(_saved(), _saved(sql="SELECT 2", new=4)) == ["rows to insert into public.courses: 1 → 4"]
    same_count = "rows to move of public.courses: as many as before, but not the same"
    assert changes(_saved(), _saved(digest="b")) == [same_count]
    before, now = {"version": "15", "trigger": DIGEST + "a", "gone": "1"}, {"version": "18", "trigger": DIGEST + "b"}
    assert changes(_saved(subjects=before), _saved(subjects=now)) == [
        "version: 15 → 18",
        "trigger changed",
        "gone: is gone",
    ]
    assert changes(_saved(subjects={"x": "1"}), _saved(subjects={"x": "1", "y": "2"})) == ["y: was not there"]
