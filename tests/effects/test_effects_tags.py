"""The commands that event triggers hear of while windows are set up, opened and closed are those that are followed."""

from __future__ import annotations

from support.pair import Pair

from egrow_replica.guard.statements import command_tags
from egrow_replica.model import Server

HEARD = """
CREATE FUNCTION public.hear() RETURNS event_trigger LANGUAGE plpgsql AS
$f$BEGIN PERFORM pg_catalog.pg_notify('tags', tg_tag); END$f$;
CREATE EVENT TRIGGER hear ON ddl_command_start EXECUTE FUNCTION public.hear();
"""


def test_every_command_of_ours_is_one_that_is_followed(pair: Pair) -> None:
    pair.prod_sql(HEARD)
    with pair.connect(Server.PROD) as listener:
        listener.execute("LISTEN tags")
        pair.set_up()
        pair.ok("enable", "--no-backup")
        pair.ok("disable")
        heard = {note.payload for note in listener.notifies(timeout=5)}
    assert {"CREATE SUBSCRIPTION", "DROP SUBSCRIPTION", "GRANT", "ALTER TABLE"} <= heard
    assert heard - command_tags() == set()
