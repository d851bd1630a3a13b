"""What a plan says and what was sent, in one form, so that the two can be compared."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict
from support.pair import Pair

from egrow_replica.app.plan import placeholders
from egrow_replica.errors import Refused
from egrow_replica.guard import Policy, vet
from egrow_replica.model import Server

#: (server, statement), in order, by step.
Statements = dict[str, list[tuple[str, str]]]
#: A window's seed and id.
Drawn = tuple[int, str]

_LINE = re.compile(r"^\S+ \S+ [A-Z]+ (?:step (?P<step>[\w-]+) begins|sent (?P<sent>\{.*\}))$")
_KEYS = re.compile(r"<\d+ key hashes>")


def changes_something(sql: str) -> bool:
    """Whether a statement is more than reading, bounding a transaction or setting something for its length.

    The rows that leave dev count too: they are what a plan is about.
    """
    if sql.startswith(("SET ", "BEGIN", "COMMIT", "ROLLBACK")):
        return False
    if sql.startswith("COPY") and ("key hashes>" in sql or ("marks>" in sql and "h.bucket" not in sql)):
        return True
    return not any(_passes(sql, policy) for policy in (Policy.reading(), Policy.for_evidence()))


def _passes(sql: str, policy: Policy) -> bool:
    try:
        vet(sql, policy)
    except Refused:
        return False
    return True


def planned(report: dict[str, Any]) -> tuple[Statements, Statements]:
    """The statements of a plan: those that are always sent, and those that depend on something."""
    always: Statements = defaultdict(list)
    perhaps: Statements = defaultdict(list)
    for step in report["steps"]:
        for one in step["statements"]:
            if changes_something(one["sql"]):
                (perhaps if one["when"] else always)[step["name"]].append((one["server"], one["sql"]))
    return always, perhaps


def sent(log: Path, drawn: Drawn) -> Statements:
    """The statements of a log that changed something; what was sent before the first step is the journal's."""
    found: Statements = defaultdict(list)
    step = "journal"
    for line in log.read_text(encoding="utf-8").splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        if match["step"]:
            step = "journal" if match["step"] == "preflight" else match["step"]
            continue
        one = json.loads(match["sent"])
        text = re.sub(r"'[0-9A-F]+/[0-9A-F]+'::pg_lsn", "'<lsn>'::pg_lsn", placeholders(one["sql"], *drawn))
        if changes_something(text) and "advisory_lock" not in text:
            found[step].append((one["server"], text))
    return found


def of_server(statements: Iterable[tuple[str, str]], server: Server) -> list[str]:
    """One server's, in order; what is sent again and again until nothing is left stands once."""
    return [text for text, _ in groupby(text for where, text in statements if where == server)]


def unlike(report: dict[str, Any], log: Path, drawn: Drawn) -> Iterator[str]:
    """Every difference between plan and log, step by step and server by server."""
    always, perhaps = planned(report)
    real = sent(log, drawn)
    for step in dict.fromkeys((*always, *real)):
        for server in Server:
            wanted = of_server(always[step], server)
            allowed = set(of_server(perhaps[step], server))
            got = of_server((one for one in real[step] if one[1] not in allowed), server)
            if got != wanted:
                yield f"{step} on {server}:\n  planned {wanted}\n  sent    {got}"


def drawn_by(pair: Pair, window: str) -> Drawn:
    """What a window drew: the seed of its hashes, and its id."""
    drawn = "SELECT (setting->>'seed')::int8, setting->>'id' FROM egrow_replica.window WHERE name = %s"
    return pair.prod_sql(drawn, window)[0]


def plan_and_enable(pair: Pair, *options: str) -> tuple[dict[str, Any], list[str]]:
    """Plan, then open the window; the plan, and in what the two are unlike."""
    report = pair.ok("plan", *options).json
    log = pair.directory / f"{report['window']}.log"
    pair.ok("enable", "--verbose", "--log-file", str(log), *options)
    seen = log.read_text(encoding="utf-8")
    assert "CREATE SUBSCRIPTION" in seen
    passwords = {conninfo_to_dict(login).get("password") for login in pair.logins.values()} - {None}
    assert passwords
    assert [password for password in passwords if str(password) in seen] == []
    return report, list(unlike(report, log, drawn_by(pair, report["window"])))
