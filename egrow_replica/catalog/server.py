"""What a server says of itself."""

from __future__ import annotations

from egrow_replica.db import Door, query
from egrow_replica.model import Model


class ServerFacts(Model):
    """Identity, settings and free places of a server, and what our login may do there.

    :ivar free_slots: replication slots that can still be made; senders, workers and origins likewise.
    :ivar origins_setting: name of the setting that limits origins in this version.
    :ivar bounds_slots: ``max_slot_wal_keep_size`` is set, so that a slot cannot fill the disk.
    :ivar tracks_commits: ``track_commit_timestamp`` is on.
    """

    system_identifier: str
    database_oid: int
    database: str
    role: str
    superuser: bool
    bypasses_row_security: bool
    may_replicate: bool
    in_recovery: bool
    server_version: str
    wal_level: str
    tracks_commits: bool
    output_plugin_libraries: str | None
    free_slots: int
    free_senders: int
    free_workers: int
    free_origins: int
    origins_setting: str
    bounds_slots: bool
    database_bytes: int

    @property
    def identity(self) -> str:
        """What tells this database from every other: the cluster's identifier and the database's oid."""
        return f"{self.system_identifier}/{self.database_oid}"


def read_server_facts(door: Door) -> ServerFacts:
    """Ask the server; raises as :meth:`Door.execute`."""
    return door.one(ServerFacts, query("catalog/server_facts"))
