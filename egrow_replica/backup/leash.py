"""A program that ends with us, however we end: ``python -I -S leash.py PROGRAM ARGUMENT …``.

Standard input is a pipe whose other end only the controller holds. A watcher stays behind on it, and this process
becomes the program. When the controller is gone, by SIGKILL too, the pipe ends, and the watcher ends the program and
whatever it started: pg_dump's workers are its children, not ours.

A pipe rather than the kernel's signal to orphans, which only Linux has, which pg_dump's workers do not inherit, and
which comes when the *thread* that started a program ends. Only the standard library, and little of it: this starts in
10 ms.
"""

from __future__ import annotations

import os
import signal
import sys
import time

_GRACE_SECONDS = 5.0
_DESCRIPTORS = 4096


def main(command: list[str]) -> None:
    """Leave a watcher behind and become the program."""
    os.setsid()
    group = os.getpid()
    between = os.fork()
    if between == 0:
        # The program waits for its own children, and must not find one that it does not know.
        if os.fork() == 0:
            _watch(group)
        os._exit(0)
    os.waitpid(between, 0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    try:
        os.execv(command[0], command)  # noqa: S606  what the controller has found, no shell
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        os._exit(127)


def _watch(group: int) -> None:
    """Wait for the controller's end of the pipe to close, then end the group.

    It is a member itself, so that its number cannot be given to others meanwhile.
    """
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # Whoever reads the program's output waits for its last writer; and its password is none of our business.
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os.closerange(3, _DESCRIPTORS)
    while os.read(0, 64):
        pass
    os.killpg(group, signal.SIGTERM)  # pg_dump passes it on to its workers, and asks the server to stop
    deadline = time.monotonic() + _GRACE_SECONDS
    while _is_there(group) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(group, signal.SIGKILL)  # and with it this process


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
