"""Something writes users' rows along with content, and nothing that was looked at beforehand has found it.

The look at the catalogs and the rehearsal are left out here: whatever they overlook today they may find tomorrow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.pair import CONTENT, Pair
from support.waiting import wait_until

from egrow_replica.app.context import Context
from egrow_replica.app.enable import EnableOptions, enable
from egrow_replica.app.restore import RestoreOptions, restore
from egrow_replica.errors import EgrowError
from egrow_replica.model import Server
from egrow_replica.settings import load_settings
from egrow_replica.window.listener import Silence
from egrow_replica.window.steps.rehearsal import Rehearse


@pytest.fixture
def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    for where in ("egrow_replica.window.definitions", "egrow_replica.window.checks.effects"):
        monkeypatch.setattr(f"{where}.validate_window", lambda *_, **__: ())
    monkeypatch.setattr(Rehearse, "do", lambda *_: "")


def run(pair: Pair, use_case: Callable[[Context, Any], Any], options: Any) -> EgrowError:
    """A use case in this process; it has to fail."""
    with pytest.raises(EgrowError) as raised:
        use_case(Context(load_settings(pair.config), Silence()), options)
    return raised.value


def plant(pair: Pair, body: str, on: str) -> None:
    """With its owner's power, whatever the settings; a user's row besides those that the application writes."""
    pair.prod_sql(
        f"""INSERT INTO users
              SELECT (jsonb_populate_record(u, jsonb_build_object('id', 'quiet', 'email', 'q', 'username', 'q'))).*
                FROM users AS u LIMIT 1;
            CREATE FUNCTION public.set_off() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
              $f$ BEGIN {body}; RETURN NULL; END $f$;
            CREATE TRIGGER sets_off AFTER {on} ON courses FOR EACH ROW EXECUTE FUNCTION public.set_off();
            ALTER TABLE courses ENABLE ALWAYS TRIGGER sets_off"""
    )


def quiet(pair: Pair) -> str:
    return str(pair.value(Server.PROD, "SELECT u.*::text FROM users AS u WHERE id = 'quiet'"))


def test_a_reconcile_that_would_change_a_users_row_never_does(pair: Pair, unseen: None) -> None:
    """The trigger that was overlooked: UPDATE OF a generated column, which fires for what it is made of."""
    pair.both_sql("ALTER TABLE courses ADD COLUMN shout text GENERATED ALWAYS AS (upper(title)) STORED")
    plant(pair, "UPDATE public.users SET bio = 'touched' WHERE id = 'quiet'", "UPDATE OF shout")
    pair.dev_sql("UPDATE courses SET title = title || ' (new)'")
    before, content = quiet(pair), pair.content(Server.PROD, CONTENT)
    with pair.application(rate_per_second=20.0) as people:
        error = run(pair, enable, EnableOptions(name="one", whole_backup=False))
        people.wait_for_writes(3)
    assert error.exit_code == 5, error.message
    assert error.code == "outside-content"
    assert "public.users: " in error.message
    assert "rows updated" in error.message
    assert quiet(pair) == before
    assert pair.content(Server.PROD, CONTENT) == content
    assert pair.leftovers() == []
    report: Any = error.report
    assert report.validation is None or report.validation.verdict not in ("touched", "unproven")
    assert pair.value(Server.PROD, "SELECT state FROM egrow_replica.window") == "rolled_back"


def test_a_restore_that_would_delete_users_rows_never_does(pair: Pair, unseen: None) -> None:
    pair.dev_sql(
        """INSERT INTO courses (id, title, slug, "updatedAt", category) VALUES ('n', 'N', 'n', now(), 'LIDERAZGO')"""
    )
    pair.ok("sync", "--name", "one", "--no-backup")
    plant(pair, "DELETE FROM public.users WHERE id = 'quiet'", "DELETE")
    before, content = quiet(pair), pair.content(Server.PROD, CONTENT)
    error = run(pair, restore, RestoreOptions(window="one"))
    assert (error.exit_code, error.code) == (5, "outside-content"), error.message
    assert "public.users: 1 row deleted" in error.message
    assert quiet(pair) == before
    assert pair.content(Server.PROD, CONTENT) == content
    pair.prod_sql("DROP FUNCTION set_off CASCADE")
    pair.ok("restore")
    assert pair.value(Server.PROD, "SELECT count(*) FROM courses WHERE id = 'n'") == 0
    wait_until(lambda: pair.sessions() == [], what="the end of every session")
