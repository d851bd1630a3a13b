"""The subscription on production and its workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from egrow_replica.catalog import Scope
from egrow_replica.catalog.roles import APPLY_ROLE
from egrow_replica.db import SQL, Capability, Composed, Door, Dsn, Identifier, Literal, query, read_blockers
from egrow_replica.db.capabilities import has
from egrow_replica.db.connect import PINNED
from egrow_replica.errors import NotCaughtUp, PreflightFailed
from egrow_replica.model import Model, TableName
from egrow_replica.replication.origins import worker_origin
from egrow_replica.replication.waiting import wait_until
from egrow_replica.results import Blocker

#: Conflicts that mean lost or unapplied content. ``*_origin_differs`` is information: any row that production wrote
#: last counts there.
FAILING_CONFLICTS = ("insert_exists", "update_exists", "update_missing", "delete_missing", "multiple_unique_conflicts")

#: Of what our own connections pin, that which matters to a session that only sends.
_STREAM_PINNED = ("statement_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout", "lock_timeout")

WORKER_END_SECONDS = 60.0
#: A worker hands in its counts after a quiet second; on a dev that writes all the time, at its next commit.
COUNTED_SECONDS = 10.0


class Subscription(Model):
    """The subscription as the catalog has it; ``apply_errors`` counts since it was made."""

    oid: int
    name: str
    enabled: bool
    slot: str | None
    owner: str
    publications: tuple[str, ...]
    apply_errors: int

    @property
    def origin(self) -> str:
        """The origin that its workers write under."""
        return worker_origin(self.oid)


class Conflicts(Model):
    """Conflict counters of 18 and later."""

    insert_exists: int
    update_exists: int
    update_missing: int
    delete_missing: int
    multiple_unique_conflicts: int
    update_origin_differs: int
    delete_origin_differs: int

    @property
    def failing(self) -> dict[str, int]:
        """Those above zero that fail a validation."""
        return {kind: count for kind in FAILING_CONFLICTS if (count := int(getattr(self, kind)))}


class Worker(Model):
    """A process of the subscription; ``latest_end_time`` is dev's clock at its last report.

    :ivar seconds: since it was started; ``None`` for who may not see that.
    """

    pid: int
    role: str | None
    is_main: bool
    latest_end_time: datetime | None
    seconds: float | None


class SubscribedTable(Model):
    """A table of the subscription; state ``r`` is ready."""

    name: TableName
    state: str


def create_statement(prod: Door, name: str, stream: Dsn, publisher: int) -> Composed:
    """``CREATE SUBSCRIPTION …``; its text holds the stream's password: show only what the guard masked.

    :param publisher: dev's ``server_version_num``.
    """
    options = [
        SQL("create_slot = false"),
        SQL("slot_name = {}").format(Literal(name)),
        SQL("copy_data = false"),
        SQL("enabled = false"),
        SQL("disable_on_error = false"),
        SQL("streaming = off"),
        SQL("two_phase = false"),
    ]
    if prod.has(Capability.RUN_AS_OWNER):
        options.append(SQL("run_as_owner = true"))
    conninfo = stream.conninfo(connect_timeout=10, options=_stream_options(publisher))
    return query(
        "replication/create_subscription",
        subscription=Identifier(name),
        conninfo=Literal(conninfo.get_secret_value()),
        publication=Identifier(name),
        options=SQL(", ").join(options),
    )


def owner_statement(name: str, owner: str) -> Composed:
    """Give the subscription to the role that its workers run as."""
    return query("replication/subscription_owner", subscription=Identifier(name), role=Identifier(owner))


def enable_statement(name: str) -> Composed:
    """Let the stream go."""
    return query("replication/enable_subscription", subscription=Identifier(name))


def _stream_options(publisher: int) -> str:
    """What a role's own settings on dev could end the stream by, and a bound for CREATE SUBSCRIPTION's own reading."""
    pinned = {name: PINNED[name] for name in _STREAM_PINNED}
    if has(publisher, Capability.TRANSACTION_TIMEOUT):
        pinned["transaction_timeout"] = "0"
    return " ".join(f"-c {name}={value}" for name, value in pinned.items())


def get(prod: Door, name: str) -> Subscription | None:
    """The subscription, ``None`` where production has none of that name in this database."""
    return next(iter(prod.rows(Subscription, query("replication/subscription"), [name])), None)


def worker_origins_of_content(prod: Door, scope: Scope) -> list[str]:
    """Names of the origins of every subscription that is this program's or writes content, whoever made it."""
    oids = [table.oid for table in scope.tables]
    return [worker_origin(int(oid)) for oid in prod.values(query("replication/content_subscriptions"), [oids])]


