"""The set-ups that a wall does not hold, by name: each list shrinks and grows no more."""

from __future__ import annotations

#: Not found by the analysis of what a write sets in motion.
NOT_FOUND: frozenset[str] = frozenset(
    {
        "production's own column, of the row itself",
        "production's own column, of another row",
    }
)

#: Not seen before the commit: what a function of a superuser's takes away from a catalog while it has the counters
#: switched off, and what a trigger does to the columns of content that are production's own.
NOT_SEEN: frozenset[str] = frozenset(
    {
        "a large object that goes, counters switched off",
        "a large object's data, counters switched off",
        "a large object emptied, counters switched off",
        "a setting of a role that goes, counters switched off",
        "a function that goes, counters switched off",
        "a row of the catalogue that goes, counters switched off",
        "production's own column, of the row itself",
        "production's own column, of another row",
        "constraint trigger that is put off again",
    }
)
