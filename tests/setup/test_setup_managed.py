"""A managed server: its administrator is no superuser, and may give only what the provider has let him give."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from setup_world import OURS, checks, our_roles
from support.command import Result
from support.pair import SIDES, Pair

from egrow_replica.lab import conninfo
from egrow_replica.model import Server
from egrow_replica.replication.roles import ORIGIN_FUNCTIONS, PARAMETERS

DEV, PROD = Server.DEV, Server.PROD
ADMIN = "cloud_admin"

#: What every large provider gives its customers' administrator.
MANAGED = f"""
CREATE ROLE {ADMIN} LOGIN CREATEROLE CREATEDB REPLICATION PASSWORD 'cloud';
GRANT academy_owner TO {ADMIN};
GRANT pg_monitor, pg_create_subscription, pg_signal_backend TO {ADMIN} WITH ADMIN OPTION;
ALTER DATABASE {{database}} OWNER TO {ADMIN};
"""
#: What some of them give besides, and a superuser of one's own can.
GENEROUS = (
    f"GRANT SET ON PARAMETER {', '.join(PARAMETERS)} TO {ADMIN} WITH GRANT OPTION",
    *(f"GRANT EXECUTE ON FUNCTION pg_catalog.{function} TO {ADMIN} WITH GRANT OPTION" for function in ORIGIN_FUNCTIONS),
    "CREATE SCHEMA egrow_ext",
    "CREATE EXTENSION pg_walinspect SCHEMA egrow_ext",
    f"GRANT USAGE ON SCHEMA egrow_ext TO {ADMIN} WITH GRANT OPTION",
    f"GRANT EXECUTE ON FUNCTION egrow_ext.pg_get_wal_records_info(pg_lsn, pg_lsn) TO {ADMIN} WITH GRANT OPTION",
)
MARK = f"GRANT EXECUTE ON FUNCTION pg_catalog.pg_stat_reset_replication_slot(text) TO {ADMIN} WITH GRANT OPTION"


@pytest.fixture
def managed(new_own_pair: Callable[..., Pair]) -> Iterator[Pair]:
    """Two servers with such an administrator, who owns the database as the provider's customers do."""
    pair = new_own_pair(set_up=False)
    for server in SIDES:
        for statement in MANAGED.format(database=pair.lab.admin[server]["dbname"]).split(";"):
            if statement.strip():
                pair.run_sql(server, statement)
    yield pair
    for server in SIDES:
        pair.run_sql(server, f"ALTER DATABASE {pair.lab.admin[server]['dbname']} OWNER TO postgres")
        for name in (*(name for name in our_roles(pair, server) if name in OURS), ADMIN):
            pair.run_sql(server, f'REASSIGN OWNED BY "{name}" TO postgres')
            pair.run_sql(server, f'DROP OWNED BY "{name}" CASCADE')
            pair.run_sql(server, f'DROP ROLE "{name}"')


def setup(pair: Pair, *arguments: str) -> Result:
    login = {"user": ADMIN, "password": "cloud"}
    env = {f"EGROW_{server.upper()}_ADMIN_DSN": conninfo.write({**pair.lab.admin[server], **login}) for server in SIDES}
    return pair.cli("setup", *arguments, env=env)


def be_generous(pair: Pair) -> None:
    for statement in GENEROUS:
        pair.run_sql(PROD, statement)
    pair.run_sql(DEV, MARK)
    for server in SIDES:  # the application's owner is a role that he has made
        pair.run_sql(server, f"GRANT academy_owner TO {ADMIN} WITH ADMIN OPTION")


def test_what_the_administrator_may_not_give_is_left_as_statements_that_somebody_else_can_run(managed: Pair) -> None:
    result = setup(managed, "--apply")
    assert (result.exit_code, result.error["code"]) == (4, "incomplete-setup"), str(result)
    left = checks(result, "not-granted")
    assert {one["severity"] for one in left} == {"error", "warning"}
    said = {one["subject"]: one for one in left}
    assert said["session_replication_role"]["severity"] == "error"
    assert said["pg_walinspect"]["severity"] == "warning"
    assert "commit timestamps" in said["pg_walinspect"]["message"]
    # What could be given was; whoever may runs the rest, and then a window opens.
    assert set(our_roles(managed, PROD)) >= {"egrow_apply", "egrow_operator", "egrow_reconcile", "egrow_restore"}
    for server in SIDES:
        for statement in result.json[f"left_{server}"]:
            managed.run_sql(server, statement)
    doctor = managed.cli("doctor")
    assert doctor.exit_code == 0, str(doctor)
    managed.ok("sync", "--no-backup")
    again = setup(managed, "--apply")
    assert again.json["left_prod"], "he still may not give it himself"
    removed = setup(managed, "--remove")
    for server in SIDES:
        for statement in removed.json[f"left_{server}"]:
            managed.run_sql(server, statement)
    assert [our_roles(managed, server) for server in SIDES] == [[], []], str(removed)


def test_a_generous_provider_needs_nobody_else(managed: Pair) -> None:
    be_generous(managed)
    result = setup(managed, "--apply")
    assert result.exit_code == 0, str(result)
    assert (result.json["left_dev"], result.json["left_prod"]) == ([], []), str(result)
    managed.ok("sync", "--no-backup")
    removed = setup(managed, "--remove")
    assert removed.exit_code == 0, str(removed)
    assert [our_roles(managed, server) for server in SIDES] == [[], []]
