"""The page of the configuration says what the program's model says, and what it says is taken."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from egrow_replica.settings import Settings, load_settings
from egrow_replica.settings.load import named_fields, section_of
from egrow_replica.settings.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
ROW = re.compile(
    r"^\| `(?P<key>\w+)` \| (?P<type>[^|]+) \| (?:`(?P<default>[^`]+)`)? \| [^|]+ \| `(?P<variable>\w+)` \|$"
)
TABLES = '[tables]\npreset = "egrow-academy"\n'


def rows() -> list[tuple[str, dict[str, str | None]]]:
    found, section = [], ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line.strip("# []")
        elif row := ROW.match(line):
            found.append((section, row.groupdict()))
    return found


def test_the_page_is_what_the_model_says() -> None:
    """`make reference` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == reference()


def test_every_key_is_on_the_page() -> None:
    keys = {
        (section, key)
        for section, field in named_fields(Settings)
        if (model := section_of(field.annotation)) is not None
        for key, _ in named_fields(model)
    }
    assert {(section, row["key"]) for section, row in rows()} == keys


def test_defaults_that_the_page_shows_are_the_programs(tmp_path: Path) -> None:
    lines: dict[str, list[str]] = {}
    for section, row in rows():
        if row["default"]:
            lines.setdefault(section, []).append(f"{row['key']} = {row['default']}")
    text = "".join(f"[{section}]\n" + "\n".join(keys) + "\n" for section, keys in lines.items())
    assert len(tomllib.loads(text)) > 4
    for name, written in (("shown.toml", TABLES + text), ("empty.toml", TABLES)):
        (tmp_path / name).write_text(written, encoding="utf-8")
    assert load_settings(tmp_path / "shown.toml") == load_settings(tmp_path / "empty.toml")


def test_variables_that_the_page_shows_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "egrow-replica.toml").write_text(TABLES, encoding="utf-8")
    for _, row in rows():
        if row["default"]:
            monkeypatch.setenv(str(row["variable"]), str(row["default"]).strip('"'))
    assert load_settings(tmp_path / "egrow-replica.toml") == load_settings(tmp_path / "egrow-replica.toml", {})
    monkeypatch.setenv("EGROW_REPLICA_OPERATOR", "release-desk")
    assert load_settings(tmp_path / "egrow-replica.toml").window.operator == "release-desk"
