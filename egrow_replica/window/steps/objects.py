"""The steps that make objects on the servers: origin, roles, publication, slot, subscription."""

from __future__ import annotations

from collections.abc import Iterator

from egrow_replica.catalog import read_relations, read_server_facts
from egrow_replica.catalog.roles import read_roles
from egrow_replica.catalog.tables import partitions_of
from egrow_replica.db import CreateReplicationSlot, Door, ExportedSlot, connect
from egrow_replica.errors import StatementFailed, WrongState
from egrow_replica.guard import Policy
from egrow_replica.model import Server
from egrow_replica.replication import origins, publication, roles, slot, subscription
from egrow_replica.replication.role_removal import RACES, TRIES, remove_roles
from egrow_replica.results import PlannedLock, Removed
from egrow_replica.window.run import CONTENT_ROLES, Run
from egrow_replica.window.secrets import keep_statements_out_of_log, quiet_statements
from egrow_replica.window.steps.base import (
    ACCESS_SHARE,
    ROW_EXCLUSIVE,
    SHARE_UPDATE_EXCLUSIVE,
    Foreseen,
    Planned,
    Step,
    Work,
    lock,
    noted,
)


class Origin(Step):
    """The replication origin that marks every write of ours."""

    name = "origin"
    server = Server.PROD
    description = "make the replication origin that marks every write of the window"

    def observe(self, run: Run) -> bool:
        return run.progress.origin_id is not None and origins.origin_id(run.writer, run.origin) is not None

    def do(self, run: Run) -> str:
        with run.writer.transaction():
            run.note(origin_id=origins.create(run.writer, run.origin))
        origins.use(run.writer, run.origin)
        return ""

    def undo(self, run: Run) -> list[Removed]:
        if run.progress.origin_id is None:  # then one of that name is another window's
            return []
        # No connection may use an origin that is dropped, so ours is exchanged for one without.
        run.release_writer()
        with run.servers.write_prod(run.scope, run.names, run.origin) as door:
            dropped = run.drop_origin(door)
        return [Removed(server=Server.PROD, kind="origin", name=run.origin)] if dropped else []

    def plan(self, run: Run, foreseen: Foreseen) -> Iterator[Planned]:
        yield Planned(run.writer, origins.create_statement(run.origin))
        yield noted(run, "set_progress")
        yield Planned(run.writer, origins.use_statement(run.origin))


class Roles(Step):
    """The content roles, where a superuser opens the window and ``setup`` has not made them for this database.

    They belong to the cluster: another database of it may have made them, and whoever needs them last removes them.
    """

    name = "roles"
    server = Server.PROD
    description = "make the roles that may write content and nothing else"

    def observe(self, run: Run) -> bool:
        return not run.makes_roles

    def do(self, run: Run) -> str:
        with self._door(run) as door:
            made = [name for name in CONTENT_ROLES if name not in read_roles(door, CONTENT_ROLES)]
            self._make(run, door)
        return f"made {' and '.join(made)}" if made else f"gave {' and '.join(CONTENT_ROLES)} their privileges here"

    def _make(self, run: Run, door: Door) -> None:
        """Make them and give them their privileges; another database's window may do the same at this moment."""
        for attempt in range(TRIES):
            try:
                with door.transaction():
                    for statement in roles.content_roles(door, self._place(run), read_roles(door, CONTENT_ROLES)):
                        door.execute(statement)
            except StatementFailed as error:
                if error.sqlstate not in RACES or attempt == TRIES - 1:
                    raise
            else:
                return

    def undo(self, run: Run) -> list[Removed]:
        if not run.makes_roles:
            return []
        with self._door(run) as door:
            dropped = remove_roles(door, CONTENT_ROLES, self._place(run).database)
        return [Removed(server=Server.PROD, kind="role", name=name) for name in dropped]

    def plan(self, run: Run, foreseen: Foreseen) -> Iterator[Planned]:
        with self._door(run) as door:
            for statement in roles.content_roles(door, self._place(run), read_roles(door, CONTENT_ROLES)):
                yield Planned(door, statement)

    def locks(self, run: Run, foreseen: Foreseen) -> Iterator[PlannedLock]:
        # GRANT locks what it is about as a reader does, so that nobody drops it meanwhile; before 18 not even that.
        yield lock(Server.PROD, ACCESS_SHARE, (*run.scope.names, *(one.name for one in run.scope.sequences)))

    def _place(self, run: Run) -> roles.Place:
        facts = read_server_facts(run.writer)
        return roles.Place(
            database=facts.database,
            schemas=tuple(sorted({table.name.schema for table in run.scope.tables})),
            owners=(),
            content=run.scope.names,
            sequences=tuple(one.name for one in run.scope.sequences),
            publish=run.setting.publish,
            columns={table.name: table.column_names for table in run.scope.tables},
            partitions=partitions_of(read_relations(run.writer, measured=False), run.scope.names),
        )

    def _door(self, run: Run) -> Door:
        place = self._place(run)
        policy = Policy.for_setup(
            content=(*place.content, *place.partitions),
            sequences=place.sequences,
            roles=CONTENT_ROLES,
            database=place.database,
            schemas=place.schemas,
        )
        return connect(
            run.servers.prod,
            Server.PROD,
            policy,
            what=f"{run.names.window}/roles",
            read_only=False,
            planning=run.planning,
            waits=run.servers.waits,
        )


