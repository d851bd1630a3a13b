"""What a finding is, and what each way of reaching something means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from egrow_replica.effects.facts import Command, Mode
from egrow_replica.effects.index import CatalogIndex
from egrow_replica.effects.trace import Effect
from egrow_replica.model import Check, Model, Severity, Side


class Finding(Model):
    """One thing that the server would do.

    :ivar subject: the content table, or what else it begins with.
    :ivar target: what is reached: a table, ``anything``, or ``""``.
    :ivar chain: how, from the content table on, as a person can follow it; ``""`` where there is no way to show.
    :ivar modes: under which circumstances; ``commands``: for what kind of write. Empty: always.
    """

    id: str
    severity: Severity
    subject: str
    message: str
    hint: str = ""
    refused: bool = False
    target: str = ""
    chain: str = ""
    modes: tuple[Mode, ...] = ()
    commands: tuple[Command, ...] = ()

    @property
    def check(self) -> Check:
        """The finding as ``doctor`` shows it."""
        return Check(
            id=self.id,
            severity=self.severity,
            server=Side.PROD,
            subject=self.subject,
            message=f"{self.message}: {self.chain}" if self.chain else self.message,
            remedy=self.hint,
            refused=self.refused,
        )

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two findings one."""
        return self.id, self.subject, self.target, self.message, self.chain

    def together_with(self, other: Finding | None) -> Finding:
        """The same finding, for the modes and commands of both."""
        if other is None:
            return self
        modes = tuple(sorted({*other.modes, *self.modes}))
        commands = tuple(one for one in Command if one in (*other.commands, *self.commands))
        return self.model_copy(update={"modes": modes, "commands": commands})


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The same finding of several modes and commands told once, the gravest first."""
    known: dict[tuple[str, ...], Finding] = {}
    for finding in findings:
        known[finding.key] = finding.together_with(known.get(finding.key))
    grave = list(reversed(Severity))
    return tuple(sorted(known.values(), key=lambda one: (not one.refused, grave.index(one.severity), one.subject)))


def describe(index: CatalogIndex, subject: str, reached: Effect) -> Finding:
    """What a reached place means."""
    content = reached.relation is not None and index.is_content(reached.relation)
    kind = "content" if reached.kind == "relation" and content else reached.kind
    text = _TEXTS[kind]
    return Finding(
        id=text.id,
        severity=text.severity,
        subject=subject,
        message=text.message.format(what=reached.what),
        hint=reached.hint or text.hint,
        refused=text.refused,
        target="anything" if kind in ("anything", "definer") else reached.what,
        chain=reached.chain,
    )


@dataclass(frozen=True)
class _Text:
    id: str
    severity: Severity
    message: str
    hint: str
    refused: bool = False


#: Where no single statement takes the first link out: what a column's type or a generated column computes.
_DISARM = "Let the first link compute only, or take it away."

_TEXTS = {
    "relation": _Text("reaches-table", Severity.ERROR, "it would write {what}", _DISARM, refused=True),
    "own": _Text(
        "reaches-table",
        Severity.ERROR,
        "it would write production's own {what}",
        _DISARM,
        refused=True,
    ),
    "locks": _Text("reaches-table", Severity.ERROR, "it would lock rows of {what}", _DISARM, refused=True),
    "anything": _Text("reaches-anything", Severity.ERROR, "it could write anything", _DISARM, refused=True),
    "definer": _Text(
        "security-definer",
        Severity.ERROR,
        "it would run {what} with its owner's rights, past the content role's limits",
        _DISARM,
        refused=True,
    ),
    "missing": _Text(
        "stops-stream",
        Severity.ERROR,
        "it names {what} without its schema, which the apply worker's empty search_path does not find: "
        "the stream would stop",
        "Write the schema in front of it.",
    ),
    "notice": _Text("side-effect", Severity.WARNING, "it would do {what}, which others may notice", _DISARM),
    "content": _Text("changes-content", Severity.WARNING, "it would write content ({what}) beside dev's", _DISARM),
    "changes": _Text(
        "changes-content",
        Severity.WARNING,
        "trigger {what} could change or skip a row of dev's, so that content differs",
        _DISARM,
    ),
}


def refusal(slug: str, subject: str, message: str, hint: str) -> Finding:
    """Something that could reach a protected table, without a chain."""
    return failure(slug, subject, message, hint).model_copy(update={"refused": True})


def failure(slug: str, subject: str, message: str, hint: str) -> Finding:
    """Something that keeps a window from working."""
    return Finding(id=slug, severity=Severity.ERROR, subject=subject, message=message, hint=hint)


def warning(slug: str, subject: str, message: str) -> Finding:
    """Something to know."""
    return Finding(id=slug, severity=Severity.WARNING, subject=subject, message=message)
