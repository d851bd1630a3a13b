"""Columns and what their types bring: domains, SQL/JSON, support functions, checks, indexes, keys."""

from __future__ import annotations

from setups_model import Cause, Path, SetUp, by, check, doing, function, own, trigger

DOMAIN_DEFAULT = [
    SetUp(
        "domain's default, a function",
        Cause.DOMAIN_DEFAULT,
        "CREATE DOMAIN {s}.d AS int DEFAULT {s}.w();" + own("d {s}.d"),
        event="i",
    ),
    SetUp(
        "domain's default, nextval",
        Cause.DOMAIN_DEFAULT,
        "CREATE DOMAIN {s}.d AS bigint DEFAULT nextval('{s}.tickets');" + own("d {s}.d"),
        event="i",
    ),
    SetUp(
        "domain over a domain with a default",
        Cause.DOMAIN_DEFAULT,
        "CREATE DOMAIN {s}.inner AS int DEFAULT {s}.im(3); CREATE DOMAIN {s}.d AS {s}.inner;" + own("d {s}.d"),
        event="i",
        effect="insert",
    ),
    SetUp(
        "domain's default, set afterwards",
        Cause.DOMAIN_DEFAULT,
        "CREATE DOMAIN {s}.d AS int;" + own("d {s}.d") + "ALTER DOMAIN {s}.d SET DEFAULT {s}.w() + 1;",
        event="i",
        effect="object",
    ),
    SetUp(
        "domain's default, within a text",
        Cause.DOMAIN_DEFAULT,
        "CREATE DOMAIN {s}.d AS text DEFAULT ('n' || {s}.w());" + own("d {s}.d"),
        event="i",
        effect="delete",
    ),
    SetUp(
        "domain over an array, its default",
        Cause.DOMAIN_DEFAULT,
        "CREATE DOMAIN {s}.d AS int[] DEFAULT ARRAY[{s}.w()];" + own("d {s}.d"),
        event="i",
        effect="view",
    ),
    SetUp(
        "domain over a domain, three deep",
        Cause.DOMAIN_DEFAULT,
        "CREATE DOMAIN {s}.a AS bigint DEFAULT nextval('{s}.tickets'::text); CREATE DOMAIN {s}.b AS {s}.a;"
        "CREATE DOMAIN {s}.d AS {s}.b CHECK (VALUE > 0);" + own("d {s}.d"),
        event="i",
    ),
]

NEXTVAL = [
    SetUp(
        "nextval by text in a default", Cause.NEXTVAL, own("n bigint DEFAULT nextval('{s}.tickets'::text)"), event="i"
    ),
    SetUp("nextval in a check", Cause.NEXTVAL, check("nextval('{s}.tickets') > 0")),
    SetUp("nextval by text in a check", Cause.NEXTVAL, check("nextval('{s}.' || 'tickets') > 0")),
    SetUp(
        "nextval in a domain's check",
        Cause.NEXTVAL,
        "CREATE DOMAIN {s}.d AS text CHECK (nextval('{s}.tickets') > 0);ALTER TABLE {s}.courses ALTER slug TYPE {s}.d;",
    ),
    SetUp(
        "nextval in WHEN",
        Cause.NEXTVAL,
        function("BEGIN RETURN NEW; END") + trigger(when="nextval('{s}.tickets') > 0"),
    ),
    SetUp(
        "nextval behind a view that a trigger reads",
        Cause.NEXTVAL,
        "CREATE VIEW {s}.board AS SELECT nextval('{s}.tickets') AS n;" + doing("PERFORM n FROM {s}.board;"),
    ),
    SetUp(
        "nextval under an operator, in a check",
        Cause.NEXTVAL,
        "CREATE OPERATOR {s}.!! (RIGHTARG = regclass, FUNCTION = pg_catalog.nextval);"
        + check("OPERATOR({s}.!!) '{s}.tickets'::regclass > 0"),
    ),
    SetUp(
        "nextval of an argument",
        Cause.NEXTVAL,
        function("BEGIN PERFORM nextval(TG_ARGV[0]); RETURN NEW; END") + trigger(calls="{s}.f('{s}.tickets')"),
    ),
    SetUp(
        "nextval in an index's expression",
        Cause.NEXTVAL,
        function("BEGIN RETURN nextval('{s}.tickets'); END", name="g(text)", returns="bigint", options="IMMUTABLE")
        + "CREATE INDEX ON {s}.courses ({s}.g(title));",
    ),
    SetUp("setval in a check", Cause.NEXTVAL, check("setval('{s}.tickets', (n + 500)::bigint) > 0")),
]

