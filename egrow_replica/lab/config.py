"""The configuration that the lab writes, so that every other command works with it at once."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path

from egrow_replica.errors import UsageError
from egrow_replica.lab.remains import CONFIGURATION_MARKER, is_our_configuration, write_private


def configuration_text(directory: Path, *, dev_dsn: str, prod_dsn: str, stream_dsn: str, bin_dir: Path) -> str:
    """``egrow-replica.toml`` for a lab: ordinary roles, the guide's lists, the servers' own ``pg_dump``."""
    has_tools = all((bin_dir / name).is_file() for name in ("pg_dump", "pg_restore"))
    backup = f"\n[backup]\nbin_dir = {json.dumps(str(bin_dir))}\n" if has_tools else ""
    return f"""\
{CONFIGURATION_MARKER}
{_directory_line(directory)}

[dev]
dsn = {json.dumps(dev_dsn)}
from_production_dsn = {json.dumps(stream_dsn)}

[prod]
dsn = {json.dumps(prod_dsn)}

[tables]
preset = "egrow-academy"
{backup}"""


def write_configuration(path: Path, text: str) -> None:
    """Write it, mode 0600; replace only what a lab wrote.

    :raises UsageError: where somebody's own configuration is in the way.
    """
    refuse_foreign_configuration(path)
    write_private(path, text)


def refuse_foreign_configuration(path: Path) -> None:
    """See that a configuration may be written there.

    :raises UsageError: where there is one that no lab wrote.
    """
    if path.exists() and not is_our_configuration(path):
        raise UsageError(
            f"{path} exists and was not written by the lab",
            hint="Work in another directory, or name another file for the lab's configuration",
        )


def remove_configuration(path: Path, directory: Path) -> None:
    """Remove the configuration of the lab in that directory; another one stays."""
    if is_our_configuration(path) and _directory_line(directory) in path.read_text(encoding="utf-8").splitlines()[:2]:
        path.unlink()


def write_environment(path: Path, values: Mapping[str, str]) -> None:
    """Write shell ``export`` lines, mode 0600, for people who want the administrators' logins."""
    write_private(path, "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items()))


def _directory_line(directory: Path) -> str:
    return f"# Lab: {json.dumps(str(directory))}"
