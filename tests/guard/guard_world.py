"""The policies and the case tables of the guard's tests."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from egrow_replica.guard import Policy
from egrow_replica.model import QualifiedName

CONTENT = ["public.courses", "lessons", "Catálogo.Artículo", "public.Mixed Case", '"a.b".t']
TYPES = ["public.CourseStatus"]

POLICIES: dict[str, Policy] = {
    "content": Policy.for_content(CONTENT),
    "reading": Policy.reading(types=TYPES),
    "evidence": Policy.for_evidence(),
    "window": Policy.for_window(
        content=CONTENT,
        sequences=["public.courses_id_seq", "public.Lessons_id_seq"],
        subscription="egrow_w",
        origin="egrow_o",
        slot="egrow_s",
        roles=["egrow_apply"],
        types=TYPES,
    ),
    "rehearsal": Policy.for_rehearsal(
        content=CONTENT, partitions=["public.lessons_2024"], origin="egrow_o", roles=["egrow_apply"]
    ),
    "publisher": Policy.for_publisher(content=CONTENT, publication="egrow_p", slot="egrow_s", types=TYPES),
    # As `setup` makes it for production, which is the more powerful: there it also makes the journal.
    "setup": Policy.for_setup(
        content=CONTENT,
        sequences=["public.courses_id_seq"],
        own_schema="egrow_replica",
        journal_owners=["egrow_operator", "postgres"],
        roles=["egrow_operator", "egrow_apply", "egrow_maintenance"],
        database="app",
        schemas=["public"],
        owners=["appowner"],
        table_owners=["prodowner"],
        held=["academy_app"],
        keeper="egrow_maintenance",
    ),
    "maintenance": Policy.for_maintenance(held=["academy_app", "Odd role"], database="app", keeper="egrow_maintenance"),
}

CASES = Path(__file__).parent / "cases"


class Case(NamedTuple):
    file: str
    policy: str
    sql: str
    allowed: bool


def cases(pattern: str = "*.toml") -> Iterator[Case]:
    for path in sorted(CASES.glob(pattern)):
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        for policy, lists in tables.items():
            for verdict in ("allowed", "refused"):
                for sql in lists.get(verdict, ()):
                    yield Case(path.stem, policy, sql, verdict == "allowed")


def content_names() -> frozenset[QualifiedName]:
    return frozenset(QualifiedName.parse(name) for name in CONTENT)
