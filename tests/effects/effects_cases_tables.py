"""What hangs on a table besides triggers: foreign keys, expressions, types, rules, partitions, sequences."""

from __future__ import annotations

from effects_cases_triggers import ALL, AUDIT, WIPE, everywhere, function, ordinary, replicated, trigger
from effects_world import ALWAYS, Case

#: Functions that compute, that write ``users`` whenever they run, and that cannot be read.
PURE = "CREATE FUNCTION {s}.pure(t text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT t IS NULL OR length(t) >= 0';"
WRITER = """CREATE FUNCTION {s}.writer(t text) RETURNS bool LANGUAGE plpgsql {volatility} AS
$f$BEGIN UPDATE {s}.users SET name = 'w'; RETURN true; END$f$;"""
LAZY = WRITER.replace("{volatility}", "VOLATILE")
LYING = (
    WRITER.replace("{volatility}", "IMMUTABLE").replace(
        "BEGIN UPDATE {s}.users SET name = 'w'; RETURN", "BEGIN PERFORM {s}.really(); RETURN"
    )
    + """CREATE FUNCTION {s}.really() RETURNS void LANGUAGE plpgsql AS
$f$BEGIN UPDATE {s}.users SET name = 'w'; END$f$;"""
)
REFERS = "CREATE TABLE {s}.enrollments (id int PRIMARY KEY, course int {more} REFERENCES {s}.courses {action});"
ENROLLED = "INSERT INTO {s}.enrollments VALUES (1, 1), (2, 3);"


def refers(action: str, *, more: str = "", always: bool = False) -> str:
    text = REFERS.replace("{action}", action).replace("{more}", more) + ENROLLED
    return text + (ALWAYS.replace("{table}", "{s}.courses") if always else "")


SKIPPED = ("foreign-key-skipped",)

KEYS = [
    Case("foreign key without action", refers(""), ids=SKIPPED),
    Case("ON DELETE CASCADE", refers("ON DELETE CASCADE"), ordinary("d"), SKIPPED),
    Case("ON DELETE SET NULL", refers("ON DELETE SET NULL"), ordinary("d"), SKIPPED),
    Case("ON DELETE SET DEFAULT", refers("ON DELETE SET DEFAULT", more="DEFAULT 2"), ordinary("d"), SKIPPED),
    Case("ON UPDATE CASCADE", refers("ON UPDATE CASCADE"), ordinary("uk"), SKIPPED, blind=True),
    Case("both cascade", refers("ON UPDATE CASCADE ON DELETE CASCADE"), ordinary("ukd"), SKIPPED),
    Case("a cascade that always fires", refers("ON DELETE CASCADE", always=True), everywhere("d")),
    Case("an update that always cascades", refers("ON UPDATE CASCADE", always=True), everywhere("uk"), blind=True),
    Case("a check that always fires", refers("", always=True)),
    Case(
        "a cascade through content",
        "ALTER TABLE {s}.lessons ADD FOREIGN KEY (course) REFERENCES {s}.courses ON DELETE CASCADE;"
        "CREATE TABLE {s}.progress (id int, lesson int REFERENCES {s}.lessons ON DELETE CASCADE);"
        "INSERT INTO {s}.progress VALUES (1, 1);",
        ordinary("d"),
    ),
    Case(
        "a cascade that stays in content",
        "ALTER TABLE {s}.lessons ADD FOREIGN KEY (course) REFERENCES {s}.courses ON DELETE CASCADE;",
        ids=(),
    ),
    Case(
        "content that refers to users",
        "ALTER TABLE {s}.courses ADD instructor int REFERENCES {s}.users ON DELETE CASCADE;",
    ),
]


def column(definition: str) -> str:
    return f"ALTER TABLE {{s}}.courses ADD {definition};"


