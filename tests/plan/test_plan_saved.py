"""A plan in a file: how it is kept, and what makes ``enable --plan`` refuse it."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from plan_world import drawn_by, unlike
from psycopg.conninfo import conninfo_to_dict
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.app.plan import _refuse_refused
from egrow_replica.errors import Refused
from egrow_replica.model import Server
from egrow_replica.results import PlannedStep, PlanReport


def _refused(pair: Pair, plan: Path, *options: str) -> tuple[int, str, str]:
    with pair.unchanged():
        result = pair.cli("enable", "--plan", str(plan), *options)
    return result.exit_code, result.error["code"], result.error["message"]


def test_a_plan_is_kept_and_nothing_else_happens(shared_pair: Pair) -> None:
    pair = shared_pair
    plan = pair.directory / "kept.plan"
    with pair.unchanged():
        report = pair.ok("plan", "--out", str(plan), "--name", "kept").json
        assert not pair.ok("dry-run", "--name", "kept").json["saved"]
    assert report["saved"] == str(plan)
    assert stat.S_IMODE(plan.stat().st_mode) == 0o600
    kept = json.loads(plan.read_text(encoding="utf-8"))
    assert kept["steps"] == report["steps"]
    seen = plan.read_text(encoding="utf-8") + json.dumps(report)
    for login in pair.logins.values():
        password = conninfo_to_dict(login)["password"]
        assert password
        assert password not in seen
    before = plan.read_bytes()
    result = pair.cli("plan", "--out", str(plan))
    assert (result.exit_code, result.error["code"]) == (2, "plan-exists")
    assert plan.read_bytes() == before
    pair.ok("plan", "--out", str(plan), "--force", "--name", "other")
    assert json.loads(plan.read_text(encoding="utf-8"))["window"] == "other"
    assert [path.name for path in pair.directory.iterdir() if "kept.plan" in path.name] == ["kept.plan"]
    for option in ("--name=x", "--reason=x", "--no-backup", "--allow-unproven"):
        result = pair.cli("enable", "--plan", str(plan), option)
        assert (result.exit_code, result.error["code"]) == (2, "plan-conflict")
        assert option.partition("=")[0] in result.error["message"]


_DAMAGED: dict[str, Any] = {
    "no JSON": "window = 1",
    "another thing": '{"kind": "recipe"}',
    "a list": "[]",
    "deep": "[" * 100_000,
    "binary": b"\xff\xfe\x00",
    "newer": '{"kind": "egrow-replica plan", "format": 2}',
    "cut": '{"kind": "egrow-replica plan", "format": 1, "window": "x"}',
}


def test_what_is_no_plan_is_refused_in_a_sentence(shared_pair: Pair) -> None:
    plan = shared_pair.directory / "bad.plan"
    for name, text in _DAMAGED.items():
        plan.write_bytes(text if isinstance(text, bytes) else text.encode())
        result = shared_pair.cli("enable", "--plan", str(plan))
        assert (result.exit_code, result.error["code"]) == (2, "bad-plan"), name
        assert "\n" not in result.error["message"], name
    assert shared_pair.cli("enable", "--plan", "absent.plan").error["code"] == "plan-file"
    for place in ("absent/x.plan", "."):
        result = shared_pair.cli("plan", "--out", place)
        assert (result.exit_code, result.error["code"]) == (2, "plan-file")
    assert shared_pair.cli("plan", "--force").exit_code == 2
    assert shared_pair.cli("enable", "--plan", "x", "--dry-run").exit_code == 2


def test_a_plan_is_refused_while_anything_is_not_as_it_was(pair: Pair) -> None:
    pair.both_sql("CREATE FUNCTION public.noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
    plan = pair.directory / "release.plan"
    pair.ok("plan", "--out", str(plan), "--name", "release", "--reason", "spring", "--no-backup")
    before = pair.content(Server.DEV, ["lessons", "courses"])
    # Each of these alone is a reason; all at once, each is named.
    pair.dev_sql('INSERT INTO lessons SELECT (jsonb_populate_record(l, \'{"id": "extra"}\')).* FROM lessons l LIMIT 1')
    title = pair.value(Server.DEV, "SELECT title FROM courses ORDER BY id DESC LIMIT 1")
    changed = "UPDATE courses SET title = %s WHERE id = (SELECT id FROM courses ORDER BY id DESC LIMIT 1)"
    pair.dev_sql(changed, "Edited since")
    pair.both_sql("ALTER TABLE products ADD CONSTRAINT later CHECK (true)")
    pair.prod_sql("CREATE TRIGGER later AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION public.noop()")
    pair.configure(window={"publish": ["insert"]})
    code, slug, message = _refused(pair, plan)
    assert (code, slug) == (8, "plan-outdated")
    found = message.removeprefix("the plan is outdated: ").split("\nalso: ")
    for named in (
        'configuration: [window] publish: ["insert", "update"] → ["insert"]',
        "dev: definition of public.products changed",
        "prod: definition of public.products changed",
        "prod: triggers and rules of public.events changed",
    ):
        assert named in found
    (lessons,) = (line for line in found if "public.lessons" in line)
    planned = next(one for one in json.loads(plan.read_text(encoding="utf-8"))["tables"] if "lessons" in str(one))
    assert lessons == f"rows to insert into public.lessons: {planned['new']} → {planned['new'] + 1}"
    (courses,) = (line for line in found if "public.courses" in line)
    assert courses.startswith("rows to ")
    for unchanged in ("public.prices", "public.resources", "public.promotions"):
        assert unchanged not in message

    # As it was again: it is opened, with the plan's name and reason, and sends what the plan says.
    pair.dev_sql("DELETE FROM lessons WHERE id = 'extra'")
    pair.dev_sql(changed, title)
    assert pair.content(Server.DEV, ["lessons", "courses"]) == before
    pair.both_sql("ALTER TABLE products DROP CONSTRAINT later")
    pair.prod_sql("DROP TRIGGER later ON events")
    pair.configure(window={"publish": ["insert", "update"]})
    log = pair.directory / "release.log"
    opened = pair.ok("enable", "--plan", str(plan), "--verbose", "--log-file", str(log)).json
    assert opened["window"]["name"] == "release"
    assert opened["backup"]["bytes"] > 0
    assert pair.value(Server.PROD, "SELECT reason FROM egrow_replica.window WHERE name = 'release'") == "spring"
    kept = json.loads(plan.read_text(encoding="utf-8"))
    assert list(unlike(kept, log, drawn_by(pair, "release"))) == []
    assert _code(pair, plan) == "window-already-open"
    pair.ok("disable")
    wait_until(lambda: not pair.sessions(), 10, what="the end of our sessions")
    assert _code(pair, plan) == "name-taken"


def _code(pair: Pair, plan: Path) -> str:
    result = pair.cli("enable", "--plan", str(plan))
    assert result.exit_code == 8
    return result.error["code"]


def test_a_step_that_the_guard_refuses_is_no_plan() -> None:
    step = PlannedStep(name="x", server=Server.PROD, description="", sql=(), guard="refused", reason="it writes users")
    report = PlanReport(window="w", steps=(step,), tables=(), checks=())
    with pytest.raises(Refused, match="step x would be refused: it writes users") as caught:
        _refuse_refused(report)
    assert caught.value.report is report


def test_a_window_that_must_not_open_is_no_plan(new_pair: Callable[..., Pair]) -> None:
    """Two hundred names of many words make an UPDATE that is longer than the guard reads."""
    pair = new_pair()
    words = " ".join("abcdefghijklmnopqrstuvwxyz")
    pair.both_sql("ALTER TABLE lessons " + ", ".join(f'ADD COLUMN "{words} {number}" int' for number in range(200)))
    plan = pair.directory / "refused.plan"
    with pair.unchanged():
        result = pair.cli("plan", "--out", str(plan))
    assert (result.exit_code, result.error["code"]) == (4, "too-wide"), str(result)
    assert not plan.exists()
