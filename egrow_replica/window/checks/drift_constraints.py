"""Schema drift of what surrounds the columns: unique keys, CHECK and exclusion constraints, partitions."""

from __future__ import annotations

from collections.abc import Iterator

from egrow_replica.catalog.definitions import Constraint, Definition, UniqueDefinition
from egrow_replica.model import Check, QualifiedName, Server
from egrow_replica.window.checks.base import info, inspection, warning
from egrow_replica.window.checks.remedies import alter_table, name, table
from egrow_replica.window.checks.view import View

DEV, PROD = Server.DEV, Server.PROD
_STOPS = "the stream would stop"


@inspection("drift-constraints", PROD, subject="constraints", fine="production's constraints are dev's", both=True)
def constraints(view: View, _: Server) -> Iterator[Check]:
    """Unique indexes, CHECK and exclusion constraints, by what they demand."""
    for dev, prod in _pairs(view):
        yield from _uniques(dev, prod)
        yield from _constraints(dev, prod)


@inspection("drift-partitions", PROD, subject="partitions", fine="they are as on dev", both=True)
def partitions(view: View, _: Server) -> Iterator[Check]:
    """Whether every row of dev finds a part."""
    for dev, prod in _pairs(view):
        yield from _partitions(dev, prod)


def _pairs(view: View) -> Iterator[tuple[Definition, Definition]]:
    prod = view.definitions(PROD).tables
    for qualified, definition in view.definitions(DEV).tables.items():
        if qualified in prod:
            yield definition, prod[qualified]


def _uniques(dev: Definition, prod: Definition) -> Iterator[Check]:
    on_dev = {one.definition for one in dev.uniques}
    on_prod = {one.definition for one in prod.uniques}
    for one in prod.uniques:
        if one.definition not in on_dev:
            message = f"only production has the unique index {one.name} {_shown(one)}: {_STOPS} at a duplicate of dev's"
            yield warning("drift-unique", PROD, prod.name, message, _drop_index(prod.name, one))
    for one in dev.uniques:
        if one.definition not in on_prod:
            message = f"only dev has the unique index {one.name} {_shown(one)}: production accepts whatever dev sends"
            remedy = f"CREATE UNIQUE INDEX ON {table(prod.name)} {one.definition};"
            yield info("drift-unique", PROD, prod.name, message, remedy)


def _shown(one: UniqueDefinition) -> str:
    return one.definition.removeprefix("USING btree ")


def _drop_index(qualified: QualifiedName, one: UniqueDefinition) -> str:
    if one.is_constraint:
        return alter_table(qualified, f"DROP CONSTRAINT {name(one.name)}")
    return f"DROP INDEX {table(QualifiedName(qualified.schema, one.name))};"


def _constraints(dev: Definition, prod: Definition) -> Iterator[Check]:
    for one in prod.constraints:
        if one.enforced and not _has(dev, one):
            slug = "drift-check" if one.kind == "c" else "drift-exclusion"
            message = f"only production has {one.name}, {one.definition}: {_STOPS} at a row that fails it"
            remedy = alter_table(prod.name, f"DROP CONSTRAINT IF EXISTS {name(one.name)}")
            yield warning(slug, PROD, prod.name, message, remedy)
    for one in dev.constraints:
        if one.enforced and not _has(prod, one):
            slug = "drift-check" if one.kind == "c" else "drift-exclusion"
            message = f"only dev has {one.name}, {one.definition}: production accepts whatever dev sends"
            remedy = alter_table(prod.name, f"ADD CONSTRAINT {name(one.name)} {one.definition}")
            yield info(slug, PROD, prod.name, message, remedy)


def _has(definition: Definition, wanted: Constraint) -> bool:
    """Whatever the name: only what it demands counts, and whether old rows were ever checked does not."""
    return any(one.enforced for one in definition.constraints if one.demand == wanted.demand)


def _partitions(dev: Definition, prod: Definition) -> Iterator[Check]:
    theirs, ours = dev.partitioning, prod.partitioning
    if ours is None:
        if theirs is not None:
            yield info("drift-partitions", PROD, prod.name, "dev's is partitioned, production's is not: rows fit")
        return
    lacking = [bound for bound in theirs.bounds if bound not in ours.bounds] if theirs is not None else []
    if theirs is None or theirs.key != ours.key:
        if "DEFAULT" not in ours.bounds:
            message = f"production's is partitioned by {ours.key}, dev's otherwise: {_STOPS} at a row without a part"
            yield warning("drift-partitions", PROD, prod.name, message, _add_partition(prod.name, "DEFAULT"))
        else:
            yield info("drift-partitions", PROD, prod.name, "it is partitioned otherwise than dev's: every row fits")
    elif lacking and "DEFAULT" not in ours.bounds:
        message = f"production lacks the partitions {'; '.join(lacking)}: {_STOPS} at a row of one"
        yield warning("drift-partitions", PROD, prod.name, message, add_partitions(dev, prod))
    elif lacking:
        message = "dev has more partitions; production puts their rows into its default partition"
        yield info("drift-partitions", PROD, prod.name, message)


def add_partitions(dev: Definition, prod: Definition) -> str:
    """The SQL for the parts that dev has and production lacks, or for one that holds whatever fits nowhere else."""
    theirs, ours = dev.partitioning, prod.partitioning
    if theirs is None or ours is None or theirs.key != ours.key:
        return _add_partition(prod.name, "DEFAULT")
    lacking = [bound for bound in theirs.bounds if bound not in ours.bounds]
    return " ".join(_add_partition(prod.name, bound, number) for number, bound in enumerate(lacking, 1))


def _add_partition(qualified: QualifiedName, bound: str, number: int = 0) -> str:
    suffix = f"_from_dev_{number}" if number else "_default"
    part = QualifiedName(qualified.schema, qualified.name + suffix)
    return f"CREATE TABLE IF NOT EXISTS {table(part)} PARTITION OF {table(qualified)} {bound};"


@inspection("partition-moves", DEV, subject="partitions", fine="no row of dev can move between partitions")
def moves(view: View, server: Server) -> Iterator[Check]:
    """What becomes of an update that moves a row from one part into another."""
    publish = view.settings.window.publish
    for definition in view.definitions(server).tables.values():
        if definition.partitioning is None or "update" not in publish:
            continue
        cut = f"it is partitioned by {definition.partitioning.key}"
        if "delete" in publish:
            message = f"{cut}: an update that moves a row to another partition arrives as DELETE and INSERT"
            yield info("partition-moves", server, definition.name, message)
            continue
        message = (
            f"{cut}: an update that moves a row to another partition arrives as an INSERT alone, so that production "
            "keeps the old row too; a validation finds it"
        )
        remedy = "Do not change these columns on dev while a window is open, or publish deletes: [window] publish."
        yield warning("partition-moves", server, definition.name, message, remedy)


CHECKS = (*constraints, *partitions, *moves)
