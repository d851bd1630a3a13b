"""The journal is gone while a window streams: every command says so, and the window can be closed all the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from psycopg.types.json import Json
from support.pair import Pair, further_production
from support.waiting import wait_until

from egrow_replica.model import Server

DEV, PROD = Server.DEV, Server.PROD
COURSE = """INSERT INTO courses (id, title, slug, "updatedAt", category) VALUES (%s, '', %s, now(), 'LIDERAZGO')"""
FORGET = "DROP SCHEMA egrow_replica CASCADE"
REFUSED = (
    ("enable",),
    ("sync",),
    ("plan",),
    ("enable", "--validate-only"),
    ("disable",),
    ("disable", "--force"),
    ("pause",),
    ("resume",),
    ("restore",),
    ("validate",),
)


def test_every_command_says_so(pair: Pair) -> None:
    pair.ok("enable", "--name", "forgotten", "--no-backup")
    pair.prod_sql(FORGET)
    for arguments in REFUSED:
        result = pair.cli(*arguments)
        assert (result.exit_code, result.error["code"]) == (8, "unknown-window"), str(result)
        assert "subscription egrow_forgotten_" in result.error["message"]
        assert "--orphan" in result.error["hint"]
    status = pair.cli("status")
    assert (status.exit_code, status.error["code"]) == (5, "unknown-window"), str(status)
    assert {(one["server"], one["kind"]) for one in status.json["unknown"]} >= {
        ("prod", "subscription"),
        ("dev", "publication"),
        ("dev", "slot"),
    }
    examined = pair.cli("doctor")
    assert examined.exit_code in (3, 4), str(examined)
    found = [one for one in examined.json["checks"] if one["id"] == "unknown-window"]
    assert {one["severity"] for one in found} == {"error"}
    assert {one["server"] for one in found} == {"dev", "prod"}
    assert not [one for one in found if "DROP " in one["remedy"] or "pg_drop" in one["remedy"]]
    pair.ok("disable", "--orphan")
    assert pair.leftovers() == []


def test_it_is_closed_by_what_stands_on_the_servers(pair: Pair) -> None:
    pair.ok("enable", "--name", "lost-one", "--no-backup")
    common = pair.common("lost-one")
    pair.prod_sql(FORGET)
    with pair.application():
        pair.dev_sql(COURSE, "still", "still")
        wait_until(lambda: pair.prod_sql("SELECT 1 FROM courses WHERE id = 'still'"), what="the stream goes on")
        closed = pair.ok("disable", "--orphan").json
    assert closed["window"] == {"name": "lost-one", "state": "closed"}
    assert closed["validation"] is None
    assert any("not judged" in note for note in closed["notes"])
    assert {(one["server"], one["kind"], one["name"]) for one in closed["removed"]} == {
        ("prod", "subscription", common),
        ("prod", "origin", common),
        ("prod", "slot", f"{common}_wal"),
        ("dev", "slot", common),
        ("dev", "publication", common),
    }
    assert pair.leftovers() == []
    again = pair.cli("disable", "--orphan")
    assert (again.exit_code, again.error["code"]) == (8, "no-window")
    pair.ok("sync", "--no-backup")


def test_where_the_journal_is_older_than_the_window(pair: Pair) -> None:
    """Production's journal comes from before: it is there, and knows other windows."""
    pair.ok("sync", "--name", "known", "--no-backup")
    pair.ok("enable", "--name", "unknown", "--no-backup")
    pair.prod_sql("DELETE FROM egrow_replica.window WHERE name = 'unknown'")
    refused = pair.cli("enable", "--name", "second")
    assert (refused.exit_code, refused.error["code"]) == (8, "unknown-window"), str(refused)
    assert pair.cli("status").exit_code == 5
    pair.ok("disable", "--orphan")
    assert pair.leftovers() == []


def test_only_dev_is_left(pair: Pair) -> None:
    """Production was restored to a time before its window: only dev still has its slot and publication."""
    pair.ok("enable", "--name", "half", "--no-backup")
    common = pair.common("half")
    for action in ("DISABLE", "SET (slot_name = NONE)"):
        pair.prod_sql(f"ALTER SUBSCRIPTION {common} {action}")
    pair.prod_sql(f"DROP SUBSCRIPTION {common}")
    pair.prod_sql(f"SELECT pg_drop_replication_slot('{common}_wal')")
    pair.prod_sql(f"SELECT pg_replication_origin_drop('{common}')")
    pair.prod_sql("DELETE FROM egrow_replica.window")
    refused = pair.cli("enable", "--name", "second")
    assert refused.exit_code == 4, str(refused)
    assert refused.error["code"] == "unknown-window"
    pair.ok("disable", "--orphan")
    assert pair.leftovers() == []


