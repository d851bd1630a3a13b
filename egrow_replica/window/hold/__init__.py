"""Holding the application's writes: what a hold is, beginning and ending one, and what evidence may rest on it."""

from egrow_replica.window.hold.clock import HoldClock
from egrow_replica.window.hold.keep import Keeper, begin, end_left_behind, end_statement, release, setting_statement
from egrow_replica.window.hold.model import Hold, Wish
from egrow_replica.window.hold.proof import HoldWatch, weakness
from egrow_replica.window.hold.read import (
    check_roles,
    protected_oids,
    read_hold,
    read_left_behind,
    read_role_rights,
    read_writers,
    refuse_held,
    refuse_role,
)

__all__ = [
    "Hold",
    "HoldClock",
    "HoldWatch",
    "Keeper",
    "Wish",
    "begin",
    "check_roles",
    "end_left_behind",
    "end_statement",
    "protected_oids",
    "read_hold",
    "read_left_behind",
    "read_role_rights",
    "read_writers",
    "refuse_held",
    "refuse_role",
    "release",
    "setting_statement",
    "weakness",
]
