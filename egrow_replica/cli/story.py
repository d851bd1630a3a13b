"""The demo's stage: what it changes on the two servers, and how it looks at them. The lab's academy only."""

from __future__ import annotations

import time

from egrow_replica.errors import NotCaughtUp
from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server

_LEFTOVERS = {
    Server.DEV: "SELECT 'slot ' || slot_name FROM pg_replication_slots UNION ALL SELECT 'publication ' || pubname"
    " FROM pg_publication",
    Server.PROD: "SELECT 'subscription ' || subname FROM pg_subscription UNION ALL SELECT 'origin ' || roname"
    " FROM pg_replication_origin UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots UNION ALL"
    " SELECT 'temporary ' || relname FROM pg_class WHERE relpersistence = 't'",
}
#: Values of the academy's content that belong to production: what real users did.
_COUNTERS = {
    "courses": '"studentsCount", rating',
    "resources": '"downloadsCount", rating',
    "events": '"currentCapacity"',
    "promotions": '"currentImpressions"',
}
_CONTENT = ("courses", "lessons", "resources", "events", "promotions", "products", "prices")


class Stage:
    """Dev's editors and production's onlookers."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def dev(self, sql: str) -> str:
        """Change dev, as an editor would."""
        return self._lab.psql(Server.DEV, f"SET ROLE academy_owner; {sql}").strip()

    def prod(self, sql: str) -> str:
        """Look at production."""
        return self._lab.psql(Server.PROD, sql).strip()

    def counters(self) -> set[str]:
        """The columns that belong to production, a line a row."""
        rows = "SELECT concat_ws(':', id, {}) FROM {}"
        return {
            line for table, names in _COUNTERS.items() for line in self.prod(rows.format(names, table)).splitlines()
        }

    def content(self) -> dict[str, set[str]]:
        """Every content row as JSON, by table."""
        return {
            table: set(self.prod(f"SELECT to_jsonb(t)::text FROM {table} AS t").splitlines())  # noqa: S608
            for table in _CONTENT
        }

    def leftovers(self) -> list[str]:
        """Objects of replication on either server."""
        return [
            f"{line} on {server}"
            for server, sql in _LEFTOVERS.items()
            for line in self._lab.psql(server, sql).splitlines()
            if line
        ]

    def wait_on_prod(self, sql: str, wanted: str, seconds: float = 20.0) -> float:
        """Wait until production answers as wanted; how long it took.

        :raises NotCaughtUp: it does not in time.
        """
        started = time.monotonic()
        while self.prod(sql) != wanted:
            if time.monotonic() - started > seconds:
                raise NotCaughtUp(f"production did not show the change within {seconds:g} s")
            time.sleep(0.05)
        return time.monotonic() - started
