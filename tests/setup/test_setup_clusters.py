"""Roles belong to the cluster: two databases of one do not stumble over each other's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from urllib.parse import quote

import psycopg
import pytest
from setup_world import admins, checks, nothing_changes, our_roles, rights_here, setup
from support.pair import SIDES, Pair
from support.waiting import wait_until

from egrow_replica.model import Server

DEV, PROD = Server.DEV, Server.PROD

Two = tuple[Pair, Pair]


@pytest.fixture
def two(new_own_pair: Callable[..., Pair]) -> Two:
    """Two pairs of databases on the same servers, both set up."""
    return new_own_pair(), new_own_pair()


@pytest.fixture
def bare(new_own_pair: Callable[..., Pair]) -> Two:
    """Two pairs without roles, whose windows a superuser opens."""
    pairs = new_own_pair(set_up=False), new_own_pair(set_up=False)
    for pair in pairs:
        as_superuser(pair)
    return pairs


def as_superuser(pair: Pair) -> Pair:
    """From now on with the superuser's logins."""
    pair.use_superuser()
    pair.configure(logins={"stream": pair.lab.dev_admin_dsn})
    return pair


def test_what_the_other_database_needs_stays_and_is_said(two: Two) -> None:
    one, other = two
    before = {server: rights_here(other, server) for server in SIDES}
    result = setup(one, "--remove")
    assert result.exit_code == 0, str(result)
    kept = {(check["server"], check["subject"]) for check in checks(result, "role-kept")}
    assert kept == {("dev", "egrow_operator"), ("dev", "egrow_stream")} | {
        ("prod", role) for role in ("egrow_apply", "egrow_operator", "egrow_reconcile", "egrow_restore")
    }
    assert all(f"{other.database} needs it" in check["message"] for check in checks(result, "role-kept"))
    for server in SIDES:
        assert rights_here(one, server) == []
        assert rights_here(other, server) == before[server]
    assert [check for check in other.cli("doctor").json["checks"] if check["severity"] == "error"] == []
    other.ok("sync", "--no-backup")
    assert setup(one, "--remove").exit_code == 0
    last = setup(other, "--remove")
    assert (last.exit_code, checks(last, "role-kept")) == (0, []), str(last)
    assert [our_roles(other, server) for server in SIDES] == [[], []]


def test_a_window_in_the_other_database_goes_on(two: Two) -> None:
    one, other = two
    other.ok("enable", "--no-backup")
    with other.application():
        assert setup(one, "--remove").exit_code == 0
        other.dev_sql("UPDATE courses SET title = title || '!'")
        other.ok("validate")
        assert setup(one, "--apply").exit_code == 0
        other.ok("validate")
        other.ok("disable")
    assert other.leftovers() == []
    one.ok("sync", "--no-backup")


