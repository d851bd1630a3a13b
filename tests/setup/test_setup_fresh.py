"""Servers on which nothing of ours is yet: the README's order, and what is said where it cannot be followed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from setup_world import admins, our_roles
from support.command import Result, run
from support.pair import SIDES, Pair

from egrow_replica.model import Server


@pytest.fixture
def bare(new_own_pair: Callable[..., Pair]) -> Pair:
    """The connection strings name roles that are not there."""
    pair = new_own_pair(set_up=False)
    assert [our_roles(pair, server) for server in SIDES] == [[], []]
    return pair


def variables(pair: Pair) -> dict[str, str]:
    return {
        "EGROW_DEV_DSN": pair.lab.dev_dsn,
        "EGROW_PROD_DSN": pair.lab.prod_dsn,
        "EGROW_DEV_DSN_FROM_PROD": pair.lab.stream_dsn,
    }


def test_the_readmes_order_can_be_followed(bare: Pair, tmp_path: Path) -> None:
    def command(*arguments: str, env: dict[str, str]) -> Result:
        return run(["--json", "--yes", *arguments], directory=tmp_path, env=env)

    both = {**variables(bare), **admins(bare)}
    first = command("init", "--preset", "egrow-academy", env=both)
    assert first.exit_code == 0, str(first)
    assert {one["found"] for one in first.json["connections"]} == {
        f"the variable EGROW_{server.upper()}_DSN, looked at with EGROW_{server.upper()}_ADMIN_DSN" for server in SIDES
    }
    assert "ADMIN" not in (tmp_path / "egrow-replica.toml").read_text()
    assert command("setup", env=both).exit_code == 0
    assert command("setup", "--apply", env=both).exit_code == 0
    doctor = command("doctor", env=variables(bare))
    assert doctor.exit_code == 0, str(doctor)


def test_without_an_administrator_the_hint_names_setup_and_its_variable(bare: Pair, tmp_path: Path) -> None:
    for arguments in (["init"], ["--config", str(bare.config), "setup"], ["--config", str(bare.config), "doctor"]):
        result = run(["--json", "--yes", *arguments], directory=tmp_path, env=variables(bare))
        assert result.exit_code == 7, str(result)
        said = str(result.json)
        assert "`egrow-replica setup --apply` makes it" in said
        assert "EGROW_DEV_ADMIN_DSN" in said or "EGROW_PROD_ADMIN_DSN" in said


@pytest.mark.parametrize("action", ["--print", "--apply", "--remove"])
def test_an_administrators_string_that_cannot_be_read_is_named_and_nothing_is_tried_in_its_place(
    bare: Pair, action: str
) -> None:
    broken = {**admins(bare), "EGROW_PROD_ADMIN_DSN": "postgresql://me:100%secret@127.0.0.1/x"}
    result = bare.cli("setup", action, env=broken)
    assert result.exit_code == 2, str(result)
    assert "EGROW_PROD_ADMIN_DSN" in result.message
    assert "secret" not in result.message


def test_an_administrator_who_is_not_let_in_is_named_by_his_variable(bare: Pair) -> None:
    wrong = {**admins(bare), "EGROW_DEV_ADMIN_DSN": bare.lab.dev_admin_dsn + " password=wrong"}
    result = bare.cli("setup", env=wrong)
    assert result.exit_code == 7, str(result)
    assert "EGROW_DEV_ADMIN_DSN" in result.message
    assert "makes it" not in result.message


def test_an_administrators_string_for_another_database_is_refused(bare: Pair, tmp_path: Path) -> None:
    elsewhere = bare.lab.on("postgres").admin_dsn(Server.PROD)
    env = {**variables(bare), **admins(bare), "EGROW_PROD_ADMIN_DSN": elsewhere}
    for result in (
        bare.cli("setup", env=env),
        run(["--json", "--yes", "init"], directory=tmp_path, env=env),
    ):
        assert result.exit_code == 2, str(result)
        assert f"EGROW_PROD_ADMIN_DSN leads to the database postgres, and the operator's to {bare.database}" in (
            result.message
        )