CHECKED = "CREATE DOMAIN {s}.checked AS text CHECK ({s}.ok(VALUE));"
SQL_JSON = [
    SetUp(
        "JSON_VALUE in a check",
        Cause.SQL_JSON,
        CHECKED + check("JSON_VALUE(data, '$.a' RETURNING {s}.checked) IS DISTINCT FROM '-'"),
        since=17,
    ),
    SetUp(
        "JSON_VALUE in a generated column",
        Cause.SQL_JSON,
        CHECKED + own("a text GENERATED ALWAYS AS (JSON_VALUE(data, '$.a' RETURNING {s}.checked)) STORED"),
        since=17,
        effect="insert",
    ),
    SetUp(
        "JSON_QUERY in a check",
        Cause.SQL_JSON,
        "CREATE DOMAIN {s}.doc AS jsonb CHECK ({s}.ok(VALUE::text));"
        + check("JSON_QUERY(data, '$.tags' RETURNING {s}.doc) IS DISTINCT FROM '1'"),
        since=17,
        effect="delete",
    ),
    SetUp(
        "JSON_OBJECT in a check",
        Cause.SQL_JSON,
        CHECKED + check("JSON_OBJECT('n': n RETURNING {s}.checked) <> '-'"),
        since=16,
        effect="object",
    ),
    SetUp(
        "JSON_ARRAY in a check",
        Cause.SQL_JSON,
        CHECKED + check("JSON_ARRAY(n, title RETURNING {s}.checked) <> '-'"),
        since=16,
        effect="view",
    ),
    SetUp(
        "JSON_SERIALIZE in a check",
        Cause.SQL_JSON,
        CHECKED + check("JSON_SERIALIZE(data RETURNING {s}.checked) <> '-'"),
        since=17,
        effect="setval",
    ),
    SetUp(
        "JSON_VALUE's own default",
        Cause.SQL_JSON,
        check("JSON_VALUE(data, '$.none' RETURNING int DEFAULT {s}.im(4) ON EMPTY) > 0"),
        since=17,
        effect="comment",
    ),
    SetUp(
        "JSON_TABLE in a trigger's text",
        Cause.SQL_JSON,
        CHECKED + doing("PERFORM * FROM JSON_TABLE(NEW.data, '$' COLUMNS (a {s}.checked PATH '$.a')) AS j;"),
        since=17,
        effect="conflict",
    ),
    SetUp(
        "JSON_VALUE in a view that a trigger reads",
        Cause.SQL_JSON,
        CHECKED
        + """CREATE VIEW {s}.board AS
            SELECT JSON_VALUE('{"a": "b"}'::jsonb, '$.a' RETURNING {s}.checked) AS a FROM {s}.lessons;"""
        + doing("PERFORM a FROM {s}.board;"),
        since=17,
        effect="restart",
    ),
    SetUp(
        "JSON_VALUE in an index",
        Cause.SQL_JSON,
        CHECKED + "CREATE INDEX ON {s}.courses ((JSON_VALUE(data, '$.a' RETURNING {s}.checked)));",
        since=17,
        effect="unlogged",
    ),
    SetUp(
        "JSON_ARRAYAGG in a trigger's text",
        Cause.SQL_JSON,
        CHECKED + doing("PERFORM JSON_ARRAYAGG(l.id RETURNING {s}.checked) FROM {s}.lessons AS l;"),
        since=16,
        effect="execute",
    ),
]

