"""The rehearsal of the stream, on production and taken back."""

from egrow_replica.window.rehearsal.heaps import read_heaps
from egrow_replica.window.rehearsal.plays import is_in_the_way
from egrow_replica.window.rehearsal.rehearse import Rehearsal, planned, rehearse

__all__ = ["Rehearsal", "is_in_the_way", "planned", "read_heaps", "rehearse"]
