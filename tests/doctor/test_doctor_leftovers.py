"""What is named as a window's objects are: whose it is decides what is said of it, and whether a DROP is offered."""

from __future__ import annotations

from doctor_world import examine
from support.pair import Pair

from egrow_replica.model import Server, Severity
from egrow_replica.replication.names import production_half

DEV, PROD = Server.DEV, Server.PROD
IDENTITY = """SELECT system_identifier || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())
              FROM pg_control_system()"""


def test_whose_a_leftover_is(pair: Pair) -> None:
    pair.ok("sync", "--name", "ended", "--no-backup")
    identity = str(pair.value(PROD, IDENTITY))
    ended = pair.common("ended")
    unknown = f"egrow_never_heard_{production_half(identity)}000000"
    anothers = f"egrow_theirs_{production_half('7/5')}000000"
    for name in (ended, unknown, anothers, "egrow_old", "egrow_claimed"):
        pair.dev_sql(f"CREATE PUBLICATION {name} FOR TABLE events")
    claim = "egrow-replica: window claimed (without id) of production 7/5"
    pair.dev_sql(f"COMMENT ON PUBLICATION egrow_claimed IS '{claim}'")
    pair.prod_sql("SELECT pg_replication_origin_create(%s)", ended)
    checks = [one for one in examine(pair).checks if one.id in ("leftovers", "unknown-window")]
    told = {
        (one.server.value, one.subject): (one.id, one.severity, "DROP " in one.remedy or "_drop" in one.remedy)
        for one in checks
    }
    told.pop(("prod", "egrow_old"), None)  # another test's: origins are the servers'
    assert told == {
        ("dev", ended): ("leftovers", Severity.WARNING, True),
        ("dev", unknown): ("unknown-window", Severity.ERROR, False),
        ("dev", anothers): ("leftovers", Severity.INFO, False),
        ("dev", "egrow_old"): ("leftovers", Severity.WARNING, False),
        ("dev", "egrow_claimed"): ("leftovers", Severity.INFO, False),
        ("prod", ended): ("leftovers", Severity.WARNING, True),
    }
