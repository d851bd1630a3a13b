"""Keeping the stream's password out of the server's log and statistics."""

from __future__ import annotations

from egrow_replica.db import Door, query

#: What each setting has to be so that a statement's text is not written anywhere
#: (postgresql.org/docs/18/runtime-config-logging.html).
_QUIET = {
    "log_statement": "SET log_statement = 'none'",
    "log_min_error_statement": "SET log_min_error_statement = 'panic'",
    "log_min_duration_statement": "SET log_min_duration_statement = -1",
    "log_transaction_sample_rate": "SET log_transaction_sample_rate = 0",
    "track_activities": "SET track_activities = off",
}


def keep_statements_out_of_log(prod: Door) -> None:
    """For the rest of this connection, as far as our login may."""
    for statement in quiet_statements(prod):
        prod.execute(statement)


def quiet_statements(prod: Door) -> list[str]:
    """What our login may send to that end."""
    return [_QUIET[str(name)] for name in prod.values(query("catalog/secret_settings"))]
