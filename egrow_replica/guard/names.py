"""Names of tables, read a second time: by PostgreSQL's own scanner, beside the parser of the configuration."""

from __future__ import annotations

from egrow_replica.errors import ConfigurationError, Refused
from egrow_replica.guard.limits import check_text, check_tokens
from egrow_replica.guard.tree import class_of, parse
from egrow_replica.model import QualifiedName

_HINT = 'Write each part in quotes, as in SQL: "schema"."table".'


def read_name(text: str) -> QualifiedName:
    """Read a table's name as the configuration writes it, and see that PostgreSQL would read the same.

    Names are exact: what differs only because PostgreSQL folds letters outside quotes is meant as it stands.

    :raises ConfigurationError: it is not a name; PostgreSQL reads another one, cuts it or cannot read it.
    """
    name = QualifiedName.parse(text)
    quoted = ".".join('"' + part.replace('"', '""') + '"' for part in name)
    found, why = _scanned(quoted)
    if found != name:
        raise _disagreement(text, f"in quotes PostgreSQL reads it as {found}" if found else why)
    as_written, why = _scanned(text)
    if as_written is None:
        if '"' in text:
            raise _disagreement(text, why)
    elif _folded(as_written) != _folded(name):
        raise _disagreement(text, f"as it stands PostgreSQL reads it as {as_written}")
    return name


def _scanned(text: str) -> tuple[QualifiedName | None, str]:
    """What a name is to PostgreSQL where a table is expected; else why it is none."""
    try:
        check_text(text)
        check_tokens(text)
        statement = parse(f"TABLE ONLY {text}")
    except Refused as error:
        return None, f"PostgreSQL cannot read it: {error.reason}"
    relation = statement.fromClause[0] if class_of(statement) == "SelectStmt" and statement.fromClause else None
    if relation is None or class_of(relation) != "RangeVar" or relation.alias or relation.catalogname:
        return None, "PostgreSQL reads something else than one table's name"
    return QualifiedName(relation.schemaname or "public", relation.relname), ""


def _folded(name: QualifiedName) -> tuple[str, str]:
    """As PostgreSQL folds outside quotes in UTF-8: ASCII letters only (parser/scansup.c)."""
    schema, table = ("".join(letter.lower() if letter.isascii() else letter for letter in part) for part in name)
    return schema, table


def _disagreement(text: str, why: str) -> ConfigurationError:
    shown = text if len(text) <= 80 else text[:77] + "..."
    return ConfigurationError(f"bad table name {shown!r}: {why}", hint=_HINT)
