"""The publication on dev."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from egrow_replica.catalog import ContentTable, Scope
from egrow_replica.db import SQL, Composed, Door, Identifier, Literal, columns, query, relation
from egrow_replica.errors import PreflightFailed, WrongState
from egrow_replica.model import Model, QualifiedName, TableName
from egrow_replica.replication.names import ObjectNames, is_owner


class Ownership(StrEnum):
    """Whose a publication with the name of a window's is, by its comment."""

    OURS = "ours"
    #: Somebody took the comment away or wrote another, or an earlier version made it: only the name speaks for us.
    UNMARKED = "unmarked"
    ANOTHERS = "another's"


class PublishedTable(Model):
    """A table that a publication resolves to.

    :ivar filter: the row filter, as the server writes it.
    :ivar entry_oid: of the table's own entry in the publication, ``entry_version`` its ``xmin``; none where the table
        comes with others.
    """

    name: TableName
    columns: tuple[str, ...]
    filter: str | None
    table_oid: int
    entry_oid: int | None
    entry_version: str | None


class _Publication(Model):
    oid: int
    version: str
    operations: tuple[str, ...]
    via_root: bool


class Published(_Publication):
    """A publication as dev's catalogs have it; what they had when it was made stands in the journal.

    :ivar version: ``xmin`` of its own row, so that an ALTER shows that was taken back.
    :ivar via_root: ``publish_via_partition_root``.
    """

    tables: tuple[PublishedTable, ...]

    def table(self, name: QualifiedName) -> PublishedTable | None:
        """What it publishes of a table, ``None`` where that is nothing."""
        return next((table for table in self.tables if table.name == name), None)


class DifferenceKind(StrEnum):
    """How a publication is not what a window needs."""

    GONE = "gone"
    REMADE = "remade"
    ALTERED = "altered"
    OPERATIONS = "operations"
    VIA_ROOT = "via-root"
    MISSING_TABLE = "missing-table"
    EXTRA_TABLE = "extra-table"
    COLUMNS = "columns"
    FILTER = "filter"
    OTHER_TABLE = "other-table"
    ENTERED_AGAIN = "entered-again"


#: What concerns a whole publication: its entries, and so the columns of every table, may have been any meanwhile.
_OF_ALL_TABLES = frozenset({DifferenceKind.GONE, DifferenceKind.REMADE})
#: What cannot have changed which columns of a table travel.
_NOT_OF_COLUMNS = frozenset({DifferenceKind.ALTERED, DifferenceKind.OPERATIONS, DifferenceKind.VIA_ROOT})


class Difference(Model):
    """One way in which a publication is not what it was made for.

    :ivar table: what it is about; ``None``: the publication itself.
    """

    kind: DifferenceKind
    publication: str
    table: TableName | None = None
    detail: str = ""

    def may_have_sent(self, table: QualifiedName) -> bool:
        """Whether other columns of this table than the window's may have travelled."""
        if self.kind in _OF_ALL_TABLES:
            return True
        return self.table == table and self.kind not in _NOT_OF_COLUMNS

    def __str__(self) -> str:
        return _SENTENCES[self.kind].format(
            publication=f"publication {self.publication}", table=self.table, detail=self.detail
        )


_SENTENCES = {
    DifferenceKind.GONE: "{publication} is gone on dev",
    DifferenceKind.REMADE: "{publication} on dev was dropped and made anew",
    DifferenceKind.ALTERED: "{publication} on dev was altered since the window made it, and may have been altered back",
    DifferenceKind.OPERATIONS: "{publication} on dev publishes other operations: {detail}",
    DifferenceKind.VIA_ROOT: "{publication} on dev has another publish_via_partition_root",
    DifferenceKind.MISSING_TABLE: "{publication} on dev does not publish {table} any more: its changes are being lost",
    DifferenceKind.EXTRA_TABLE: "{publication} on dev publishes {table} too, which the window does not",
    DifferenceKind.COLUMNS: "{publication} on dev publishes other columns of {table}: {detail}",
    DifferenceKind.FILTER: "{publication} on dev has another row filter for {table}",
    DifferenceKind.OTHER_TABLE: "{table} on dev is another table than the one that {publication} was made for",
    DifferenceKind.ENTERED_AGAIN: "{publication} on dev was altered for {table}, and may have been altered back",
}


def create_statements(names: ObjectNames, scope: Scope, operations: Iterable[str]) -> tuple[Composed, Composed]:
    """``CREATE PUBLICATION … FOR TABLE ONLY …``, and the comment that says whose it is."""
    publication = Identifier(names.common)
    made = query(
        "replication/create_publication",
        publication=publication,
        tables=SQL(", ").join(_published(table) for table in scope.tables),
        operations=Literal(", ".join(operations)),
    )
    return made, query("replication/comment_publication", publication=publication, owner=Literal(names.owner))


def _published(table: ContentTable) -> Composed:
    published = SQL("ONLY {} ({})").format(relation(table.name), columns(table.column_names))
    if table.filter is None:
        return published
    # The filter was vetted as an expression of its own, so it cannot leave its parentheses.
    return SQL("{} WHERE ({})").format(published, SQL(table.filter))


def ownership(dev: Door, names: ObjectNames) -> Ownership | None:
    """Whose dev's publication of that name is; ``None`` where there is none."""
    found = dev.values(query("replication/publication_comment"), [names.common])
    if not found:
        return None
    if found[0] == names.owner:
        return Ownership.OURS
    return Ownership.ANOTHERS if is_owner(found[0] or "") else Ownership.UNMARKED


