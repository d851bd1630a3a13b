"""Triggers and what their functions do, planted on a content table, each with what the analysis must say."""

from __future__ import annotations

from effects_world import Case

ALL = "iukd"
ANY = "INSERT OR UPDATE OR DELETE"


def everywhere(letters: str) -> dict[str, str]:
    return {"apply": letters, "replica": letters, "ordinary": letters}


def replicated(letters: str) -> dict[str, str]:
    return {"apply": letters, "replica": letters}


def ordinary(letters: str) -> dict[str, str]:
    return {"ordinary": letters}


def function(
    body: str, *, name: str = "f", language: str = "plpgsql", options: str = "", returns: str = "trigger"
) -> str:
    return f"CREATE FUNCTION {{s}}.{name}() RETURNS {returns} LANGUAGE {language} {options} AS $f${body}$f$;"


def trigger(
    events: str = "INSERT",
    *,
    timing: str = "AFTER",
    on: str = "courses",
    calls: str = "{s}.f()",
    enable: str = "ALWAYS",
    name: str = "t",
    level: str = "ROW",
    more: str = "",
) -> str:
    text = f"CREATE TRIGGER {name} {timing} {events} ON {{s}}.{on} {more} FOR EACH {level} EXECUTE FUNCTION {calls};"
    state = f"ENABLE {enable}" if enable in ("ALWAYS", "REPLICA") else "DISABLE" if enable == "DISABLE" else ""
    return text + (f" ALTER TABLE {{s}}.{on} {state} TRIGGER {name};" if state else "")


AUDIT = "BEGIN INSERT INTO {s}.audit (what) VALUES ('x'); RETURN COALESCE(NEW, OLD); END"
NEW_ONLY = 'BEGIN NEW."updatedAt" := now(); RETURN NEW; END'
#: A function that empties ``users``.
WIPE = """CREATE FUNCTION {s}.h() RETURNS int LANGUAGE plpgsql AS
$f$BEGIN DELETE FROM {s}.users; RETURN 1; END$f$;"""
CALLER = "BEGIN PERFORM {s}.g(); RETURN NEW; END"


def called(body: str, **options: str) -> str:
    """An ALWAYS trigger that calls ``g``."""
    return function(body, name="g", returns=options.pop("returns", "void"), **options) + function(CALLER) + trigger()


def dotted(expression: str) -> str:
    """An ALWAYS trigger that computes an expression."""
    return function(f"BEGIN PERFORM {expression}; RETURN NEW; END") + trigger()


TRIGGERS = [
    Case("nothing planted", ""),
    Case("ordinary trigger that audits", function(AUDIT) + trigger(ANY, enable="ORIGIN"), ordinary(ALL)),
    Case("always trigger that audits", function(AUDIT) + trigger(ANY), everywhere(ALL)),
    Case("replica trigger that audits", function(AUDIT) + trigger(ANY, enable="REPLICA"), replicated(ALL)),
    Case("disabled trigger that audits", function(AUDIT) + trigger(ANY, enable="DISABLE")),
    Case("always, on delete only", function(AUDIT) + trigger("DELETE"), everywhere("d")),
    Case("always, on update only", function(AUDIT) + trigger("UPDATE"), everywhere("uk")),
    Case("always, before insert", function(AUDIT) + trigger(timing="BEFORE"), everywhere("i"), ("changes-content",)),
    Case(
        "always, on update of the title",
        function(AUDIT) + trigger("UPDATE OF title"),
        {"apply": "uk", "replica": "uk", "ordinary": "uk"},
    ),
    Case(
        "always, on update of the key",
        function(AUDIT) + trigger("UPDATE OF id"),
        {"apply": "uk", "replica": "k", "ordinary": "k"},
    ),
    Case(
        "always, on update of a column of production's",
        function(AUDIT) + trigger("UPDATE OF price"),
    ),
    Case(
        "always statement trigger",
        function(AUDIT) + trigger(level="STATEMENT"),
        {"replica": "i", "ordinary": "i"},
    ),
    Case(
        "always trigger with a WHEN that is never true",
        function(AUDIT) + trigger(more="", calls="{s}.f()").replace("FOR EACH ROW", "FOR EACH ROW WHEN (false)"),
        everywhere("i"),
        blind=True,
    ),
    Case(
        "a WHEN that writes",
        "CREATE FUNCTION {s}.w() RETURNS bool LANGUAGE plpgsql AS $f$BEGIN UPDATE {s}.users SET name = 'w';"
        " RETURN false; END$f$;"
        + function("BEGIN RETURN NEW; END")
        + trigger().replace("FOR EACH ROW", "FOR EACH ROW WHEN ({s}.w())"),
        everywhere("i"),
    ),
    Case(
        "always trigger that sets NEW",
        function(NEW_ONLY) + trigger("INSERT OR UPDATE", timing="BEFORE"),
        ids=("changes-content",),
    ),
    Case("always trigger that does nothing", function("BEGIN RETURN NEW; END") + trigger(ANY)),
    Case(
        "always trigger that raises a notice",
        function("BEGIN RAISE NOTICE '%', NEW.title; RETURN NEW; END") + trigger(),
    ),
    Case("always trigger that notifies", dotted("pg_notify('c', NEW.title)"), ids=("side-effect",)),
    Case("always trigger with NOTIFY", function("BEGIN NOTIFY c; RETURN NEW; END") + trigger(), ids=("side-effect",)),
    Case(
        "always trigger that writes content",
        function("BEGIN UPDATE {s}.lessons SET title = 'x'; RETURN NEW; END") + trigger(),
        ids=("changes-content",),
    ),
    Case(
        "always trigger that reads users",
        function("DECLARE n int; BEGIN SELECT count(*) INTO n FROM {s}.users; RETURN NEW; END") + trigger(),
    ),
    Case(
        "always trigger that locks users' rows",
        function("BEGIN PERFORM 1 FROM {s}.users FOR UPDATE; RETURN NEW; END") + trigger(),
        ids=("side-effect",),
    ),
    Case(
        "always trigger without effect of the server's",
        trigger("UPDATE", timing="BEFORE", calls="suppress_redundant_updates_trigger()"),
    ),
]

