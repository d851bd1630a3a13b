"""Our end of the leash on which PostgreSQL's programs run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from egrow_replica.backup import leash as _leash


@dataclass(frozen=True)
class Leash:
    """What a program is started with so that it ends with us.

    :ivar stdin: its standard input until it begins; the program itself reads nothing.
    """

    stdin: int

    def command(self, *command: str) -> list[str]:
        """The command line that becomes this one; its process is the program's own."""
        return [sys.executable, "-I", "-S", _leash.__file__, *command]


@contextmanager
def leash() -> Iterator[Leash]:
    """Hold a leash for the block; what was started on it and still runs at its end is ended."""
    # Neither end is inherited by what somebody else starts meanwhile.
    reading, writing = os.pipe()
    try:
        yield Leash(reading)
    finally:
        os.close(reading)
        os.close(writing)
