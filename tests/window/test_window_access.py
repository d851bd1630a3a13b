"""People can still get in after a release: access that their application's role lost is a problem, not a note."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from support.pair import Pair

APP = "academy_app"


@pytest.fixture(scope="module")
def opened(new_pair: Callable[..., Pair]) -> Iterator[Pair]:
    pair = new_pair()
    pair.ok("enable", "--name", "access", "--no-backup")
    yield pair
    pair.cli("disable", "--now", "--no-validate")


@pytest.mark.parametrize(
    ("change", "back", "said", "subject"),
    [
        ("REVOKE INSERT ON users FROM {app}", "GRANT INSERT ON users TO {app}", "lost INSERT on table public.users",
         "table public.users"),
        ("ALTER ROLE {app} NOLOGIN", "ALTER ROLE {app} LOGIN", "may no longer log in", "role {app}"),
        ("REVOKE USAGE ON SCHEMA public FROM {app}, PUBLIC", "GRANT USAGE ON SCHEMA public TO {app}, PUBLIC",
         "lost USAGE on schema public", "schema public"),
        ("ALTER ROLE {app} IN DATABASE {database} SET default_transaction_read_only = on",
         "ALTER ROLE {app} IN DATABASE {database} RESET default_transaction_read_only", "may only read",
         "setting of {app} in {database}"),
    ],
    ids=["table", "login", "schema", "read only"],
)  # fmt: skip
def test_access_that_an_application_lost(opened: Pair, change: str, back: str, said: str, subject: str) -> None:
    names = {"app": APP, "database": opened.database}
    opened.prod_sql(change.format(**names))
    try:
        found = opened.cli("validate")
        opened.configure(validate={"access_changes": [subject.format(**names)]})
        knowingly = opened.cli("validate")
    finally:
        opened.configure(validate={})
        opened.prod_sql(back.format(**names))
    assert found.exit_code == 5, str(found)
    assert any(said in one for one in found.json["problems"]), found.json["problems"]
    assert knowingly.exit_code == 0, str(knowingly)
    assert any(said in one and "knowingly" in one for one in knowingly.json["notes"])


def test_access_that_was_given_is_a_note(opened: Pair) -> None:
    opened.prod_sql("GRANT TRUNCATE ON users TO " + APP)
    try:
        found = opened.ok("validate")
    finally:
        opened.prod_sql("REVOKE TRUNCATE ON users FROM " + APP)
    assert any("table public.users changed" in one for one in found.json["notes"])
