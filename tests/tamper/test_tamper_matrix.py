"""Everything that can be done to a user's table in a window, in each tier: the verdict has to be right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from support.pair import Pair, open_directory
from tamper_cases import BY_APPLICATION, CELLS, HELD, INTACT, TIERS, TOUCHED, UNPROVEN, WITH_WAL, Actor, Cell
from tamper_matrix import DOCUMENT, MEASURED, SPECIAL, document, key_of, order, parsed, record, rewrite
from tamper_world import CREATED, EARLY, LIVE, ORPHAN, Tampered, prepare, tamper

from egrow_replica.lab.lab import Lab

ALONE = [cell for cell in CELLS if cell.alone]
IDS = [f"{cell.table.removeprefix('tamper.')}" for cell in CELLS]


@contextmanager
def _untracked(roles: frozenset[str]) -> Iterator[Pair]:
    """Servers of their own, because ``track_commit_timestamp`` is a server's."""
    with (
        open_directory() as directory,
        Lab.start(directory / "lab", prod_settings={"track_commit_timestamp": "off"}) as lab,
    ):
        home = directory / "home"
        home.mkdir()
        yield Pair(lab, home, roles=roles)


@pytest.fixture(scope="module")
def tampered(new_pair: Callable[..., Pair], academy_roles: frozenset[str]) -> Iterator[Callable[[str], Tampered]]:
    """One window of each tier, made when it is first asked for."""
    known: dict[str, Tampered | None] = {}
    with ExitStack() as stack:

        def get(tier: str) -> Tampered:
            if tier not in known:
                known[tier] = None
                untracked = tier == "none"
                pair = stack.enter_context(_untracked(academy_roles)) if untracked else new_pair(set_up=False)
                prepare(pair, tier)
                apart = tier in WITH_WAL
                if apart:
                    known[f"{tier} alone"] = tamper(pair, tier, ALONE, special=False)
                known[tier] = tamper(pair, tier, [cell for cell in CELLS if not (apart and cell.alone)])
            found = known[tier]
            assert found is not None, "it failed before"
            return found

        yield get


@pytest.fixture(params=[pytest.param(one, marks=pytest.mark.slow) if one == "exact" else one for one in TIERS])
def window(request: pytest.FixtureRequest, tampered: Callable[[str], Tampered]) -> Tampered:
    return tampered(request.param)


def test_the_tier_is_the_one_meant(window: Tampered) -> None:
    meant = "exact" if window.tier in HELD else window.tier
    assert window.opened.json["validation"]["evidence"] == meant, window.opened.json["validation"]["notes"]
    assert window.validated.json["evidence"] == meant, window.validated.json["notes"]
    if window.tier == "wal":
        assert not [note for note in window.validated.json["notes"] if "WAL" in note]


def test_files_that_nobody_knows_are_no_proof(tampered: Callable[[str], Tampered]) -> None:
    """An old index of a table that we truncated could be anything's: the absence of a write proves nothing then."""
    tampered("wal")
    alone = tampered("wal alone")
    assert alone.validated.json["evidence"] == "origin"
    assert alone.validated.json["verdict"] == TOUCHED
    assert any("this window wrote what nobody knows" in one for one in alone.validated.json["problems"])


@pytest.mark.parametrize("cell", CELLS, ids=IDS)
def test_the_verdict_is_right(window: Tampered, cell: Cell, tampered: Callable[[str], Tampered]) -> None:
    if window.tier in WITH_WAL and cell.alone:
        window = tampered(f"{window.tier} alone")
    found = window.tables[cell.table]
    record(key_of(cell.case.title, cell.actor, cell.busy), {window.tier: found["verdict"]})
    assert found["verdict"] == cell.expected(window.tier), found
    if found["verdict"] == TOUCHED:
        _check_names_origin(window, cell, found["reason"])


#: The rows that still say who wrote them.
NAMED_ROWS = {
    "byte": ["id=3"],
    "exchanged": ["id=3", "id=4"],
    "inserted": ["id=11"],
    "released": ["id=3"],
    "deleted": [],
}


def found_rows(window: Tampered, cell: Cell) -> list[str]:
    return sorted(window.tables[cell.table]["rows"])