EXPRESSIONS = [
    Case("CHECK with built-ins", column("c text CHECK (length(c) > 0 AND c ~ '^a' AND now() > '2000-01-01')")),
    Case("CHECK that computes", PURE + column("c text CHECK ({s}.pure(c))")),
    Case("CHECK that writes", LAZY + column("c text CHECK ({s}.writer(title))"), everywhere("iuk")),
    Case(
        "CHECK that is SECURITY DEFINER",
        PURE + "ALTER FUNCTION {s}.pure SECURITY DEFINER;" + column("c text CHECK ({s}.pure(title))"),
        everywhere("iuk"),
        ("security-definer",),
        blind=True,
    ),
    Case(
        "CHECK that cannot be read",
        column("c text CHECK (set_config('a.b', title, true) IS NOT NULL)"),
        everywhere("iuk"),
        blind=True,
    ),
    Case("default of a column that travels", WIPE + column("c int DEFAULT {s}.h()")),
    Case("default with built-ins", column("c uuid DEFAULT gen_random_uuid()")),
    Case(
        "generated column", LYING + column("c bool GENERATED ALWAYS AS ({s}.writer(title)) STORED"), everywhere("iuk")
    ),
    Case("generated column with built-ins", column("c text GENERATED ALWAYS AS (upper(title)) STORED")),
    Case("index on an expression", LYING + "CREATE INDEX ON {s}.courses ({s}.writer(title));", everywhere(ALL)),
    Case("index on a built-in", "CREATE INDEX ON {s}.courses (lower(title)) WHERE slug IS NOT NULL;"),
    Case(
        "index with a predicate", LYING + "CREATE INDEX ON {s}.courses (title) WHERE {s}.writer(slug);", everywhere(ALL)
    ),
    Case(
        "statistics on an expression",
        WIPE + "CREATE FUNCTION {s}.st(t text) RETURNS int LANGUAGE sql AS 'SELECT {s}.h()';"
        "CREATE STATISTICS {s}.x ON ({s}.st(title)), id FROM {s}.courses;",
        everywhere(ALL),
        blind=True,
    ),
    Case("exclusion constraint", "ALTER TABLE {s}.courses ADD EXCLUDE USING btree (id WITH =);"),
    Case(
        "exclusion constraint with an expression",
        LYING + "ALTER TABLE {s}.courses ADD EXCLUDE USING btree (id WITH =) WHERE ({s}.writer(title));",
        everywhere(ALL),
    ),
    Case(
        "an operator in a CHECK",
        "CREATE FUNCTION {s}.op(a text, b text) RETURNS bool LANGUAGE plpgsql AS"
        " $f$BEGIN UPDATE {s}.users SET name = 'o'; RETURN true; END$f$;"
        "CREATE OPERATOR {s}.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = {s}.op);"
        + column("c text CHECK (title OPERATOR({s}.===) slug)"),
        everywhere("iuk"),
        alone=True,
    ),
    Case(
        "an operator in a trigger's text",
        "CREATE FUNCTION {s}.op(a text, b text) RETURNS bool LANGUAGE plpgsql AS"
        " $f$BEGIN UPDATE {s}.users SET name = 'o'; RETURN true; END$f$;"
        "CREATE OPERATOR {s}.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = {s}.op);"
        + function("BEGIN IF 'a'::text OPERATOR({s}.===) 'b' THEN NULL; END IF; RETURN NEW; END")
        + trigger(),
        everywhere("i"),
        alone=True,
    ),
    Case(
        "a cast in a trigger's text",
        "CREATE TYPE {s}.pair AS (a int, b int); CREATE FUNCTION {s}.pack(int) RETURNS {s}.pair LANGUAGE plpgsql AS"
        " $f$BEGIN UPDATE {s}.users SET name = 'c'; RETURN ROW(1, 2); END$f$;"
        "CREATE CAST (int AS {s}.pair) WITH FUNCTION {s}.pack(int) AS IMPLICIT;"
        + function("DECLARE p {s}.pair; BEGIN PERFORM 3::{s}.pair; RETURN NEW; END")
        + trigger(),
        everywhere("i"),
        alone=True,
    ),
    Case(
        "full text search",
        column("c tsvector")
        + trigger("INSERT OR UPDATE", timing="BEFORE", calls="tsvector_update_trigger(c, 'pg_catalog.english', title)"),
        ids=("changes-content",),
    ),
    Case("row security", "ALTER TABLE {s}.courses ENABLE ROW LEVEL SECURITY;", ids=("row-security",)),
    Case("unlogged", "ALTER TABLE {s}.courses SET UNLOGGED;", ids=("unlogged",)),
]

TYPES = [
    Case("domain that computes", PURE + "CREATE DOMAIN {s}.d AS text CHECK ({s}.pure(VALUE));" + column("c {s}.d")),
    Case(
        "domain that writes",
        LAZY + "CREATE DOMAIN {s}.d AS text CHECK ({s}.writer(VALUE));" + column("c {s}.d DEFAULT 'x'"),
        everywhere(ALL),
        alone=True,
        blind=True,
    ),
    Case(
        "domain that writes, in an array in a composite",
        LAZY
        + "CREATE DOMAIN {s}.d AS text CHECK ({s}.writer(VALUE)); CREATE TYPE {s}.t AS (a {s}.d[]);"
        + column("c {s}.t"),
        everywhere(ALL),
        alone=True,
        blind=True,
    ),
    Case(
        "domain that writes, in a trigger's variable",
        LAZY
        + "CREATE DOMAIN {s}.d AS text CHECK ({s}.writer(VALUE));"
        + function("DECLARE x {s}.d := 'a'; BEGIN RETURN NEW; END")
        + trigger(),
        everywhere("i"),
        alone=True,
    ),
    Case("enum", "CREATE TYPE {s}.e AS ENUM ('a', 'b');" + column("c {s}.e DEFAULT 'a'")),
    Case("composite", "CREATE TYPE {s}.t AS (a int, b text);" + column("c {s}.t")),
    Case("range", "CREATE TYPE {s}.r AS RANGE (subtype = text);" + column("c {s}.r")),
    Case(
        "range that writes",
        "CREATE FUNCTION {s}.diff(a int, b int) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS"
        " $f$BEGIN PERFORM {s}.h(); RETURN 1; END$f$;"
        + WIPE
        + "CREATE TYPE {s}.r AS RANGE (subtype = int, subtype_diff = {s}.diff);"
        + column("c {s}.r"),
        everywhere(ALL),
        alone=True,
        blind=True,
    ),
    Case("citext", "CREATE EXTENSION citext SCHEMA {s};" + column("c {s}.citext UNIQUE"), alone=True),
    Case(
        "a type of an unknown library",
        "CREATE TYPE {s}.odd; CREATE FUNCTION {s}.odd_in(cstring) RETURNS {s}.odd IMMUTABLE LANGUAGE internal AS"
        " 'namein'; CREATE FUNCTION {s}.odd_out({s}.odd) RETURNS cstring IMMUTABLE LANGUAGE internal AS 'nameout';"
        "CREATE TYPE {s}.odd (INPUT = {s}.odd_in, OUTPUT = {s}.odd_out);" + column("c {s}.odd"),
        everywhere(ALL),
        blind=True,
    ),
]

