"""What is planned is what is sent: the same statements to the same servers in the same steps and order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from plan_world import plan_and_enable
from support.pair import Pair

from egrow_replica.model import Server


def _step(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(step for step in report["steps"] if step["name"] == name)


def _took(pair: Pair, window: str, step: str) -> float:
    """Seconds between the journal's two entries."""
    return float(
        pair.value(
            Server.PROD,
            "SELECT EXTRACT(epoch FROM max(at) - min(at)) FROM egrow_replica.step WHERE window_name = %s AND step = %s",
            window,
            step,
        )
    )


def _add_quoted_table(pair: Pair) -> None:
    """One more content table, all of whose names need quotes."""
    pair.both_sql(
        'CREATE SCHEMA "Catálogo"; CREATE TABLE "Catálogo"."Artí""culo" ("Id" int GENERATED ALWAYS AS IDENTITY '
        'PRIMARY KEY, "El Nombre" text UNIQUE, "select" numeric);'
    )
    pair.dev_sql("""INSERT INTO "Catálogo"."Artí""culo" ("El Nombre", "select") VALUES ('uno', 1.0), ('dos''', 2)""")
    pair.prod_sql("""INSERT INTO "Catálogo"."Artí""culo" ("El Nombre", "select") VALUES ('uno', 1.5)""")
    pair.configure(tables={"preset": "egrow-academy", "content": ['"Catálogo"."Artí""culo"']})
    pair.set_up()


def test_a_window_sends_what_was_planned(pair: Pair) -> None:
    _add_quoted_table(pair)
    report, unlike = plan_and_enable(pair, "--name", "spring", "--no-backup")
    assert unlike == []
    assert report["former_windows"] == []
    assert {step["guard"] for step in report["steps"]} == {"allowed"}
    counts = {one["table"]: (one["new"], one["updated"]) for one in report["tables"]}
    assert counts['Catálogo."Artí""culo"'] == (1, 1)
    assert any("setval" in text and "Catálogo" in text for text in _step(report, "reconcile")["sql"])
    assert pair.value(Server.PROD, 'SELECT count(*) FROM "Catálogo"."Artí""culo"') == 2
    pair.ok("disable")
    # Nothing differs any more.
    report, unlike = plan_and_enable(pair, "--name", "summer", "--no-backup")
    assert unlike == []
    assert report["former_windows"] == ["spring"]
    for name in ("baseline", "validate"):
        planned = _step(report, name)
        assert planned["seconds"] == pytest.approx(_took(pair, "spring", name), abs=0.001)
        assert planned["seconds_low"] < planned["seconds"] < planned["seconds_high"]
    assert report["totals"]["seconds_low"] <= report["totals"]["seconds"] <= report["totals"]["seconds_high"]
    reconcile = _step(report, "reconcile")
    assert (reconcile["inserted"], reconcile["updated"], reconcile["bytes_moved"]) == (0, 0, None)
    assert not any(text.startswith(("COPY", 'INSERT INTO "', 'UPDATE ONLY "')) for text in reconcile["sql"])
    pair.ok("disable")


@pytest.mark.slow
def test_a_superuser_makes_the_roles_that_were_planned(new_lab: Callable[..., Pair]) -> None:
    pair = new_lab(set_up=False)
    pair.use_superuser()
    pair.configure(logins={"stream": pair.lab.dev_admin_dsn})
    report, unlike = plan_and_enable(pair, "--no-backup")
    assert unlike == []
    assert any(text.startswith("CREATE ROLE") for text in _step(report, "roles")["sql"])
    pair.ok("disable")


def test_a_window_that_holds_writes_sends_what_was_planned(pair: Pair) -> None:
    pair.use_superuser()
    pair.configure(maintenance={"roles": ["academy_app"]})
    report, unlike = plan_and_enable(pair, "--no-backup", "--maintenance", "--duration", "2min")
    assert unlike == []
    setting = f'ALTER ROLE "academy_app" IN DATABASE "{pair.database}"'
    assert f"{setting} SET default_transaction_read_only = 'on'" in _step(report, "hold")["sql"]
    assert f"{setting} RESET default_transaction_read_only" in _step(report, "release")["sql"]
    names = [step["name"] for step in report["steps"]]
    assert names.index("hold") < names.index("baseline")
    assert names[-1] == "release"
    pair.ok("disable")
