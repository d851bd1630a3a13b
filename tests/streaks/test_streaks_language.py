"""Every text that people read has its Spanish, and the catalog holds nothing else."""

from __future__ import annotations

import ast
import re
from importlib import resources
from pathlib import Path

import pytest

import egrow_replica
from egrow_replica.cli.language import Catalog, Entry, Language, parse_po, translations

PACKAGE = Path(egrow_replica.__file__).parent


def used() -> dict[str, str | None]:
    """Every message id in the program, with its plural."""
    found: dict[str, str | None] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("tr", "tr_n")):
                continue
            texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
            assert texts, f"{path}:{node.lineno}: the text has to stand in the call"
            found[texts[0]] = texts[1] if node.func.id == "tr_n" else None
    return found


def entries() -> dict[str, Entry]:
    catalog = translations(Language.ES)
    assert isinstance(catalog, Catalog)
    return catalog.entries


def test_every_text_has_its_spanish_and_no_entry_is_unused() -> None:
    assert {one.message: one.plural for one in entries().values()} == used()


def test_no_entry_stands_twice() -> None:
    source = (resources.files("egrow_replica") / "locale" / "es.po").read_text(encoding="utf-8")
    assert len(list(parse_po(source))) == len(entries()) + 1  # the header


def test_placeholders_and_margins_are_kept() -> None:
    for one in entries().values():
        assert len(one.translations) == (2 if one.plural else 1), one.message
        for text in one.translations:
            assert text.strip(), one.message
            assert set(re.findall(r"{\w*}", text)) == set(re.findall(r"{\w*}", one.message)), one.message
            assert text.startswith("#") == one.message.startswith("#"), one.message
            for edge in (r"^\s*", r"\s*$", r":?$"):
                assert re.search(edge, text)[0] == re.search(edge, one.message)[0], one.message  # type: ignore[index]


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "es"}, "es"),
        ({"LANG": "es_AR.UTF-8"}, "es"),
        ({"LANG": "ES_ar@euro"}, "es"),
        ({"LANG": "est_EE"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LC_MESSAGES": "es_ES", "LANG": "en_US"}, "es"),
        ({"LC_ALL": "C", "LC_MESSAGES": "es_ES", "LANG": "es_ES"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "es_ES"}, "es"),
    ],
)
def test_the_locale_decides(environment: dict[str, str], language: str) -> None:
    assert Language.from_environment(environment) == language


def test_plurals() -> None:
    catalog = Catalog('msgid "one"\nmsgid_plural "many"\nmsgstr[0] "uno"\nmsgstr[1] "mu"\n"chos"\n')
    assert [catalog.ngettext("one", "many", count) for count in (0, 1, 2)] == ["muchos", "uno", "muchos"]
    assert catalog.ngettext("a", "b", 2) == "b"
    assert catalog.gettext("unknown") == "unknown"
