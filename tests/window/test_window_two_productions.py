"""Two productions, one dev, windows of one name: each goes on as if it were alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from support.pair import Pair, further_production
from support.waiting import wait_until

from egrow_replica.model import Server

DEV, PROD = Server.DEV, Server.PROD
COURSE = """INSERT INTO courses (id, title, slug, "updatedAt", category) VALUES (%s, '', %s, now(), 'LIDERAZGO')"""
HAS = "SELECT 1 FROM courses WHERE id = %s"


@pytest.fixture
def twins(new_pair: Callable[..., Pair]) -> Iterator[tuple[Pair, Pair]]:
    """Two productions that one dev feeds."""
    one = new_pair()
    other = further_production(one)
    yield one, other
    other.drop()


def arrives(pair: Pair, *others: Pair, course: str) -> None:
    """Dev adds a course; it has to come to each of these productions."""
    pair.dev_sql(COURSE, course, course)
    for one in (pair, *others):
        wait_until(lambda p=one: p.prod_sql(HAS, course), what=f"{course} on {one.database}")


def ends_intact(pair: Pair) -> None:
    closed = pair.ok("disable").json
    assert closed["validation"]["verdict"] in ("intact", "changed_by_application")
    assert closed["validation"]["content"]["equal"] is True
    assert closed["left_behind"] == []


def on_dev(pair: Pair) -> list[str]:
    return [one for one in pair.leftovers() if one.startswith("dev:")]


def test_both_stream_and_each_ends_alone(twins: tuple[Pair, Pair]) -> None:
    one, other = twins
    with ExitStack() as people:
        for pair in twins:
            people.enter_context(pair.application())
        names = [pair.ok("enable", "--no-backup").json["window"]["name"] for pair in twins]
        assert names[0] == names[1], "the date"
        arrives(one, other, course="for-both")
        for pair in twins:
            assert pair.ok("validate").json["verdict"] in ("intact", "changed_by_application")
        ends_intact(one)
        arrives(other, course="for-one")
        assert other.ok("status").json["window"]["state"] == "streaming"
        ends_intact(other)
    assert on_dev(one) == []


def test_a_paused_window_keeps_its_slot(twins: tuple[Pair, Pair]) -> None:
    one, other = twins
    one.ok("enable", "--name", "release", "--no-backup")
    one.ok("pause")
    one.dev_sql(COURSE, "waiting", "waiting")
    other.ok("sync", "--name", "release", "--no-backup")
    one.ok("resume")
    wait_until(lambda: one.prod_sql(HAS, "waiting"), what="what was published while it was paused")
    ends_intact(one)
    assert on_dev(one) == []


def test_what_one_takes_back_is_not_the_others(twins: tuple[Pair, Pair]) -> None:
    """The second window fails after it has made its publication and slot, and undoes them."""
    one, other = twins
    one.ok("enable", "--name", "release", "--no-backup")
    other.configure(validate={"probes": ["SELECT pg_catalog.count(*) = 0 FROM public.weekly"]})
    other.prod_sql("CREATE VIEW weekly AS SELECT id FROM courses WHERE id = 'spoils-the-probe'")
    other.prod_sql("GRANT SELECT ON weekly TO egrow_operator")
    other.dev_sql(COURSE, "spoils-the-probe", "spoils-the-probe")
    failed = other.cli("enable", "--name", "release", "--no-backup")
    assert failed.exit_code == 5, str(failed)
    assert failed.json["rolled_back"] is True
    assert one.ok("status").json["window"]["state"] == "streaming"
    arrives(one, course="still-there")
    ends_intact(one)
    assert on_dev(one) == []


def test_doctor_tells_whose_is_what(twins: tuple[Pair, Pair]) -> None:
    one, other = twins
    one.ok("enable", "--name", "release", "--no-backup")
    one.ok("pause")  # then its slot looks as if nobody needed it
    common = one.common("release")
    examined = other.ok("doctor").json["checks"]
    found = [check for check in examined if check["subject"].startswith(common)]
    # These two are databases of one cluster, and there the other's subscription accounts for its slot and origin.
    assert {check["server"] for check in found} == {"dev"}
    assert {(check["severity"], check["remedy"]) for check in found} == {("info", "")}
    one.ok("resume")
    ends_intact(one)


def test_a_publication_that_says_that_it_is_anothers(pair: Pair) -> None:
    """Whatever its name: it is not used, and not dropped."""
    pair.ok("enable", "--name", "release", "--no-backup")
    common = pair.common("release")
    pair.dev_sql(f"COMMENT ON PUBLICATION {common} IS 'egrow-replica: window release (000000000000) of production 7/5'")
    status = pair.cli("status")
    assert status.exit_code == 5, str(status)
    assert "another window's" in status.error["message"]
    assert pair.cli("validate").exit_code == 5
    pair.ok("pause")
    resumed = pair.cli("resume")
    assert resumed.exit_code == 5, str(resumed)
    assert "another window's" in resumed.error["message"]
    closed = pair.cli("disable")
    assert closed.exit_code == 5, str(closed)
    assert closed.json["window"]["state"] == "closed"
    assert pair.leftovers() == [f"dev: publication {common}"]


def test_a_comment_that_somebody_edited_is_told(pair: Pair) -> None:
    pair.ok("enable", "--name", "release", "--no-backup")
    pair.dev_sql(f"COMMENT ON PUBLICATION {pair.common('release')} IS 'ask Ada'")
    warnings = pair.ok("status").json["warnings"]
    assert any("no longer says whose it is" in warning for warning in warnings), warnings
    ends_intact(pair)
    assert pair.leftovers() == []


def test_a_subscription_that_reads_another_slot(pair: Pair) -> None:
    """A person pointed it elsewhere: everything would be lost that comes through the window's own."""
    pair.ok("enable", "--name", "release", "--no-backup")
    common = pair.common("release")
    pair.ok("pause")
    pair.dev_sql("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", f"x_{pair.database}")
    pair.prod_sql(f"ALTER SUBSCRIPTION {common} SET (slot_name = 'x_{pair.database}')")
    for arguments in (("status",), ("resume",)):
        result = pair.cli(*arguments)
        assert result.exit_code == 5, str(result)
        assert "which is not the window's" in result.error["message"]
    closed = pair.cli("disable")
    assert closed.exit_code == 5, str(closed)
    assert closed.json["window"]["state"] == "closed"
    assert pair.leftovers() == [f"dev: slot x_{pair.database}"]
    pair.dev_sql("SELECT pg_drop_replication_slot(%s)", f"x_{pair.database}")


