"""``setup --remove`` takes away what setup made and nothing else, from both servers or from neither."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from setup_world import OURS, checks, nothing_changes, our_roles, rights_here, setup
from support.pair import SIDES, Pair

from egrow_replica.model import Server

DEV, PROD = Server.DEV, Server.PROD


def test_it_leaves_nothing_but_the_journal(own: Pair) -> None:
    own.ok("sync", "--no-backup", "--name", "one")
    removed = setup(own, "--remove")
    assert removed.exit_code == 0, str(removed)
    assert removed.json["changed"] == ["dev", "prod"]
    assert [our_roles(own, server) for server in SIDES] == [[], []]
    assert own.value(PROD, "SELECT count(*) FROM egrow_replica.window") == 1
    again = setup(own, "--remove")
    assert (again.exit_code, again.json["dev"], again.json["prod"]) == (0, [], [])
    assert setup(own, "--apply").exit_code == 0
    own.ok("sync", "--no-backup", "--name", "two")


def test_in_an_open_window_it_is_refused_before_anything_is_changed(own: Pair) -> None:
    own.ok("enable", "--no-backup", "--name", "open")
    with nothing_changes(own):
        result = setup(own, "--remove")
    assert (result.exit_code, result.error["code"]) == (8, "window-open")
    assert "open is streaming" in result.message
    assert "disable" in result.error["hint"]
    own.ok("validate")
    own.ok("disable")
    assert setup(own, "--remove").exit_code == 0


def test_a_window_that_the_journal_does_not_know_counts(own: Pair) -> None:
    own.ok("enable", "--no-backup")
    own.prod_sql("DROP SCHEMA egrow_replica CASCADE")
    with nothing_changes(own):
        result = setup(own, "--remove")
    assert (result.exit_code, result.error["code"]) == (8, "unknown-window")


def test_while_a_restore_has_not_ended_it_is_refused(own: Pair) -> None:
    own.ok("sync", "--no-backup", "--name", "june")
    own.prod_sql(
        "UPDATE egrow_replica.window SET progress = jsonb_set(progress, '{restoring}',"
        ' \'{"stage": "begun", "progress": {}, "baseline": null}\')'
    )
    with own.unchanged():
        result = setup(own, "--remove")
    assert (result.exit_code, result.error["code"]) == (8, "restore-under-way")
    assert "restore june" in result.error["hint"]


def test_while_a_controller_is_at_work_it_is_refused(own: Pair) -> None:
    with own.connect(PROD) as connection:
        connection.execute("SELECT pg_advisory_lock(%s, 1)", [0x65677277])
        with own.unchanged():
            result = setup(own, "--remove")
    assert (result.exit_code, result.error["code"]) == (8, "locked")


def test_a_window_of_another_production_on_the_same_dev_counts(own: Pair, new_own_pair: Callable[..., Pair]) -> None:
    other = new_own_pair(set_up=False)
    other.configure(logins={"dev": own.logins["dev"], "stream": own.logins["stream"]})
    both = {"EGROW_DEV_ADMIN_DSN": own.lab.dev_admin_dsn, "EGROW_PROD_ADMIN_DSN": other.lab.prod_admin_dsn}
    assert setup(other, "--apply", env=both).exit_code == 0
    other.ok("enable", "--no-backup")
    with nothing_changes(own):
        result = setup(own, "--remove")
    assert (result.exit_code, result.error["code"]) == (8, "window-open")
    assert "another production" in result.message
    other.ok("disable")


OWNED = {
    "a table": (PROD, "CREATE TABLE public.notes (id int); ALTER TABLE public.notes OWNER TO egrow_operator", "notes"),
    "a table in the journal's schema": (
        PROD,
        "CREATE TABLE egrow_replica.mine (id int); ALTER TABLE egrow_replica.mine OWNER TO egrow_operator",
        "mine",
    ),
    "a schema": (PROD, "CREATE SCHEMA attic AUTHORIZATION egrow_apply", "attic"),
    "a publication": (DEV, "CREATE PUBLICATION theirs; ALTER PUBLICATION theirs OWNER TO egrow_operator", "theirs"),
    "a subscription": (
        PROD,
        "CREATE SUBSCRIPTION theirs CONNECTION 'dbname=x password=x' PUBLICATION p WITH (connect = false);"
        " ALTER SUBSCRIPTION theirs OWNER TO egrow_apply",
        "theirs",
    ),
}


@pytest.mark.parametrize("what", OWNED)
def test_what_a_role_owns_is_not_dropped_with_it(own: Pair, what: str) -> None:
    server, statements, name = OWNED[what]
    for statement in statements.split(";"):
        own.run_sql(server, statement)
    try:
        with own.unchanged():
            result = setup(own, "--remove")
        assert result.exit_code in (4, 8), str(result)
        assert name in result.message
        assert result.error["hint"]
    finally:
        if what == "a subscription":
            for one in ("DISABLE", "SET (slot_name = NONE)"):
                own.prod_sql(f"ALTER SUBSCRIPTION theirs {one}")
            own.prod_sql("DROP SUBSCRIPTION theirs")


def test_a_superuser_and_its_tables_are_never_removed(own: Pair) -> None:
    own.use_superuser()
    with own.unchanged():
        result = setup(own, "--remove")
    assert (result.exit_code, result.error["code"]) == (4, "superuser")


def test_an_owner_of_tables_is_never_removed_with_them(own: Pair) -> None:
    """As when somebody put the application's own login into the configuration."""
    own.prod_sql("ALTER ROLE academy_owner LOGIN PASSWORD 'x'")
    login = own.logins["prod"].replace("egrow_operator", "academy_owner")
    assert "academy_owner" in login
    own.configure(logins={"prod": login})
    with own.unchanged():
        result = setup(own, "--remove")
    own.prod_sql("ALTER ROLE academy_owner NOLOGIN PASSWORD NULL")
    assert (result.exit_code, result.error["code"]) == (4, "role-in-use")
    assert "academy_owner owns table" in result.message