@pytest.mark.parametrize("first", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_windows_that_made_the_roles_share_them(bare: Two, first: int) -> None:
    """Whoever ends last removes them."""
    for pair in bare:
        pair.ok("enable", "--no-backup", "--name", "same")
    assert set(our_roles(bare[0], PROD)) == {"egrow_apply", "egrow_reconcile", "egrow_restore"}
    early, late = bare[first], bare[1 - first]
    with ExitStack() as stack:
        stack.enter_context(late.application())
        closed = early.ok("disable").json
        assert closed["left_behind"] == []
        assert not [one for one in closed["removed"] if one["kind"] == "role"]
        assert rights_here(early, PROD) == []
        late.dev_sql("UPDATE courses SET title = title || '!'")
        late.ok("validate")
        closed = late.ok("disable").json
    assert {one["name"] for one in closed["removed"] if one["kind"] == "role"} == {
        "egrow_apply",
        "egrow_reconcile",
        "egrow_restore",
    }
    assert our_roles(late, PROD) == []
    titles = "SELECT title FROM courses WHERE id IN (SELECT min(id) FROM courses)"
    assert late.value(PROD, titles) == late.value(DEV, titles)
    early.ok("restore")
    assert our_roles(early, PROD) == []


def test_windows_that_end_at_once_leave_no_role(bare: Two) -> None:
    for command in (["enable", "--no-backup"], ["disable"]):
        with ExitStack() as stack:
            running = [stack.enter_context(pair.start(*command)) for pair in bare]
            results = [one.result() for one in running]
        assert [str(one) for one in results if one.exit_code] == []
    assert our_roles(bare[0], PROD) == []


def test_removals_at_once_leave_no_role(two: Two) -> None:
    with ExitStack() as stack:
        running = [stack.enter_context(pair.start("setup", "--remove", env=admins(pair))) for pair in two]
        results = [one.result() for one in running]
    assert [str(one) for one in results if one.exit_code] == []
    assert [our_roles(two[0], server) for server in SIDES] == [[], []]


def test_a_window_that_made_the_roles_leaves_them_to_the_other_databases_setup(bare: Two) -> None:
    one, other = bare
    one.ok("enable", "--no-backup")
    with nothing_changes(one):
        refused = setup(ordinary(one), "--apply")
    assert (refused.exit_code, refused.error["code"]) == (8, "window-open")
    as_superuser(one)
    assert setup(ordinary(other), "--apply").exit_code == 0
    one.ok("validate")
    one.ok("disable")
    assert set(our_roles(other, PROD)) == {"egrow_apply", "egrow_operator", "egrow_reconcile", "egrow_restore"}
    other.ok("sync", "--no-backup")


@pytest.mark.slow
def test_a_superusers_window_uses_roles_that_the_other_databases_setup_made(bare: Two) -> None:
    one, other = bare
    assert setup(ordinary(other), "--apply").exit_code == 0
    one.ok("enable", "--no-backup")
    one.ok("disable")
    assert rights_here(one, PROD) == []
    other.ok("sync", "--no-backup")


def ordinary(pair: Pair) -> Pair:
    """From now on with the operator's logins."""
    pair.configure(logins={"dev": pair.lab.dev_dsn, "prod": pair.lab.prod_dsn, "stream": pair.lab.stream_dsn})
    return pair


# --------------------------------------------------------------------------------------------------------- passwords


def test_a_password_that_the_other_database_uses_is_not_changed(two: Two) -> None:
    one, other = two
    password = one.lab.passwords.operator
    other.configure(logins={side: other.logins[side].replace(password, "0ther-s3cret") for side in ("dev", "prod")})
    with other.unchanged():
        result = setup(other, "--apply")
    assert (result.exit_code, result.error["code"]) == (4, "password-in-use")
    assert one.database in result.message
    assert "0ther-s3cret" not in result.stdout + result.stderr
    one.ok("doctor")


PASSWORDS = ("Zürich’s ½ №1", *(pytest.param(one, marks=pytest.mark.slow) for one in ("soft\u00adhyphen", "🔑 key")))


@pytest.mark.parametrize("password", PASSWORDS)
def test_the_same_password_is_known_as_the_same(two: Two, password: str) -> None:
    """However the server has prepared it."""
    one, other = two
    with psycopg.connect(one.lab.prod_admin_dsn) as connection:
        raw = connection.pgconn.encrypt_password(password.encode(), b"egrow_operator", b"scram-sha-256").decode()
        connection.execute(f"ALTER ROLE egrow_operator PASSWORD '{raw}'")
    login = f"postgresql://egrow_operator:{quote(password, safe='')}@{address(other)}/{other.database}"
    other.configure(logins={"prod": login})
    result = setup(other, "--apply")
    assert result.exit_code == 0, str(result)
    assert not [one for one in result.json["prod"] if "PASSWORD" in one]
    with psycopg.connect(login) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("egrow_operator",)


def address(pair: Pair) -> str:
    values = pair.lab.admin[PROD]
    return f"{values['host']}:{values['port']}"


def test_where_nobody_else_uses_it_a_new_password_is_set_and_told(new_own_pair: Callable[..., Pair]) -> None:
    pair = new_own_pair()
    password = pair.lab.passwords.operator
    pair.configure(logins={"prod": pair.logins["prod"].replace(password, "newer")})
    result = setup(pair, "--apply")
    assert [one["subject"] for one in checks(result, "password-changed")] == ["egrow_operator"]
    pair.ok("doctor")


def test_printed_it_says_whose_password_to_leave(two: Two) -> None:
    told = checks(setup(two[0]), "password-kept")
    assert {(one["server"], one["subject"]) for one in told} == {
        ("dev", "egrow_operator"), ("dev", "egrow_stream"), ("prod", "egrow_operator"),
    }  # fmt: skip
    assert all(two[1].database in one["message"] for one in told)


# ------------------------------------------------------------------------------------------ dev and prod in one cluster


@pytest.fixture
def single(new_own_pair: Callable[..., Pair]) -> Pair:
    """Dev and production are two databases of one cluster."""
    pair, development = new_own_pair(set_up=False), new_own_pair(set_up=False, template="academy")
    # On the production server dev is a copy of production's template.
    prod = pair.lab.admin[PROD]
    login = f"postgresql://egrow_operator:{pair.lab.passwords.operator}@{prod['host']}:{prod['port']}"
    stream = f"postgresql://egrow_stream:{pair.lab.passwords.stream}@{prod['host']}:{prod['port']}"
    pair.configure(logins={
        "dev": f"{login}/{development.database}", "stream": f"{stream}/{development.database}",
        "prod": f"{login}/{pair.database}",
    })  # fmt: skip
    return pair


def both_admins(pair: Pair) -> dict[str, str]:
    database = pair.logins["dev"].rpartition("/")[2]
    return {
        "EGROW_DEV_ADMIN_DSN": pair.lab.on(database).prod_admin_dsn,
        "EGROW_PROD_ADMIN_DSN": pair.lab.prod_admin_dsn,
    }


def test_dev_and_production_in_one_cluster(single: Pair) -> None:
    applied = setup(single, "--apply", env=both_admins(single))
    assert applied.exit_code == 0, str(applied)
    assert setup(single, "--apply", env=both_admins(single)).exit_code == 0
    opened = single.cli("sync", "--no-backup")
    assert opened.exit_code == 0, str(opened)
    removed = setup(single, "--remove", env=both_admins(single))
    assert removed.exit_code == 0, str(removed)
    assert checks(removed, "role-kept") == []
    assert our_roles(single, PROD) == []


def test_printed_it_makes_each_role_of_one_cluster_once(single: Pair) -> None:
    printed = setup(single, env=both_admins(single)).json
    made = [one.split()[2] for one in (*printed["prod"], *printed["dev"]) if one.startswith("CREATE ROLE")]
    assert sorted(name.strip('"') for name in made) == [
        "egrow_apply",
        "egrow_operator",
        "egrow_reconcile",
        "egrow_restore",
        "egrow_stream",
    ]
    for server in ("prod", "dev"):
        with psycopg.connect(both_admins(single)[f"EGROW_{server.upper()}_ADMIN_DSN"]) as connection:
            for statement in printed[server]:
                connection.execute(statement)


def test_one_role_of_one_cluster_has_one_password(single: Pair) -> None:
    password = single.lab.passwords.operator
    single.configure(logins={"dev": single.logins["dev"].replace(password, "different")})
    with single.unchanged():
        result = setup(single, "--apply", env=both_admins(single))
    assert (result.exit_code, result.error["code"]) == (4, "password-in-use")
    wait_until(lambda: our_roles(single, PROD) == [], what="no role")


# ----------------------------------------------------------------------------------------- windows at the same time


def test_two_windows_at_once_in_one_cluster(two: Two) -> None:
    """Each as if it were alone, in whatever order they end."""
    with ExitStack() as stack:
        for pair in two:
            stack.enter_context(pair.application())
        running = [stack.enter_context(pair.start("enable", "--no-backup", "--name", "same")) for pair in two]
        assert [str(one.result()) for one in running if one.result().exit_code] == []
        for pair in two:
            pair.dev_sql("UPDATE courses SET title = title || ' of ' || current_database()")
        one, other = two
        one.ok("pause")
        other.ok("validate")
        one.ok("resume")
        for pair in two:
            closed = pair.ok("disable").json
            assert closed["left_behind"] == []
            assert closed["validation"]["verdict"] in ("intact", "changed_by_application")
    for pair in two:
        assert pair.leftovers() == []
        assert pair.value(PROD, "SELECT count(*) FROM courses WHERE title LIKE '%% of ' || current_database()") > 0


def test_the_role_that_holds_writes_stays_for_the_other_database(two: Two) -> None:
    one, other = two
    other.configure(maintenance={"roles": ["academy_app"]})
    assert setup(other, "--apply").exit_code == 0
    other.ok("maintenance", "on")
    result = setup(one, "--remove")
    assert result.exit_code == 0, str(result)
    assert "egrow_maintenance" in {check["subject"] for check in checks(result, "role-kept")}
    other.ok("maintenance", "off")
    assert setup(other, "--remove").exit_code == 0
    assert our_roles(other, PROD) == []


def test_a_restore_leaves_the_roles_that_setup_has_made_since(bare: Two) -> None:
    one, _ = bare
    one.ok("sync", "--no-backup", "--name", "first")
    assert our_roles(one, PROD) == []
    assert setup(ordinary(one), "--apply").exit_code == 0
    one.ok("restore")
    as_superuser(one).ok("restore")
    assert {"egrow_apply", "egrow_restore"} <= set(our_roles(one, PROD))
    ordinary(one).ok("sync", "--no-backup", "--name", "second")
