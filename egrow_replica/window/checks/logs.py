"""Checks of what the servers would write into their logs and statistics: a password, or what is in a row."""

from __future__ import annotations

from collections.abc import Iterator

from egrow_replica.catalog.conditions import SettingValue
from egrow_replica.model import Check, Server
from egrow_replica.window.checks.base import inspection, warning
from egrow_replica.window.checks.view import View

DEV, PROD = Server.DEV, Server.PROD
_GRANT = "GRANT SET ON PARAMETER {setting} TO {role}; -- `egrow-replica setup` does it"


@inspection("log-password", PROD, subject="log settings", fine="the stream's password stays out of log and statistics")
def password(view: View, server: Server) -> Iterator[Check]:
    """CREATE SUBSCRIPTION holds the password. The controller switches off what its login may; the rest is told."""
    settings = view.server_settings(server)
    for one in settings.values():
        why = _keeps_statements(one)
        if why is not None and not one.may_set:
            yield warning(
                "log-password",
                server,
                one.name,
                f"it is {one.value}: {why}, with the stream's password in it, and our role may not change it",
                _GRANT.format(setting=one.name, role=view.facts(server).role),
            )


@inspection("statistics-password", PROD, subject="pg_stat_statements", fine="it keeps no utility statements")
def statistics(view: View, server: Server) -> Iterator[Check]:
    """Only the server itself can switch this off."""
    utility = view.server_settings(server).get("pg_stat_statements.track_utility")
    tracked = view.server_settings(server).get("pg_stat_statements.track")
    if utility is not None and utility.value == "on" and (tracked is None or tracked.value != "none"):
        yield warning(
            "statistics-password",
            server,
            utility.name,
            "pg_stat_statements keeps the text of CREATE SUBSCRIPTION, with the stream's password in it",
            _system(utility.name, "off"),
        )


@inspection("log-rows", DEV, PROD, subject="log settings", fine="no row's values reach the log", guards=False)
def rows(view: View, server: Server) -> Iterator[Check]:
    """Values travel as parameters of statements, on connections that leave the server's log as it is set."""
    settings = view.server_settings(server)
    explain = settings.get("auto_explain.log_min_duration")
    if explain is not None and explain.number >= 0:
        message = f"auto_explain is on ({explain.value} ms): plans with values of rows reach the log"
        yield warning("log-rows", server, explain.name, message, _system(explain.name, "-1"))
    for setting, reasons in _PARAMETERS.items():
        length = settings.get(setting)
        found = [f"{one} is {settings[one].value}" for one in reasons if one in settings and _logs(settings[one])]
        # -1: in full, 0: not at all
        if length is not None and length.number != 0 and (found or not reasons):
            why = " and ".join(found) or "a statement that fails is logged"
            message = f"{why}, with the values of its parameters: keys, and what is in rows"
            yield warning("log-rows", server, setting, message, _system(setting, "0"))


#: How much of a statement's parameters is logged, and by what the statement gets into the log.
_PARAMETERS = {
    "log_parameter_max_length": (
        "log_statement",
        "log_min_duration_statement",
        "log_min_duration_sample",
        "log_transaction_sample_rate",
    ),
    "log_parameter_max_length_on_error": (),
}


def _logs(one: SettingValue) -> bool:
    """Whether statements that only read are among what it writes."""
    match one.name:
        case "log_statement":
            return one.value == "all"
        case "log_transaction_sample_rate":
            return float(one.value) > 0
        case _:
            return one.number >= 0


def _system(setting: str, value: str) -> str:
    return f"ALTER SYSTEM SET {setting} = {value}; SELECT pg_reload_conf();"


#: log_min_error_statement writes a statement that fails; everything above these levels does not.
_SILENT_LEVELS = ("panic", "fatal", "log")


def _keeps_statements(one: SettingValue) -> str | None:
    match one.name:
        case "log_statement" if one.value in ("ddl", "all"):
            return "the log keeps CREATE SUBSCRIPTION"
        case "log_min_duration_statement" if one.number >= 0:
            return "the log keeps statements that take longer"
        case "log_transaction_sample_rate" if float(one.value) > 0:
            return "the log keeps a sample of all statements"
        case "log_min_error_statement" if one.value not in _SILENT_LEVELS:
            return "the log keeps CREATE SUBSCRIPTION if it fails"
    return None


CHECKS = (*password, *statistics, *rows)
