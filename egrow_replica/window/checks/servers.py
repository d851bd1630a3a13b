"""Checks of what the servers are and how they are set."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from egrow_replica.catalog.conditions import read_clock, read_connection_limits, read_places, read_standbys
from egrow_replica.db import Capability
from egrow_replica.errors import StatementFailed, WrongState
from egrow_replica.model import Check, Server, Side
from egrow_replica.window.checks.base import counted, error, fine, info, inspection, size, warning
from egrow_replica.window.checks.remedies import name
from egrow_replica.window.checks.view import View
from egrow_replica.window.journal import Window, read_windows

DEV, PROD = Server.DEV, Server.PROD
_ADDRESSES = "Look at [dev] and [prod] in the configuration, and at the variables that they name."
#: What helps where only a superuser can own a subscription.
ORDINARY_OPERATOR_REMEDY = "Open the window with a superuser's connection string, or upgrade production."
#: What the controller itself opens at most on one server while a window is made.
OWN_CONNECTIONS = 8


@inspection("identity", subject="addresses", fine="dev and production are two databases, the right way round")
def identity(view: View, _: Server) -> Iterator[Check]:
    """By system identifier and database oid, whatever the addresses say."""
    dev, prod = view.facts(DEV), view.facts(PROD)
    if dev.identity == prod.identity:
        yield error("same-database", Side.BOTH, dev.database, "dev and production are the same database", _ADDRESSES)
        return
    for window in view.windows:
        if window.dev_identity == prod.identity:
            yield error(
                "swapped",
                Side.BOTH,
                prod.database,
                f"dev and production are swapped: in window {window.name} this production was dev",
                _ADDRESSES,
            )
            return
    # Seen from the other side: what should be dev keeps the journal of a production, of this very one and no copy.
    for window in _windows_of_dev(view):
        if window.prod_identity == dev.identity:
            yield error(
                "swapped",
                Side.BOTH,
                dev.database,
                f"dev and production are swapped: in window {window.name} this dev was production",
                _ADDRESSES,
            )
            return


def _windows_of_dev(view: View) -> list[Window]:
    try:
        return read_windows(view.dev)
    except (StatementFailed, WrongState):  # a copy of a production, with a journal that is not ours to read
        return []


@inspection("version", DEV, PROD, subject="version", fine="every capability is there")
def version(view: View, server: Server) -> Iterator[Check]:
    """Which version, and what it cannot do."""
    number = view.facts(server).server_version
    yield fine("version", server, "version", f"PostgreSQL {number}")
    for capability in Capability:
        # Production's are told by what follows from them.
        if not view.door(server).has(capability) and server is PROD:
            yield info("capability", server, f"PostgreSQL {number}", capability.without)


@inspection("second-wall", PROD, subject="subscription owner", fine="an ordinary role can own the subscription")
def second_wall(view: View, server: Server) -> Iterator[Check]:
    """Before 16 the stream runs as a superuser."""
    if view.prod.has(Capability.ORDINARY_SUBSCRIPTION_OWNER):
        return
    facts = view.facts(server)
    weaker = warning if facts.superuser else error
    yield weaker(
        "second-wall",
        server,
        f"PostgreSQL {facts.server_version}",
        Capability.ORDINARY_SUBSCRIPTION_OWNER.without,
        ORDINARY_OPERATOR_REMEDY,
    )


@inspection("in-recovery", DEV, PROD, subject="recovery", fine="this is a primary")
def in_recovery(view: View, server: Server) -> Iterator[Check]:
    """A standby can neither publish nor be written."""
    facts = view.facts(server)
    if facts.in_recovery:
        yield error("in-recovery", server, facts.database, "this is a standby", f"Name the primary in [{server}].")


@inspection("wal-level", DEV, subject="wal_level", fine="wal_level is logical")
def wal_level(view: View, server: Server) -> Iterator[Check]:
    """Only logical WAL can be decoded."""
    settings = view.server_settings(server)
    level = settings["wal_level"].value
    # On 19 and later WAL may become logical on demand, and this is what it is now.
    effective = settings.get("effective_wal_level")
    if level != "logical" and (effective is None or effective.value != "logical"):
        yield error(
            "wal-level",
            server,
            "wal_level",
            f"dev has wal_level = {level}; logical is needed",
            "ALTER SYSTEM SET wal_level = logical; -- then restart dev",
        )


@inspection("output-plugin", DEV, subject="output_plugin_libraries", fine="pgoutput may be used")
def output_plugin(view: View, server: Server) -> Iterator[Check]:
    """A list that 15.19, 16.15, 17.11 and 18.6 brought."""
    libraries = view.server_settings(server).get("output_plugin_libraries")
    if libraries is None:
        if not read_places(view.door(server)).sees_settings:
            message = "our role may not see it: whether dev has this setting, and allows pgoutput, is not known"
            remedy = f"GRANT pg_monitor TO {name(view.facts(server).role)}; -- on dev"
            yield info("output-plugin", server, "output_plugin_libraries", message, remedy)
        return
    allowed = [name.strip(' "') for name in libraries.value.split(",")]
    if "pgoutput" not in allowed and "*" not in allowed:
        wanted = ", ".join(filter(None, [*allowed, "pgoutput"]))
        yield error(
            "output-plugin",
            server,
            "output_plugin_libraries",
            f"dev allows only the output plugins {libraries.value!r}",
            f"ALTER SYSTEM SET output_plugin_libraries = {wanted}; SELECT pg_reload_conf(); "
            "-- or restart dev, where a reload does not do",
        )


@inspection("places", DEV, subject="slots and senders", fine="there is place for a slot and a sender")
def dev_places(view: View, server: Server) -> Iterator[Check]:
    """What a window takes on dev."""
    places = read_places(view.door(server))
    yield from _place(server, "slots", "max_replication_slots", places.slots, places.slots_used, 1)
    yield from _place(server, "senders", "max_wal_senders", places.senders, places.senders_used, 1)


@inspection("places", PROD, subject="workers and origins", fine="there is place for a worker and two origins")
def prod_places(view: View, server: Server) -> Iterator[Check]:
    """What a window takes on production."""
    places = read_places(view.door(server))
    workers = "max_logical_replication_workers"
    yield from _place(server, "workers", workers, places.workers, places.workers_used, 1)
    yield from _place(server, "processes", "max_worker_processes", places.processes, places.processes_used, 1)
    # One for the stream, one for what the controller writes itself.
    setting = view.facts(server).origins_setting
    yield from _place(server, "origins", setting, places.origins, places.origins_used, 2)
    sync = view.server_settings(server)["max_sync_workers_per_subscription"]
    if sync.number < 1:
        yield info("sync-workers", server, sync.name, "it is 0: fine, because a window never copies whole tables")


@inspection("connections", DEV, PROD, subject="connections", fine="there are connections left", guards=False)
def connections(view: View, server: Server) -> Iterator[Check]:
    """Ours beside those of everybody."""
    places = read_places(view.door(server))
    left = places.connections - places.connections_used
    if left < OWN_CONNECTIONS:
        yield warning(
            "connections",
            server,
            "max_connections",
            f"{left} connections are left, the controller opens up to {OWN_CONNECTIONS}",
            "End some, or raise max_connections.",
        )
    roles = {view.facts(server).role: OWN_CONNECTIONS}
    if server is DEV and view.stream.user:
        roles.setdefault(view.stream.user, 1)
    for one in read_connection_limits(view.door(server), roles):
        needed = roles[one.name] if one.is_role else OWN_CONNECTIONS
        if one.places - one.used < needed:
            kind = "ROLE" if one.is_role else "DATABASE"
            yield warning(
                "connections",
                server,
                one.name,
                f"CONNECTION LIMIT {one.places} leaves {max(0, one.places - one.used)}, a window takes up to {needed}",
                f"ALTER {kind} {name(one.name)} CONNECTION LIMIT {one.used + needed + 2};",
            )


def _place(server: Server, slug: str, setting: str, places: int, used: int, needed: int) -> Iterator[Check]:
    if places - used < needed:
        yield error(
            slug,
            server,
            setting,
            f"it is {places} and {used} are taken: a window needs {needed} more",
            f"ALTER SYSTEM SET {setting} = {used + needed + 4}; -- then restart the server",
        )


@inspection("slot-limits", DEV, subject="slot limits", fine="dev keeps a slot's WAL for long enough", guards=False)
def slot_limits(view: View, server: Server) -> Iterator[Check]:
    """How long dev waits for production."""
    settings = view.server_settings(server)
    alarm = view.settings.window.max_wal_retained
    keep = settings["max_slot_wal_keep_size"]
    if keep.number < 0:
        yield info(
            "slot-limits",
            server,
            keep.name,
            "dev keeps WAL without limit while the stream stands still, until its disk is full: "
            f"`status` warns from {size(alarm)} on",
            "ALTER SYSTEM SET max_slot_wal_keep_size = '20GB'; SELECT pg_reload_conf();",
        )
    elif keep.number < alarm:
        yield warning(
            "slot-limits",
            server,
            keep.name,
            f"dev gives up a slot that keeps {size(int(keep.number))}, before `status` warns at "
            f"{size(alarm)}: the window would be lost",
            f"ALTER SYSTEM SET max_slot_wal_keep_size = '{2 * alarm // 1024**2}MB'; SELECT pg_reload_conf();",
        )
    idle = settings.get("idle_replication_slot_timeout")
    if idle is not None and 0 < idle.number < view.settings.window.max_age:
        yield warning(
            "slot-limits",
            server,
            idle.name,
            f"dev gives up a slot that nobody uses for {idle.number:g} s, less than a window's maximum age: "
            "a window that is paused for so long would be lost",
            "ALTER SYSTEM SET idle_replication_slot_timeout = 0; SELECT pg_reload_conf();",
        )


@inspection("clock", DEV, PROD, subject="clock", fine="it shows the same time as ours", guards=False)
def clock(view: View, server: Server) -> Iterator[Check]:
    """Between our clock before and after we asked."""
    before = datetime.now(UTC)
    theirs = read_clock(view.door(server)).now
    after = datetime.now(UTC)
    ahead = (theirs - after).total_seconds() if theirs > after else min(0.0, (theirs - before).total_seconds())
    if abs(ahead) > view.settings.doctor.clock_difference:
        word = "ahead of" if ahead > 0 else "behind"
        yield warning(
            "clock", server, "clock", f"it is {abs(ahead):.0f} s {word} ours: ages and logs mislead", "Set it by NTP."
        )


@inspection("encoding", subject="encoding", fine="both databases have the same encoding")
def encoding(view: View, _: Server) -> Iterator[Check]:
    """Rows are hashed by their bytes."""
    dev, prod = read_clock(view.dev).encoding, read_clock(view.prod).encoding
    if dev != prod:
        yield error(
            "encoding",
            Side.BOTH,
            "encoding",
            f"dev's database is in {dev}, production's in {prod}: rows cannot be compared by their bytes",
            "Make dev's database anew in production's encoding.",
        )


@inspection("standbys", DEV, PROD, subject="standbys", fine="no commit waits for a standby", guards=False)
def standbys(view: View, server: Server) -> Iterator[Check]:
    """Whom a commit waits for."""
    found = read_standbys(view.door(server))
    subject = "synchronous_standby_names"
    if server is DEV and "*" in found.synchronous:
        # A worker of logical replication may be one: it goes by the name of its subscription.
        yield warning(
            "standbys",
            server,
            subject,
            f"commits wait for {found.synchronous}: while a window is open that may be production's worker, so dev "
            "would stand still whenever the stream does",
            "ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf(); -- or name the standbys",
        )
    if found.synchronous and not found.sees_activity:
        message = f"commits wait for {found.synchronous}, and our role may not see whether such a standby is connected"
        yield info("standbys", server, subject, message, f"GRANT pg_monitor TO {name(view.facts(server).role)};")
    elif found.synchronous and not found.waiting_for:
        yield warning(
            "standbys",
            server,
            subject,
            f"commits wait for {found.synchronous}, and no such standby is connected: those of others wait for ever "
            "and keep their locks; ours do not wait for a standby",
            "ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf(); -- or connect the standby",
        )
    elif found.synchronous:
        message = f"each commit of others waits for {counted(range(found.waiting_for), 'standby')}; ours do not"
        yield info("standbys", server, subject, message)
    elif found.connected and server is PROD:
        message = f"what a window writes goes to {counted(range(found.connected), 'standby')} too"
        yield info("standbys", server, "standbys", message)


CHECKS = (
    *version,
    *in_recovery,
    *wal_level,
    *output_plugin,
    *dev_places,
    *prod_places,
    *connections,
    *slot_limits,
    *second_wall,
    *clock,
    *encoding,
    *standbys,
)
