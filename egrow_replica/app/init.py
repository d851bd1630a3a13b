"""A first configuration, proposed from what both databases look like. Reads both, writes one file here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from egrow_replica.app.administrators import Login, administrator_or
from egrow_replica.app.init_columns import Updates, production_columns
from egrow_replica.app.init_evidence import Comparison, Evidence, compare, read_evidence
from egrow_replica.app.init_file import configuration_text, refuse_existing, write_configuration
from egrow_replica.app.init_reasons import tr
from egrow_replica.app.init_tables import Classifier
from egrow_replica.db import Door, Waits, parse_dsn
from egrow_replica.errors import ConfigurationError, EgrowError
from egrow_replica.guard import Policy
from egrow_replica.model import QualifiedName, Server
from egrow_replica.results import ConnectionSource, InitReport, ProposedColumn, ProposedTable, Reason, TableClass
from egrow_replica.settings import DEFAULT_FILE
from egrow_replica.settings.presets import PRESETS, Preset
from egrow_replica.settings.sources import Connection, find_connection, old_sections, stream_keys


@dataclass(frozen=True)
class InitOptions:
    """What the command line says; ``file``: the working directory's unless given."""

    file: Path | None = None
    preset: str | None = None
    force: bool = False


@dataclass(frozen=True)
class Proposal:
    """What would be written."""

    report: InitReport
    text: str


def propose(options: InitOptions, translate: Callable[[str], str] = str) -> Proposal:
    """Look at both databases; nothing is written anywhere.

    :param translate: gives the comments of the file in the reader's language.

    :raises ConfigurationError: the file is there already, no such preset, or a connection string is not found.
    :raises ServerUnavailable: a server does not answer; :raises PreflightFailed: a pooler, or one database for both.
    :raises StatementFailed: the catalog cannot be read.
    """
    file = options.file or DEFAULT_FILE
    preset = _preset(options.preset)
    if file.exists() and not options.force:
        refuse_existing(file)
    old = old_sections(file)
    found = {server: _connection(server, file, old) for server in Server}
    with _open(found[Server.DEV]) as dev, _open(found[Server.PROD]) as prod:
        evidence = read_evidence(dev, prod)
        classifier = Classifier(evidence, preset)
        comparisons = compare(dev, prod, evidence, classifier.worth_comparing())
    tables = classifier.weigh(comparisons)
    report = InitReport(
        file=file.absolute(),
        written=False,
        preset=options.preset,
        connections=tuple(_source(one) for one in found.values()),
        tables=tables,
        production_columns=tuple(_columns(evidence, comparisons, tables, preset)),
        notes=tuple(_notes(evidence, tables, preset)),
    )
    stream = stream_keys(old, old_string_is_secret=_holds_password(old, Server.DEV, "from_production_dsn"))
    return Proposal(report, configuration_text(report, found, stream, old, datetime.now().astimezone(), translate))


def write(proposal: Proposal, options: InitOptions) -> InitReport:
    """Write the file.

    :raises ConfigurationError: it is there already and ``force`` is not given, or it cannot be written.
    """
    report = proposal.report
    complete = bool(report.of_class(TableClass.CONTENT))
    old = write_configuration(report.file, proposal.text, force=options.force, complete=complete)
    return report.model_copy(update={"written": True, "replaced": old})


def _preset(name: str | None) -> Preset | None:
    if name is None:
        return None
    if name not in PRESETS:
        raise ConfigurationError(f"there is no preset {name!r}", hint=f"There is: {', '.join(PRESETS)}.")
    return PRESETS[name]


# ---------------------------------------------------------------------------------------------------------- connections


def _connection(server: Server, file: Path, old: dict[str, Any]) -> Connection:
    return find_connection(server, file, old, old_string_is_secret=_holds_password(old, server, "dsn"))


def _holds_password(old: dict[str, Any], server: Server, key: str) -> bool:
    section = old.get(server)
    text = section.get(key) if isinstance(section, dict) else None
    if not isinstance(text, str):
        return False
    try:
        return bool(parse_dsn(SecretStr(text), name=server).password.get_secret_value())
    except ConfigurationError:
        return True  # who knows what is in it


def _login(connection: Connection) -> Login:
    """Who looks: the role that the connection string names may be ``setup``'s to make."""
    server = connection.server
    return administrator_or(server, parse_dsn(connection.secret, name=f"{server} ({connection.found})"))


def _source(connection: Connection) -> ConnectionSource:
    variable = _login(connection).variable
    found = connection.found if variable is None else f"{connection.found}, looked at with {variable}"
    return ConnectionSource(server=connection.server, found=found)


def _open(connection: Connection) -> Door:
    try:
        return _login(connection).open(Policy.reading(), what="init", waits=Waits())
    except EgrowError as error:
        error.hint = f"{error.hint} {connection.hint}".strip()
        raise


# ------------------------------------------------------------------------------------------------------------- columns


def _columns(
    evidence: Evidence,
    comparisons: dict[QualifiedName, Comparison],
    tables: tuple[ProposedTable, ...],
    preset: Preset | None,
) -> list[ProposedColumn]:
    found: list[ProposedColumn] = []
    for one in tables:
        comparison = comparisons.get(one.table)
        if one.proposal is not TableClass.CONTENT or comparison is None:
            continue
        listed = preset.production_columns.get(one.table, ()) if preset is not None else ()
        references = frozenset(column for key in evidence.keys if key.table == one.table for column in key.columns)
        prod = evidence.tables[Server.PROD][one.table]
        found += production_columns(prod, comparison, listed, references, _updates(evidence, one.table))
    return found


def _updates(evidence: Evidence, name: QualifiedName) -> Updates:
    dev, prod = (evidence.activity.get(server, {}).get(name) for server in (Server.DEV, Server.PROD))
    return Updates(dev=dev.updates if dev else None, prod=prod.updates if prod else None)


def _notes(evidence: Evidence, tables: tuple[ProposedTable, ...], preset: Preset | None) -> list[Reason]:
    notes = list(evidence.notes)
    if preset is not None:
        known = {one.table for one in tables}
        for name in preset.user:
            if name not in known:
                notes.append(tr("{table}: a user table of the preset that neither server has", table=name))
        for name in preset.content:
            if not all(evidence.is_on(server, name) for server in Server):
                notes.append(tr("{table}: a content table of the preset that not both servers have", table=name))
    if not any(one.proposal is TableClass.CONTENT for one in tables):
        notes.append(tr("no table is content for certain: write your own list into [tables] content"))
    return notes
