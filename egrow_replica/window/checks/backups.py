"""Checks of where the backup goes and of the programs that make it, and of the DBA's own probes."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator

from egrow_replica.backup import find_tools
from egrow_replica.backup import preflight as check_directory
from egrow_replica.errors import EgrowError
from egrow_replica.evidence import require_true, run_probes
from egrow_replica.model import Check, Server
from egrow_replica.window.checks.base import error, fine, inspection, size, warning
from egrow_replica.window.checks.view import View

PROD = Server.PROD
#: Dumps are compressed, indexes are not dumped; half of the database is rarely exceeded.
DUMP_SHARE = 2


@inspection("backup", PROD, subject="backup directory", fine="a backup can be written")
def directory(view: View, server: Server) -> Iterator[Check]:
    """By writing a file and removing it again."""
    base = view.settings.backup.directory
    content = 2 * sum(relation.bytes for relation in view.content_relations(server))
    try:
        check_directory(base, content)
    except EgrowError as failure:
        yield error(failure.code, server, "backup directory", failure.message, failure.hint)
        return
    # Each backup in it is 0700, so that looking in shows names alone; who may write there may put another in its place.
    if base.exists() and (mode := stat.S_IMODE(base.stat().st_mode)) & 0o022:
        message = f"its mode is {mode:04o}: others on this machine may rename or replace a backup in it"
        yield warning("backup-mode", server, base, message, f"chmod go-w {base}")
    place = next(path for path in (base, *base.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    needed = content + (view.facts(server).database_bytes // DUMP_SHARE if view.whole_backup else 0)
    if free < needed:
        message = f"{size(free)} are free, a backup may need {size(needed)}"
        yield warning("backup-space", server, base, message, "Free space there, or set another [backup] directory.")
    else:
        yield fine("backup", server, base, f"{size(free)} are free, a backup needs up to about {size(needed)}")


@inspection("pg_dump", PROD, subject="pg_dump", fine="the whole database is not to be dumped")
def programs(view: View, server: Server) -> Iterator[Check]:
    """pg_dump and pg_restore, and whether they are new enough."""
    if not view.whole_backup:
        return
    try:
        tools = find_tools(view.prod.version, view.settings.backup.bin_dir)
    except EgrowError as failure:
        yield error(failure.code, server, "pg_dump", failure.message, failure.hint)
        return
    yield fine("pg_dump", server, tools.pg_dump, f"version {tools.version} can dump the server")


@inspection("probes", PROD, subject="probes", fine="every probe is true", reads_rows=True)
def probes(view: View, server: Server) -> Iterator[Check]:
    """A probe that is not true beforehand could not show a harm."""
    try:
        require_true(run_probes(view.prod, view.settings.validation.probes))
    except EgrowError as failure:
        refused = failure.exit_code == 3
        slug = getattr(failure, "rule", failure.code)
        yield error(slug, server, "probes", failure.message, failure.hint, refused=refused)


CHECKS = (*directory, *programs, *probes)
