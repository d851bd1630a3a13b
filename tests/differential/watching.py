"""Run one allowed statement on a real server and say everything that it touched beyond what it may.

Nothing of the guard is used to judge: what counts is what the server counted, locked, logged and kept.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg.pq import DiagnosticField, ExecStatus, TransactionStatus

from egrow_replica.catalog import Scope, key_hash
from egrow_replica.db import SQL, pinned_options
from egrow_replica.db.expressions import written
from egrow_replica.guard import Policy, StatementKind, Vetted
from egrow_replica.guard.lists import words
from egrow_replica.guard.policy import Purpose
from egrow_replica.guard.statements import KIND_OF_CLASS
from egrow_replica.guard.tree import class_of, parse
from egrow_replica.guard.vetted import SEAL
from egrow_replica.model import QualifiedName

#: Milliseconds; a statement that takes longer has shown what it does.
STATEMENT_TIMEOUT: Final = 400

_DDL: Final = frozenset(
    {
        StatementKind.ANALYZE, StatementKind.CREATE_SCHEMA, StatementKind.CREATE_TABLE, StatementKind.CREATE_TABLE_AS,
        StatementKind.ALTER_TABLE, StatementKind.CREATE_INDEX, StatementKind.DROP, StatementKind.CREATE_SUBSCRIPTION,
        StatementKind.ALTER_SUBSCRIPTION, StatementKind.ALTER_OWNER, StatementKind.DROP_SUBSCRIPTION,
    }
)  # fmt: skip
#: Catalogs that a definition of the controller's own things goes into. Functions, casts, operators, rules, roles,
#: privileges, publications, databases are not among them.
_DEFINITIONS: Final = words("""
pg_attrdef pg_attribute pg_class pg_constraint pg_depend pg_description pg_index pg_namespace
pg_replication_origin pg_sequence pg_shdepend pg_statistic pg_subscription pg_subscription_rel pg_trigger pg_type
""")
_TRANSACTION_SETTINGS: Final = frozenset({"transaction_isolation", "transaction_read_only", "transaction_deferrable"})
_ADVISORY = "advisory"

#: Oid → the relation that a person would name: a partition's root, an index's or a TOAST table's table, a sequence's
#: own name, and ``pg_temp`` for this session's temporary schema.
_RELATIONS = """
SELECT r.oid::int8, pg_catalog.pg_relation_filenode(r.oid)::int8, r.relkind::text,
       CASE WHEN n.oid = pg_catalog.pg_my_temp_schema() THEN 'pg_temp' ELSE n.nspname::text END,
       p.relname::text,
       (SELECT d.refobjid::int8 FROM pg_catalog.pg_depend AS d
         WHERE r.relkind = 'S' AND d.objid = r.oid AND d.classid = 1259 AND d.refclassid = 1259
           AND d.deptype IN ('a', 'i'))
  FROM pg_catalog.pg_class AS r
  LEFT JOIN pg_catalog.pg_index AS x ON x.indexrelid = r.oid
  LEFT JOIN pg_catalog.pg_class AS t ON t.reltoastrelid = COALESCE(x.indrelid, r.oid)
 CROSS JOIN LATERAL (SELECT COALESCE(t.oid, x.indrelid, r.oid) AS oid) AS m
  JOIN pg_catalog.pg_class AS k ON k.oid = m.oid
  JOIN pg_catalog.pg_class AS p ON p.oid = CASE WHEN k.relispartition THEN pg_catalog.pg_partition_root(k.oid)
                                                ELSE k.oid END
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.relnamespace
"""

#: What a transaction did so far.
_INSIDE = """
SELECT pg_catalog.json_build_object(
  'writes', (SELECT pg_catalog.json_agg(c.oid::int8) FROM pg_catalog.pg_class AS c
              WHERE c.relkind IN ('r', 't', 'm', 'p', 'S')
                AND pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid)
                  + pg_catalog.pg_stat_get_xact_tuples_updated(c.oid)
                  + pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid) > 0),
  'locks', (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(l.locktype, l.relation::int8, l.mode))
              FROM pg_catalog.pg_locks AS l
             WHERE l.pid = pg_catalog.pg_backend_pid() AND l.mode <> 'AccessShareLock'
               AND l.locktype NOT IN ('virtualxid', 'transactionid')),
  'settings', (SELECT pg_catalog.md5(pg_catalog.string_agg(s.name || '=' || s.setting, ' '))
                 FROM pg_catalog.pg_show_all_settings() AS s))::text
