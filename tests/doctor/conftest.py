"""What the checks answered in all these tests, for the test that asks whether each was seen well and unwell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from doctor_seen import Seen

from egrow_replica.model import Check
from egrow_replica.window.checks import View
from egrow_replica.window.checks.base import Inspection


@pytest.fixture(scope="session")
def seen() -> Iterator[Seen]:
    noted, run = Seen(), Inspection.run

    def watched(self: Inspection, view: View) -> list[Check]:
        found = run(self, view)
        if all(view.has(server) for server in self.needs):
            noted.note(self, found)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Inspection, "run", watched)
        yield noted


@pytest.fixture(autouse=True)
def _watching(seen: Seen) -> None:
    """Every test here is watched."""
