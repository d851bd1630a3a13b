"""What a connection may do. A policy is data: the rules read it, nothing else decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from egrow_replica.errors import Refused
from egrow_replica.guard.names import read_name
from egrow_replica.guard.statements import StatementKind as Kind
from egrow_replica.model import QualifiedName

Name = QualifiedName | str

#: Words that PostgreSQL reads as something else than a name.
_NOT_NAMES = frozenset({"", "none", "default", "current_user", "session_user", "current_role"})

_READING = frozenset({Kind.SELECT, Kind.COPY, Kind.EXPLAIN, Kind.SHOW})
_WRITING = frozenset({Kind.INSERT, Kind.UPDATE, Kind.DELETE, Kind.MERGE})
_SESSION = frozenset({Kind.TRANSACTION, Kind.SET})
_WINDOW = frozenset(
    {
        Kind.SET_CONSTRAINTS,
        Kind.LOCK,
        Kind.ANALYZE,
        Kind.CREATE_SCHEMA,
        Kind.CREATE_TABLE,
        Kind.CREATE_TABLE_AS,
        Kind.ALTER_TABLE,
        Kind.CREATE_INDEX,
        Kind.DROP,
        Kind.CREATE_SUBSCRIPTION,
        Kind.ALTER_SUBSCRIPTION,
        Kind.ALTER_OWNER,
        Kind.DROP_SUBSCRIPTION,
    }
)
_PUBLISHER = frozenset({Kind.CREATE_PUBLICATION, Kind.DROP, Kind.COMMENT})
_SETUP = frozenset(
    {
        Kind.CREATE_ROLE,
        Kind.ALTER_ROLE,
        Kind.DROP_ROLE,
        Kind.GRANT,
        Kind.GRANT_ROLE,
        Kind.DEFAULT_PRIVILEGES,
        Kind.CREATE_SCHEMA,
        Kind.CREATE_EXTENSION,
        Kind.CREATE_TABLE,
        Kind.ALTER_TABLE,
        Kind.ALTER_OWNER,
        Kind.DROP,
        Kind.DROP_OWNED,
    }
)
_MAINTENANCE = frozenset({Kind.INSERT, Kind.UPDATE, Kind.ALTER_ROLE_SET})


class Purpose(StrEnum):
    """What a connection is for."""

    CONTENT = "content"
    READING = "reading"
    EVIDENCE = "evidence"
    WINDOW = "window"
    REHEARSAL = "rehearsal"
    PUBLISHER = "publisher"
    SETUP = "setup"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Policy:
    """What is allowed. Made by one of the ``for_…`` constructors, never field by field.

    :ivar purpose: decides what goes beyond kinds and names: a replica role, locks, sequences and slots are a window's.
    :ivar kinds: the kinds of statement.
    :ivar content: the tables whose rows may be written.
    :ivar types: user-defined types (of content columns) that an expression may name.
    :ivar own_schema: the controller's schema; its tables may be written and created.
    :ivar temporary: whether ``pg_temp.…`` tables may be made and written.
    :ivar sequences: the sequences that ``setval`` may move.
    :ivar roles: the roles that may be taken on (window) or managed (setup).
    :ivar journal_owners: roles that setup may give the controller's own schema and its tables to.
    :ivar owners: roles whose membership setup may give to ``roles`` (development only: CREATE PUBLICATION needs it).
    :ivar table_owners: roles whose default privileges setup may set.
    :ivar held: the application's roles whose writes may be held in ``database``, and whose sessions may be ended.
    :ivar keeper: the role that holds them where the login may not; setup makes it.
    """

    purpose: Purpose
    kinds: frozenset[Kind]
    content: frozenset[QualifiedName] = frozenset()
    types: frozenset[QualifiedName] = frozenset()
    own_schema: str | None = None
    temporary: bool = False
    sequences: frozenset[QualifiedName] = frozenset()
    subscription: str | None = None
    origin: str | None = None
    slot: str | None = None
    publication: str | None = None
    roles: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    journal_owners: frozenset[str] = frozenset()
    table_owners: frozenset[str] = frozenset()
    database: str | None = None
    schemas: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    keeper: str | None = None

    @classmethod
    def for_content(cls, content: Iterable[Name], *, types: Iterable[Name] = ()) -> Policy:
        """Read anything, write only these tables; no session, no schema change. The strictest that still writes."""
        return cls(Purpose.CONTENT, _READING | _WRITING, content=_names(content), types=_names(types))

    @classmethod
    def reading(cls, *, types: Iterable[Name] = ()) -> Policy:
        """Read anything inside transactions; write nothing."""
        return cls(Purpose.READING, _READING | _SESSION, types=_names(types))

    @classmethod
    def for_evidence(cls) -> Policy:
        """As :meth:`reading`, and mark a place in WAL, by a transaction that takes an id or writes an empty message."""
        return cls(Purpose.EVIDENCE, _READING | _SESSION)

    @classmethod
    def for_window(
        cls,
        *,
        content: Iterable[Name],
        sequences: Iterable[Name] = (),
        subscription: str | None = None,
        origin: str | None = None,
        slot: str | None = None,
        roles: Iterable[str] = (),
        own_schema: str = "egrow_replica",
        types: Iterable[Name] = (),
    ) -> Policy:
        """Production's writing connection: reconcile, restore, journal, subscription."""
        tables = _names(content)
        return cls(
            Purpose.WINDOW,
            _READING | _WRITING | _SESSION | _WINDOW,
            content=tables,
            types=_names(types),
            own_schema=_controllers_schema(own_schema, tables),
            temporary=True,
            sequences=_names(sequences),
            subscription=subscription or None,
            origin=origin or None,
            slot=slot or None,
            roles=_roles(roles),
        )

    @classmethod
    def for_rehearsal(
        cls, *, content: Iterable[Name], partitions: Iterable[Name] = (), origin: str | None, roles: Iterable[str]
    ) -> Policy:
        """Production's connection that plays what the stream will do: it writes content and commits nothing.

        :param partitions: those of content, each written by its own name, as the stream does.
        """
        window = cls.for_window(content=[*content, *partitions], origin=origin, roles=roles)
        kinds = _READING | _SESSION | {Kind.INSERT, Kind.UPDATE, Kind.DELETE, Kind.SET_CONSTRAINTS}
        return replace(window, purpose=Purpose.REHEARSAL, kinds=kinds)

    @classmethod
    def for_publisher(
        cls,
        *,
        content: Iterable[Name],
        publication: str | None = None,
        slot: str | None = None,
        types: Iterable[Name] = (),
    ) -> Policy:
        """Development's writing connection: one publication of content tables, one slot. It writes no row."""
        return cls(
            Purpose.PUBLISHER,
            _READING | _SESSION | _PUBLISHER,
            content=_names(content),
            types=_names(types),
            publication=publication or None,
            slot=slot or None,
        )

    @classmethod
    def for_setup(
        cls,
        *,
        content: Iterable[Name],
        sequences: Iterable[Name] = (),
        roles: Iterable[str] = (),
        database: str | None = None,
        schemas: Iterable[str] = (),
        owners: Iterable[str] = (),
        table_owners: Iterable[str] = (),
        own_schema: str | None = None,
        journal_owners: Iterable[str] = (),
        held: Iterable[str] = (),
        keeper: str | None = None,
    ) -> Policy:
        """An administrator's connection: the controller's roles and their privileges. It writes no row.

        :param own_schema: the controller's schema, whose tables may be made and given to one of ``journal_owners``.
        :param keeper: one of ``roles``, which alone may be given the power to set ``held`` roles' settings.
        """
        return cls(
            Purpose.SETUP,
            _READING | _SESSION | _SETUP,
            own_schema=_ordinary_schema(own_schema) if own_schema else None,
            journal_owners=_roles(journal_owners),
            content=_names(content),
            sequences=_names(sequences),
            roles=_roles(roles),
            owners=_roles(owners),
            table_owners=_roles(table_owners),
            database=database or None,
            schemas=_words(schemas),
            held=_roles(held),
            keeper=keeper or None,
        )

    @classmethod
    def for_maintenance(
        cls, *, held: Iterable[str], database: str, keeper: str, journal: Name = "egrow_replica.hold"
    ) -> Policy:
        """Production's connection that holds and releases writes: one setting of these roles in one database.

        :param journal: the one table that it writes; ``keeper``: the role that it may take on.
        """
        return cls(
            Purpose.MAINTENANCE,
            _READING | _SESSION | _MAINTENANCE,
            content=_names([journal]),
            roles=_roles([keeper]),
            database=database,
            held=_roles(held),
            keeper=keeper,
        )

    def may_write(self, relation: QualifiedName) -> bool:
        """Whether rows of this relation may be changed.

        ``pg_temp`` is an alias that PostgreSQL resolves to this session's own temporary schema.
        """
        if Kind.INSERT not in self.kinds:
            return False
        return relation in self.content or self.is_own(relation) or self.is_temporary(relation)

    def is_judged(self, kind: Kind, written: Iterable[QualifiedName]) -> bool:
        """Whether what a statement sets off has to be looked at before it commits: it writes or analyses content."""
        if not self.replays:
            return False
        return kind is Kind.ANALYZE or not (self.content | self.sequences).isdisjoint(written)

    @property
    def is_maintenance(self) -> bool:
        """Whether this is the connection that holds and releases writes."""
        return self.purpose is Purpose.MAINTENANCE

    @property
    def is_window(self) -> bool:
        """Whether this is production's writing connection, which alone keeps the journal."""
        return self.purpose is Purpose.WINDOW

    @property
    def replays(self) -> bool:
        """Whether this connection writes content as the stream does, under its role."""
        return self.purpose in (Purpose.WINDOW, Purpose.REHEARSAL)

    @property
    def commits(self) -> bool:
        """Whether a transaction may be more than rolled back."""
        return self.purpose is not Purpose.REHEARSAL

    def is_own(self, relation: QualifiedName) -> bool:
        """Whether the relation lies in the controller's schema."""
        return self.own_schema is not None and relation.schema == self.own_schema

    def is_temporary(self, relation: QualifiedName) -> bool:
        """Whether the relation is a temporary table of this session, and such tables are allowed."""
        return self.temporary and relation.schema == "pg_temp"

    def is_slot(self, name: str) -> bool:
        """Whether a replication slot is this window's: the slot itself or one that a re-base named after it."""
        return self.slot is not None and (name == self.slot or name.startswith(f"{self.slot}_"))


