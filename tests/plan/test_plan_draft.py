"""What a plan is made with: doors that send nothing, placeholders, estimates, and the comparison of two plans."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from support.pair import Pair

from egrow_replica.app.context import Context
from egrow_replica.app.estimate import (
    ASSUMED_BYTES_PER_SECOND,
    FIXED_SECONDS,
    MEASURABLE_BYTES,
    MOMENT,
    SPREAD,
    Estimator,
    measured_throughput,
)
from egrow_replica.app.plan import placeholders
from egrow_replica.app.saved_plan import DIGEST, SavedPlan, SavedTable, changes
from egrow_replica.catalog import Scope
from egrow_replica.cli.language import Language, use
from egrow_replica.cli.plan_lines import show_plan
from egrow_replica.errors import Refused
from egrow_replica.model import QualifiedName, Server
from egrow_replica.replication.names import object_names
from egrow_replica.results import (
    PlannedLock,
    PlannedStatement,
    PlannedStep,
    PlannedTable,
    PlanReport,
    PlanTotals,
    Purpose,
    Throughput,
)
from egrow_replica.settings import load_settings
from egrow_replica.window.listener import Silence
from egrow_replica.window.steps import Work

_NOTHING = Scope(tables=(), sequences=(), foreign_keys=())


def test_a_planning_door_judges_and_sends_nothing_but_reading(shared_pair: Pair) -> None:
    servers = Context(load_settings(shared_pair.config), Silence()).servers()
    names = object_names("draft", id="0123456789ab", production="1/2")
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
    rest = "AND t.note = '77' AND t.a = '{1}'::int4[]"
    text = f"ROW(t.id), CAST('77' AS pg_catalog.int8)) = ANY ('{{1,-22,3}}'::int8[]) {rest}"
    shown = f"ROW(t.id), CAST('<seed>' AS pg_catalog.int8)) = ANY ('{{<3 key hashes>}}'::int8[]) {rest}"
    assert placeholders(text, 77, "0123456789ab") == shown


def test_a_small_comparison_measures_nothing() -> None:
    small = measured_throughput(MEASURABLE_BYTES - 1, 0.001)
    assert (small.bytes_per_second, small.measured) == (ASSUMED_BYTES_PER_SECOND, False)
    large = measured_throughput(MEASURABLE_BYTES, 2.0)
    assert (large.bytes_per_second, large.measured) == (MEASURABLE_BYTES // 2, True)


def test_an_estimate_is_what_former_windows_took_or_what_more_bytes_need() -> None:
    step = PlannedStep(name="validate", server=Server.PROD, description="", sql=(), guard="allowed")
    work = Work(read=1000, read_on_dev=3000, moved=1000)
    rate = Throughput(bytes_per_second=1000, measured=True)

    def of(work: Work, *former: float) -> tuple[float | None, float | None, float | None]:
        seconds = {"validate": former} if former else {}
        one = Estimator(rate, 0.0, seconds, ()).of(step, work, whole_backup=False)
        return one.seconds, one.seconds_low, one.seconds_high

    low, high = FIXED_SECONDS["validate"]
    assert of(work) == pytest.approx(((low * high) ** 0.5 + 4, low + 2, high + 8), abs=0.001)
    assert of(work, 6.0, 5.0, 20.0) == pytest.approx((6.0, 5.0 / SPREAD - MOMENT, 20.0 * SPREAD + MOMENT))
    more_to_read = of(work, 1.0, 1.0, 1.0)
    assert more_to_read == pytest.approx((4.0, 1.0 / SPREAD - MOMENT, 4.0 * SPREAD + MOMENT))
    assert of(work, 20.0) == pytest.approx((20.0, low + 2, 20.0 * SPREAD + MOMENT)), "it may have been a busy day"
    assert of(Work(waits=True), 6.0, 6.0, 6.0) == (None, 6.0 / SPREAD - MOMENT, None)


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


def _shown(language: Language) -> str:
    reading = PlannedStep(name="roles", server=Server.PROD, description="make [roles]", sql=(), guard="allowed")
    tables = tuple(QualifiedName("public", f"t{number}") for number in range(8))
    step = PlannedStep(
        name="reconcile",
        server=Server.PROD,
        description="move",
        sql=("COPY x", "UPDATE y"),
        guard="refused",
        reason="it is [bad]",
        statements=(
            PlannedStatement(server=Server.DEV, sql="COPY x"),
            PlannedStatement(server=Server.PROD, sql="UPDATE y\n  SET [z]", when="it rains"),
            PlannedStatement(server=Server.PROD, sql="INSERT INTO egrow_replica.step", purpose=Purpose.JOURNAL),
        ),
        locks=(PlannedLock(server=Server.PROD, mode="ROW EXCLUSIVE", tables=tables),),
        inserted=3,
        updated=4,
        bytes_read=2048,
        bytes_moved=10,
        seconds=1.25,
        seconds_low=0.5,
        seconds_high=4.0,
    )
    report = PlanReport(
        window="w",
        steps=(reading, step),
        tables=(PlannedTable(table=tables[0], new=3, updated=4, production_only=0, bytes=10),),
        checks=(),
        totals=PlanTotals(inserted=3, updated=4, bytes_read=2048, bytes_moved=10, seconds=1.25, seconds_high=4.5),
        throughput=Throughput(bytes_per_second=1024, measured=True),
        former_windows=("v", "u"),
        saved=Path("w.plan"),
    )
    console = Console(record=True, width=200, file=io.StringIO())
    try:
        use(language)
        show_plan(console, report)
    finally:
        use(Language.EN)
    return console.export_text()


def test_a_person_reads_it_from_top_to_bottom() -> None:
    assert [line.rstrip() for line in _shown(Language.EN).splitlines()] == [
        "window w would be opened so:",
        "",
        " 1 roles on prod: make [roles] (allowed)",
        "   already so: nothing to do",
        "",
        " 2 reconcile on prod: move (refused: it is [bad])",
        "   lock on prod: ROW EXCLUSIVE on public.t0, public.t1, public.t2, public.t3, public.t4, public.t5 and 2 more",
        "   rows: 3 to insert, 4 to update; reads about 2.0 kB; moves about 10 B; about 1.2 s (0.5 to 4.0 s)",
        "   -- on dev",
        "   COPY x;",
        "   -- only if it rains",
        "   UPDATE y",
        "     SET [z];",
        "   1 statement for the journal",
        "",
        "content    new  updated  only on production  size",
        "public.t0    3        4                   0  10 B",
        "in all: 3 rows to insert, 4 to update; about 2.0 kB to read on production, 10 B to move; "
        "about 1.2 s (0.0 to 4.5 s)",
        "estimated from what these windows took: v, u",
        "estimated from 1.0 kB/s, measured while comparing",
        "saved as w.plan; `enable --plan` opens this window",
        "nothing was done",
    ]
    spanish = _shown(Language.ES)
    for text in ("bloqueo en prod", "solo si it rains", "ya está así", "filas: 3 por insertar", "guardado en w.plan"):
        assert text in spanish
