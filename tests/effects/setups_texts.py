"""What stands in the texts of functions only, and what those texts read."""

from __future__ import annotations

from setups_model import Cause, SetUp, by, check, doing, function


def operator(symbol: str, implementation: str, left: str = "", right: str = "") -> str:
    sides = [f"{side}ARG = {kind}" for side, kind in (("LEFT", left), ("RIGHT", right)) if kind]
    return f"CREATE OPERATOR {{s}}.{symbol} ({', '.join(sides)}, FUNCTION = {implementation});"


SETVAL = operator("##", "pg_catalog.setval", "regclass", "bigint")
REWRITE = operator("@!", "pg_catalog.ts_rewrite", "tsquery", "text")
WORDS = function(
    "BEGIN PERFORM {s}.w(); RETURN QUERY SELECT 'a'::tsquery, 'b'::tsquery; END",
    name="words()",
    returns="TABLE (a tsquery, b tsquery)",
)
REWRITTEN = "'a'::tsquery OPERATOR({s}.@!) 'SELECT * FROM {s}.words()'"
AGAIN = "host={host} port={port} dbname={db} user=postgres password={password}"

OPERATOR = [
    SetUp(
        "operator over setval",
        Cause.OPERATOR,
        SETVAL + doing("PERFORM '{s}.tickets'::regclass OPERATOR({s}.##) (NEW.n + 500)::bigint;"),
    ),
    SetUp(
        "operator over nextval, in front",
        Cause.OPERATOR,
        operator("!!", "pg_catalog.nextval", right="regclass")
        + doing("PERFORM OPERATOR({s}.!!) '{s}.tickets'::regclass;"),
    ),
    SetUp("operator over ts_rewrite", Cause.OPERATOR, REWRITE + WORDS + doing(f"PERFORM {REWRITTEN};")),
    SetUp(
        "operator over ts_rewrite, in a check",
        Cause.OPERATOR,
        REWRITE + WORDS + check(f"({REWRITTEN}) IS NOT NULL"),
        effect="insert",
    ),
    SetUp(
        "operator over lo_create",
        Cause.OPERATOR,
        operator("@#@", "pg_catalog.lo_create", right="oid") + doing("PERFORM OPERATOR({s}.@#@) 0::oid;"),
    ),
    SetUp(
        "operator over lo_from_bytea",
        Cause.OPERATOR,
        operator("@+", "pg_catalog.lo_from_bytea", "oid", "bytea") + doing(r"PERFORM 0::oid OPERATOR({s}.@+) '\x01';"),
    ),
    SetUp(
        "operator over lo_unlink",
        Cause.OPERATOR,
        by(
            "people",
            "CREATE TABLE {s}.files AS SELECT lo_create(0) AS file FROM generate_series(1, 20);"
            "GRANT ALL ON {s}.files TO studio;",
        )
        + operator("@-", "pg_catalog.lo_unlink", right="oid")
        + doing(
            "PERFORM OPERATOR({s}.@-) (SELECT min(oid) FROM pg_largeobject_metadata WHERE oid IN"
            " (SELECT file FROM {s}.files));"
        ),
    ),
    SetUp(
        "operator found by the path",
        Cause.OPERATOR,
        SETVAL
        + doing(
            "PERFORM '{s}.tickets'::regclass ## (NEW.n + 900)::bigint;", options="SET search_path = pg_catalog, {s}"
        ),
    ),
    SetUp(
        "operator in a text of SQL",
        Cause.OPERATOR,
        SETVAL
        + function(
            "SELECT '{s}.tickets'::regclass OPERATOR({s}.##) 321::bigint",
            name="g()",
            returns="bigint",
            language="sql",
        )
        + doing("NEW.slug := {s}.g();"),
    ),
    SetUp(
        "operator over dblink_exec",
        Cause.OPERATOR,
        operator("@!!", "public.dblink_exec", "text", "text")
        + by("superuser", "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO PUBLIC;")
        + doing(f"PERFORM '{AGAIN}' OPERATOR({{s}}.@!!) 'UPDATE {{s}}.users SET touched = touched + 1';"),
        beyond=True,
    ),
    SetUp(
        "operator over a built-in, named as a sort's",
        Cause.OPERATOR,
        REWRITE + WORDS + doing(f"PERFORM l.id FROM {{s}}.lessons AS l ORDER BY {REWRITTEN};"),
        effect="object",
    ),
]

