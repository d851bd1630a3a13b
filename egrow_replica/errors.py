"""The vocabulary of refusals and failures.

Every error that a user can meet is an :class:`EgrowError`. It carries the contract's exit code, a stable slug
(``code``) for scripts, and a ``hint`` that says what to do next. Anything else that escapes is a bug (exit code 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import ClassVar, TypeVar

Found = TypeVar("Found")


class ExitCode(IntEnum):
    """Exit codes of the command line; scripts rely on them."""

    OK = 0
    BUG = 1
    USAGE = 2
    REFUSED = 3
    PREFLIGHT = 4
    VALIDATION = 5
    TIMEOUT = 6
    UNREACHABLE = 7
    WRONG_STATE = 8
    DIFFERENT = 9
    INTERRUPTED = 130


class EgrowError(Exception):
    """Something went wrong.

    :param message: one sentence for a person; never holds a secret.
    :param hint: what to do next, one sentence, or ``""``.
    :param code: a slug that replaces the class's own, for a narrower cause.
    :ivar report: what the command had found out by then, for its answer.
    """

    exit_code: ExitCode = ExitCode.BUG
    slug: ClassVar[str] = "internal-error"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.slug
        self.report: object | None = None

    def __str__(self) -> str:
        return self.message


def together(errors: Sequence[EgrowError]) -> EgrowError:
    """The first of several, with what the others say."""
    first, *others = errors
    first.message = "\nalso: ".join([first.message, *(other.message for other in others)])
    return first


class UsageError(EgrowError):
    """The command line is not what the program understands."""

    exit_code = ExitCode.USAGE
    slug = "usage"


class ConfigurationError(EgrowError):
    """The configuration is missing, unreadable, or holds a bad value."""

    exit_code = ExitCode.USAGE
    slug = "configuration"


class Refused(EgrowError):
    """The guard did not let a statement, a table or a configuration pass.

    :ivar rule: the rule's stable name.
    :ivar reason: why, one sentence.
    """

    exit_code = ExitCode.REFUSED
    slug = "refused"

    def __init__(self, rule: str, reason: str, *, hint: str = "") -> None:
        super().__init__(f"refused ({rule}): {reason}", hint=hint)
        self.rule = rule
        self.reason = reason

    def __reduce__(self) -> tuple[type[Refused], tuple[str, str]]:
        return type(self), (self.rule, self.reason)


class PreflightFailed(EgrowError):
    """A window may not be opened: something on a server is not as it must be."""

    exit_code = ExitCode.PREFLIGHT
    slug = "preflight"


class ValidationFailed(EgrowError):
    """The evidence does not show that user data is intact, or content is not as it should be."""

    exit_code = ExitCode.VALIDATION
    slug = "validation"


class ContentDiffers(EgrowError):
    """A comparison was asked whether there are differences, and there are."""

    exit_code = ExitCode.DIFFERENT
    slug = "differences"


class Interrupted(EgrowError):
    """Somebody pressed Ctrl-C, or the process was asked to end."""

    exit_code = ExitCode.INTERRUPTED
    slug = "interrupted"


class StreamFailed(EgrowError):
    """The apply worker meets the same data error again and again."""

    exit_code = ExitCode.VALIDATION
    slug = "stream-failed"


class NotCaughtUp(EgrowError):
    """Production did not confirm dev's position before the deadline."""

    exit_code = ExitCode.TIMEOUT
    slug = "not-caught-up"


class ServerUnavailable(EgrowError):
    """A server cannot be reached, refuses the login, or went away."""

    exit_code = ExitCode.UNREACHABLE
    slug = "server-unavailable"


class WrongState(EgrowError):
    """The command does not fit the state that the window is in."""

    exit_code = ExitCode.WRONG_STATE
    slug = "wrong-state"


class BackupFailed(EgrowError):
    """The backup could not be written or read; nothing on production was changed."""

    exit_code = ExitCode.PREFLIGHT
    slug = "backup"


#: What a server's refusal means, by SQLSTATE or its class (postgresql.org/docs/18/errcodes-appendix.html).
#: What is not here is our own mistake: a statement that should never have been sent.
_BY_SQLSTATE = {
    "42501": ExitCode.PREFLIGHT,  # insufficient privilege
    "0A": ExitCode.PREFLIGHT,  # what this server cannot do
    "22": ExitCode.PREFLIGHT,  # a value that does not fit
    "23": ExitCode.PREFLIGHT,  # a constraint
    "25006": ExitCode.PREFLIGHT,  # the server, or the role, is read only
    "40": ExitCode.TIMEOUT,  # deadlock, serialization
    "55P03": ExitCode.TIMEOUT,  # lock not available
    "57014": ExitCode.TIMEOUT,  # cancelled
    "55006": ExitCode.WRONG_STATE,  # object in use
    "55000": ExitCode.WRONG_STATE,
    "42710": ExitCode.WRONG_STATE,  # object exists
    "42704": ExitCode.WRONG_STATE,  # object is gone
    "38": ExitCode.PREFLIGHT,  # a function that a write calls failed
    "39": ExitCode.PREFLIGHT,
    "P0": ExitCode.PREFLIGHT,  # it refused: RAISE EXCEPTION
    "53": ExitCode.UNREACHABLE,  # out of connections, memory, disk
    "58": ExitCode.UNREACHABLE,  # the server's own system failed
    "XX": ExitCode.UNREACHABLE,
}


#: What to do next where the server itself gives no hint.
_HINTS = {
    "42501": "`egrow-replica setup` prints the grants that are needed.",
    "23505": "Give the rows different values, or take one of them out, then try again.",
    "55P03": "Another transaction holds a lock for too long: see pg_stat_activity, end it, then try again.",
    "22": "A value does not fit: look at the row or the filter in [tables.filters] that the message names.",
    "23": "A row breaks a constraint of production: mend it on dev, then try again.",
    "P0": "A trigger or function of production refuses the write: see its message, and what calls it.",
    "40P01": "Try again; two transactions waited for each other.",
    "53": "The server is out of a resource: see its log.",
    "58": "The server's own system failed: see its log.",
}


def _by_state(table: Mapping[str, Found], sqlstate: str) -> Found | None:
    return table.get(sqlstate) or table.get(sqlstate[:2])


class StatementFailed(EgrowError):
    """A server answered a statement with an error.

    :ivar sqlstate: PostgreSQL's five-character error code, what callers decide by (never the text).
    """

    slug = "statement-failed"

    def __init__(self, message: str, *, sqlstate: str, hint: str = "") -> None:
        super().__init__(message, hint=hint or _by_state(_HINTS, sqlstate) or "")
        self.sqlstate = sqlstate
        self.exit_code = _by_state(_BY_SQLSTATE, sqlstate) or ExitCode.BUG