PARTITIONED = """
DROP TABLE {s}.courses;
CREATE TABLE {s}.courses (id int PRIMARY KEY, title text, slug text, price numeric, "updatedAt" timestamptz)
  PARTITION BY RANGE (id);
CREATE TABLE {s}.low PARTITION OF {s}.courses FOR VALUES FROM (0) TO (10);
CREATE TABLE {s}.high PARTITION OF {s}.courses FOR VALUES FROM (10) TO (100);
INSERT INTO {s}.courses SELECT n, 'title', 'slug' || n FROM generate_series(1, 3) AS n;
"""

SHAPES = [
    Case("partitions", PARTITIONED),
    Case("a trigger on a partition", PARTITIONED + function(AUDIT) + trigger(on="low"), everywhere("iuk")),
    Case(
        "a trigger on a partition that a row moves out of",
        PARTITIONED + function(AUDIT) + trigger("DELETE", on="low"),
        everywhere("ukd"),
    ),
    Case(
        "a partition's copy of a trigger that fires alone",
        PARTITIONED + function(AUDIT) + trigger(enable="ORIGIN") + "ALTER TABLE {s}.low ENABLE ALWAYS TRIGGER t;",
        everywhere("iuk"),
    ),
    Case(
        "a cascade from a partition",
        PARTITIONED + refers("ON DELETE CASCADE") + ALWAYS.replace("{table}", "{s}.low"),
        everywhere("d"),
        blind=True,
    ),
    Case(
        "a rule, as it is made",
        "CREATE RULE r AS ON UPDATE TO {s}.courses DO ALSO UPDATE {s}.users SET name = 'r';",
        ordinary("uk"),
        ("rule",),
    ),
    Case(
        "a rule that always fires",
        "CREATE RULE r AS ON UPDATE TO {s}.courses DO ALSO UPDATE {s}.users SET name = 'r';"
        "ALTER TABLE {s}.courses ENABLE ALWAYS RULE r;",
        {"replica": "uk", "ordinary": "uk"},
        ("rule",),
    ),
    Case(
        "a rule behind a trigger",
        "CREATE RULE r AS ON UPDATE TO {s}.lessons DO ALSO UPDATE {s}.users SET name = 'r';"
        "ALTER TABLE {s}.lessons ENABLE REPLICA RULE r;"
        + function("BEGIN UPDATE {s}.lessons SET title = 'x'; RETURN NEW; END")
        + trigger(),
        replicated("i"),
    ),
    Case(
        "a write to a parent whose heir's heir is there",
        "CREATE TABLE {s}.a () INHERITS ({s}.lessons); CREATE TABLE {s}.b () INHERITS ({s}.a);"
        "INSERT INTO {s}.b (id) VALUES (7);"
        + function("BEGIN UPDATE {s}.lessons SET title = 'x'; RETURN NEW; END")
        + trigger(),
        everywhere("i"),
    ),
    Case("an inheritance child", "CREATE TABLE {s}.child () INHERITS ({s}.courses);", ids=("inheritance",)),
    Case(
        "an inheritance parent",
        "ALTER TABLE {s}.courses INHERIT {s}.parent;".join(["CREATE TABLE {s}.parent (id int NOT NULL);", ""]),
        ids=("inheritance",),
    ),
    Case(
        "a sequence of users",
        "CREATE SEQUENCE {s}.q OWNED BY {s}.users.id;ALTER TABLE {s}.courses ALTER price SET DEFAULT nextval('{s}.q');",
        ids=("sequence",),
    ),
    Case(
        "a sequence of nobody",
        "CREATE SEQUENCE {s}.q; ALTER TABLE {s}.courses ALTER id SET DEFAULT nextval('{s}.q');",
        ids=("sequence",),
    ),
    Case(
        "a sequence of content that users use",
        "CREATE SEQUENCE {s}.q OWNED BY {s}.courses.id; ALTER TABLE {s}.users ALTER id SET DEFAULT nextval('{s}.q');",
        ids=("sequence",),
    ),
    Case(
        "a default of a column of production's that writes",
        WIPE + "ALTER TABLE {s}.courses ALTER price SET DEFAULT {s}.h();",
        everywhere("i"),
    ),
]
