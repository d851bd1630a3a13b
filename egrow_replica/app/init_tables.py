"""Content, user or unclassified: a proposal for every table, with its reasons. In doubt a table is unclassified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from egrow_replica.app.init_evidence import Comparison, Evidence
from egrow_replica.app.init_people import account_columns, personal_columns
from egrow_replica.app.init_reasons import joined, listed, tr
from egrow_replica.catalog.activity import KeyToOther, WriteActivity
from egrow_replica.model import QualifiedName, Server
from egrow_replica.results import ProposedTable, Reason, TableClass
from egrow_replica.settings.presets import Preset

#: From this share on production's rows are dev's rows; below the other one they are production's own.
MOSTLY_COMMON = 0.8
MOSTLY_OWN = 0.5
#: Fewer writes say nothing.
FEW_WRITES = 20


class Lean(StrEnum):
    """Where a sign points."""

    PEOPLE = "people"  # decides alone
    USER = "user"
    ROWS = "rows"  # the rows are such as content has
    LINKS = "links"  # what refers to it, or what it belongs to, is such as content has
    BARRED = "barred"  # it cannot be content, whatever it holds
    NOTHING = "nothing"


@dataclass(frozen=True)
class Sign:
    """One reason and where it points."""

    lean: Lean
    reason: Reason


class Classifier:
    """Gathers the signs of every table and weighs them.

    :param preset: lists that outrank every sign, ``None`` where there are none.
    """

    def __init__(self, evidence: Evidence, preset: Preset | None) -> None:
        self._evidence = evidence
        self._preset = preset or Preset(content=(), user=(), production_columns={})
        self._has_preset = preset is not None
        self._keys = [key for key in evidence.keys if key.table in evidence.names]
        self._signs: dict[QualifiedName, list[Sign]] = {name: [] for name in evidence.names}
        self._owners = self._find_owners()
        for name in evidence.names:
            self._signs[name] += [*self._bars(name), *self._people(name)]

    def worth_comparing(self) -> list[QualifiedName]:
        """Tables whose rows could decide; users' rows are not read where it is clear enough already whose they are."""
        return [name for name in self._evidence.names if self._could_be_content(name)]

    def _could_be_content(self, name: QualifiedName) -> bool:
        if name in self._preset.content:
            return True
        if self._is_settled(name):
            return False
        return name not in self._owners or bool(self._referring(name))

    def weigh(self, comparisons: dict[QualifiedName, Comparison]) -> tuple[ProposedTable, ...]:
        """The proposal for every table."""
        for name in self._evidence.names:
            self._signs[name] += [*self._rows(name, comparisons.get(name)), *self._writes(name, comparisons.get(name))]
        self._link()
        return tuple(self._proposal(name) for name in self._evidence.names)

    # ---------------------------------------------------------------------------------------------------------- signs

    def _find_owners(self) -> dict[QualifiedName, KeyToOther]:
        """The foreign key by which each table's rows belong to people, at once or over other tables."""
        people = {name for name in self._evidence.names if account_columns(self._evidence.table(name))}
        people = (people | set(self._preset.user)) - set(self._preset.content)
        owners: dict[QualifiedName, KeyToOther] = {}
        for sure in (True, False):  # what vanishes with people is theirs for certain, so these ways come first
            while found := {
                key.table: key
                for key in self._keys
                if (key.vanishes if sure else key.owns)
                and (key.references in people or key.references in owners)
                and not (key.table in people or key.table in owners or key.table in self._preset.content)
            }:
                owners |= found
        return owners

    def _vanishes(self, name: QualifiedName) -> bool:
        """Whether the rows are deleted together with people."""
        key = self._owners.get(name)
        return (
            key is not None and key.vanishes and (key.references not in self._owners or self._vanishes(key.references))
        )

    def _bars(self, name: QualifiedName) -> Iterator[Sign]:
        for here, there in (
            (Server.DEV, tr("it exists on dev only; a window needs it on production too")),
            (Server.PROD, tr("it exists on production only; a window needs it on dev too")),
        ):
            other = Server.PROD if here is Server.DEV else Server.DEV
            if not self._evidence.is_on(other, name):
                yield Sign(Lean.BARRED, there)
        table = self._evidence.table(name)
        relation = table.relation
        if relation.persistence == "u":
            yield Sign(Lean.BARRED, tr("it is unlogged, so that it cannot be replicated"))
        if relation.kind == "r" and (relation.has_children or relation.has_parents):
            yield Sign(Lean.BARRED, tr("it inherits or is inherited from, which a window does not take"))
        dev = self._evidence.tables[Server.DEV].get(name)
        if dev is not None and dev.identity_key is None:
            yield Sign(Lean.BARRED, tr("it has no primary key on dev to tell its rows apart by"))

    def _people(self, name: QualifiedName) -> Iterator[Sign]:
        table = self._evidence.table(name)
        accounts = account_columns(table)
        if accounts:
            yield Sign(Lean.PEOPLE, tr("it holds accounts: {columns}", columns=listed(accounts)))
        elif personal := personal_columns(table):
            yield Sign(Lean.USER, tr("it holds people's data: {columns}", columns=listed(personal)))
        key = self._owners.get(name)
        if key is not None:
            sure = self._vanishes(name)
            way = {"columns": listed(key.columns), "tables": self._chain(key)}
            deleted = tr("its rows are deleted with people: {columns} → {tables}", **way)
            reason = deleted if sure else tr("its rows belong to people: {columns} → {tables}", **way)
            yield Sign(Lean.PEOPLE if sure else Lean.USER, reason)
        for mention in self._keys:
            if mention.table == name and not mention.owns and self._is_about_people(mention.references):
                what = {"columns": listed(mention.columns), "table": mention.references}
                yield Sign(Lean.NOTHING, tr("{columns} only mentions {table}: it may be NULL", **what))

    def _is_about_people(self, name: QualifiedName) -> bool:
        return name in self._owners or self._is_settled(name)

    def _chain(self, key: KeyToOther) -> str:
        steps = [key.references]
        while steps[-1] in self._owners:
            steps.append(self._owners[steps[-1]].references)
        return " → ".join(map(str, steps))

    def _rows(self, name: QualifiedName, comparison: Comparison | None) -> Iterator[Sign]:
        if comparison is None:
            return
        if not comparison.production_rows:
            yield Sign(Lean.NOTHING, tr("it is empty on production ({new} rows on dev)", new=comparison.new))
            return
        if comparison.estimated_from is not None:
            sample = comparison.estimated_from
            yield Sign(Lean.NOTHING, tr("it is large: its rows are estimated from {rows} drawn at random", rows=sample))
        own = {"own": comparison.production_only, "rows": comparison.production_rows}
        if comparison.share >= MOSTLY_COMMON:
            reason = tr(
                "{common} of production's {rows} rows are on dev too ({updated} differ); dev has {new} new ones",
                common=comparison.common,
                rows=comparison.production_rows,
                updated=comparison.updated,
                new=comparison.new,
            )
            yield Sign(Lean.ROWS, reason)
        elif comparison.share < MOSTLY_OWN:
            yield Sign(
                Lean.USER, tr("{own} of production's {rows} rows are not on dev: production itself writes them", **own)
            )
        else:
            reason = tr(
                "{own} of production's {rows} rows are not on dev, too many for content and too few for users' data",
                **own,
            )
            yield Sign(Lean.NOTHING, reason)

    def _writes(self, name: QualifiedName, comparison: Comparison | None) -> Iterator[Sign]:
        """More writes than a load of the data explains: a restored database's counters begin with its rows."""
        prod = self._evidence.activity.get(Server.PROD, {}).get(name)
        dev = self._evidence.activity.get(Server.DEV, {}).get(name)
        if prod is None:
            return
        on_dev = dev.inserts if dev is not None else 0
        writes = {"prod": _writes_of(prod), "dev": _writes_of(dev)}
        loaded = comparison.production_rows if comparison is not None else 0
        if self._is_settled(name) or prod.inserts < FEW_WRITES or prod.inserts <= 2 * max(on_dev, loaded):
            yield Sign(Lean.NOTHING, tr("production counts {prod}, dev {dev}", **writes))
        else:
            reason = tr("production's application adds rows: production counts {prod}, dev {dev}", **writes)
            yield Sign(Lean.USER, reason)

    def _link(self) -> None:
        """Content is what users' tables refer to, and what hangs together with such tables."""
        users = {name for name in self._evidence.names if self._class(name) is TableClass.USER}
        for name in self._evidence.names:
            referring = [other for other in self._referring(name) if other in users]
            if referring and not self._is_settled(name):
                reason = tr("users' tables refer to it: {tables}", tables=listed(referring))
                self._signs[name].append(Sign(Lean.LINKS, reason))
        while True:
            content = {name for name in self._evidence.names if self._class(name) is TableClass.CONTENT}
            found = {
                name: sign
                for name in self._evidence.names
                if not (self._has(name, Lean.LINKS) or self._is_settled(name))
                and (sign := self._belonging(name, content))
            }
            if not found:
                return
            for name, sign in found.items():
                self._signs[name].append(sign)

    def _belonging(self, name: QualifiedName, content: set[QualifiedName]) -> Sign | None:
        owners = [key.references for key in self._keys if key.table == name and key.owns and key.references in content]
        if owners:
            return Sign(Lean.LINKS, tr("its rows belong to content: {tables}", tables=listed(dict.fromkeys(owners))))
        parts = [other for other in self._referring(name) if other in content]
        return Sign(Lean.LINKS, tr("content refers to it: {tables}", tables=listed(parts))) if parts else None

    def _referring(self, name: QualifiedName) -> list[QualifiedName]:
        return list(dict.fromkeys(key.table for key in self._keys if key.references == name))

    # -------------------------------------------------------------------------------------------------------- verdict

    def _has(self, name: QualifiedName, *leans: Lean) -> bool:
        return any(sign.lean in leans for sign in self._signs[name])

    def _is_settled(self, name: QualifiedName) -> bool:
        """Whether it is a user table whatever else is seen."""
        return self._has(name, Lean.PEOPLE) or name in self._preset.user

    def _class(self, name: QualifiedName) -> TableClass:
        if name in self._preset.content:
            return TableClass.CONTENT
        if self._is_settled(name):
            return TableClass.USER
        if self._has(name, Lean.USER):
            return TableClass.UNCLASSIFIED if self._contradicts(name) else TableClass.USER
        if self._has_preset or self._has(name, Lean.BARRED):
            return TableClass.UNCLASSIFIED
        both = self._has(name, Lean.ROWS) and self._has(name, Lean.LINKS)
        return TableClass.CONTENT if both else TableClass.UNCLASSIFIED

    def _contradicts(self, name: QualifiedName) -> bool:
        """Dev may be a copy of production and hold users' rows too: so rows speak only with what refers to them."""
        return self._has(name, Lean.ROWS) and (self._has(name, Lean.LINKS) or name not in self._owners)

    def _proposal(self, name: QualifiedName) -> ProposedTable:
        proposal = self._class(name)
        in_preset = name in self._preset.content or name in self._preset.user
        reasons = [sign.reason for sign in self._signs[name]]
        if in_preset:
            reasons.insert(0, tr("the preset lists it"))
        elif proposal is TableClass.UNCLASSIFIED:
            reasons.insert(0, self._why_not(name))
        return ProposedTable(table=name, proposal=proposal, reasons=tuple(reasons), listed_by_preset=in_preset)

    def _why_not(self, name: QualifiedName) -> Reason:
        if self._has(name, Lean.BARRED):
            return tr("it cannot be content as it is")
        if self._has(name, Lean.USER):
            return tr("the signs contradict each other")
        if self._has_preset:
            return tr("the preset does not list it")
        if self._has(name, Lean.ROWS):
            return tr("nothing shows whose it is: neither users' tables nor content refer to it")
        return tr("too little is known of it")


def _writes_of(activity: WriteActivity | None) -> Reason:
    if activity is None:
        return tr("no write")
    counts = (
        (activity.inserts, tr("{count} inserts", count=activity.inserts)),
        (activity.updates, tr("{count} updates", count=activity.updates)),
        (activity.deletes, tr("{count} deletes", count=activity.deletes)),
    )
    found = [reason for count, reason in counts if count]
    return joined(found) if found else tr("no write")
