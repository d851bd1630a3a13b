"""A pair whose operator may hold the application's writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import Connection
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.lab.application import Application
from egrow_replica.model import Server

APP = "academy_app"
KEEPER = "egrow_maintenance"
SETTINGS = """SELECT d.datname, s.setconfig
                FROM pg_db_role_setting AS s LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
               WHERE s.setrole = 'academy_app'::regrole AND (s.setdatabase = 0 OR d.datname = %s)
               ORDER BY 1 NULLS FIRST"""
WRITE = "UPDATE users SET bio = 'written' WHERE id = (SELECT min(id) FROM users)"
HELD = "default_transaction_read_only=on"


def settings(pair: Pair) -> list[tuple[str | None, list[str]]]:
    """What the application's role was told, everywhere and in this database.

    Asked in another database: a superuser's session in this one would weaken the evidence.
    """
    with pair.connect(Server.PROD, dsn=pair.lab.on("postgres").admin_dsn(Server.PROD)) as connection:
        return [(name, list(config)) for name, config in connection.execute(SETTINGS, [pair.database]).fetchall()]


def is_held(pair: Pair) -> bool:
    return any(HELD in config for name, config in settings(pair) if name is not None)


@contextmanager
def as_application(pair: Pair) -> Iterator[Connection[Any]]:
    """A session of the application's, each statement a transaction unless one says BEGIN."""
    with psycopg.connect(pair.lab.application_dsn, autocommit=True) as connection:
        yield connection


def writes(pair: Pair) -> bool:
    """Whether a session of the application's that begins now may write."""
    with as_application(pair) as connection:
        try:
            connection.execute(WRITE)
        except psycopg.errors.ReadOnlySqlTransaction:
            return False
        return True


@contextmanager
def people(pair: Pair) -> Iterator[Application]:
    """People who use production and are refused while writes are held; what was acknowledged has to be there."""
    with Application.start(pair.lab.application_dsn, bin_dir=pair.lab.bin_dir, rate_per_second=30.0) as application:
        application.wait_for_writes(3)
        yield application
        application.wait_for_writes(3)
    application.check()


def wait_for_refusals(application: Application, count: int = 3) -> None:
    goal = application.failures + count
    wait_until(lambda: application.failures >= goal, what="refused writes")


def clear(pair: Pair) -> None:
    """Whatever a failed test left."""
    if pair.value(Server.PROD, "SELECT EXISTS (SELECT FROM egrow_replica.window WHERE state !~ '^(closed|rolled)')"):
        pair.cli("disable", "--no-validate")
    held = pair.value(Server.PROD, "SELECT count(*) FROM egrow_replica.hold WHERE in_force")
    if held:
        pair.cli("maintenance", "off")
