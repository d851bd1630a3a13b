"""Who did what: every entry of the journal names a person, a machine, a role and the program's version."""

from __future__ import annotations

import getpass
import socket
from typing import Any

from support.pair import Pair

from egrow_replica import __version__
from egrow_replica.model import Server

PERSON = "os_user, os_host, database_role, program_version"
DESK = {"EGROW_REPLICA_OPERATOR": "release-desk"}


def entries(pair: Pair, step: str) -> set[Any]:
    return set(pair.run_sql(Server.PROD, f"SELECT {PERSON} FROM egrow_replica.step WHERE step = %s", step))


def test_every_entry_of_the_journal_names_who_made_it(pair: Pair) -> None:
    here = (getpass.getuser(), socket.gethostname(), "egrow_operator", __version__)
    desk = (getpass.getuser(), "release-desk", "egrow_operator", __version__)
    pair.ok("enable", "--no-backup", "--name", "named")
    pair.ok("pause", env=DESK)
    last = pair.ok("status").json["window"]["last_entry"]
    assert (last["step"], last["status"]) == ("paused", "done")
    assert (last["by"], last["program_version"]) == (
        f"{getpass.getuser()}@release-desk as egrow_operator", __version__
    )  # fmt: skip
    pair.configure(window={"operator": "night shift"})
    pair.ok("resume")
    pair.configure(window={})
    pair.ok("disable", env=DESK)
    pair.ok("restore", env=DESK)
    assert entries(pair, "paused") == {desk}
    assert entries(pair, "streaming") == {here, (getpass.getuser(), "night shift", "egrow_operator", __version__)}
    assert entries(pair, "reconcile") == {here}
    assert entries(pair, "drain") == {desk}
    assert entries(pair, "restore") == {desk}
    assert pair.run_sql(Server.PROD, "SELECT count(*) FROM egrow_replica.step WHERE os_user IS NULL") == [(0,)]


def test_a_window_of_an_earlier_version_goes_on_and_the_next_one_names_people(pair: Pair) -> None:
    pair.ok("enable", "--no-backup", "--name", "former")
    columns = ", ".join(f"DROP COLUMN {name}" for name in PERSON.split(", "))
    pair.run_sql(Server.PROD, f"ALTER TABLE egrow_replica.step {columns}")
    pair.ok("pause")
    assert pair.ok("status").json["window"]["last_entry"]["by"] is None
    pair.ok("resume")
    pair.ok("disable")
    pair.ok("sync", "--no-backup", "--name", "later")
    named = "SELECT DISTINCT window_name, os_user IS NOT NULL FROM egrow_replica.step ORDER BY 1"
    assert pair.run_sql(Server.PROD, named) == [("former", False), ("later", True)]
    assert pair.leftovers() == []
