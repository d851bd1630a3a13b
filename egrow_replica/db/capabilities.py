"""What a server's version can and cannot do. One table, so that no version number stands anywhere else."""

from __future__ import annotations

from enum import Enum

from egrow_replica.errors import PreflightFailed

#: Majors that the program knows (postgresql.org/support/versioning). Others are refused, not guessed.
SUPPORTED_MAJORS = range(15, 19)


class Capability(Enum):
    """A feature: the first major that has it, and what is missing without it."""

    ORDINARY_SUBSCRIPTION_OWNER = (
        16,
        "before 16 only a superuser can own a subscription, so the second wall is missing",
    )
    RUN_AS_OWNER = (16, "before 16 the apply worker always runs as the subscription's owner")
    PASSWORD_REQUIRED = (16, "before 16 a subscription has no password_required option")
    ORIGIN_OPTION = (16, "before 16 a subscription has no origin option")
    MEMBERSHIP_OPTIONS = (16, "before 16 a membership has no INHERIT and SET options")
    WORKER_TYPE = (17, "before 17 a worker does not say of what type it is")
    MAINTAIN = (17, "before 17 only a table's owner can ANALYZE it")
    TRANSACTION_TIMEOUT = (17, "before 17 there is no transaction_timeout")
    CONFLICT_STATISTICS = (18, "before 18 conflicts are counted as errors only")

    def __init__(self, since: int, without: str) -> None:
        self.since = since
        self.without = without


def has(server_version: int, capability: Capability) -> bool:
    """Whether a server of that ``server_version_num`` has it."""
    return server_version // 10000 >= capability.since


def check_supported(server_version: int, server: str) -> None:
    """Refuse a major version that the program does not know.

    :raises PreflightFailed: the major is not in :data:`SUPPORTED_MAJORS`.
    """
    major = server_version // 10000
    if major not in SUPPORTED_MAJORS:
        known = ", ".join(map(str, SUPPORTED_MAJORS))
        raise PreflightFailed(
            f"{server} runs PostgreSQL {major}, which egrow-replica does not know", hint=f"It knows {known}."
        )