"""

#: What must be the same after a statement as before, whatever became of its transaction. It also lets the server note
#: its counts at once, so that the next transaction's begin at zero.
_OUTSIDE = """
SELECT pg_catalog.json_build_object(
  'settings', (SELECT pg_catalog.md5(pg_catalog.string_agg(s.name || '=' || s.setting, ' '))
                 FROM pg_catalog.pg_show_all_settings() AS s),
  'slots', (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_array(
                   s.slot_name, s.active, s.restart_lsn, s.confirmed_flush_lsn, s.temporary)), '[]')
              FROM pg_catalog.pg_get_replication_slots() AS s),
  'origins', (SELECT pg_catalog.json_agg(o.roname ORDER BY o.roname) FROM pg_catalog.pg_replication_origin AS o),
  'progress', (SELECT pg_catalog.json_agg(o::text) FROM pg_catalog.pg_show_replication_origin_status() AS o),
  'origin in use', pg_catalog.pg_replication_origin_session_is_setup(),
  'advisory locks', (SELECT pg_catalog.count(*) FROM pg_catalog.pg_locks AS l WHERE l.locktype = 'advisory'),
  'prepared', (SELECT pg_catalog.count(*) FROM pg_catalog.pg_prepared_statement() AS p),
  'prepared transactions', (SELECT pg_catalog.count(*) FROM pg_catalog.pg_prepared_xact() AS p),
  'cursors', (SELECT pg_catalog.count(*) FROM pg_catalog.pg_cursor() AS p WHERE p.name <> ''),
  'listening', (SELECT pg_catalog.count(*) FROM pg_catalog.pg_listening_channels() AS p),
  'temporary', (SELECT pg_catalog.json_agg(c.relname ORDER BY c.oid) FROM pg_catalog.pg_class AS c
                 WHERE c.relnamespace = pg_catalog.pg_my_temp_schema()),
  'recovery', pg_catalog.pg_is_in_recovery(),
  'resets', (SELECT pg_catalog.json_build_array(pg_catalog.pg_stat_get_db_stat_reset_time(d.oid))
               FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()),
  'loaded', pg_catalog.pg_conf_load_time(),
  'sequences', (SELECT pg_catalog.json_object_agg(q.name, q.value) FROM ({sequences}) AS q),
  'flushed', pg_catalog.pg_stat_force_next_flush()::text,
  'lsn', pg_catalog.pg_current_wal_insert_lsn())::text
"""

_WAL = """
SELECT w.resource_manager, w.record_type, COALESCE(w.block_ref, ''), w.description
  FROM egrow_ext.pg_get_wal_records_info($1, $2) AS w
 WHERE w.resource_manager NOT IN ('Transaction', 'CLOG', 'MultiXact', 'Btree', 'Hash', 'Gin', 'Gist', 'SPGist', 'BRIN',
                                  'CommitTs')
   AND w.record_type NOT IN ('FPI', 'FPI_FOR_HINT', 'NEXTOID', 'CHECKPOINT_ONLINE', 'CHECKPOINT_REDO')
