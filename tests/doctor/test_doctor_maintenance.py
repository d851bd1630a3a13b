"""Holding writes, looked at beforehand: the roles, our rights, who else writes, and a hold that was forgotten."""

from __future__ import annotations

from doctor_world import examine
from support.pair import Pair

from egrow_replica.model import Server, Severity


def test_without_roles_nothing_is_said(shared_pair: Pair) -> None:
    found = examine(shared_pair)
    assert {found.one(slug).severity for slug in ("maintenance", "not-held", "hold")} == {Severity.OK}


def test_roles_that_cannot_be_held_and_who_else_writes(shared_pair: Pair) -> None:
    shared_pair.configure(maintenance={"roles": ["nobody_knows"]})
    found = examine(shared_pair)
    assert found.one("maintenance").severity is Severity.WARNING
    assert found.one("maintenance").message == "production has no role nobody_knows"
    assert {"academy_app", "postgres"} <= {check.subject for check in found.of("not-held")}


def test_exact_evidence_needs_them(shared_pair: Pair) -> None:
    shared_pair.configure(evidence={"require": "exact"})
    assert examine(shared_pair).one("maintenance").severity is Severity.ERROR
    shared_pair.configure(maintenance={"roles": ["academy_app"]})
    found = examine(shared_pair)
    assert found.one("maintenance").severity is Severity.ERROR
    assert "WITH ADMIN TRUE, INHERIT FALSE, SET FALSE" in found.one("maintenance").remedy


def test_a_hold_is_told(shared_pair: Pair) -> None:
    shared_pair.prod_sql(
        "INSERT INTO egrow_replica.hold (os_user, os_host, database_role, roles, ends_at) VALUES ('ana', 'laptop', "
        "'postgres', '[]', now() - interval '1 h')"
    )
    try:
        check = examine(shared_pair).one("hold")
        assert check.severity is Severity.WARNING
        assert "ana@laptop; its time was over" in check.message
    finally:
        shared_pair.run_sql(Server.PROD, "DELETE FROM egrow_replica.hold")
