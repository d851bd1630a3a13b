"""``python -m egrow_replica.guard``: statements in, verdicts out, one JSON value a line.

Made for other programs and for tests that attack the guard: whatever comes in, one answer goes out for each line.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from typing import BinaryIO, TextIO, TypedDict

from egrow_replica.errors import EgrowError, Refused, UsageError
from egrow_replica.guard import Policy, vet


class Answer(TypedDict):
    """The contract's object; ``rule`` and ``reason`` are null for what is allowed."""

    allowed: bool
    rule: str | None
    reason: str | None
    writes: list[str]


def answer(line: bytes, policy: Policy) -> Answer:
    """The verdict on one line of input."""
    try:
        vetted = vet(_statement(line), policy)
    except Refused as refused:
        return {"allowed": False, "rule": refused.rule, "reason": refused.reason, "writes": []}
    return {"allowed": True, "rule": None, "reason": None, "writes": [str(name) for name in vetted.writes]}


def _statement(line: bytes) -> str:
    try:
        value = json.loads(line.decode())
    except (ValueError, RecursionError):
        raise Refused("input", "the line is not one JSON string") from None
    if not isinstance(value, str):
        raise Refused("input", "the line is JSON, but not a string")
    return value


def serve(lines: Iterable[bytes], output: TextIO, policy: Policy) -> None:
    """Answer line by line, each at once, so that a program can ask and wait."""
    for line in lines:
        output.write(json.dumps(answer(line.rstrip(b"\r\n"), policy)) + "\n")
        output.flush()


def content_list(text: str) -> list[str]:
    """Names between commas; a comma inside double quotes belongs to the name.

    :raises UsageError: where there is none.
    """
    names = [""]
    quoted = False
    for sign in text:
        quoted ^= sign == '"'
        if sign == "," and not quoted:
            names.append("")
        else:
            names[-1] += sign
    names = [name.strip() for name in names]
    if not all(names):
        raise UsageError("--content needs table names between commas", hint="--content public.courses,public.lessons")
    return names


def main(arguments: list[str] | None = None, source: BinaryIO | None = None, output: TextIO | None = None) -> int:
    """Run the command; the exit code is 0 whatever was asked, and an error's own where the options are wrong."""
    parser = argparse.ArgumentParser(prog="python -m egrow_replica.guard", description=__doc__)
    parser.add_argument("--content", required=True, help="the tables that may be written: schema.table,schema.table")
    options = parser.parse_args(arguments)
    try:
        policy = Policy.for_content(content_list(options.content))
    except EgrowError as error:
        sys.stderr.write(f"{error}\n{error.hint}\n" if error.hint else f"{error}\n")
        return int(error.exit_code)
    try:
        serve(source or sys.stdin.buffer, output or sys.stdout, policy)
    except BrokenPipeError:
        sys.stderr.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
