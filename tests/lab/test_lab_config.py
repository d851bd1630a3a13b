"""The configuration that the lab writes is one that the program reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from egrow_replica.errors import UsageError
from egrow_replica.lab.config import remove_configuration, write_configuration
from egrow_replica.lab.lab import Lab
from egrow_replica.lab.remains import CONFIGURATION_MARKER
from egrow_replica.model import QualifiedName
from egrow_replica.settings import dev_dsn, load_settings, prod_dsn, stream_dsn


def test_the_program_reads_it(lab: Lab) -> None:
    settings = load_settings(lab.config_path, {})
    assert dev_dsn(settings).get_secret_value() == lab.dev_dsn
    assert prod_dsn(settings).get_secret_value() == lab.prod_dsn
    assert stream_dsn(settings).get_secret_value() == lab.stream_dsn
    assert settings.backup.bin_dir == lab.bin_dir
    assert QualifiedName("public", "courses") in settings.tables.all_content


def test_only_a_file_of_the_lab_is_replaced_or_removed(tmp_path: Path) -> None:
    path = tmp_path / "egrow-replica.toml"
    mine, other = tmp_path / "mine", tmp_path / "other"
    write_configuration(path, f'{CONFIGURATION_MARKER}\n# Lab: "{mine}"\n')
    assert path.stat().st_mode & 0o777 == 0o600
    remove_configuration(path, other)
    assert path.exists()
    write_configuration(path, f'{CONFIGURATION_MARKER}\n# Lab: "{other}"\n')
    remove_configuration(path, other)
    assert not path.exists()
    path.write_text("[dev]\n")
    with pytest.raises(UsageError, match="was not written by the lab"):
        write_configuration(path, "")
    remove_configuration(path, mine)
    assert path.read_text() == "[dev]\n"
