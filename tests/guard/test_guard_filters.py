"""Row filters and probes of the configuration."""

from __future__ import annotations

import pytest
from guard_world import POLICIES

from egrow_replica.guard import Refused, filter_condition, vet, vet_filter, vet_probe
from egrow_replica.model import QualifiedName


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("status <> 'DRAFT'", "status <> 'DRAFT'"),
        ("(status) <> 'DRAFT'  -- no drafts\n", "status <> 'DRAFT'"),
        ("/* a */ a = 1", "a = 1"),
        ("\"Status\" = 'ú'", "\"Status\" = 'ú'"),
        ("a IN (1, 2) AND NOT b", "a IN (1, 2) AND NOT b"),
        ("a BETWEEN 1 AND 2", "a BETWEEN 1 AND 2"),
        ("lower(a) LIKE 'x%' OR b IS NULL", "lower(a) LIKE 'x%' OR b IS NULL"),
        ("a = '2020-01-01'::date", "a = CAST('2020-01-01' AS date)"),
        ("published", "published"),
        ("a = 'it''s'", "a = 'it''s'"),
        ("a = ')'", "a = ')'"),
        ("a @> ARRAY[1]", "a @> ARRAY[1]"),
        ("(a, b) = (1, 2)", "(a, b) = (1, 2)"),
        ("a ~ '^(x|y)'", "a ~ '^(x|y)'"),
    ],
)
def test_filters_are_normalised(text: str, normal: str) -> None:
    assert vet_filter(text) == normal
    assert vet_filter(normal) == normal
    publication = f"CREATE PUBLICATION egrow_p FOR TABLE ONLY public.courses WHERE ({normal}) WITH (publish = 'insert')"
    assert vet(publication, POLICIES["publisher"])


def test_a_user_type_has_to_be_listed() -> None:
    text = """status = 'LIVE'::public."CourseStatus\""""
    with pytest.raises(Refused):
        vet_filter(text)
    assert vet_filter(text, types=["public.CourseStatus"]) == "status = CAST('LIVE' AS public.\"CourseStatus\")"


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("a = 1 AND \"B c\" IN ('t', 'a')", "t.a = 1 AND t.\"B c\" IN ('t', 'a')"),
        ("(a, b) = (1, 2)", "(t.a, t.b) = (1, 2)"),
        ("title COLLATE \"C\" > 'a'", "t.title COLLATE \"C\" > 'a'"),
        ("lower(title) = 'a' OR t", "lower(t.title) = 'a' OR t.t"),
        ("@ n > 1", "@ t.n > 1"),
        ("x IS DOCUMENT", "t.x IS DOCUMENT"),
        ("title = 'a' -- b", "t.title = 'a'"),
    ],
)
def test_where_rows_are_looked_for_each_column_says_whose_it_is(text: str, condition: str) -> None:
    assert filter_condition(vet_filter(text), "t") == condition


def test_the_tables_own_name_goes() -> None:
    table = QualifiedName("public", "courses")
    assert vet_filter("courses.a = 1 AND public.courses.b", table=table) == "a = 1 AND b"
    for text in ("lessons.a = 1", "app.courses.a = 1", "app.public.courses.a = 1"):
        with pytest.raises(Refused):
            vet_filter(text, table=table)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-- x",
        "a = 1) OR (true",
        "true) WITH (publish = 'truncate'); --",
        "a = 1); DROP TABLE public.users; --",
        "a = 1; DROP TABLE public.users",
        "a = 1 /*",
        "a = 1 */",
        "a = 'x",
        "a = 1, b = 2",
        "a = 1 GROUP BY a",
        "a = 1 ORDER BY a",
        "a = 1 LIMIT 1",
        "a = 1 UNION SELECT 1",
        "a = 1 FOR UPDATE",
        "a = 1 WINDOW w AS ()",
        "a = (SELECT 1)",
        "EXISTS (SELECT 1 FROM public.users)",
        "a IN (SELECT 1)",
        "a = ANY (SELECT 1)",
        "public.f(a)",
        "f(a)",
        "pg_sleep(1) IS NULL",
        "random() > 0.5",
        "a > now()",
        "a = current_user",
        "a = CURRENT_DATE",
        "a = current_setting('x')",
        "nextval('x') > 1",
        "count(*) > 1",
        "lower(a) OVER () = 'x'",
        "lower(DISTINCT a) = 'x'",
        "lower(VARIADIC a) = 'x'",
        "courses.a = 1",
        "(a).b = 1",
        "a[1] = 1",
        "a = $1",
        "a = DEFAULT",
        "a::public.email = 'x'",
        "a::email = 'x'",
        "a OPERATOR(public.=) 1",
        "a @> (b || concat(c))",
        "tableoid = 1",
        "ctid = '(0,1)'",
        "xmin = '1'",
        "lower(a COLLATE public.mine) = 'x'",
        "a = '{1,2}'",
        "array_append(a, '5') IS NOT NULL",
        "a @@ 'x'",
        "xpath_exists('/a', a)",
        "to_tsvector('english', a) = a",
        "repeat('a', 1000000000) = a",
        "others.a = 1",
        "public.courses.a.b = 1",
        "a = 1 AND (SELECT true)",
        "XMLEXISTS('/a' PASSING a)",
        "a IS JSON",
        "JSON_EXISTS(a, '$')",
        "a = 1 COLLATE",
        "*",
        "CURRENT OF c",
        "a\0",
        "a = '\ud800'",
        "(" * 10_000,
    ],
    ids=lambda text: repr(text[:30]),
)
def test_filters_that_do_more_are_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        vet_filter(text)
    assert refused.value.rule != "internal"


def test_a_probe_is_one_select() -> None:
    assert vet_probe("SELECT pg_catalog.count(*) > 0 FROM public.users").writes == ()


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM public.users",
        "WITH x AS (DELETE FROM public.courses RETURNING 1) SELECT * FROM x",
        "SELECT 1 FROM public.users FOR UPDATE",
        "SELECT pg_sleep(1)",
        "SELECT 1; SELECT 2",
        "SELECT count(*) FROM users",
        "COPY (SELECT 1) TO STDOUT",
        "EXPLAIN SELECT 1",
        "SHOW work_mem",
        "BEGIN",
        "SET lock_timeout = 1",
        "SELECT 1 INTO x",
        "",
    ],
)
def test_other_probes_are_refused(sql: str) -> None:
    with pytest.raises(Refused):
        vet_probe(sql)
    with pytest.raises(Refused):
        vet_probe(sql, policy=POLICIES["reading"])
