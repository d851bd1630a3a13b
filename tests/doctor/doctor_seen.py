"""What the checks answered."""

from __future__ import annotations

from dataclasses import dataclass, field

from egrow_replica.model import Check, Severity, Side
from egrow_replica.window.checks.base import Inspection


@dataclass
class Seen:
    """Inspections, by id and side, that found nothing and that found something; and the ids of all findings."""

    well: set[tuple[str, Side]] = field(default_factory=set)
    unwell: set[tuple[str, Side]] = field(default_factory=set)
    findings: set[str] = field(default_factory=set)

    def note(self, one: Inspection, found: list[Check]) -> None:
        bad = [check for check in found if check.severity is not Severity.OK]
        (self.unwell if bad else self.well).add((one.id, one.side))
        self.findings |= {check.id for check in bad}
