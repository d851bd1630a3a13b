"""The journal is gone while a window streams: every command says so, and the window can be closed all the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.pair import Pair
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
