"""What looks like a set-up and writes nothing: to refuse it would be a false alarm."""

from __future__ import annotations

from setups_model import Cause, SetUp, by, check, doing, function, own, trigger

_STAMP = function("""BEGIN NEW."updatedAt" := pg_catalog.now(); RETURN NEW; END""")
HARMLESS = [
    SetUp("nothing planted", Cause.KNOWN, ""),
    SetUp(
        "when, comparison of built-in types", Cause.WHEN, _STAMP + trigger(when="NEW.title IS NOT NULL AND NEW.n > 1")
    ),
    SetUp(
        "when, suppress_redundant_updates_trigger",
        Cause.WHEN,
        trigger("UPDATE", calls="pg_catalog.suppress_redundant_updates_trigger()", when="OLD.n = NEW.n"),
    ),
    SetUp(
        "update of a generated column, a stamp",
        Cause.UPDATE_OF,
        own("double int GENERATED ALWAYS AS (n * 2) STORED") + _STAMP + trigger("UPDATE OF own_double"),
    ),
    SetUp("domain's default, a number", Cause.DOMAIN_DEFAULT, "CREATE DOMAIN {s}.d AS int DEFAULT 7;" + own("d {s}.d")),
    SetUp(
        "nextval of the column's own sequence",
        Cause.NEXTVAL,
        "CREATE SEQUENCE {s}.numbers;"
        + own("n bigint DEFAULT nextval('{s}.numbers')")
        + "ALTER SEQUENCE {s}.numbers OWNED BY {s}.courses.own_n;",
    ),
    SetUp("JSON_VALUE of a text", Cause.SQL_JSON, check("JSON_VALUE(data, '$.a' RETURNING text) <> '-'"), since=17),
    SetUp("arrays of integers compared", Cause.SUPPORT, check("ARRAY[n] <> ARRAY[-1] AND tags @> ARRAY[]::text[]")),
    SetUp("range of integers", Cause.SUPPORT, own("span int4range DEFAULT '[1,9)'") + check("own_span @> 3")),
    SetUp(
        "built-in aggregate in a trigger",
        Cause.AGGREGATE,
        doing("NEW.n := (SELECT max(l.id) FROM {s}.lessons AS l);"),
    ),
    SetUp("record without a default", Cause.RECORD, doing("r := ROW(1, 2);", declare="r record;")),
    SetUp(
        "event trigger of a command that is not ours",
        Cause.EVENT,
        by(
            "superuser",
            function("BEGIN PERFORM {s}.w(); END", name="e()", returns="event_trigger")
            + "CREATE EVENT TRIGGER e ON ddl_command_end WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION {s}.e();",
        ),
        alone=True,
    ),
]
