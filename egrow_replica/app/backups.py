"""The backups that are there."""

from __future__ import annotations

from collections.abc import Iterable

from egrow_replica.app.context import Context
from egrow_replica.backup import BackupState, BackupSummary, list_backups
from egrow_replica.errors import BackupFailed
from egrow_replica.model import Model


def damaged(backups: Iterable[BackupSummary]) -> BackupFailed | None:
    """What is wrong with backups that were finished, ``None``: nothing."""
    problems = [problem for backup in backups for problem in backup.problems]
    if not problems:
        return None
    return BackupFailed(
        "; ".join(problems), hint="Keep what is left of it, and do not rely on it: make another backup.", code="damaged"
    )


class BackupsReport(Model):
    """Answer of ``backups list``."""

    backups: tuple[BackupSummary, ...]


def backups_list(context: Context, *, check: bool = False) -> BackupsReport:
    """Every backup in the configured directory, the oldest first.

    :param check: read every file, and compare checksums.
    :raises BackupFailed: that was asked for, and a backup that was finished is not what was written.
    """
    report = BackupsReport(backups=tuple(list_backups(context.settings.backup.directory, check=check)))
    error = damaged(report.backups) if check else None
    if error is not None:
        error.report = report
        raise error
    return report


__all__ = ["BackupState", "BackupSummary", "BackupsReport", "backups_list"]
