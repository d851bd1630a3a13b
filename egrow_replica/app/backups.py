"""The backups that are there."""

from __future__ import annotations

from egrow_replica.app.context import Context
from egrow_replica.backup import BackupState, BackupSummary, list_backups
from egrow_replica.model import Model


class BackupsReport(Model):
    """Answer of ``backups list``."""

    backups: tuple[BackupSummary, ...]


def backups_list(context: Context) -> BackupsReport:
    """Every backup in the configured directory, the oldest first."""
    return BackupsReport(backups=tuple(list_backups(context.settings.backup.directory)))


__all__ = ["BackupState", "BackupSummary", "BackupsReport", "backups_list"]
