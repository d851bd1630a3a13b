"""Values for a row that nobody will keep: near what is there, or free where a unique key wants one; as texts.

The server reads each text as the column's own type. Where a value does not fit, it says so and another is tried: so
nothing here has to be right, only likely.
"""

from __future__ import annotations

import json
import re
import secrets
import string
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from egrow_replica.catalog import Column

#: From what a column has to what it might have: first what is likely to pass, at least one.
_Inventor = Callable[[str, str], list[str]]

_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
_TEXTS = frozenset(["text", "varchar", "bpchar", "name", "char"])
_INT_LIMITS = {"int2": 2**15, "int4": 2**31, "int8": 2**63, "oid": 2**31}


def near(column: Column, present: str | None) -> list[str]:
    """Values that differ a little from the present one: what was valid may stay so."""
    return _different(column, present, _NEAR)


def free(column: Column, present: str | None) -> list[str]:
    """Values that no other row is likely to have."""
    return _different(column, present, _FREE)


def _different(column: Column, present: str | None, inventors: dict[str, _Inventor]) -> list[str]:
    if column.enum_labels and not _is_array(column):
        return [label for label in column.enum_labels if label != present]
    if _is_array(column):
        return _array(column, present, inventors)
    invent = inventors.get(column.base_type) or _FREE.get(column.base_type)
    if invent is None:
        if not _is_text(column):
            return []  # whatever was made up, its input would refuse it in a way that tells nothing of the stream
        invent = _text
    try:
        found = invent(column.type, present if present is not None else _sample(column))
    except (
        ValueError,
        InvalidOperation,
        OverflowError,
        RecursionError,
    ):  # infinity, a year before Christ: then the type's own
        found = invent(column.type, _sample(column))
    return [value for value in dict.fromkeys(found) if value != present]


def _is_text(column: Column) -> bool:
    return column.base_type in _TEXTS or column.type.rpartition(".")[2] == "citext"


def _sample(column: Column) -> str:
    """A value to start from where there is none."""
    return _SAMPLES.get(column.base_type, "aaaa")


def _is_array(column: Column) -> bool:
    return column.base_type.startswith("_") or column.type.endswith("[]")


def _array(column: Column, present: str | None, inventors: dict[str, _Inventor]) -> list[str]:
    """One element more; of what has more than one dimension, one alone."""
    element = column.model_copy(update={"base_type": column.base_type[1:], "type": column.type.removesuffix("[]")})
    added = [_quoted(value) for value in _different(element, None, inventors)]
    if present is None or present == "{}" or not re.match(r"\{[^{]", present):
        return [f"{{{value}}}" for value in added]
    return [f"{present[:-1]},{value}}}" for value in added]


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


# ------------------------------------------------------------------------------------------------------------- numbers


def _limit(declared: str) -> int | None:
    """The first number in brackets: of ``character varying(20)`` 20."""
    found = re.search(r"\((\d+)", declared)
    return int(found[1]) if found else None


def _near_whole(declared: str, present: str) -> list[str]:
    return [str(int(present) + 1), str(int(present) - 1)]


def _free_whole(limit: int) -> _Inventor:
    half = limit // 2
    return lambda declared, present: [
        str(half + secrets.randbelow(half)),
        *(str(secrets.randbelow(n)) for n in (half, 99)),
    ]


def _near_numeric(declared: str, present: str) -> list[str]:
    number = Decimal(present)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(present)
    step = Decimal(1).scaleb(min(exponent, 0))
    return [str(number + step), str(number - step)]


def _free_numeric(declared: str, present: str) -> list[str]:
    found = re.search(r"\((\d+),(-?\d+)\)", declared)
    precision, scale = (int(found[1]), int(found[2])) if found else (12, 0)
    drawn = [str(Decimal(secrets.randbelow(10**precision)).scaleb(-scale)) for _ in range(2)]
    return [*drawn, *_near_numeric(declared, present)]


def _near_float(declared: str, present: str) -> list[str]:
    number = float(present)
    return [repr(number + 1), repr(number / 2)]


def _free_float(declared: str, present: str) -> list[str]:
    return [str(secrets.randbelow(10**6)), str(secrets.randbelow(10**6) / 10**6)]


# --------------------------------------------------------------------------------------------------------------- texts


def _text(declared: str, present: str) -> list[str]:
    """Of the same length and shape, from the middle on and as a whole; longer; letters and digits alone.

    What a check asks of a text is mostly its shape: an address, a slug, a code.
    """
    limit = _limit(declared)
    half = len(present) // 2
    drawn = "".join(secrets.choice(string.ascii_lowercase) for _ in range(8))
    found = [present[:half] + _scrambled(present[half:]), _scrambled(present), present + drawn, drawn]
    return [value if limit is None else value[:limit] for value in found]


def _scrambled(text: str) -> str:
    """The same with other letters for letters and other digits for digits."""
    turned = ""
    for known in _CLASSES:
        steps = secrets.randbelow(len(known) - 1) + 1
        turned += known[steps:] + known[:steps]
    return text.translate(str.maketrans("".join(_CLASSES), turned))


def _json(declared: str, present: str) -> list[str]:
    value, drawn = json.loads(present), secrets.randbelow(10**6)
    changed: object
    if isinstance(value, dict):
        changed = {**value, f"rehearsal {drawn}": drawn}
    elif isinstance(value, list):
        changed = [*value, drawn]
    else:
        changed = _scrambled(value) if isinstance(value, str) else drawn
    return [json.dumps(changed), json.dumps({"rehearsal": drawn})]


