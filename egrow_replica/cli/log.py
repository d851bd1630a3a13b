"""The log file: whatever the terminal shows, who began which command, what happened, and how it ended."""

from __future__ import annotations

import logging
import os
import shlex
from collections.abc import Iterable
from pathlib import Path

from egrow_replica import __version__
from egrow_replica.app.context import who
from egrow_replica.errors import UsageError
from egrow_replica.settings import Settings

_LOG = logging.getLogger("egrow_replica")
#: What a connection string looks like, which may hold a password.
_SECRETIVE = ("://", "password")


def open_log(file: Path, *, verbose: bool) -> None:
    """Append to a file from now on.

    :param verbose: every statement that is sent, too.
    :raises UsageError: it cannot be written.
    """
    try:
        handler = logging.FileHandler(file, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the log file {str(file)!r} cannot be written: {error.strerror}") from None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    _LOG.addHandler(handler)
    _LOG.setLevel(logging.DEBUG)
    # Every statement that is sent: much, and only where it was asked for.
    logging.getLogger("egrow_replica.sql").setLevel(logging.DEBUG if verbose else logging.INFO)


def begun(arguments: Iterable[str]) -> None:
    """Note the command, as it was typed, and where; by whom is known once the configuration is read."""
    shown = shlex.join(map(_masked, arguments))
    _LOG.info("begins: egrow-replica %s, version %s, process %d in %s", shown, __version__, os.getpid(), Path.cwd())


def configured(settings: Settings) -> None:
    """Note who it is, and the configuration without its secrets."""
    user, operator = who(settings)
    _LOG.info("by %s@%s, configuration: %s", user, operator, settings.model_dump_json(exclude_defaults=True))


def ended(exit_code: int, seconds: float) -> None:
    """Note how the command ended."""
    _LOG.info("ends with exit code %d after %.3f s", exit_code, seconds)


def _masked(argument: str) -> str:
    """An argument without what may be a secret.

    >>> _masked("--prod-dsn=postgresql://a:b@h/d"), _masked("--yes")
    ('--prod-dsn=****', '--yes')
    """
    if not any(sign in argument.casefold() for sign in _SECRETIVE):
        return argument
    option, equals, _ = argument.partition("=")
    return f"{option}=****" if equals and option.startswith("--") else "****"
