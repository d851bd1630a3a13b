"""Table names of the configuration: two parsers have to read the same, and what they do not is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.command import run

from egrow_replica.errors import ConfigurationError
from egrow_replica.guard import Policy, read_name
from egrow_replica.model import QualifiedName

READ = {
    "courses": ("public", "courses"),
    "public.courses": ("public", "courses"),
    "Catálogo.Artículo": ("Catálogo", "Artículo"),  # exact, never folded
    "public.Mixed Case": ("public", "Mixed Case"),
    "public.user": ("public", "user"),
    "order": ("public", "order"),
    '"a.b".t': ("a.b", "t"),
    '"a.b"."T"': ("a.b", "T"),
    '"say ""x"""': ("public", 'say "x"'),
    "público.año": ("público", "año"),
    "public.1st": ("public", "1st"),
    "app-1.t": ("app-1", "t"),
}
REFUSED = {
    "public.courses -- all of them": "PostgreSQL reads it as public.courses",
    "public.courses/* all */": "PostgreSQL reads it as public.courses",
    " public.courses": "PostgreSQL reads it as public.courses",
    "public. courses": "PostgreSQL reads it as public.courses",
    "courses\t": "PostgreSQL reads it as public.courses",
    '"a.b".t u': "PostgreSQL",
    '"a.b".t;': "",
    '"a.b".Mixed Case': "PostgreSQL",
    'U&"d\\0061t"': "quote",
    '"a"."b"."c"': "schema.table",
    "x" * 64: "longer than 63 bytes",
    "": "empty",
}


@pytest.mark.parametrize("text", READ)
def test_names_that_both_read_alike(text: str) -> None:
    assert read_name(text) == QualifiedName(*READ[text])


@pytest.mark.parametrize("text", REFUSED)
def test_names_that_postgresql_reads_otherwise(text: str) -> None:
    with pytest.raises(ConfigurationError, match="bad table name") as refused:
        read_name(text)
    assert REFUSED[text] in refused.value.message
    with pytest.raises(ConfigurationError):
        Policy.for_content([text])


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_written_in_quotes_is_read_or_refused(schema: str, table: str) -> None:
    text = ".".join('"' + part.replace('"', '""') + '"' for part in (schema, table))
    try:
        found = read_name(text)
    except ConfigurationError:
        return
    assert found == QualifiedName(schema, table)


@pytest.mark.parametrize("place", ["content", "user", "production_columns", "filters", "environment"])
def test_every_name_of_the_configuration_is_read_twice(tmp_path: Path, place: str) -> None:
    odd = "public.courses -- all"
    lists = {"content": ["public.courses"], "user": [], "production_columns": {}, "filters": {}}
    lists[place] = {odd: ["x"]} if place == "production_columns" else {odd: "true"} if place == "filters" else [odd]
    if place in ("production_columns", "filters"):  # of a content table
        lists["content"] = [odd]
    env = {"EGROW_REPLICA_TABLES__CONTENT": '["public.courses -- all"]'} if place == "environment" else {}
    lines = ["[tables]", f"content = {lists['content']!r}", f"user = {lists['user']!r}"]
    lines += [f"{key} = {{ {_pairs(lists[key])} }}" for key in ("production_columns", "filters")]
    (tmp_path / "egrow-replica.toml").write_text("\n".join(lines).replace("'", '"') + os.linesep, encoding="utf-8")
    result = run(["--json", "doctor"], directory=tmp_path, env=env)
    assert result.exit_code == 2, str(result)
    assert "PostgreSQL reads it as public.courses" in result.message


def _pairs(values: dict[str, object]) -> str:
    return ", ".join(f"'{key}' = {value!r}" for key, value in values.items())
