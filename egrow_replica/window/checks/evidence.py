"""Checks of what a verdict would rest on: production's WAL, the origins of its commits, or neither."""

from __future__ import annotations

from collections.abc import Iterator

from egrow_replica.catalog.conditions import WalEvidence, read_wal_evidence
from egrow_replica.model import Check, Server, Severity
from egrow_replica.window.checks.base import error, finding, info, inspection
from egrow_replica.window.checks.remedies import name
from egrow_replica.window.checks.view import View

PROD = Server.PROD
_READER = "egrow_ext.pg_get_wal_records_info(pg_lsn, pg_lsn)"


@inspection("wal-evidence", PROD, subject="evidence", fine="production's WAL can be read, and kept until it was")
def wal(view: View, server: Server) -> Iterator[Check]:
    """The strongest evidence on a production that is written to; without it a window ends as ``origin`` at best."""
    found, required = read_wal_evidence(view.prod), view.settings.evidence.require == "wal"
    for message, remedy in _lacking(found, name(view.facts(server).role)):
        severity = Severity.ERROR if required else Severity.WARNING
        text = f"{message}: WAL cannot tell who wrote a user's table"
        text += ', and [evidence] require = "wal" demands it' if required else ""
        yield finding("wal-evidence", severity, server, "pg_walinspect", text, remedy)
        return
    if not found.bounds_slots:
        message = "it is not set, so WAL is kept for the evidence only until the window streams"
        remedy = "ALTER SYSTEM SET max_slot_wal_keep_size = '20GB'; SELECT pg_reload_conf();"
        yield info("wal-evidence", server, "max_slot_wal_keep_size", message, remedy)


def _lacking(found: WalEvidence, role: str) -> Iterator[tuple[str, str]]:
    """What stands in the way, the first thing first."""
    if found.wal_level == "minimal":
        yield "wal_level is minimal", "ALTER SYSTEM SET wal_level = replica; -- then restart production"
    if not found.is_shipped:
        yield "this build has no pg_walinspect", "Install PostgreSQL's contrib modules, and run `egrow-replica setup`."
    if not found.is_there:
        make = "CREATE SCHEMA IF NOT EXISTS egrow_ext; CREATE EXTENSION pg_walinspect SCHEMA egrow_ext;"
        yield "the extension pg_walinspect is not in the schema egrow_ext", f"{make} {_grants(role)}"
    if not found.may_read:
        yield "our role may not read WAL", _grants(role)
    if not found.may_keep:
        yield "our role may not make a slot that keeps WAL", f"ALTER ROLE {role} REPLICATION;"
    if found.free_slots < 1:
        remedy = "ALTER SYSTEM SET max_replication_slots = 20; -- then restart production"
        yield "no replication slot is left to keep WAL", remedy


def _grants(role: str) -> str:
    return f"GRANT USAGE ON SCHEMA egrow_ext TO {role}; GRANT EXECUTE ON FUNCTION {_READER} TO {role};"


@inspection("commit-timestamps", PROD, subject="track_commit_timestamp", fine="it is on: who wrote a row can be told")
def commit_timestamps(view: View, server: Server) -> Iterator[Check]:
    """What tells the origin of a row."""
    if view.facts(server).tracks_commits:
        return
    required = view.settings.evidence.require == "origin" and any(_lacking(read_wal_evidence(view.prod), ""))
    yield finding(
        "commit-timestamps",
        Severity.ERROR if required else Severity.WARNING,
        server,
        "track_commit_timestamp",
        "it is off: where WAL does not tell who wrote a user's row nothing does, and a table that changes is unproven",
        "ALTER SYSTEM SET track_commit_timestamp = on; -- then restart production",
    )


@inspection("row-counters", PROD, subject="track_counts", fine="what a transaction of ours writes is counted")
def counters(view: View, server: Server) -> Iterator[Check]:
    """A transaction that writes content is held against its own counters before it commits."""
    setting = view.server_settings(server).get("track_counts")
    if setting is not None and setting.value != "on" and not setting.may_set:
        yield error(
            "row-counters",
            server,
            setting.name,
            "it is off, and our role may not turn it on: no transaction that writes content could be judged before it "
            "commits",
            f"GRANT SET ON PARAMETER track_counts TO {name(view.facts(server).role)}; -- `egrow-replica setup` does it",
        )


CHECKS = (*wal, *commit_timestamps, *counters)
