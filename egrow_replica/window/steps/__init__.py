"""The steps of a window. Each can see whether it is already so, make it so, and take it back."""

from egrow_replica.window.journal import WindowSetting
from egrow_replica.window.steps.base import Foreseen, Planned, Step, Work, noted, size_of
from egrow_replica.window.steps.content import Reconcile, foresee, our_origins, put_back
from egrow_replica.window.steps.evidence import (
    Backup,
    CatchUp,
    KeepWal,
    Streaming,
    TakeBaseline,
    Validate,
    gather,
    refuse_failed,
    subject_of,
    with_user_rows,
)
from egrow_replica.window.steps.hold import Hold, Release, release_own
from egrow_replica.window.steps.objects import Origin, Publication, Roles, Slot, Subscription
from egrow_replica.window.steps.rehearsal import Rehearse, RehearseAgain, rehearse_stream

_OPENING: tuple[Step, ...] = (
    Origin(),
    Roles(),
    Rehearse(),
    Publication(),
    KeepWal(),
    TakeBaseline(),
    Backup(),
    Slot(),
    Reconcile(),
    RehearseAgain(),
    Subscription(),
    CatchUp(),
    Validate(),
    Streaming(),
)
#: What a window leaves on the servers, in the order of its making; taken back in reverse, so that writes are released
#: last, when the content is back.
OBJECT_STEPS: tuple[Step, ...] = (Hold(), Origin(), Roles(), KeepWal(), Publication(), Slot(), Subscription())

#: Names of those that are needed to judge what was written, or to write again: not taken back while a stream may run.
UNTIL_JUDGED = frozenset({"origin", "roles", "keep-wal"})


def enable_steps(setting: WindowSetting) -> tuple[Step, ...]:
    """What opens a window; with its writes held, if that was asked for, from before the baseline to the end."""
    return _OPENING if setting.hold_seconds is None else (Hold(), *_OPENING, Release())


__all__ = [
    "OBJECT_STEPS",
    "UNTIL_JUDGED",
    "Foreseen",
    "Hold",
    "Origin",
    "Planned",
    "Reconcile",
    "Release",
    "Roles",
    "Slot",
    "Step",
    "Subscription",
    "Work",
    "enable_steps",
    "foresee",
    "gather",
    "noted",
    "our_origins",
    "put_back",
    "refuse_failed",
    "rehearse_stream",
    "release_own",
    "size_of",
    "subject_of",
    "with_user_rows",
]
