"""The publication on dev."""

from __future__ import annotations

from collections.abc import Iterable

from egrow_replica.catalog import ContentTable, Scope
from egrow_replica.db import SQL, Composed, Door, Identifier, Literal, columns, query, relation
from egrow_replica.errors import PreflightFailed
from egrow_replica.model import Model, QualifiedName, TableName


class PublishedTable(Model):
    """A table that a publication resolves to."""

    name: TableName
    columns: tuple[str, ...]


def create_statement(name: str, scope: Scope, operations: Iterable[str]) -> Composed:
    """``CREATE PUBLICATION … FOR TABLE ONLY …``."""
    return query(
        "replication/create_publication",
        publication=Identifier(name),
        tables=SQL(", ").join(_published(table) for table in scope.tables),
        operations=Literal(", ".join(operations)),
    )


def _published(table: ContentTable) -> Composed:
    published = SQL("ONLY {} ({})").format(relation(table.name), columns(table.column_names))
    if table.filter is None:
        return published
    # The filter was vetted as an expression of its own, so it cannot leave its parentheses.
    return SQL("{} WHERE ({})").format(published, SQL(table.filter))


def exists(dev: Door, name: str) -> bool:
    """Whether dev has a publication of that name."""
    return bool(dev.value(query("replication/publication_exists"), [name]))


def published_tables(dev: Door, name: str) -> dict[QualifiedName, PublishedTable]:
    """What the publication publishes, as the server resolves it."""
    tables = dev.rows(PublishedTable, query("replication/published_tables"), [name])
    return {table.name: table for table in tables}


def create(dev: Door, name: str, scope: Scope, operations: Iterable[str]) -> None:
    """Make it and see what the server made of it, in one transaction.

    :raises PreflightFailed: it publishes other tables or columns than it was told to.
    """
    with dev.transaction():
        dev.execute(create_statement(name, scope, operations))
        found = published_tables(dev, name)
        wanted = {table.name: set(table.column_names) for table in scope.tables}
        if {table: set(published.columns) for table, published in found.items()} != wanted:
            raise PreflightFailed(
                f"dev resolves publication {name} to other tables or columns than it was made for: "
                + ", ".join(map(str, found)),
                hint="Look for inheritance children and partitions of the content tables on dev.",
            )


def drop(dev: Door, name: str) -> bool:
    """Remove it; whether it was there."""
    there = exists(dev, name)
    if there:
        dev.execute(query("replication/drop_publication", publication=Identifier(name)))
    return there
