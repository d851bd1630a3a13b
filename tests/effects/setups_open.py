"""The set-ups that a wall does not hold, by name: each list shrinks and grows no more."""

from __future__ import annotations

#: Not found by the analysis of what a write sets in motion.
NOT_FOUND: frozenset[str] = frozenset()

#: Not seen before the commit: what a trigger does to the columns of content that are production's own, and what a
#: function of a superuser does to a catalog in a block of its own with the counters switched off.
NOT_SEEN: frozenset[str] = frozenset(
    {
        "production's own column, of the row itself",
        "production's own column, of another row",
        "a large object emptied in a block, counters switched off",
        "a setting of a role that goes in a block, counters switched off",
    }
)

#: Not seen when the stream is rehearsed. By its nature: another session's writes, what waits for a value or for the
#: worker itself. Else a gap: rows that exclude each other are not played, plans are made once a session, and WAL is not
#: read.
NOT_REHEARSED: frozenset[str] = frozenset(
    {
        "operator over dblink_exec",
        "dblink from a trigger",
        "dblink as citext",
        "only where the value is another",
        "only under the worker",
        "foreign key, the plan of the table that it looks into",
        "exclusion at the commit",
        "production's own column, of the row itself",
        "production's own column, of another row",
        "a large object that goes, counters switched off",
        "a large object's data, counters switched off",
        "a large object emptied, counters switched off",
        "a large object emptied in a block, counters switched off",
        "a setting of a role that goes, counters switched off",
        "a setting of a role that goes in a block, counters switched off",
        "a row of the catalogue that goes, counters switched off",
    }
)
