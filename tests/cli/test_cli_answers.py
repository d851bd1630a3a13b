"""What holds for the answer of every command: its name, one JSON object, short lines, and a reader that goes away."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support.command import COMMAND, Result, environment, run
from support.pair import Pair

from egrow_replica import __version__


def answer(directory: Path, *arguments: str) -> Result:
    return run(arguments, directory=directory)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("--config", "status", "enable"), "enable"),
        (("--config=status", "doctor"), "doctor"),
        (("maintenance", "on"), "maintenance on"),
        (("--log-file", "disable", "backups", "list"), "backups list"),
        (("streaks", "full"), "streaks full"),
        (("dry-run",), "dry-run"),
        (("lab", "status", "--directory", "no-lab"), "lab status"),
        (("enable", "--nonsense", "disable"), "enable"),
        (("restore", "status"), "restore"),
        (("maintenance",), "maintenance"),
        (("nonsense", "status"), ""),
        ((), ""),
    ],
    ids=str,
)
def test_a_failure_names_its_command(tmp_path: Path, arguments: tuple[str, ...], name: str) -> None:
    result = answer(tmp_path, *arguments, "--json")
    assert result.exit_code, str(result)
    assert result.json["command"] == name


def test_success_names_the_command_in_the_same_way(shared_pair: Pair) -> None:
    for words in ("maintenance status", "backups list", "streaks quick", "streaks full", "dry-run", "validate-only"):
        arguments = ("enable", "--validate-only") if words == "validate-only" else words.split()
        assert shared_pair.cli(*arguments).json["command"] == ("enable" if words == "validate-only" else words)


@pytest.mark.parametrize("arguments", [("--version",), ("status", "--version"), ("--version", "--quiet")], ids=str)
def test_the_version(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = answer(tmp_path, *arguments)
    assert (result.exit_code, result.stdout) == (0, f"egrow-replica {__version__}\n")
    found = answer(tmp_path, *arguments, "--json")
    assert found.json == {"command": "--version", "ok": True, "exit_code": 0, "version": __version__}


def test_help_is_one_object_too(tmp_path: Path) -> None:
    result = answer(tmp_path, "restore", "--help", "--json")
    assert (result.exit_code, result.json["command"]) == (0, "restore")
    assert "--referenced" in result.json["help"]
    assert "Commands" in answer(tmp_path, "--help", "--json").json["help"]
    assert "Usage" in answer(tmp_path, "--help").stdout


@pytest.mark.slow
def test_the_demo_is_one_object_too(tmp_path: Path) -> None:
    result = run(("demo", "--json"), directory=tmp_path, seconds=180)
    assert result.exit_code == 0, str(result)
    assert all(promise["kept"] for promise in result.json["promises"])
    assert len(result.json["promises"]) >= 10
    assert "Two PostgreSQL servers start" in result.stderr


def test_differences_are_an_error_of_compare_where_that_was_asked_for(shared_pair: Pair) -> None:
    pair = shared_pair
    assert "error" not in pair.ok("compare").json
    result = pair.cli("compare", "--exit-code")
    assert (result.exit_code, result.error["code"]) == (9, "differences")
    assert "public.courses" in result.error["message"]
    assert result.json["tables"], "the report is there all the same"
    new = sum(one["new"] for one in result.json["tables"])
    assert f"{new} new" in result.error["message"]


def test_an_error_line_names_tables_and_counts(shared_pair: Pair) -> None:
    """Which rows they are stands in the report."""
    pair = shared_pair
    pair.dev_sql(
        """SET session_replication_role = replica;
           INSERT INTO courses (id, title, slug, "updatedAt", category, "instructorId")
           SELECT 'nobody-' || n, '', 'nobody-' || n, now(), 'LIDERAZGO', 'no-user-' || n
             FROM generate_series(1, 15) AS n"""
    )
    try:
        result = pair.cli("enable", "--no-backup")
    finally:
        pair.dev_sql("DELETE FROM courses WHERE id LIKE 'nobody-%'")
    assert result.exit_code == 4, str(result)
    (finding,) = [one for one in result.json["checks"] if one["subject"] == "public.courses" and one.get("rows")]
    assert len(finding["rows"]) == 15
    assert "public.courses" in result.error["message"]
    assert "15 " in result.error["message"]
    assert result.error["message"].count("nobody-") <= 3, result.error["message"]


# ------------------------------------------------------------------------------------------------- a reader that leaves


def without_a_reader(pair: Pair, stream: str, *arguments: str) -> int:
    """Run a command whose reader has gone before it says anything; its exit code."""
    reading, writing = os.pipe()
    os.close(reading)
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: writing}
    try:
        started = subprocess.run(
            [COMMAND, "--config", str(pair.config), "--yes", *arguments],
            cwd=pair.directory, env=environment(), stdin=subprocess.DEVNULL, timeout=90, check=False, **streams,
        )  # fmt: skip
    finally:
        os.close(writing)
    return started.returncode


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("compare", "--rows"), 0),
        (("compare", "--json"), 0),
        (("compare", "--exit-code"), 9),
        (("--version",), 0),
        (("--help",), 0),
        (("nonsense",), 2),
    ],
    ids=str,
)
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_reader_that_goes_away_changes_nothing(
    shared_pair: Pair, stream: str, arguments: tuple[str, ...], code: int
) -> None:
    assert without_a_reader(shared_pair, stream, *arguments) == code


def test_a_window_does_not_end_with_the_reader_of_its_progress(pair: Pair) -> None:
    assert without_a_reader(pair, "stderr", "enable", "--no-backup", "--verbose") == 0
    assert pair.ok("status").json["window"]["state"] == "streaming"
    assert without_a_reader(pair, "stdout", "disable") == 0
    assert pair.leftovers() == []
