"""Text in, verdict out: the way every statement takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from egrow_replica.errors import Refused
from egrow_replica.guard import rules
from egrow_replica.guard.facts import gather
from egrow_replica.guard.limits import check_text, check_tokens
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.secrets import mask, may_hold_secret
from egrow_replica.guard.statements import StatementKind
from egrow_replica.guard.tree import parse
from egrow_replica.guard.vetted import SEAL, Vetted

#: Longer texts, and those with a secret, are judged every time and kept nowhere.
_CACHED_LENGTH = 16_384


@contextmanager
def analysing() -> Iterator[None]:
    """Turn whatever goes wrong inside into a refusal.

    A guard that fails must not let pass. The text stays out of the message: it may hold a secret.
    """
    try:
        yield
    except Refused:
        raise
    except (RecursionError, MemoryError):
        raise Refused("size", "the statement is too deeply nested or too large") from None
    except Exception as error:
        raise Refused("internal", f"the statement could not be analysed ({type(error).__name__})") from None


def vet(sql: str, policy: Policy) -> Vetted:
    """Judge one statement; what comes back is the only thing that may be sent.

    :raises Refused: for everything that is not provably harmless under the policy; nothing else is ever raised.
    """
    with analysing():
        cached = type(sql) is str and len(sql) <= _CACHED_LENGTH and not may_hold_secret(sql)
        return _cached(sql, policy) if cached else _judge(sql, policy)


def vet_probe(sql: str, *, policy: Policy | None = None) -> Vetted:
    """Judge a read-only check from the configuration: one SELECT, no row lock.

    :raises Refused: as :func:`vet`; rule ``probe`` where it reads but is not a SELECT.
    """
    vetted = vet(sql, policy or _READING)
    if vetted.kind is not StatementKind.SELECT:
        raise Refused("probe", "a probe is one SELECT")
    return vetted


_READING = Policy.for_content(())


def _judge(sql: str, policy: Policy) -> Vetted:
    check_text(sql)
    tokens = check_tokens(sql)
    facts = gather(parse(sql))
    writes = rules.judge(facts, policy)
    if facts.kind is None:
        raise Refused("kind", "the statement has no kind")
    return Vetted(text=sql, kind=facts.kind, writes=writes, shown=mask(sql, tokens), policy=policy, seal=SEAL)


_cached = lru_cache(maxsize=1024)(_judge)
