"""Random ways from a write of content to something outside it: a place × a chain of functions × what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from setups_model import EFFECTS, Cause, SetUp, by, check, doing, function, own, trigger

_SUPPRESS = "pg_catalog.suppress_redundant_updates_trigger()"
_TOUCH = "BEGIN PERFORM {expression}; RETURN NEW; END"


@dataclass
class Chain:
    """A chain that grows from its end, ``{s}.w()``.

    :ivar sql: what was planted so far.
    :ivar expression: what sets in motion all of it, an ``int``.
    """

    random: Random
    sql: str = ""
    expression: str = "{s}.w()"
    links: list[str] = field(default_factory=list)

    def grow(self) -> None:
        """One step further away from what is done."""
        name = self.random.choice(sorted(_LINKS))
        number = len(self.links)
        self.sql += f"/* {name} */ "
        made, self.expression = _LINKS[name](self, f"c{number}")
        self.sql += made
        self.links.append(name)

    def options(self) -> str:
        """Whose rights a function has, drawn."""
        return self.random.choice(["SECURITY DEFINER", "SECURITY INVOKER", ""])

    def planted(self, text: str) -> str:
        """Something that one of the ordinary roles makes, or a superuser."""
        role = self.random.choice(["studio", "studio", "people", "superuser"])
        return text if role == "studio" else by(role, text)


def _plpgsql(chain: Chain, name: str) -> tuple[str, str]:
    body = f"BEGIN RETURN {chain.expression}; END"
    return chain.planted(
        function(body, name=f"{name}(int)", returns="int", options=chain.options())
    ), f"{{s}}.{name}(1)"


def _sql(chain: Chain, name: str) -> tuple[str, str]:
    made = function(
        f"SELECT {chain.expression}", name=f"{name}(int)", returns="int", language="sql", options=chain.options()
    )
    return chain.planted(made), f"{{s}}.{name}(1)"


def _atomic(chain: Chain, name: str) -> tuple[str, str]:
    made = f"CREATE FUNCTION {{s}}.{name}() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT {chain.expression}; END;"
    return chain.planted(made), f"{{s}}.{name}()"


def _execute(chain: Chain, name: str) -> tuple[str, str]:
    text = f"SELECT {chain.expression}".replace("'", "''")
    body = f"DECLARE n int; BEGIN EXECUTE '{text}' INTO n; RETURN n; END"
    return chain.planted(function(body, name=f"{name}()", returns="int", options=chain.options())), f"{{s}}.{name}()"


def _record(chain: Chain, name: str) -> tuple[str, str]:
    body = f"DECLARE r record := ROW({chain.expression}); BEGIN RETURN 1; END"
    return chain.planted(function(body, name=f"{name}()", returns="int", options=chain.options())), f"{{s}}.{name}()"


def _immutable(chain: Chain, name: str) -> tuple[str, str]:
    body = f"BEGIN PERFORM {chain.expression}; RETURN $1; END"
    return function(body, name=f"{name}(int)", returns="int", options="IMMUTABLE"), f"{{s}}.{name}(2)"


def _operator(chain: Chain, name: str) -> tuple[str, str]:
    made = function(f"BEGIN RETURN {chain.expression}; END", name=f"{name}(int)", returns="int")
    symbol = "@" * (2 + len(chain.links))
    return made + f"CREATE OPERATOR {{s}}.{symbol} (RIGHTARG = int, FUNCTION = {{s}}.{name});", (
        f"(OPERATOR({{s}}.{symbol}) 1)"
    )


def _bare(chain: Chain, name: str) -> tuple[str, str]:
    made = function(f"SELECT {chain.expression}", name=f"{name}(text)", returns="int", language="sql")
    caller = function(
        f"BEGIN RETURN ('a'::text).{name}; END", name=f"{name}_of()", returns="int", options="SET search_path = {s}"
    )
    return made + caller, f"{{s}}.{name}_of()"


def _argument(chain: Chain, name: str) -> tuple[str, str]:
    made = (
        f"CREATE FUNCTION {{s}}.{name}(a int, b int DEFAULT {chain.expression}) RETURNS int LANGUAGE plpgsql AS"
        " 'BEGIN RETURN a; END';"
    )
    caller = function(f"BEGIN RETURN {{s}}.{name}(1); END", name=f"{name}_of()", returns="int")
    return made + caller, f"{{s}}.{name}_of()"


def _aggregate(chain: Chain, name: str) -> tuple[str, str]:
    step = function(f"BEGIN RETURN {chain.expression}; END", name=f"{name}_step(int, int)", returns="int")
    aggregate = f"CREATE AGGREGATE {{s}}.{name}(int) (SFUNC = {{s}}.{name}_step, STYPE = int, INITCOND = '0');"
    caller = function(f"BEGIN RETURN {{s}}.{name}(1); END", name=f"{name}_of()", returns="int")
    return step + aggregate + caller, f"{{s}}.{name}_of()"


def _view(chain: Chain, name: str) -> tuple[str, str]:
    made = f"CREATE VIEW {{s}}.{name} AS SELECT {chain.expression} AS n; GRANT SELECT ON {{s}}.{name} TO PUBLIC;"
    caller = function(f"BEGIN RETURN (SELECT v.n FROM {{s}}.{name} AS v); END", name=f"{name}_of()", returns="int")
    return made + caller, f"{{s}}.{name}_of()"


def _domain(chain: Chain, name: str) -> tuple[str, str]:
    made = f"CREATE DOMAIN {{s}}.{name} AS int CHECK ({chain.expression} IS NOT NULL);"
    return made, f"(length('abc')::{{s}}.{name})::int"


def _cast(chain: Chain, name: str) -> tuple[str, str]:
    made = (
        f"CREATE TYPE {{s}}.{name} AS ENUM ('a');"
        + function(f"BEGIN RETURN {chain.expression}; END", name=f"{name}_to({{s}}.{name})", returns="int")
        + f"CREATE CAST ({{s}}.{name} AS int) WITH FUNCTION {{s}}.{name}_to({{s}}.{name});"
    )
    return made, f"('a'::{{s}}.{name})::int"


def _policy(chain: Chain, name: str) -> tuple[str, str]:
    made = by(
        "people",
        f"CREATE TABLE {{s}}.{name} AS SELECT 1 AS n; CREATE POLICY p ON {{s}}.{name} USING ({chain.expression} > -9);"
        f"ALTER TABLE {{s}}.{name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
        f"GRANT SELECT ON {{s}}.{name} TO studio, PUBLIC;"
        + function(
            f"BEGIN RETURN (SELECT max(t.n) FROM {{s}}.{name} AS t); END",
            name=f"{name}_of()",
            returns="int",
            options="SECURITY DEFINER",
        ),
    )
    return made, f"{{s}}.{name}_of()"


def _planning(chain: Chain, name: str) -> tuple[str, str]:
    made = by(
        "people",
        function(
            f"BEGIN PERFORM {chain.expression}; RETURN $1; END",
            name=f"{name}_im(int)",
            returns="int",
            options="IMMUTABLE",
        )
        + f"CREATE TABLE {{s}}.{name} (n int); CREATE INDEX ON {{s}}.{name} ((n + {{s}}.{name}_im(1)));"
        f"GRANT SELECT ON {{s}}.{name} TO studio, PUBLIC;",
    )
    caller = function(
        f"BEGIN RETURN (SELECT count(*) FROM {{s}}.{name} AS t WHERE t.n = 1); END", name=f"{name}_of()", returns="int"
    )
    return made + caller, f"{{s}}.{name}_of()"


_LINKS: dict[str, Callable[[Chain, str], tuple[str, str]]] = {
    "function of PL/pgSQL": _plpgsql,
    "function of SQL": _sql,
    "function with a body": _atomic,
    "dynamic SQL": _execute,
    "record": _record,
    "immutable function": _immutable,
    "operator": _operator,
    "bare call": _bare,
    "default argument": _argument,
    "aggregate": _aggregate,
    "view": _view,
    "domain": _domain,
    "cast": _cast,
    "policy": _policy,
    "planning": _planning,
}


def _head(chain: Chain, options: str = "") -> str:
    """A function of one number that sets the chain in motion."""
    return function(
        f"BEGIN PERFORM {chain.expression}; RETURN $1; END", name="head(int)", returns="int", options=options
    )


def _immutable_head(chain: Chain) -> str:
    return _head(chain, "IMMUTABLE")


def _trigger(chain: Chain) -> str:
    timing = chain.random.choice(["BEFORE", "AFTER"])
    return function(_TOUCH.replace("{expression}", chain.expression)) + trigger(timing=timing)


def _late(chain: Chain) -> str:
    return function(_TOUCH.replace("{expression}", chain.expression)) + trigger(
        timing="AFTER", kind="CONSTRAINT TRIGGER", more="DEFERRABLE INITIALLY DEFERRED"
    )


def _update_of(chain: Chain) -> str:
    return (
        own("twice int GENERATED ALWAYS AS (n * 2) STORED")
        + function(_TOUCH.replace("{expression}", chain.expression))
        + trigger("UPDATE OF own_twice")
    )


def _opclass(chain: Chain) -> str:
    made = function(
        f"BEGIN PERFORM {chain.expression}; RETURN btint4cmp(x, y); END",
        name="cmp(x int, y int)",
        returns="int",
        options="IMMUTABLE",
    )
    return made + by(
        "superuser",
        """CREATE OPERATOR CLASS {s}.ints FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =,
        OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 {s}.cmp(int, int);""",
    )


def _nested(chain: Chain) -> str:
    return (
        function(_TOUCH.replace("{expression}", chain.expression), name="g()")
        + trigger("UPDATE", on="lessons", calls="{s}.g()", name="u")
        + doing("UPDATE {s}.lessons SET title = NEW.title;")
    )


_PLACES: dict[str, Callable[[Chain], str]] = {
    "trigger": _trigger,
    "deferred trigger": _late,
    "trigger on what a trigger writes": _nested,
    "UPDATE OF a generated column": _update_of,
    "WHEN": lambda chain: _head(chain) + trigger("UPDATE", calls=_SUPPRESS, when="{s}.head(NEW.n) > -1"),
    "default": lambda chain: _head(chain) + own("d int DEFAULT {s}.head(1)"),
    "domain's default": lambda chain: (
        _head(chain) + "CREATE DOMAIN {s}.dd AS int DEFAULT {s}.head(1);" + own("d {s}.dd")
    ),
    "check": lambda chain: _head(chain) + check("{s}.head(n) > -1"),
    "domain's check": lambda chain: (
        _head(chain)
        + "CREATE DOMAIN {s}.dc AS text CHECK ({s}.head(1) > 0); ALTER TABLE {s}.courses ALTER slug TYPE {s}.dc;"
    ),
    "generated column": lambda chain: _immutable_head(chain) + own("g int GENERATED ALWAYS AS ({s}.head(n)) STORED"),
    "index": lambda chain: _immutable_head(chain) + "CREATE INDEX ON {s}.courses ({s}.head(n));",
    "index's predicate": lambda chain: (
        _immutable_head(chain) + "CREATE INDEX ON {s}.courses (title) WHERE {s}.head(n) > 0;"
    ),
    "operator class": lambda chain: _opclass(chain) + "CREATE INDEX ON {s}.courses (n {s}.ints);",
    "range": lambda chain: (
        _opclass(chain)
        + "CREATE TYPE {s}.span AS RANGE (subtype = int, subtype_opclass = {s}.ints);"
        + own("span {s}.span DEFAULT '[1,9)'")
        + check("own_span @> 3")
    ),
    "cast to json": lambda chain: (
        "CREATE TYPE {s}.mood AS ENUM ('calm');"
        + function(f"BEGIN PERFORM {chain.expression}; RETURN '1'; END", name="js({s}.mood)", returns="json")
        + "CREATE CAST ({s}.mood AS json) WITH FUNCTION {s}.js({s}.mood);"
        + own("mood {s}.mood DEFAULT 'calm'")
        + check("to_json(own_mood) IS NOT NULL")
    ),
}


def chain(seed: int) -> SetUp:
    """The set-up of a seed."""
    random = Random(seed)
    grown = Chain(random)
    for _ in range(random.randint(1, 4)):
        grown.grow()
    place = random.choice(sorted(_PLACES))
    effect = random.choice(sorted(EFFECTS))
    name = " ← ".join([place, *reversed(grown.links), effect])
    return SetUp(f"{seed}: {name}", Cause.KNOWN, grown.sql + _PLACES[place](grown), effect=effect)
