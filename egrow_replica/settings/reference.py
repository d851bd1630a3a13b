"""The reference of the configuration, made from its model: ``python -m egrow_replica.settings.reference``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from egrow_replica.model import QualifiedName
from egrow_replica.settings.load import (
    DEV_VARIABLE,
    ENVIRONMENT_PREFIX,
    OPERATOR_VARIABLE,
    PROD_VARIABLE,
    Settings,
    named_fields,
    section_of,
)
from egrow_replica.settings.presets import PRESETS
from egrow_replica.settings.units import Unit

_TYPES = {str: "text", int: "number", bool: "true or false", Path: "path", QualifiedName: "table", SecretStr: "text"}
_HEAD = f"""\
# Configuration

Made from the program's own model (`make reference`); a test holds it to that.

`egrow-replica.toml` is searched in the working directory, or given with `--config`. What counts is the command line's
option, then the variable in the environment, then the file, then the default. An unknown key or variable is refused (2)
with the nearest known one. In the environment lists and tables are written as JSON:
`{ENVIRONMENT_PREFIX}TABLES__CONTENT='["public.courses"]'`.

Tables are written `schema.table`, exactly as the catalog has them: never folded; a bare name means `public`, and a part
that holds a dot or a quote is written as in SQL (`"a.b".t`). PostgreSQL's own scanner reads each name too; what it
would read as another name is refused. Paths are relative to the file.

Without a source, the connection strings are in `{DEV_VARIABLE}` and `{PROD_VARIABLE}`. Administrators' are only ever in
the environment ([setting up](operations.md#setting-up)). `{OPERATOR_VARIABLE}` is short for the variable of
`window.operator`.
Presets: {", ".join(f"`{name}`" for name in PRESETS)}.
"""


def reference() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(line for name, field in named_fields(Settings) for line in _section(name, field))])


def _section(name: str, field: FieldInfo) -> Iterator[str]:
    model = section_of(field.annotation)
    assert model is not None, "the configuration is made of sections"
    yield f"## [{name}]\n"
    yield f"{_sentence(model)}\n"
    yield "| key | type | default | what it does | variable |"
    yield "| --- | --- | --- | --- | --- |"
    for key, inner in named_fields(model):
        variable = f"`{ENVIRONMENT_PREFIX}{name.upper()}__{key.upper()}`"
        yield f"| `{key}` | {_type(inner)} | {_default(inner)} | {inner.description} | {variable} |"
    yield ""


def _sentence(model: type[BaseModel]) -> str:
    assert model.__doc__
    return model.__doc__.strip()


def _type(field: FieldInfo) -> str:
    unit = _unit(field)
    return unit.described if unit else _words(field.annotation)


def _words(annotation: Any) -> str:
    origin, inner = get_origin(annotation), [one for one in get_args(annotation) if one not in (type(None), Ellipsis)]
    if annotation in _TYPES:
        return _TYPES[annotation]
    if origin is Literal:
        return ", ".join(f"`{one}`" for one in inner)
    if origin is tuple:
        return f"list of: {_words(inner[0])}"
    if origin is dict:
        return f"for each {_words(inner[0])}: {_words(inner[1])}"
    return _words(inner[0])


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined or value in ((), {}):
        return ""
    unit = _unit(field)
    text = unit.shown(value) if unit else value
    return f"`{json.dumps(text if isinstance(text, str | int | tuple) else str(text))}`"


def _unit(field: FieldInfo) -> Unit | None:
    return next((one for one in field.metadata if isinstance(one, Unit)), None)


if __name__ == "__main__":
    print(reference(), end="")  # noqa: T201  this is a program of its own
