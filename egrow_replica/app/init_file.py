"""The configuration that ``init`` writes: TOML with the reason for every line, and never a password."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NoReturn

from egrow_replica.app.init_reasons import tr
from egrow_replica.backup.files import new_file, put_in_place
from egrow_replica.errors import ConfigurationError
from egrow_replica.model import Server
from egrow_replica.results import InitReport, ProposedColumn, ProposedTable, Reason, TableClass
from egrow_replica.settings import load_settings
from egrow_replica.settings.sources import Connection

#: Sections that are written anew; all others of a replaced configuration are taken over.
_OWN_SECTIONS: Final = frozenset([*Server, "tables"])
#: What stands behind the name of a configuration that was replaced.
OLD_SUFFIX: Final = ".old"

Translate = Callable[[str], str]


def configuration_text(
    report: InitReport,
    connections: Mapping[Server, Connection],
    stream: Mapping[str, str],
    old: Mapping[str, Any],
    now: datetime,
    translate: Translate,
) -> str:
    """The whole file.

    :param stream: how production reaches dev: keys of ``[dev]``.
    :param old: the sections of the configuration that is replaced.
    """
    file = _File(translate)
    lines = [*file.head(now), ""]
    for server in Server:
        lines += [f"[{server}]", *file.connection(connections[server], stream if server is Server.DEV else {}), ""]
    lines += ["[tables]", *file.tables(report), "", *file.columns(report), ""]
    for name, section in old.items():
        if name not in _OWN_SECTIONS and isinstance(section, dict):
            lines += [f"[{_key(name)}]", *(f"{_key(key)} = {_value(value)}" for key, value in section.items()), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def write_configuration(file: Path, text: str, *, force: bool, complete: bool) -> Path | None:
    """Write the file, readable by its owner only and never half of it; what the former one is called now.

    :param complete: the loader has to accept it; a proposal without content waits for its owner's decision.
    :raises ConfigurationError: it is there already and ``force`` is not given, or it cannot be written.
    """
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with new_file(temporary) as out:
            out.write(text.encode())
        if complete:
            load_settings(temporary)
        return _put(temporary, file, force=force)
    except OSError as error:
        raise ConfigurationError(f"{str(file)!r} cannot be written: {error.strerror}") from None
    finally:
        temporary.unlink(missing_ok=True)


def _put(temporary: Path, file: Path, *, force: bool) -> Path | None:
    old = None
    if force and file.exists():
        old = file.with_name(file.name + OLD_SUFFIX)
        file.replace(old)
    try:
        put_in_place(temporary, file, replace=False)
    except FileExistsError:
        refuse_existing(file)
    return old


def refuse_existing(file: Path) -> NoReturn:
    """Say that a configuration is in the way.

    :raises ConfigurationError: always.
    """
    raise ConfigurationError(
        f"there is a configuration {str(file)!r} already",
        hint=f"--force writes a new one and keeps this one as {file.name}{OLD_SUFFIX}.",
        code="configuration-exists",
    )


# ------------------------------------------------------------------------------------------------------------ sections


@dataclass(frozen=True)
class _File:
    """The lines of the file, comments in the reader's language."""

    translate: Translate

    def _say(self, reason: Reason) -> str:
        return _comment(reason.text(self.translate))

    def _joined(self, reasons: Iterable[Reason]) -> str:
        return "; ".join(reason.text(self.translate) for reason in reasons)

    def head(self, now: datetime) -> Iterator[str]:
        """What this is."""
        day = f"{now:%Y-%m-%d}"
        yield self._say(tr("Proposed by `egrow-replica init` on {date}, from what both databases look like.", date=day))
        yield self._say(tr("Read it before a window is opened: what is in [tables] content is written on production,"))
        yield self._say(tr("and everything else is protected."))

    def connection(self, connection: Connection, stream: Mapping[str, str]) -> Iterator[str]:
        """A server's section."""
        yield self._say(tr("found: {place}", place=connection.found))
        for key, value in {**connection.keys, **stream}.items():
            yield f"{key} = {_value(value)}"
        if connection.server is Server.DEV and not stream:
            yield self._say(tr("How the production server reaches dev, if not by the same string:"))
            yield '# from_production_dsn_env = "EGROW_DEV_DSN_FROM_PROD"'

    def tables(self, report: InitReport) -> Iterator[str]:
        """The lists."""
        if report.preset is not None:
            yield f"preset = {_value(report.preset)}"
            yield self._say(tr("It lists:"))
            for one in (one for proposal in TableClass for one in report.of_class(proposal)):
                if one.listed_by_preset:
                    why = self._joined(one.reasons[1:] or (tr("by the preset alone"),))
                    yield _comment(f"  {one.proposal} {one.table}: {why}")
        for proposal, what in (
            (TableClass.CONTENT, tr("content: what a window writes")),
            (TableClass.USER, tr("user: what belongs to people")),
        ):
            own = [one for one in report.of_class(proposal) if not one.listed_by_preset]
            if own or report.preset is None:
                yield self._say(what)
                yield from self._list(proposal, own)
        open_ones = report.of_class(TableClass.UNCLASSIFIED)
        if open_ones:
            yield self._say(tr("In no list, so protected, until you put them into one:"))
            for one in open_ones:
                yield _comment(f"  {one.table}: {self._joined(one.reasons)}")

    def _list(self, key: str, tables: Sequence[ProposedTable]) -> Iterator[str]:
        if not tables:
            yield f"{key} = []"
            return
        yield f"{key} = ["
        for one in tables:
            yield "  " + _comment(self._joined(one.reasons))
            yield f"  {_value(str(one.table))},"
        yield "]"

    def columns(self, report: InitReport) -> Iterator[str]:
        """Production's columns."""
        yield self._say(
            tr("Columns of content tables whose values belong to production: never written, never compared.")
        )
        by_table: dict[str, list[ProposedColumn]] = {}
        for column in report.production_columns:
            by_table.setdefault(str(column.table), []).append(column)
        listed = [column for column in report.production_columns if column.listed_by_preset]
        if listed:
            names = ", ".join(f"{column.table} {column.column}" for column in listed)
            yield self._say(tr("The preset has: {columns}", columns=names))
        yield "[tables.production_columns]"
        for table, columns in by_table.items():
            own = [column for column in columns if not column.listed_by_preset]
            for column in own:
                yield _comment(f"{column.column}: {self._mark(column)}{self._joined(column.reasons)}")
            proposed = [column.column for column in own if column.proposed]
            if proposed:
                yield f"{_value(table)} = {_value(proposed)}"
            elif own:
                yield _comment(f"{_value(table)} = {_value([column.column for column in own])}")

    def _mark(self, column: ProposedColumn) -> str:
        mark = tr("not proposed, for you to decide:").text(self.translate)
        return "" if column.proposed else f"{mark} "


# --------------------------------------------------------------------------------------------------------------- TOML


def _comment(text: str) -> str:
    """A comment of one line, whatever names a database holds."""
    return "# " + "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else _value(name)


def _value(value: Any) -> str:
    """TOML's form of what a configuration holds; JSON's strings are TOML's but for DEL."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
