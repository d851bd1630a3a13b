"""The words that everything else speaks: names, states, checks, verdicts."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from egrow_replica.errors import ConfigurationError


class Model(BaseModel):
    """Base of every value that crosses a border: immutable, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


#: PostgreSQL truncates longer identifiers, so a longer name can never be the name of a relation.
MAX_IDENTIFIER_BYTES = 63


class QualifiedName(NamedTuple):
    """The exact catalog name of a relation, never folded.

    >>> QualifiedName.parse("courses")
    QualifiedName(schema='public', name='courses')
    >>> str(QualifiedName.parse('"a.b".t'))
    '"a.b".t'
    """

    schema: str
    name: str

    @classmethod
    def parse(cls, text: str) -> QualifiedName:
        """Read ``schema.table``; a bare name means ``public``; a part may be quoted as in SQL.

        :raises ConfigurationError: where the text is not one or two names.
        """
        parts = _split_name(text)
        if len(parts) == 1:
            parts.insert(0, "public")
        if len(parts) != 2:
            raise _bad_name(text, "a table is written schema.table")
        for part in parts:
            if not part:
                raise _bad_name(text, "a part of the name is empty")
            if "\0" in part:
                raise _bad_name(text, "a name holds a NUL byte")
            try:
                size = len(part.encode())
            except UnicodeEncodeError:
                raise _bad_name(text, "the name is not valid Unicode") from None
            if size > MAX_IDENTIFIER_BYTES:
                raise _bad_name(text, f"a part is longer than {MAX_IDENTIFIER_BYTES} bytes, PostgreSQL's limit")
        return cls(*parts)

    def __str__(self) -> str:
        return f"{_show_part(self.schema)}.{_show_part(self.name)}"


def _bad_name(text: str, why: str) -> ConfigurationError:
    shown = text if len(text) <= 80 else text[:77] + "..."
    return ConfigurationError(
        f"bad table name {shown!r}: {why}", hint='Write schema.table; a part with a dot or a quote as "a.b".t'
    )


def _show_part(part: str) -> str:
    if "." in part or '"' in part:
        return '"' + part.replace('"', '""') + '"'
    return part


def _split_name(text: str) -> list[str]:
    parts: list[str] = []
    rest = text
    while True:
        if rest.startswith('"'):
            part, rest = _quoted_part(text, rest)
        else:
            end = rest.find(".")
            part, rest = (rest, "") if end < 0 else (rest[:end], rest[end:])
            if '"' in part:
                raise _bad_name(text, "a quote stands inside an unquoted part")
        parts.append(part)
        if not rest:
            return parts
        if not rest.startswith("."):
            raise _bad_name(text, "something follows a closing quote")
        rest = rest[1:]


def _quoted_part(text: str, rest: str) -> tuple[str, str]:
    part, position = "", 1
    while True:
        end = rest.find('"', position)
        if end < 0:
            raise _bad_name(text, "a quote is not closed")
        part += rest[position:end]
        if not rest.startswith('""', end):
            return part, rest[end + 1 :]
        part += '"'
        position = end + 2


def _to_name(value: Any) -> Any:
    return QualifiedName.parse(value) if isinstance(value, str) else value


#: A table name as the configuration and JSON write it, a :class:`QualifiedName` in the program.
TableName = Annotated[
    QualifiedName,
    BeforeValidator(_to_name),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string"}),
]


class Server(StrEnum):
    """The two sides of a window."""

    DEV = "dev"
    PROD = "prod"


class Side(StrEnum):
    """Where a check looked."""

    DEV = "dev"
    PROD = "prod"
    BOTH = "both"


class Severity(StrEnum):
    """How much a finding weighs; an ``error`` keeps a window closed."""

    OK = "ok"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Check(Model):
    """One finding of the preflight.

    :ivar id: stable slug of the check.
    :ivar subject: what was looked at: a table, a setting, a role.
    :ivar remedy: what a DBA does about it, with the SQL where there is one; ``""`` where nothing is to do.
    """

    id: str
    severity: Severity
    server: Side
    subject: str
    message: str
    remedy: str = ""
    #: What ``enable`` exits with if this is the worst finding: a user table in the way is the guard's 3, the rest 4.
    refused: bool = False
    #: Every row that the finding is about, by key; the message names the first ones.
    rows: tuple[str, ...] = Field((), exclude_if=lambda rows: not rows)


class WindowState(StrEnum):
    """The life of a release window; the order of the words is the order in time."""

    OPENING = "opening"
    STREAMING = "streaming"
    PAUSED = "paused"
    FAILED = "failed"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"
    CLOSING = "closing"
    CLOSED = "closed"

    @property
    def is_open(self) -> bool:
        """Whether the window still has objects on the servers, or a controller that should finish it."""
        return self not in (WindowState.CLOSED, WindowState.ROLLED_BACK)


class StepStatus(StrEnum):
    """What became of a step."""

    DONE = "done"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    UNDONE = "undone"
    UNDO_FAILED = "undo_failed"


class TableVerdict(StrEnum):
    """Whether a user table is as it was, as far as the evidence goes; from best to worst."""

    INTACT = "intact"
    CHANGED_BY_APPLICATION = "changed_by_application"
    UNPROVEN = "unproven"
    TOUCHED = "touched"

    @property
    def rank(self) -> int:
        """0 is best."""
        return list(TableVerdict).index(self)

    @classmethod
    def worst(cls, verdicts: list[TableVerdict]) -> TableVerdict:
        """The worst of several; ``unproven`` for none, because nothing was looked at."""
        return max(verdicts, key=lambda verdict: verdict.rank, default=cls.UNPROVEN)


class EvidenceTier(StrEnum):
    """What a verdict rests on, strongest first."""

    EXACT = "exact"
    WAL = "wal"
    ORIGIN = "origin"
    NONE = "none"

    def weaker_than(self, other: EvidenceTier) -> bool:
        """Whether the other tier sees more."""
        return list(EvidenceTier).index(self) > list(EvidenceTier).index(other)
