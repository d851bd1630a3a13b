"""Checks of how the servers sort text: whether their indexes are still in order, and whether both sort alike."""

from __future__ import annotations

import re
from collections.abc import Iterator

from egrow_replica.catalog.conditions import read_locale, read_stale_collations
from egrow_replica.model import Check, Server, Side
from egrow_replica.window.checks.base import info, inspection, warning
from egrow_replica.window.checks.remedies import name
from egrow_replica.window.checks.view import View

DEV, PROD = Server.DEV, Server.PROD
#: What makes a unique index, a CHECK or a range answer otherwise under another locale.
_BY_LOCALE = re.compile(r"\b(lower|upper|initcap)\(|::citext\b")


@inspection("collation-version", DEV, PROD, subject="collations", fine="indexes are sorted by this machine's rules")
def versions(view: View, server: Server) -> Iterator[Check]:
    """After the machine's library changed, an index over text may be out of order: it misses rows that are there."""
    database = name(view.facts(server).database)
    for one in read_stale_collations(view.door(server)):
        subject = one.name or view.facts(server).database
        refresh = f"ALTER COLLATION {one.name} REFRESH VERSION;" if one.name else ""
        refresh = refresh or f"ALTER DATABASE {database} REFRESH COLLATION VERSION;"
        yield warning(
            "collation-version",
            server,
            subject,
            f"indexes over text were made by version {one.recorded} of its rules, this machine has "
            f"{one.actual or 'none'}: they may be out of order, miss rows that are there and let a duplicate of a "
            "unique value in",
            f"REINDEX DATABASE {database}; {refresh}",
        )


@inspection("drift-locale", subject="locale", fine="both databases sort text alike")
def locales(view: View, _: Server) -> Iterator[Check]:
    """Rows are hashed and told apart by their bytes, so this matters only where the server itself compares text."""
    dev, prod = read_locale(view.dev), read_locale(view.prod)
    if dev == prod:
        return
    message = f"dev's database sorts by {dev.shown}, production's by {prod.shown}"
    tables = [
        str(one.name)
        for one in view.definitions(PROD).tables.values()
        if any(
            _BY_LOCALE.search(text)
            for text in (*(key.definition for key in one.uniques), *(check.definition for check in one.constraints))
        )
        or (one.partitioning is not None and one.partitioning.key.startswith("RANGE"))
    ]
    if not tables:
        yield info("drift-locale", Side.BOTH, "locale", f"{message}: rows are told apart by their bytes, so they fit")
        return
    yield warning(
        "drift-locale",
        Side.BOTH,
        "locale",
        f"{message}: in {', '.join(tables)} a unique index, a CHECK or a range by order or case may answer otherwise "
        "there than on dev",
        "Make dev's database anew with production's locale.",
    )


CHECKS = (*versions, *locales)
