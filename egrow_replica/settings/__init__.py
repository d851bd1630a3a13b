"""The configuration ``egrow-replica.toml``: what it says and how it is read."""

from pathlib import Path

from egrow_replica.settings.load import (
    ADMIN_VARIABLES,
    DEFAULT_FILE,
    Settings,
    dev_dsn,
    load_settings,
    prod_dsn,
    stream_dsn,
)
from egrow_replica.settings.model import Operation, TablesSettings
from egrow_replica.settings.units import seconds

__all__ = [
    "ADMIN_VARIABLES",
    "DEFAULT_FILE",
    "Operation",
    "Settings",
    "TablesSettings",
    "dev_dsn",
    "load_settings",
    "prod_dsn",
    "seconds",
    "sql_directory",
    "stream_dsn",
]


def sql_directory() -> Path:
    """Where the statement files are: inside the installed package, beside it in a source tree."""
    package = Path(__file__).parents[1]
    installed = package / "sql"
    return installed if installed.is_dir() else package.parent / "sql"
