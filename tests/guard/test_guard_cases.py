"""Every rule's table of allowed and refused statements, and the attacks."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from guard_world import CASES, POLICIES, Case, cases

from egrow_replica.guard import Refused, rules, vet

ALL = list(cases())


def _rules() -> Iterator[str]:
    """The name of every rule that a module of rules defines; a theme has several."""
    for path in Path(rules.__file__).parent.glob("*.py"):
        names = vars(import_module(f"egrow_replica.guard.rules.{path.stem}"))
        yield from (str(value) for name, value in names.items() if name == "RULE" or name.endswith("_RULE"))


RULES = frozenset(_rules())


def _rule(stem: str) -> str:
    """The rule that a table of cases is named after."""
    return stem.replace("_", "-")


def _name(case: Case) -> str:
    return f"{case.file}-{case.policy}-{'allowed' if case.allowed else 'refused'}-{case.sql[:60]}"


@pytest.mark.parametrize("case", [case for case in ALL if case.allowed], ids=_name)
def test_allowed(case: Case) -> None:
    vetted = vet(case.sql, POLICIES[case.policy])
    assert vetted.text == case.sql
    assert vetted.policy == POLICIES[case.policy]


@pytest.mark.parametrize("case", [case for case in ALL if not case.allowed], ids=_name)
def test_refused(case: Case) -> None:
    with pytest.raises(Refused) as refused:
        vet(case.sql, POLICIES[case.policy])
    assert refused.value.rule != "internal", refused.value.reason
    if _rule(case.file) in RULES:
        assert refused.value.rule == _rule(case.file)
    else:
        assert refused.value.rule != "syntax" or case.file == "attacks_text", "an attack that is no SQL shows nothing"


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_has_both_sides(rule: str) -> None:
    verdicts = {case.allowed for case in ALL if _rule(case.file) == rule}
    assert verdicts == {True, False}


def test_no_case_table_is_orphaned() -> None:
    stems = {path.stem for path in CASES.glob("*.toml")}
    assert {_rule(stem) for stem in stems if not stem.startswith("attacks_")} == RULES


def test_attacks_are_many() -> None:
    attacks = {(case.policy, case.sql) for case in ALL if case.file.startswith("attacks_") and not case.allowed}
    assert len(attacks) >= 300
