"""Checks of the configured tables: that they are there, what they are, by which key their rows are told apart."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator

from egrow_replica.catalog import Relation, Table
from egrow_replica.catalog.conditions import read_invalid_indexes, read_rules
from egrow_replica.errors import Refused
from egrow_replica.guard import filter_columns, vet_filter
from egrow_replica.model import Check, QualifiedName, Server, Side
from egrow_replica.window.checks.base import error, info, inspection, warning
from egrow_replica.window.checks.remedies import alter_table, name, names
from egrow_replica.window.checks.remedies import table as quoted
from egrow_replica.window.checks.view import View

DEV, PROD = Server.DEV, Server.PROD
_KINDS = {"v": "a view", "m": "a materialised view", "f": "a foreign table"}


@inspection("unknown-table", DEV, PROD, subject="content", fine="every content table is there")
def content_names(view: View, server: Server) -> Iterator[Check]:
    """Names are exact, never folded."""
    known, other = view.relations(server), PROD if server is DEV else DEV
    for wanted in view.content:
        if wanted in known:
            continue
        if wanted in view.relations(other):
            message = f"there is no such table on {server}, only on {other}"
            remedy = f"Create it on {server} as {other} has it, or take it out of [tables] content."
        else:
            candidates = [one for one in known if one not in view.settings.tables.all_user]
            message, remedy = f"there is no such table on {server}", _nearest(wanted, candidates)
        yield error("unknown-table", server, wanted, message, remedy)


@inspection("unknown-user-table", subject="user tables", fine="every listed user table is there", guards=False)
def user_names(view: View, _: Server) -> Iterator[Check]:
    """A name in the list that exists nowhere protects nothing."""
    for wanted in view.settings.tables.all_user:
        if wanted not in view.relations(DEV) and wanted not in view.relations(PROD):
            message = "it is listed as a user table, and neither server has it"
            remedy = _nearest(wanted, [one for one in view.relations(PROD) if one not in view.content])
            yield warning("unknown-user-table", Side.BOTH, wanted, message, remedy)


def _nearest(wanted: QualifiedName, known: Iterable[QualifiedName]) -> str:
    near = nearest(wanted, known)
    return f"The nearest existing name is {near}." if near else "No name there is like it."


def nearest(wanted: QualifiedName, known: Iterable[QualifiedName]) -> QualifiedName | None:
    """The name that was probably meant: a slip's, else one that holds all words of the wanted one, else the most alike.

    >>> known = [QualifiedName.parse(name) for name in ("products", "community_posts", "Übung", "app.user")]
    >>> [str(nearest(QualifiedName.parse(name), known)) for name in ("posts", "prodcuts", "übung", "users", "xyz")]
    ['public.community_posts', 'public.products', 'public.Übung', 'app.user', 'None']
    """
    # The schema counts only where names are equally near: all of them have "public" in common.
    names = sorted(known, key=lambda one: (one.schema != wanted.schema, len(one.name), one.name))
    folded = [one.name.casefold() for one in names]
    words = set(_words(wanted.name))
    misspelt = difflib.get_close_matches(wanted.name.casefold(), folded, n=1, cutoff=0.8)
    longer = [one.name.casefold() for one in names if words and words.issubset(_words(one.name))]
    alike = difflib.get_close_matches(wanted.name.casefold(), folded, n=1, cutoff=0.6)
    found = [*misspelt, *longer, *alike]
    return names[folded.index(found[0])] if found else None


def _words(name: str) -> list[str]:
    return [word.casefold() for word in re.findall(r"[A-Z]*[^\W\d_A-Z]+|[A-Z]+|\d+", name)]


@inspection("unclassified", PROD, subject="unclassified tables", fine="every table is in a list", guards=False)
def unclassified(view: View, server: Server) -> Iterator[Check]:
    """What nobody has thought about."""
    listed = set(view.settings.tables.all_user)
    found = [one.name for one in view.bystanders(server) if one.name not in listed]
    if found:
        tables = ", ".join(map(str, found))
        message = f"in no list, so protected as user tables are: {tables}"
        yield info("unclassified", server, "unclassified tables", message, "List them in [tables] user or content.")


@inspection("outside-wal", PROD, subject="user tables", fine="the WAL has every change", guards=False)
def outside_wal(view: View, server: Server) -> Iterator[Check]:
    """User tables of which the WAL says nothing."""
    for one in view.bystanders(server):
        if one.persistence == "u":
            message = "it is unlogged: WAL does not show who writes it, only its fingerprint tells"
            yield info("outside-wal", server, one.name, message)
    for one in view.relations(server).values():
        if one.kind == "f" and one.name not in view.content:
            message = "it is a foreign table: its rows are elsewhere and nothing of them is proved"
            yield info("outside-wal", server, one.name, message)


# -------------------------------------------------------------------------------------------------------------- content


@inspection("kind", DEV, PROD, subject="content", fine="every content table is a plain or partitioned table")
def kinds(view: View, server: Server) -> Iterator[Check]:
    """Views, partitions, inheritance: what a row could reach besides."""
    ruled = [one.oid for one in view.content_relations(server) if one.has_rules and one.kind == "r"]
    rules = read_rules(view.door(server), ruled) if ruled and server is PROD else []
    for relation in view.content_relations(server):
        yield from _kind(server, relation)
        there = [one.name for one in rules if one.table == relation.name]
        if there:
            remedy = " ".join(f"DROP RULE {name(one)} ON {quoted(relation.name)};" for one in there)
            message = f"it has rewrite rules: {', '.join(there)}"
            yield error("rule", server, relation.name, message, remedy, refused=True)


def _kind(server: Server, relation: Relation) -> Iterator[Check]:
    subject = relation.name
    if relation.kind in _KINDS:
        message = f"it is {_KINDS[relation.kind]}"
        yield error("not-a-table", server, subject, message, "Name its tables.", refused=True)
        return
    if relation.persistence != "p":
        message = "it is not logged, so it cannot be replicated"
        yield error("unlogged", server, subject, message, alter_table(subject, "SET LOGGED"))
    if relation.is_partition:
        remedy = "Name the partitioned table that it belongs to."
        yield error("partition", server, subject, "it is a partition", remedy, refused=True)
    elif relation.has_parents or (relation.has_children and relation.kind == "r"):
        yield error(
            "inheritance",
            server,
            subject,
            "it takes part in table inheritance: a write could reach another table",
            "Content tables must stand alone; use partitioning instead.",
            refused=True,
        )
    if server is PROD and relation.row_security:
        message = "row security is on: the apply worker refuses such a table"
        yield error("row-security", server, subject, message, alter_table(subject, "DISABLE ROW LEVEL SECURITY"))


_CORRECT = "Correct [tables.filters]."


@inspection("row-filter", DEV, subject="row filters", fine="there is none that could harm")
def filters(view: View, server: Server) -> Iterator[Check]:
    """The guard on each filter, and what a filter needs."""
    for table, row_filter in view.settings.tables.filters.items():
        try:
            vet_filter(row_filter, table=table)
        except Refused as refusal:
            yield error("row-filter", server, table, refusal.reason, _CORRECT, refused=True)
        else:
            yield from _types_of_filter(view, server, table, row_filter)
        if view.settings.window.publish != ("insert",):
            yield error(
                "row-filter",
                server,
                table,
                'a row filter needs publish = ["insert"]: an update that leaves the filter arrives as a DELETE',
                'Set publish = ["insert"] in [window], or take the filter out.',
            )


def _types_of_filter(view: View, server: Server, table: QualifiedName, row_filter: str) -> Iterator[Check]:
    """A publication's filter may use built-in types only (check_simple_rowfilter_expr in publicationcmds.c)."""
    dev = view.tables(server).get(table)
    read = filter_columns(row_filter)
    for missing in sorted(read - {column.name for column in dev.columns} if dev is not None else ()):
        message = f"the filter reads {missing}, which is no column"
        yield error("row-filter", server, table, message, _CORRECT)
    for column in dev.columns if dev is not None else ():
        # Under our search_path a type is written with its schema unless it is built in.
        if column.name in read and "." in column.type:
            message = f"the filter reads column {column.name}, whose type {column.type} is not built in: PostgreSQL "
            message += "takes no such filter into a publication"
            yield error("row-filter", server, table, message, "Filter by another column, or take the filter out.")


