"""A window that production's journal lost, as the manifest of its backup knows it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

from egrow_replica.app.context import who
from egrow_replica.backup import Manifest
from egrow_replica.catalog import (
    ContentTable,
    Scope,
    content_table,
    read_foreign_keys,
    read_owned_sequences,
    read_relations,
    read_server_facts,
    read_tables,
)
from egrow_replica.catalog.roles import read_roles
from egrow_replica.db import Door
from egrow_replica.errors import PreflightFailed
from egrow_replica.evidence import Baseline, touching
from egrow_replica.model import WindowState
from egrow_replica.replication.names import new_id
from egrow_replica.settings import Settings
from egrow_replica.window.journal import Progress, Window, WindowSetting
from egrow_replica.window.run import CONTENT_ROLES

REASON = "recorded from its backup: the journal did not know it"


def window_of_backup(prod: Door, manifest: Manifest, directory: Path, settings: Settings) -> Window:
    """The window that a backup was made for, with today's tables.

    :raises PreflightFailed: the backup is of another database, or a table is not as the backup has it.
    """
    facts = read_server_facts(prod)
    kept = manifest.facts
    if (kept.system_identifier, kept.database) != (facts.system_identifier, facts.database):
        raise PreflightFailed(
            f"the backup is of database {kept.database} of cluster {kept.system_identifier}, not of this production",
            hint="Look at [prod] in the configuration, and at the backup that was named.",
            code="other-database",
        )
    scope = _scope(prod, manifest, settings)
    seed = secrets.randbits(63)
    user, host = who(settings)
    return Window(
        name=manifest.window,
        state=WindowState.CLOSED,
        opened_at=manifest.created_at,
        closed_at=None,
        reason=REASON,
        os_user=user,
        os_host=host,
        database_role=prod.role,
        dev_identity="",
        prod_identity=facts.identity,
        setting=WindowSetting(
            publish=settings.window.publish,
            seed=seed,
            allow_unproven=False,
            whole_backup=manifest.dump is not None,
            makes_roles=facts.superuser and len(read_roles(prod, CONTENT_ROLES)) < len(CONTENT_ROLES),
            id=new_id(facts.identity),
        ),
        scope=scope,
        baseline=Baseline(
            seed=seed,
            position=kept.position or 0,
            lsn=kept.lsn,
            # Only from a position on it is known what is newer than the backup.
            tracks_commits=facts.tracks_commits and kept.position is not None,
            fingerprints=(),
            orphans=(),
            deleted=(),
        ),
        progress=Progress(backup=directory.absolute()),
        validation=None,
        failure=None,
        age_seconds=0.0,
    )


def _scope(prod: Door, manifest: Manifest, settings: Settings) -> Scope:
    tables = tuple(_tables(prod, manifest, settings))
    names = [table.name for table in tables]
    return Scope(
        tables=tables,
        sequences=tuple(read_owned_sequences(prod, [table.oid for table in tables])),
        foreign_keys=touching(read_foreign_keys(prod), names),
    )


def _tables(prod: Door, manifest: Manifest, settings: Settings) -> Iterator[ContentTable]:
    relations = read_relations(prod, measured=False)
    found = read_tables(prod, [relations[one.table] for one in manifest.content if one.table in relations])
    for one in manifest.content:
        table = found.get(one.table)
        # Never written, whether the backup says so or today's configuration does.
        configured = settings.tables.all_production_columns.get(one.table, ())
        own = tuple(dict.fromkeys((*one.production_columns, *configured)))
        made = content_table(table, table, own, None) if table is not None else None
        if made is None or made.key != one.key or set(made.stored_columns) != set(one.columns):
            raise PreflightFailed(
                f"{one.table} is not the table that the backup holds: its columns or its key are others, or it is gone",
                hint="Bring the table back as it was; `pg_restore` shows it in the backup's dump.",
                code="relation-changed",
            )
        yield made.model_copy(update={"stored_columns": one.columns})