BODIES = [
    Case("through a function", called("BEGIN UPDATE {s}.users SET name = 'x'; END"), everywhere("i")),
    Case("through an SQL function", called("UPDATE {s}.users SET name = 'x'", language="sql"), everywhere("i")),
    Case(
        "through an SQL-standard body",
        "CREATE FUNCTION {s}.g() RETURNS void LANGUAGE sql BEGIN ATOMIC UPDATE {s}.users SET name = 'x'; END;"
        + function(CALLER)
        + trigger(),
        everywhere("i"),
    ),
    Case(
        "an SQL-standard body that only returns",
        "CREATE FUNCTION {s}.g() RETURNS int LANGUAGE sql RETURN 1 + 1;" + function(CALLER) + trigger(),
    ),
    Case(
        "through a CTE that writes",
        called(
            "WITH w AS (DELETE FROM {s}.users RETURNING 1) INSERT INTO {s}.audit (what) SELECT 'x' FROM w",
            language="sql",
        ),
        everywhere("i"),
    ),
    Case("EXECUTE", called("BEGIN EXECUTE 'UPDATE {s}.users SET name = ''x'''; END"), everywhere("i")),
    Case(
        "FOR … IN EXECUTE",
        called(
            "DECLARE r record; BEGIN FOR r IN EXECUTE 'UPDATE {s}.users SET name = ''x'' RETURNING 1'"
            " LOOP NULL; END LOOP; END"
        ),
        everywhere("i"),
    ),
    Case(
        "OPEN … FOR EXECUTE",
        called("DECLARE c refcursor; BEGIN OPEN c FOR EXECUTE 'SELECT 1'; END"),
        everywhere("i"),
        blind=True,
    ),
    Case(
        "RETURN QUERY EXECUTE",
        called("BEGIN RETURN QUERY EXECUTE 'UPDATE {s}.users SET name = ''x'' RETURNING 1'; END", returns="SETOF int"),
        everywhere("i"),
    ),
    Case("the word EXECUTE in a string", called("BEGIN RAISE NOTICE 'EXECUTE DELETE FROM users'; END")),
    Case(
        "MERGE",
        called(
            "BEGIN MERGE INTO {s}.users AS u USING (VALUES (1)) AS v (id) ON u.id = v.id"
            " WHEN MATCHED THEN UPDATE SET name = 'm'; END"
        ),
        everywhere("i"),
    ),
    Case(
        "ON CONFLICT",
        called("BEGIN INSERT INTO {s}.users VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = 'x'; END"),
        everywhere("i"),
    ),
    Case("TRUNCATE", called("BEGIN TRUNCATE {s}.audit; END"), everywhere("i"), blind=True),
    Case("COPY", called("BEGIN COPY {s}.audit FROM PROGRAM 'true'; END"), everywhere("i"), blind=True),
    Case("DO inside", called("BEGIN DO $d$BEGIN DELETE FROM {s}.users; END$d$; END"), everywhere("i")),
    Case("CREATE TABLE inside", called("BEGIN CREATE TABLE {s}.made (a int); END"), everywhere("i"), blind=True),
    Case(
        "a procedure",
        "CREATE PROCEDURE {s}.p() LANGUAGE plpgsql AS $f$BEGIN DELETE FROM {s}.users; END$f$;"
        + called("BEGIN CALL {s}.p(); END"),
        everywhere("i"),
    ),
    Case("in ELSE", called("BEGIN IF false THEN NULL; ELSE DELETE FROM {s}.users; END IF; END"), everywhere("i")),
    Case(
        "in an exception handler",
        called("BEGIN PERFORM 1 / 0; EXCEPTION WHEN others THEN DELETE FROM {s}.users; END"),
        everywhere("i"),
    ),
    Case("in a declaration", WIPE + called("DECLARE n int := {s}.h(); BEGIN NULL; END"), everywhere("i")),
    Case("in an array's index", WIPE + called("DECLARE n int[]; BEGIN n[{s}.h()] := 2; END"), everywhere("i")),
    Case(
        "in an argument's default",
        WIPE
        + "CREATE FUNCTION {s}.k(a int DEFAULT {s}.h()) RETURNS int LANGUAGE sql AS 'SELECT a';"
        + called("BEGIN PERFORM {s}.k(); END"),
        everywhere("i"),
    ),
    Case(
        "in the bound of a loop", WIPE + called("BEGIN FOR i IN 1..{s}.h() LOOP NULL; END LOOP; END"), everywhere("i")
    ),
    Case(
        "in a cursor",
        WIPE + called("DECLARE c CURSOR FOR SELECT {s}.h(); n int; BEGIN OPEN c; FETCH c INTO n; END"),
        everywhere("i"),
    ),
    Case("a built-in that runs SQL", dotted("query_to_xml('SELECT 1', true, true, '')"), everywhere("i"), blind=True),
    Case(
        "a built-in that moves a sequence",
        "CREATE SEQUENCE {s}.q;" + dotted("nextval('{s}.q')"),
        everywhere("i"),
        blind=True,
    ),
    Case(
        "a built-in that changes a setting",
        dotted("set_config('session_replication_role', 'origin', true)"),
        everywhere("i"),
        blind=True,
    ),
    Case(
        "SET inside",
        function(
            "BEGIN SET LOCAL session_replication_role = origin; UPDATE {s}.lessons SET title = 'x'; RETURN NEW; END"
        )
        + trigger(),
        everywhere("i"),
        blind=True,
    ),
    Case(
        "a setting of the function",
        function(
            "BEGIN UPDATE {s}.lessons SET title = 'x'; RETURN NEW; END", options="SET session_replication_role = origin"
        )
        + function(AUDIT, name="a")
        + trigger("UPDATE", on="lessons", calls="{s}.a()", enable="ORIGIN", name="la")
        + trigger(),
        everywhere("i"),
    ),
    Case(
        "SECURITY DEFINER that only computes",
        function(NEW_ONLY, options="SECURITY DEFINER") + trigger(timing="BEFORE"),
        everywhere("i"),
        ("security-definer",),
        blind=True,
    ),
    Case(
        "a bare name, own search_path",
        function("BEGIN INSERT INTO audit (what) VALUES ('x'); RETURN NEW; END", options="SET search_path = {s}")
        + trigger(),
        everywhere("i"),
    ),
    Case(
        "a bare name, none",
        function("BEGIN INSERT INTO audit (what) VALUES ('x'); RETURN NEW; END") + trigger(),
        everywhere("i"),
        ("stops-stream",),
        blind=True,
    ),
    Case(
        "a bare function that computes, none",
        "CREATE FUNCTION {s}.slug_{s}(t text) RETURNS text LANGUAGE sql AS 'SELECT lower(t)';"
        + function("BEGIN NEW.slug := slug_{s}(NEW.title); RETURN NEW; END")
        + trigger(timing="BEFORE"),
        ids=("stops-stream",),
    ),
    Case(
        "a bare name, path set inside",
        function("BEGIN SET LOCAL search_path = {s}; INSERT INTO audit (what) VALUES ('x'); RETURN NEW; END")
        + trigger(),
        everywhere("i"),
    ),
    Case(
        "a path that is passed on",
        "CREATE FUNCTION {s}.g_{s}() RETURNS void LANGUAGE plpgsql AS $f$BEGIN DELETE FROM users; END$f$;"
        + function("BEGIN PERFORM g_{s}(); RETURN NEW; END", options="SET search_path = {s}")
        + trigger(),
        everywhere("i"),
    ),
    Case(
        "a function under a built-in's name",
        "CREATE FUNCTION {s}.lower(a varchar) RETURNS text LANGUAGE plpgsql AS"
        " $f$BEGIN DELETE FROM {s}.users; RETURN 'x'; END$f$;"
        + function("BEGIN NEW.slug := lower('X'::varchar); RETURN NEW; END", options="SET search_path = {s}")
        + trigger(timing="BEFORE"),
        everywhere("i"),
    ),
    Case(
        "a field that is a call",
        "CREATE FUNCTION {s}.wipe(u {s}.users) RETURNS int LANGUAGE plpgsql AS"
        " $f$BEGIN DELETE FROM {s}.users; RETURN 1; END$f$;"
        + called(
            "DECLARE n int; BEGIN SELECT u.wipe INTO n FROM {s}.users AS u LIMIT 1; END",
            options="SET search_path = {s}",
        ),
        everywhere("i"),
    ),
    Case(
        "another trigger of content's",
        function("BEGIN UPDATE {s}.lessons SET title = 'x'; RETURN NEW; END")
        + function(AUDIT, name="a")
        + trigger("UPDATE", on="lessons", calls="{s}.a()", name="la")
        + trigger(),
        everywhere("i"),
    ),
    Case(
        "another trigger of content's, at rest",
        function("BEGIN UPDATE {s}.lessons SET title = 'x'; RETURN NEW; END")
        + function(AUDIT, name="a")
        + trigger("UPDATE", on="lessons", calls="{s}.a()", name="la", enable="ORIGIN")
        + trigger(),
        ordinary("i"),
        ("changes-content",),
    ),
    Case(
        "statement trigger behind a row trigger",
        function("BEGIN UPDATE {s}.lessons SET title = 'x'; RETURN NEW; END")
        + function(AUDIT, name="a")
        + trigger("UPDATE", on="lessons", calls="{s}.a()", name="la", level="STATEMENT")
        + trigger(),
        everywhere("i"),
    ),
    Case(
        "an auto-updatable view",
        "CREATE VIEW {s}.v AS SELECT * FROM {s}.users;" + called("BEGIN UPDATE {s}.v SET name = 'x'; END"),
        everywhere("i"),
    ),
    Case(
        "a view of content",
        "CREATE VIEW {s}.v AS SELECT * FROM {s}.lessons;" + called("BEGIN UPDATE {s}.v SET title = 'x'; END"),
        everywhere("i"),
        blind=True,
    ),
    Case(
        "reading a view that computes",
        "CREATE VIEW {s}.v AS SELECT lower(name) AS name, now() AS t FROM {s}.users;"
        + called("DECLARE n int; BEGIN SELECT count(*) INTO n FROM {s}.v; END"),
    ),
    Case(
        "reading a view that writes",
        WIPE
        + " CREATE VIEW {s}.v AS SELECT {s}.h() AS h; CREATE VIEW {s}.w AS SELECT * FROM {s}.v;"
        + called("DECLARE n int; BEGIN SELECT sum(h) INTO n FROM {s}.w; END"),
        everywhere("i"),
    ),
    Case(
        "writing a parent",
        "CREATE TABLE {s}.child () INHERITS ({s}.lessons); INSERT INTO {s}.child (id) VALUES (5);"
        + function("BEGIN UPDATE {s}.lessons SET title = 'x'; RETURN NEW; END")
        + trigger(),
        everywhere("i"),
        ("inheritance",),
    ),
    Case(
        "an aggregate",
        "CREATE FUNCTION {s}.acc(a int, b int) RETURNS int LANGUAGE plpgsql AS"
        " $f$BEGIN DELETE FROM {s}.users; RETURN 1; END$f$;"
        "CREATE AGGREGATE {s}.agg(int) (SFUNC = {s}.acc, STYPE = int, INITCOND = '0');"
        + called("DECLARE n int; BEGIN SELECT {s}.agg(id) INTO n FROM {s}.courses; END"),
        everywhere("i"),
    ),
    Case("recursion", called("BEGIN IF false THEN PERFORM {s}.g(); END IF; END")),
    Case(
        "an enum's variable in a list of targets",
        "CREATE TYPE {s}.e AS ENUM ('a');" + called("DECLARE x {s}.e; y text; BEGIN SELECT 'a', 'b' INTO x, y; END"),
        everywhere("i"),
        blind=True,
    ),
]
