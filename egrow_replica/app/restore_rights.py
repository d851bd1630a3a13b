"""What a restore may do on production, seen before it is tried."""

from __future__ import annotations

from collections.abc import Iterator

from egrow_replica.catalog import read_relations, read_server_facts
from egrow_replica.catalog.roles import (
    RESTORE_PRIVILEGES,
    RESTORE_ROLE,
    missing_privileges,
    read_operator_rights,
    read_roles,
)
from egrow_replica.errors import EgrowError, PreflightFailed
from egrow_replica.window.run import Run

_SETUP = "Run `egrow-replica setup`."


def missing_rights(run: Run) -> Iterator[EgrowError]:
    """What the operator and the role that puts content back lack."""
    if not read_server_facts(run.writer).superuser:
        yield from _operator(run)
    if run.makes_roles:
        return  # the restore makes its role as the window did
    if RESTORE_ROLE not in read_roles(run.writer, [RESTORE_ROLE]):
        yield _error(f"role {RESTORE_ROLE} does not exist")
        return
    relations = read_relations(run.writer, measured=False)
    content = [relations[name] for name in run.scope.names if name in relations]
    for one in missing_privileges(run.writer, RESTORE_ROLE, content, RESTORE_PRIVILEGES):
        yield _error(f"{RESTORE_ROLE} lacks {one.privilege} on {one.name}")


def _operator(run: Run) -> Iterator[EgrowError]:
    rights = read_operator_rights(run.writer)
    needs = {
        "make temporary tables": rights.may_make_temporary,
        "set session_replication_role": rights.may_set_replica_role,
        "use replication origins": rights.may_use_origins,
        f"become {RESTORE_ROLE}": run.makes_roles or RESTORE_ROLE in rights.may_become,
    }
    for what, may in needs.items():
        if not may:
            yield _error(f"{run.writer.role} may not {what}")


def _error(message: str) -> PreflightFailed:
    return PreflightFailed(message, hint=_SETUP, code="privilege")
