"""What production's tables held before and after, who wrote what is new, and the verdict."""

from egrow_replica.evidence.access import compare_access, compare_probes, read_access, require_true, run_probes
from egrow_replica.evidence.access_lost import access_lost
from egrow_replica.evidence.baseline import (
    Baseline,
    counts_statement,
    hand_in_counts,
    take_baseline,
)
from egrow_replica.evidence.before_commit import TransactionJudge, count_rows, judged_transaction
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
from egrow_replica.evidence.own_wal import WalWitness
from egrow_replica.evidence.user_rows import MOST_KEYS, ChangedUserRow, TableRows, changed_rows, put_back
from egrow_replica.evidence.validate import Judgement, UserEvidence, WalReading, tier
from egrow_replica.evidence.wal import (
    ContentWrites,
    TableWrites,
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
    "MOST_KEYS",
    "UNKNOWN_ORIGIN",
    "Baseline",
    "ChangedRow",
    "ChangedUserRow",
    "ContentWrites",
    "JudgedColumns",
    "Judgement",
    "Origins",
    "Orphans",
    "OwnColumnsSeen",
    "TableFingerprint",
    "TableRows",
    "TableWrites",
    "TransactionJudge",
    "UserEvidence",
    "WalFindings",
    "WalReading",
    "WalState",
    "WalUnavailable",
    "WalWitness",
    "access_lost",
    "advance_slot",
    "changed_rows",
    "compare_access",
    "compare_probes",
    "count_again",
    "count_all",
    "count_rows",
    "counts_statement",
    "create_slot",
    "drop_slot",
    "hand_in_counts",
    "ignore",
    "judge_own_columns",
    "judged_transaction",
    "mark",
    "new_orphans",
    "origin_of_newer",
    "put_back",
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
