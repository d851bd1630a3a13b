"""What only a superuser can plant, commands beside content, and what hides from whoever looks before the commit."""

from __future__ import annotations

from setups_model import Cause, Path, SetUp, by, check, doing, function, own, trigger
from setups_types import MOOD, PAIR

LIBRARY = [
    SetUp(
        "refint as moddatetime",
        Cause.LIBRARY,
        by(
            "people",
            "CREATE TABLE {s}.refs (course int); INSERT INTO {s}.refs VALUES (1), (2), (3);"
            "GRANT ALL ON {s}.refs TO studio;",
        )
        + by(
            "superuser",
            "CREATE FUNCTION {s}.moddatetime() RETURNS trigger LANGUAGE C AS '{lib}/moddatetime', 'check_foreign_key';",
        )
        + trigger("DELETE", timing="AFTER", calls="{s}.moddatetime(1, 'cascade', 'id', '{s}.refs', 'course')"),
        event="d",
        path=Path.SESSION,
    ),
    SetUp(
        "dblink as citext",
        Cause.LIBRARY,
        by(
            "superuser",
            "CREATE FUNCTION {s}.norm(text, text) RETURNS text LANGUAGE C IMMUTABLE AS '{lib}/citext', 'dblink_exec';",
        )
        + check(
            "{s}.norm('host={host} port={port} dbname={db} user=postgres password={password}',"
            " 'UPDATE {s}.users SET touched = touched + 1') <> title"
        ),
        beyond=True,
    ),
    SetUp(
        "tablefunc as unaccent",
        Cause.LIBRARY,
        by(
            "superuser",
            "CREATE FUNCTION {s}.unaccent(text) RETURNS SETOF record LANGUAGE C AS '{lib}/unaccent', 'crosstab';",
        )
        + doing("PERFORM * FROM {s}.unaccent('SELECT ''a'', ''b'', {s}.w()') AS r (a text, b int);"),
    ),
    SetUp(
        "autoinc as insert_username",
        Cause.LIBRARY,
        by(
            "superuser",
            "CREATE FUNCTION {s}.insert_username() RETURNS trigger LANGUAGE C AS '{lib}/insert_username', 'autoinc';",
        )
        + own("n int")
        + trigger(calls="{s}.insert_username('own_n', '{s}.tickets')"),
    ),
    SetUp(
        "library found by the path of the database",
        Cause.LIBRARY,
        by(
            "superuser",
            "DO $d$ BEGIN EXECUTE format('ALTER DATABASE %I SET dynamic_library_path = ''{lib}:$libdir''',"
            " current_database()); END $d$; SET dynamic_library_path = '{lib}:$libdir';"
            "CREATE FUNCTION {s}.unaccent(text) RETURNS SETOF record LANGUAGE C AS 'unaccent', 'crosstab';",
        )
        + doing("PERFORM * FROM {s}.unaccent('SELECT ''a'', ''b'', {s}.w()') AS r (a text, b int);"),
        effect="insert",
        alone=True,
    ),
]

#: A function that writes, in place of one that SQL implements: one of C's would be called by its oid all the same.
LPAD = """CREATE OR REPLACE FUNCTION pg_catalog.lpad(text, int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
  $f$BEGIN PERFORM {s}.w(); RETURN $1; END$f$;"""