def test_a_window_of_an_earlier_version_goes_on(pair: Pair) -> None:
    """Its objects have no id, and their publication no comment."""
    pair.ok("enable", "--name", "old-one", "--no-backup")
    common = pair.common("old-one")
    pair.ok("pause")
    as_before = "egrow_old_one"
    pair.dev_sql(f"COMMENT ON PUBLICATION {common} IS NULL")
    pair.dev_sql(f"ALTER PUBLICATION {common} RENAME TO {as_before}")
    pair.dev_sql(f"SELECT pg_copy_logical_replication_slot('{common}', '{as_before}')")
    pair.dev_sql(f"SELECT pg_drop_replication_slot('{common}')")
    pair.prod_sql(f"ALTER SUBSCRIPTION {common} SET (slot_name = '{as_before}')")
    pair.prod_sql(f"ALTER SUBSCRIPTION {common} SET PUBLICATION {as_before} WITH (refresh = false)")
    pair.prod_sql(f"ALTER SUBSCRIPTION {common} RENAME TO {as_before}")
    pair.prod_sql("UPDATE pg_replication_origin SET roname = %s WHERE roname = %s", as_before, common)
    pair.prod_sql(
        "UPDATE egrow_replica.window SET setting = setting - 'id', "
        "progress = progress - '{publication,publication_look,publication_dropped,own_columns,dev,moves,paused_at}'"
        "::text[]"
    )
    pair.ok("resume")
    arrives(pair, course="still-streams")
    warnings = pair.ok("status").json["warnings"]
    assert any("an earlier version" in warning for warning in warnings), warnings
    assert pair.ok("validate").json["verdict"] == "intact"
    pair.ok("disable")
    assert [one for one in pair.leftovers() if "_wal" not in one] == []


def test_an_earlier_version_s_half_open_window_leaves_a_slot_that_may_be_anothers(twins: tuple[Pair, Pair]) -> None:
    """It was begun under a name without an id, and another production's slot on dev has that name."""
    one, _ = twins
    one.ok("enable", "--name", "half", "--no-backup")
    one.ok("disable")
    one.prod_sql(
        "UPDATE egrow_replica.window SET state = 'opening', setting = setting - 'id', baseline = NULL,"
        " validation = NULL, progress = '{}'"
    )
    anothers = "egrow_half"
    one.dev_sql("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", anothers)
    refused = one.cli("enable")
    assert (refused.exit_code, refused.error["code"]) == (8, "not-ours"), str(refused)
    assert refused.json["rolled_back"] is True
    assert one.value(DEV, "SELECT count(*) FROM pg_replication_slots WHERE slot_name = %s", anothers) == 1
    one.dev_sql("SELECT pg_drop_replication_slot(%s)", anothers)


def test_a_publication_that_a_person_made_in_its_place(pair: Pair) -> None:
    """The name is the window's, and nothing else: it is told, and stays."""
    pair.use_superuser()
    pair.ok("enable", "--name", "release", "--no-backup")
    common = pair.common("release")
    pair.ok("pause")
    pair.dev_sql(f"DROP PUBLICATION {common}")
    pair.dev_sql(f"CREATE PUBLICATION {common} FOR TABLE achievements")
    closed = pair.cli("disable")
    assert closed.exit_code == 5, str(closed)
    assert closed.json["window"]["state"] == "closed"
    assert pair.leftovers() == [f"dev: publication {common}"]
