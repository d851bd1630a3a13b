"""How a lab is, as ``lab status`` tells it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from egrow_replica.errors import ServerUnavailable
from egrow_replica.lab import conninfo
from egrow_replica.lab.psql import psql
from egrow_replica.model import Model, Server

_QUESTION = """
SELECT pg_catalog.current_setting('server_version'), pg_catalog.current_database(),
       pg_catalog.pg_database_size(pg_catalog.current_database());
"""


class ServerStatus(Model):
    """How one server of a lab is.

    :ivar address: host and port.
    :ivar version: as the server writes it; ``""`` where it does not answer, and ``data_bytes`` is 0 then.
    """

    server: Server
    address: str
    running: bool
    version: str = ""
    database: str = ""
    data_bytes: int = 0


class LabStatus(Model):
    """How a lab is."""

    directory: Path
    running: bool
    external: bool
    config_path: Path
    servers: tuple[ServerStatus, ...]


def read_status(server: Server, admin: Mapping[str, str], *, bin_dir: Path) -> ServerStatus:
    """Ask one server; one that does not answer is not running."""
    address = f"{admin.get('host', 'localhost')}:{admin.get('port', '5432')}"
    try:
        version, database, size = psql(conninfo.write(admin), _QUESTION, bin_dir=bin_dir).split("|")
    except ServerUnavailable:
        return ServerStatus(server=server, address=address, running=False)
    return ServerStatus(
        server=server, address=address, running=True, version=version, database=database, data_bytes=int(size)
    )
