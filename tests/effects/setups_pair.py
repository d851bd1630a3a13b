"""Dev and production with many set-ups, each in a schema of its own, and a configuration whose content they all are."""

from __future__ import annotations

from collections.abc import Iterable

from setups_model import CONTENT, Path, SetUp
from setups_world import ROLES, TABLES, Production, disguised
from support.pair import SIDES, Pair

from egrow_replica.app.context import Context
from egrow_replica.catalog import read_relations
from egrow_replica.catalog.tables import partitions_of
from egrow_replica.model import Check, Severity
from egrow_replica.settings import load_settings
from egrow_replica.window.listener import Silence
from egrow_replica.window.preflight import read_scope
from egrow_replica.window.rehearsal import rehearse

_OWN = """
SELECT table_schema || '.' || table_name, array_agg(column_name::text) FROM information_schema.columns
 WHERE table_name = ANY (%s) AND table_schema = ANY (%s) AND (column_name = 'price' OR column_name LIKE 'own\\_%%')
 GROUP BY 1
"""


def streamed(set_ups: Iterable[SetUp]) -> list[SetUp]:
    """Those that bite in the stream and need no database of their own."""
    return [one for one in set_ups if one.path in (Path.WRITE, Path.STREAM) and not one.alone]


def production_of(pair: Pair) -> Production:
    """The pair's production, with all that set-ups take for granted."""
    production = Production(pair.lab, pair.database, disguised(pair.directory, pair.lab.bin_dir))
    production.prepare()
    pair.roles |= set(ROLES)
    for role in ROLES:
        if not pair.dev_sql("SELECT FROM pg_roles WHERE rolname = %s", role):
            pair.dev_sql(f"CREATE ROLE {role}")
    return production


def plant(pair: Pair, production: Production, set_ups: Iterable[SetUp]) -> dict[str, str]:
    """Plant on production, make the tables on dev, and say in the configuration what is content. Name → schema."""
    where = {set_up.name: production.plant(set_up) for set_up in set_ups}
    for set_up in set_ups:
        schema = where[set_up.name]
        pair.dev_sql(f"CREATE SCHEMA {schema}")
        pair.dev_sql((CONTENT + set_up.both).replace("{s}", schema))
    schemas = list(where.values())
    own = dict(pair.prod_sql(_OWN, list(TABLES), schemas))
    content = [f"{schema}.{table}" for schema in schemas for table in TABLES]
    pair.configure(tables={"content": content, "production_columns": own})
    pair.set_up()
    return where


def remove(pair: Pair, schemas: Iterable[str]) -> None:
    """Take set-ups away again."""
    for server in SIDES:
        for schema in schemas:
            for name in (schema, f"{schema}_a,{schema}_b", f"{schema}_b"):
                pair.run_sql(server, f'SET client_min_messages = error; DROP SCHEMA IF EXISTS "{name}" CASCADE')
    for schema in schemas:
        pair.prod_sql(f"SET client_min_messages = error; DROP SERVER IF EXISTS {schema}_again CASCADE")


def rehearsal_errors(pair: Pair) -> list[Check]:
    """Play what the stream may do to the configured tables, whatever the analysis says. Return what was refused."""
    settings = load_settings(pair.config)
    servers = Context(settings, Silence()).servers()
    with servers.read_dev("test") as dev, servers.read_prod("test") as prod:
        scope = read_scope(dev, prod, settings)
        parts = partitions_of(read_relations(prod, measured=False), scope.names)
    with servers.rehearse_prod(scope, parts, None) as door:
        checks = rehearse(door, scope, settings.window.publish).checks
    return [check for check in checks if check.severity is Severity.ERROR]
