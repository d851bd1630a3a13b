"""Figures as a person reads them."""

from __future__ import annotations


def size_text(count: int) -> str:
    """A number of bytes.

    >>> size_text(1536), size_text(12)
    ('1.5 kB', '12 B')
    """
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if abs(value) < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TB"