#: A composite type whose comparison and hash are functions that write.
PAIR = (
    "CREATE TYPE {s}.pair AS (a int, b int);"
    + function(
        "BEGIN PERFORM {s}.w(); RETURN (x).a - (y).a; END",
        name="cmp(x {s}.pair, y {s}.pair)",
        returns="int",
        options="IMMUTABLE",
    )
    + "".join(
        function(
            f"BEGIN PERFORM {{s}}.w(); RETURN (x).a {op} (y).a; END",
            name=f"{name}(x {{s}}.pair, y {{s}}.pair)",
            returns="bool",
            options="IMMUTABLE",
        )
        for name, op in (("lt", "<"), ("le", "<="), ("eq", "="), ("ge", ">="), ("gt", ">"))
    )
    + function("BEGIN PERFORM {s}.w(); RETURN (x).a; END", name="hash(x {s}.pair)", returns="int", options="IMMUTABLE")
    + function(
        "BEGIN PERFORM {s}.w(); RETURN (x).a; END",
        name="hash(x {s}.pair, bigint)",
        returns="bigint",
        options="IMMUTABLE",
    )
    + "".join(
        f"CREATE OPERATOR {{s}}.{op} (LEFTARG = {{s}}.pair, RIGHTARG = {{s}}.pair, FUNCTION = {{s}}.{name}{more});"
        for op, name, more in (
            ("<", "lt", ""),
            ("<=", "le", ""),
            ("=", "eq", ", HASHES, MERGES"),
            (">=", "ge", ""),
            (">", "gt", ""),
        )
    )
    + by(
        "superuser",
        """CREATE OPERATOR CLASS {s}.pair_ops DEFAULT FOR TYPE {s}.pair USING btree AS OPERATOR 1 {s}.<,
        OPERATOR 2 {s}.<=, OPERATOR 3 {s}.=, OPERATOR 4 {s}.>=, OPERATOR 5 {s}.>,
        FUNCTION 1 {s}.cmp({s}.pair, {s}.pair);
        CREATE OPERATOR CLASS {s}.pair_hash DEFAULT FOR TYPE {s}.pair USING hash AS OPERATOR 1 {s}.=,
        FUNCTION 1 {s}.hash({s}.pair), FUNCTION 2 {s}.hash({s}.pair, bigint);""",
    )
)
PAIRS = PAIR + own("pairs {s}.pair[] DEFAULT ARRAY[ROW(1, 2), ROW(3, 4)]::{s}.pair[]")
TWO = "ARRAY[ROW(1, 2), ROW(1, 1)]::{s}.pair[]"
#: An operator class for integers whose comparison writes.
INTS = (
    function(
        "BEGIN PERFORM {s}.w(); RETURN btint4cmp(x, y); END",
        name="icmp(x int, y int)",
        returns="int",
        options="IMMUTABLE",
    )
    + function(
        "BEGIN PERFORM {s}.w(); RETURN x; END", name="ihash(x int, bigint)", returns="bigint", options="IMMUTABLE"
    )
    + by(
        "superuser",
        """CREATE OPERATOR CLASS {s}.ints FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =,
    OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 {s}.icmp(int, int);
    CREATE OPERATOR CLASS {s}.inthash FOR TYPE int USING hash AS OPERATOR 1 =, FUNCTION 2 {s}.ihash(int, bigint);""",
    )
)
SPAN = INTS + "CREATE TYPE {s}.span AS RANGE (subtype = int, subtype_opclass = {s}.ints);"
COLUMNS = 'id int, title text, slug text, n int, tags text[], data jsonb, "updatedAt" timestamptz, price numeric'
MOOD = (
    "CREATE TYPE {s}.mood AS ENUM ('calm', 'wild');"
    + function("BEGIN PERFORM {s}.w(); RETURN '1'; END", name="as_json({s}.mood)", returns="json", options="IMMUTABLE")
    + "CREATE CAST ({s}.mood AS json) WITH FUNCTION {s}.as_json({s}.mood);"
    + own("mood {s}.mood DEFAULT 'calm'")
)


