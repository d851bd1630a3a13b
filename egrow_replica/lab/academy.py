"""The academy on a server: loaded, and taken away again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from egrow_replica.errors import UsageError
from egrow_replica.lab.psql import psql
from egrow_replica.model import Server
from egrow_replica.settings import sql_directory

_SCRIPTS: Final = {Server.DEV: "03-dev.sql", Server.PROD: "02-production.sql"}

_RELATIONS: Final = """
SELECT pg_catalog.count(*) FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp_)'
   AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
                      AND d.deptype = 'e')
"""

_UNLOAD: Final = r"""
SET client_min_messages = warning;
SELECT format('DROP OWNED BY %I CASCADE', rolname) FROM pg_catalog.pg_roles AS r
 WHERE rolname IN ('academy_owner', 'academy_app')
   AND EXISTS (SELECT FROM pg_catalog.pg_shdepend AS s JOIN pg_catalog.pg_database AS d ON d.oid = s.dbid
                WHERE s.refobjid = r.oid AND d.datname = pg_catalog.current_database()) \gexec
DO $$ BEGIN
  DROP ROLE IF EXISTS academy_app;
  DROP ROLE IF EXISTS academy_owner;
EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN
  NULL; -- another database of this server holds an academy too, or somebody else made the roles
END $$;
"""


def load_academy(
    server: Server, admin_dsn: str, *, bin_dir: Path, app_password: str, scale: int = 1, seed: int = 1
) -> None:
    """Load the schema and one server's data; each script is one transaction."""
    directory = sql_directory() / "academy"
    secrets = {"ACADEMY_APP_PASSWORD": app_password}
    psql(admin_dsn, file=directory / "01-schema.sql", bin_dir=bin_dir, secrets=secrets)
    variables = {"scale": str(scale), "seed": str(seed)}
    psql(admin_dsn, file=directory / _SCRIPTS[server], bin_dir=bin_dir, variables=variables)
    psql(admin_dsn, "ANALYZE;", bin_dir=bin_dir)


def load_both(
    admin_dsns: dict[Server, str], *, bin_dir: Path, app_password: str, scale: int, seed: int, parallel: bool = True
) -> None:
    """Load both servers at the same time; one after the other where they may be one cluster with common roles."""

    def load(server: Server) -> None:
        load_academy(server, admin_dsns[server], bin_dir=bin_dir, app_password=app_password, scale=scale, seed=seed)

    with ThreadPoolExecutor(max_workers=2 if parallel else 1) as pool:
        list(pool.map(load, admin_dsns))


def refuse_unless_empty(admin_dsn: str, *, bin_dir: Path, what: str) -> None:
    """See that a database that somebody named holds nothing.

    :raises UsageError: where it does.
    """
    count = int(psql(admin_dsn, _RELATIONS, bin_dir=bin_dir))
    if count:
        raise UsageError(
            f"the {what} database is not empty: it holds {count} relations",
            hint="The lab loads its tables into an empty database only; create one for it",
        )


def database_identity(admin_dsn: str, *, bin_dir: Path) -> str:
    """What tells one database of all servers from another."""
    return psql(
        admin_dsn,
        "SELECT s.system_identifier, d.oid FROM pg_catalog.pg_control_system() AS s, pg_catalog.pg_database AS d"
        " WHERE d.datname = pg_catalog.current_database()",
        bin_dir=bin_dir,
    )


def unload_academy(admin_dsn: str, *, bin_dir: Path) -> None:
    """Drop what :func:`load_academy` made, and what others have built upon it."""
    psql(admin_dsn, _UNLOAD, bin_dir=bin_dir)
