"""``python -m egrow_replica.guard``, as the contract describes it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egrow_replica.guard.__main__ import content_list, main


def _ask(source: bytes, content: str = "public.courses,lessons") -> list[Any]:
    output = io.StringIO()
    assert main(["--content", content], io.BytesIO(source), output) == 0
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_answers() -> None:
    allowed, refused = _ask(b'"UPDATE public.courses SET a = 1"\n"DELETE FROM public.users"\n')
    assert allowed == {"allowed": True, "rule": None, "reason": None, "writes": ["public.courses"]}
    assert refused["allowed"] is False
    assert refused["rule"] == "write"
    assert "public.users" in refused["reason"]
    assert refused["writes"] == []


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b" ",
        b"SELECT 1",
        b"\xff\xfe",
        b"\x00",
        b'"\\u0000"',
        b'"\\ud800"',
        b'"unterminated',
        b"1",
        b"null",
        b"{}",
        b'["SELECT 1"]',
        b"[" * 100_000,
        b"1" * 10_000,
        b"NaN",
        b'"' + b"(" * 1_000_000 + b'"',
        b'"SELECT 1" "SELECT 2"',
        b'"SELECT \xff"',
        b"\r",
        b'\xef\xbb\xbf"SELECT 1"',
    ],
    ids=lambda line: repr(line[:20]),
)
def test_bad_input_gets_one_answer_and_the_next_line_too(line: bytes) -> None:
    answers = _ask(line + b"\n" + b'"SELECT 1"\n')
    assert [answer["allowed"] for answer in answers] == [False, True]
    assert answers[0]["rule"]
    assert answers[0]["reason"]


def test_the_last_line_needs_no_line_feed_and_may_end_in_crlf() -> None:
    assert [answer["allowed"] for answer in _ask(b'"SELECT 1"\r\n"SELECT 1"')] == [True, True]


@given(st.lists(st.binary(max_size=80).map(lambda line: line.replace(b"\n", b"")), max_size=5))
@settings(deadline=None)
def test_one_answer_a_line(lines: list[bytes]) -> None:
    answers = _ask(b"".join(line + b"\n" for line in lines))
    assert len(answers) == len(lines)
    assert all(set(answer) == {"allowed", "rule", "reason", "writes"} for answer in answers)


@pytest.mark.parametrize(
    ("content", "code"),
    [("", 2), (",", 2), ("a,", 2), ("a.b.c", 2), ('a"b', 2), ("pg_catalog.pg_class", 3), ("x" * 64, 2)],
)
def test_a_bad_content_list(content: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--content", content], io.BytesIO(), io.StringIO()) == code
    assert capsys.readouterr().err.strip()


def test_content_is_required(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([], io.BytesIO(), io.StringIO())
    assert stopped.value.code == 2
    assert "--content" in capsys.readouterr().err


def test_a_quoted_comma_belongs_to_the_name() -> None:
    assert content_list('"a,b".c, public.courses') == ['"a,b".c', "public.courses"]
    assert _ask(b'"DELETE FROM \\"a,b\\".c"', '"a,b".c')[0]["writes"] == ["a,b.c"]


def test_as_a_process_each_line_is_answered_at_once() -> None:
    command = [sys.executable, "-m", "egrow_replica.guard", "--content", "public.courses"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for sql, verdict in (("SELECT 1", True), ("DELETE FROM public.users", False)):
            process.stdin.write(json.dumps(sql).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["allowed"] is verdict
        process.stdin.close()
        assert process.wait(10) == 0