def divided(by_: str, *parts: str) -> str:
    """``courses`` anew, in partitions."""
    children = "".join(
        f"CREATE TABLE {{s}}.courses_{i} PARTITION OF {{s}}.courses FOR VALUES {part};" for i, part in enumerate(parts)
    )
    return (
        f"DROP TABLE {{s}}.courses; CREATE TABLE {{s}}.courses ({COLUMNS}) PARTITION BY {by_}; {children}"
        "INSERT INTO {s}.courses SELECT i, 'title', 's', i FROM generate_series(1, 5) AS i;"
        "ALTER TABLE {s}.courses ADD PRIMARY KEY (id);"
    )


SUPPORT = [
    SetUp("arrays compared in a check", Cause.SUPPORT, PAIRS + check("own_pairs <> " + TWO)),
    SetUp(
        "arrays ordered in a check",
        Cause.SUPPORT,
        PAIRS + check("(own_pairs < " + TWO + ") IS NOT NULL"),
        effect="insert",
    ),
    SetUp(
        "array hashed in a check", Cause.SUPPORT, PAIRS + check("hash_array(own_pairs) IS NOT NULL"), effect="delete"
    ),
    SetUp(
        "array searched in a check",
        Cause.SUPPORT,
        PAIRS + check("array_position(own_pairs, ROW(9, 9)::{s}.pair) IS NULL"),
        effect="object",
    ),
    SetUp(
        "array with something removed in a check",
        Cause.SUPPORT,
        PAIRS + check("array_remove(own_pairs, ROW(9, 9)::{s}.pair) IS NOT NULL"),
        effect="view",
    ),
    SetUp(
        "arrays that contain in a check", Cause.SUPPORT, PAIRS + check("own_pairs @> own_pairs[1:1]"), effect="setval"
    ),
    SetUp("array in an index", Cause.SUPPORT, PAIRS + "CREATE INDEX ON {s}.courses (own_pairs);", effect="comment"),
    SetUp(
        "array in a hash index",
        Cause.SUPPORT,
        PAIRS + "CREATE INDEX ON {s}.courses USING hash (own_pairs);",
        effect="conflict",
    ),
    SetUp(
        "width_bucket in a check",
        Cause.SUPPORT,
        PAIRS + check("width_bucket(ROW(1, 1)::{s}.pair, own_pairs) >= 0"),
        effect="unlogged",
    ),
    SetUp(
        "composites that hold one, compared in a check",
        Cause.SUPPORT,
        PAIR
        + "CREATE TYPE {s}.box AS (p {s}.pair);"
        + own("box {s}.box DEFAULT ROW(ROW(1, 2))::{s}.box")
        + check("own_box <> ROW(ROW(9, 9))::{s}.box"),
        effect="execute",
    ),
    SetUp(
        "composites that hold one, in an index",
        Cause.SUPPORT,
        PAIR
        + "CREATE TYPE {s}.box AS (p {s}.pair);"
        + own("box {s}.box DEFAULT ROW(ROW(1, 2))::{s}.box")
        + "CREATE INDEX ON {s}.courses (own_box);",
        effect="nextval",
    ),
    SetUp(
        "range's subtype, in a check",
        Cause.SUPPORT,
        SPAN + own("span {s}.span DEFAULT '[1,9)'") + check("own_span @> 3"),
    ),
    SetUp(
        "range's subtype, built in a check", Cause.SUPPORT, SPAN + check("NOT isempty({s}.span(1, 5))"), effect="insert"
    ),
    SetUp(
        "multirange's subtype, in a check",
        Cause.SUPPORT,
        SPAN + own("spans {s}.span_multirange DEFAULT '{[1,9)}'") + check("own_spans @> 3"),
        effect="object",
    ),
    SetUp(
        "range in an index",
        Cause.SUPPORT,
        SPAN + own("span {s}.span DEFAULT '[1,9)'") + "CREATE INDEX ON {s}.courses (own_span);",
        effect="delete",
    ),
    SetUp(
        "range's difference, in an index",
        Cause.SUPPORT,
        function(
            "BEGIN PERFORM {s}.w(); RETURN x - y; END", name="diff(x int, y int)", returns="float8", options="IMMUTABLE"
        )
        + "CREATE TYPE {s}.span AS RANGE (subtype = int, subtype_diff = {s}.diff);"
        + own("span {s}.span DEFAULT '[1,9)'")
        + """INSERT INTO {s}.courses (id, own_span) SELECT i, {s}.span(i, i + 5) FROM generate_series(100, 900) AS i;
          CREATE INDEX ON {s}.courses USING gist (own_span); ALTER TABLE {s}.courses SET (autovacuum_enabled = off);""",
        # Whether an UPDATE reaches the index depends on the room that is left beside the row: no rehearsal can tell.
        path=Path.SESSION,
    ),
    SetUp(
        "partition key's operator class, range",
        Cause.SUPPORT,
        INTS + divided("RANGE (id {s}.ints)", "FROM (0) TO (9)", "FROM (9) TO (1000)"),
        event="i",
    ),
    SetUp(
        "partition key's operator class, list",
        Cause.SUPPORT,
        INTS + divided("LIST (id {s}.ints)", "IN (1, 2, 3)", "IN (4, 5, 6)", "IN (9, 11)"),
        event="i",
        effect="insert",
    ),
    SetUp(
        "partition key's operator class, hash",
        Cause.SUPPORT,
        INTS + divided("HASH (id {s}.inthash)", "WITH (MODULUS 1, REMAINDER 0)"),
        event="i",
        effect="object",
    ),
    SetUp("cast to json, to_json in a check", Cause.SUPPORT, MOOD + check("to_json(own_mood) IS NOT NULL")),
    SetUp(
        "cast to json, the whole row in a trigger",
        Cause.SUPPORT,
        MOOD + doing("PERFORM to_jsonb(NEW);"),
        effect="insert",
    ),
    SetUp(
        "cast to json, an aggregate in a trigger",
        Cause.SUPPORT,
        MOOD + doing("PERFORM json_agg(c.own_mood) FROM {s}.courses AS c;"),
        effect="delete",
    ),
    SetUp(
        "cast to json, in an array",
        Cause.SUPPORT,
        MOOD + check("array_to_json(ARRAY[own_mood]) IS NOT NULL"),
        effect="object",
    ),
    SetUp(
        "cast to json, JSON_ARRAY in a check",
        Cause.SUPPORT,
        MOOD + check("JSON_ARRAY(own_mood) IS NOT NULL"),
        since=16,
        effect="view",
    ),
    SetUp(
        "cast to json, json_build_object in a check",
        Cause.SUPPORT,
        MOOD + check("json_build_object('a', own_mood) IS NOT NULL"),
        effect="comment",
    ),
    SetUp(
        "domain by the type of a record",
        Cause.SUPPORT,
        CHECKED
        + "CREATE TYPE {s}.rec AS (a {s}.checked);"
        + doing("PERFORM jsonb_populate_record(NULL::{s}.rec, NEW.data);"),
        effect="setval",
    ),
]