AGGREGATE = [
    SetUp(
        "aggregate that ends with nextval",
        Cause.AGGREGATE,
        "CREATE AGGREGATE {s}.a(oid) (SFUNC = oidlarger, STYPE = oid, FINALFUNC = nextval);"
        + doing("PERFORM {s}.a('{s}.tickets'::regclass);"),
    ),
    SetUp(
        "aggregate of ts_rewrite",
        Cause.AGGREGATE,
        "CREATE AGGREGATE {s}.a(text) (SFUNC = ts_rewrite, STYPE = tsquery, INITCOND = 'a');"
        + WORDS
        + doing("PERFORM {s}.a('SELECT * FROM {s}.words()');"),
    ),
    SetUp(
        "aggregate of lo_create",
        Cause.AGGREGATE,
        "CREATE AGGREGATE {s}.a(*) (SFUNC = lo_create, STYPE = oid, INITCOND = '0');"
        + doing("PERFORM {s}.a(*) FROM {s}.lessons AS l WHERE l.id = 1;"),
    ),
    SetUp(
        "aggregate that ends with lo_creat",
        Cause.AGGREGATE,
        "CREATE AGGREGATE {s}.a(int) (SFUNC = int4larger, STYPE = int, FINALFUNC = lo_creat);"
        + doing("PERFORM {s}.a(l.id) FROM {s}.lessons AS l;"),
    ),
    SetUp(
        "aggregate over a window",
        Cause.AGGREGATE,
        "CREATE AGGREGATE {s}.a(oid) (SFUNC = oidlarger, STYPE = oid, FINALFUNC = nextval);"
        + doing("PERFORM {s}.a('{s}.tickets'::regclass) OVER () FROM {s}.lessons AS l;"),
    ),
    SetUp(
        "aggregate in a view that a trigger reads",
        Cause.AGGREGATE,
        "CREATE AGGREGATE {s}.a(oid) (SFUNC = oidlarger, STYPE = oid, FINALFUNC = nextval);"
        "CREATE VIEW {s}.board AS SELECT {s}.a('{s}.tickets'::regclass) AS n;" + doing("PERFORM n FROM {s}.board;"),
    ),
    SetUp(
        "aggregate, found by the path",
        Cause.AGGREGATE,
        "CREATE AGGREGATE {s}.a(text) (SFUNC = ts_rewrite, STYPE = tsquery, INITCOND = 'a');"
        + WORDS
        + doing("PERFORM a('SELECT * FROM words()');", options="SET search_path = {s}"),
        effect="delete",
    ),
]