class Publication(Step):
    """The publication on dev. Made before the baseline: with it the window's names are claimed there."""

    name = "publication"
    server = Server.DEV
    description = "publish the content tables, each with its columns"

    def observe(self, run: Run) -> bool:
        # One that nobody noted was made by a controller that died; as long as there is no slot, it is made anew.
        noted_or_used = run.progress.publication is not None or run.progress.slot_lsn is not None
        return publication.refuse_anothers(run.dev, run.names) and noted_or_used

    def do(self, run: Run) -> str:
        publication.drop(run.dev, run.names)
        run.note(publication=publication.create(run.dev, run.names, run.scope, run.setting.publish))
        return f"{len(run.scope.tables)} tables"

    def undo(self, run: Run) -> list[Removed]:
        is_there = publication.ownership(run.dev, run.names) is not None
        if is_there and not publication.is_ours(run.dev, run.names, run.progress.publication):
            run.listener.say(f"warning: publication {run.names.common} on dev is not the window's: it stays")
            return []
        run.note(publication_dropped=True)
        dropped = publication.drop(run.dev, run.names)
        return [Removed(server=Server.DEV, kind="publication", name=run.names.common)] if dropped else []

    def plan(self, run: Run, foreseen: Foreseen) -> Iterator[Planned]:
        for statement in publication.create_statements(run.names, run.scope, run.setting.publish):
            yield Planned(run.dev, statement)
        yield noted(run, "set_progress")

    def locks(self, run: Run, foreseen: Foreseen) -> Iterator[PlannedLock]:
        yield lock(Server.DEV, SHARE_UPDATE_EXCLUSIVE, run.scope.names)


class Slot(Step):
    """The slot on dev with its exported snapshot. Its name is in the journal before it exists: it is the window's."""

    name = "slot"
    server = Server.DEV
    description = "make the slot from which the stream starts, and export its snapshot"

    def observe(self, run: Run) -> bool:
        # Until the reconcile has committed, a slot is worth nothing without its snapshot.
        return run.progress.reconciled_by is not None and slot.get(run.dev, run.names.common) is not None

    def do(self, run: Run) -> str:
        if not run.owns_slot and slot.get(run.dev, run.names.common) is not None:
            raise WrongState(
                f"slot {run.names.common} on dev may be another production's: an earlier version began the window, and "
                "nothing says that it had made the slot",
                hint="Give the window up with `disable --no-validate`, and open another.",
                code="not-ours",
            )
        slot.drop(run.dev, run.names.common)
        run.exported = ExportedSlot(
            run.servers.dev,
            CreateReplicationSlot(run.names.common),
            what=f"{run.names.window}/slot",
            waits=run.servers.waits,
        )
        slot.mark(run.dev, run.names.common)
        run.note(slot_lsn=run.exported.lsn)
        return f"from {run.exported.lsn}"

    def undo(self, run: Run) -> list[Removed]:
        run.release_snapshots()
        if not run.owns_slot and slot.get(run.dev, run.names.common) is not None:
            run.listener.say(f"warning: slot {run.names.common} on dev may be another production's: it stays")
            return []
        dropped = slot.drop(run.dev, run.names.common)
        return [Removed(server=Server.DEV, kind="slot", name=run.names.common)] if dropped else []

    def plan(self, run: Run, foreseen: Foreseen) -> Iterator[Planned]:
        yield Planned(run.dev, CreateReplicationSlot(run.names.common))
        if slot.may_mark(run.dev):
            yield Planned(run.dev, slot.mark_statement(run.names.common))
        yield noted(run, "set_progress")

    def work(self, run: Run, foreseen: Foreseen) -> Work:
        return Work(waits=True)  # for every transaction that has written on dev and is open


class Subscription(Step):
    """The subscription, owned by the apply role before its first worker starts."""

    name = "subscription"
    server = Server.PROD
    description = "subscribe as the role that may write content and nothing else, and start the stream"

    def observe(self, run: Run) -> bool:
        found = subscription.get(run.writer, run.names.common)
        return found is not None and found.enabled and found.owner == run.worker_role

    def do(self, run: Run) -> str:
        subscription.drop(run.writer, run.names.common)
        keep_statements_out_of_log(run.writer)
        with run.writer.transaction():
            before = str(run.writer.value("SELECT pg_catalog.pg_current_wal_insert_lsn()::text"))
            oid = subscription.create(
                run.writer, run.names.common, run.servers.stream, run.dev.version, run.worker_role
            )
            number = origins.origin_id(run.writer, origins.worker_origin(oid))
            run.note(subscription_oid=oid, subscribed_at=before, worker_origin=number)
        found = subscription.get(run.writer, run.names.common)
        assert found is not None
        subscription.enable(run.writer, found)
        return f"owned by {run.worker_role}"

    def undo(self, run: Run) -> list[Removed]:
        dropped = subscription.drop(run.writer, run.names.common)
        return [Removed(server=Server.PROD, kind="subscription", name=run.names.common)] if dropped else []

    def plan(self, run: Run, foreseen: Foreseen) -> Iterator[Planned]:
        for statement in quiet_statements(run.writer):
            yield Planned(run.writer, statement)
        made = subscription.create_statement(run.writer, run.names.common, run.servers.stream, run.dev.version)
        yield Planned(run.writer, made)
        if run.worker_role != run.writer.role:
            yield Planned(run.writer, subscription.owner_statement(run.names.common, run.worker_role))
        yield noted(run, "set_progress")
        yield Planned(run.writer, subscription.enable_statement(run.names.common))

    def locks(self, run: Run, foreseen: Foreseen) -> Iterator[PlannedLock]:
        yield lock(Server.PROD, ACCESS_SHARE, run.scope.names)
        # From here on, for each transaction that is streamed; what it wrote decides on which of them.
        yield lock(Server.PROD, ROW_EXCLUSIVE, run.scope.names)