KNOWN = [
    SetUp("default, a function", Cause.KNOWN, own("d int DEFAULT {s}.w()"), event="i"),
    SetUp("default, nextval", Cause.KNOWN, own("d bigint DEFAULT nextval('{s}.tickets')"), event="i"),
    SetUp("check, a function", Cause.KNOWN, check("{s}.ok(title)"), effect="object"),
    SetUp(
        "check, of a domain",
        Cause.KNOWN,
        CHECKED + "ALTER TABLE {s}.courses ALTER slug TYPE {s}.checked;",
        effect="insert",
    ),
    SetUp(
        "check, cast to a composite",
        Cause.KNOWN,
        CHECKED + "CREATE TYPE {s}.rec AS (a {s}.checked);" + check("('(' || title || ')')::{s}.rec IS NOT NULL"),
        effect="delete",
    ),
    SetUp(
        "check, operator under ANY",
        Cause.KNOWN,
        function(
            "BEGIN PERFORM {s}.w(); RETURN true; END", name="same(text, text)", returns="bool", options="IMMUTABLE"
        )
        + "CREATE OPERATOR {s}.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = {s}.same);"
        + check("title OPERATOR({s}.===) ANY (tags)"),
        effect="view",
    ),
    SetUp(
        "check, a cast's function",
        Cause.KNOWN,
        "CREATE TYPE {s}.mood AS ENUM ('title', 'other', 'new');"
        + function("BEGIN PERFORM {s}.w(); RETURN 1; END", name="as_int({s}.mood)", returns="int", options="IMMUTABLE")
        + "CREATE CAST ({s}.mood AS int) WITH FUNCTION {s}.as_int({s}.mood);"
        + own("mood {s}.mood DEFAULT 'new'")
        + check("own_mood::int > 0"),
        effect="setval",
    ),
    SetUp("generated column, a function", Cause.KNOWN, own("g int GENERATED ALWAYS AS ({s}.im(n)) STORED")),
    SetUp("index, an expression", Cause.KNOWN, "CREATE INDEX ON {s}.courses ({s}.im(n));", effect="insert"),
    SetUp("index, a predicate", Cause.KNOWN, "CREATE INDEX ON {s}.courses (n) WHERE {s}.ok(title);", effect="nextval"),
    SetUp(
        "index, an operator class", Cause.KNOWN, INTS + "CREATE INDEX ON {s}.courses (id {s}.ints);", effect="object"
    ),
    SetUp(
        "exclusion constraint",
        Cause.KNOWN,
        function(
            "BEGIN PERFORM {s}.w(); RETURN x = y; END", name="same(x int, y int)", returns="bool", options="IMMUTABLE"
        )
        + "CREATE OPERATOR {s}.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = {s}.same,"
        " COMMUTATOR = OPERATOR({s}.===));"
        + INTS.replace("OPERATOR 3 =", "OPERATOR 3 {s}.===")
        + "ALTER TABLE {s}.courses ADD EXCLUDE USING btree (id {s}.ints WITH OPERATOR({s}.===));",
        effect="delete",
    ),
    SetUp(
        "primary key over a type of the user's",
        Cause.KNOWN,
        PAIR + own("pair {s}.pair") + "UPDATE {s}.courses SET own_pair = ROW(id, id);"
        "ALTER TABLE {s}.courses ALTER own_pair SET DEFAULT ROW(77, 1)::{s}.pair, ADD UNIQUE (own_pair);",
        event="i",
    ),
    SetUp(
        "statistics over an expression, by ANALYZE",
        Cause.KNOWN,
        "CREATE STATISTICS ON {s}.im(n), id FROM {s}.courses;",
        path=Path.SESSION,
        event="a",
    ),
    SetUp(
        "rule that writes",
        Cause.KNOWN,
        "CREATE RULE r AS ON UPDATE TO {s}.courses DO ALSO SELECT {s}.w();"
        "ALTER TABLE {s}.courses ENABLE ALWAYS RULE r;",
        path=Path.SESSION,
        event="u",
        effect="view",
    ),
    SetUp(
        "cascade made to fire always",
        Cause.KNOWN,
        by(
            "people",
            "CREATE TABLE {s}.seats (id int, course int REFERENCES {s}.courses ON UPDATE CASCADE);"
            "INSERT INTO {s}.seats VALUES (1, 1);",
        )
        + by(
            "superuser",
            """DO $d$ DECLARE t record; BEGIN
            FOR t IN SELECT tgname FROM pg_trigger WHERE tgrelid = '{s}.courses'::regclass AND tgisinternal LOOP
            EXECUTE format('ALTER TABLE {s}.courses ENABLE ALWAYS TRIGGER %I', t.tgname); END LOOP; END $d$;""",
        ),
        event="k",
    ),
    SetUp(
        "inheritance child with a check",
        Cause.KNOWN,
        "CREATE TABLE {s}.old_courses (CHECK ({s}.ok(title))) INHERITS ({s}.courses);"
        "ALTER TABLE {s}.old_courses DISABLE TRIGGER ALL; INSERT INTO {s}.old_courses (id, title) VALUES (2, 'old');",
        event="u",
        path=Path.SESSION,
        effect="comment",
    ),
]

COLUMN_TYPES = [*DOMAIN_DEFAULT, *NEXTVAL, *SQL_JSON, *SUPPORT, *KNOWN]
