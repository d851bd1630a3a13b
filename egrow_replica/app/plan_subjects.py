"""What a plan rests on, by name, so that a refusal can say what changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from egrow_replica.app.saved_plan import DIGEST
from egrow_replica.catalog import ContentTable, read_relations
from egrow_replica.catalog.definitions import Definitions, read_definitions
from egrow_replica.content import TableDifference
from egrow_replica.content.compare import RowHash, row_hashes
from egrow_replica.db import Door
from egrow_replica.effects.facts import EffectFacts
from egrow_replica.effects.read import read_effects
from egrow_replica.model import Server
from egrow_replica.settings import Settings
from egrow_replica.window.preflight import Findings
from egrow_replica.window.run import Run


def read_subjects(run: Run, dev: Door, prod: Door, findings: Findings) -> dict[str, str]:
    """Everything by whose change a plan is outdated, but the rows."""
    subjects = dict(_configuration(run.settings))
    for server, facts in ((Server.DEV, findings.dev), (Server.PROD, findings.prod)):
        subjects[f"{server}: server and database"] = f"{facts.identity} ({facts.database})"
        subjects[f"{server}: version"] = facts.server_version
        subjects[f"{server}: login role"] = facts.role
    for server, door in ((Server.DEV, dev), (Server.PROD, prod)):
        subjects |= dict(_definitions(server, door, run))
    for table in run.scope.tables:
        subjects[f"content: what of {table.name} travels"] = _digest(table.model_dump(mode="json"))
    subjects["prod: foreign keys of content"] = _digest([one.model_dump(mode="json") for one in run.scope.foreign_keys])
    return subjects | dict(_effects(run, read_effects(prod, run.scope)))


def row_digest(dev: Door, prod: Door, table: ContentTable, seed: int, difference: TableDifference) -> str:
    """Over the rows of a table that would be moved, as both servers have them now, and those only production has."""
    keys = difference.from_dev
    digest = hashlib.sha256()
    theirs = row_hashes(dev, table, seed, keys, filtered=True) if keys else iter(())
    ours = row_hashes(prod, table, seed, keys, filtered=False) if difference.updated else iter(())
    for key, of_dev, of_prod in zip(keys, _of_each(keys, theirs), _of_each(keys, ours), strict=True):
        digest.update(f"{key} {of_dev} {of_prod}\n".encode())
    for key in sorted(difference.production_only):
        digest.update(f"{key}\n".encode())
    return DIGEST + digest.hexdigest()


def _of_each(keys: Iterable[int], rows: Iterator[RowHash]) -> Iterator[int | None]:
    """The row hash of each key, ``None`` where there is no such row; both are in order."""
    row = next(rows, None)
    for key in keys:
        found = None
        while row is not None and row.key_hash <= key:
            found = row.row_hash if row.key_hash == key else found
            row = next(rows, None)
        yield found


def _configuration(settings: Settings) -> Iterator[tuple[str, str]]:
    tables = settings.tables
    values: dict[str, Any] = {
        "[tables] content": [str(name) for name in tables.all_content],
        "[tables.production_columns]": {
            str(name): list(columns) for name, columns in tables.all_production_columns.items()
        },
        "[tables.filters]": {str(name): text for name, text in tables.filters.items()},
        "[window] publish": list(settings.window.publish),
        "[window] lock_timeout": settings.window.lock_timeout,
        "[evidence] require": settings.evidence.require,
        "[maintenance] roles": list(settings.maintenance.roles),
        "[validate] probes": list(settings.validation.probes),
        "[backup] directory": str(settings.backup.directory),
    }
    for name, value in values.items():
        yield f"configuration: {name}", json.dumps(value, ensure_ascii=False)


def _definitions(server: Server, door: Door, run: Run) -> Iterator[tuple[str, str]]:
    relations = read_relations(door)
    content = [relations[table.name] for table in run.scope.tables if table.name in relations]
    read: Definitions = read_definitions(door, content)
    for relation in content:
        # A table that was made anew under its name is another one; its storage may change.
        identity = [relation.oid, relation.kind, relation.persistence, relation.owner, relation.row_security]
        identity.append(relation.replica_identity)
        domains = [one.model_dump(mode="json") for name, one in sorted(read.domains.items())]
        definition = _without_oids(read.tables[relation.name].model_dump(mode="json"))
        yield f"{server}: definition of {relation.name}", _digest([identity, definition, domains])


def _effects(run: Run, facts: EffectFacts) -> Iterator[tuple[str, str]]:
    """What production would do of itself when content is written, and every function that this would run."""
    parts = _partitions(facts, {table.oid for table in run.scope.tables})
    for table in run.scope.tables:
        own = parts[table.oid]
        yield (
            f"prod: triggers and rules of {table.name}",
            _digest([_sorted([*facts.triggers, *facts.rules], own), _sorted_links(facts, own)]),
        )
    names = {one.oid: str(one.name) for one in facts.functions}
    for body in facts.bodies:
        yield f"prod: function {names.get(body.oid, str(body.oid))} (oid {body.oid})", _digest([body.definition])
    yield "prod: event triggers", _digest([one.model_dump(mode="json") for one in facts.event_triggers])


def _partitions(facts: EffectFacts, roots: set[int]) -> dict[int, set[int]]:
    """Each root with its partitions of every level, by oid."""
    links = [link for link in facts.inheritance if link.partition]
    found = {}
    for root in roots:
        members = {root}
        while more := {link.child for link in links if link.parent in members} - members:
            members.update(more)
        found[root] = members
    return found


def _sorted(facts: list[Any], relations: set[int]) -> list[Any]:
    rows = [one.model_dump(mode="json") for one in facts if one.relation in relations]
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


def _sorted_links(facts: EffectFacts, relations: set[int]) -> list[str]:
    """What the relations have as parts and what those lead to at once, by kind and name."""
    return sorted(
        f"{one.kind} {one.name} {one.target}"
        for one in facts.links
        if one.of_catalog == "pg_class" and one.of_oid in relations
    )


def _without_oids(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_oids(one) for name, one in value.items() if name != "relation_oid"}
    return [_without_oids(one) for one in value] if isinstance(value, list) else value


def _digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=_plain)
    return DIGEST + hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)
