"""What every use case starts from."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from egrow_replica.app.left import is_loss, look_again
from egrow_replica.db import Door, Waits, parse_dsn
from egrow_replica.errors import EgrowError, PreflightFailed, StatementFailed, WrongState
from egrow_replica.model import WindowState
from egrow_replica.replication import lock
from egrow_replica.settings import Settings, dev_dsn, prod_dsn, stream_dsn
from egrow_replica.window.belonging import KINDS, refuse_unknown
from egrow_replica.window.journal import Window, read_windows, tables_there
from egrow_replica.window.listener import Listener
from egrow_replica.window.run import Run
from egrow_replica.window.servers import Servers


@dataclass(frozen=True)
class Context:
    """Configuration and whoever listens."""

    settings: Settings
    listener: Listener

    def servers(self) -> Servers:
        """Both servers; :raises ConfigurationError: a connection string is missing or cannot be read."""
        return Servers(
            dev=parse_dsn(dev_dsn(self.settings), name="dev"),
            prod=parse_dsn(prod_dsn(self.settings), name="prod"),
            stream=parse_dsn(stream_dsn(self.settings), name="dev, from production"),
            waits=Waits(self.listener.say),
        )


@contextmanager
def locked(
    context: Context, what: str, *, tolerated: Collection[str] = ()
) -> Iterator[tuple[Servers, Door, ExitStack]]:
    """Production's lock for the length of a command.

    A server that goes away while the block runs is looked at again, and the error says what is left.

    :param tolerated: kinds of objects that may stand on production although its journal does not know their window.
    :raises WrongState: another controller has it, or there is such a window.
    """
    servers = context.servers()
    with ExitStack() as stack:
        door = stack.enter_context(servers.lock_prod(f"{what}/lock"))
        refuse_standby(door, servers)
        lock.take(door)
        if set(tolerated) != set(KINDS):
            refuse_unknown(door, read_windows(door), tolerated=tolerated)
        try:
            yield servers, door, stack
        except EgrowError as error:
            if isinstance(error, StatementFailed) and error.sqlstate in _NO_SUCH_RELATION and not _has_journal(servers):
                raise _journal_gone(error) from error
            if is_loss(error):
                error.hint = f"{error.hint} {look_again(servers)}".strip()
            raise


def refuse_standby(prod: Door, servers: Servers) -> None:
    """See that production can be written; :raises PreflightFailed: it is a standby."""
    if prod.value("SELECT pg_catalog.pg_is_in_recovery()"):
        raise PreflightFailed(
            f"production ({servers.prod.shown}) is a standby: nothing can be written there",
            hint="Name the primary in [prod].",
            code="in-recovery",
        )


#: undefined_table, invalid_schema_name (postgresql.org/docs/18/errcodes-appendix.html).
_NO_SUCH_RELATION = ("42P01", "3F000")


def _has_journal(servers: Servers) -> bool:
    try:
        with servers.read_prod("journal") as prod:
            return bool(tables_there(prod))
    except EgrowError:
        return True  # then the error itself is what is known


def _journal_gone(error: StatementFailed) -> WrongState:
    gone = WrongState(
        "production's journal was dropped while the command was at work: what it had begun still stands",
        hint="`egrow-replica status` shows what stands, `egrow-replica disable --orphan` closes it.",
        code="unknown-window",
    )
    gone.report = error.report
    return gone


def open_window(windows: list[Window]) -> Window | None:
    """The window that still has objects on the servers, ``None`` where none is open."""
    return next((window for window in windows if window.state.is_open), None)


def current_window(prod: Door) -> Window:
    """The open window.

    :raises WrongState: none is open.
    """
    window = open_window(read_windows(prod))
    if window is None:
        raise WrongState("no window is open", hint="`egrow-replica enable` opens one.", code="no-window")
    return window


def run_for(context: Context, servers: Servers, door: Door, window: Window, *, origin: str | None = None) -> Run:
    """Go on with a window that the journal knows."""
    names = window.names
    run = Run(
        servers=servers,
        settings=context.settings,
        names=names,
        listener=context.listener,
        scope=window.scope,
        setting=window.setting,
        origin=origin or names.common,
        lock=door,
        who=who(context.settings),
    )
    run.adopt(window)
    return run


def require_state(window: Window, *states: WindowState) -> None:
    """See that the window is in one of the states.

    :raises WrongState: it is not.
    """
    if window.state not in states:
        wanted = " or ".join(states)
        raise WrongState(
            f"window {window.name} is {window.state}, not {wanted}",
            hint="`egrow-replica status` shows the window.",
            code="wrong-state",
        )


def who(settings: Settings) -> tuple[str, str]:
    """Operating-system user, and host or what is configured in its place, for the journal."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user id without a name
        user = "unknown"
    return user, settings.window.operator or socket.gethostname()
