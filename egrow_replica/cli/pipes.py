"""Output to a pipe whose reader may go away: the command goes on, and its exit code is its own."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Patient(io.FileIO):
    """A file descriptor that takes whatever nobody reads any more."""

    def write(self, data: ReadableBuffer) -> int:
        """Write, or let it go."""
        try:
            return super().write(data)
        except BrokenPipeError:
            return memoryview(data).nbytes


def use_patient_streams() -> None:
    """Let standard output and error outlive their readers; an old terminal shows a ? where it has no sign.

    A window must not be taken back because somebody has closed the pager that showed its progress.
    """
    sys.stdout, sys.stderr = _patient(sys.stdout), _patient(sys.stderr)


def _patient(stream: TextIO) -> TextIO:
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError, ValueError):  # there is none
        return stream
    stream.flush()
    raw = io.BufferedWriter(_Patient(descriptor, "w", closefd=False))
    # What a person watches must not wait in a buffer.
    return io.TextIOWrapper(raw, encoding=stream.encoding, errors="replace", line_buffering=True)
