"""Triggers: their conditions, the columns that they wait for, what their functions say."""

from __future__ import annotations

from setups_model import Cause, Path, SetUp, by, doing, function, own, trigger

TOUCH = function("BEGIN PERFORM {s}.w(); RETURN NEW; END")
SUPPRESS = "pg_catalog.suppress_redundant_updates_trigger()"
CHECKED = "CREATE DOMAIN {s}.checked AS text CHECK ({s}.ok(VALUE));"


def waiting(when: str, *, events: str = "UPDATE", calls: str = SUPPRESS) -> str:
    return trigger(events, calls=calls, when=when)


WHEN = [
    SetUp("when, suppress_redundant_updates_trigger", Cause.WHEN, waiting("{s}.w() > 0")),
    SetUp(
        "when, tsvector_update_trigger",
        Cause.WHEN,
        own("words tsvector")
        + waiting(
            "{s}.ok(NEW.title)",
            events="INSERT OR UPDATE",
            calls="pg_catalog.tsvector_update_trigger('own_words', 'pg_catalog.simple', 'title')",
        ),
        effect="insert",
    ),
    SetUp(
        "when, tsvector_update_trigger_column",
        Cause.WHEN,
        own("words tsvector")
        + own("language regconfig DEFAULT 'pg_catalog.simple'")
        + waiting(
            "CASE WHEN NEW.n > 0 THEN {s}.im(NEW.n) END > 0",
            calls="pg_catalog.tsvector_update_trigger_column('own_words', 'own_language', 'title')",
        ),
        effect="delete",
    ),
    SetUp(
        "when, operator of a user's",
        Cause.WHEN,
        function("BEGIN PERFORM {s}.w(); RETURN true; END", name="same(text, text)", returns="bool")
        + "CREATE OPERATOR {s}.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = {s}.same);"
        + waiting("OLD.title OPERATOR({s}.===) NEW.title"),
        effect="view",
    ),
    SetUp("when, cast to a domain", Cause.WHEN, CHECKED + waiting("NEW.title::{s}.checked IS NOT NULL")),
    SetUp(
        "when, array cast to a domain's",
        Cause.WHEN,
        CHECKED + waiting("cardinality(NEW.tags::{s}.checked[]) > 0"),
        effect="object",
    ),
    SetUp("when, coalesce and nothing else", Cause.WHEN, waiting("COALESCE({s}.w(), 0) = 1"), effect="setval"),
    SetUp(
        "when, moddatetime",
        Cause.WHEN,
        waiting("{s}.w() = 1", calls="""public.moddatetime('updatedAt')"""),
        effect="conflict",
    ),
    SetUp(
        "when, the whole row to a function",
        Cause.WHEN,
        function("SELECT {s}.w() > 0", name="fits({s}.courses)", returns="bool", language="sql")
        + waiting("{s}.fits(NEW)"),
        effect="comment",
    ),
]

DOUBLE = "ALTER TABLE {s}.courses ADD double int GENERATED ALWAYS AS (n * 2) STORED;"
VIRTUAL = "ALTER TABLE {s}.courses ADD double int GENERATED ALWAYS AS (n * 2) VIRTUAL;"
#: Generated where the columns are added on both servers; a publication leaves them out.
UPDATE_OF = [
    SetUp("update of a stored column", Cause.UPDATE_OF, TOUCH + trigger("UPDATE OF double"), both=DOUBLE, event="u"),
    SetUp(
        "update of a virtual column",
        Cause.UPDATE_OF,
        TOUCH + trigger("UPDATE OF double"),
        both=VIRTUAL,
        event="u",
        since=18,
    ),
    SetUp(
        "update of a stored column, afterwards",
        Cause.UPDATE_OF,
        TOUCH + trigger("UPDATE OF double", timing="AFTER"),
        both=DOUBLE,
        event="u",
        effect="nextval",
    ),
    SetUp(
        "update of one generated on production only",
        Cause.UPDATE_OF,
        "ALTER TABLE {s}.courses ADD own_length int GENERATED ALWAYS AS (length(title)) STORED;"
        + TOUCH
        + trigger("UPDATE OF own_length"),
        event="u",
        effect="delete",
    ),
    SetUp(
        "update of production's column or a generated one",
        Cause.UPDATE_OF,
        TOUCH + trigger("UPDATE OF price, double"),
        both=DOUBLE,
        event="u",
        effect="execute",
    ),
    SetUp(
        "update of one that depends on production's column too",
        Cause.UPDATE_OF,
        "ALTER TABLE {s}.courses ADD own_sum numeric GENERATED ALWAYS AS (coalesce(price, 0) + n) STORED;"
        + TOUCH
        + trigger("UPDATE OF own_sum"),
        event="u",
        effect="object",
    ),
    SetUp(
        "update of a generated column, constraint trigger",
        Cause.UPDATE_OF,
        TOUCH + trigger("UPDATE OF double", timing="AFTER", kind="CONSTRAINT TRIGGER", more="DEFERRABLE"),
        both=DOUBLE,
        event="u",
        effect="insert",
    ),
    SetUp(
        "update of a generated column, with a condition",
        Cause.UPDATE_OF,
        TOUCH + trigger("UPDATE OF double", when="OLD.double <> NEW.double", timing="AFTER"),
        both=DOUBLE,
        event="u",
        effect="table",
    ),
    SetUp(
        "update of one generated from json",
        Cause.UPDATE_OF,
        "ALTER TABLE {s}.courses ADD own_kind text GENERATED ALWAYS AS (data->>'a') STORED;"
        + TOUCH
        + trigger("UPDATE OF own_kind"),
        event="u",
        effect="unlogged",
    ),
]

