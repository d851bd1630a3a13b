"""Ways to change a user's row behind the evidence's back: what was tried, and what has to be said of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psycopg
import pytest
from wal_world import ORIGIN, TEMPLATE, World, deadline

from egrow_replica.catalog.hashing import RECORD_COLUMNS
from egrow_replica.db import SNAPSHOT
from egrow_replica.errors import EgrowError
from egrow_replica.evidence import Baseline, Judgement, UserEvidence, WalReading, take_baseline
from egrow_replica.evidence.wal_state import WalState, lsn_number, lsn_text
from egrow_replica.model import EvidenceTier, Server, TableVerdict
from egrow_replica.replication.origins import all_origins
from egrow_replica.results import TableEvidence
from egrow_replica.window.journal import Progress, WindowSetting
from egrow_replica.window.subject import Subject
from egrow_replica.window.validation import ours, protected_tables

UNPROVEN, TOUCHED, INTACT = TableVerdict.UNPROVEN, TableVerdict.TOUCHED, TableVerdict.INTACT
BY_APPLICATION = TableVerdict.CHANGED_BY_APPLICATION
STEAL = "UPDATE app.users SET name = 'stolen' WHERE id = 1"


@dataclass
class Case:
    """A baseline, and the judgement of what came since.

    :ivar wal: whether WAL is read; ``commits``: whether the server's commit data is used.
    :ivar progress: what the window noted, beside its own origin.
    """

    world: World
    wal: bool = True
    commits: bool = True
    progress: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reading = WalReading(self.world.begin()) if self.wal else WalReading(None, "off")
        with self.world.admin_door() as door:
            origins = all_origins(door)
            door.execute(SNAPSHOT)
            self.baseline: Baseline = take_baseline(
                [door],
                protected_tables(door, self.world.scope),
                (),
                seed=424_242_424_242,
                lsn="0/0",
                tracks_commits=self.commits,
                probes=(),
                origins=origins,
                progress=lambda *_: None,
            )

    def _subject(self) -> Subject:
        made = {"origin_id": self.world.origin_number(), **self.progress}
        return Subject(
            scope=self.world.scope,
            setting=WindowSetting(publish=(), seed=1, allow_unproven=False, whole_backup=False, makes_roles=False),
            progress=Progress.model_validate(made),
            baseline=self.baseline,
            origin=ORIGIN,
            names=None,
            streaming=False,
            check_content=False,
        )

    def judge(
        self,
        *,
        before_snapshot: Callable[[], None] = lambda: None,
        after_snapshot: Callable[[], None] = lambda: None,
        while_reading: Callable[[], None] = lambda: None,
        full: bool = False,
    ) -> UserEvidence:
        """The judgement of now; what is given happens in its middle, once."""
        world = self.world
        steps = [while_reading]
        with world.admin_door() as wal_door, world.admin_door() as door:
            names = ours(wal_door, self._subject())
            judgement = Judgement(wal_door, world.scope, self.baseline, names, self.reading)
            before_snapshot()
            door.execute(SNAPSHOT)
            tables = protected_tables(door, world.scope)
            after_snapshot()
            found = judgement.judge(
                [door],
                tables,
                tracks_commits=self.commits,
                full_scan=full,
                have_counted=lambda: True,
                progress=lambda *_: steps.pop()() if steps else None,
            )
        self.reading = found.wal
        return found

    def of(self, table: str, evidence: UserEvidence | None = None) -> TableEvidence:
        (found,) = [one for one in (evidence or self.judge()).tables if str(one.table) == f"app.{table}"]
        return found


def _verdict(world: World, table: str, statements: Sequence[str], *, commits: bool = True) -> TableEvidence:
    case = Case(world, commits=commits)
    world.local(*statements)
    return case.of(table)


# ------------------------------------------------------------------- what is seen changes, and no row is written


@pytest.mark.parametrize(
    ("prepared", "statements"),
    [
        ([], ["ALTER TABLE app.users DROP COLUMN bio", "ALTER TABLE app.users ADD COLUMN bio text"]),
        (
            ["ALTER TABLE app.users ADD COLUMN points int DEFAULT 5"],
            [
                "ALTER TABLE app.users DROP COLUMN points",
                "ALTER TABLE app.users ADD COLUMN points int DEFAULT 7",
            ],
        ),
        (
            [],
            [
                "ALTER TABLE app.users DROP COLUMN name",
                "ALTER TABLE app.users RENAME bio TO name",
                "ALTER TABLE app.users ADD bio text",
            ],
        ),
    ],
    ids=["emptied", "another default", "renamed onto it"],
)
def test_a_column_of_the_same_name_is_another(world: World, prepared: list[str], statements: list[str]) -> None:
    world.local(*prepared)
    assert _verdict(world, "users", statements).verdict is UNPROVEN


@pytest.mark.parametrize(
    ("prepared", "statement"),
    [
        (
            ["CREATE TABLE app.shown (id int, r regclass)", "INSERT INTO app.shown VALUES (1, 'app.quiet')"],
            "ALTER TABLE app.quiet RENAME TO silent",
        ),
        (
            [
                "CREATE ROLE shown_before",
                "GRANT SELECT ON app.quiet TO shown_before",
                "CREATE TABLE app.shown (id int, c pg_catalog.pg_class)",
                "INSERT INTO app.shown SELECT 1, c FROM pg_class AS c WHERE oid = 'app.quiet'::regclass",
            ],
            "ALTER ROLE shown_before RENAME TO shown_after",
        ),
        (
            [
                "CREATE TABLE app.shown (id int, a regtype[])",
                "CREATE TYPE app.mood AS ENUM ()",
                "INSERT INTO app.shown VALUES (1, ARRAY['app.mood'::regtype])",
            ],
            "ALTER TYPE app.mood RENAME TO temper",
        ),
    ],
    ids=["regclass", "row type of a catalog", "array"],
)
def test_names_out_of_catalogs_are_read_again(world: World, prepared: list[str], statement: str) -> None:
    world.local(*prepared)
    found = _verdict(world, "shown", [statement])
    assert found.fingerprint_before != found.fingerprint_after
    assert found.verdict is UNPROVEN


def test_columns_that_exchange_their_values(world: World) -> None:
    """Powers of 31 that cancel: hashed as one record, both rows have the same hash under every seed."""
    signs = _signs()
    assert sum(sign * pow(31, at, 1 << 64) for at, sign in enumerate(reversed(signs))) % (1 << 64) == 0
    columns = ", ".join(f"c{number} text" for number in range(len(signs)))
    values = ", ".join("'yes'" if sign == 1 else "'no'" for sign in signs)
    exchanged = ", ".join(f"c{at} = '{'yes' if sign == -1 else 'no'}'" for at, sign in enumerate(signs) if sign)
    world.local(f"CREATE TABLE app.survey (id int, {columns})", f"INSERT INTO app.survey VALUES (1, {values})")
    found = _verdict(world, "survey", [f"UPDATE app.survey SET {exchanged}"])
    assert found.verdict is BY_APPLICATION


def _signs() -> list[int]:
    """Factors with which the powers of 31 of 44 columns add up to nothing modulo 2^64."""
    text = "0-000+000-+0+00-+-000+++-+-00+00+-0+-+0-0+00"
    return [{"0": 0, "-": -1, "+": 1}[sign] for sign in reversed(text)]


def test_no_powers_cancel_within_one_record() -> None:
    """All sums of up to RECORD_COLUMNS powers of 31, met in the middle."""
    half = RECORD_COLUMNS // 2
    lower = _sums(range(half))
    upper = _sums(range(half, RECORD_COLUMNS))
    assert len(set(lower)) == len(lower), "powers of the lower half cancel"
    assert len(set(lower).intersection(-one % (1 << 64) for one in upper)) == 1, "but for the empty one"


def _sums(powers: range) -> list[int]:
    found = [0]
    for power in powers:
        value = pow(31, power, 1 << 64)
        found = [(one + sign * value) % (1 << 64) for one in found for sign in (-1, 0, 1)]
    return found


def test_a_column_that_was_added_is_no_proof(world: World) -> None:
    added = "ALTER TABLE app.users ADD COLUMN points int DEFAULT 5"
    assert "points" in _verdict(world, "users", [added]).reason
    case = Case(world, wal=False)
    world.local(added.replace("points", "score"))
    world.ours("UPDATE app.users SET score = 0")
    world.local("UPDATE app.users SET name = name")
    assert case.of("users").verdict is UNPROVEN


# ------------------------------------------------------------------------------------------- what is not in WAL


@pytest.mark.parametrize("statement", ["DELETE FROM app.unlogged", "UPDATE app.unlogged SET id = 9"])
def test_an_unlogged_table_of_which_wal_says_nothing(world: World, statement: str) -> None:
    world.local("INSERT INTO app.unlogged VALUES (1), (2)")
    case = Case(world, commits=False)
    world.ours(statement)
    assert case.of("unlogged").verdict is UNPROVEN


def test_a_table_that_was_unlogged_in_between(world: World) -> None:
    case = Case(world)
    world.local("ALTER TABLE app.quiet SET UNLOGGED")
    world.ours("UPDATE app.quiet SET name = 'stolen'")
    world.local("ALTER TABLE app.quiet SET LOGGED")
    assert case.of("quiet").verdict is UNPROVEN


def test_a_page_that_was_changed_by_surgery(world: World) -> None:
    world.local("CREATE EXTENSION pg_surgery")
    found = _verdict(world, "users", ["SELECT heap_force_kill('app.users', ARRAY['(0,1)']::tid[])"])
    assert (found.verdict, found.rows_after) == (BY_APPLICATION, 9)


def test_wal_that_ends_before_it_was_read_to(world: World) -> None:
    """Production is another server, or was restored."""
    case = Case(world)
    assert isinstance(case.reading.state, WalState)
    beyond = lsn_text(lsn_number(case.reading.state.position) + (1 << 30))
    case.reading = WalReading(case.reading.state.model_copy(update={"position": beyond}))
    world.local("UPDATE app.users SET name = 'changed'")
    world.ours("UPDATE app.quiet SET name = 'stolen'")
    evidence = case.judge()
    assert evidence.tier is EvidenceTier.ORIGIN
    assert case.of("quiet", evidence).verdict is TOUCHED
    later = case.judge()
    assert (later.tier, case.reading.reason) == (EvidenceTier.ORIGIN, evidence.wal.reason), "it is read no further"


def test_a_write_of_ours_stays_found_when_wal_goes(world: World) -> None:
    """What the first reading found is known, although the second one cannot go on."""
    case = Case(world)
    world.ours("UPDATE app.users SET bio = 'stolen' WHERE id = 1")
    world.local("UPDATE app.users SET name = 'application' WHERE id = 1")
    world.local("ALTER SYSTEM SET wal_recycle = off", "SELECT pg_reload_conf()")

    def pass_by() -> None:
        with psycopg.connect(world.admin_dsn, autocommit=True) as connection:
            for _ in range(4):
                connection.execute("SELECT pg_switch_wal()")
                connection.execute("UPDATE app.courses SET title = title || 'x'")
                connection.execute("CHECKPOINT")

    evidence = case.judge(while_reading=pass_by, full=True)
    world.local("ALTER SYSTEM RESET wal_recycle", "SELECT pg_reload_conf()")
    assert "removed" in evidence.wal.reason
    assert evidence.tier is EvidenceTier.ORIGIN
    assert case.of("users", evidence).verdict is TOUCHED


def test_names_that_change_hands_while_evidence_is_gathered(world: World) -> None:
    """What is read under a name is not what was meant by it."""
    world.local("CREATE TABLE app.twin (LIKE app.quiet)", "INSERT INTO app.twin TABLE app.quiet")
    case = Case(world)
    with pytest.raises(EgrowError, match="renamed"):
        case.judge(
            before_snapshot=lambda: world.local("UPDATE app.quiet SET name = 'changed'"),
            after_snapshot=lambda: world.local(
                "ALTER TABLE app.quiet RENAME TO passing",
                "ALTER TABLE app.twin RENAME TO quiet",
                "ALTER TABLE app.passing RENAME TO twin",
            ),
        )
    # From now on these are two tables that came and went.
    assert {case.of(name).verdict for name in ("quiet", "twin")} == {UNPROVEN}


def test_a_truncate_record_of_another_database(world: World) -> None:
    """Its record does not say of which: the other's table has the same oid, both come of one template."""
    world.local("CREATE TYPE app.mood AS ENUM ('a')", "ALTER TABLE app.quiet ADD m app.mood DEFAULT 'a'")
    other = World(world.lab, f"{world.name}_other")
    world.lab.on("postgres").create_database(Server.PROD, other.name, template=TEMPLATE)
    case = Case(world)
    world.local("ALTER TYPE app.mood RENAME VALUE 'a' TO 'b'")
    other.local("TRUNCATE app.quiet")
    assert case.of("quiet").verdict is UNPROVEN
    world.lab.on("postgres").drop_database(Server.PROD, other.name)