ARGUMENT = [
    SetUp(
        "default argument of a built-in under another name",
        Cause.ARGUMENT,
        by(
            "superuser",
            "CREATE FUNCTION {s}.low(text, int DEFAULT {s}.w()) RETURNS text LANGUAGE internal IMMUTABLE AS 'lower';",
        )
        + doing("NEW.title := {s}.low(NEW.title);"),
    ),
    SetUp(
        "default argument of a library's function",
        Cause.ARGUMENT,
        by(
            "superuser",
            "CREATE FUNCTION {s}.sound(text, int DEFAULT {s}.w()) RETURNS text LANGUAGE C IMMUTABLE"
            " AS '$libdir/fuzzystrmatch', 'soundex';",
        )
        + doing("NEW.slug := {s}.sound(NEW.title);"),
        effect="insert",
    ),
    SetUp(
        "default argument of a harmless function",
        Cause.ARGUMENT,
        "CREATE FUNCTION {s}.plus(a int, b int DEFAULT {s}.w()) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN a; END';"
        + doing("NEW.slug := {s}.plus(1);"),
        effect="delete",
    ),
    SetUp(
        "default argument of a procedure",
        Cause.ARGUMENT,
        "CREATE PROCEDURE {s}.p(a int DEFAULT {s}.w()) LANGUAGE plpgsql AS 'BEGIN NULL; END';" + doing("CALL {s}.p();"),
        effect="object",
    ),
    SetUp(
        "default argument left out by name",
        Cause.ARGUMENT,
        "CREATE FUNCTION {s}.plus(a int DEFAULT {s}.w(), b int DEFAULT 2) RETURNS int LANGUAGE plpgsql"
        " AS 'BEGIN RETURN b; END';" + doing("NEW.slug := {s}.plus(b => 1);"),
        effect="view",
    ),
    SetUp(
        "default argument of a function in FROM",
        Cause.ARGUMENT,
        "CREATE FUNCTION {s}.rows(a int DEFAULT {s}.im(1)) RETURNS SETOF int LANGUAGE sql AS 'SELECT 2';"
        + doing("PERFORM * FROM {s}.rows() AS r;"),
        effect="comment",
    ),
    SetUp(
        "default argument, nextval",
        Cause.ARGUMENT,
        "CREATE FUNCTION {s}.plus(a int, b bigint DEFAULT nextval('{s}.tickets')) RETURNS int LANGUAGE plpgsql"
        " IMMUTABLE AS 'BEGIN RETURN a; END';" + doing("NEW.slug := {s}.plus(1);"),
    ),
    SetUp(
        "default argument of a built-in, replaced",
        Cause.ARGUMENT,
        by(
            "superuser",
            "CREATE FUNCTION {s}.yes() RETURNS bool LANGUAGE sql AS 'SELECT {s}.w() > 0';"
            "CREATE OR REPLACE FUNCTION pg_catalog.jsonb_set(jsonb_in jsonb, path text[], replacement jsonb,"
            " create_if_missing boolean DEFAULT {s}.yes()) RETURNS jsonb LANGUAGE internal"
            " STRICT IMMUTABLE PARALLEL SAFE AS 'jsonb_set';",
        )
        + doing("NEW.data := pg_catalog.jsonb_set(NEW.data, '{a}', '1');"),
        alone=True,
    ),
]