def test_a_subscription_under_another_name(pair: Pair) -> None:
    """Renamed, it writes all the same, and no command may think that the stream has ended."""
    pair.ok("enable", "--name", "renamed", "--no-backup")
    pair.prod_sql(f"ALTER SUBSCRIPTION {pair.common('renamed')} RENAME TO innocent")
    refused = pair.cli("disable")
    assert (refused.exit_code, refused.error["code"]) == (8, "unknown-window"), str(refused)
    assert pair.cli("status").exit_code == 5
    validated = pair.cli("validate")
    assert validated.exit_code == 5
    assert any("innocent" in problem for problem in validated.json["problems"])
    pair.ok("disable", "--orphan")
    assert pair.cli("disable").exit_code == 5  # the subscription is gone, and that is said
    assert pair.leftovers() == []


THIEF = """
CREATE FUNCTION thief() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
  $$BEGIN UPDATE public.achievements SET title = 'stolen'; RETURN NULL; END$$;
CREATE TRIGGER thief AFTER UPDATE ON events FOR EACH ROW EXECUTE FUNCTION thief();
ALTER TABLE events ENABLE ALWAYS TRIGGER thief
"""


@pytest.mark.parametrize("name", ["egrow_by_hand", "theirs"])
def test_what_any_stream_into_content_writes_is_ours(pair: Pair, name: str) -> None:
    """One of this program that nobody knows, or one of others: a user's row that its worker changes was touched."""
    pair.ok("enable", "--name", "judged", "--no-backup")
    pair.ok("pause")
    pair.dev_sql(f"CREATE PUBLICATION {name} FOR TABLE events")
    pair.dev_sql("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", f"{name}_{pair.database}")
    pair.prod_sql(THIEF)
    stream = pair.logins["stream"].replace("'", "''")
    pair.prod_sql(
        f"CREATE SUBSCRIPTION {name} CONNECTION '{stream}' PUBLICATION {name}"
        f" WITH (create_slot = false, slot_name = '{name}_{pair.database}', copy_data = false)"
    )
    pair.dev_sql("UPDATE events SET title = title || '!'")
    stolen = "SELECT count(*) FROM achievements WHERE title = 'stolen'"
    wait_until(lambda: pair.value(PROD, stolen), what="the other worker's write")
    validated = pair.cli("validate")
    assert validated.exit_code == 5, str(validated)
    verdicts = {one["table"]: one["verdict"] for one in validated.json["tables"]}
    assert verdicts["public.achievements"] == "touched"
    assert validated.json["verdict"] == "touched"


def test_two_windows_in_databases_of_one_cluster_do_not_count_for_each_other(new_pair: Callable[..., Pair]) -> None:
    """Origins are the cluster's: what the other window brings into the other database is its own affair."""
    one, other = new_pair(), new_pair()
    one.ok("enable", "--name", "same", "--no-backup")
    other.ok("enable", "--name", "same", "--no-backup")
    for pair in (one, other):
        pair.dev_sql(COURSE, "n", "n")
        wait_until(lambda p=pair: p.prod_sql("SELECT 1 FROM courses WHERE id = 'n'"), what="the course")
    for pair in (other, one):
        assert pair.ok("validate").json["verdict"] == "intact"
        closed = pair.ok("disable").json
        assert closed["validation"]["verdict"] == "intact"
        assert closed["left_behind"] == []


