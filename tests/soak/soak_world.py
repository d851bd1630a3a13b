"""What may happen around a window without anybody tampering: chosen by a seed, told when something is wrong."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import psycopg
from psycopg import Connection, sql
from support.command import Result
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.lab.application import Application
from egrow_replica.model import Server

#: Users' tables, some of which the application fills.
USER_TABLES = (
    "users",
    "sessions",
    "enrollments",
    "lesson_progress",
    "user_preferences",
    "achievements",
    "user_streaks",
)
#: Nobody else's rows point at these.
LEAVES = ("recommendations", "resource_access_logs", "user_behaviors", "promotion_interactions")
#: A row that nobody else knows and that locks nothing but its own table, which is therefore never rewritten here.
LOG = """
INSERT INTO security_logs (id, event, details) SELECT '{n}-' || i, 'login', '{{"ok": true}}'
  FROM generate_series(1, {k}) AS i
"""
#: How names of people's tables may be written, and what their columns may hold: a type, and a value made of ``i``.
NAMES = ('Weird "Name"', "select", "ünï cödé", "a.b", "o'clock", "x" * 60, "tab\there", "{brace}", "100%")
VALUES = (
    ("text", "repeat(chr(65 + i % 26), i * 37 % 9000)"),
    ("character(9)", "i::text"),
    ("numeric", "CASE i % 3 WHEN 0 THEN 'NaN' ELSE i / 7.0 END"),
    ("double precision", "CASE i % 4 WHEN 0 THEN '-0' WHEN 1 THEN 'Infinity' ELSE i::text END"),
    ("jsonb", "jsonb_build_object('k', i)"),
    ("json", "concat('{\"k\":  ', i, '}')"),
    ("bytea", "decode(repeat(md5(i::text), i % 90), 'hex')"),
    ("int4range", "int4range(i, i + 5)"),
    ("int4multirange", "int4multirange(int4range(i, i + 5))"),
    ("text[]", "ARRAY[i::text, NULL, '']"),
    ("interval", "make_interval(days => i)"),
    ("timestamp with time zone", "make_timestamptz(2000 + i % 50, 1, 1, 0, 0, 0)"),
    ("uuid", "md5(i::text)"),
    ("point", "point(i, -0.0)"),
    ("bit varying", "i::bit(12)"),
    ("inet", "'10.0.0.1'"),
    ("tsvector", "to_tsvector('simple', 'a b')"),
    ("money", "i"),
)
#: What people and their tools do to a table of theirs; ``{t}`` is the table, ``{v}`` values for ``i``.
PEOPLE = (
    "INSERT INTO {t} SELECT {v} FROM generate_series(1000, 1200) AS i",
    "UPDATE {t} SET id = -id WHERE id % 3 = 1",
    "UPDATE {t} SET seen = seen + 1 WHERE id % 5 = 2",
    "UPDATE {t} SET seen = seen",
    "DELETE FROM {t} WHERE id % 4 = 3",
    "DELETE FROM {t}",
    "TRUNCATE {t}",
    "INSERT INTO {t} SELECT {v} FROM generate_series(2000, 2010) AS i ON CONFLICT DO NOTHING",
    "VACUUM (FULL) {t}",
    "VACUUM {t}",
    "BEGIN; SELECT FROM {t} FOR UPDATE; UPDATE {t} SET seen = 0; ROLLBACK",
    "BEGIN; LOCK TABLE {t}; TRUNCATE {t}; ROLLBACK",
    "CREATE INDEX ON {t} (seen)",
    "ALTER TABLE {t} RENAME TO soak_renamed; ALTER TABLE soak_renamed RENAME TO {n}",
    """DO $$ BEGIN FOR i IN 1..40 LOOP BEGIN
         UPDATE {t} SET seen = i WHERE id % 40 = i; IF i % 3 = 0 THEN RAISE 'no'; END IF;
       EXCEPTION WHEN raise_exception THEN NULL; END; END LOOP; END $$""",
)
#: What has to do with no table of theirs.
ELSEWHERE = (
    "SELECT lo_from_bytea(0, 'of people'), lo_create(0)",
    "SELECT pg_logical_emit_message(true, 'people', repeat('m', 100000))",
    "CREATE TEMP TABLE soak_stage AS SELECT i FROM generate_series(1, 500) AS i; DROP TABLE soak_stage",
    "CREATE SEQUENCE soak_numbers; SELECT nextval('soak_numbers'), setval('soak_numbers', 70);"
    " DROP SEQUENCE soak_numbers",
    "CREATE UNLOGGED TABLE soak_fast (i int); INSERT INTO soak_fast VALUES (1); DROP TABLE soak_fast",
    "CREATE TABLE soak_twice AS TABLE sessions; ALTER TABLE soak_twice ADD x int DEFAULT random();"
    " ALTER TABLE soak_twice ALTER x TYPE bigint; DROP TABLE soak_twice",
    "BEGIN; CREATE TABLE soak_never AS TABLE sessions; ROLLBACK",
    "CREATE MATERIALIZED VIEW soak_view AS SELECT count(*) FROM users; REFRESH MATERIALIZED VIEW soak_view;"
    " DROP MATERIALIZED VIEW soak_view",
    "ANALYZE",
)
_NOTHING = sql.SQL("")
Stop = Literal["fast", "immediate", "kill"]
VERDICTS = ("intact", "changed_by_application")


@dataclass
class Soak:
    """One window of a seed.

    :ivar alone: nobody else is on these servers, so they may be stopped.
    """

    pair: Pair
    seed: int
    alone: bool
    story: list[str] = field(default_factory=list)
    _chance: random.Random = field(default_factory=random.Random)
    _later: list[Callable[[], None]] = field(default_factory=list)
    _number: int = 0
    _restarted: bool = False
    _tables: list[tuple[sql.Identifier, sql.Composable]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance.seed(self.seed)

    def run(self) -> None:
        """Open, live with, and close one window.

        :raises AssertionError: with the seed and the story so far, where the program raised a false alarm.
        """
        try:
            self._run()
        except BaseException as error:
            error.add_note(f"seed {self.seed}: " + "; ".join(self.story))
            raise

    def _run(self) -> None:
        chance = self._chance
        rate = chance.choice((20.0, 50.0, 150.0))
        logout = chance.random() < 0.5
        self._tell(f"application at {rate:g}/s" + (" with logouts" if logout else ""))
        with (
            ExitStack() as stack,
            Application.start(
                self.pair.lab.application_dsn,
                rate_per_second=rate,
                seed=self.seed,
                logout=logout,
                bin_dir=self.pair.lab.bin_dir,
            ) as people,
        ):
            people.wait_for_writes(1)
            for _ in range(chance.randint(0, 2)):
                self._furnish()
            self._judge(self._enable(), "enable")
            actions = [*_ACTIONS, *_ACTIONS[:3]]  # content is edited more often
            for _ in range(chance.randint(1, 7)):
                chance.choice(actions)(self, stack, people)
            self._judge(self._command("disable"), "disable")
            stack.close()
            for action in self._later:
                action()
            assert people.verify() == []
            assert people.failures == 0 or self._restarted  # a write that was under way then
        assert [one for one in self.pair.leftovers() if not self._is_of_another(one)] == []

    def _is_of_another(self, leftover: str) -> bool:
        """Slots and origins are the servers', and on these there may be another window of another pair."""
        found = re.search(r"egrow_soak_(\d+)", leftover)
        return found is not None and int(found.group(1)) != self.seed

    def _furnish(self) -> None:
        """A table of people's that is there when the window opens, and goes when it is closed."""
        name = sql.Identifier(f"{self._chance.choice(NAMES)[:50]} {self._name()}")
        columns = self._chance.sample(VALUES, k=self._chance.randint(1, 6))
        key = self._chance.choice(("", " PRIMARY KEY", " UNIQUE"))
        parts = "" if key or self._chance.random() < 0.7 else " PARTITION BY HASH (id)"
        values = ", ".join(["i, 0", *(f"({value})::{kind}" for kind, value in columns)])
        kinds = ", ".join(f'"Column {n}" {kind}' for n, (kind, _) in enumerate(columns))
        self._tables.append((name, sql.SQL(values)))
        self._compose(f"CREATE TABLE {{t}} (id int{key}, seen int, {kinds}){parts}", name)
        if parts:
            for n in range(2):
                part = f"{self._name()} of"
                self._compose(
                    f'CREATE TABLE "{part}" PARTITION OF {{t}} FOR VALUES WITH (MODULUS 2, REMAINDER {n})', name
                )
        self._compose("INSERT INTO {t} SELECT {v} FROM generate_series(1, 300) AS i", name, sql.SQL(values))
        self._compose("GRANT SELECT ON ALL TABLES IN SCHEMA public TO egrow_operator", name)
        self._later.append(lambda: self._compose("DROP TABLE {t}", name))

    def _compose(self, statement: str, name: sql.Identifier, values: sql.Composable = _NOTHING) -> None:
        self._tell(statement[:60])
        # People err too: then all of it is rolled back.
        with self._session() as admin, suppress(psycopg.errors.UniqueViolation):
            admin.execute(sql.SQL(statement).format(t=name, n=name, v=values))

    # --------------------------------------------------------------------------------------------------- the program

    def _enable(self) -> Result:
        """Half of the time while a transaction is open that began before, and ends when the program waits for it."""
        window = f"soak-{self.seed}"
        arguments = ("enable", "--name", window, "--no-backup")
        choice = self._chance.choice(("plain", "plain", "open", "prepared"))
        self._tell(f"enable {choice}")
        if choice == "plain":
            return self._command(*arguments, told=True)
        with self._session() as early:
            early.execute("BEGIN")
            self._write(early)
            if choice == "prepared":
                early.execute("PREPARE TRANSACTION 'early'")
            with self.pair.start(*arguments) as enabling:
                begun = ("keep-wal", "intent")
                wait_until(lambda: enabling.ended or begun in self.pair.journal(window)[1], 60, what="the wait for us")
                early.execute("COMMIT" if choice == "open" else "COMMIT PREPARED 'early'")
                return enabling.result()

    def _command(self, *arguments: str, told: bool = False) -> Result:
        if not told:
            self._tell(" ".join(arguments))
        return self.pair.cli(*arguments)

    def _judge(self, result: Result, command: str) -> None:
        assert result.exit_code == 0, str(result)
        validation: dict[str, Any] = result.json if command == "validate" else result.json["validation"]
        assert validation["evidence"] == "wal", validation["notes"]
        assert validation["verdict"] in VERDICTS, str(result)
        assert {one["verdict"] for one in validation["tables"]} <= set(VERDICTS), str(result)
        assert validation["problems"] == []
        if command == "disable":
            assert result.json["left_behind"] == []
        if command != "validate":
            assert result.json["window"]["state"] == ("closed" if command == "disable" else "streaming")

    def validate(self, *options: str) -> None:
        self._judge(self._command("validate", *options), "validate")

    # ----------------------------------------------------------------------------------------------------- the actions

    def _tell(self, what: str) -> None:
        self.story.append(what)

    def _session(self, server: Server = Server.PROD) -> Connection[Any]:
        return psycopg.connect(self.pair.lab.admin_dsn(server), autocommit=True, options="-c lock_timeout=20s")

    def _local(self, *statements: str) -> None:
        self._tell(", ".join(statement[:60] for statement in statements))
        with self._session() as admin:
            for statement in statements:
                admin.execute(statement.encode())

    def _log(self, rows: int = 1) -> str:
        return LOG.format(n=self._name(), k=rows)

    def _name(self) -> str:
        self._number += 1
        return f"soak_{self.seed}_{self._number}"

    def _write(self, connection: Connection[Any]) -> None:
        """Something that the application does not do, to rows that it does not know."""
        connection.execute(self._log())
        connection.execute("UPDATE users SET bio = %s WHERE id = (SELECT min(id) FROM users)", [self._name()])

    def edit(self, _: ExitStack, __: Application) -> None:
        """A change of content on dev."""
        name = self._name()
        statement = self._chance.choice(
            (
                "UPDATE courses SET title = left(title, 40) || '{n}' WHERE length(title) % 9 = {k}",
                """INSERT INTO lessons (id, title, "order", "updatedAt", "courseId")
                   SELECT '{n}-' || i, 'Lección', i, now(), (SELECT min(id) FROM courses)
                     FROM generate_series(1, {k} * 20) AS i""",
                "UPDATE lessons SET content = repeat('{n}', 2000) WHERE \"order\" = {k}",
                "UPDATE resources SET description = NULL, status = 'ARCHIVED'",
                'UPDATE products SET metadata = \'{{"n": "{n}"}}\'',
                "UPDATE events SET location = '{n}', price = {k}.5",
            )
        ).format(n=name, k=self._chance.randint(1, 9))
        self._tell(f"dev: {statement[:40]}")
        with self._session(Server.DEV) as dev:
            if self._chance.random() < 0.3:
                with dev.transaction():
                    dev.execute(statement.encode())
                    dev.execute('UPDATE prices SET "unitAmount" = COALESCE("unitAmount", 0) + 1')
            else:
                dev.execute(statement.encode())

    def pause(self, stack: ExitStack, people: Application) -> None:
        for command in ("pause", "resume"):
            result = self._command(command)
            assert result.exit_code == 0, str(result)
            if command == "pause":
                self.edit(stack, people)
                people.wait_for_writes(self._chance.randint(1, 5))

    def wait(self, _: ExitStack, people: Application) -> None:
        writes = self._chance.randint(1, 40 if people.writes > 60 else 10)
        self._tell(f"{writes} writes")
        people.wait_for_writes(writes)

    def look(self, _: ExitStack, __: Application) -> None:
        self.validate(*self._chance.choice(((), (), ("--full-scan",))))

    def maintain(self, _: ExitStack, __: Application) -> None:
        table = self._chance.choice((*USER_TABLES, "courses", "lessons"))
        command = self._chance.choice(
            (
                "VACUUM {}",
                "VACUUM (FULL, ANALYZE) {}",
                "VACUUM (FREEZE) {}",
                "ANALYZE {}",
                "REINDEX TABLE {}",
                "CLUSTER {} USING {}_pkey",
            )
        )
        self._local(command.replace("{}", table))

    def widen(self, _: ExitStack, __: Application) -> None:
        """A column comes, and goes again at some time."""
        table, column = self._chance.choice(USER_TABLES), self._name()
        default = self._chance.choice(("", " DEFAULT 1", " DEFAULT random()"))
        self._local(f"ALTER TABLE {table} ADD COLUMN {column} float8{default}")
        drop = f"ALTER TABLE {table} DROP COLUMN {column}"
        if self._chance.random() < 0.5:
            self._local(drop)
        else:
            self._later.append(lambda: self._local(drop))

    def checkpoint(self, _: ExitStack, __: Application) -> None:
        self._local(
            *self._chance.choice(
                (("CHECKPOINT",), ("SELECT pg_switch_wal()",), ("SELECT pg_switch_wal()", "CHECKPOINT"))
            )
        )

    def open_transaction(self, stack: ExitStack, _: Application) -> None:
        """A transaction that lasts until the window is closed, committed or not."""
        ending = self._chance.choice(("COMMIT", "ROLLBACK"))
        self._tell(f"open transaction, in the end {ending}")
        connection = stack.enter_context(self._session())
        connection.execute("BEGIN")
        connection.execute(self._log())
        stack.callback(_end, connection, ending)

    def prepare(self, _: ExitStack, people: Application) -> None:
        name, ending = self._name(), self._chance.choice(("COMMIT", "ROLLBACK"))
        later = self._chance.random() < 0.5
        self._tell(f"prepared transaction, {ending} {'after the window' if later else 'at once'}")
        with self._session() as admin:
            admin.execute("BEGIN")
            admin.execute(self._log())
            admin.execute(f"PREPARE TRANSACTION '{name}'")
        end = f"{ending} PREPARED '{name}'"
        if later:
            self._later.append(lambda: self._local(end))
        else:
            people.wait_for_writes(1)
            self._local(end)

    def subtransactions(self, _: ExitStack, __: Application) -> None:
        self._tell("sub-transactions")
        with self._session() as admin, admin.transaction():
            for ending in self._chance.choices(("RELEASE a", "ROLLBACK TO a"), k=self._chance.randint(1, 6)):
                admin.execute("SAVEPOINT a")
                self._write(admin)
                admin.execute(ending.encode())

    def empty(self, _: ExitStack, __: Application) -> None:
        """People's rows go in large numbers, and may come again."""
        table = self._chance.choice(LEAVES)
        statement = self._chance.choice(("TRUNCATE {}", "DELETE FROM {}", "DELETE FROM {} WHERE id < 'm'"))
        again = "INSERT INTO {} TABLE kept"
        back = [again] if statement.startswith("TRUNCATE") and self._chance.random() < 0.5 else []
        statements = ["BEGIN", "CREATE TEMP TABLE kept ON COMMIT DROP AS TABLE {}", statement, *back, "COMMIT"]
        self._local(*(one.replace("{}", table) for one in statements))

    def make(self, _: ExitStack, __: Application) -> None:
        """A table comes and goes."""
        name = self._name()
        self._local(
            f"CREATE TABLE {name} AS TABLE users",
            f"CREATE INDEX ON {name} (id)",
            f"UPDATE {name} SET bio = 'x'",
            f"DROP TABLE {name}",
        )

    def copy(self, _: ExitStack, __: Application) -> None:
        """Many rows at once."""
        self._local(self._log(500))
        with self._session() as admin, admin.cursor().copy("COPY security_logs (id, event) FROM STDIN") as copy:
            for _row in range(self._chance.randint(1, 300)):
                copy.write_row((self._name(), "copied"))

    def live(self, _: ExitStack, __: Application) -> None:
        """People's own tables are written in every way, and things are done that are no table's."""
        for _ in range(self._chance.randint(1, 4)):
            if self._tables and self._chance.random() < 0.8:
                name, values = self._chance.choice(self._tables)
                self._compose(self._chance.choice(PEOPLE), name, values)
            else:
                self._local(self._chance.choice(ELSEWHERE))

    def leave(self, _: ExitStack, __: Application) -> None:
        """People delete what is theirs, also what was there at the baseline."""
        self._local(
            f"DELETE FROM security_logs WHERE length(id) % {self._chance.randint(2, 5)} = 0",
            "DELETE FROM sessions WHERE id IN (SELECT min(id) FROM sessions)",
        )

    def restart(self, _: ExitStack, people: Application) -> None:
        """A server stops, cleanly or not, and comes back."""
        if not self.alone:
            return
        self._restarted = True
        server, mode = self._chance.choice(list(Server)), self._chance.choice(get_args(Stop))
        self._tell(f"{server} stops ({mode})")
        self.pair.lab.stop_server(server, mode)
        self.pair.lab.start_server(server)
        people.wait_for_writes(3, 60)


_ACTIONS: tuple[Callable[[Soak, ExitStack, Application], None], ...] = (
    Soak.edit,
    Soak.pause,
    Soak.wait,
    Soak.look,
    Soak.maintain,
    Soak.widen,
    Soak.checkpoint,
    Soak.open_transaction,
    Soak.prepare,
    Soak.subtransactions,
    Soak.empty,
    Soak.make,
    Soak.copy,
    Soak.live,
    Soak.live,
    Soak.leave,
    Soak.restart,
)


def _end(connection: Connection[Any], ending: str) -> None:
    with suppress(psycopg.OperationalError):  # its server was stopped
        connection.execute(ending.encode())