#: Reads one user by the key: what planning of that table runs, runs.
READ = doing("PERFORM u.name FROM {s}.users AS u WHERE u.id = NEW.id;")
PLANNING = [
    SetUp(
        "index of a table that is read, expression",
        Cause.PLANNING,
        by("people", "CREATE INDEX ON {s}.users ((touched + {s}.im(1)));") + READ,
        effect="insert",
    ),
    SetUp(
        "index of a table that is read, predicate",
        Cause.PLANNING,
        by("people", "CREATE INDEX ON {s}.users (name) WHERE {s}.im(1) = 1;") + READ,
        effect="nextval",
    ),
    SetUp(
        "statistics of a table that is read",
        Cause.PLANNING,
        by("people", "CREATE STATISTICS {s}.st ON (touched + {s}.im(1)), id FROM {s}.users; ANALYZE {s}.users;") + READ,
        effect="insert",
    ),
    SetUp(
        "check of a child of a table that is read",
        Cause.PLANNING,
        by("people", "CREATE TABLE {s}.old_users (CHECK (id > 1000 + {s}.im(1))) INHERITS ({s}.users);") + READ,
        effect="insert",
    ),
    SetUp(
        "partition key of a table that is read",
        Cause.PLANNING,
        by(
            "people",
            "CREATE TABLE {s}.visits (id int, n int) PARTITION BY RANGE ((id + {s}.im(1)));"
            "CREATE TABLE {s}.visits_1 PARTITION OF {s}.visits FOR VALUES FROM (0) TO (1000);"
            "GRANT SELECT ON {s}.visits TO studio;",
        )
        + doing("PERFORM v.n FROM {s}.visits AS v WHERE v.id = NEW.id;"),
    ),
    SetUp(
        "index of a table behind a view that is read",
        Cause.PLANNING,
        by(
            "people",
            "CREATE INDEX ON {s}.users ((touched + {s}.im(1)));"
            "CREATE VIEW {s}.members AS SELECT id, name FROM {s}.users; GRANT SELECT ON {s}.members TO studio;",
        )
        + doing("PERFORM m.name FROM {s}.members AS m;"),
        effect="insert",
    ),
    SetUp(
        "index of a table that is read in a loop",
        Cause.PLANNING,
        by("people", "CREATE INDEX ON {s}.users ((touched + {s}.im(1)));")
        + doing("FOR r IN SELECT u.name FROM {s}.users AS u LOOP NEW.slug := r.name; END LOOP;", declare="r record;"),
        effect="object",
    ),
    SetUp(
        "index of a table that a function of SQL reads",
        Cause.PLANNING,
        by("people", "CREATE INDEX ON {s}.users ((lower(name) || {s}.im(1)));")
        + function("SELECT count(*) FROM {s}.users", name="members()", returns="bigint", language="sql")
        + doing("NEW.slug := {s}.members();"),
        effect="table",
    ),
    SetUp(
        "check of a partition of a table that is read",
        Cause.PLANNING,
        by(
            "people",
            "CREATE TABLE {s}.visits (id int, n int) PARTITION BY RANGE (id);"
            "CREATE TABLE {s}.visits_1 PARTITION OF {s}.visits FOR VALUES FROM (0) TO (1000);"
            "ALTER TABLE {s}.visits_1 ADD CHECK (n > {s}.im(-9));"
            "GRANT SELECT ON {s}.visits TO studio;",
        )
        + doing("PERFORM v.n FROM {s}.visits AS v WHERE v.n < 3;"),
        effect="view",
    ),
    SetUp(
        "index of a table that a condition reads",
        Cause.PLANNING,
        by("people", "CREATE INDEX ON {s}.users ((touched + {s}.im(1))) WHERE name IS NOT NULL;")
        + doing("IF EXISTS (SELECT FROM {s}.users AS u WHERE u.name = NEW.title) THEN NEW.slug := 's'; END IF;"),
        effect="delete",
    ),
]

