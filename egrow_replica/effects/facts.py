"""What is known of a server for judging what it would do on its own. ``effects.read`` fills it.

Every relation and function is named by its oid; what is built in is named, where it matters, by its name.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from egrow_replica.catalog.planned import PlannedCall
from egrow_replica.model import Model, QualifiedName, TableName


class Mode(StrEnum):
    """Under which circumstances a write happens: they decide which triggers fire."""

    #: The apply worker: row triggers that are ENABLE REPLICA or ALWAYS; no rules, no foreign keys.
    APPLY = "apply"
    #: Our own statements under ``session_replication_role = replica``; statement triggers and rules R and A too.
    REPLICA = "replica"
    #: An ordinary connection: what is ENABLE (origin) or ALWAYS, rules, foreign keys and their actions.
    ORDINARY = "ordinary"

    @property
    def firing(self) -> frozenset[str]:
        """The values of ``tgenabled``, ``ev_enabled`` and ``evtenabled`` that fire."""
        return frozenset("OA" if self is Mode.ORDINARY else "RA")


class Command(StrEnum):
    """What is done to a row of content."""

    INSERT = "insert"
    #: An UPDATE that leaves the key alone.
    UPDATE = "update"
    UPDATE_KEY = "update_key"
    DELETE = "delete"

    @property
    def event(self) -> str:
        """The event as triggers and rules name it."""
        return "update" if self is Command.UPDATE_KEY else self.value


class ObjectId(NamedTuple):
    """An object of the database: the catalog that it stands in, and its oid there."""

    catalog: str
    oid: int


#: Oids from here on are not built in.
FIRST_NORMAL_OID = 16384
#: Stands for everything that a text can use without naming a function.
IMPLICIT = ObjectId("implicit", 0)


class Link(Model):
    """One object needs another to run, or has it as a part.

    :ivar of_catalog: ``""``: everything begins with the target.
    :ivar kind: why: column, default, check, index, needs, calls, support …
    :ivar name: of the part, or of a function.
    """

    of_catalog: str
    of_oid: int
    catalog: str
    oid: int
    kind: str
    name: str

    @property
    def source(self) -> ObjectId:
        """What needs."""
        return ObjectId(self.of_catalog, self.of_oid)

    @property
    def target(self) -> ObjectId:
        """What is needed."""
        return ObjectId(self.catalog, self.oid)


class ContentFact(Model):
    """A content table, as the scope has it.

    :ivar columns: those that travel; every INSERT gives them a value.
    :ivar own: those whose values are production's own.
    """

    name: TableName
    oid: int
    columns: tuple[str, ...]
    key: tuple[str, ...]
    own: tuple[str, ...]


class RelationFact(Model):
    """A relation outside the system's schemas; ``kind`` and ``persistence`` as in ``pg_class``."""

    oid: int
    name: TableName
    kind: str
    persistence: str
    owner: str
    owner_is_trusted: bool
    row_security: bool


class InheritanceFact(Model):
    """A parent and its child; ``partition`` tells the two kinds apart."""

    parent: int
    child: int
    partition: bool


class TriggerFact(Model):
    """A trigger. Those of foreign keys are here only where somebody made them fire under replication.

    :ivar events: of insert, update, delete, truncate.
    :ivar columns: of ``UPDATE OF``, and those that a generated column among them is computed from; empty: any.
    :ivar arguments: that its function gets.
    """

    relation: int
    name: str
    enabled: str
    function: int
    builtin: str
    for_each_row: bool
    timing: str
    events: tuple[str, ...]
    columns: tuple[str, ...]
    arguments: tuple[str, ...]

    def fires(self, mode: Mode, event: str, columns: frozenset[str] | None) -> bool:
        """Whether it fires when a statement does this, to these columns (``None``: to any)."""
        if self.enabled not in mode.firing or event not in self.events:
            return False
        if mode is Mode.APPLY and not self.for_each_row:
            return False
        if event != "update" or not self.columns or columns is None:
            return True
        return not columns.isdisjoint(self.columns)


class RuleFact(Model):
    """A rewrite rule other than a view's own; ``definition`` is the whole CREATE RULE."""

    relation: int
    name: str
    enabled: str
    event: str
    definition: str


class ForeignKeyFact(Model):
    """A foreign key; actions as in ``pg_constraint``: a, r nothing; c cascade; n set null; d set default.

    :ivar delete_enabled: ``tgenabled`` of the trigger on the referenced table that carries the action out.
    """

    name: str
    table: int
    references: int
    on_delete: str
    on_update: str
    delete_enabled: str
    update_enabled: str


class FunctionFact(Model):
    """A function that is not built in, or a built-in that is not what the server was made with.

    :ivar arguments: their types as SQL writes them: with the name they tell it from every other.
    :ivar library: of a C function: the file as the catalog has it.
    :ivar extension: that a superuser's function belongs to, where libraries are looked for in the server's own place.
    :ivar symbol: of a C or internal function.
    :ivar settings: ``proconfig``.
    :ivar one_argument: it can be called with one: ``(value).name`` may call it.
    :ivar shadows: a built-in function has the same name.
    """

    oid: int
    name: TableName
    arguments: str
    language: str
    kind: str
    security_definer: bool
    library: str
    extension: str | None
    symbol: str
    settings: tuple[str, ...]
    one_argument: bool
    shadows: bool

    def setting(self, name: str) -> str | None:
        """A setting that holds while the function runs."""
        for setting in self.settings:
            key, _, value = setting.partition("=")
            if key.lower() == name:
                return value
        return None


class BodyFact(Model):
    """The text of a function: its whole definition, and its source where the language keeps one."""

    oid: int
    definition: str
    source: str


class EventTriggerFact(Model):
    """An event trigger; ``tags``: empty means every command."""

    name: str
    event: str
    enabled: str
    tags: tuple[str, ...]
    function: int
    builtin: str


class SequenceFact(Model):
    """A sequence that a column's default takes values from, where it is content's sequence or content's column.

    :ivar relation: the table whose column uses it; ``owner``: the table that it belongs to, ``None``: to none.
    """

    name: TableName
    relation: int
    column: str
    owner: int | None


class EffectFacts(Model):
    """Everything at once.

    :ivar role: who we are logged in as.
    :ivar own_schema: the controller's schema, whatever it holds.
    :ivar links: what objects need, as far as anybody asked (``checks.unread``).
    :ivar planned: what runs when tables are planned.
    """

    role: str
    own_schema: str
    content: tuple[ContentFact, ...]
    relations: tuple[RelationFact, ...]
    inheritance: tuple[InheritanceFact, ...]
    triggers: tuple[TriggerFact, ...]
    rules: tuple[RuleFact, ...]
    foreign_keys: tuple[ForeignKeyFact, ...]
    functions: tuple[FunctionFact, ...]
    bodies: tuple[BodyFact, ...]
    links: tuple[Link, ...]
    event_triggers: tuple[EventTriggerFact, ...]
    sequences: tuple[SequenceFact, ...]
    planned: tuple[PlannedCall, ...] = ()

    @cached_property
    def by_name(self) -> dict[QualifiedName, RelationFact]:
        """Relations by name."""
        return {relation.name: relation for relation in self.relations}