def _xml(declared: str, present: str) -> list[str]:
    return [f"<rehearsal>{secrets.randbelow(10**6)}</rehearsal>"]


def _bits(declared: str, present: str) -> list[str]:
    return ["".join(secrets.choice("01") for _ in range(_limit(declared) or 1)) for _ in range(3)]


# --------------------------------------------------------------------------------------------------------------- times


def _near_date(declared: str, present: str) -> list[str]:
    day = date.fromisoformat(present)
    return [str(day + timedelta(days=1)), str(day - timedelta(days=1))]


def _free_date(declared: str, present: str) -> list[str]:
    day = date.fromisoformat(present)
    return [str(day + timedelta(days=secrets.randbelow(limit) + 1)) for limit in (10**5, 20)]


def _near_moment(declared: str, present: str) -> list[str]:
    moment = datetime.fromisoformat(present)
    return [str(moment + timedelta(seconds=1)), str(moment - timedelta(seconds=1))]


def _free_moment(declared: str, present: str) -> list[str]:
    moment = datetime.fromisoformat(present)
    return [str(moment + timedelta(seconds=secrets.randbelow(limit) + 1)) for limit in (10**8, 3600)]


def _time(declared: str, present: str) -> list[str]:
    return [f"{secrets.randbelow(24):02}:{secrets.randbelow(60):02}:{secrets.randbelow(60):02}" for _ in range(2)]


def _interval(declared: str, present: str) -> list[str]:
    return [f"{secrets.randbelow(10**6)} seconds" for _ in range(2)]


# -------------------------------------------------------------------------------------------------------------- others


def _uuid(declared: str, present: str) -> list[str]:
    return [str(uuid.uuid4())]


def _bytes(declared: str, present: str) -> list[str]:
    return [present + secrets.token_hex(8)]


def _address(suffix: str) -> _Inventor:
    return lambda declared, present: [
        ".".join(["10", *(str(secrets.randbelow(256)) for _ in range(3))]) + suffix for _ in range(2)
    ]


def _hardware(count: int) -> _Inventor:
    return lambda declared, present: [":".join(["02", *(secrets.token_hex(1) for _ in range(count - 1))])]


def _switched(declared: str, present: str) -> list[str]:
    return ["f" if present in ("t", "true") else "t"]


def _point(form: str) -> _Inventor:
    """A figure somewhere, of size one."""

    def invent(declared: str, present: str) -> list[str]:
        x, y = secrets.randbelow(10**6), secrets.randbelow(10**6)
        return [form.format(x, y, x + 1, y + 1)]

    return invent


def _range(step: Callable[[int], str], form: str = "[{},{})") -> _Inventor:
    """A short range somewhere."""

    def invent(declared: str, present: str) -> list[str]:
        start = secrets.randbelow(10**6)
        return [form.format(step(start), step(start + 1))]

    return invent


def _day(number: int) -> str:
    return str(date(2000, 1, 1) + timedelta(days=number))


def _second(number: int) -> str:
    return str(datetime(2000, 1, 1) + timedelta(seconds=number))


_RANGES: dict[str, Callable[[int], str]] = {
    **dict.fromkeys(("int4", "int8", "num"), str),
    "date": _day,
    **dict.fromkeys(("ts", "tstz"), _second),
}
_FREE: dict[str, _Inventor] = {
    **{name: _free_whole(limit) for name, limit in _INT_LIMITS.items()},
    "numeric": _free_numeric,
    "float4": _free_float,
    "float8": _free_float,
    "money": _free_float,
    "bool": _switched,
    "uuid": _uuid,
    "json": _json,
    "jsonb": _json,
    "xml": _xml,
    "bit": _bits,
    "varbit": _bits,
    "bytea": _bytes,
    "date": _free_date,
    "timestamp": _free_moment,
    "timestamptz": _free_moment,
    "time": _time,
    "timetz": _time,
    "interval": _interval,
    "inet": _address(""),
    "cidr": _address("/32"),
    "macaddr": _hardware(6),
    "macaddr8": _hardware(8),
    "pg_lsn": lambda declared, present: [f"0/{secrets.token_hex(4)}"],
    "point": _point("({},{})"),
    "box": _point("({},{}),({},{})"),
    "lseg": _point("[({},{}),({},{})]"),
    "path": _point("[({},{}),({},{})]"),
    "polygon": _point("(({},{}),({},{}))"),
    "line": _point("{{{},{},{}}}"),
    "circle": _point("<({},{}),{}>"),
    "tsvector": lambda declared, present: [f"{_scrambled('aaaaaa')}:1"],
    **{f"{name}range": _range(step) for name, step in _RANGES.items()},
    **{f"{name}multirange": _range(step, "{{[{},{})}}") for name, step in _RANGES.items()},
}
_NEAR: dict[str, _Inventor] = {
    **dict.fromkeys(_INT_LIMITS, _near_whole),
    "numeric": _near_numeric,
    "float4": _near_float,
    "float8": _near_float,
    "date": _near_date,
    "timestamp": _near_moment,
    "timestamptz": _near_moment,
}
_SAMPLES = {
    **dict.fromkeys((*_INT_LIMITS, "numeric", "float4", "float8", "money"), "1"),
    "bool": "f",
    "bytea": "\\x",
    "date": "2020-01-01",
    "timestamp": "2020-01-01 00:00:00",
    "timestamptz": "2020-01-01 00:00:00+00",
    "json": "{}",
    "jsonb": "{}",
}