# ---------------------------------------------------------------------------------------------------- who it was


@pytest.fixture
def worker(world: World) -> Case:
    """A window whose subscription's worker writes a user's row, and whose subscription is gone then."""
    case = Case(world)
    with world.session() as session:
        at = session.execute("SELECT pg_current_wal_insert_lsn()::text").fetchone()
        session.execute(
            "CREATE SUBSCRIPTION s CONNECTION 'host=none' PUBLICATION p WITH (connect = false, slot_name = NONE)"
        )
        found = session.execute(
            "SELECT s.oid::int8, o.roident::int8 FROM pg_subscription AS s"
            "  JOIN pg_replication_origin AS o ON o.roname = 'pg_' || s.oid WHERE s.subname = 's'"
        ).fetchone()
    assert at
    assert found
    case.progress = {"subscription_oid": found[0], "subscribed_at": at[0], "worker_origin": found[1]}
    world.ours(STEAL, origin=f"pg_{found[0]}")
    deadline(lambda: _dropped(world), "the subscription is dropped")
    return case


def _dropped(world: World) -> bool:
    try:
        world.local("DROP SUBSCRIPTION s")
    except psycopg.errors.ObjectInUse:
        return False
    return True


def test_a_worker_whose_subscription_was_dropped(worker: Case) -> None:
    assert worker.of("users").verdict is TOUCHED