def _names(values: Iterable[Name]) -> frozenset[QualifiedName]:
    if isinstance(values, str):
        raise TypeError("a list of names is needed, not one text")
    names = frozenset(value if isinstance(value, QualifiedName) else read_name(value) for value in values)
    for name in sorted(names):
        _ordinary_schema(name.schema)
    return names


def _words(values: Iterable[str]) -> frozenset[str]:
    if isinstance(values, str):
        raise TypeError("a list of names is needed, not one text")
    words = frozenset(values)
    for word in sorted(words):
        if word in _NOT_NAMES or word.startswith("pg_"):
            raise Refused("policy", f"{word!r} cannot be allowed: it is not the name of one role or schema")
    return words


def _roles(values: Iterable[str]) -> frozenset[str]:
    roles = _words(values)
    if "public" in roles:
        raise Refused("policy", "'public' cannot be allowed: as a role it means everybody")
    return roles


def _controllers_schema(schema: str, content: frozenset[QualifiedName]) -> str:
    """Every table of it may be written, so nobody else's table may live there."""
    if schema == "public" or any(name.schema == schema for name in content):
        raise Refused("policy", f"the schema {schema!r} holds other tables than the controller's")
    return _ordinary_schema(schema)


def _ordinary_schema(schema: str) -> str:
    if schema in ("", "information_schema") or schema.startswith("pg_"):
        raise Refused("policy", f"nothing in the schema {schema!r} can be content: it belongs to the server")
    return schema