PATH = "SET search_path = {s}, pg_temp"
BARE_CALL = [
    SetUp(
        "bare, a function of the row",
        Cause.BARE_CALL,
        function("SELECT {s}.w()", name="seen({s}.courses)", returns="int", language="sql")
        + doing("PERFORM (NEW).seen;", options=PATH),
    ),
    SetUp(
        "bare, a function of a text",
        Cause.BARE_CALL,
        function("SELECT {s}.w()", name="seen(text)", returns="int", language="sql")
        + doing("PERFORM ('a'::text).seen;", options=PATH),
        effect="insert",
    ),
    SetUp(
        "bare, a function of an expression",
        Cause.BARE_CALL,
        function("SELECT {s}.w()", name="seen(int)", returns="int", language="sql")
        + doing("PERFORM (1 + NEW.n).seen;", options=PATH),
        effect="delete",
    ),
    SetUp("bare, nextval", Cause.BARE_CALL, doing("PERFORM ('{s}.tickets'::regclass).nextval;")),
    SetUp("bare, lo_create", Cause.BARE_CALL, doing("PERFORM (0::oid).lo_create;")),
    SetUp(
        "bare, lo_creat of a row's column", Cause.BARE_CALL, doing("PERFORM (c.n).lo_creat FROM (SELECT -1) AS c (n);")
    ),
    SetUp(
        "bare, a function of an alias",
        Cause.BARE_CALL,
        function("SELECT {s}.w()", name="seen({s}.lessons)", returns="int", language="sql")
        + doing("PERFORM l.seen FROM {s}.lessons AS l WHERE l.id = 1;", options=PATH),
        effect="view",
    ),
    SetUp(
        "bare, in a text of SQL",
        Cause.BARE_CALL,
        function("SELECT {s}.w()", name="seen(bigint)", returns="int", language="sql")
        + function("SELECT (5::bigint).seen", name="g()", returns="int", language="sql", options=PATH)
        + doing("NEW.slug := {s}.g();"),
        effect="comment",
    ),
    SetUp(
        "bare, a function of an array",
        Cause.BARE_CALL,
        function("SELECT {s}.w()", name="seen(text[])", returns="int", language="sql")
        + doing("NEW.slug := (ARRAY['a']).seen;", options=PATH),
        effect="setval",
    ),
]

#: Read at every comma, the path leads to a harmless function of the same name.
SCHEMAS = """CREATE SCHEMA "{s}_a,{s}_b"; CREATE SCHEMA "{s}_b"; GRANT USAGE ON SCHEMA "{s}_a,{s}_b", "{s}_b" TO PUBLIC;
CREATE FUNCTION "{s}_b".g() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION "{s}_a,{s}_b".g() RETURNS int LANGUAGE sql AS 'SELECT {s}.w()';"""
COMMA = by("superuser", SCHEMAS)
SEARCH_PATH = [
    SetUp(
        "comma in the function's path",
        Cause.SEARCH_PATH,
        COMMA + doing("PERFORM g();", options="""SET search_path = "{s}_a,{s}_b", "{s}_b" """),
    ),
    SetUp(
        "comma after pg_catalog",
        Cause.SEARCH_PATH,
        COMMA + doing("PERFORM g();", options="""SET search_path = pg_catalog, "{s}_a,{s}_b" """),
        effect="insert",
    ),
    SetUp(
        "comma and a quote",
        Cause.SEARCH_PATH,
        by(
            "superuser",
            """CREATE SCHEMA "{s}""x,pg_catalog"; GRANT USAGE ON SCHEMA "{s}""x,pg_catalog" TO PUBLIC;
            CREATE FUNCTION "{s}""x,pg_catalog".length(text) RETURNS int LANGUAGE sql AS 'SELECT {s}.w()';""",
        )
        + doing("NEW.slug := length(NEW.title);", options="""SET search_path = "{s}""x,pg_catalog", pg_catalog"""),
        effect="delete",
    ),
    SetUp(
        "comma in a function that another calls",
        Cause.SEARCH_PATH,
        COMMA
        + function(
            "SELECT g()", name="mid()", returns="int", language="sql", options="""SET search_path = "{s}_a,{s}_b" """
        )
        + doing("PERFORM {s}.mid();"),
        effect="object",
    ),
    SetUp(
        "comma, an operator there",
        Cause.SEARCH_PATH,
        COMMA
        + by(
            "superuser",
            """CREATE FUNCTION "{s}_a,{s}_b".plus(int, int) RETURNS int LANGUAGE sql AS 'SELECT {s}.w()';
            CREATE OPERATOR "{s}_a,{s}_b".+ (LEFTARG = int, RIGHTARG = int, FUNCTION = "{s}_a,{s}_b".plus);""",
        )
        + doing("NEW.slug := 1 + 1;", options="""SET search_path = "{s}_a,{s}_b", pg_catalog"""),
        effect="view",
    ),
    SetUp(
        "pg_catalog named last",
        Cause.SEARCH_PATH,
        function("SELECT {s}.w()", name="lower(text)", returns="int", language="sql")
        + doing("NEW.slug := lower(NEW.title);", options="SET search_path = {s}, pg_catalog"),
        effect="comment",
    ),
]