@inspection("no-key", subject="keys", fine="both servers tell the rows of every content table apart by the same key")
def keys(view: View, _: Server) -> Iterator[Check]:
    """Replica identity on dev, a unique index on production."""
    prod_tables = view.tables(PROD)
    for qualified, dev in view.tables(DEV).items():
        if qualified in prod_tables:
            yield from _keys(dev, prod_tables[qualified])


def _keys(dev: Table, prod: Table) -> Iterator[Check]:
    key = dev.identity_key
    primary = next((one for one in dev.unique_keys if one.is_primary), None)
    if primary is not None and dev.relation.replica_identity in ("n", "f"):
        word = "NOTHING" if dev.relation.replica_identity == "n" else "FULL"
        remedy = alter_table(dev.name, "REPLICA IDENTITY DEFAULT") + " -- on dev"
        yield error("no-key", DEV, dev.name, f"its replica identity is {word}: a window goes by the key", remedy)
        return
    if key is None:
        message = "it has no primary key (or replica identity index): rows cannot be told apart"
        yield error("no-key", DEV, dev.name, message, _add_key(dev))
        return
    if not key.immediate:
        message = f"its key {key.name} is deferrable, so replication cannot go by it"
        yield error("no-key", DEV, dev.name, message, _make_immediate(dev, key.name, key.columns) + " -- on dev")
    alike = [one for one in prod.unique_keys if one.columns == key.columns and one.is_plain]
    if not any(one.immediate for one in alike):
        columns = ", ".join(key.columns)
        message = f"production has no unique index on ({columns}), dev's key"
        remedy = alter_table(prod.name, f"ADD PRIMARY KEY ({names(key.columns)})")
        if alike:
            message = f"production's key {alike[0].name} on ({columns}) is deferrable"
            remedy = _make_immediate(prod, alike[0].name, alike[0].columns)
        yield error("no-key", PROD, prod.name, message, remedy)


