"""What may be shown of a statement: everything but passwords and connection strings."""

from __future__ import annotations

from egrow_replica.guard.tree import Token

_BEFORE_A_SECRET = frozenset({"CONNECTION", "PASSWORD"})
_STRINGS = frozenset({"SCONST", "USCONST", "XCONST", "BCONST"})
_MASK = "'***'"


def may_hold_secret(text: str) -> bool:
    """A quick look; it is wrong only in saying yes too often."""
    upper = text.upper()
    return any(word in upper for word in _BEFORE_A_SECRET)


def mask(text: str, tokens: tuple[Token, ...]) -> str:
    """Replace the string after CONNECTION or PASSWORD, whatever its quoting, by stars.

    It works on tokens, so neither a comment nor a quote inside the string can leave a part of it behind.
    """
    pieces: list[str] = []
    position = 0
    expected = False
    for token in tokens:
        if token.name in ("C_COMMENT", "SQL_COMMENT"):
            continue
        if expected and token.name in _STRINGS:
            pieces += [text[position : token.start], _MASK]
            position = token.end + 1
        expected = token.name in _BEFORE_A_SECRET
    pieces.append(text[position:])
    return "".join(pieces)
