"""The steps of a window. Each can see whether it is already so, make it so, and take it back."""

from egrow_replica.window.steps.base import Foreseen, Planned, Step, noted, size_of
from egrow_replica.window.steps.content import Reconcile, foresee, our_origins, put_back
from egrow_replica.window.steps.evidence import (
    Backup,
    CatchUp,
    KeepWal,
    Streaming,
    TakeBaseline,
    Validate,
    gather,
    subject_of,
)
from egrow_replica.window.steps.objects import Origin, Publication, Roles, Slot, Subscription

ENABLE_STEPS: tuple[Step, ...] = (
    Origin(),
    Roles(),
    KeepWal(),
    TakeBaseline(),
    Backup(),
    Publication(),
    Slot(),
    Reconcile(),
    Subscription(),
    CatchUp(),
    Validate(),
    Streaming(),
)
#: What a window leaves on the servers, in the order of its making; taken back in reverse.
OBJECT_STEPS: tuple[Step, ...] = (Origin(), Roles(), KeepWal(), Publication(), Slot(), Subscription())

__all__ = [
    "ENABLE_STEPS",
    "OBJECT_STEPS",
    "Foreseen",
    "Origin",
    "Planned",
    "Roles",
    "Slot",
    "Step",
    "foresee",
    "gather",
    "noted",
    "our_origins",
    "put_back",
    "size_of",
    "subject_of",
]