SERVER = by(
    "superuser",
    """CREATE SERVER {s}_again FOREIGN DATA WRAPPER postgres_fdw
         OPTIONS (host '{host}', port '{port}', dbname '{db}');
    CREATE USER MAPPING FOR PUBLIC SERVER {s}_again OPTIONS (user 'postgres', password '{password}');
    GRANT USAGE ON FOREIGN SERVER {s}_again TO people, studio;
    CREATE VIEW {s}.trap AS SELECT {s}.w() AS id, 7 AS n;""",
)
REMOTE = "SERVER {s}_again OPTIONS (schema_name '{s}', table_name 'trap')"
FOREIGN = [
    SetUp(
        "foreign partition of a table that is read",
        Cause.FOREIGN,
        SERVER
        + by(
            "people",
            "CREATE TABLE {s}.visits (id int, n int) PARTITION BY LIST (id);"
            f"CREATE FOREIGN TABLE {{s}}.visits_1 PARTITION OF {{s}}.visits DEFAULT {REMOTE};"
            "GRANT SELECT ON {s}.visits TO studio;",
        )
        + doing("PERFORM v.n FROM {s}.visits AS v;"),
        beyond=True,
    ),
    SetUp(
        "foreign child of a table that is read",
        Cause.FOREIGN,
        SERVER
        + by(
            "people",
            "CREATE TABLE {s}.visits (id int, n int);"
            f"CREATE FOREIGN TABLE {{s}}.visits_1 () INHERITS ({{s}}.visits) {REMOTE};"
            "GRANT SELECT ON {s}.visits TO studio;",
        )
        + doing("PERFORM v.n FROM {s}.visits AS v WHERE v.id = 1;"),
        effect="insert",
        beyond=True,
    ),
    SetUp(
        "foreign partition of a partition",
        Cause.FOREIGN,
        SERVER
        + by(
            "people",
            "CREATE TABLE {s}.visits (id int, n int) PARTITION BY LIST (id);"
            "CREATE TABLE {s}.visits_1 PARTITION OF {s}.visits DEFAULT PARTITION BY LIST (n);"
            f"CREATE FOREIGN TABLE {{s}}.visits_2 PARTITION OF {{s}}.visits_1 DEFAULT {REMOTE};"
            "GRANT SELECT ON {s}.visits TO studio;",
        )
        + doing("PERFORM v.n FROM {s}.visits AS v;"),
        effect="delete",
        beyond=True,
    ),
    SetUp(
        "foreign partition behind a view",
        Cause.FOREIGN,
        SERVER
        + by(
            "people",
            "CREATE TABLE {s}.visits (id int, n int) PARTITION BY LIST (id);"
            f"CREATE FOREIGN TABLE {{s}}.visits_1 PARTITION OF {{s}}.visits DEFAULT {REMOTE};"
            "CREATE VIEW {s}.seen AS SELECT count(*) AS n FROM {s}.visits; GRANT SELECT ON {s}.seen TO studio;",
        )
        + doing("PERFORM v.n FROM {s}.seen AS v;"),
        effect="nextval",
        beyond=True,
    ),
    SetUp(
        "foreign table that is read",
        Cause.KNOWN,
        SERVER
        + by("people", f"CREATE FOREIGN TABLE {{s}}.far (id int) {REMOTE}; GRANT SELECT ON {{s}}.far TO studio;")
        + doing("PERFORM f.id FROM {s}.far AS f;"),
        effect="object",
        beyond=True,
    ),
]

KNOWN = [
    SetUp(
        "row security of a table that is read",
        Cause.KNOWN,
        by(
            "people",
            "CREATE POLICY p ON {s}.users USING ({s}.w() > 0); ALTER TABLE {s}.users ENABLE ROW LEVEL SECURITY;",
        )
        + doing("PERFORM {s}.peek();")
        + function(
            "SELECT count(*) FROM {s}.users",
            name="peek()",
            returns="bigint",
            language="sql",
            options="SECURITY DEFINER",
        ),
        effect="insert",
    ),
    SetUp(
        "dblink from a trigger",
        Cause.KNOWN,
        doing(f"PERFORM public.dblink_exec('{AGAIN}', 'UPDATE {{s}}.users SET touched = touched + 1');"),
        beyond=True,
    ),
    SetUp(
        "procedure of a trigger",
        Cause.KNOWN,
        "CREATE PROCEDURE {s}.p() LANGUAGE sql AS 'SELECT {s}.w()';" + doing("CALL {s}.p();"),
        effect="nextval",
    ),
    SetUp(
        "SQL function with a body of its own",
        Cause.KNOWN,
        "CREATE FUNCTION {s}.g() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT {s}.w(); END;"
        + doing("NEW.slug := {s}.g();"),
        effect="view",
    ),
    SetUp(
        "user's aggregate over a user's function",
        Cause.KNOWN,
        function("BEGIN PERFORM {s}.w(); RETURN x; END", name="step(x int, y int)", returns="int")
        + "CREATE AGGREGATE {s}.a(int) (SFUNC = {s}.step, STYPE = int, INITCOND = '0');"
        + doing("NEW.slug := {s}.a(1);"),
        effect="delete",
    ),
    SetUp(
        "user's operator over a user's function",
        Cause.KNOWN,
        function("BEGIN PERFORM {s}.w(); RETURN x; END", name="both(x int, y int)", returns="int")
        + operator("@+@", "{s}.both", "int", "int")
        + doing("NEW.slug := 1 OPERATOR({s}.@+@) 2;"),
        effect="object",
    ),
]

TEXTS = [*OPERATOR, *AGGREGATE, *ARGUMENT, *PLANNING, *FOREIGN, *KNOWN]
