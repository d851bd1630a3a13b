"""Everything wrong at once: doctor finds all of it and nothing else, and its remedies are good ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from doctor_world import CONTENT, DEV, ON_DEV, ON_PROD, PROD, ROWS_ON_DEV, TABLES, examine
from support.pair import SIDES, Pair

from egrow_replica.lab import conninfo
from egrow_replica.model import Check, Severity, Side

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
    # rows
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
    "error prod row-security public.likes",
    "error prod privilege public.comments",
    "error prod wide-privileges egrow_apply",
    "error prod wide-privileges egrow_restore",
    "warning prod wide-operator egrow_operator",
    "error prod content-roles public.prices",
    'error prod content-roles "public"."Artículo_number_seq"',
    "warning dev timeouts egrow_stream",
    "warning prod timeouts {database}",
    # what others left
    "warning dev leftovers egrow_old",
    "warning prod leftovers egrow_old",
    "warning prod other-subscriptions public.events",
    "error dev prepared-transactions forgotten",
    "warning prod prepared-transactions forgotten too",
    "warning prod backup-mode {backups}",
}


@pytest.fixture(scope="module")
def sick(new_pair: Callable[..., Pair]) -> Iterator[Pair]:
    pair = new_pair()
    pair.both_sql(TABLES)
    pair.configure(tables={"preset": "egrow-academy", "content": CONTENT, "user": ["cache"]})
    pair.set_up()
    pair.dev_sql(ON_DEV)
    pair.dev_sql(ROWS_ON_DEV)
    pair.prod_sql(ON_PROD)
    pair.dev_sql(f"ALTER ROLE egrow_stream IN DATABASE {pair.database} SET statement_timeout = '5s'")
    pair.prod_sql(f"ALTER DATABASE {pair.database} SET idle_session_timeout = '1min'")
    pair.dev_sql("CREATE PUBLICATION egrow_old FOR TABLE events")
    pair.dev_sql("SELECT pg_create_logical_replication_slot('egrow_old', 'pgoutput')")
    pair.prod_sql("SELECT pg_replication_origin_create('egrow_old')")
    pair.dev_sql("CREATE PUBLICATION theirs FOR TABLE events")
    stream = conninfo.write(conninfo.parse(pair.logins["stream"])).replace("'", "''")
    pair.prod_sql(
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
    pair.backups.mkdir(mode=0o755)
    yield pair
    pair.prod_sql("ALTER ROLE egrow_operator NOBYPASSRLS")
    if pair.prod_sql("SELECT 1 FROM pg_subscription WHERE subname = 'theirs'"):
        for action in ("DISABLE", "SET (slot_name = NONE)"):
            pair.prod_sql(f"ALTER SUBSCRIPTION theirs {action}")
        pair.prod_sql("DROP SUBSCRIPTION theirs")
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


#: What has no SQL, because only a person can decide.
BY_HAND = {
    "unique-collision": "UPDATE public.topics SET slug = 'free' WHERE id = 20;"
    """UPDATE public."Artículo" SET spot = 'other' WHERE id = 16""",
    "unique-exchange": "UPDATE public.topics SET slug = 'x-' || id WHERE id IN (2, 3)",
    "same-key": """UPDATE public.topics SET slug = 'topic-1', "createdAt" = '2026-01-01' WHERE id = 1""",
    "large-objects": "ALTER TABLE public.files DROP COLUMN data, DROP COLUMN number",
}


#: What stays, because it harms nothing, or is what a window is for.
NO_HARM = {
    "info prod drift-order public.Artículo",
    "info prod drift-enum-order public.Artículo",
    "info prod bypassed-triggers public.topics",
    "info prod outside-wal public.cache",
    "warning prod unique-differs public.topics",
}


def test_remedies_cure(sick: Pair) -> None:
    found = examine(sick)
    for slug, sql in BY_HAND.items():
        assert found.of(slug)
        sick.dev_sql(sql)
    sick.prod_sql("ALTER TABLE public.files DROP COLUMN data, DROP COLUMN number")
    for check in found.checks:
        apply(sick, check)
    for check in examine(sick).checks:  # what was hidden behind something else
        apply(sick, check)
    again = examine(sick)
    assert again.lines() & named(sick, PLANTED - NO_HARM) == set()
    sick.ok("enable", "--name", "cured", "--no-backup")
    open_window = examine(sick)
    assert open_window.one("window").subject == "cured"
    assert {one.severity for one in open_window.of("leftovers")} == {Severity.OK}
    assert sick.content(DEV, CONTENT[1:2]) != {}
    sick.ok("disable")
    sick.configure(logins={"dev": sick.logins["prod"], "prod": sick.logins["dev"]})
    assert examine(sick).one("swapped").server is Side.BOTH


def apply(pair: Pair, check: Check) -> None:
    """Run a remedy as it was printed, where it says or where it was found."""
    if check.remedy.startswith("chmod"):
        pair.backups.chmod(0o700)
    if not re.match(r"(ALTER (?!SYSTEM)|CREATE|DROP|GRANT|REVOKE|SELECT|UPDATE|ROLLBACK)", check.remedy):
        return
    server = DEV if "-- on dev" in check.remedy or check.server is Side.DEV else PROD
    for statement in check.remedy.partition(" -- ")[0].split("; "):
        pair.run_sql(server, statement.replace("%", "%%"))
