"""Privileges, role settings and the DBA's own probes: what has to be as it was before."""

from __future__ import annotations

from collections.abc import Iterable

from egrow_replica.db import Door, query
from egrow_replica.errors import PreflightFailed
from egrow_replica.guard import vet_probe
from egrow_replica.model import Model
from egrow_replica.results import AccessReport, ProbeReport


class Access(Model):
    """Who may do what with one subject."""

    subject: str
    state: str


class Probe(Model):
    """A DBA's own read-only check and its answer."""

    sql: str
    answer: bool | None


def read_access(door: Door, oids: Iterable[int]) -> tuple[Access, ...]:
    """Privileges on these tables, and every role's attributes, memberships and settings.

    What a hold of writes has set is left out: it is ours, and given back. So both ends of a window compare, whether it
    is in force at one of them or at both.
    """
    held = door.value(query("hold/exists"))
    roles = door.value(query("hold/before")) if held else None
    return tuple(door.rows(Access, query("evidence/access"), [list(oids), roles or "{}"]))


def run_probes(door: Door, probes: Iterable[str]) -> tuple[Probe, ...]:
    """Ask each probe in the door's snapshot.

    :raises Refused: a probe is not one reading SELECT.
    """
    answers = []
    for sql in probes:
        vet_probe(sql)
        value = door.value(sql)
        answers.append(Probe(sql=sql, answer=value if isinstance(value, bool) else None))
    return tuple(answers)


def require_true(probes: Iterable[Probe]) -> None:
    """See that every probe is true before anything begins: one that is not could not show a harm.

    :raises PreflightFailed: one is false, or answers something else than true or false.
    """
    for probe in probes:
        if probe.answer is not True:
            raise PreflightFailed(
                f"the probe {probe.sql!r} is {probe.answer} before the window opens",
                hint="A probe answers one boolean that is true as long as all is well: correct [validate] probes.",
                code="probe",
            )


def compare_access(before: Iterable[Access], after: Iterable[Access]) -> tuple[AccessReport, ...]:
    """Each subject's state before and after."""
    old = {one.subject: one.state for one in before}
    new = {one.subject: one.state for one in after}
    return tuple(
        AccessReport(
            subject=subject,
            before=old.get(subject, ""),
            after=new.get(subject, ""),
            equal=old.get(subject) == new.get(subject),
        )
        for subject in sorted(old.keys() | new.keys())
    )


def compare_probes(before: Iterable[Probe], after: Iterable[Probe]) -> tuple[ProbeReport, ...]:
    """Each probe's answer before and after."""
    now = {probe.sql: probe.answer for probe in after}
    return tuple(ProbeReport(sql=probe.sql, before=probe.answer, after=now.get(probe.sql)) for probe in before)
