"""The configuration that ``init`` writes: TOML with the reason for every line, and never a password."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NoReturn

from egrow_replica.backup.files import new_file, put_in_place
from egrow_replica.errors import ConfigurationError
from egrow_replica.model import Server
from egrow_replica.results import InitReport, ProposedColumn, ProposedTable, TableClass
from egrow_replica.settings import load_settings
from egrow_replica.settings.sources import Connection

#: Sections that are written anew; all others of a replaced configuration are taken over.
_OWN_SECTIONS: Final = frozenset([*Server, "tables"])
#: What stands behind the name of a configuration that was replaced.
OLD_SUFFIX: Final = ".old"

_HEAD: Final = """\
# Proposed by `egrow-replica init` on {date}, from what both databases look like. Read it before a window is opened:
# whatever is in [tables] content is written on production, and everything else is protected.
"""


def configuration_text(
    report: InitReport,
    connections: Mapping[Server, Connection],
    stream: Mapping[str, str],
    old: Mapping[str, Any],
    now: datetime,
) -> str:
    """The whole file.

    :param stream: how production reaches dev: keys of ``[dev]``.
    :param old: the sections of the configuration that is replaced.
    """
    lines = [_HEAD.format(date=f"{now:%Y-%m-%d}")]
    for server in Server:
        lines += [f"[{server}]", *_connection(connections[server], stream if server is Server.DEV else {}), ""]
    lines += ["[tables]", *_tables(report), "", *_columns(report), ""]
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


def _connection(connection: Connection, stream: Mapping[str, str]) -> Iterator[str]:
    yield _comment(f"found: {connection.found}")
    for key, value in {**connection.keys, **stream}.items():
        yield f"{key} = {_value(value)}"
    if connection.server is Server.DEV and not stream:
        yield "# How the production server reaches dev, if not by the same string:"
        yield '# from_production_dsn_env = "EGROW_DEV_DSN_FROM_PROD"'


def _tables(report: InitReport) -> Iterator[str]:
    if report.preset is not None:
        yield f"preset = {_value(report.preset)}"
        yield "# It lists:"
        for one in (one for proposal in TableClass for one in report.of_class(proposal)):
            if one.listed_by_preset:
                yield _comment(f"  {one.proposal} {one.table}: {_joined(one.reasons[1:]) or 'by the preset alone'}")
    for proposal, empty in ((TableClass.CONTENT, "what a window writes"), (TableClass.USER, "what belongs to people")):
        own = [one for one in report.of_class(proposal) if not one.listed_by_preset]
        if own or report.preset is None:
            yield from _list(proposal, empty, own)
    open_ones = report.of_class(TableClass.UNCLASSIFIED)
    if open_ones:
        yield "# In no list, so protected, until you put them into one:"
        for one in open_ones:
            yield _comment(f"  {one.table}: {_joined(one.reasons)}")


def _list(key: str, what: str, tables: Sequence[ProposedTable]) -> Iterator[str]:
    yield f"# {key}: {what}"
    if not tables:
        yield f"{key} = []"
        return
    yield f"{key} = ["
    for one in tables:
        yield "  " + _comment(_joined(one.reasons))
        yield f"  {_value(str(one.table))},"
    yield "]"


def _columns(report: InitReport) -> Iterator[str]:
    yield "# Columns of content tables whose values belong to production: never written, never compared."
    by_table: dict[str, list[ProposedColumn]] = {}
    for column in report.production_columns:
        by_table.setdefault(str(column.table), []).append(column)
    listed = [column for column in report.production_columns if column.listed_by_preset]
    if listed:
        names = ", ".join(f"{column.table} {column.column}" for column in listed)
        yield _comment(f"The preset has: {names}")
    yield "[tables.production_columns]"
    for table, columns in by_table.items():
        own = [column for column in columns if not column.listed_by_preset]
        for column in own:
            mark = "" if column.proposed else "not proposed, for you to decide: "
            yield _comment(f"{column.column}: {mark}{_joined(column.reasons)}")
        proposed = [column.column for column in own if column.proposed]
        if proposed:
            yield f"{_value(table)} = {_value(proposed)}"
        elif own:
            yield _comment(f"{_value(table)} = {_value([column.column for column in own])}")


# --------------------------------------------------------------------------------------------------------------- TOML


def _joined(reasons: Iterable[str]) -> str:
    return "; ".join(reasons)


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