def is_ours(dev: Door, names: ObjectNames, made: Published | None) -> bool:
    """Whether dev has a publication of that name which may be removed: its comment says so, or it is the one we made.

    :param made: as it was when it was made; unknown in windows of an earlier version, where the name has to do.
    """
    whose = ownership(dev, names)
    if whose is Ownership.UNMARKED and made is not None:
        found = read(dev, names.common)
        return found is not None and found.oid == made.oid
    return whose in (Ownership.OURS, Ownership.UNMARKED)


def refuse_anothers(dev: Door, names: ObjectNames) -> bool:
    """See that dev's publication of that name, if there is one, is not another window's. Return whether there is one.

    :raises WrongState: it is another's.
    """
    found = ownership(dev, names)
    if found is Ownership.ANOTHERS:
        raise WrongState(
            f"publication {names.common} on dev says that it is another window's",
            hint="Read its comment on dev (\\dRp+): nothing of it is used or removed.",
            code="not-ours",
        )
    return found is not None


def read(dev: Door, name: str) -> Published | None:
    """The publication as the server resolves it, ``None`` where there is none of that name."""
    for own in dev.rows(_Publication, query("replication/publication"), [name]):
        tables = dev.rows(PublishedTable, query("replication/published_tables"), [name])
        return Published(**own.model_dump(), tables=tuple(tables))
    return None


def differences(
    dev: Door, name: str, scope: Scope, operations: Iterable[str], made: Published | None
) -> tuple[Difference, ...]:
    """In what the publication is not, or has not been all the time, what the window made it for.

    :param made: as it was when it was made; ``None`` where nobody noted it: then only the present state is judged.
    """
    found = read(dev, name)
    if found is None:
        return (Difference(kind=DifferenceKind.GONE, publication=name),)
    return tuple(
        Difference(kind=kind, publication=name, table=table, detail=detail)
        for kind, table, detail in (*_now(found, scope, set(operations), made), *_since(found, made))
    )


_Found = tuple[DifferenceKind, QualifiedName | None, str]


def _now(found: Published, scope: Scope, operations: set[str], made: Published | None) -> Iterator[_Found]:
    """What is not as the window needs it."""
    if set(found.operations) != operations:
        yield DifferenceKind.OPERATIONS, None, ", ".join(found.operations) or "none"
    if not found.via_root:
        yield DifferenceKind.VIA_ROOT, None, ""
    for table in scope.tables:
        published = found.table(table.name)
        if published is None:
            yield DifferenceKind.MISSING_TABLE, table.name, ""
            continue
        if set(published.columns) != set(table.column_names):
            yield DifferenceKind.COLUMNS, table.name, _other_columns(published, table)
        if not _same_filter(published, table, made.table(table.name) if made is not None else None):
            yield DifferenceKind.FILTER, table.name, ""
    for published in found.tables:
        if published.name not in scope.names:
            yield DifferenceKind.EXTRA_TABLE, published.name, ""


def _other_columns(published: PublishedTable, table: ContentTable) -> str:
    more = sorted(set(published.columns) - set(table.column_names))
    fewer = sorted(set(table.column_names) - set(published.columns))
    parts = [f"{', '.join(more)} too"] if more else []
    parts += [f"not {', '.join(fewer)}"] if fewer else []
    return "; ".join(parts)


def _same_filter(published: PublishedTable, table: ContentTable, made: PublishedTable | None) -> bool:
    """The server writes an expression in its own words, so only what it said then can be compared."""
    if made is not None:
        return published.filter == made.filter
    return (published.filter is None) == (table.filter is None)


def _since(found: Published, made: Published | None) -> Iterator[_Found]:
    """What was done to it, whatever it is like now."""
    if made is None:
        return
    if found.oid != made.oid:
        yield DifferenceKind.REMADE, None, ""
        return
    if found.version != made.version:
        yield DifferenceKind.ALTERED, None, ""
    for was in made.tables:
        now = found.table(was.name)
        if now is None:
            continue
        if now.table_oid != was.table_oid:
            yield DifferenceKind.OTHER_TABLE, was.name, ""
        elif (now.entry_oid, now.entry_version) != (was.entry_oid, was.entry_version):
            yield DifferenceKind.ENTERED_AGAIN, was.name, ""


def create(dev: Door, names: ObjectNames, scope: Scope, operations: tuple[str, ...]) -> Published:
    """Make it, say whose it is, and see what the server made of it, in one transaction.

    :raises PreflightFailed: it publishes something else than it was told to.
    """
    with dev.transaction():
        for statement in create_statements(names, scope, operations):
            dev.execute(statement)
        made = read(dev, names.common)
        assert made is not None, "it was just made"
        wrong = differences(dev, names.common, scope, operations, made)
        if wrong:
            raise PreflightFailed(
                "dev resolves the publication to something else than it was made for: " + "; ".join(map(str, wrong)),
                hint="Look for inheritance children and partitions of the content tables on dev.",
            )
    return made


def drop(dev: Door, names: ObjectNames) -> bool:
    """Remove it. Return whether it was there.

    :raises WrongState: it is another window's.
    """
    return refuse_anothers(dev, names) and remove(dev, names.common)


def remove(dev: Door, name: str) -> bool:
    """Remove a publication that is known to be ours. Return whether it was there."""
    there = bool(dev.values(query("replication/publication_comment"), [name]))
    if there:
        dev.execute(query("replication/drop_publication", publication=Identifier(name)))
    return there
