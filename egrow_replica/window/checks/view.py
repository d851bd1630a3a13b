"""What the checks look at: both servers as far as they answer, each thing read once and only when it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property

from egrow_replica.catalog import (
    ForeignKey,
    OwnedSequence,
    Relation,
    Scope,
    ServerFacts,
    Table,
    content_table,
    protected,
    read_foreign_keys,
    read_owned_sequences,
    read_relations,
    read_server_facts,
    read_tables,
)
from egrow_replica.catalog.conditions import (
    ACCESS_EXCLUSIVE,
    OwnConnection,
    RoleSetting,
    SettingValue,
    read_hidden_by_row_security,
    read_own_connection,
    read_role_settings,
    read_settings,
    read_table_locks,
)
from egrow_replica.catalog.definitions import Definitions, read_definitions
from egrow_replica.db import Door, Dsn, Literal, parse_dsn, query
from egrow_replica.db.connect import PINNED
from egrow_replica.effects.facts import EffectFacts
from egrow_replica.effects.read import read_effects
from egrow_replica.errors import Refused, ServerUnavailable, StatementFailed
from egrow_replica.evidence import touching
from egrow_replica.guard import vet_filter
from egrow_replica.model import QualifiedName, Server
from egrow_replica.settings import Settings, dev_dsn, prod_dsn, stream_dsn
from egrow_replica.window.journal import Window

#: The settings that some check asks for, read together.
_SETTINGS = (
    "wal_level",
    "effective_wal_level",
    "output_plugin_libraries",
    "max_slot_wal_keep_size",
    "idle_replication_slot_timeout",
    "max_sync_workers_per_subscription",
    "track_counts",
    "log_statement",
    "log_min_duration_statement",
    "log_min_error_statement",
    "log_transaction_sample_rate",
    "log_min_duration_sample",
    "log_parameter_max_length",
    "log_parameter_max_length_on_error",
    "pg_stat_statements.track_utility",
    "pg_stat_statements.track",
    "auto_explain.log_min_duration",
)
#: What a role or a database may have been given that ends a copy, a stream or a connection that waits.
TIMEOUTS = (
    "statement_timeout",
    "idle_in_transaction_session_timeout",
    "transaction_timeout",
    "lock_timeout",
    "idle_session_timeout",
)


#: How long an inspection waits for a lock, and how long once one was waited for in vain: there may be many of them, and
#: who holds it is known by then. Then how long reading a catalog may take.
LOOK_LOCK, HURRIED_LOCK, LOOK_STATEMENT = "2s", "200ms", "2min"
_LOCK, _STATEMENT = PINNED["lock_timeout"], PINNED["statement_timeout"]


class View:
    """Both servers.

    :ivar doors: those that answered.
    :ivar windows: what production's journal knows.
    :ivar whole_backup: the whole database is to be dumped.
    """

    def __init__(
        self,
        doors: dict[Server, Door],
        settings: Settings,
        windows: Iterable[Window] = (),
        *,
        whole_backup: bool = True,
    ) -> None:
        self.doors = doors
        self.settings = settings
        self.windows = tuple(windows)
        self.whole_backup = whole_backup
        self._read: dict[tuple[str, Server], object] = {}

    def has(self, server: Server) -> bool:
        """Whether it can be asked."""
        return server in self.doors

    def door(self, server: Server) -> Door:
        """The connection to it.

        :raises ServerUnavailable: it did not answer, or went away meanwhile.
        """
        if server not in self.doors:
            raise ServerUnavailable(f"{server} does not answer")
        return self.doors[server]

    @property
    def dev(self) -> Door:
        """The connection to dev."""
        return self.door(Server.DEV)

    @property
    def prod(self) -> Door:
        """The connection to production."""
        return self.door(Server.PROD)

    def dsn(self, server: Server) -> Dsn:
        """How we reach it."""
        secret = dev_dsn(self.settings) if server is Server.DEV else prod_dsn(self.settings)
        return parse_dsn(secret, name=server)

    @cached_property
    def stream(self) -> Dsn:
        """How production reaches dev."""
        return parse_dsn(stream_dsn(self.settings), name="dev, from production")

    @property
    def content(self) -> tuple[QualifiedName, ...]:
        """The content tables, as configured."""
        return self.settings.tables.all_content

    # ----------------------------------------------------------------------------------------------------------- bounds

    @contextmanager
    def briefly(self) -> Iterator[None]:
        """As long as the block runs, no inspection waits long for a lock, and none that reads no rows takes long."""
        self._bound(LOOK_LOCK, LOOK_STATEMENT)
        try:
            yield
        finally:
            self._bound(_LOCK, _STATEMENT)

    @contextmanager
    def at_length(self) -> Iterator[None]:
        """As long as the block runs, a statement may take as long as the rows need that it reads."""
        self._bound(None, _STATEMENT)
        try:
            yield
        finally:
            self._bound(None, LOOK_STATEMENT)

    def hurry(self) -> None:
        """A lock was waited for in vain: others that need it too shall not wait as long."""
        self._bound(HURRIED_LOCK, None)

    def _bound(self, lock: str | None, statement: str | None) -> None:
        for door in self.doors.values():
            # Whoever needs it notices that it is gone; a transaction that has failed takes its settings back itself.
            with suppress(ServerUnavailable, StatementFailed):
                if lock is not None:
                    door.execute(query("waits/set_lock_timeout", milliseconds=Literal(lock)))
                if statement is not None:
                    door.execute(query("waits/set_statement_timeout", milliseconds=Literal(statement)))

    # --------------------------------------------------------------------------------------------------- a server's own

    def held_tables(self, server: Server) -> list[int]:
        """What of it nobody can read at this moment, not even how large it is; where that can be known."""
        if (known := self._read.get(("held", server))) is None:
            try:
                found = read_table_locks(self.door(server), [ACCESS_EXCLUSIVE])
            except StatementFailed:
                if self.door(server).transaction_failed:
                    raise  # whatever is asked next in this transaction would only say that
                found = []  # the check ``locks`` says why
            known = self._read["held", server] = sorted({one.table_oid for one in found})
        assert isinstance(known, list)
        return known

    def facts(self, server: Server) -> ServerFacts:
        """Who it is and what our login may do there."""
        if (known := self._read.get(("facts", server))) is None:
            known = self._read["facts", server] = read_server_facts(self.door(server))
        assert isinstance(known, ServerFacts)
        return known

    def server_settings(self, server: Server) -> dict[str, SettingValue]:
        """Its settings, those that it has, by name."""
        if (known := self._read.get(("settings", server))) is None:
            known = self._read["settings", server] = read_settings(self.door(server), _SETTINGS)
        assert isinstance(known, dict)
        return known

    def own_connection(self, server: Server) -> OwnConnection:
        """How our connection to it travels."""
        return read_own_connection(self.door(server))

    def role_settings(self, server: Server, roles: Iterable[str]) -> list[RoleSetting]:
        """The time-outs that these roles, this database or everybody were given."""
        return read_role_settings(self.door(server), roles, TIMEOUTS)

    def relations(self, server: Server) -> dict[QualifiedName, Relation]:
        """Its relations by name."""
        if (known := self._read.get(("relations", server))) is None:
            known = self._read["relations", server] = read_relations(self.door(server), held=self.held_tables(server))
        assert isinstance(known, dict)
        return known

    def content_relations(self, server: Server) -> list[Relation]:
        """Those of its relations that are configured as content."""
        relations = self.relations(server)
        return [relations[name] for name in self.content if name in relations]

    def bystanders(self, server: Server) -> list[Relation]:
        """Its tables with rows of their own that are not content: users' and what nobody classified."""
        return protected(self.relations(server).values(), self.content)

    def tables(self, server: Server) -> dict[QualifiedName, Table]:
        """Its content tables with columns and keys."""
        if (known := self._read.get(("tables", server))) is None:
            known = self._read["tables", server] = read_tables(self.door(server), self.content_relations(server))
        assert isinstance(known, dict)
        return known

    def definitions(self, server: Server) -> Definitions:
        """Its content tables as they are defined."""
        if (known := self._read.get(("definitions", server))) is None:
            known = self._read["definitions", server] = read_definitions(
                self.door(server), self.content_relations(server)
            )
        assert isinstance(known, Definitions)
        return known

    # ------------------------------------------------------------------------------------------------------------- both

    @cached_property
    def foreign_keys(self) -> list[ForeignKey]:
        """Production's foreign keys."""
        return read_foreign_keys(self.prod)

    @cached_property
    def effects(self) -> EffectFacts:
        """What a write to content sets in motion on production."""
        return read_effects(self.prod, self.scope)

    @cached_property
    def hidden_on_dev(self) -> list[QualifiedName]:
        """Content tables whose rows row security hides from our login on dev."""
        return read_hidden_by_row_security(self.dev, [one.oid for one in self.content_relations(Server.DEV)])

    @cached_property
    def dev_foreign_keys(self) -> list[ForeignKey]:
        """Dev's foreign keys."""
        return read_foreign_keys(self.dev)

    @cached_property
    def scope(self) -> Scope:
        """The content as it travels: what both sides have, with a key."""
        return build_scope(
            self.prod, self.settings, self.tables(Server.DEV), self.tables(Server.PROD), self.foreign_keys
        )


def build_scope(
    prod: Door,
    settings: Settings,
    dev_tables: dict[QualifiedName, Table],
    prod_tables: dict[QualifiedName, Table],
    foreign_keys: Iterable[ForeignKey],
) -> Scope:
    """The content as it travels: what both sides have, with a key."""
    own = settings.tables.all_production_columns
    tables = []
    for name in settings.tables.all_content:
        dev_table, prod_table = dev_tables.get(name), prod_tables.get(name)
        if dev_table is None or prod_table is None:
            continue
        table = content_table(dev_table, prod_table, own.get(name, ()), _filter_of(settings, name))
        if table is not None:
            tables.append(table)
    sequences: list[OwnedSequence] = read_owned_sequences(prod, [table.oid for table in tables])
    return Scope(
        tables=tuple(tables),
        sequences=tuple(sequences),
        foreign_keys=touching(foreign_keys, [table.name for table in tables]),
    )


def _filter_of(settings: Settings, table: QualifiedName) -> str | None:
    """A table's filter as it is sent; one that the guard refuses is a finding of its own, and stays as it was."""
    text = settings.tables.filters.get(table)
    if text is not None:
        with suppress(Refused):
            return vet_filter(text, table=table)
    return text
