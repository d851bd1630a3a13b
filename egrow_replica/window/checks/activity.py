"""Checks of what others do on the servers at this moment, and of what earlier windows left."""

from __future__ import annotations

import time
from collections.abc import Iterator

from egrow_replica.catalog.conditions import (
    ACCESS_EXCLUSIVE,
    AGAINST_PUBLISHING,
    AGAINST_WRITING,
    RoleSetting,
    TableLock,
    Transaction,
    read_other_subscriptions,
    read_places,
    read_prepared_transactions,
    read_table_locks,
    read_transactions,
)
from egrow_replica.catalog.roles import APPLY_ROLE
from egrow_replica.db.waits import doing, named, shown_query
from egrow_replica.model import Check, Server, Severity
from egrow_replica.window.belonging import Belonging, Journalled, NamedObject, read_objects, unknown_window
from egrow_replica.window.checks.base import error, finding, info, inspection, warning
from egrow_replica.window.checks.remedies import name, text
from egrow_replica.window.checks.view import View
from egrow_replica.window.journal import RestoreStage

DEV, PROD = Server.DEV, Server.PROD
#: A lock that is gone within this is nobody's worry; how often is looked.
PATIENCE_SECONDS, POLL_SECONDS = 3.0, 0.2


@inspection("transactions", DEV, subject="transactions", fine="none is open that a new slot would wait for")
def dev_transactions(view: View, server: Server) -> Iterator[Check]:
    """Making a slot waits for every writing transaction, whichever database it is in."""
    if not read_places(view.door(server)).sees_activity:
        message = "our role may not see other sessions: whether a new slot would have to wait is not known"
        remedy = f"GRANT pg_monitor TO {name(view.facts(server).role)}; -- on dev"
        yield info("transactions", server, "transactions", message, remedy)
    for one in read_transactions(view.door(server)):
        # A younger one may merely be between two statements; making the slot gives up after ``db.slot.LOCK_TIMEOUT``.
        if one.writes and one.seconds >= view.settings.doctor.writing_transaction:
            blocking = one.seconds >= view.settings.doctor.blocking_transaction
            yield finding(
                "transactions",
                Severity.ERROR if blocking else Severity.WARNING,
                server,
                f"pid {one.pid}",
                f"{_who(one)} has had a writing transaction open for {one.seconds:.0f} s ({one.state}): "
                "making the slot waits for its end",
                f"SELECT pg_terminate_backend({one.pid}); -- or let it end",
            )


@inspection("transactions", PROD, subject="transactions", fine="none is old", guards=False)
def prod_transactions(view: View, server: Server) -> Iterator[Check]:
    """An old snapshot keeps what a window makes obsolete."""
    for one in read_transactions(view.door(server)):
        if one.seconds >= view.settings.doctor.old_transaction:
            yield warning(
                "transactions",
                server,
                f"pid {one.pid}",
                f"{_who(one)} has had a transaction open for {one.seconds / 3600:.1f} h: nothing that is obsolete "
                "since then can be removed",
                f"SELECT pg_terminate_backend({one.pid}); -- or let it end",
            )


def _who(one: Transaction) -> str:
    return f"{one.role or 'somebody'} in {one.database}" + (f" ({one.application})" if one.application else "")


@inspection("prepared-transactions", DEV, PROD, subject="prepared transactions", fine="there are none")
def prepared_transactions(view: View, server: Server) -> Iterator[Check]:
    """They survive a restart, and a new slot waits for them too."""
    for one in read_prepared_transactions(view.door(server)):
        yield finding(
            "prepared-transactions",
            Severity.ERROR if server is DEV else Severity.WARNING,
            server,
            one.gid,
            f"{one.owner} prepared it in {one.database} {one.seconds:.0f} s ago and nobody ended it: "
            + ("making the slot would wait for ever" if server is DEV else "its locks stay until somebody does"),
            f"ROLLBACK PREPARED {text(one.gid)}; -- or COMMIT PREPARED; in database {one.database}",
        )


@inspection("locks", DEV, PROD, subject="locks on tables", fine="no session has one that a window would wait for")
def locks(view: View, server: Server) -> Iterator[Check]:
    """A migration that hangs stops everything: readers wait for it, and for whoever waits for its lock.

    What is over within moments does not matter, so a lock has to be there at two looks.
    """
    found = _in_the_way(view, server)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while found and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        again = {one.key for one in _in_the_way(view, server)}
        found = [one for one in found if one.key in again]
    if found:
        view.hurry()
    for one in found:
        yield error("locks", server, one.table, _lock_message(one), _end_lock(one))


def _in_the_way(view: View, server: Server) -> list[TableLock]:
    """Locks that a step would wait for: content is written, or published; everything else is read and dumped."""
    content = set(view.content)
    modes = AGAINST_PUBLISHING if server is DEV else AGAINST_WRITING
    read = content if server is DEV else None
    return [
        one
        for one in read_table_locks(view.door(server), modes)
        if one.table in content or (one.mode == ACCESS_EXCLUSIVE and (read is None or one.table in read))
    ]


def _lock_message(one: TableLock) -> str:
    who = named(one.pid, one.gid, one.application, one.role)
    has = "holds" if one.granted else "waits for"
    behind = "" if one.granted else ", and whoever comes later waits behind it"
    facts = doing(one.since, one.seconds, one.state, shown_query(one.query))
    return f"a window would wait for {who}, who {has} {one.mode}{behind}{facts}"


def _end_lock(one: TableLock) -> str:
    if one.pid:
        return f"SELECT pg_terminate_backend({one.pid}); -- or let it end"
    return f"ROLLBACK PREPARED {text(one.gid)}; -- or COMMIT PREPARED" if one.gid else "End it."


