"""Durations and sizes as a person writes them: ``10min``, ``5GB``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator

_NUMBER = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*\Z")
_SECONDS = {"ms": 0.001, "": 1.0, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
#: PostgreSQL's own units: powers of 1024 (postgresql.org/docs/18/config-setting.html).
_BYTES = {"": 1, "B": 1, "kB": 1024, "KB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}


def _scaled(value: Any, units: dict[str, float] | dict[str, int], example: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"write it as {example}")
    match = _NUMBER.match(str(value))
    if match is None or match[2] not in units:
        raise ValueError(f"write it as {example}; units: {', '.join(unit for unit in units if unit)}")
    return float(match[1]) * units[match[2]]


def seconds(value: Any) -> float:
    """A duration in seconds.

    >>> seconds("10min")
    600.0
    """
    return _scaled(value, _SECONDS, '"10min"')


def size_in_bytes(value: Any) -> int:
    """A size in bytes.

    >>> size_in_bytes("5GB")
    5368709120
    """
    return int(_scaled(value, _BYTES, '"5GB"'))


def _positive(value: float) -> float:
    if value <= 0:
        raise ValueError("must be more than zero")
    return value


@dataclass(frozen=True)
class Unit:
    """In what a value is written, for the reference of the configuration."""

    kind: str
    factors: tuple[tuple[str, float], ...]

    @property
    def described(self) -> str:
        """The kind of value with its units."""
        return f"{self.kind}: {', '.join(name for name, _ in self.factors)}"

    def shown(self, value: float) -> str:
        """A value in the largest unit that divides it.

        >>> DURATION.shown(600.0), DURATION.shown(0.5), SIZE.shown(5368709120)
        ('10min', '500ms', '5GB')
        """
        name, factor = next(pair for pair in reversed(self.factors) if value % pair[1] == 0)
        return f"{value / factor:g}{name}"


DURATION = Unit("duration", tuple((name, factor) for name, factor in _SECONDS.items() if name))
SIZE = Unit("size", tuple((name, factor) for name, factor in _BYTES.items() if name not in ("", "KB")))

Seconds = Annotated[float, BeforeValidator(lambda value: _positive(seconds(value))), DURATION]
ByteCount = Annotated[int, BeforeValidator(lambda value: int(_positive(size_in_bytes(value)))), SIZE]