def test_a_worker_whose_origin_nobody_noted(worker: Case) -> None:
    worker.progress = {**worker.progress, "worker_origin": None}
    found = worker.of("users")
    assert (found.verdict, "not known" in found.reason) == (UNPROVEN, True)


@pytest.mark.parametrize("wal", [True, False])
def test_a_worker_whose_number_is_anothers_now(world: World, worker: Case, wal: bool) -> None:
    world.local("SELECT pg_replication_origin_create('newcomer')")
    try:
        if not wal:
            worker.reading = WalReading(None, "off")
        assert worker.of("users").verdict is TOUCHED
        worker.progress = {**worker.progress, "worker_origin": None}
        assert worker.of("users").verdict is UNPROVEN
    finally:
        world.local("SELECT pg_replication_origin_drop('newcomer')")


def test_a_table_synchronisation_of_our_own_subscription(world: World) -> None:
    """Its origin has the table's oid behind the worker's name."""
    case = Case(world, progress={"subscription_oid": 99_999, "subscribed_at": "0/1"})
    name = "pg_99999_16400"
    world.local(
        "SELECT pg_replication_origin_create('synchronisation')",
        "SET allow_system_table_mods = on; UPDATE pg_replication_origin SET roname = "
        f"'{name}' WHERE roname = 'synchronisation'",
    )
    world.ours(STEAL, origin=name)
    assert case.of("users").verdict is TOUCHED
    deadline(lambda: _origin_dropped(world, name), "the origin is dropped")
    assert case.of("users").verdict is UNPROVEN, "nobody knows any more whose it was"


def _origin_dropped(world: World, name: str) -> bool:
    try:
        world.local(f"SELECT pg_replication_origin_drop('{name}')")
    except psycopg.errors.ObjectInUse:
        return False
    return True


def test_rows_that_nobody_counts(world: World) -> None:
    """Without counts of deleted rows, commit data does not show who deleted one."""
    world.local("ALTER SYSTEM SET track_counts = off", "SELECT pg_reload_conf()")
    deadline(lambda: _counts(world) == "off", "nothing is counted")
    try:
        case = Case(world, wal=False)
        world.ours("DELETE FROM app.users WHERE id = 1")
        world.local("INSERT INTO app.users VALUES (100, 'n', 'b')")
        assert case.of("users").verdict is UNPROVEN
    finally:
        world.local("ALTER SYSTEM RESET track_counts", "SELECT pg_reload_conf()")
        deadline(lambda: _counts(world) == "on", "rows are counted")


def _counts(world: World) -> object:
    with psycopg.connect(world.admin_dsn) as connection:
        row = connection.execute("SHOW track_counts").fetchone()
    return row and row[0]