BUILT_IN = [
    SetUp(
        "lpad replaced, in a check", Cause.BUILT_IN, by("superuser", LPAD) + check("lpad(title, 3) <> '-'"), alone=True
    ),
    SetUp(
        "lpad replaced, in a trigger's text",
        Cause.BUILT_IN,
        by("superuser", LPAD) + doing("NEW.slug := pg_catalog.lpad(NEW.title, 3);"),
        alone=True,
        effect="insert",
    ),
    SetUp(
        "bit_length replaced, in WHEN",
        Cause.BUILT_IN,
        by(
            "superuser",
            """CREATE OR REPLACE FUNCTION pg_catalog.bit_length(text) RETURNS int LANGUAGE plpgsql IMMUTABLE
          AS $f$BEGIN PERFORM {s}.w(); RETURN 8; END$f$;""",
        )
        + function("BEGIN RETURN NEW; END")
        + trigger(when="bit_length(NEW.title) > 0"),
        alone=True,
        effect="object",
    ),
    SetUp(
        "log replaced, in a generated column",
        Cause.BUILT_IN,
        by(
            "superuser",
            """CREATE OR REPLACE FUNCTION pg_catalog.log(numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE
          AS $f$BEGIN PERFORM {s}.w(); RETURN $1; END$f$;""",
        )
        + own("log numeric GENERATED ALWAYS AS (log(n::numeric)) STORED"),
        alone=True,
        effect="nextval",
    ),
    SetUp(
        "lower overloaded, in a trigger's text",
        Cause.BUILT_IN,
        MOOD
        + by(
            "superuser",
            """CREATE FUNCTION pg_catalog.lower({s}.mood) RETURNS text LANGUAGE plpgsql AS
          $f$BEGIN PERFORM {s}.w(); RETURN 'x'; END$f$;""",
        )
        + doing("NEW.slug := lower(NEW.own_mood);"),
        alone=True,
        effect="delete",
    ),
    SetUp(
        "length overloaded, in a check",
        Cause.BUILT_IN,
        by(
            "superuser",
            """CREATE FUNCTION pg_catalog.length(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
          $f$BEGIN PERFORM {s}.w(); RETURN $1; END$f$;""",
        )
        + check("length(n) > -1"),
        alone=True,
        effect="view",
    ),
    SetUp(
        "operator in pg_catalog",
        Cause.BUILT_IN,
        PAIR
        + own("pair {s}.pair DEFAULT ROW(1, 2)::{s}.pair")
        + by(
            "superuser",
            """CREATE FUNCTION pg_catalog.pairplus({s}.pair, {s}.pair) RETURNS int LANGUAGE plpgsql
          AS $f$BEGIN PERFORM {s}.w(); RETURN 1; END$f$;
          CREATE OPERATOR pg_catalog.+ (LEFTARG = {s}.pair, RIGHTARG = {s}.pair, FUNCTION = pg_catalog.pairplus);""",
        )
        + doing("NEW.slug := NEW.own_pair + NEW.own_pair;"),
        alone=True,
        effect="setval",
    ),
    SetUp(
        "trigger function put into pg_catalog",
        Cause.BUILT_IN,
        by(
            "superuser",
            """CREATE FUNCTION pg_catalog.moddatetime() RETURNS trigger LANGUAGE plpgsql AS
          $f$BEGIN PERFORM {s}.w(); RETURN NEW; END$f$;""",
        )
        + trigger(calls="pg_catalog.moddatetime('updatedAt')"),
        alone=True,
        effect="comment",
    ),
    SetUp(
        "built-in replaced by another built-in",
        Cause.BUILT_IN,
        by(
            "superuser",
            """CREATE OR REPLACE FUNCTION pg_catalog.numeric_pl_pg_lsn(numeric, pg_lsn) RETURNS pg_lsn
          LANGUAGE sql AS 'SELECT {s}.w(); SELECT $2';""",
        )
        + doing("PERFORM 1::numeric + '0/1'::pg_lsn;"),
        alone=True,
        effect="execute",
    ),
]

ALWAYS = """DO $d$ DECLARE t record; BEGIN
  FOR t IN SELECT tgname FROM pg_trigger WHERE tgrelid = '{s}.courses'::regclass AND tgisinternal LOOP
    EXECUTE format('ALTER TABLE {s}.courses ENABLE ALWAYS TRIGGER %I', t.tgname);
  END LOOP; END $d$;"""