def test_who_is_to_go_cannot_do_it(own: Pair) -> None:
    own.prod_sql("ALTER ROLE egrow_operator CREATEROLE")
    with own.unchanged():
        result = setup(own, "--remove", env={"EGROW_PROD_ADMIN_DSN": own.logins["prod"]})
    assert result.exit_code == 4, str(result)


COUNTING = """
CREATE SEQUENCE public.tries;
CREATE FUNCTION public.stumble() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
  IF nextval('public.tries') > {times} THEN RAISE EXCEPTION 'not today'; END IF;
END $$;
CREATE EVENT TRIGGER stumble ON ddl_command_end WHEN TAG IN ('{tag}') EXECUTE FUNCTION public.stumble();
"""


@pytest.mark.parametrize(("action", "tag", "times"), [("--remove", "DROP OWNED", 4), ("--apply", "ALTER SCHEMA", 1)])
def test_a_failure_in_the_second_half_says_what_the_first_did(own: Pair, action: str, tag: str, times: int) -> None:
    """Production takes every statement at the rehearsal and refuses one afterwards."""
    if action == "--apply":
        assert setup(own, "--remove").exit_code == 0
    own.prod_sql(COUNTING.format(tag=tag, times=times))
    before = our_roles(own, PROD)
    result = setup(own, action)
    assert result.exit_code != 0
    assert "not today" in result.message
    assert "production was not changed, but dev was changed already" in result.message
    assert f"setup {action}" in result.error["hint"]
    assert result.json["changed"] == ["dev"]
    assert any("egrow_stream" in statement for statement in result.json["dev"])
    assert result.json["prod"] == []
    assert our_roles(own, PROD) == before
    own.prod_sql("DROP EVENT TRIGGER stumble")
    assert setup(own, action).exit_code == 0
    gone = action == "--remove"
    assert [bool(our_roles(own, server)) for server in SIDES] == [not gone, not gone]


REFUSING = """
CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$;
CREATE EVENT TRIGGER refuse ON ddl_command_end WHEN TAG IN ('{tag}') EXECUTE FUNCTION public.refuse();
"""


@pytest.mark.parametrize("action", ["--remove", "--apply"])
def test_what_production_refuses_is_known_before_dev_is_changed(own: Pair, action: str) -> None:
    if action == "--apply":
        assert setup(own, "--remove").exit_code == 0
    own.prod_sql(REFUSING.format(tag="DROP OWNED" if action == "--remove" else "ALTER SCHEMA"))
    with own.unchanged():
        result = setup(own, action)
    assert result.exit_code != 0
    assert "dev was changed" not in result.message


def test_a_table_that_production_lacks_is_known_before_dev_is_changed(own: Pair) -> None:
    assert setup(own, "--remove").exit_code == 0
    own.dev_sql("CREATE TABLE public.only_dev (id int PRIMARY KEY)")
    own.configure(tables={"content": ["public.courses", "public.only_dev"]})
    with own.unchanged():
        result = setup(own, "--apply")
    assert (result.exit_code, result.error["code"]) == (4, "unknown-table")
    assert setup(own, "--remove").exit_code == 0


def test_tables_that_are_gone_do_not_keep_the_roles(own: Pair) -> None:
    own.both_sql("DROP TABLE promotions CASCADE")
    assert setup(own, "--remove").exit_code == 0
    assert [our_roles(own, server) for server in SIDES] == [[], []]


def test_what_somebody_else_granted_goes_too(own: Pair) -> None:
    own.prod_sql("CREATE TYPE mood AS ENUM ('x'); GRANT USAGE ON TYPE mood TO egrow_operator")
    own.prod_sql("GRANT SELECT ON users TO egrow_apply; GRANT pg_read_all_data TO egrow_operator")
    result = setup(own, "--remove")
    assert result.exit_code == 0, str(result)
    assert not set(OURS) & set(our_roles(own, PROD))
    assert checks(result, "role-kept") == []
    assert rights_here(own, PROD) == []
