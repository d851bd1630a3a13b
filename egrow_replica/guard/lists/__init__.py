"""What PostgreSQL ships and the guard knows to be harmless. Whatever is in no list is refused."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """A set written as running text, which stays readable where a list of five hundred names would not."""
    return frozenset(text.split())
