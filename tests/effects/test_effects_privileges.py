"""What the content roles and the operator may do beyond what they need, whatever the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from effects_world import BASE, World, scope_of
from psycopg.conninfo import make_conninfo

from egrow_replica.effects.findings import Finding
from egrow_replica.effects.privileges import read_privileges, validate_privileges
from egrow_replica.model import Server

ROLES = ("egrow_apply", "egrow_restore", "operator", "team")
MADE = """
CREATE ROLE egrow_apply LOGIN CONNECTION LIMIT 0; CREATE ROLE egrow_restore; CREATE ROLE operator LOGIN;
CREATE ROLE team;
GRANT SELECT, INSERT, UPDATE ON public.courses, public.lessons TO egrow_apply, egrow_restore;
GRANT DELETE ON public.courses, public.lessons TO egrow_restore;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO operator;
CREATE SEQUENCE public.q OWNED BY public.courses.id;
GRANT USAGE, SELECT, UPDATE ON SEQUENCE public.q TO egrow_apply;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
"""


@pytest.fixture
def database(world: World) -> Iterator[World]:
    world.lab.create_database(Server.PROD, "rights", template="template1")
    own = world.on("rights")
    own.run(BASE.replace("{s}", "public"), MADE)
    options = " WITH INHERIT FALSE, SET TRUE" if _version(own) >= 160000 else ""
    own.run(f"GRANT egrow_apply, egrow_restore TO operator{options}")
    try:
        yield own
    finally:
        world.lab.drop_database(Server.PROD, "rights")
        with world.admin() as connection:
            connection.execute(f"DROP ROLE {', '.join(ROLES)}".encode())


def _version(world: World) -> int:
    with world.admin() as connection:
        return connection.info.server_version


def judged(world: World) -> tuple[Finding, ...]:
    with world.door() as door:
        return validate_privileges(read_privileges(door, scope_of(door, "courses", "lessons"), operator="operator"))


def test_the_least_privileges_are_no_finding(database: World) -> None:
    assert judged(database) == ()


REFUSED = [
    ("GRANT INSERT ON public.users TO egrow_apply", "INSERT", "public.users"),
    ("GRANT UPDATE (name) ON public.users TO egrow_apply", "UPDATE (name)", "public.users"),
    ("GRANT REFERENCES (name) ON public.users TO egrow_restore", "REFERENCES (name)", "public.users"),
    ("GRANT DELETE ON public.users TO PUBLIC", "DELETE", "through PUBLIC"),
    ("GRANT TRUNCATE ON public.users TO team; GRANT team TO egrow_apply", "TRUNCATE", "through team"),
    ("GRANT TRIGGER ON public.users TO egrow_apply", "TRIGGER", "public.users"),
    ("ALTER TABLE public.audit OWNER TO egrow_apply", "owns", "public.audit"),
    ("ALTER TABLE public.audit OWNER TO team; GRANT team TO egrow_apply", "owns", "through team"),
    ("GRANT TRUNCATE ON public.courses TO egrow_apply", "TRUNCATE", "public.courses"),
    ("GRANT TRIGGER ON public.courses TO egrow_restore", "TRIGGER", "public.courses"),
    ("GRANT DELETE ON public.courses TO egrow_apply", "DELETE", "public.courses"),
    ("CREATE SEQUENCE public.other; GRANT UPDATE ON SEQUENCE public.other TO egrow_apply", "UPDATE", "public.other"),
    (
        "CREATE VIEW public.v AS SELECT * FROM public.users; GRANT UPDATE ON public.v TO egrow_apply",
        "UPDATE",
        "public.v",
    ),
    ("GRANT pg_write_all_data TO egrow_apply", "pg_write_all_data", "every table"),
    ("GRANT pg_write_server_files TO egrow_restore", "pg_write_server_files", "files"),
    ("GRANT pg_execute_server_program TO team; GRANT team TO egrow_apply", "pg_execute_server_program", "programs"),
    ("ALTER ROLE egrow_apply SUPERUSER", "superuser", "nothing would stop it"),
    ("ALTER ROLE egrow_apply CREATEROLE", "CREATEROLE", "other roles"),
    ("ALTER DATABASE rights OWNER TO egrow_apply", "pg_database_owner", "owns the database"),
]


@pytest.mark.parametrize(("sql", "what", "where"), REFUSED)
def test_a_content_role_that_may_more_is_refused(database: World, sql: str, what: str, where: str) -> None:
    database.run(sql)
    found = [one for one in judged(database) if one.refused]
    assert found
    for finding in found:
        assert finding.subject in ("egrow_apply", "egrow_restore")
        assert what in finding.message
        assert where in finding.message


def test_maintain_on_a_user_table_is_refused(database: World) -> None:
    if _version(database) < 170000:
        pytest.skip("before 17 there is no MAINTAIN")
    database.run("GRANT MAINTAIN ON public.courses TO egrow_apply")
    assert judged(database) == ()
    database.run("GRANT MAINTAIN ON public.users TO egrow_apply")
    assert [one.subject for one in judged(database) if one.refused] == ["egrow_apply"]


def test_membership_that_gives_nothing_is_no_finding(database: World) -> None:
    if _version(database) < 160000:
        pytest.skip("before 16 every membership counts")
    database.run(
        "GRANT INSERT ON public.users TO team; GRANT team TO egrow_apply WITH INHERIT FALSE, SET FALSE, ADMIN FALSE"
    )
    assert judged(database) == ()
    database.run("GRANT team TO egrow_apply WITH SET TRUE")
    assert [one.subject for one in judged(database) if one.refused] == ["egrow_apply"]


@pytest.mark.parametrize(
    "sql",
    [
        "GRANT UPDATE ON public.users TO operator",
        "ALTER TABLE public.users OWNER TO operator",
        "GRANT pg_write_all_data TO operator",
        "ALTER ROLE operator CREATEROLE",
        "GRANT INSERT ON public.courses TO operator",
    ],
)
def test_an_operator_that_may_more_weakens_the_second_wall(database: World, sql: str) -> None:
    database.run(sql)
    found = judged(database)
    assert found
    assert {(one.subject, one.refused) for one in found} == {("operator", False)}


def test_what_might_become_a_hole_is_a_warning(database: World) -> None:
    database.run(
        "GRANT CREATE ON SCHEMA public TO egrow_apply; ALTER ROLE egrow_apply BYPASSRLS CREATEDB;"
        "CREATE FUNCTION public.d() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM public.users';"
    )
    found = judged(database)
    assert {one.id for one in found} == {"may-create", "may-call-definer", "wide-role"}
    assert not any(one.refused for one in found)


def test_an_ordinary_role_can_ask(database: World) -> None:
    database.run("ALTER ROLE operator PASSWORD 'x'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO operator;")
    dsn = database.lab.on("rights").prod_admin_dsn
    with database.door(make_conninfo(dsn, user="operator", password="x")) as door:
        scope = scope_of(door, "courses", "lessons")
        assert validate_privileges(read_privileges(door, scope)) == ()
