"""Whatever a change of content sets in motion is seen before the stream makes one, and nothing of it stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from rehearsal_world import errors, rehearsed
from support.pair import Pair

from egrow_replica.model import Check, Server
from egrow_replica.window.rehearsal import Rehearsal

#: What a trigger's function does: as its owner, so that no privilege of ours is in the way.
_FUNCTIONS = """
CREATE FUNCTION public.write_users() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
  $$BEGIN UPDATE public.users SET "firstName" = "firstName" || '!'; RETURN COALESCE(NEW, OLD); END$$;
CREATE FUNCTION public.write_nobody() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
  $$BEGIN UPDATE public.users SET bio = 'x' WHERE false; RETURN COALESCE(NEW, OLD); END$$;
CREATE FUNCTION public.draw() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS
  $$BEGIN PERFORM pg_catalog.nextval('public.drawn'); RETURN true; END$$;
CREATE SEQUENCE public.drawn;
"""


@dataclass(frozen=True)
class SetUp:
    """A content table ``t``; ``{t}`` is its name, ``{v}`` its column.

    :ivar table: what stands in brackets behind CREATE TABLE, and after; without it an id, a text and a number.
    :ivar effect: what production alone has.
    :ivar kind: of the change that sets it off; ``writes``: what that writes.
    :ivar rows: how many there are.
    """

    name: str
    effect: str
    kind: str
    table: str = "(id int PRIMARY KEY, v text, n int)"
    writes: str = "public.users"
    rows: str = "INSERT INTO {t} (id, v, n) SELECT g, 'v' || g, g FROM generate_series(1, 3) g"


def _trigger(when: str, *, function: str = "write_users", mode: str = "ALWAYS", on: str = "{t}") -> str:
    return (
        f"CREATE TRIGGER fires {when.format(t=on)} FOR EACH ROW EXECUTE FUNCTION public.{function}();"
        f"ALTER TABLE {on} ENABLE {mode} TRIGGER fires"
    )


_CHANGED = "AFTER UPDATE ON {t}"
_PARTED = "(id int, v text, n int, PRIMARY KEY (id, n)) PARTITION BY LIST (n);"
_PARTS = "".join(f"CREATE TABLE {{t}}_{n} PARTITION OF {{t}} FOR VALUES IN ({n});" for n in (1, 2, 3))
_WHEN = " FOR EACH ROW WHEN ({0}) EXECUTE FUNCTION public.write_users(); ALTER TABLE {{t}} ENABLE ALWAYS TRIGGER fires"

SET_UPS = (
    SetUp("update", _trigger(_CHANGED), "an UPDATE that writes every column anew"),
    SetUp("one_column", _trigger("AFTER UPDATE OF v ON {t}"), "an UPDATE that writes every column anew"),
    SetUp("replica", _trigger(_CHANGED, mode="REPLICA"), "an UPDATE that writes every column anew"),
    SetUp("value", f"CREATE TRIGGER fires {_CHANGED}" + _WHEN.format("OLD.n IS DISTINCT FROM NEW.n"),
          "an UPDATE with other values"),
    SetUp("key", f"CREATE TRIGGER fires {_CHANGED}" + _WHEN.format("OLD.id <> NEW.id"), "an UPDATE of the key"),
    SetUp("insert", _trigger("BEFORE INSERT ON {t}"), "an INSERT"),
    SetUp("insert_empty", _trigger("BEFORE INSERT ON {t}"), "an INSERT", rows=""),
    SetUp("update_empty", _trigger(_CHANGED), "an UPDATE that writes every column anew", rows=""),
    SetUp("delete", _trigger("AFTER DELETE ON {t}"), "a DELETE"),
    SetUp("generated", _trigger("AFTER UPDATE OF twice ON {t}"), "an UPDATE that writes every column anew",
          table="(id int PRIMARY KEY, v text, n int, twice int GENERATED ALWAYS AS (n * 2) STORED)"),
    SetUp("deferred", "CREATE CONSTRAINT TRIGGER fires AFTER UPDATE ON {t} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
          " EXECUTE FUNCTION public.write_users(); ALTER TABLE {t} ENABLE ALWAYS TRIGGER fires",
          "an UPDATE that writes every column anew"),
    SetUp("part_2", _trigger(_CHANGED, on="{t}_2"), "an UPDATE that writes every column anew", table=_PARTED + _PARTS),
    SetUp("part_3_empty", _trigger("AFTER INSERT ON {t}", on="{t}_3"), "an INSERT", table=_PARTED + _PARTS,
          rows="INSERT INTO {t} (id, v, n) SELECT g, 'v', g FROM generate_series(1, 2) g"),
    SetUp("no_row", _trigger(_CHANGED, function="write_nobody"), "an UPDATE that writes every column anew"),
    SetUp("check", "ALTER TABLE {t} ADD CHECK (public.draw()) NOT VALID", "an INSERT", writes="public.drawn"),
    SetUp("default", "CREATE DOMAIN public.flag AS boolean DEFAULT public.draw();"
          "ALTER TABLE {t} ADD own public.flag", "an INSERT", writes="public.drawn"),
    SetUp("Odd \"name'", _trigger(_CHANGED), "an UPDATE that writes every column anew",
          table='(id int PRIMARY KEY, v text, n int, "Odd ""col\'" text, "select" int)'),
    SetUp("truncate", "CREATE FUNCTION public.empty_likes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
          " $$BEGIN TRUNCATE public.likes; RETURN NULL; END$$;" + _trigger(_CHANGED, function="empty_likes"),
          "an UPDATE that writes every column anew", writes="public.likes"),
)  # fmt: skip


#: A pair, what was found there, and everybody's rows before and afterwards.
Seen = tuple[Pair, Rehearsal, list[object], list[object]]


def _quoted(name: str) -> str:
    return 'public."' + name.replace('"', '""') + '"'


def _make(pair: Pair, set_ups: tuple[SetUp, ...]) -> None:
    pair.prod_sql(_FUNCTIONS)
    for one in set_ups:
        name = _quoted(one.name)
        parts = name[:-1] + '_{}"'  # of a partition
        table = f"CREATE TABLE {name} {one.table}".replace("{t}_", name[:-1] + "_").replace("{t}", name)
        for n in (1, 2, 3):
            table = table.replace(f"{name[:-1]}_{n} ", parts.format(n) + " ")
        for server in Server:
            pair.run_sql(server, table)
            if one.rows:
                pair.run_sql(server, one.rows.replace("{t}", name))
        effect = one.effect
        for n in (1, 2, 3):
            effect = effect.replace(f"{{t}}_{n}", parts.format(n))
        pair.prod_sql(effect.replace("{t}", name))
    pair.configure(
        tables={
            "content": [_quoted(one.name) for one in set_ups],
            "production_columns": {"public.default": ["own"]},
        },
        window={"publish": ["insert", "update", "delete"]},
    )
    pair.set_up()


@pytest.fixture(scope="module")
def seen(new_pair: Callable[..., Pair]) -> Seen:
    pair = new_pair()
    _make(pair, SET_UPS)
    before = _users(pair)
    rehearsal = rehearsed(pair)
    return pair, rehearsal, before, _users(pair)


def _users(pair: Pair) -> list[object]:
    rows = pair.prod_sql("SELECT u::text FROM public.users u ORDER BY 1")
    rows += pair.prod_sql("SELECT l::text FROM public.likes l ORDER BY 1")
    for one in SET_UPS:
        rows += pair.prod_sql(f"SELECT t::text FROM {_quoted(one.name)} t ORDER BY 1")
    return list(rows)


def _named(found: dict[str, list[Check]], one: SetUp) -> list[Check]:
    subject = {"part_2": "part_2_2", "part_3_empty": "part_3_empty_3"}.get(one.name, one.name)
    return next((checks for name, checks in found.items() if subject.strip('"') in name.replace('""', '"')), [])


@pytest.mark.parametrize("one", SET_UPS, ids=lambda one: one.name)
def test_what_a_change_sets_in_motion_is_found_and_named(one: SetUp, seen: Seen) -> None:
    found = errors(seen[1])
    checks = [check for check in _named(found, one) if one.writes in check.message]
    assert checks, (found, seen[1].missed)
    assert {check.refused for check in checks} == {True}
    assert any(check.message.startswith(f"{one.kind} also writes") for check in checks), checks


def test_only_the_part_that_sets_something_in_motion_is_named(seen: Seen) -> None:
    found = errors(seen[1])
    assert [found.get(name) for name in ("public.part_2_1", "public.part_2_3", "public.part_3_empty_1")] == [None] * 3


def test_nothing_of_it_stays(seen: Seen) -> None:
    pair, _, before, after = seen
    assert before == after
    assert pair.sessions() == []
