"""The lab runs ``setup``, so that everything after it works with ordinary roles."""

from __future__ import annotations

from pydantic import SecretStr

from egrow_replica.app.context import Context
from egrow_replica.app.setup import SetupAction, setup
from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server
from egrow_replica.settings import load_settings
from egrow_replica.window.listener import Silence


def set_up(started: Lab) -> None:
    """Make the operator's roles on both servers of a lab."""
    admins = {server: SecretStr(started.admin_dsn(server)) for server in Server}
    setup(Context(load_settings(started.config_path), Silence()), SetupAction.APPLY, admins)
