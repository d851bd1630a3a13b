"""What a validation is of."""

from __future__ import annotations

from dataclasses import dataclass

from egrow_replica.catalog import (
    Scope,
)
from egrow_replica.evidence import (
    Baseline,
)
from egrow_replica.replication.names import ObjectNames
from egrow_replica.window.journal import Progress, WindowSetting


@dataclass(frozen=True)
class Subject:
    """What a validation is of.

    :ivar origin: name of the origin of our own writes.
    :ivar names: of the window's objects; ``None`` where there is no window.
    :ivar streaming: whether the stream is expected to run, so that workers and confirmed positions are looked at.
    :ivar check_content: whether production must have dev's rows.
    :ivar check_publication: whether dev must have the publication, unaltered.
    :ivar paused: the stream is stopped and shall go on, so that nothing may be lost meanwhile.
    """

    scope: Scope
    setting: WindowSetting
    progress: Progress
    baseline: Baseline
    origin: str
    names: ObjectNames | None
    streaming: bool
    check_content: bool
    check_publication: bool = False
    paused: bool = False

    @property
    def common(self) -> str:
        """Name of slot and subscription; ``""`` where there is no window."""
        return self.names.common if self.names is not None else ""