def _check_names_origin(window: Tampered, cell: Cell, reason: str) -> None:
    origin = window.pair.common(window.window) if cell.actor is Actor.CONTROLLER else "through pg_"
    assert origin in reason
    if window.tier in WITH_WAL:
        assert cell.table in reason
        assert "transaction " in reason
        assert " at " in reason
    if cell.case.name in NAMED_ROWS and not cell.busy:
        assert found_rows(window, cell) == NAMED_ROWS[cell.case.name]
    assert any(f"{cell.table}: touched: " in problem for problem in window.validated.json["problems"])


def test_a_table_that_the_application_fills_is_judged_too(window: Tampered) -> None:
    verdict = window.tables[LIVE]["verdict"]
    record(SPECIAL["live"], {window.tier: verdict})
    assert verdict == (UNPROVEN if window.tier == "none" else TOUCHED)


def test_a_write_around_the_baseline_is_not_lost(window: Tampered) -> None:
    """With WAL, and where writes are held, it is over before the baseline; else it is newer, and never nothing."""
    verdict = window.tables[EARLY]["verdict"]
    record(SPECIAL["early"], {window.tier: verdict})
    assert verdict == {"origin": BY_APPLICATION, "none": UNPROVEN}.get(window.tier, INTACT)
    assert window.pair.prod_sql("SELECT note FROM tamper.early WHERE id = 3") == [("early",)]


def test_an_orphaned_row_is_reported(window: Tampered) -> None:
    """The row is as it was, and still something happened to it."""
    verdict = window.tables[ORPHAN]["verdict"]
    (orphans,) = [one for one in window.validated.json["orphans"] if one["table"] == ORPHAN]
    record(SPECIAL["orphan"], {window.tier: f"{verdict}, orphans {orphans['count_before']} → {orphans['count_after']}"})
    assert verdict == INTACT
    assert (orphans["count_before"], orphans["count_after"]) == (0, 1)
    assert any(problem.startswith(f"{ORPHAN}: 1 rows point at no row") for problem in window.validated.json["problems"])


def test_a_table_that_came_meanwhile_is_judged(window: Tampered) -> None:
    verdict = window.tables[CREATED]["verdict"]
    record(SPECIAL["created"], {window.tier: verdict})
    assert verdict == (UNPROVEN if window.tier in ("held", "none") else BY_APPLICATION)


def test_the_window_has_the_worst_verdict(window: Tampered) -> None:
    worst = UNPROVEN if window.tier == "none" else TOUCHED
    for result in (window.validated.json, window.closed.json["validation"], window.afterwards.json):
        assert result["verdict"] == worst
    assert (window.validated.exit_code, window.closed.exit_code, window.afterwards.exit_code) == (5, 5, 5)
    assert window.validated.error["code"] == "validation"


def test_closing_says_the_same_and_leaves_nothing(window: Tampered) -> None:
    closed = {one["table"]: one["verdict"] for one in window.closed.json["validation"]["tables"]}
    assert {name: closed[name] for name in window.tables} == {
        name: one["verdict"] for name, one in window.tables.items()
    }
    assert window.afterwards.json["tables"] == window.closed.json["validation"]["tables"]
    assert window.closed.json["window"]["state"] == "closed"
    assert window.closed.json["left_behind"] == []
    assert window.left == []


def test_people_notice_nothing(window: Tampered) -> None:
    assert window.application == []


def test_never_intact_where_something_differs(window: Tampered) -> None:
    """Whatever was expected above."""
    for table, found in window.tables.items():
        if found["verdict"] == INTACT and not table.endswith(("column_added_p", "vacuumed_c", "vacuumed_p")):
            assert found["fingerprint_before"] == found["fingerprint_after"], table
            assert found["rows_before"] == found["rows_after"], table


def test_the_document_has_what_was_measured() -> None:
    tiers = set.intersection(*(set(found) for found in MEASURED.values())) if MEASURED else set()
    if set(MEASURED) != set(order()) or tiers < set(TIERS) - {"exact"}:
        pytest.skip("only part of the matrix was measured")
    if rewrite():
        assert tiers == set(TIERS), "the document is written from all of it: --slow"
        DOCUMENT.write_text(document(MEASURED), encoding="utf-8")
    found = DOCUMENT.read_text(encoding="utf-8")
    written = parsed(found)
    assert found == document({key: {**written.get(key, {}), **verdicts} for key, verdicts in MEASURED.items()})
