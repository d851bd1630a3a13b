"""A server that goes away in the middle of a window, and comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from support.gate import Gated
from support.pair import SIDES, Pair
from test_window_faults import as_on_dev

from egrow_replica.model import Server

#: At which step each server stops: before anything was written, while content was, and while the stream was made.
STOPS = [(server, step) for server in SIDES for step in ("baseline", "slot", "reconcile", "subscription", "catch-up")]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def fragile(new_module_lab: Callable[..., Pair]) -> Gated:
    return Gated(new_module_lab())


@pytest.fixture
def gated(fragile: Gated) -> Iterator[Gated]:
    """Both servers run again afterwards, and dev has something new."""
    fragile.pair.dev_sql("UPDATE courses SET title = title || '.'")
    yield fragile
    for server in SIDES:
        fragile.pair.lab.start_server(server)


@pytest.mark.parametrize(("server", "step"), STOPS, ids=str)
def test_a_server_stops_while_a_window_opens(gated: Gated, server: Server, step: str) -> None:
    """Opened again, the window is finished or taken back; production is never half done."""
    pair, name = gated.pair, gated.new_name()
    before = pair.content()
    with gated.stopped("after", step, "enable", "--name", name, "--no-backup") as running:
        pair.lab.stop_server(server, "immediate")
    result = running.result()
    assert result.exit_code == 7, str(result)
    if server is Server.DEV:
        assert pair.content() == before
    pair.lab.start_server(server)
    again = pair.cli("enable", "--name", gated.new_name(), "--no-backup")
    assert again.exit_code in (0, 8), str(again)
    if again.exit_code == 0:
        assert as_on_dev(pair)
    closed = pair.ok("disable")
    assert closed.json["left_behind"] == []
    pair.ok("restore", name)
    assert pair.content() == before
    assert pair.leftovers() == []
