"""Starts commands fast: the program is imported once, and each command line runs in a fork of that.

A process of its own, with one thread: forking the tests' process, with the application's threads, would not be safe.
It runs what the installed script runs (``egrow_replica.cli.main.main``), in its own process, directory, environment
and with its own standard streams. It ends when the tests' end of the socket closes.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL, Popen

from egrow_replica.cli.main import main

REQUEST_BYTES = 1 << 20


class ForkServer:
    """The tests' end."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, __file__, str(theirs.fileno())]
        self._process = Popen(command, pass_fds=[theirs.fileno()], stdin=DEVNULL)
        theirs.close()
        self._socket = ours
        self._turn = threading.Lock()

    def start(self, arguments: Sequence[str], directory: Path, env: Mapping[str, str]) -> StartedProcess:
        """Start a command; its standard output and error can be read from the answer."""
        request = json.dumps({"arguments": list(arguments), "directory": str(directory), "env": dict(env)}).encode()
        out, err, status = os.pipe(), os.pipe(), os.pipe()
        with self._turn:
            socket.send_fds(self._socket, [request], [out[1], err[1], status[1]])
            pid = int(self._socket.recv(64))
        for _, write in (out, err, status):
            os.close(write)
        return StartedProcess(pid, out[0], err[0], status[0])

    def close(self) -> None:
        self._socket.close()
        self._process.wait()


class StartedProcess:
    """A command that the server has started."""

    def __init__(self, pid: int, out: int, err: int, status: int) -> None:
        self.pid = pid
        self.out, self.err, self.status = out, err, status


def serve(server: socket.socket) -> None:
    """Fork for each request. The fork's parent waits in a process of its own and writes the exit code."""
    while True:
        request, descriptors, _, _ = socket.recv_fds(server, REQUEST_BYTES, 3)
        if not request:
            return
        ready, tell = os.pipe()
        if (middle := os.fork()) == 0:
            server.close()
            os.close(ready)
            _watch(json.loads(request), descriptors, tell)
        os.close(tell)
        server.send(os.read(ready, 64))
        os.close(ready)
        for descriptor in descriptors:
            os.close(descriptor)
        _reap(middle)


_waiting: set[int] = set()


def _reap(newest: int) -> None:
    _waiting.add(newest)
    for pid in list(_waiting):
        if os.waitpid(pid, os.WNOHANG)[0]:
            _waiting.discard(pid)


def _watch(request: dict[str, object], descriptors: list[int], tell: int) -> None:
    out, err, status = descriptors
    child = os.fork()
    if child == 0:
        os.close(status)
        os.close(tell)
        _become(request, out, err)
    os.write(tell, str(child).encode())
    os.close(tell)
    os.close(out)
    os.close(err)
    _, state = os.waitpid(child, 0)
    os.write(status, str(os.waitstatus_to_exitcode(state)).encode())
    os._exit(0)


def _become(request: dict[str, object], out: int, err: int) -> None:
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.closerange(3, 64)
        # New objects: those of the server know what its own streams were.
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
        os.chdir(str(request["directory"]))
        env = request["env"]
        assert isinstance(env, dict)
        os.environ.clear()
        os.environ.update(env)
        arguments = request["arguments"]
        assert isinstance(arguments, list)
        sys.argv = ["egrow-replica", *arguments]
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    gc.freeze()  # what is imported stays shared between the forks
    serve(socket.socket(fileno=int(sys.argv[1])))