RECORD = [
    SetUp("record, a default", Cause.RECORD, doing("NULL;", declare="r record := ROW({s}.w());")),
    SetUp(
        "record, a row of a query",
        Cause.RECORD,
        doing("NULL;", declare="r record DEFAULT (SELECT ROW(l.id, {s}.w()) FROM {s}.lessons AS l LIMIT 1);"),
        effect="insert",
    ),
    SetUp(
        "record, a constant",
        Cause.RECORD,
        doing("NULL;", declare="r CONSTANT record := ROW({s}.im(2), 1);"),
        effect="delete",
    ),
    SetUp(
        "record, in an inner block",
        Cause.RECORD,
        doing("IF NEW.id > 0 THEN DECLARE r record := ROW({s}.w()); BEGIN NULL; END; END IF;"),
        effect="object",
    ),
    SetUp(
        "record, in an exception's handler",
        Cause.RECORD,
        doing(
            "BEGIN PERFORM 1 / 0; EXCEPTION WHEN OTHERS THEN DECLARE r record := ROW({s}.w()); BEGIN NULL; END; END;"
        ),
        effect="view",
    ),
    SetUp(
        "record, nextval",
        Cause.RECORD,
        doing("NULL;", declare="r record := ROW(nextval('{s}.tickets'));"),
    ),
    SetUp(
        "row of a table, a default",
        Cause.RECORD,
        doing("NULL;", declare="r {s}.lessons := ROW({s}.w(), 1, 'x')::{s}.lessons;"),
        effect="restart",
    ),
]

KNOWN = [
    SetUp("trigger that updates", Cause.KNOWN, TOUCH + trigger()),
    SetUp(
        "trigger that updates by a statement",
        Cause.KNOWN,
        TOUCH.replace("RETURN NEW", "RETURN NULL")
        + "CREATE TRIGGER t AFTER INSERT OR UPDATE ON {s}.courses FOR EACH STATEMENT EXECUTE FUNCTION {s}.f();"
        "ALTER TABLE {s}.courses ENABLE ALWAYS TRIGGER t;",
        path=Path.SESSION,
    ),
    SetUp("trigger for replicas", Cause.KNOWN, TOUCH + trigger(enable="REPLICA"), effect="nextval"),
    SetUp("trigger with dynamic SQL", Cause.KNOWN, doing("EXECUTE 'SELECT ' || '{s}.w()';"), effect="execute"),
    SetUp("user's function in WHEN", Cause.KNOWN, function("BEGIN RETURN NEW; END") + trigger(when="{s}.w() > 0")),
    SetUp(
        "trigger on the deletion of a key",
        Cause.KNOWN,
        function("BEGIN PERFORM {s}.w(); RETURN OLD; END") + trigger("DELETE"),
        event="d",
        path=Path.SESSION,
    ),
    SetUp(
        "trigger that a partition has",
        Cause.KNOWN,
        """DROP TABLE {s}.courses; CREATE TABLE {s}.courses (id int PRIMARY KEY, title text, slug text, n int,
        tags text[], data jsonb, "updatedAt" timestamptz, price numeric) PARTITION BY RANGE (id);
        CREATE TABLE {s}.courses_low PARTITION OF {s}.courses FOR VALUES FROM (0) TO (1000);
        INSERT INTO {s}.courses SELECT i, 'title', 's', i FROM generate_series(1, 5) AS i;"""
        + TOUCH
        + trigger(on="courses_low"),
        effect="insert",
    ),
    SetUp(
        "trigger on what a trigger writes",
        Cause.KNOWN,
        function("BEGIN PERFORM {s}.w(); RETURN NEW; END", name="g()")
        + trigger("UPDATE", on="lessons", calls="{s}.g()", name="u")
        + doing("UPDATE {s}.lessons SET title = NEW.title;"),
        effect="object",
    ),
    SetUp(
        "view that writes when it is read",
        Cause.KNOWN,
        "CREATE VIEW {s}.board AS SELECT {s}.w() AS n;" + doing("PERFORM n FROM {s}.board;"),
        effect="setval",
    ),
]

TRIGGERS = [*WHEN, *UPDATE_OF, *BARE_CALL, *SEARCH_PATH, *RECORD, *KNOWN]
