"""The set-ups that a wall does not hold, by name: each list shrinks and grows no more."""

from __future__ import annotations

#: Not found by the analysis of what a write sets in motion.
NOT_FOUND: frozenset[str] = frozenset(
    {
        "production's own column, of the row itself",
        "production's own column, of another row",
    }
)

#: Not seen before the commit: what a trigger does to the columns of content that are production's own, what is put off
#: from one look to behind the next, and what a function of a superuser does to a catalog in a block of its own with the
#: counters switched off.
NOT_SEEN: frozenset[str] = frozenset(
    {
        "production's own column, of the row itself",
        "production's own column, of another row",
        "constraint trigger that is put off again",
        "a large object emptied in a block, counters switched off",
        "a setting of a role that goes in a block, counters switched off",
    }
)