def test_content_comes_back_from_the_backup_alone(pair: Pair) -> None:
    """The journal is gone after the window: what it wrote is put back, a row of production's own stays."""
    before = pair.content()
    pair.dev_sql(COURSE, "from-dev", "from-dev")
    pair.ok("sync", "--name", "gone", "--no-backup")
    assert pair.content() != before
    (backup,) = pair.backups.iterdir()
    pair.prod_sql(FORGET)
    counted = pair.ok("restore", "--backup", str(backup), "--dry-run").json
    assert pair.journal("gone") == ("", [])
    restored = pair.ok("restore", "--backup", str(backup)).json
    assert {one["table"]: one["removed"] for one in restored["tables"]}["public.courses"] > 0
    assert [one["table"] for one in counted["tables"]] == [one["table"] for one in restored["tables"]]
    assert restored["window"]["name"] == "gone"
    assert restored["validation"]["verdict"] in ("intact", "changed_by_application")
    assert any("does not know this window" in note for note in restored["notes"])
    assert pair.content() == before
    assert pair.leftovers() == []
    again = pair.ok("restore", "gone").json
    assert all(one["reverted"] + one["removed"] + one["reinserted"] == 0 for one in again["tables"])
    pair.ok("sync", "--name", "next", "--no-backup")


def test_production_s_own_rows_stay_where_only_the_backup_is_known(pair: Pair) -> None:
    pair.ok("sync", "--name", "gone", "--no-backup")
    (backup,) = pair.backups.iterdir()
    pair.prod_sql(FORGET)
    pair.prod_sql(COURSE, "local", "local")
    restored = pair.ok("restore", "--backup", str(backup)).json
    assert {one["table"]: one["locally_edited"] for one in restored["tables"]}["public.courses"] == 1
    assert pair.prod_sql("SELECT 1 FROM courses WHERE id = 'local'")


def test_a_backup_of_a_table_that_is_another_now(pair: Pair) -> None:
    pair.ok("sync", "--name", "gone", "--no-backup")
    (backup,) = pair.backups.iterdir()
    pair.prod_sql(FORGET)
    pair.prod_sql("ALTER TABLE events ADD COLUMN later int")
    with pair.unchanged():
        refused = pair.cli("restore", "--backup", str(backup))
    assert (refused.exit_code, refused.error["code"]) == (4, "relation-changed"), str(refused)
    assert "public.events" in refused.error["message"]


def test_a_stream_that_goes_on_is_ended_before_a_restore(pair: Pair) -> None:
    pair.ok("enable", "--name", "goes-on", "--no-backup")
    (backup,) = pair.backups.iterdir()
    pair.prod_sql(FORGET)
    refused = pair.cli("restore", "--backup", str(backup))
    assert (refused.exit_code, refused.error["code"]) == (8, "unknown-window"), str(refused)
    pair.ok("disable", "--orphan")
    pair.ok("restore", "--backup", str(backup))


def test_what_is_only_named_like_ours_is_not_dropped(pair: Pair) -> None:
    """Others may like the prefix too: without our id, and not as our role, it is nobody's that we know."""
    stream = pair.logins["stream"].replace("'", "''")
    pair.dev_sql("CREATE PUBLICATION egrow_nightly FOR TABLE achievements")
    pair.dev_sql("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", f"egrow_nightly_{pair.database}")
    pair.prod_sql(
        f"CREATE SUBSCRIPTION egrow_nightly CONNECTION '{stream}' PUBLICATION egrow_nightly"
        f" WITH (create_slot = false, slot_name = 'egrow_nightly_{pair.database}', copy_data = false)"
    )
    pair.prod_sql("SELECT pg_create_physical_replication_slot(%s)", f"egrow_standby_{pair.database}")
    refused = pair.cli("disable", "--orphan")
    assert (refused.exit_code, refused.error["code"]) == (8, "no-window"), str(refused)
    told = [one for one in pair.cli("doctor").json["checks"] if one["id"] == "leftovers" and one["severity"] != "ok"]
    assert {one["subject"] for one in told} >= {"egrow_nightly", f"egrow_standby_{pair.database}"}
    assert not [one for one in told if "DROP " in one["remedy"] or "_drop" in one["remedy"]]
    assert pair.prod_sql("SELECT 1 FROM pg_subscription WHERE subname = 'egrow_nightly'")


