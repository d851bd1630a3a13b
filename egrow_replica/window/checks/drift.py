"""Schema drift: where a content table of production is not defined as dev's, column by column.

One drift is one finding. It is an error where the window could not hold what dev may send, a warning where a value that
dev allows would stop the stream or data would differ silently, information where it does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator

from egrow_replica.catalog.definitions import ColumnDefinition, Definition, Definitions, Domain
from egrow_replica.model import Check, Server
from egrow_replica.window.checks.base import error, info, inspection, warning
from egrow_replica.window.checks.drift_types import Fit, fit
from egrow_replica.window.checks.remedies import alter_table, name, names, text
from egrow_replica.window.checks.view import View

DEV, PROD = Server.DEV, Server.PROD
_STOPS = "the stream would stop"


@inspection("drift", PROD, subject="columns", fine="production's content columns are as dev's", both=True)
def columns(view: View, _: Server) -> Iterator[Check]:
    """Every column of every content table that both servers have."""
    dev, prod = view.definitions(DEV), view.definitions(PROD)
    own = view.settings.tables.all_production_columns
    for qualified, definition in dev.tables.items():
        if qualified in prod.tables:
            yield from _Comparison(dev, prod, definition, prod.tables[qualified], own.get(qualified, ())).findings()


@inspection("drift-domain", PROD, subject="domains", fine="production's domains allow what dev's do", both=True)
def domains(view: View, server: Server) -> Iterator[Check]:
    """Domains of one name on both servers."""
    dev, prod = view.definitions(DEV), view.definitions(PROD)
    for known, domain in dev.domains.items():
        if known in prod.domains:
            yield from _domain(server, domain, prod.domains[known])


class _Comparison:
    """One table on both servers."""

    def __init__(
        self, dev_all: Definitions, prod_all: Definitions, dev: Definition, prod: Definition, own: tuple[str, ...]
    ) -> None:
        self._dev_all = dev_all
        self._prod_all = prod_all
        self._dev = dev
        self._prod = prod
        self._own = own
        self._reported_enums: set[str] = set()

    def findings(self) -> Iterator[Check]:
        """Every drift of the columns."""
        for column in self._dev.columns:
            if column.name in self._own:
                continue
            other = self._prod.column(column.name)
            if other is None:
                yield from self._missing(column)
            else:
                yield from self._pair(column, other)
        yield from self._order()

    def _missing(self, column: ColumnDefinition) -> Iterator[Check]:
        if column.generated is not None:
            remedy = alter_table(self._prod.name, self._added(column))
            message = f"production lacks column {column.name}, which dev generates: it is not sent"
            yield info("drift-column", PROD, self._prod.name, message, remedy)
            return
        remedy = alter_table(self._prod.name, self._added(column))
        created = self._create_type(column)
        message = f"production lacks column {column.name}: {_STOPS}"
        yield error("drift-column", PROD, self._prod.name, message, f"{created} {remedy}".strip())

    def _added(self, column: ColumnDefinition) -> str:
        """The column as dev has it; NOT NULL only where existing rows get a value at once."""
        parts = [f"ADD COLUMN {name(column.name)} {column.type}"]
        if column.collation:
            parts.append(f"COLLATE {column.collation}")
        if column.generated is not None:
            parts.append(f"GENERATED ALWAYS AS ({column.generated}) STORED")
        elif column.default is not None and "nextval(" not in column.default:
            parts.append(f"DEFAULT {column.default}")
            parts += ["NOT NULL"] if column.not_null else []
        return " ".join(parts)

    def _create_type(self, column: ColumnDefinition) -> str:
        if column.enum and column.enum not in self._prod_all.types:
            return f"CREATE TYPE {column.enum} AS ENUM ({', '.join(map(text, column.enum_labels))});"
        if column.domain and column.domain not in self._prod_all.types:
            domain = self._dev_all.domains[column.domain]
            parts = [f"CREATE DOMAIN {domain.name} AS {domain.type}", *(["NOT NULL"] if domain.not_null else [])]
            return " ".join([*parts, *domain.checks]) + ";"
        return ""

    def _pair(self, dev: ColumnDefinition, prod: ColumnDefinition) -> Iterator[Check]:
        if dev.generated is not None or prod.generated is not None:
            yield from self._generated(dev, prod)
            return
        yield from self._type(dev, prod)
        yield from self._enum(dev, prod)
        yield from self._nullability(dev, prod)
        yield from self._default(dev, prod)
        yield from self._identity(dev, prod)
        if dev.collation != prod.collation and dev.base_type == prod.base_type:
            remedy = self._alter(dev, f"TYPE {prod.type}" + (f" COLLATE {dev.collation}" if dev.collation else ""))
            if not dev.collation:
                remedy = self._alter(dev, f'TYPE {prod.type} COLLATE pg_catalog."default"')
            message = (
                f"column {dev.name} has {_collation(prod)}, on dev {_collation(dev)}: order, and what counts as "
                "equal, may differ"
            )
            yield info("drift-collation", PROD, self._prod.name, message, remedy)

    def _alter(self, column: ColumnDefinition, action: str) -> str:
        return alter_table(self._prod.name, f"ALTER COLUMN {name(column.name)} {action}")

    def _type(self, dev: ColumnDefinition, prod: ColumnDefinition) -> Iterator[Check]:
        found = fit(dev, prod)
        message = f"column {dev.name} is {prod.type}, on dev {dev.type}"
        remedy = self._create_type(dev) + (" " if self._create_type(dev) else "") + self._retype(dev, prod)
        if found is Fit.NARROWER:
            message += f": {_STOPS} at a value that does not fit, or it would be rounded"
            yield error("drift-type", PROD, self._prod.name, message, remedy)
        elif found is Fit.OTHER:
            yield error("drift-type", PROD, self._prod.name, f"{message}: rows could not be compared or copied", remedy)
        elif found is Fit.WIDER:
            yield info("drift-type", PROD, self._prod.name, f"{message}: it holds whatever dev sends")
        elif prod.domain != dev.domain:
            note = "its checks decide what is accepted" if prod.domain else "it holds whatever dev sends"
            kind = warning if prod.domain else info
            yield kind("drift-type", PROD, self._prod.name, f"{message}: {note}", remedy)

    def _retype(self, dev: ColumnDefinition, prod: ColumnDefinition) -> str:
        """A default of the old type may have no cast to the new one, so it goes first and comes back last."""
        column = name(dev.name)
        steps = [f"ALTER COLUMN {column} TYPE {dev.type}"]
        if dev.base_type != prod.base_type and not {dev.base_type, prod.base_type} <= {"text", "varchar"}:
            steps = [f"ALTER COLUMN {column} TYPE {dev.type} USING {column}::text::{dev.type}"]
            if prod.default is not None:
                steps.insert(0, f"ALTER COLUMN {column} DROP DEFAULT")
                if dev.default is not None:
                    steps.append(f"ALTER COLUMN {column} SET DEFAULT {dev.default}")
        return alter_table(self._prod.name, *steps)

    def _enum(self, dev: ColumnDefinition, prod: ColumnDefinition) -> Iterator[Check]:
        """Told once a type, at the first column that uses it."""
        if not dev.enum or dev.enum != prod.enum or dev.enum in self._reported_enums:
            return
        self._reported_enums.add(dev.enum)
        lacking = [label for label in dev.enum_labels if label not in prod.enum_labels]
        if lacking:
            message = f"column {dev.name}: production's type {prod.enum} lacks the labels {', '.join(lacking)}: "
            remedy = " ".join(_add_label(prod.enum, label, dev.enum_labels, prod.enum_labels) for label in lacking)
            yield error("drift-enum", PROD, self._prod.name, f"{message}{_STOPS} at the first row with one", remedy)
        common = [label for label in dev.enum_labels if label in prod.enum_labels]
        if common != [label for label in prod.enum_labels if label in dev.enum_labels]:
            message = f"column {dev.name}: the labels of {prod.enum} are in another order, so rows sort otherwise"
            yield info("drift-enum-order", PROD, self._prod.name, message)

    def _nullability(self, dev: ColumnDefinition, prod: ColumnDefinition) -> Iterator[Check]:
        column = name(dev.name)
        if prod.not_null and not dev.not_null:
            message = f"column {dev.name} is NOT NULL, on dev it is not: {_STOPS} at a row without a value"
            yield warning("drift-null", PROD, self._prod.name, message, self._alter(dev, "DROP NOT NULL"))
        elif dev.not_null and not prod.not_null:
            remedy = alter_table(self._prod.name, f"ALTER COLUMN {column} SET NOT NULL")
            message = f"column {dev.name} may be NULL, on dev it may not: it holds whatever dev sends"
            yield info("drift-null", PROD, self._prod.name, message, remedy)

    def _default(self, dev: ColumnDefinition, prod: ColumnDefinition) -> Iterator[Check]:
        if dev.default == prod.default or "nextval(" in (dev.default or "") + (prod.default or ""):
            return
        if dev.identity or prod.identity:  # told by that
            return
        action = "DROP DEFAULT" if dev.default is None else f"SET DEFAULT {dev.default}"
        message = (
            f"column {dev.name} has {_shown_default(prod)}, on dev {_shown_default(dev)}: dev's rows bring their values"
        )
        yield info("drift-default", PROD, self._prod.name, message, self._alter(dev, action))

    def _identity(self, dev: ColumnDefinition, prod: ColumnDefinition) -> Iterator[Check]:
        if dev.identity == prod.identity:
            return
        kinds = {"a": "ADD GENERATED ALWAYS AS IDENTITY", "d": "ADD GENERATED BY DEFAULT AS IDENTITY"}
        if dev.identity and prod.identity:
            action = "SET GENERATED " + ("ALWAYS" if dev.identity == "a" else "BY DEFAULT")
        else:
            action = kinds.get(dev.identity, "DROP IDENTITY")
            if not dev.identity and dev.default is not None:
                action += f", ALTER COLUMN {name(dev.name)} SET DEFAULT {dev.default}"
        message = f"column {dev.name} is {_shown_identity(prod)}, on dev {_shown_identity(dev)}: "
        if prod.identity == "a":
            message += "an existing row's value cannot be changed there"
            yield warning("drift-identity", PROD, self._prod.name, message, self._alter(dev, action))
        else:
            message += "dev's rows bring their values"
            yield info("drift-identity", PROD, self._prod.name, message, self._alter(dev, action))

    def _generated(self, dev: ColumnDefinition, prod: ColumnDefinition) -> Iterator[Check]:
        if dev.generated == prod.generated and dev.type == prod.type:
            return
        drop = f"DROP COLUMN {name(prod.name)}"
        if dev.generated is None:
            message = f"column {dev.name} is generated on production only: {_STOPS}"
            remedy = self._alter(dev, "DROP EXPRESSION")
            yield error("drift-generated", PROD, self._prod.name, message, remedy)
        elif prod.generated is None:
            message = f"column {dev.name} is generated on dev only: it would not be sent"
            remedy = alter_table(self._prod.name, drop, self._added(dev))
            yield error("drift-generated", PROD, self._prod.name, message, remedy)
        else:
            message = (
                f"column {dev.name} is generated otherwise: as {prod.generated}, on dev as {dev.generated}; "
                "each server computes its own"
            )
            remedy = alter_table(self._prod.name, drop, self._added(dev))
            yield warning("drift-generated", PROD, self._prod.name, message, remedy)

    def _order(self) -> Iterator[Check]:
        dev = [column.name for column in self._dev.columns if self._prod.column(column.name) is not None]
        prod = [column.name for column in self._prod.columns if self._dev.column(column.name) is not None]
        if dev != prod:
            message = f"its columns are in another order than on dev ({names(dev)}): replication goes by name"
            yield info("drift-order", PROD, self._prod.name, message)


def _add_label(enum: str, label: str, wanted: tuple[str, ...], present: tuple[str, ...]) -> str:
    """Behind the label that it follows on dev, so that values sort alike; the first one in front of all."""
    position = wanted.index(label)
    first = f" BEFORE {text(present[0])}" if present else ""
    place = f" AFTER {text(wanted[position - 1])}" if position else first
    return f"ALTER TYPE {enum} ADD VALUE {text(label)}{place};"


def _collation(column: ColumnDefinition) -> str:
    return f"the collation {column.collation}" if column.collation else "its type's collation"


def _shown_default(column: ColumnDefinition) -> str:
    return "no default" if column.default is None else f"the default {column.default}"


def _shown_identity(column: ColumnDefinition) -> str:
    kinds = {"": "no identity column", "a": "GENERATED ALWAYS AS IDENTITY", "d": "GENERATED BY DEFAULT AS IDENTITY"}
    return kinds[column.identity]


def _domain(server: Server, dev: Domain, prod: Domain) -> Iterator[Check]:
    if dev.type != prod.type:
        message = f"it is over {prod.type}, on dev over {dev.type}"
        yield error("drift-domain", server, prod.name, message, "Make a new domain on production, and use that.")
    if prod.not_null and not dev.not_null:
        message = f"it is NOT NULL, on dev it is not: {_STOPS} at a row without a value"
        yield warning("drift-domain", server, prod.name, message, f"ALTER DOMAIN {prod.name} DROP NOT NULL;")
    for definition, constraint in zip(prod.checks, prod.check_names, strict=True):
        if definition not in dev.checks:
            message = f"only production has {constraint}, {definition}: {_STOPS} at a value that fails it"
            remedy = f"ALTER DOMAIN {prod.name} DROP CONSTRAINT {name(constraint)};"
            yield warning("drift-domain", server, prod.name, message, remedy)
    for definition in dev.checks:
        if definition not in prod.checks:
            message = f"only dev has {definition}: production accepts whatever dev sends"
            remedy = f"ALTER DOMAIN {prod.name} ADD {definition};"
            yield info("drift-domain", server, prod.name, message, remedy)


CHECKS = (*columns, *domains)
