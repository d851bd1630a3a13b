"""Everything wrong at once: doctor finds all of it and nothing else, and its remedies are good ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest
from doctor_world import CONTENT, DEV, HALF_MADE, ON_DEV, ON_PROD, PROD, ROWS_ON_DEV, TABLES, apply, examine
from support.pair import SIDES, Pair

from egrow_replica.lab import conninfo
from egrow_replica.model import Severity, Side

#: What there is in the academy already.
USUAL = {
    "info dev slot-limits max_slot_wal_keep_size",
    "warning both unknown-user-table public.posts",
    "warning prod unique-differs public.products",
    "warning prod unique-differs public.prices",
}
PLANTED = {
    # how tables are defined
    "error prod drift-column public.Artículo",
    "error prod drift-type public.Artículo",
    "error prod drift-enum public.Artículo",
    "warning prod drift-null public.Artículo",
    "warning prod drift-check public.Artículo",
    "warning prod drift-unique public.Artículo",
    "warning prod drift-exclusion public.Artículo",
    "warning prod drift-generated public.Artículo",
    "warning prod drift-domain public.price",
    "warning prod drift-partitions public.regions",
    "warning dev partition-moves public.regions",
    "info prod drift-default public.Artículo",
    "info prod drift-identity public.Artículo",
    "info prod drift-collation public.Artículo",
    "info prod drift-order public.Artículo",
    "info prod drift-enum-order public.Artículo",
    # what tables are
    "error dev no-key public.silent",
    "error dev no-key public.whole",
    "error prod no-key public.late",
    "error prod unlogged public.forgetful",
    "error dev large-objects public.files.data",
    "warning dev large-objects public.files.number",
    "error prod reaches-table public.courses",
    "info prod bypassed-triggers public.topics",
    "info prod outside-wal public.cache",
    "info prod invalid-index public.Artículo",
    "info dev invalid-index public.late",
    # rows
    "error prod check-refused public.loose",
    "error prod no-partition public.regions",
    "warning prod moved-rows public.regions",
    "error prod null-refused public.loose",
    "error prod reference-changes public.marks",
    "warning prod unique-differs public.marks",
    "error prod too-long public.Artículo",
    "error prod out-of-range public.Artículo",
    "error prod enum-refused public.Artículo",
    "error prod null-refused public.Artículo",
    "error prod check-refused public.Artículo",
    "error prod unique-collision public.Artículo",
    "error prod unique-collision public.topics",
    "error prod unique-exchange public.topics",
    "warning prod unique-differs public.topics",
    "error prod same-key public.topics",
    "error prod no-default public.topics",
    "error prod missing-reference public.courses",
    # roles
    "error dev row-security public.late",
    "error dev privilege egrow_operator",
    "warning prod connections {database}",
    "error prod row-security public.likes",
    "error prod privilege public.comments",
    "error prod wide-privileges egrow_apply",
    "error prod wide-privileges egrow_restore",
    "error prod wide-privileges egrow_reconcile",
    "warning prod content-roles egrow_reconcile",
    "warning prod wide-operator egrow_operator",
    "error prod content-roles public.prices",
    'error prod content-roles "public"."Artículo_number_seq"',
    "warning dev timeouts egrow_stream",
    "warning prod timeouts {database}",
    # what others left
    "warning dev leftovers egrow_old",
    "warning prod leftovers egrow_old",
    "warning prod other-subscriptions public.events",
    "warning dev other-subscriptions public.events",
    "error dev prepared-transactions forgotten",
    "warning prod prepared-transactions forgotten too",
    "warning prod backup-mode {backups}",
}


@pytest.fixture(scope="module")
def sick(new_pair: Callable[..., Pair]) -> Iterator[Pair]:
    pair = new_pair()
    pair.both_sql(TABLES)
    # So little WAL fits onto any disk.
    pair.configure(
        tables={"preset": "egrow-academy", "content": CONTENT, "user": ["cache", "holders"]},
        window={"max_wal_retained": "64MB"},
    )
    pair.set_up()
    pair.dev_sql(ON_DEV.replace("{database}", pair.database))
    pair.dev_sql(ROWS_ON_DEV)
    pair.prod_sql(ON_PROD.replace("{database}", pair.database))
    for server, table, column in ((DEV, "late", "body"), (PROD, '"Artículo"', "number")):
        with pytest.raises(psycopg.errors.UniqueViolation):
            pair.run_sql(server, HALF_MADE.format(table=table, column=column))
    pair.dev_sql(f"ALTER ROLE egrow_stream IN DATABASE {pair.database} SET statement_timeout = '5s'")
    pair.prod_sql(f"ALTER DATABASE {pair.database} SET idle_session_timeout = '1min'")
    pair.dev_sql("CREATE PUBLICATION egrow_old FOR TABLE events")
    pair.dev_sql("SELECT pg_create_logical_replication_slot('egrow_old', 'pgoutput')")
    pair.prod_sql("SELECT pg_replication_origin_create('egrow_old')")
    pair.dev_sql("CREATE PUBLICATION theirs FOR TABLE events")
    stream = conninfo.write(conninfo.parse(pair.logins["stream"])).replace("'", "''")
    pair.both_sql(
        f"CREATE SUBSCRIPTION theirs CONNECTION '{stream}' PUBLICATION theirs WITH (create_slot = false, "
        "slot_name = 'nowhere', copy_data = false)"
    )
    with pair.connect(DEV) as dev:
        dev.execute("BEGIN")
        dev.execute("""UPDATE users SET bio = 'x' WHERE id = (SELECT min(id) FROM users)""")
        dev.execute("PREPARE TRANSACTION 'forgotten'")
    with pair.connect(PROD) as prod:
        prod.execute("BEGIN")
        prod.execute("LOCK TABLE users IN ROW SHARE MODE")
        prod.execute("PREPARE TRANSACTION 'forgotten too'")
    pair.backups.mkdir()
    pair.backups.chmod(0o775)
    yield pair
    pair.both_sql("ALTER ROLE egrow_operator NOBYPASSRLS")
    for server in SIDES:
        if pair.run_sql(server, "SELECT 1 FROM pg_subscription WHERE subname = 'theirs'"):
            for action in ("DISABLE", "SET (slot_name = NONE)"):
                pair.run_sql(server, f"ALTER SUBSCRIPTION theirs {action}")
            pair.run_sql(server, "DROP SUBSCRIPTION theirs")
    for server in SIDES:
        for (gid,) in pair.run_sql(server, "SELECT gid FROM pg_prepared_xacts WHERE gid LIKE 'forgotten%'"):
            pair.run_sql(server, f"ROLLBACK PREPARED '{gid}'")
    pair.dev_sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'egrow_old'")


def named(pair: Pair, lines: set[str]) -> set[str]:
    return {line.format(database=pair.database, backups=pair.backups) for line in lines}


def test_every_hazard_and_nothing_else(sick: Pair) -> None:
    found = examine(sick)
    lines = found.lines() - {f"info prod stream-reach {_shown(sick)}", "info prod unclassified unclassified tables"}
    wanted = named(sick, PLANTED | USUAL)
    assert (lines - wanted, wanted - lines) == (set(), set())
    assert found.failure is not None
    assert found.failure.exit_code == 3  # something could write users


def _shown(pair: Pair) -> str:
    values = conninfo.parse(pair.logins["stream"])
    return " ".join(f"{key}={values[key]}" for key in ("host", "port", "dbname", "user"))


def test_rows_are_named(sick: Pair) -> None:
    found = examine(sick)
    rows = {check.id: check.rows for check in found.checks if check.subject == "public.Artículo"}
    assert rows["too-long"] == ("10",)
    assert rows["out-of-range"] == ("11",)
    assert rows["enum-refused"] == ("12",)
    assert rows["null-refused"] == ("13",)
    assert rows["check-refused"] == ("14",)
    assert rows["unique-collision"] == ("16 → 15 (on dev too)",)
    loose = [check.rows for check in found.checks if check.subject == "public.loose" and check.id == "check-refused"]
    assert loose == [("1",), ("2",)]
    assert found.one("reference-changes").rows == ("1",)
    assert sorted(found.one("no-partition").rows) == ["(2, west)", "(3, west)"]
    assert found.one("moved-rows").rows == ("(3, north) → (3, west)",)
    topics = {check.id: check.rows for check in found.checks if check.subject == "public.topics"}
    assert topics["same-key"] == ("1",)
    assert sorted(topics["unique-exchange"]) == ["2", "3"]
    assert topics["unique-collision"] == ("20 → 7",)
    assert sorted(topics["unique-differs"]) == ["1", "2", "3", "4", "5"]


def test_enable_refuses_before_it_writes(sick: Pair) -> None:
    with sick.unchanged():
        result = sick.cli("enable", "--no-backup")
    assert result.exit_code == 3, str(result)
    assert "public.users" in result.message
    assert "exchange values of (slug)" in result.message


#: What stays, because it harms nothing, or is what a window is for.
NO_HARM = {
    "info prod drift-order public.Artículo",
    "info prod drift-enum-order public.Artículo",
    "info prod bypassed-triggers public.topics",
    "info prod outside-wal public.cache",
    "warning prod unique-differs public.topics",
    "warning prod unique-differs public.marks",
    # It has neither an id nor a comment, so it may be another production's.
    "warning dev leftovers egrow_old",
    "warning prod leftovers egrow_old",
    # As long as its content has partitions.
    "warning dev partition-moves public.regions",
}


#: What is put right together, and looked at again: the first words of the findings' ids. Rows last: what they are
#: compared by has to be there.
GROUPS = (
    (
        *("leftovers", "other-subscriptions", "prepared-transactions", "timeouts", "connections", "backup-mode"),
        *("privilege", "row-security", "wide-", "content-roles"),
    ),
    ("drift-", "invalid-index", "no-key", "unlogged", "large-objects", "reaches-table"),
    ("",),
)


def test_remedies_cure(sick: Pair) -> None:
    """Each remedy is run as it was printed, by itself, and what it was printed for is gone."""
    found = examine(sick)
    for group in GROUPS:
        chosen = [one for one in found.checks if one.id.startswith(group) and one.severity is not Severity.OK]
        for check in chosen:
            apply(sick, check)
        lines = {f"{one.severity} {one.server} {one.id} {one.subject}" for one in chosen}
        found = examine(sick)
        assert found.lines() & lines <= named(sick, NO_HARM | USUAL) | _told_always(sick), group
    assert {one.severity for one in found.checks} == {Severity.OK, Severity.INFO, Severity.WARNING}
    sick.ok("enable", "--name", "cured", "--no-backup")
    open_window = examine(sick)
    assert open_window.one("window").subject == "cured"
    unclear = [one for one in open_window.of("leftovers") if one.severity is not Severity.OK]
    assert {one.subject for one in unclear} == {"egrow_old"}
    sick.ok("disable")
    sick.configure(logins={"dev": sick.logins["prod"], "prod": sick.logins["dev"]})
    assert examine(sick).one("swapped").server is Side.BOTH


def _told_always(pair: Pair) -> set[str]:
    # The trigger on courses rests once it has been told not to fire always.
    return {
        f"info prod stream-reach {_shown(pair)}",
        "info prod unclassified unclassified tables",
        "info prod bypassed-triggers public.courses",
    }
