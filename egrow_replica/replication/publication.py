"""The publication on dev."""

from __future__ import annotations

from collections.abc import Iterable
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
    """A table that a publication resolves to."""

    name: TableName
    columns: tuple[str, ...]


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


def published_tables(dev: Door, name: str) -> dict[QualifiedName, PublishedTable]:
    """What the publication publishes, as the server resolves it."""
    tables = dev.rows(PublishedTable, query("replication/published_tables"), [name])
    return {table.name: table for table in tables}


def create(dev: Door, names: ObjectNames, scope: Scope, operations: Iterable[str]) -> None:
    """Make it, say whose it is, and see what the server made of it, in one transaction.

    :raises PreflightFailed: it publishes other tables or columns than it was told to.
    """
    with dev.transaction():
        for statement in create_statements(names, scope, operations):
            dev.execute(statement)
        found = published_tables(dev, names.common)
        wanted = {table.name: set(table.column_names) for table in scope.tables}
        if {table: set(published.columns) for table, published in found.items()} != wanted:
            raise PreflightFailed(
                f"dev resolves publication {names.common} to other tables or columns than it was made for: "
                + ", ".join(map(str, found)),
                hint="Look for inheritance children and partitions of the content tables on dev.",
            )


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
