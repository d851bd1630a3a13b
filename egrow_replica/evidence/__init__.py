"""What production's tables held before and after, who wrote what is new, and the verdict."""

from egrow_replica.evidence.access import compare_access, compare_probes, read_access, require_true, run_probes
from egrow_replica.evidence.baseline import (
    OWN_SCHEMA,
    OWN_SCHEMAS,
    Baseline,
    counts_statement,
    hand_in_counts,
    protected,
    take_baseline,
)
from egrow_replica.evidence.fingerprint import UNKNOWN_ORIGIN, TableFingerprint, origin_of_newer
from egrow_replica.evidence.judge import LOCAL_ORIGIN, Origins
from egrow_replica.evidence.orphans import Orphans, count_again, count_all, new_orphans, touching
from egrow_replica.evidence.own_columns import (
    ChangedRow,
    JudgedColumns,
    OwnColumnsSeen,
    judge_own_columns,
    sentences,
)
from egrow_replica.evidence.validate import Judgement, UserEvidence, WalReading, tier
from egrow_replica.evidence.wal import (
    ContentWrites,
    WalFindings,
    WalState,
    WalUnavailable,
    advance_slot,
    create_slot,
    drop_slot,
    ignore,
    mark,
    settle,
    slot_state,
    slot_statement,
)

__all__ = [
    "LOCAL_ORIGIN",
    "OWN_SCHEMA",
    "OWN_SCHEMAS",
    "UNKNOWN_ORIGIN",
    "Baseline",
    "ChangedRow",
    "ContentWrites",
    "JudgedColumns",
    "Judgement",
    "Origins",
    "Orphans",
    "OwnColumnsSeen",
    "TableFingerprint",
    "UserEvidence",
    "WalFindings",
    "WalReading",
    "WalState",
    "WalUnavailable",
    "advance_slot",
    "compare_access",
    "compare_probes",
    "count_again",
    "count_all",
    "counts_statement",
    "create_slot",
    "drop_slot",
    "hand_in_counts",
    "ignore",
    "judge_own_columns",
    "mark",
    "new_orphans",
    "origin_of_newer",
    "protected",
    "read_access",
    "require_true",
    "run_probes",
    "sentences",
    "settle",
    "slot_state",
    "slot_statement",
    "take_baseline",
    "tier",
    "touching",
]
