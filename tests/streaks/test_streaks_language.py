"""Every text that people read has its Spanish, and the catalog holds nothing else."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import pytest
from rich.console import Console

import egrow_replica
from egrow_replica import results
from egrow_replica.app.backups import BackupsReport
from egrow_replica.cli import language, render
from egrow_replica.cli.language import Catalog, Entry, Language, parse_po, translations
from egrow_replica.model import EvidenceTier, QualifiedName, Server, TableVerdict, WindowState
from egrow_replica.window.outcome import after_rollback

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
            assert set(re.findall(r"{[^}]*}", text)) == set(re.findall(r"{[^}]*}", one.message)), one.message
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


# ------------------------------------------------------------------------------------------------------------ answers

_TABLE = QualifiedName("public", "users")
_WINDOW = results.WindowSummary(name="night", state=WindowState.STREAMING)
_LEFT = (results.Removed(server=Server.PROD, kind="slot", name="[egrow]"),)
_VALIDATION = results.Validation(
    verdict=TableVerdict.TOUCHED,
    evidence=EvidenceTier.WAL,
    tables=tuple(
        results.TableEvidence(
            table=_TABLE,
            verdict=verdict,
            reason="[why]",
            rows_before=None,
            rows_after=1,
            fingerprint_before=None,
            fingerprint_after=None,
        )
        for verdict in TableVerdict
    ),
    content=results.ContentReport(equal=False),
    problems=("[a]",),
    notes=("[b]",),
)


def _status(state: WindowState, reason: str | None) -> results.StatusReport:
    return results.StatusReport(
        window=results.StatusWindow(
            name="night",
            state=state,
            opened_at=datetime(2026, 1, 2, tzinfo=UTC),
            age_seconds=1,
            reason=reason,
            opened_by="me",
        ),
        slot=results.SlotStatus(name="s", active=False, wal_status=None, retained_bytes=None),
        subscription=results.SubscriptionStatus(name="s", enabled=True, apply_errors=0, conflicts={}),
        workers=(results.WorkerStatus(pid=1, role="r"),),
        warnings=("[c]",),
    )


def _answers() -> Iterator[object]:
    yield _VALIDATION
    yield _VALIDATION.model_copy(update={"content": results.ContentReport(equal=True)})
    alone = results.ContentTableReport(table=_TABLE, equal=True, differing=0, production_only=2)
    for equal, left_out in ((True, ("[d]",)), (None, ())):
        content = results.ContentReport(equal=equal, tables=(alone,), left_out=left_out)
        yield _VALIDATION.model_copy(update={"content": content})
    yield results.StatusReport(window=None)
    yield from (_status(state, reason) for state in WindowState for reason in (None, "[release]"))
    yield BackupsReport(backups=())
    yield results.PauseReport(window=_WINDOW)
    yield results.DisableReport(
        window=_WINDOW, validation=_VALIDATION, removed=_LEFT, left_behind=_LEFT, total_seconds=1.25
    )
    yield results.EnableReport(
        window=_WINDOW,
        steps=(),
        backup=results.BackupReport(directory=Path("b"), bytes=1, sha256=""),
        reconciled=(results.Reconciled(table=_TABLE, inserted=1, updated=2),),
        rolled_back=True,
        outcome=after_rollback((), _VALIDATION, "", content_back=True),
        total_seconds=1.25,
    )
    for dry_run in (False, True):
        yield results.RestoreReport(
            window=_WINDOW, backup=Path("b"), dry_run=dry_run, tables=(), validation=None, total_seconds=1
        )
    steps = [
        results.PlannedStep(name="n", server=Server.DEV, description="d", sql=(), guard=guard, reason="[r]")
        for guard in ("allowed", "refused")
    ]
    tables = (results.PlannedTable(table=_TABLE, new=1, updated=2, production_only=3),)
    yield results.PlanReport(window="night", steps=tuple(steps), tables=tables, checks=())


@pytest.fixture
def _english_again() -> Iterator[None]:
    yield
    language.use(Language.EN)


@pytest.mark.usefixtures("_english_again")
@pytest.mark.parametrize("answer", list(_answers()), ids=lambda answer: type(answer).__name__)
def test_an_answer_in_both_languages(answer: object) -> None:
    told = []
    for spoken in Language:
        language.use(spoken)
        console = Console(file=io.StringIO(), width=160)
        render.show(console, answer)
        assert isinstance(console.file, io.StringIO)
        told.append(console.file.getvalue())
    english, spanish = told
    assert english != spanish
    assert not re.search(r"[{}]", english + spanish)
    assert english.count("\n") == spanish.count("\n")
