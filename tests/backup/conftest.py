"""A database of its own for each test, on one server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from backup_world import FACTS, Cluster, Database, a_cluster
from psycopg import sql

from egrow_replica.backup import ContentTable, Manifest, make_backup
from egrow_replica.db import Dsn
from egrow_replica.settings.model import BackupSettings


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with a_cluster() as running:
        yield running


@pytest.fixture
def backup(database: Database, tmp_path: Path) -> Callable[..., tuple[Path, Manifest]]:
    """Make a backup of the test's database."""

    def make(
        *tables: ContentTable, dsn: Dsn | None = None, door_dsn: Dsn | None = None, **more: Any
    ) -> tuple[Path, Manifest]:
        settings = BackupSettings(directory=tmp_path, bin_dir=database.cluster.bin_dir, jobs=2)
        options = {"base": tmp_path / "backups", "window": "june", "settings": settings, "whole_database": True, **more}
        with database.snapshot(door_dsn) as (door, snapshot):
            manifest = make_backup(door, dsn or database.dsn, tables=tables, snapshot=snapshot, facts=FACTS, **options)
        return options["base"] / manifest.directory, manifest

    return make


@pytest.fixture
def database(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Database]:
    name = f"t {abs(hash(request.node.nodeid)) % 10**9}"
    with cluster.admin() as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        yield Database(cluster, name)
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
