"""A restore whose controller died after it had written: what it wrote is still to be judged."""

from __future__ import annotations

from collections.abc import Iterable

from egrow_replica.catalog import read_server_facts
from egrow_replica.db import Door
from egrow_replica.window.journal import RestoreStage, Restoring, Window
from egrow_replica.window.subject import Subject


def unjudged(window: str) -> str:
    """What a person is told about it."""
    return (
        f"a restore of {window} was interrupted after it had written: `egrow-replica validate` judges what it wrote, "
        f"`egrow-replica restore {window}` ends it"
    )


def interrupted(windows: Iterable[Window]) -> tuple[Window, Restoring] | None:
    """The window whose restore has written and was not judged, the newest first; one may still be at work."""
    for window in windows:
        left = window.progress.restoring
        if left is not None and left.stage is RestoreStage.WRITTEN and left.baseline is not None:
            return window, left
    return None


def subject(prod: Door, window: Window, left: Restoring) -> Subject:
    """What is judged of it."""
    assert left.baseline is not None
    names = window.names
    return Subject(
        scope=window.scope,
        setting=window.setting,
        progress=left.progress,
        baseline=left.baseline,
        origin=names.restore_origin(read_server_facts(prod).database_oid),
        names=names,
        streaming=False,
        check_content=False,
    )