"""
_BLOCK = re.compile(r"rel (\d+)/(\d+)/(\d+)")
_PARAMETER = re.compile(r"\$\d")

#: A value of each type for a parameter; what is not listed is NULL.
_VALUES: Final = {
    "int4": "1", "int8": "1048575", "text": "public.users", "name": "users", "xid": "700", "numeric": "700",
    "oid": "1259", "bool": "true", "jsonb": "{}", "json": "{}", "int4[]": "{0,1,2,3}", "int8[]": "{1,2,3}",
    "text[]": "{public,courses}", "pg_lsn": "0/1", "oid[]": "{1259,1255,16384}",
}  # fmt: skip


class Disagreement(AssertionError):
    """The guard allowed what touched more than it may."""


@dataclass
class Tally:
    """The counts of one corpus."""

    asked: int = 0
    allowed: int = 0
    executed: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    left_out: int = 0
    disagreements: int = 0

    def add(self, other: Tally) -> None:
        """Sum up."""
        self.asked += other.asked
        self.allowed += other.allowed
        self.executed += other.executed
        self.errors += other.errors
        self.left_out += other.left_out
        self.disagreements += other.disagreements

    def __str__(self) -> str:
        return (
            f"{self.asked} asked, {self.allowed} allowed, {self.executed} executed ({self.errors.total()} of them "
            f"answered with an error), {self.left_out} left out, {self.disagreements} disagreements"
        )


@dataclass(frozen=True)
class _Relation:
    name: QualifiedName
    kind: str
    owner: int | None

    @property
    def is_catalog(self) -> bool:
        return self.name.schema == "pg_catalog"


class Watcher:
    """One superuser's connection under the controller's pinned settings, and a bystander's that must live on."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._by_oid: dict[int, _Relation] = {}
        self._by_node: dict[int, _Relation] = {}
        self.parameters = dict(_VALUES)
        self._open()

    def _open(self) -> None:
        options = pinned_options(statement_timeout=str(STATEMENT_TIMEOUT))
        self._connection = psycopg.connect(
            self._dsn, autocommit=True, prepare_threshold=None, options=options, application_name="watched"
        )
        self._raw = self._connection.pgconn
        self._bystander = psycopg.connect(self._dsn, autocommit=True, application_name="bystander")
        self._bystander.pgconn.send_query(b"SELECT pg_sleep(100000)")
        for name in ("x", "staging", "courses"):
            self._connection.execute(f"CREATE TEMP TABLE {name} (LIKE public.courses INCLUDING DEFAULTS)")
            self._connection.execute(f"INSERT INTO {name} SELECT * FROM public.courses WHERE id < 6")
        for name, text in (("inside", _INSIDE), ("outside", _OUTSIDE.replace("{sequences}", self._sequences()))):
            prepared = self._raw.prepare(name.encode(), text.encode())
            assert prepared.status == ExecStatus.COMMAND_OK, prepared.error_message
        self._read_relations()
        self._outside = self._read_outside()
        self._settings = {replica: self._read_settings(replica) for replica in (False, True)}

    def prepare(self, texts: Iterable[str]) -> None:
        """Make something that statements need, and take it for the state before them."""
        for text in texts:
            self._connection.execute(text.encode())
        self._read_relations()
        self._outside = self._read_outside()

    def key_hashes(self, scope: Scope, seed: int) -> str:
        """The hashes of the keys of content, as an array's text."""
        found: list[int] = []
        for table in scope.tables:
            statement = SQL("SELECT {} FROM {} AS t").format(
                written(key_hash(table.key_columns, "t", seed)), table.source
            )
            found += [row[0] for row in self._connection.execute(statement).fetchall()][::3]
        return "{" + ",".join(map(str, found)) + "}"

    def renew(self) -> None:
        """Begin anew, with what is there now."""
        self.close()
        self._open()

    def close(self) -> None:
        """End both connections."""
        self._connection.close()
        self._bystander.cancel_safe()
        self._bystander.close()

    # ------------------------------------------------------------------------------------------------------- the run

    def run(self, vetted: Vetted, *, replica: bool) -> str:
        """Execute and undo; the server's SQLSTATE, ``""`` where it was content.

        :raises Disagreement: it touched more than it may.
        """
        before = self._outside
        self._execute(b"BEGIN; SET LOCAL session_replication_role = replica" if replica else b"BEGIN")
        state = self._execute(vetted.text.encode(), parameters=_PARAMETER.search(vetted.text) is not None)
        problems: list[str] = []
        # A time limit that the statement has just set would end the look at it.
        limited = vetted.kind is StatementKind.SET and "_timeout" in vetted.text.lower()
        if self._raw.transaction_status == TransactionStatus.INTRANS and not limited:
            problems += self._judge_inside(self._ask(b"inside"), vetted, replica)
        if self._raw.transaction_status != TransactionStatus.IDLE:
            self._execute(b"ROLLBACK")
        self._outside = self._read_outside()
        problems += self._judge_outside(before, vetted)
        if problems:
            raise Disagreement("\n".join([f"{vetted.policy.purpose}: {vetted.text}", *problems]))
        return state

    def _execute(self, text: bytes, *, parameters: bool = False) -> str:
        if parameters:
            values = self._parameters(text)
            if isinstance(values, str):
                return values
            result = self._raw.exec_params(text, values)
        else:
            result = self._raw.exec_(text)
        if result.status == ExecStatus.COPY_OUT:
            while self._raw.get_copy_data(0)[0] > 0:
                pass
            result = self._last_result(result)
        elif result.status == ExecStatus.COPY_IN:
            self._raw.put_copy_data(b"77\t1\n")
            self._raw.put_copy_end()
            result = self._last_result(result)
        if result.status != ExecStatus.FATAL_ERROR:
            return ""
        return (result.error_field(DiagnosticField.SQLSTATE) or b"?").decode()

    def _last_result(self, result: Any) -> Any:
        while (more := self._raw.get_result()) is not None:
            result = more
        return result

    def _parameters(self, text: bytes) -> list[bytes | None] | str:
        prepared = self._raw.prepare(b"", text)
        if prepared.status == ExecStatus.FATAL_ERROR:
            return (prepared.error_field(DiagnosticField.SQLSTATE) or b"?").decode()
        described = self._raw.describe_prepared(b"")
        values = (self.parameters.get(self._type(described.param_type(n))) for n in range(described.nparams))
        return [None if value is None else value.encode() for value in values]

    def _type(self, oid: int) -> str:
        info = self._connection.adapters.types.get(oid)
        if info is None:
            return ""
        return f"{info.name}[]" if info.array_oid == oid else info.name

    def _ask(self, prepared: bytes) -> dict[str, Any]:
        result = self._raw.exec_prepared(prepared, None)
        assert result.status == ExecStatus.TUPLES_OK, result.error_message
        answer: dict[str, Any] = json.loads(result.get_value(0, 0) or b"null")
        return answer

    def _value(self, text: bytes) -> bytes:
        result = self._raw.exec_(text)
        assert result.status == ExecStatus.TUPLES_OK, result.error_message
        return result.get_value(0, 0) or b"null"

    # ------------------------------------------------------------------------------------------- inside a transaction

    def _judge_inside(self, seen: Mapping[str, Any], vetted: Vetted, replica: bool) -> Iterator[str]:
        for oid in seen["writes"] or ():
            relation = self._relation(oid)
            if not self._may_write(relation, vetted):
                yield f"wrote {relation.name}"
        for kind, oid, mode in seen["locks"] or ():
            if kind == "relation":
                relation = self._relation(oid)
                if not self._may_lock(relation, mode, vetted):
                    yield f"locked {relation.name} in {mode}"
            elif kind == _ADVISORY and not vetted.policy.is_window:
                yield "took an advisory lock"
            elif kind == "object" and vetted.kind not in _DDL and "origin" not in vetted.text:
                yield f"locked an object in {mode}"
        if seen["settings"] != self._settings[replica][0]:
            yield from self._judge_settings(vetted, replica)

    def _may_write(self, relation: _Relation, vetted: Vetted) -> bool:
        if relation.is_catalog:
            return self._may_define(relation, vetted)
        if relation.kind == "S" and relation.owner is not None and relation.name not in vetted.writes:
            return self._may_write(self._relation(relation.owner), vetted)
        return relation.name in vetted.writes and _within(relation.name, vetted.policy)

    def _may_define(self, relation: _Relation, vetted: Vetted) -> bool:
        name = relation.name.name
        if vetted.kind is StatementKind.SELECT:
            return name == "pg_replication_origin" and vetted.policy.origin is not None and "origin" in vetted.text
        return vetted.kind in _DDL and name in _DEFINITIONS

    def _may_lock(self, relation: _Relation, mode: str, vetted: Vetted) -> bool:
        """A lock on content may be of any row's or LOCK TABLE's making, but never one that stops readers."""
        if relation.is_catalog:
            return vetted.kind in _DDL or (mode == "RowExclusiveLock" and self._may_define(relation, vetted))
        if relation.kind == "S":
            return self._may_write(relation, vetted)
        if not _within(relation.name, vetted.policy):
            return False
        return mode != "AccessExclusiveLock" or relation.name not in vetted.policy.content

    def _judge_settings(self, vetted: Vetted, replica: bool) -> Iterator[str]:
        now = self._all_settings()
        before = self._settings[replica][1]
        changed = {name for name in now.keys() & before.keys() if now[name] != before[name]}
        named = _TRANSACTION_SETTINGS if vetted.kind in (StatementKind.SET, StatementKind.TRANSACTION) else frozenset()
        if vetted.kind is StatementKind.SET:
            lowered = vetted.text.lower()
            named |= {name for name in changed if name.lower() in lowered or name.lower() == "timezone"}
            named |= {"is_superuser"} if "role" in lowered else set()
        for name in sorted(changed - named):
            yield f"set {name} to {now[name]!r}"

    # --------------------------------------------------------------------------------------------- after a transaction

    def _judge_outside(self, before: Mapping[str, Any], vetted: Vetted) -> Iterator[str]:
        after = self._outside
        for what in after.keys() - {"lsn", "sequences", "slots", "advisory locks", "origin in use", "progress"}:
            if after[what] != before[what]:
                yield f"{what}: {before[what]} → {after[what]}"
        for name, value in after["sequences"].items():
            if value != before["sequences"][name]:
                relation = self._named(name)
                if not self._may_write(relation, vetted):
                    yield f"moved the sequence {name}"
        yield from self._judge_slots(before["slots"], after["slots"], vetted.policy)
        if after["advisory locks"] != before["advisory locks"]:
            if not vetted.policy.is_window:
                yield "kept an advisory lock"
            elif after["advisory locks"] - before["advisory locks"] > 1:
                yield "took more than one advisory lock"
            self._execute(b"SELECT pg_catalog.pg_advisory_unlock_all()")
        if after["origin in use"] != before["origin in use"]:
            if "egrow_o" not in vetted.text or vetted.policy.origin is None:
                yield "took an origin"
            self._execute(b"SELECT pg_catalog.pg_replication_origin_session_reset()")
        if after["lsn"] != before["lsn"]:
            yield from self._judge_wal(before["lsn"], after["lsn"], vetted)
        if after != before:
            self._outside = self._read_outside()
        if self._bystander.pgconn.is_busy():
            self._bystander.pgconn.consume_input()
        if not self._bystander.pgconn.is_busy():
            yield "another connection was disturbed"

    def _judge_slots(self, before: list[list[Any]], after: list[list[Any]], policy: Policy) -> Iterator[str]:
        """The window's own slot may be made and moved; it is taken away again."""
        own = [slot[0] for slot in after if slot not in before and policy.is_window and slot[0] == policy.slot]
        if [slot for slot in after if slot[0] not in own] != before:
            yield f"slots: {before} → {after}"
        for name in own:
            self._execute(f"SELECT pg_catalog.pg_drop_replication_slot('{name}')".encode())

    def _judge_wal(self, start: str, end: str, vetted: Vetted) -> Iterator[str]:
        # Only what is on disk can be looked at, and what was rolled back is not brought there: a commit brings all.
        self._execute(b"SELECT pg_catalog.pg_logical_emit_message(true, '', '')")
        result = self._raw.exec_params(_WAL.encode(), [start.encode(), end.encode()])
        assert result.status == ExecStatus.TUPLES_OK, result.error_message
        seen = {
            tuple((result.get_value(row, column) or b"").decode() for column in range(4))
            for row in range(result.ntuples)
        }
        for manager, kind, blocks, description in sorted(seen):
            yield from self._judge_record(manager, kind, blocks, description, vetted)

    def _judge_record(self, manager: str, kind: str, blocks: str, description: str, vetted: Vetted) -> Iterator[str]:
        if manager == "Standby" and kind in ("RUNNING_XACTS", "INVALIDATIONS"):
            return
        if manager in ("Heap", "Heap2", "Sequence"):
            for node in {int(match[3]) for match in _BLOCK.finditer(blocks)}:
                relation = self._of_node(node)
                if relation is None:  # made and gone within the transaction
                    if vetted.kind not in _DDL:
                        yield f"{manager} {kind} of an unknown relation {node}"
                elif not self._may_log(relation, kind, vetted):
                    yield f"{manager} {kind} of {relation.name} is in the WAL"
        elif manager == "ReplicationOrigin":
            if "egrow_o" not in vetted.text:
                yield f"{manager} {kind}: {description}"
        elif vetted.kind not in _DDL:
            yield f"{manager} {kind}: {description}"

    def _may_log(self, relation: _Relation, kind: str, vetted: Vetted) -> bool:
        if kind.startswith("LOCK"):
            return _within(relation.name, vetted.policy) or (relation.is_catalog and self._may_define(relation, vetted))
        if kind.startswith(("PRUNE", "VISIBLE")) and (relation.is_catalog or _within_content(relation.name)):
            return True  # a reader tidies up after an earlier statement of ours
        return self._may_write(relation, vetted)

    # --------------------------------------------------------------------------------------------------------- state

    def _read_outside(self) -> dict[str, Any]:
        return self._ask(b"outside")

    def _read_settings(self, replica: bool) -> tuple[str, dict[str, str]]:
        self._execute(b"BEGIN; SET LOCAL session_replication_role = replica" if replica else b"BEGIN")
        found = self._ask(b"inside")["settings"], self._all_settings()
        self._execute(b"ROLLBACK")
        return found

    def _all_settings(self) -> dict[str, str]:
        text = self._value(
            b"SELECT pg_catalog.json_object_agg(s.name, s.setting)::text FROM pg_catalog.pg_show_all_settings() AS s"
        )
        settings: dict[str, str] = json.loads(text)
        return settings

    def _sequences(self) -> str:
        rows = self._connection.execute(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE relkind = 'S'"
        ).fetchall()
        return " UNION ALL ".join(
            psycopg.sql.SQL("SELECT {} AS name, last_value || is_called::text AS value FROM {}")
            .format(f"{schema}.{name}", psycopg.sql.Identifier(schema, name))
            .as_string(None)
            for schema, name in rows
        )

    def _read_relations(self) -> None:
        for oid, node, kind, schema, name, owner in self._connection.execute(_RELATIONS).fetchall():
            relation = _Relation(QualifiedName(schema, name), kind, owner)
            self._by_oid[oid] = relation
            if node:
                self._by_node[node] = relation

    def _relation(self, oid: int) -> _Relation:
        if oid not in self._by_oid:
            self._read_relations()
        return self._by_oid[oid]

    def _named(self, name: str) -> _Relation:
        return next(one for one in self._by_oid.values() if f"{one.name.schema}.{one.name.name}" == name)

    def _of_node(self, node: int) -> _Relation | None:
        if node not in self._by_node:
            self._read_relations()
        return self._by_node.get(node)


def _within(name: QualifiedName, policy: Policy) -> bool:
    """Whether a row of it may change at all under the policy; written anew, not asked of the guard."""
    if policy.purpose is Purpose.READING:
        return False
    own = policy.own_schema is not None and name.schema == policy.own_schema
    return name in policy.content | policy.sequences or own or (policy.temporary and name.schema == "pg_temp")


def _within_content(name: QualifiedName) -> bool:
    return name not in {QualifiedName("public", other) for other in ("users", "enrollments", "trap")}


def as_if_vetted(text: str, policy: Policy) -> Vetted:
    """What a guard without rules would have made of a text: it writes all of content."""
    kind = KIND_OF_CLASS.get(class_of(parse(text)), StatementKind.SELECT)
    return Vetted(text, kind, tuple(policy.content), text, policy, SEAL)
