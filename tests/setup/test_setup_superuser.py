"""What setup would give beyond what a window needs, and what it cannot give, is said before it is given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from setup_world import admins, checks, on_a_terminal, our_roles, setup
from support.command import run
from support.pair import SIDES, Pair

from egrow_replica.model import Server

DEV, PROD = Server.DEV, Server.PROD
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture
def bare(new_own_pair: Callable[..., Pair]) -> Pair:
    """A pair whose dev has a content table of the superuser's, and none of our roles."""
    pair = new_own_pair(set_up=False)
    pair.dev_sql("ALTER TABLE courses OWNER TO postgres")
    return pair


def is_member(pair: Pair, owner: str) -> bool:
    return bool(pair.value(DEV, "SELECT pg_has_role('egrow_operator', %s, 'MEMBER')", owner))


def test_a_membership_that_makes_a_superuser_is_printed_with_a_warning(bare: Pair) -> None:
    with bare.unchanged():
        result = setup(bare)
        printed = run(["--config", str(bare.config), "setup"], directory=bare.directory, env=admins(bare))
    (found,) = checks(result, "superuser-membership")
    assert (found["severity"], found["server"], found["subject"]) == ("error", "dev", "postgres")
    assert "SUPERUSER" in found["message"]
    assert "--grant-superuser" in found["remedy"]
    assert any(one.startswith('GRANT "postgres" TO "egrow_operator"') for one in result.json["dev"])
    development = printed.stdout.partition("-- DEVELOPMENT")[2]
    assert "-- ERROR: egrow_operator would become a member of postgres (SUPERUSER)" in development


def test_it_is_not_applied_unless_somebody_agrees(bare: Pair) -> None:
    with bare.unchanged():
        result = setup(bare, "--apply")
    assert (result.exit_code, result.error["code"]) == (4, "superuser-membership")
    assert "ALTER TABLE" in result.error["hint"]
    assert "--grant-superuser" in result.error["hint"]
    agreed = setup(bare, "--apply", "--grant-superuser")
    assert agreed.exit_code == 0, str(agreed)
    assert len(checks(agreed, "superuser-membership")) == 1
    assert is_member(bare, "postgres")
    again = setup(bare, "--apply")
    assert (again.exit_code, checks(again, "superuser-membership")) == (0, []), "it is one already"


def test_on_a_terminal_it_is_asked_whatever_yes_says(bare: Pair) -> None:
    with bare.unchanged():
        code, seen = on_a_terminal(bare, "n\n", "--yes", "setup", "--apply")
    assert code == 4, seen
    assert "would become a member of postgres" in seen
    code, seen = on_a_terminal(bare, "y\n", "--yes", "setup", "--apply")
    assert code == 0, seen
    assert is_member(bare, "postgres")


@pytest.mark.parametrize(
    ("make", "slug", "words"),
    [
        ("GRANT postgres TO academy_owner", "superuser-membership", "SUPERUSER as postgres"),
        ("GRANT pg_execute_server_program TO academy_owner", "superuser-membership", "pg_execute_server_program"),
        ("GRANT pg_write_server_files TO academy_owner", "superuser-membership", "pg_write_server_files"),
        ("ALTER ROLE academy_owner CREATEROLE BYPASSRLS REPLICATION", "powerful-membership",
         "CREATEROLE BYPASSRLS REPLICATION"),
        ("GRANT pg_write_all_data TO academy_owner", "powerful-membership", "pg_write_all_data"),
    ],
)  # fmt: skip
def test_what_else_an_owner_can_do_is_named(
    new_own_pair: Callable[..., Pair], make: str, slug: str, words: str
) -> None:
    pair = new_own_pair(set_up=False)
    pair.dev_sql(make)
    try:
        (found,) = checks(setup(pair), slug)
        assert (found["subject"], words in found["message"]) == ("academy_owner", True), found
        assert setup(pair, "--apply").exit_code == (4 if slug == "superuser-membership" else 0)
    finally:
        pair.dev_sql(
            "REVOKE postgres, pg_execute_server_program, pg_write_server_files, pg_write_all_data FROM academy_owner;"
            " ALTER ROLE academy_owner NOCREATEROLE NOBYPASSRLS NOREPLICATION"
        )


def test_an_ordinary_owner_is_no_matter(new_own_pair: Callable[..., Pair]) -> None:
    result = setup(new_own_pair(set_up=False), "--apply")
    assert (result.exit_code, result.json["checks"]) == (0, []), str(result)


@pytest.mark.skipif(not (DEBIAN_15 / "initdb").exists(), reason="Debian's PostgreSQL 15 is not installed")
def test_on_15_it_says_at_once_what_doctor_refuses(new_lab: Callable[..., Pair]) -> None:
    pair = new_lab(bin_dir=DEBIAN_15, set_up=False)
    for arguments in ((), ("--apply",)):
        result = setup(pair, *arguments)
        assert result.exit_code == 0, str(result)
        (told,) = checks(result, "second-wall")
        assert "only a superuser" in told["message"]
    refused = checks(pair.cli("doctor"), "second-wall")
    assert [(one["severity"], one["remedy"]) for one in refused] == [("error", told["remedy"])]
    assert setup(pair, "--remove").exit_code == 0
    assert our_roles(pair, PROD) == []
    # As the remedy says.
    pair.configure(logins={"prod": pair.lab.prod_admin_dsn})
    applied = setup(pair, "--apply")
    assert (applied.exit_code, applied.json["prod"], checks(applied, "second-wall")) == (0, [], [])
    assert [one["severity"] for one in checks(applied, "superuser")] == ["info"]
    pair.ok("sync", "--no-backup")
    assert setup(pair, "--remove").exit_code == 0
    assert [our_roles(pair, server) for server in SIDES] == [[], []]
