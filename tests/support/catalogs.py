"""Everything that a test wants to find unchanged, as the server says it."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, sql

#: Name → what must be the same again after a refusal. Nothing here moves by itself (no statistics, no positions).
STATE = {
    "relations": """
        SELECT n.nspname, c.relname, c.oid, c.relkind, c.relowner, c.relacl::text, c.relpersistence, c.relreplident,
               c.relrowsecurity, c.relhastriggers, c.relhasrules, pg_relation_filenode(c.oid)
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname !~ '^pg_(toast|temp)' AND (c.oid >= 16384 OR c.relacl IS NOT NULL)""",
    "columns": """
        SELECT attrelid, attnum, attname, atttypid, atttypmod, attnotnull, attacl::text, attisdropped
          FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0
           AND attrelid IN (SELECT oid FROM pg_class WHERE relpersistence <> 't')""",
    "schemas": "SELECT nspname, oid, nspowner, nspacl::text FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)'",
    "roles": "SELECT * FROM pg_authid",
    "memberships": "SELECT roleid, member, grantor, admin_option FROM pg_auth_members",
    "role settings": "SELECT * FROM pg_db_role_setting",
    "parameter privileges": "SELECT parname, paracl::text FROM pg_parameter_acl",
    "default privileges": "SELECT oid, defaclobjtype, defaclacl::text FROM pg_default_acl",
    "this database": "SELECT datname, oid, datdba, datacl::text FROM pg_database WHERE datname = current_database()",
    "publications": "SELECT * FROM pg_publication",
    "published tables": "SELECT prpubid, prrelid, prattrs::text, prqual::text FROM pg_publication_rel",
    "subscriptions": "SELECT oid, subdbid, subname, subowner, subenabled, subslotname, subpublications "
    "FROM pg_subscription",
    "slots": "SELECT slot_name, plugin, slot_type, database, temporary FROM pg_replication_slots",
    "origins": "SELECT roident, roname FROM pg_replication_origin",
    "functions": "SELECT oid, proname, proacl::text FROM pg_proc WHERE oid >= 16384 OR proacl IS NOT NULL",
    "types": "SELECT oid, typname FROM pg_type WHERE typtype IN ('e', 'd', 'r') AND oid >= 16384",
    "triggers": "SELECT oid, tgrelid, tgname, tgenabled FROM pg_trigger",
    "constraints": "SELECT oid, conrelid, conname, convalidated FROM pg_constraint",
    "rules": "SELECT oid, ev_class, rulename, ev_enabled FROM pg_rewrite WHERE oid >= 16384",
    "extensions": "SELECT extname, extversion FROM pg_extension",
    "event triggers": "SELECT evtname, evtenabled FROM pg_event_trigger",
    "advisory locks": "SELECT database, classid, objid FROM pg_locks WHERE locktype = 'advisory'",
    "prepared transactions": "SELECT gid, database FROM pg_prepared_xacts",
    "large objects": "SELECT oid FROM pg_largeobject_metadata",
    "changed settings": "SELECT name, setting FROM pg_settings WHERE source = 'configuration file'",
}

_TABLES = """
    SELECT n.nspname, c.relname, c.relkind = 'S' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'S') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'
       AND n.nspname <> 'information_schema' ORDER BY 1, 2"""


def read_state(connection: Connection[Any]) -> dict[str, Any]:
    """Catalogs, and every row of every table and sequence of one database."""
    state: dict[str, Any] = {}
    for name, text in STATE.items():
        state[name] = sorted(connection.execute(text).fetchall(), key=repr)
    for schema, table, is_sequence in connection.execute(_TABLES).fetchall():
        read = _read_sequence if is_sequence else read_rows
        state[f"rows of {schema}.{table}"] = read(connection, schema, table)
    return state


def read_rows(connection: Connection[Any], schema: str, table: str) -> Any:
    """How many rows, and a hash over them all; children are tables of their own."""
    query = sql.SQL(
        "SELECT count(*), md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) FROM ONLY {} AS t"
    )
    return connection.execute(query.format(sql.Identifier(schema, table))).fetchone()


def _read_sequence(connection: Connection[Any], schema: str, name: str) -> Any:
    query = sql.SQL("SELECT last_value, is_called FROM {}")
    return connection.execute(query.format(sql.Identifier(schema, name))).fetchone()


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What is not as it was, one line each."""
    found = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if isinstance(old, list) and isinstance(new, list):
            found += [f"{name}: gone: {row}" for row in old if row not in new]
            found += [f"{name}: new: {row}" for row in new if row not in old]
        else:
            found.append(f"{name}: {old} → {new}")
    return found
