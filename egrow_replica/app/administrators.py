"""Who looks at servers on which our roles may not be there yet: their administrator, where he has given his login."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from egrow_replica.db import Door, Dsn, connect, parse_dsn
from egrow_replica.errors import ConfigurationError, ServerUnavailable
from egrow_replica.guard import Policy
from egrow_replica.model import Server
from egrow_replica.settings import ADMIN_VARIABLES


@dataclass(frozen=True)
class Login:
    """A server's connection string, and the administrator's variable where it is from there."""

    server: Server
    dsn: Dsn
    variable: str | None = None

    def open(self, policy: Policy, **options: Any) -> Door:
        """Open a door as :func:`connect` does; an administrator's that fails is told by its variable.

        :raises ServerUnavailable: it cannot be reached or refuses the login.
        """
        try:
            return connect(self.dsn, self.server, policy, **options)
        except ServerUnavailable as error:
            if self.variable is not None:
                error.hint = f"{self.variable} leads there: check it, that {self.server} runs, and its pg_hba.conf."
            raise


def administrator_or(server: Server, configured: Dsn) -> Login:
    """The administrator's login if its variable is set, else the configured one.

    :raises ConfigurationError: it cannot be read, or leads to another database.
    """
    if not os.environ.get(ADMIN_VARIABLES[server]):
        return Login(server, configured)
    return administrator(server, configured)


def administrator(server: Server, configured: Dsn, given: SecretStr | None = None) -> Login:
    """The administrator's login.

    :param given: his connection string; by default his variable's.
    :raises ConfigurationError: it is not set, cannot be read, or leads to another database.
    """
    variable = ADMIN_VARIABLES[server]
    text = given.get_secret_value() if given is not None else os.environ.get(variable)
    if not text:
        raise ConfigurationError(
            f"the environment variable {variable} is not set", hint=f"Set {variable} to an administrator's login."
        )
    dsn = parse_dsn(SecretStr(text), name=f"{server}'s administrator ({variable})")
    names = dsn.get("dbname"), configured.get("dbname")
    if all(names) and len(set(names)) > 1:
        raise ConfigurationError(
            f"{variable} leads to the database {names[0]}, and the operator's to {names[1]}",
            hint="Both must lead to the same database: roles belong to the server, their grants to a database.",
        )
    return Login(server, dsn, variable)
