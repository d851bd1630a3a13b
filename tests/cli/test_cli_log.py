"""The log file: who began which command, each event, and how it ended, whatever the terminal shows."""

from __future__ import annotations

import getpass
import re
from pathlib import Path

import pytest
from support.command import Result
from support.pair import Pair

from egrow_replica import __version__


def logged(pair: Pair, *arguments: str) -> tuple[Result, str]:
    """A command's result, and what it has logged."""
    file = Path(pair.directory / "the.log")
    file.unlink(missing_ok=True)
    result = pair.cli("--log-file", str(file), *arguments)
    return result, file.read_text(encoding="utf-8")


def check(result: Result, text: str, *words: str) -> None:
    lines = text.splitlines()
    assert "begins: egrow-replica" in lines[0]
    assert " ".join(words) in lines[0]
    assert f"version {__version__}" in lines[0]
    assert any(f"by {getpass.getuser()}@" in line and "configuration: {" in line for line in lines), text
    assert re.search(rf"ends with exit code {result.exit_code} after \d+\.\d+ s$", lines[-1]), text
    if result.exit_code:
        assert result.error["message"].splitlines()[0] in text


@pytest.mark.parametrize(
    "words",
    ["status", "compare --rows", "doctor", "backups list", "pause", "resume", "validate", "plan", "streaks quick"],
)
def test_every_command_logs_its_beginning_and_its_end(shared_pair: Pair, words: str) -> None:
    result, text = logged(shared_pair, *words.split())
    check(result, text, *words.split())


def test_a_quiet_window_is_in_the_log_all_the_same(pair: Pair) -> None:
    result, text = logged(pair, "--quiet", "enable", "--no-backup", "--name", "quiet")
    check(result, text, "--quiet", "enable")
    assert result.stderr == ""
    for step in ("preflight", "slot", "reconcile", "validate", "streaming"):
        assert f"step {step} done after" in text
    result, text = logged(pair, "--quiet", "disable")
    assert "step drain done after" in text


def test_no_secret_of_the_command_line_is_logged(shared_pair: Pair) -> None:
    dsn = "postgresql://somebody:hunter2@127.0.0.1:1/nothing"
    result, text = logged(shared_pair, "lab", "up", f"--dev-dsn={dsn}", "--prod-dsn", dsn, "--directory", "no-lab")
    assert result.exit_code
    assert "hunter2" not in text
    assert "--dev-dsn=****" in text
    assert "ends with exit code" in text


def test_a_command_line_that_is_wrong_is_logged(shared_pair: Pair) -> None:
    result, text = logged(shared_pair, "enable", "--nonsense")
    assert result.exit_code == 2
    assert "begins: egrow-replica" in text
    assert "No such option" in text
    assert "ends with exit code 2" in text