@inspection("timeouts", DEV, PROD, subject="role settings", fine="no role or database has a time-out", guards=False)
def timeouts(view: View, server: Server) -> Iterator[Check]:
    """Ours and the stream's connections set their own, but not everything can be set so."""
    roles = [view.facts(server).role, view.stream.user or "" if server is DEV else APPLY_ROLE]
    for one in view.role_settings(server, [role for role in roles if role]):
        if one.value.strip("'").rstrip("msinhd ") not in ("0", "-1"):
            yield warning(
                "timeouts",
                server,
                one.role or one.database or "all roles",
                f"{one.name} = {one.value} is set for {_whose(one)}: it could end a copy, the stream or the "
                "connection that holds the lock",
                _reset(one),
            )


def _whose(one: RoleSetting) -> str:
    role = f"the role {one.role}" if one.role else "every role"
    return f"{role} in {one.database}" if one.database else role


def _reset(one: RoleSetting) -> str:
    if not one.role and one.database:
        return f"ALTER DATABASE {name(one.database)} RESET {name(one.name)};"
    where = f" IN DATABASE {name(one.database)}" if one.database else ""
    return f"ALTER ROLE {name(one.role) if one.role else 'ALL'}{where} RESET {name(one.name)};"


@inspection("leftovers", DEV, subject="earlier windows", fine="nothing is left of one")
def dev_leftovers(view: View, server: Server) -> Iterator[Check]:
    """Publications and slots."""
    if view.has(PROD):
        yield from _not_of_open_window(view, server)
        return
    for one in read_objects(view.door(server)):
        yield info("leftovers", server, one.name, f"a {one.kind} of a window: production could tell whose")


@inspection("leftovers", PROD, subject="earlier windows", fine="nothing is left of one")
def prod_leftovers(view: View, server: Server) -> Iterator[Check]:
    """Subscriptions, origins and slots."""
    yield from _not_of_open_window(view, server)


def _not_of_open_window(view: View, server: Server) -> Iterator[Check]:
    """What is named as a window's objects are and is not the open window's, each by whose it is."""
    journalled = Journalled(view.windows, view.facts(PROD).identity)
    restores = _unjudged_restores(view)
    for one in read_objects(view.door(server)):
        belonging = journalled.belonging(one)
        what = f"a {one.kind}{', active' if one.active else ''}"
        held = "; it keeps WAL until it is dropped" if one.kind == "slot" else ""
        if one.kind == "origin" and one.name in restores:
            message = (
                "a restore was interrupted after it had written: this marks what it wrote, which is not judged yet"
            )
            yield warning("leftovers", server, one.name, message, f"Run `egrow-replica restore {restores[one.name]}`.")
        elif belonging is Belonging.ENDED:
            yield warning("leftovers", server, one.name, f"{what} of a window that is not open{held}", _drop(one))
        elif belonging is Belonging.UNKNOWN:
            hint = unknown_window([one]).hint
            yield error("unknown-window", server, one.name, f"{what} of {belonging.value}: it may write", hint)
        elif belonging is Belonging.UNCLEAR:
            remedy = "See whether a window of that name is open on any production that this server serves."
            yield warning("leftovers", server, one.name, f"{what} of {belonging.value}, which nothing tells", remedy)
        elif belonging is Belonging.ANOTHERS:
            yield info("leftovers", server, one.name, f"{what} of {belonging.value}: it stays", "")


def _drop(one: NamedObject) -> str:
    quoted = name(one.name)
    return {
        "publication": f"DROP PUBLICATION {quoted};",
        "subscription": f"ALTER SUBSCRIPTION {quoted} DISABLE; ALTER SUBSCRIPTION {quoted} "
        f"SET (slot_name = NONE); DROP SUBSCRIPTION {quoted};",
        "origin": f"SELECT pg_replication_origin_drop({text(one.name)});",
        "slot": f"SELECT pg_drop_replication_slot({text(one.name)});",
    }[one.kind]


def _unjudged_restores(view: View) -> dict[str, str]:
    """Origins of restores that have written and whose evidence is missing, each with its window."""
    database = view.facts(PROD).database_oid
    return {
        window.names.restore_origin(database): window.name
        for window in view.windows
        if window.progress.restoring is not None and window.progress.restoring.stage is RestoreStage.WRITTEN
    }


@inspection(
    "other-subscriptions", DEV, PROD, subject="subscriptions", fine="nobody else streams into content", guards=False
)
def other_subscriptions(view: View, server: Server) -> Iterator[Check]:
    """Streams of others into content."""
    oids = [relation.oid for relation in view.content_relations(server)]
    for one in read_other_subscriptions(view.door(server), oids):
        if not one.name.startswith("egrow_"):
            message = f"the subscription {one.name} writes this table too: two streams would meet in it"
            if server is DEV:
                message = (
                    f"the subscription {one.name} writes this table: what it brings would go on to production, in a "
                    "circle if it comes from there"
                )
            remedy = f"ALTER SUBSCRIPTION {name(one.name)} DISABLE;"
            yield warning("other-subscriptions", server, one.table, message, remedy)


@inspection("window", PROD, subject="windows", fine="no window is open", guards=False)
def window(view: View, server: Server) -> Iterator[Check]:
    """A window that is open."""
    for one in view.windows:
        if one.state.is_open:
            message = f"this window is {one.state}: another cannot be opened before it is closed"
            yield info("window", server, one.name, message, "`egrow-replica disable` closes it.")


#: Before everything else, because everything else may wait for them.
LOCKS = locks
CHECKS = (
    *window,
    *dev_transactions,
    *prod_transactions,
    *prepared_transactions,
    *timeouts,
    *dev_leftovers,
    *prod_leftovers,
    *other_subscriptions,
)