FOREIGN_KEY = [
    SetUp(
        "foreign key, the key's own operator",
        Cause.FOREIGN_KEY,
        PAIR
        + by(
            "people",
            "CREATE TABLE {s}.pairs (pair {s}.pair PRIMARY KEY); INSERT INTO {s}.pairs VALUES (ROW(1, 2));"
            "GRANT SELECT, REFERENCES ON {s}.pairs TO studio;",
        )
        + own("pair {s}.pair DEFAULT ROW(1, 2)::{s}.pair")
        + "ALTER TABLE {s}.courses ADD FOREIGN KEY (own_pair) REFERENCES {s}.pairs;"
        + by("superuser", ALWAYS),
        event="i",
    ),
    SetUp(
        "foreign key, the plan of the table that it looks into",
        Cause.FOREIGN_KEY,
        by(
            "people",
            "INSERT INTO {s}.users SELECT i, 'u' FROM generate_series(3, 20) AS i;"
            "CREATE INDEX ON {s}.users ((touched + {s}.im(1)));",
        )
        + "ALTER TABLE {s}.courses ADD FOREIGN KEY (id) REFERENCES {s}.users NOT VALID;"
        + by("superuser", ALWAYS),
        event="i",
        effect="insert",
    ),
    SetUp(
        "foreign key, its delete sets null",
        Cause.FOREIGN_KEY,
        by(
            "people",
            "CREATE TABLE {s}.seats (id int, course int REFERENCES {s}.courses ON DELETE SET NULL);"
            "INSERT INTO {s}.seats VALUES (1, 1);",
        )
        + by("superuser", ALWAYS),
        event="d",
        path=Path.SESSION,
    ),
    SetUp(
        "foreign key, a trigger on the table that follows",
        Cause.FOREIGN_KEY,
        by(
            "people",
            "CREATE TABLE {s}.seats (id int, course int REFERENCES {s}.courses ON UPDATE CASCADE);"
            "INSERT INTO {s}.seats VALUES (1, 1);"
            + function("BEGIN PERFORM {s}.w(); RETURN NEW; END")
            + trigger("UPDATE", on="seats"),
        )
        + by("superuser", ALWAYS),
        event="k",
        effect="nextval",
    ),
    SetUp(
        "foreign key, a cast's function",
        Cause.FOREIGN_KEY,
        "CREATE TYPE {s}.code AS ENUM ('one');"
        + function("BEGIN PERFORM {s}.w(); RETURN 1; END", name="as_int({s}.code)", returns="int", options="IMMUTABLE")
        + "CREATE CAST ({s}.code AS int) WITH FUNCTION {s}.as_int({s}.code) AS IMPLICIT;"
        + own("code {s}.code DEFAULT 'one'")
        + "ALTER TABLE {s}.courses ADD FOREIGN KEY (own_code) REFERENCES {s}.users NOT VALID;"
        + by("superuser", ALWAYS),
        event="i",
        effect="delete",
    ),
]

HEARD = function("BEGIN PERFORM {s}.w(); END", name="e()", returns="event_trigger")


def hearing(tags: str, *, on: str = "ddl_command_end") -> str:
    when = f"WHEN TAG IN ({tags})" if tags else ""
    return by(
        "superuser",
        HEARD
        + f"CREATE EVENT TRIGGER e ON {on} {when} EXECUTE FUNCTION {{s}}.e(); ALTER EVENT TRIGGER e ENABLE ALWAYS;",
    )


EVENT = [
    SetUp("event trigger, ALTER SCHEMA", Cause.EVENT, hearing("'ALTER SCHEMA'"), path=Path.DDL, alone=True),
    SetUp(
        "event trigger, DROP EXTENSION",
        Cause.EVENT,
        hearing("'DROP EXTENSION'"),
        path=Path.DDL,
        alone=True,
        effect="insert",
    ),
    SetUp(
        "event trigger, what is dropped with an extension",
        Cause.EVENT,
        hearing("'DROP EXTENSION'", on="sql_drop"),
        path=Path.DDL,
        alone=True,
        effect="object",
    ),
    SetUp(
        "event trigger, before ALTER SCHEMA",
        Cause.EVENT,
        hearing("'ALTER SCHEMA'", on="ddl_command_start"),
        path=Path.DDL,
        alone=True,
        effect="nextval",
    ),
    SetUp("event trigger, every command", Cause.KNOWN, hearing(""), path=Path.DDL, alone=True, effect="delete"),
]