def conflicts(prod: Door, name: str) -> Conflicts | None:
    """Its conflict counters; ``None`` before 18."""
    if not prod.has(Capability.CONFLICT_STATISTICS):
        return None
    return next(iter(prod.rows(Conflicts, query("replication/conflicts"), [name])), None)


def workers(prod: Door, name: str) -> list[Worker]:
    """Its running processes."""
    return prod.rows(Worker, query("replication/workers"), [name])


def waits_for(prod: Door, name: str) -> tuple[Blocker, ...]:
    """Whom its processes wait for: who holds a row or a table that they need."""
    return read_blockers(prod, [worker.pid for worker in workers(prod, name)])


def have_counted(prod: Door, name: str) -> bool:
    """Wait until its processes have handed in the counts of everything that is committed now.

    Outside a transaction. False: not within :data:`COUNTED_SECONDS`, so the server's counts may lack rows of theirs.
    """
    moment = prod.value(query("replication/now"))
    try:
        wait_until(
            lambda: bool(prod.value(query("replication/workers_counted"), [name, moment])), COUNTED_SECONDS, "counts"
        )
    except NotCaughtUp:
        return False
    return True


def tables(prod: Door, name: str) -> list[SubscribedTable]:
    """Its tables."""
    return prod.rows(SubscribedTable, query("replication/subscribed_tables"), [name])


def create(prod: Door, name: str, stream: Dsn, publisher: int, owner: str) -> int:
    """Make the subscription, disabled, and give it to its owner; inside the caller's transaction. Its oid.

    The statement that follows takes the conninfo out of ``pg_stat_activity`` at once.

    :raises ServerUnavailable: production cannot reach dev; :raises StatementFailed: anything else.
    """
    prod.execute(create_statement(prod, name, stream, publisher))
    found = get(prod, name)
    assert found is not None, "it was just made"
    if found.owner != owner:
        prod.execute(owner_statement(name, owner))
    return found.oid


def enable(prod: Door, found: Subscription) -> None:
    """Let the stream go."""
    with as_owner(prod, found):
        prod.execute(enable_statement(found.name))


def disable(prod: Door, found: Subscription) -> None:
    """Stop the stream and wait until no worker is left: ``DISABLE`` returns before that.

    Then all that they wrote has committed, or never will, and the server has their counts.

    :raises NotCaughtUp: a worker does not end.
    """
    running = [worker.pid for worker in workers(prod, found.name)]
    with as_owner(prod, found):
        prod.execute(query("replication/disable_subscription", subscription=Identifier(found.name)))
    wait_until(
        lambda: not workers(prod, found.name) and not prod.value(query("replication/processes"), [running]),
        WORKER_END_SECONDS,
        f"the workers of subscription {found.name} have not ended",
        whom=lambda: read_blockers(prod, running),
        say=prod.say,
    )


def end(prod: Door, name: str) -> str:
    """Stop the stream for good: without its slot, a subscription cannot be enabled. Whether there was one, in words.

    :raises NotCaughtUp: as :func:`disable`.
    """
    found = get(prod, name)
    if found is None:
        return "there is no subscription"
    # A process may outlive an earlier DISABLE, so that is waited for even where it is disabled already.
    disable(prod, found)
    if found.slot is not None:
        with as_owner(prod, found):
            prod.execute(query("replication/detach_slot", subscription=Identifier(name)))
    return ""


def drop(prod: Door, name: str) -> bool:
    """Disable, detach from the slot, drop; whether it was there. The slot on dev is not touched."""
    found = get(prod, name)
    if found is None:
        return False
    if found.enabled or found.slot is not None:
        end(prod, name)
    with as_owner(prod, found):
        prod.execute(query("replication/drop_subscription", subscription=Identifier(name)))
    return True


@contextmanager
def as_owner(prod: Door, found: Subscription) -> Iterator[None]:
    """A transaction as the subscription's owner: the operator is its member without inheriting its rights.

    :raises PreflightFailed: it belongs to a role that the controller may not take on.
    """
    with prod.transaction():
        if found.owner != prod.role:
            if found.owner not in prod.policy.roles:
                raise PreflightFailed(
                    f"subscription {found.name} belongs to {found.owner}, whom the controller may not act for",
                    hint=f"As a superuser: ALTER SUBSCRIPTION {found.name} OWNER TO {APPLY_ROLE}.",
                    code="not-owner",
                )
            prod.execute(SQL("SET LOCAL ROLE {}").format(Identifier(found.owner)))
        yield
