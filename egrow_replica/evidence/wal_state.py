"""What was read out of production's WAL so far: small, frozen, and stored in the journal between two readings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from egrow_replica.model import Model

#: The node numbers below belong to what initdb made (FirstNormalObjectId, access/transam.h).
FIRST_NORMAL_NODE = 16384
#: pg_default's and pg_global's oid (pg_tablespace.dat).
DEFAULT_TABLESPACE, SHARED_TABLESPACE = 1663, 1664


#: Most block ranges that are kept of one storage: the state goes into the journal. 16,384 of them are 32 GB.
MOST_RANGES = 16_384


class Kind(StrEnum):
    """What a record did; the letters are those of ``wal_chunk.sql``."""

    INSERT = "i"
    UPDATE = "u"
    KEY_UPDATE = "k"
    DELETE = "d"
    TRUNCATE = "t"
    SEQUENCE = "s"
    OTHER = "o"
    STORAGE_MADE = "c"
    STORAGE_GIVEN_UP = "r"
    LOCK = "l"


class Written(Model):
    """What transactions of one origin did to one storage, added up.

    :ivar what: ``tablespace/database/filenode``; for a TRUNCATE record ``oid:`` and the table's oid.
    :ivar first: where the first record stands, ``last`` the last.
    :ivar ranges: on which pages of it, in ranges of :data:`~egrow_replica.evidence.ranges.PAGES`, by number; ``None``:
        it is not known, or there are more than :data:`MOST_RANGES`.
    :ivar xid: the transaction of the first record and, in ``at``, when it committed; only kept for an origin.
    """

    origin: int
    kind: Kind
    what: str
    rows: int
    first: str
    last: str
    ranges: frozenset[int] | None = None
    xid: str | None = None
    at: str | None = None


class OpenWrite(Model):
    """What a transaction that is not over yet did; a lock's ``what`` is the relation's oid."""

    xid: str
    kind: Kind
    what: str
    rows: int
    first: str | None
    last: str | None
    ranges: frozenset[int] | None = None


class Prepared(Model):
    """A transaction that was prepared under an origin and is not over yet; its sub-transactions likewise."""

    xid: str
    origin: int


class StorageChange(Model):
    """A committed transaction that gave content tables other storage (VACUUM FULL, CLUSTER, ALTER TABLE).

    :ivar locked: oids of the relations that it had locked exclusively, without which no storage changes.
    """

    xid: str
    made: tuple[str, ...] = ()
    given_up: tuple[str, ...] = ()
    locked: tuple[int, ...] = ()


class WalState(Model):
    """How far WAL was read and what it held; a later reading goes on from here.

    :ivar start: where reading began; ``position``: where the last record that was read ends.
    :ivar transaction: the baseline's own transaction, 32 bits of it: older ones were over at ``settled``.
    :ivar early: a sentence where an older one was not, so that writes of it may stand before ``start``.
    :ivar gone: a sentence where WAL that would have to be read next is not there any more.
    :ivar unlogged: storage that is not logged was made, by whomever.
    :ivar tables: storage to table (oid), as catalogs had it at the baseline and at each reading; ``parts``: that of
        TOAST tables and of content's indexes.
    :ivar records: how many rows were written and other records read, those without interest left out; for figures.
    """

    database: int
    start: str
    position: str
    settled: str
    transaction: int
    records: int = 0
    early: str | None = None
    gone: str | None = None
    unlogged: bool = False
    written: tuple[Written, ...] = ()
    open: tuple[OpenWrite, ...] = ()
    prepared: tuple[Prepared, ...] = ()
    storage: tuple[StorageChange, ...] = ()
    tables: dict[str, int]
    parts: dict[str, int]


class WalGone(Model):
    """WAL that would have to be read was removed: what happened in it stays unknown."""

    reason: str


class WalUnavailable(Model):
    """WAL cannot be read, or the baseline not be settled; a weaker tier has to do. The state is as it was."""

    reason: str


def lsn_number(lsn: str) -> int:
    """An LSN as a number of bytes.

    >>> lsn_number("1/20")
    4294967328
    """
    high, _, low = lsn.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def lsn_text(number: int) -> str:
    """A number of bytes as PostgreSQL writes an LSN.

    >>> lsn_text(4294967328)
    '1/20'
    """
    return f"{number >> 32:X}/{number & 0xFFFFFFFF:X}"


_PATH = re.compile(r"(?:base/(\d+)|global|pg_tblspc/(\d+)/[^/]+/(\d+))/(\d+)(?:_[a-z]+)?\Z")


def storage_of_path(path: str) -> str:
    """A file's path in the data directory as ``tablespace/database/filenode``; a path of another form as it is.

    >>> storage_of_path("base/5/16402"), storage_of_path("global/1262")
    ('1663/5/16402', '1664/0/1262')
    >>> storage_of_path("pg_tblspc/16455/PG_15_202209061/5/16465_init")
    '16455/5/16465'
    """
    found = _PATH.match(path)
    if found is None:
        return path
    default_database, tablespace, database, node = found.groups()
    if tablespace:
        return f"{tablespace}/{database}/{node}"
    if default_database:
        return f"{DEFAULT_TABLESPACE}/{default_database}/{node}"
    return f"{SHARED_TABLESPACE}/0/{node}"


def truncated_tables(description: str) -> list[str]:
    """The tables that a TRUNCATE record names, by oid; 15 writes the list without brackets.

    >>> truncated_tables("flags: [RESTART_SEQS], nrelids: 2, relids: [16394, 16403]")
    ['oid:16394', 'oid:16403']
    """
    return [f"oid:{oid}" for oid in re.findall(r"\d+", description.rpartition("relids")[2])]


def precedes(xid: str, other: str) -> bool:
    """Whether a transaction id is older than another; they wrap around at 2^32 (TransactionIdPrecedes).

    >>> precedes("4294967290", "5"), precedes("5", "4294967290")
    (True, False)
    """
    return (int(xid) - int(other)) & 0xFFFFFFFF >= 1 << 31


def merge_written(parts: Iterable[Written]) -> dict[tuple[int, Kind, str], Written]:
    """Add up what the same origin did to the same storage; the earliest record keeps its transaction."""
    merged: dict[tuple[int, Kind, str], Written] = {}
    for part in parts:
        key = (part.origin, part.kind, part.what)
        known = merged.get(key)
        if known is None:
            merged[key] = part
            continue
        earlier, later = sorted((known, part), key=lambda one: lsn_number(one.first))
        merged[key] = earlier.model_copy(
            update={
                "rows": earlier.rows + later.rows,
                "last": max(known.last, part.last, key=lsn_number),
                "ranges": merge_ranges(known.ranges, part.ranges),
            }
        )
    return merged


def merge_ranges(one: frozenset[int] | None, other: frozenset[int] | None) -> frozenset[int] | None:
    """The block ranges of both, ``None`` where they are not known or are too many to keep.

    >>> sorted(merge_ranges(frozenset({1, 2}), frozenset({2, 5})) or ())
    [1, 2, 5]
    >>> merge_ranges(frozenset({1}), None) is None
    True
    """
    if one is None or other is None or len(both := one | other) > MOST_RANGES:
        return None
    return both