LATE = "CONSTRAINT TRIGGER"
DEFER = "DEFERRABLE INITIALLY DEFERRED"
HIDDEN = "SET LOCAL track_counts = off; PERFORM {s}.w(); SET LOCAL track_counts = on;"


def hidden(statements: str) -> str:
    """A trigger's function whose writes no counter counts."""
    return function(
        f"BEGIN SET LOCAL track_counts = off; {statements} SET LOCAL track_counts = on; RETURN NEW; END",
        options="SECURITY DEFINER",
    )


EVASIVE = [
    SetUp(
        "constraint trigger at the commit",
        Cause.EVASIVE,
        function("BEGIN PERFORM {s}.w(); RETURN NULL; END") + trigger(timing="AFTER", kind=LATE, more=DEFER),
    ),
    SetUp(
        "constraint trigger that is put off again",
        Cause.EVASIVE,
        function("BEGIN PERFORM {s}.w(); RETURN NULL; END", name="g()")
        + trigger("INSERT OR UPDATE", timing="AFTER", kind=LATE, more=DEFER, on="lessons", calls="{s}.g()", name="u")
        + function("BEGIN SET CONSTRAINTS ALL DEFERRED; UPDATE {s}.lessons SET title = 'late'; RETURN NULL; END")
        + trigger(timing="AFTER", kind=LATE, more=DEFER),
        effect="insert",
    ),
    SetUp(
        "exclusion at the commit",
        Cause.EVASIVE,
        function(
            "BEGIN PERFORM {s}.w(); RETURN x = y; END", name="same(x int, y int)", returns="bool", options="IMMUTABLE"
        )
        + "CREATE OPERATOR {s}.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = {s}.same,"
        " COMMUTATOR = OPERATOR({s}.===));"
        + by(
            "superuser",
            """CREATE OPERATOR CLASS {s}.same_ops FOR TYPE int USING hash AS OPERATOR 1 {s}.===,
          FUNCTION 1 hashint4(int);""",
        )
        + "ALTER TABLE {s}.courses ADD EXCLUDE USING hash (n {s}.same_ops WITH OPERATOR({s}.===)) "
        + DEFER
        + ";",
        effect="object",
    ),
    SetUp(
        "counters switched off",
        Cause.EVASIVE,
        by("superuser", function(f"BEGIN {HIDDEN} RETURN NEW; END", options="SECURITY DEFINER"))
        + trigger(timing="AFTER"),
    ),
    SetUp(
        "counters switched off, nothing in the WAL",
        Cause.EVASIVE,
        by("superuser", function(f"BEGIN {HIDDEN} RETURN NEW; END", options="SECURITY DEFINER"))
        + trigger(timing="AFTER"),
        effect="unlogged",
    ),
    SetUp(
        "counters switched off by the function's setting",
        Cause.EVASIVE,
        by(
            "superuser",
            function(
                "UPDATE {s}.users SET touched = touched + 1 WHERE id = 2 RETURNING 1",
                name="h()",
                returns="int",
                language="sql",
                options="SECURITY DEFINER SET track_counts = off",
            ),
        )
        + doing("PERFORM {s}.h();"),
    ),
    SetUp(
        "role and origin given up",
        Cause.EVASIVE,
        by(
            "superuser",
            function(
                "BEGIN PERFORM pg_replication_origin_session_reset(); EXCEPTION WHEN OTHERS THEN NULL; END",
                name="h()",
                returns="void",
                options="SECURITY DEFINER",
            ),
        )
        + doing("PERFORM {s}.h(); PERFORM {s}.w();"),
        path=Path.SESSION,
    ),
    SetUp(
        "within a block that is caught",
        Cause.EVASIVE,
        doing("BEGIN PERFORM {s}.w(); EXCEPTION WHEN OTHERS THEN NULL; END;"),
        effect="conflict",
    ),
    SetUp(
        "within a block that fails after a sequence moved",
        Cause.EVASIVE,
        doing("BEGIN PERFORM {s}.w(); PERFORM 1 / 0; EXCEPTION WHEN OTHERS THEN NULL; END;"),
        effect="nextval",
    ),
    SetUp("a sequence without a word in the WAL", Cause.EVASIVE, doing("PERFORM nextval('{s}.tickets');")),
    SetUp(
        "only where the value is another",
        Cause.EVASIVE,
        doing("IF NEW.title = 'other' THEN PERFORM {s}.w(); END IF;", events="UPDATE"),
        event="u",
    ),
    SetUp(
        "only under the worker",
        Cause.EVASIVE,
        doing(
            "IF (SELECT backend_type = 'logical replication worker' OR backend_type LIKE 'logical replication%'"
            " FROM pg_stat_activity WHERE pid = pg_backend_pid()) THEN PERFORM {s}.w(); END IF;"
        ),
        path=Path.STREAM,
    ),
    SetUp(
        "production's own column, of the row itself",
        Cause.EVASIVE,
        function("BEGIN NEW.price := 1; RETURN NEW; END") + trigger("UPDATE"),
        event="u",
    ),
    SetUp(
        "production's own column, of another row",
        Cause.EVASIVE,
        doing("UPDATE {s}.courses SET price = 0 WHERE id = 3 AND NEW.id <> 3;", events="UPDATE OF title"),
        event="u",
    ),
    SetUp(
        "a replication slot",
        Cause.EVASIVE,
        by("superuser", hidden("PERFORM pg_create_physical_replication_slot('{s}_' || NEW.id);")) + trigger(),
        beyond=True,
    ),
    SetUp(
        "a large object that goes, counters switched off",
        Cause.EVASIVE,
        by("people", "CREATE TABLE {s}.files AS SELECT lo_create(0) AS file FROM generate_series(1, 5);")
        + by(
            "superuser",
            hidden(
                "PERFORM lo_unlink((SELECT min(file) FROM {s}.files WHERE file IN"
                " (SELECT oid FROM pg_largeobject_metadata)));"
            ),
        )
        + trigger(),
    ),
    SetUp(
        "a large object's data, counters switched off",
        Cause.EVASIVE,
        by("people", "CREATE TABLE {s}.files AS SELECT lo_from_bytea(0, '\\x0102') AS file;")
        + by("superuser", hidden("PERFORM lo_put((SELECT file FROM {s}.files), NEW.id, '\\x09');"))
        + trigger(),
    ),
    SetUp(
        "a setting of a role that goes, counters switched off",
        Cause.EVASIVE,
        by(
            "superuser",
            "ALTER ROLE people SET application_name = '{s}';" + hidden("ALTER ROLE people RESET application_name;"),
        )
        + trigger("UPDATE"),
        event="u",
    ),
    SetUp(
        "a description that goes, counters switched off",
        Cause.EVASIVE,
        by("superuser", "COMMENT ON TABLE {s}.users IS 'people';" + hidden("COMMENT ON TABLE {s}.users IS NULL;"))
        + trigger("UPDATE"),
        event="u",
    ),
    SetUp(
        "a function that goes, counters switched off",
        Cause.EVASIVE,
        by(
            "superuser",
            "CREATE FUNCTION {s}.spare() RETURNS int LANGUAGE sql AS 'SELECT 1';"
            + hidden("DROP FUNCTION {s}.spare();"),
        )
        + trigger("UPDATE"),
        event="u",
    ),
    SetUp(
        "a right that goes, counters switched off",
        Cause.EVASIVE,
        by("superuser", hidden("REVOKE SELECT ON {s}.users FROM studio;")) + trigger("UPDATE"),
        event="u",
    ),
    SetUp(
        "a large object emptied, counters switched off",
        Cause.EVASIVE,
        by("people", "CREATE TABLE {s}.files AS SELECT lo_from_bytea(0, '\\x0102') AS file;")
        + by("superuser", hidden("PERFORM lo_truncate(lo_open((SELECT file FROM {s}.files), 131072), 0);"))
        + trigger(),
    ),
    SetUp(
        "a large object emptied in a block, counters switched off",
        Cause.EVASIVE,
        by("people", "CREATE TABLE {s}.files AS SELECT lo_from_bytea(0, '\\x0102') AS file;")
        + by(
            "superuser",
            hidden(
                "BEGIN PERFORM lo_truncate(lo_open((SELECT file FROM {s}.files), 131072), 0);"
                " EXCEPTION WHEN division_by_zero THEN NULL; END;"
            ),
        )
        + trigger(),
    ),
    SetUp(
        "a setting of a role that goes in a block, counters switched off",
        Cause.EVASIVE,
        by(
            "superuser",
            "ALTER ROLE people SET application_name = '{s}';"
            + hidden("BEGIN ALTER ROLE people RESET application_name; EXCEPTION WHEN division_by_zero THEN NULL; END;"),
        )
        + trigger("UPDATE"),
        event="u",
    ),
    SetUp(
        "a row of the catalogue that goes, counters switched off",
        Cause.EVASIVE,
        by(
            "superuser",
            "COMMENT ON SEQUENCE {s}.tickets IS 'numbers';"
            + hidden("DELETE FROM pg_description WHERE objoid = '{s}.tickets'::regclass;"),
        )
        + trigger("UPDATE"),
        event="u",
    ),
    SetUp(
        "a table emptied",
        Cause.EVASIVE,
        by(
            "people",
            function(
                "BEGIN TRUNCATE {s}.audit; INSERT INTO {s}.audit (what) VALUES (clock_timestamp()); END",
                name="h()",
                returns="void",
                options="SECURITY DEFINER",
            ),
        )
        + doing("PERFORM {s}.h();"),
    ),
    SetUp(
        "a setting of a role",
        Cause.EVASIVE,
        by(
            "superuser",
            function(
                "BEGIN EXECUTE format('ALTER ROLE people SET application_name = %L', clock_timestamp()); END",
                name="h()",
                returns="void",
                options="SECURITY DEFINER",
            ),
        )
        + doing("PERFORM {s}.h();"),
    ),
    SetUp(
        "a right given away",
        Cause.EVASIVE,
        by(
            "people",
            function(
                "BEGIN IF has_table_privilege('pg_monitor', '{s}.users', 'SELECT') THEN"
                " REVOKE SELECT ON {s}.users FROM pg_monitor; ELSE GRANT SELECT ON {s}.users TO pg_monitor;"
                " END IF; END",
                name="h()",
                returns="void",
                options="SECURITY DEFINER",
            ),
        )
        + doing("PERFORM {s}.h();", events="UPDATE"),
        event="u",
    ),
    SetUp(
        "a row of the catalogue",
        Cause.EVASIVE,
        by(
            "superuser",
            function(
                "UPDATE pg_catalog.pg_proc SET procost = procost + 1 WHERE oid = '{s}.pass'::regproc RETURNING 1",
                name="h()",
                returns="int",
                language="sql",
                options="SECURITY DEFINER",
            ),
        )
        + doing("PERFORM {s}.h();"),
    ),
]

SERVERS = [*LIBRARY, *BUILT_IN, *FOREIGN_KEY, *EVENT, *EVASIVE]
