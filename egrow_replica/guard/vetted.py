"""A statement that the guard let pass. The door to a server takes nothing else."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field

from egrow_replica.guard.policy import Policy
from egrow_replica.guard.statements import StatementKind
from egrow_replica.model import QualifiedName

#: Only ``guard.judge`` uses it; an ``InitVar`` also keeps ``dataclasses.replace`` from exchanging the text.
SEAL = object()


@dataclass(frozen=True, slots=True)
class Vetted:
    """One statement, exactly as it may be sent.

    :ivar text: what was judged and what is sent; may hold a password, so it is in no ``repr``.
    :ivar writes: the relations whose rows or definition it changes.
    :ivar shown: the text for logs and plans, secrets masked.
    :ivar policy: what it was judged by.
    """

    text: str = field(repr=False)
    kind: StatementKind
    writes: tuple[QualifiedName, ...]
    shown: str
    policy: Policy = field(repr=False)
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not SEAL:
            raise TypeError("only guard.vet makes a Vetted")

    def __str__(self) -> str:
        return self.shown