def test_a_copy_of_production_ends_nothing_of_the_original(new_pair: Callable[..., Pair]) -> None:
    """Its journal says that a window is open, but it is not its own."""
    original = new_pair()
    original.ok("enable", "--name", "living", "--no-backup")
    original.ok("pause")
    copy = further_production(original)
    with original.connect(PROD) as source, copy.connect(PROD) as target:
        target.execute("TRUNCATE egrow_replica.window CASCADE")
        columns = "name, state, opened_at, os_user, os_host, database_role, program_version, dev_identity"
        columns += ", prod_identity, setting, scope, baseline, progress"
        for row in source.execute(f"SELECT {columns} FROM egrow_replica.window").fetchall():
            values = [Json(one) if isinstance(one, dict) else one for one in row]
            target.execute(f"INSERT INTO egrow_replica.window ({columns}) VALUES ({', '.join(['%s'] * 13)})", values)
    for command, code in (("status", 5), ("validate", 8), ("disable", 8), ("enable", 8), ("resume", 8)):
        result = copy.cli(command)
        assert (result.exit_code, result.error["code"]) == (code, "copied-journal"), str(result)
    closed = copy.ok("disable", "--orphan").json
    assert [one for one in closed["removed"] if one["server"] == "dev"] == []
    assert copy.ok("status").json["window"] is None
    original.dev_sql(COURSE, "after", "after")
    original.ok("resume")
    wait_until(lambda: original.prod_sql("SELECT 1 FROM courses WHERE id = 'after'"), what="the original's stream")
    original.ok("disable")
    copy.drop()


def test_a_subscription_of_another_owner(pair: Pair) -> None:
    """It writes with that one's rights, and the operator cannot end it: that is told, and nothing else is removed."""
    pair.ok("enable", "--name", "given", "--no-backup")
    common = pair.common("given")
    pair.prod_sql(f"ALTER SUBSCRIPTION {common} OWNER TO postgres")
    for arguments in (("status",), ("validate",)):
        result = pair.cli(*arguments)
        assert result.exit_code == 5, str(result)
        assert "belongs to postgres" in result.error["message"]
    stuck = pair.cli("disable")
    assert stuck.exit_code == 8, str(stuck)
    assert "OWNER TO egrow_apply" in stuck.message
    alert = pair.cli("status")  # it is closing, and goes on streaming
    assert alert.exit_code == 5, str(alert)
    pair.prod_sql("DELETE FROM egrow_replica.window")
    orphan = pair.cli("disable", "--orphan")
    assert orphan.exit_code == 8, str(orphan)
    assert orphan.json["removed"] == []
    pair.prod_sql(f"ALTER SUBSCRIPTION {common} OWNER TO egrow_apply")
    pair.ok("disable", "--orphan")
    assert pair.leftovers() == []


def test_dev_is_down_while_it_is_closed(pair: Pair) -> None:
    """What stays on dev is named."""
    pair.ok("enable", "--name", "alone", "--no-backup")
    common = pair.common("alone")
    pair.prod_sql(FORGET)
    logins = dict(pair.logins)
    pair.configure(logins={"dev": logins["dev"].replace("127.0.0.1", "127.0.0.99")})
    assert pair.cli("disable", "--orphan").exit_code == 7
    closed = pair.ok("disable", "--orphan", "--force").json
    assert [(one["kind"], one["name"]) for one in closed["left_behind"]] == [("publication", common), ("slot", common)]
    pair.configure(logins=logins)
    assert pair.cli("status").exit_code == 5
    pair.ok("disable", "--orphan")
    assert pair.leftovers() == []


def test_the_journal_goes_in_the_middle_of_a_command(pair: Pair) -> None:
    with pair.start("enable", "--name", "torn", "--no-backup") as running:
        wait_until(lambda: ("baseline", "intent") in pair.journal("torn")[1], what="the baseline")
        pair.prod_sql(FORGET)
        torn = running.result()
    assert (torn.exit_code, torn.error["code"]) == (8, "unknown-window"), str(torn)
    pair.ok("disable", "--orphan")
    assert pair.leftovers() == []


def test_a_backup_of_an_earlier_window_of_that_name(pair: Pair) -> None:
    pair.ok("sync", "--name", "twice", "--no-backup")
    (first,) = pair.backups.iterdir()
    pair.prod_sql(FORGET)
    pair.set_up()
    wait_until(lambda: datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ") not in first.name, what="the next second")
    pair.ok("sync", "--name", "twice", "--no-backup")
    with pair.unchanged():
        refused = pair.cli("restore", "--backup", str(first))
    assert (refused.exit_code, refused.error["code"]) == (8, "other-backup"), str(refused)
