"""What else than plain unique keys two rows of a table may not share: expressions, parts of a table, exclusions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from egrow_replica.db import Door, query
from egrow_replica.model import Model


class Demand(Model):
    """An index that keeps two rows apart, other than a unique one over columns of all rows.

    :ivar excludes: an exclusion constraint; else a unique index.
    :ivar nulls_equal: NULLS NOT DISTINCT. ``is_plain``: and nothing else than that makes it special.
    :ivar parts: columns or expressions, as SQL; ``types`` and ``operators`` are theirs, by bare name, ``""`` where they
        are not built in.
    :ivar predicate: the rows that it holds; ``None``: all.
    :ivar definition: everything but its name and its table's.
    """

    relation_oid: int
    name: str
    excludes: bool
    nulls_equal: bool
    is_plain: bool
    parts: tuple[str, ...]
    types: tuple[str, ...]
    operators: tuple[str, ...]
    predicate: str | None
    definition: str

    def concerns(self, values: tuple[str | None, ...]) -> bool:
        """Whether two rows with these values would meet in it, and nobody who looks at plain unique keys sees it."""
        return self.nulls_equal if None in values else not self.is_plain


def read_demands(door: Door, oids: Iterable[int]) -> dict[int, list[Demand]]:
    """Those of each relation, by oid."""
    found: dict[int, list[Demand]] = defaultdict(list)
    for one in door.rows(Demand, query("catalog/demands"), [list(oids)]):
        found[one.relation_oid].append(one)
    return found
