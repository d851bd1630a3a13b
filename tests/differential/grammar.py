"""Statements grown from the grammar: hypothesis strategies over what PostgreSQL accepts, harmless or not.

They lean towards what the guard allows and the server can run; a fifth of the names is drawn from everything there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hypothesis import strategies as st

from egrow_replica.guard.lists import words

Text = st.SearchStrategy[str]

CONTENT: Final = (
    "public.courses", "public.lessons", '"Catálogo"."Artículo"', 'public."Mixed Case"', '"a.b".t', "PUBLIC.Courses",
    'U&"pu\\0062lic".courses',
)  # fmt: skip
OWN: Final = ("pg_temp.x", "pg_temp.staging", "egrow_replica.journal")
OTHERS: Final = (
    "public.users", "public.enrollments", "public.v", "pg_catalog.pg_class", "pg_catalog.pg_proc", "public.trap",
    "information_schema.tables", "pg_catalog.pg_locks", "pg_catalog.pg_settings", "courses", "users", "c1",
)  # fmt: skip

#: Types that expressions are made of, each with literals and the columns that every table of the world has.
LITERALS: Final = {
    "int4": ("0", "1", "-7", "42", "'5'::int", "2147483647"),
    "text": ("'x'", "''", "'public.users'", "E'a\\nb'", "$$y$$", "U&'\\0061'", "N'n'", "'%s'", "'[1, 2]'"),
    "bool": ("true", "false", "NULL::bool"),
    "numeric": ("1.5", "'NaN'::numeric", "1e3", "-0.0"),
    "timestamptz": ("'2025-06-01'::timestamptz", "CURRENT_TIMESTAMP", "'infinity'::timestamptz"),
    "jsonb": ("'{}'::jsonb", """'{"a": [1, {"b": null}]}'::jsonb""", "'[1,2,3]'::jsonb"),
    "_int4": ("ARRAY[1,2]", "'{}'::int[]", "ARRAY[NULL,3]::int4[]"),
    "_text": ("ARRAY['a','b']", "'{}'::text[]"),
    "regclass": ("'public.users'::regclass", "'public.users_id_seq'::regclass", "'public.courses'::regclass"),
    "oid": ("'public.users'::regclass::oid", "1259::oid", "0::oid", "4711::oid"),
    "name": ("'users'::name", "current_user"),
    "float8": ("1.5::float8", "'-Infinity'::float8", "random()"),
    "int8": ("1::int8", "-9223372036854775808", "count(*) OVER ()"),
    "date": ("CURRENT_DATE", "'2024-02-29'::date"),
    "interval": ("'1 day'::interval", "INTERVAL '2' HOUR"),
    "bytea": ("'\\x00ff'::bytea",),
    "pg_lsn": ("pg_current_wal_lsn()", "'0/1'::pg_lsn"),
    "xid": ("t.xmin", "'3'::xid"),
    "json": ("'[1]'::json",),
    "uuid": ("gen_random_uuid()",),
    "inet": ("'10.0.0.1/8'::inet",),
    "tsvector": ("'a b'::tsvector",),
    "int2": ("1::int2",),
    "bpchar": ("'x'::char(3)",),
    "varchar": ("'x'::varchar",),
    "anyelement": ("1", "'x'::text"),
    "anyarray": ("ARRAY[1,2]", "ARRAY['a']"),
    "any": ("1", "'x'", "NULL"),
    "anycompatible": ("1",),
    "anycompatiblearray": ("ARRAY[1]",),
    "record": ("ROW(1, 'x')",),
    "void": ("NULL",),
    "internal": ("NULL",),
    "cstring": ("'x'",),
    "aclitem": ("'postgres=r/postgres'::aclitem",),
    "point": ("point(1, 2)",),
    "box": ("box(point(0, 0), point(1, 1))",),
    "path": ("'((0,0),(1,1))'::path",),
    "polygon": ("'((0,0),(1,1),(1,0))'::polygon",),
    "circle": ("'<(0,0),1>'::circle",),
    "bit": ("B'101'",),
    "varbit": ("B'101'::varbit",),
    "jsonpath": ("'$.a'::jsonpath",),
    "tid": ("'(0,1)'::tid",),
    "xid8": ("'3'::xid8",),
    "pg_snapshot": ("pg_current_snapshot()",),
    "int4range": ("'[1,5)'::int4range",),
    "anyrange": ("'[1,5)'::int4range",),
    "anymultirange": ("'{[1,5)}'::int4multirange",),
    "money": ("1::money",),
    "time": ("'12:00'::time",),
    "timestamp": ("'2025-06-01'::timestamp",),
    "float4": ("1.5::float4",),
    "char": ("'r'::\"char\"",),
    "regtype": ("'int4'::regtype",),
    "regproc": ("'now'::regproc",),
    "regrole": ("'postgres'::regrole",),
    "regnamespace": ("'public'::regnamespace",),
    "xml": ("NULL::xml",),
    "macaddr": ("'08:00:2b:01:02:03'::macaddr",),
    "anyenum": ('NULL::public."CourseStatus"', "t.status"),
    "anynonarray": ("1",),
}
COLUMNS: Final = {
    "int4": ("id", "a"), "text": ("title", "b"), "bool": ("ok",), "numeric": ("price",), "timestamptz": ("at",),
    "jsonb": ("data",), "_int4": ("ns",), "_text": ("tags",),
}  # fmt: skip
#: What expressions are grown for; the other types only stand as arguments.
_GROWN: Final = tuple(COLUMNS)


@dataclass(frozen=True)
class Function:
    """A function of the server."""

    name: str
    arguments: tuple[str, ...]
    result: str
    kind: str
    returns_set: bool


@dataclass(frozen=True)
class Operator:
    """An operator of the server; ``left`` is empty for a prefix operator."""

    name: str
    left: str
    right: str
    result: str


@dataclass(frozen=True)
class Catalog:
    """What the server knows: drawn from pg_proc, pg_operator and pg_type."""

    functions: tuple[Function, ...]
    operators: tuple[Operator, ...]
    types: tuple[str, ...]


def one_of(*texts: str) -> Text:
    """One of these."""
    return st.sampled_from(texts)


def joined(pattern: str, *parts: Text) -> Text:
    """``pattern`` with each ``@`` filled by a part."""
    pieces = pattern.split("@")
    assert len(pieces) == len(parts) + 1, pattern
    return st.tuples(*parts).map(
        lambda drawn: pieces[0] + "".join(part + piece for part, piece in zip(drawn, pieces[1:], strict=True))
    )


def maybe(text: Text) -> Text:
    """It, or nothing."""
    return st.one_of(st.just(""), text)


def comma(text: Text, least: int = 1, most: int = 3) -> Text:
    """A few of them between commas."""
    return st.lists(text, min_size=least, max_size=most).map(", ".join)


class Grammar:
    """Strategies for expressions and statements over one server's catalog."""

    def __init__(self, catalog: Catalog, listed: frozenset[str]) -> None:
        self._catalog = catalog
        self._by_result: dict[str, list[Function]] = {}
        for function in catalog.functions:
            if function.kind == "f" and not function.returns_set and function.name in listed:
                self._by_result.setdefault(function.result, []).append(function)
        self._operators: dict[str, list[Operator]] = {}
        for operator in catalog.operators:
            self._operators.setdefault(operator.result, []).append(operator)
        self._aggregates = [one for one in catalog.functions if one.kind == "a" and len(one.arguments) < 2]
        self._sets = [one for one in catalog.functions if one.returns_set]
        self._cache: dict[tuple[str, int], Text] = {}
        self.table = st.one_of(st.sampled_from(CONTENT), st.sampled_from(OWN), st.sampled_from(OTHERS))
        self.target = st.one_of(st.sampled_from(CONTENT), st.sampled_from(CONTENT), self.table)
        self.any_expression = st.sampled_from(_GROWN).flatmap(lambda kind: self.expression(kind, 2))
        self.condition = self.expression("bool", 2)
        self.query = st.deferred(lambda: self._query(0))
        self._inner = st.deferred(lambda: self._query(1))
        self.insert, self.update, self.delete, self.merge = (
            self._insert(), self._update(), self._delete(), self._merge(),
        )  # fmt: skip
        self.write = st.one_of(self.insert, self.update, self.delete, self.merge)
        self.statement = self._statement()

    # --------------------------------------------------------------------------------------------------- expressions

    def expression(self, kind: str, depth: int) -> Text:
        """An expression of a type, over the columns of ``t``."""
        key = (kind, depth)
        if key not in self._cache:
            self._cache[key] = self._expression(kind, depth)
        return self._cache[key]

    def _expression(self, kind: str, depth: int) -> Text:
        leaves = [st.sampled_from(LITERALS.get(kind, ("NULL",)))]
        if kind in COLUMNS:
            leaves += [st.sampled_from(COLUMNS[kind]).map(lambda name: f"t.{name}")] * 2
        if depth <= 0:
            return st.one_of(*leaves)
        grown = [
            joined("CASE WHEN @ THEN @ ELSE @ END", *self._parts("bool", kind, kind, depth=depth)),
            joined("COALESCE(@, @)", *self._parts(kind, kind, depth=depth)),
            joined("NULLIF(@, @)", *self._parts(kind, kind, depth=depth)),
            joined("GREATEST(@, @)", *self._parts(kind, kind, depth=depth)),
            joined("(SELECT @ FROM @ AS t LIMIT 1)", self.expression(kind, depth - 1), self.table),
            joined("(@)::" + kind, self.expression(kind, depth - 1)),
            joined("(ARRAY[@])[1]", self.expression(kind, depth - 1)),
            joined("(ROW(t.*)::@).@", self.table, one_of("id", "title", "evil", "lower", "lo_unlink", "count")),
        ]
        functions = self._by_result.get(kind)
        if functions:
            grown += [st.sampled_from(functions).flatmap(lambda one: self._call(one, depth - 1))] * 3
        operators = self._operators.get(kind)
        if operators:
            grown += [st.sampled_from(operators).flatmap(lambda one: self._operation(one, depth - 1))] * 2
        if kind == "bool":
            grown += self._conditions(depth)
        if kind == "text":
            grown += self._texts(depth)
        if kind == "jsonb":
            grown += [
                joined("JSON_QUERY(@, '$' RETURNING jsonb)", self.expression("jsonb", depth - 1)),
                joined("JSON_OBJECT('a': @ RETURNING jsonb)", self.expression("text", depth - 1)),
                joined("JSON_ARRAY(@ RETURNING jsonb)", self.expression("int4", depth - 1)),
            ]
        wild = st.sampled_from(self._catalog.functions).flatmap(lambda one: self._call(one, depth - 1))
        return st.one_of(*leaves, *grown, wild)

    def _parts(self, *kinds: str, depth: int) -> list[Text]:
        return [self.expression(kind, depth - 1) for kind in kinds]

    def _conditions(self, depth: int) -> list[Text]:
        of = self._parts
        return [
            joined("@ AND @", *of("bool", "bool", depth=depth)),
            joined("NOT (@ OR @)", *of("bool", "bool", depth=depth)),
            joined("@ BETWEEN SYMMETRIC @ AND @", *of("int4", "int4", "int4", depth=depth)),
            joined("@ IN (@, @)", *of("int4", "int4", "int4", depth=depth)),
            joined("@ = ANY (@)", *of("int4", "_int4", depth=depth)),
            joined("@ LIKE @ ESCAPE '!'", *of("text", "text", depth=depth)),
            joined("@ SIMILAR TO @", *of("text", "text", depth=depth)),
            joined("@ IS DISTINCT FROM @", *of("text", "text", depth=depth)),
            joined("(@) IS NOT TRUE", *of("bool", depth=depth)),
            joined("EXISTS (SELECT FROM @ AS u WHERE u.id = @)", self.table, *of("int4", depth=depth)),
            joined("@ IN (SELECT u.id FROM @ AS u)", *of("int4", depth=depth), self.table),
            joined("ROW(@, @) < ROW(@, @)", *of("int4", "text", "int4", "text", depth=depth)),
            joined("@ IS JSON OBJECT", *of("text", depth=depth)),
            joined("(t.at, t.at) OVERLAPS (@, @)", *of("timestamptz", "timestamptz", depth=depth)),
            joined("@ OPERATOR(@) @", *of("int4", depth=depth), one_of("pg_catalog.<", "public.+", "="),
                   *of("int4", depth=depth)),
        ]  # fmt: skip

    def _texts(self, depth: int) -> list[Text]:
        of = self._parts
        return [
            joined("@ COLLATE @", *of("text", depth=depth), one_of('"C"', 'pg_catalog."C"', "public.c", '"POSIX"')),
            joined("substring(@ FROM @ FOR 2)", *of("text", "int4", depth=depth)),
            joined("overlay(@ placing @ FROM 1)", *of("text", "text", depth=depth)),
            joined("trim(BOTH @ FROM @)", *of("text", "text", depth=depth)),
            joined("normalize(@, NFC)", *of("text", depth=depth)),
            joined("@ || @", *of("text", "text", depth=depth)),
            joined("@ ->> @", *of("jsonb", "text", depth=depth)),
            joined("JSON_VALUE(@, '$.a' DEFAULT @ ON EMPTY)", *of("jsonb", "text", depth=depth)),
            joined("to_char(@, 'YYYY')", *of("timestamptz", depth=depth)),
            joined("(@ AT TIME ZONE @)::text", *of("timestamptz", "text", depth=depth)),
            joined("CAST(@ AS @)", *of("text", depth=depth), one_of("text", "varchar(3)", "public.email", "name")),
            joined("xmlserialize(CONTENT xmlelement(name a, @) AS text)", *of("text", depth=depth)),
        ]

    def _call(self, function: Function, depth: int) -> Text:
        arguments = [self.expression(kind, min(depth, 1)) for kind in function.arguments[:5]]
        name = f"pg_catalog.{quoted(function.name)}" if len(function.name) % 2 else quoted(function.name)
        return st.tuples(*arguments).map(lambda drawn: f"{name}({', '.join(drawn)})")

    def _operation(self, operator: Operator, depth: int) -> Text:
        right = self.expression(operator.right, min(depth, 1))
        if not operator.left:
            return right.map(lambda text: f"({operator.name} ({text}))")
        left = self.expression(operator.left, min(depth, 1))
        return st.tuples(left, right).map(lambda pair: f"(({pair[0]}) {operator.name} ({pair[1]}))")

    # ------------------------------------------------------------------------------------------------------- queries

    def _from_item(self, depth: int) -> Text:
        table = self.table
        sample = joined(" TABLESAMPLE @ (@) REPEATABLE (1)", one_of("bernoulli", "system", "public.mine"), one_of("50"))
        items = [
            joined("@@ AS t@", one_of("", "", "ONLY "), table, maybe(sample)),
            joined("@ AS t", table),
            joined("@ AS t @ JOIN @ AS u ON @", table, one_of("", "LEFT", "FULL", "INNER"), table, self.condition),
            joined("@ AS t JOIN @ AS u USING (@)", table, table, one_of("id", "id, a")),
            joined("@ AS t NATURAL JOIN @ AS u", table, table),
            joined("@ AS t, LATERAL (SELECT t.id + 1 AS one) AS u", table),
            joined("@ AS t CROSS JOIN generate_series(1, @) WITH ORDINALITY AS u (n, o)", table, one_of("2", "3")),
            joined("@ AS t, ROWS FROM (unnest(ARRAY[1,2]), jsonb_array_elements(@)) AS u", table,
                   self.expression("jsonb", 0)),
            joined("@ AS t, JSON_TABLE(t.data, '$.a[*]' COLUMNS (n FOR ORDINALITY, v @ PATH '$')) AS u", table,
                   one_of("int", "text", "public.email", "jsonb")),
            joined("@ AS t, XMLTABLE('/a' PASSING ('<a/>'::xml) COLUMNS v text PATH 'b') AS u", table),
            joined("@ AS t, jsonb_to_record(t.data) AS u (v @)", table, one_of("int", "text", "public.email")),
            joined("@ AS t, @ AS s", table, st.sampled_from(self._sets).flatmap(lambda one: self._call(one, 0))),
        ]  # fmt: skip
        if depth < 1:
            items += [joined("(@) AS t", self._inner), joined("c1 AS t"), joined("c1 AS t JOIN @ AS u ON true", table)]
        return st.one_of(*items)

    def _query(self, depth: int) -> Text:
        columns = "t.id, t.a, t.b, t.title, t.ok, t.price, t.at, t.data, t.tags, t.ns"
        expression = self.any_expression
        targets = st.one_of(
            st.just("*"), st.just(columns), comma(expression), joined("t.*, @ AS x", expression), st.just(columns),
            joined("DISTINCT @", expression), joined("DISTINCT ON (t.a) @", expression), st.just("t"),
            joined("row_number() OVER (PARTITION BY @ ORDER BY t.id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
                   expression),
        )  # fmt: skip
        where = joined(" WHERE @", self.condition)
        tail = st.one_of(
            st.just(""),
            joined(" ORDER BY @ @", expression, one_of("", "DESC NULLS LAST", "USING <", "USING OPERATOR(public.+)")),
            joined(" LIMIT @ OFFSET @", self.expression("int4", 1), one_of("0", "1")),
            joined(" ORDER BY t.id FETCH FIRST @ ROWS WITH TIES", one_of("1", "(2 + 1)")),
            joined(" FOR @@@", one_of("UPDATE", "SHARE", "KEY SHARE", "NO KEY UPDATE"), one_of("", " OF t", " OF u"),
                   one_of("", " SKIP LOCKED", " NOWAIT")),
        )  # fmt: skip
        plain = joined("SELECT @ FROM @@@", targets, self._from_item(depth), maybe(where), tail)
        grouped = joined(
            "SELECT @, @ FROM @ AS t GROUP BY @@", one_of("t.a", "1", "GROUPING(t.a)"), self._aggregate(), self.table,
            one_of("t.a", "ROLLUP (t.a)", "CUBE (t.a)", "GROUPING SETS ((t.a), ())", "DISTINCT t.a"),
            maybe(joined(" HAVING @", self.expression("bool", 0))),
        )  # fmt: skip
        queries = [plain, plain, grouped, joined("SELECT @", comma(expression)).map(_without_columns)]
        if depth < 1:
            cte = joined(
                "WITH @@ AS @(@) @", one_of("", "RECURSIVE "), one_of("c1", "courses", "users", "public"),
                one_of("", "MATERIALIZED ", "NOT MATERIALIZED "),
                st.one_of(self._inner, st.deferred(lambda: self.write)), self._inner,
            )  # fmt: skip
            queries += [
                cte, cte,
                joined("@ @ @", self._inner, one_of("UNION", "UNION ALL", "INTERSECT", "EXCEPT ALL"), self._inner),
                joined("VALUES (@, @), (@, @)", *[self.any_expression.map(_without_columns)] * 4),
                joined("TABLE @", self.table),
                joined("WITH RECURSIVE c1 (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM c1 WHERE id < 5) "
                       "CYCLE id SET cyclic USING path SELECT @ FROM c1 AS t", one_of("*", "t.id", "t.cyclic")),
            ]  # fmt: skip
        return st.one_of(*queries)

    def _aggregate(self) -> Text:
        call = st.sampled_from(self._aggregates).flatmap(lambda one: self._call(one, 0))
        return st.one_of(
            st.just("count(*)"), call, joined("@ FILTER (WHERE @)", call, self.expression("bool", 1)),
            st.just("percentile_cont(0.5) WITHIN GROUP (ORDER BY t.price)"), st.just("string_agg(DISTINCT t.b, ',')"),
            st.just("public.evil_sum(t.a)"), st.just("JSON_ARRAYAGG(t.b ORDER BY t.id)"), joined("@ OVER w", call),
        )  # fmt: skip

    # -------------------------------------------------------------------------------------------------------- writes

    def _returning(self) -> Text:
        return maybe(joined(" RETURNING @", st.one_of(st.just("*"), st.just("1"), st.just("id, old.a, new.a"))))

    def _insert(self) -> Text:
        value = self.any_expression.map(_without_columns)
        rows = st.one_of(
            joined("(id, a) VALUES (@, @)", one_of("101", "1", "DEFAULT"),
                   self.expression("int4", 1).map(_without_columns)),
            joined("(id, title) SELECT t.id + 200, @ FROM @ AS t", self.expression("text", 1), self.table),
            st.just("DEFAULT VALUES"), joined("(id, b) OVERRIDING SYSTEM VALUE VALUES (102, (@)::text)", value),
        )  # fmt: skip
        conflict = st.one_of(
            st.just(""), st.just(""), st.just(" ON CONFLICT DO NOTHING"),
            joined(" ON CONFLICT (id) DO UPDATE SET a = (@)::int WHERE t.a > 0", self.expression("int4", 1)),
            st.just(" ON CONFLICT (id) DO UPDATE SET title = excluded.title"),
            st.just(" ON CONFLICT (lower(title)) DO NOTHING"),
            st.just(" ON CONFLICT ON CONSTRAINT courses_pkey DO NOTHING"),
        )  # fmt: skip
        return joined("INSERT INTO @ AS t @@@", self.target, rows, conflict, self._returning())

    def _update(self) -> Text:
        assignment = st.one_of(
            joined("a = @", self.expression("int4", 2)), joined("title = @", self.expression("text", 2)),
            joined("(a, b) = ROW(@, @)", self.expression("int4", 1), self.expression("text", 1)),
            joined("(a, b) = (SELECT u.a, u.b FROM @ AS u LIMIT 1)", self.table), st.just("a = DEFAULT"),
            joined("ns[1] = @", self.expression("int4", 1)), st.just("id = t.id + 1000"),
        )  # fmt: skip
        return joined(
            "UPDATE @@ AS t SET @@@@", one_of("", "ONLY "), self.target, comma(assignment, 1, 2),
            maybe(joined(" FROM @ AS u", self.table)), maybe(joined(" WHERE @", self.condition)), self._returning(),
        )  # fmt: skip

    def _delete(self) -> Text:
        return joined(
            "DELETE FROM @@ AS t@@@", one_of("", "ONLY "), self.target, maybe(joined(" USING @ AS u", self.table)),
            maybe(joined(" WHERE @", self.condition)), self._returning(),
        )  # fmt: skip

    def _merge(self) -> Text:
        when = st.one_of(
            joined("WHEN MATCHED AND @ THEN UPDATE SET a = @", self.expression("bool", 1), self.expression("int4", 1)),
            st.just("WHEN MATCHED THEN DELETE"),
            st.just("WHEN NOT MATCHED THEN INSERT (id, a) VALUES (u.id + 300, u.a)"),
            st.just("WHEN NOT MATCHED BY SOURCE THEN DELETE"), st.just("WHEN MATCHED THEN DO NOTHING"),
        )  # fmt: skip
        return joined(
            "MERGE INTO @ AS t USING @ AS u ON t.id = u.id @@", self.target, self.table,
            st.lists(when, min_size=1, max_size=2).map(" ".join), maybe(st.just(" RETURNING merge_action(), t.id")),
        )  # fmt: skip

    # ---------------------------------------------------------------------------------------------------- statements

    def _statement(self) -> Text:
        return st.one_of(
            *[self.query] * 6, *[self.write] * 4, self._with_write(), self._copy(), self._session(), self._definition(),
            joined("EXPLAIN @@", one_of("", "ANALYZE ", "(ANALYZE, FORMAT json) ", "(GENERIC_PLAN) "),
                   st.one_of(self.query, self.write)),
            joined("SELECT @", self._acting()),
        )  # fmt: skip

    def _with_write(self) -> Text:
        return joined("WITH c1 AS (@), users AS (@) @", self.write, self._inner, st.one_of(self.write, self._inner))

    def _copy(self) -> Text:
        options = one_of("", " (FORMAT csv, HEADER)", " (FORMAT binary)", " (DELIMITER ',', NULL 'x')", " (FREEZE)",
                         " (ON_ERROR ignore)", " (FORCE_QUOTE *, FORMAT csv)")  # fmt: skip
        return st.one_of(
            joined("COPY (@) TO STDOUT@", st.one_of(self.query, self.write), options),
            joined("COPY @@ TO STDOUT@", self.table, one_of("", " (id, a)"), options),
            joined("COPY @ (id, a) FROM STDIN@@", self.target, options, maybe(joined(" WHERE @", self.condition))),
            joined("COPY @ @ @", self.target, one_of("TO", "FROM"), one_of("PROGRAM 'true'", "'/tmp/x'", "STDIN")),
        )

    def _session(self) -> Text:
        return st.one_of(
            joined(
                "SET @@ = @", one_of("", "LOCAL ", "SESSION "),
                one_of("work_mem", "lock_timeout", "search_path", "row_security", "application_name", "datestyle",
                       "session_replication_role", "statement_timeout", "role", "synchronous_commit", "timezone",
                       "zero_damaged_pages", "default_transaction_isolation", "log_statement", "client_encoding",
                       "transaction_timeout", "extra_float_digits"),
                one_of("'1MB'", "on", "off", "replica", "pg_catalog", "'egrow_apply'", "DEFAULT", "none", "'UTC'", "1",
                       "serializable", "'x'", "ISO"),
            ),
            joined("SHOW @", one_of("ALL", "work_mem", "role", "TIME ZONE")),
            joined("@ @", one_of("BEGIN", "START TRANSACTION", "SET TRANSACTION"),
                   one_of("", "READ ONLY", "READ WRITE", "ISOLATION LEVEL SERIALIZABLE", "DEFERRABLE")),
            one_of("COMMIT", "ROLLBACK", "SAVEPOINT a", "RELEASE a", "PREPARE TRANSACTION 'x'", "RESET ALL",
                   "DISCARD ALL", "LISTEN x", "NOTIFY x", "CHECKPOINT", "RESET work_mem", "DEALLOCATE ALL"),
            joined("LOCK TABLE @@@", one_of("", "ONLY "), self.target,
                   one_of("", " IN SHARE MODE", " IN SHARE ROW EXCLUSIVE MODE NOWAIT", " IN EXCLUSIVE MODE")),
            joined("@ @@", one_of("ANALYZE", "ANALYZE (SKIP_LOCKED)", "VACUUM", "VACUUM (ANALYZE)"), self.target,
                   one_of("", " (id)", " (title, a)")),
        )  # fmt: skip

    def _definition(self) -> Text:
        default = self.any_expression.map(_without_columns)
        return st.one_of(
            joined("CREATE @TABLE @ (n int @ DEFAULT (@)::int, s text CHECK (@))@", one_of("", "TEMP ", "UNLOGGED "),
                   one_of("pg_temp.y", "egrow_replica.y", "public.y", "y"), one_of("", "PRIMARY KEY", "UNIQUE"),
                   self.expression("int4", 1).map(_without_columns),
                   one_of("s <> 'x'", "length(s) > 1", "public.evil() > 0"),
                   one_of("", " ON COMMIT DROP")),
            joined("CREATE TEMP TABLE pg_temp.y@ AS @@", one_of("", " ON COMMIT DROP"), self.query,
                   one_of("", " WITH NO DATA")),
            joined("CREATE TABLE @ (LIKE @@)", one_of("pg_temp.y", "egrow_replica.y"), self.table,
                   one_of("", " INCLUDING ALL")),
            joined("CREATE @INDEX ON @ (@)", one_of("", "UNIQUE "), st.one_of(st.sampled_from(OWN), self.table),
                   one_of("id", "lower(title)", "(a + 1)", "title COLLATE \"C\"", "(public.evil())", "id DESC")),
            joined("DROP TABLE @@", one_of("", "IF EXISTS "), self.table),
            joined("ALTER TABLE @ ADD COLUMN IF NOT EXISTS n int DEFAULT (@)::int", self.table, default),
            joined("@ @", one_of("TRUNCATE", "REFRESH MATERIALIZED VIEW", "DROP VIEW", "CLUSTER"), self.table),
            joined("SELECT @ INTO @ FROM @ AS t", self.any_expression, one_of("pg_temp.y", "public.y"), self.table),
            joined("PREPARE p AS @", self.write), joined("DECLARE c CURSOR FOR @", self.query),
            joined("DO $$ BEGIN @; END $$", self.write), joined("CALL public.evil(@)", default),
            joined("CREATE RULE r AS ON INSERT TO public.courses DO ALSO @", self.write),
            joined("ALTER SUBSCRIPTION egrow_w @", one_of("ENABLE", "DISABLE", "REFRESH PUBLICATION")),
        )  # fmt: skip

    def _acting(self) -> Text:
        sequence = one_of("'public.courses_id_seq'", "'public.\"Lessons_id_seq\"'::regclass", "'public.users_id_seq'",
                          "'public.tickets'", "'PUBLIC.Courses_id_seq'",
                          "'public.courses_id_seq'::varchar(17)", "'public.courses_id_seq'::name")  # fmt: skip
        return st.one_of(
            joined("@(@, @)", one_of("setval", "pg_catalog.setval"), sequence, one_of("7", "500, false", "(SELECT 9)")),
            joined("nextval(@)", sequence),
            joined("@(@)", one_of("pg_try_advisory_lock", "pg_advisory_unlock", "pg_advisory_lock"),
                   one_of("1, 2", "$1, $2", "5", "t.id, 1", "(SELECT 3)")),
            joined("pg_replication_origin_@('@')", one_of("create", "drop", "session_setup", "advance"),
                   one_of("egrow_o", "others")),
            joined("pg_drop_replication_slot('@')", one_of("egrow_s", "others")),
            one_of("pg_export_snapshot()", "set_config('work_mem', '1MB', true)", "pg_notify('x', 'y')",
                   "lo_unlink(4711)", "pg_sleep(0)", "pg_switch_wal()", "txid_current()", "pg_reload_conf()"),
        )  # fmt: skip


def _without_columns(text: str) -> str:
    """Where there is no FROM, columns become constants."""
    for kind, names in COLUMNS.items():
        for name in names:
            text = text.replace(f"t.{name}", f"({LITERALS[kind][0]})")
    return text


def quoted(name: str) -> str:
    return f'"{name}"' if name in _RESERVED or not name.replace("_", "a").isalnum() else name


_RESERVED: Final = words("""
char varchar bit time timestamp interval numeric float4 position substring overlay trim normalize extract overlaps
xmlexists like any some all binary left right user current_user session_user current_schema coalesce
""")
