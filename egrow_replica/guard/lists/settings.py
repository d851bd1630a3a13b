"""Settings that a session may change, and to what."""

from __future__ import annotations

#: ``None``: any constant. They bound time and memory, or fix how values are written.
SESSION: dict[str, frozenset[str] | None] = {
    "application_name": None,
    "bytea_output": None,
    "client_min_messages": None,
    # What an administrator who is no superuser becomes of the roles that he makes: else he could give them nothing.
    "createrole_self_grant": frozenset({"set, inherit"}),
    "datestyle": None,
    "extra_float_digits": None,
    "idle_in_transaction_session_timeout": None,
    "intervalstyle": None,
    "lock_timeout": None,
    "maintenance_work_mem": None,
    "statement_timeout": None,
    "timezone": None,
    "track_counts": frozenset({"on", "true"}),
    "transaction_timeout": None,
    "work_mem": None,
    # How a join is made, not what comes of it.
    "enable_nestloop": frozenset({"on", "off", "true", "false"}),
    "default_transaction_isolation": None,
    "default_transaction_read_only": frozenset({"on", "true"}),
    "row_security": frozenset({"off", "false"}),
    "search_path": frozenset({"pg_catalog", "", "pg_catalog, pg_temp"}),
    "standard_conforming_strings": frozenset({"on", "true"}),
    "synchronous_commit": frozenset({"on", "local", "remote_write", "remote_apply"}),
}

#: They keep a password out of the server's log; only towards less, and back to what the server says.
LOGGING: dict[str, frozenset[str] | None] = {
    "log_statement": frozenset({"none"}),
    "log_min_error_statement": frozenset({"panic"}),
    "log_min_duration_statement": frozenset({"-1"}),
    "log_min_duration_sample": frozenset({"-1"}),
    "log_transaction_sample_rate": frozenset({"0", "0.0"}),
    "track_activities": frozenset({"off", "false"}),
}

#: Settings that ``setup`` may let the controller's roles change.
GRANTED_PARAMETERS: frozenset[str] = frozenset(LOGGING) | {"session_replication_role", "track_counts"}
