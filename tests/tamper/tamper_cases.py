"""What can happen to a user's table while a window is open, and what the evidence of each tier has to say of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: ``exact`` has WAL besides, ``held`` is the same tier without: then only commit timestamps can show a write of ours.
TIERS = ("exact", "held", "wal", "origin", "none")
WITH_WAL = ("exact", "wal")
HELD = ("exact", "held")
INTACT, BY_APPLICATION, UNPROVEN, TOUCHED = "intact", "changed_by_application", "unproven", "touched"


class Actor(StrEnum):
    """Who writes."""

    CONTROLLER = "controller"  # a connection with the origin of the window's own writes
    WORKER = "apply worker"  # an ALWAYS trigger on content with a SECURITY DEFINER function
    PEOPLE = "others"  # an ordinary transaction


class Effect(StrEnum):
    """What is left of it in the table."""

    CHANGED = "changed"  # other values, in row versions of the writer's
    REMOVED = "removed"  # rows are gone, and with them who did it
    SAME = "same"  # the same values in new row versions
    REPLACED = "replaced"  # likewise, and the old ones were removed
    NOTHING = "nothing"  # no row version is the writer's
    REWRITTEN = "rewritten"  # the same row versions in a new file
    HIDDEN = "hidden"  # other values, but the row versions carry another's name now
    WIDENED = "widened"  # no row version is the writer's, and there is a column that the baseline does not know
    REDEFINED = "redefined"  # the baseline's columns are not there any more


@dataclass(frozen=True)
class Case:
    """One way to write a table.

    :ivar statements: each a transaction of its own unless one says BEGIN; ``{t}`` is the table.
    :ivar in_trigger: the same for a trigger function, where the case exists there.
    :ivar afterwards: what people do to the table then.
    """

    name: str
    title: str
    effect: Effect
    statements: tuple[str, ...]
    in_trigger: tuple[str, ...] | None = None
    actors: tuple[Actor, ...] = tuple(Actor)
    afterwards: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cell:
    """A case with a writer, on a table that people leave alone or write to."""

    case: Case
    actor: Actor
    busy: bool

    @property
    def table(self) -> str:
        who = {Actor.CONTROLLER: "c", Actor.WORKER: "w", Actor.PEOPLE: "p"}[self.actor]
        return f"tamper.{self.case.name}_{who}{'_busy' if self.busy else ''}"

    @property
    def alone(self) -> bool:
        """Whether what it does through our origin leaves files behind that nobody knows, so that WAL proves no more."""
        return self.actor is not Actor.PEOPLE and self.case.name in ("truncated", "refilled", "vacuumed")

    def expected(self, tier: str) -> str:
        """The verdict that is right."""
        return _expected(self.case.effect, ours=self.actor is not Actor.PEOPLE, busy=self.busy, tier=tier)


def _expected(effect: Effect, *, ours: bool, busy: bool, tier: str) -> str:
    if effect is Effect.REDEFINED:
        return UNPROVEN
    equal = not busy and effect in (Effect.SAME, Effect.REPLACED, Effect.NOTHING, Effect.REWRITTEN, Effect.WIDENED)
    if effect is Effect.WIDENED and tier in ("none", "held"):
        return UNPROVEN
    if tier == "none":
        return INTACT if equal else UNPROVEN
    if tier in WITH_WAL:
        if ours and effect is not Effect.NOTHING:
            return TOUCHED
        return INTACT if equal else BY_APPLICATION
    if ours and effect in (Effect.CHANGED, Effect.SAME, Effect.REPLACED):
        return TOUCHED
    if equal:
        return INTACT
    if tier == "held":
        return UNPROVEN
    # A row that people have written since does not tell any more who wrote it before: docs/evidence.md says so.
    return UNPROVEN if effect in (Effect.REMOVED, Effect.REPLACED, Effect.REWRITTEN) else BY_APPLICATION


#: The rows that every table begins with.
_FILL = "INSERT INTO {t} SELECT i, 'user ' || i, NULL, repeat('b', 5000) FROM generate_series(1, 10) AS i"
_CHANGE = "UPDATE {t} SET name = overlay(name PLACING 'X' FROM 1 FOR 1) WHERE id = 3"


def _one(name: str, title: str, effect: Effect, statement: str) -> Case:
    return Case(name, title, effect, (statement,), (statement,))


CREATE = (
    "CREATE TABLE {t} (id int PRIMARY KEY, name text, note text, body text)",
    "ALTER TABLE {t} ALTER body SET STORAGE EXTERNAL",
    "ALTER TABLE {t} OWNER TO academy_owner",
    _FILL,
)

CASES = (
    _one("byte", "one byte of one row", Effect.CHANGED, _CHANGE),
    _one(
        "exchanged",
        "two rows exchange a value",
        Effect.CHANGED,
        "UPDATE {t} AS a SET name = b.name FROM {t} AS b WHERE (a.id, b.id) IN ((3, 4), (4, 3))",
    ),
    _one("empty", "NULL becomes ''", Effect.CHANGED, "UPDATE {t} SET note = '' WHERE id = 3"),
    _one(
        "toast",
        "one byte of a TOASTed value only",
        Effect.CHANGED,
        "UPDATE {t} SET body = overlay(body PLACING 'X' FROM 4000 FOR 1) WHERE id = 3",
    ),
    _one("inserted", "one row inserted", Effect.CHANGED, "INSERT INTO {t} VALUES (11, 'nobody')"),
    _one("deleted", "one row deleted", Effect.REMOVED, "DELETE FROM {t} WHERE id = 3"),
    _one("truncated", "TRUNCATE", Effect.REMOVED, "TRUNCATE {t}"),
    Case(
        "refilled",
        "TRUNCATE, and the same rows again",
        Effect.REPLACED,
        ("BEGIN", "TRUNCATE {t}", _FILL, "COMMIT"),
        ("TRUNCATE {t}", _FILL),
    ),
    Case(
        "put_back",
        "one row deleted, and inserted again",
        Effect.REPLACED,
        ("DELETE FROM {t} WHERE id = 3", f"{_FILL} WHERE i = 3"),
        ("DELETE FROM {t} WHERE id = 3", f"{_FILL} WHERE i = 3"),
    ),
    _one("same", "an update that changes no value", Effect.SAME, "UPDATE {t} SET name = name WHERE id = 3"),
    Case(
        "there_and_back",
        "an update, and another that takes it back",
        Effect.SAME,
        ("UPDATE {t} SET name = name || '!' WHERE id = 3", "UPDATE {t} SET name = left(name, -1) WHERE id = 3"),
        ("UPDATE {t} SET name = name || '!' WHERE id = 3", "UPDATE {t} SET name = left(name, -1) WHERE id = 3"),
    ),
    Case(
        "rolled_back",
        "an update rolled back",
        Effect.NOTHING,
        ("BEGIN", _CHANGE, "ROLLBACK"),
        actors=(Actor.CONTROLLER, Actor.PEOPLE),
    ),
    Case(
        "released",
        "an update in a sub-transaction, released",
        Effect.CHANGED,
        ("BEGIN", "SAVEPOINT a", _CHANGE, "RELEASE a", "COMMIT"),
        ("DO $do$ BEGIN " + _CHANGE + "; EXCEPTION WHEN division_by_zero THEN NULL; END $do$",),
    ),
    Case(
        "sub_rolled_back",
        "an update in a sub-transaction, rolled back",
        Effect.NOTHING,
        ("BEGIN", "SAVEPOINT a", _CHANGE, "ROLLBACK TO a", "COMMIT"),
        ("DO $do$ BEGIN " + _CHANGE + "; PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN NULL; END $do$",),
    ),
    Case(
        "prepared",
        "an update in a prepared transaction",
        Effect.CHANGED,
        ("BEGIN", _CHANGE, "PREPARE TRANSACTION '{t}'", "COMMIT PREPARED '{t}'"),
        actors=(Actor.CONTROLLER, Actor.PEOPLE),
    ),
    Case(
        "prepared_back",
        "an update in a prepared transaction, rolled back",
        Effect.NOTHING,
        ("BEGIN", _CHANGE, "PREPARE TRANSACTION '{t}'", "ROLLBACK PREPARED '{t}'"),
        actors=(Actor.CONTROLLER, Actor.PEOPLE),
    ),
    Case(
        "handed_over",
        "an update in a prepared transaction that another session commits",
        Effect.HIDDEN,
        ("BEGIN", _CHANGE, "PREPARE TRANSACTION '{t}'"),
        actors=(Actor.CONTROLLER,),
        afterwards=("COMMIT PREPARED '{t}'",),
    ),
    Case(
        "overwritten",
        "one byte of a row that people change afterwards",
        Effect.HIDDEN,
        (_CHANGE,),
        (_CHANGE,),
        actors=(Actor.CONTROLLER, Actor.WORKER),
        afterwards=("UPDATE {t} SET note = 'mine' WHERE id = 3",),
    ),
    Case(
        "locked",
        "a row locked (SELECT FOR UPDATE)",
        Effect.NOTHING,
        ("SELECT FROM {t} WHERE id = 3 FOR UPDATE",),
        ("SELECT FROM {t} WHERE id = 3 FOR UPDATE",),
    ),
    Case(
        "vacuumed",
        "VACUUM FULL",
        Effect.REWRITTEN,
        ("VACUUM FULL {t}",),
        actors=(Actor.CONTROLLER, Actor.PEOPLE),
    ),
    Case(
        "widened",
        "a column added, and one byte of one row",
        Effect.CHANGED,
        ("ALTER TABLE {t} ADD COLUMN more int DEFAULT 1", _CHANGE),
        actors=(Actor.PEOPLE,),
    ),
    Case(
        "column_added",
        "a column added, without a rewrite",
        Effect.WIDENED,
        ("ALTER TABLE {t} ADD COLUMN more int DEFAULT 1",),
        actors=(Actor.PEOPLE,),
    ),
    Case(
        "retyped",
        "the type of a column changed",
        Effect.REDEFINED,
        ("ALTER TABLE {t} ALTER name TYPE varchar(100)",),
        actors=(Actor.PEOPLE,),
    ),
    Case("dropped", "the table dropped", Effect.REDEFINED, ("DROP TABLE {t}",), actors=(Actor.PEOPLE,)),
    Case("untouched", "nothing", Effect.NOTHING, (), actors=(Actor.PEOPLE,)),
)

CELLS = tuple(
    Cell(case, actor, busy)
    for case in CASES
    for actor in case.actors
    for busy in (False, True)
    if not (busy and case.name == "dropped")
)
#: What a trigger can do in a transaction of ours: whatever needs no transaction of its own.
IN_TRANSACTION = tuple(
    case for case in CASES if case.in_trigger or not {"BEGIN", "VACUUM"} & {one.split()[0] for one in case.statements}
)
COMMITS, ROLLED_BACK = "commits", "rolled back"


def before_commit(case: Case) -> str:
    """What has to become of a transaction of ours in which a trigger does that to a user's table."""
    return COMMITS if case.name in ("locked", "untouched") else ROLLED_BACK


#: What people do to the busy ones, before and after.
NOISE_BEFORE = ("INSERT INTO {t} VALUES (100, 'newcomer')", "UPDATE {t} SET note = 'edited' WHERE id = 9")
NOISE_AFTER = ("UPDATE {t} SET note = 'edited' WHERE id = 8", "UPDATE {t} SET note = 'again' WHERE id = 100")