def _add_key(table: Table) -> str:
    """By the unique index whose columns cannot be NULL, where there is one."""
    required = {column.name for column in table.columns if column.not_null}
    for key in table.unique_keys:
        if key.is_plain and key.immediate and required.issuperset(key.columns):
            return alter_table(table.name, f"REPLICA IDENTITY USING INDEX {name(key.name)}") + " -- on dev"
    return alter_table(table.name, "ADD PRIMARY KEY (…)") + " -- on both servers"


def _make_immediate(table: Table, key: str, columns: Iterable[str]) -> str:
    return alter_table(table.name, f"DROP CONSTRAINT {name(key)}", f"ADD PRIMARY KEY ({names(columns)})")


@inspection("production-columns", PROD, subject="production columns", fine="they are there, outside the key", both=True)
def production_columns(view: View, server: Server) -> Iterator[Check]:
    """The columns that belong to production."""
    tables = view.settings.tables
    for qualified, table in view.tables(server).items():
        dev = view.tables(DEV).get(qualified)
        key = dev.identity_key if dev is not None else None
        for column in tables.all_production_columns.get(qualified, ()):
            if table.column(column) is None and (qualified, column) in tables.own_columns:
                close = difflib.get_close_matches(column, [one.name for one in table.columns], n=1)
                remedy = f"The nearest existing name is {close[0]}." if close else "Correct [tables]."
                yield error("unknown-column", server, qualified, f"there is no column {column}", remedy)
            if key is not None and column in key.columns:
                yield error("key-column", server, qualified, f"{column} is in the key", "Correct [tables].")


@inspection(
    "large-objects",
    DEV,
    subject="large objects",
    fine="no content column points at one",
    guards=False,
    reads_rows=True,
)
def large_objects(view: View, server: Server) -> Iterator[Check]:
    """Their data is in no table."""
    for qualified, table in view.tables(server).items():
        own = view.settings.tables.all_production_columns.get(qualified, ())
        for column in table.columns:
            if column.base_type != "oid" or column.name in own:
                continue
            subject = f"{qualified}.{column.name}"
            if column.type.rpartition(".")[2] == "lo":
                message = "it points at large objects, which are not replicated: production would have dead pointers"
                remedy = (
                    f"{alter_table(qualified, _as_bytes(column.name))} -- on both servers; or take the table out of "
                    "content"
                )
                yield error("large-objects", server, subject, message, remedy)
            else:
                message = "it is an oid: if it points at large objects, they are not replicated"
                remedy = f'If so: [tables.production_columns] "{qualified}" = ["{column.name}"]'
                yield warning("large-objects", server, subject, message, remedy)


def _as_bytes(column: str) -> str:
    quoted_name = name(column)
    return f"ALTER COLUMN {quoted_name} TYPE bytea USING lo_get({quoted_name}::oid)"


@inspection("invalid-index", DEV, PROD, subject="indexes", fine="every index of a content table is valid", guards=False)
def indexes(view: View, server: Server) -> Iterator[Check]:
    """What CREATE INDEX CONCURRENTLY leaves when it fails."""
    for one in read_invalid_indexes(view.door(server), [relation.oid for relation in view.content_relations(server)]):
        message = f"its index {one.index.name} is not valid: no statement is helped by it"
        remedy = f"DROP INDEX {quoted(one.index)}; -- and make it again"
        if one.refuses:
            message += ", and it refuses duplicates all the same, which no check here has looked for"
            yield warning("invalid-index", server, one.table, message, remedy)
        else:
            yield info("invalid-index", server, one.table, message, remedy)


#: What tells that the configured names can be content at all.
NAMES = (*content_names, *kinds, *keys, *filters, *production_columns)
CHECKS = (*NAMES, *user_names, *unclassified, *outside_wal, *large_objects, *indexes)
