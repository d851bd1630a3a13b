"""Size and nesting, checked before anything parses.

PostgreSQL's scanner and parser are C code: a text that nests deeply enough ends the process, and some texts (runs of
operator characters, nested comments) take quadratic time. Nothing of that may reach them. The limits are generous
against what the controller composes and small against what hurts; they are checked in linear time.
"""

from __future__ import annotations

import re

from egrow_replica.errors import Refused
from egrow_replica.guard.tree import Token, scan

#: Longest text, in bytes of UTF-8.
MAX_BYTES = 1_000_000
#: Most words and signs in a text.
MAX_TOKENS = 20_000
#: Upper bound of the depth of the parse tree; 1,500 still fits a thread with a stack of 1 MB.
MAX_DEPTH = 1_500
#: Most set operations: their chain nests although commas stand between.
MAX_SET_OPERATIONS = 300
#: Longest identifier that PostgreSQL does not truncate.
MAX_IDENTIFIER_BYTES = 63

_WORDS = re.compile(r"\w+|[^\w\s]")
_OPERATOR_RUN = re.compile(r"[-+*/<>=~!@#%^&|`?]{1000}")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_DOLLAR_TAG = re.compile(r"\$[^\d\s$]", re.ASCII)
_MAX_COMMENTS = 200
_OPENING = frozenset({"ASCII_40", "ASCII_91", "CASE"})
_CLOSING = frozenset({"ASCII_41", "ASCII_93", "END_P"})
_SET_OPERATIONS = frozenset({"UNION", "INTERSECT", "EXCEPT"})
_STRINGS = frozenset({"SCONST", "USCONST", "XCONST", "BCONST"})


def check_text(text: str) -> None:
    """Refuse what cannot be sent as SQL at all, or is too large to look at.

    :raises Refused: rule ``text`` or ``size``.
    """
    if not isinstance(text, str):
        raise Refused("text", "a statement is a text")
    if len(text) > MAX_BYTES:
        raise Refused("size", f"the text is longer than {MAX_BYTES} bytes")
    if "\0" in text:
        raise Refused("text", "the text holds a NUL byte")
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise Refused("text", "the text is not valid Unicode") from None
    if size > MAX_BYTES:
        raise Refused("size", f"the text is longer than {MAX_BYTES} bytes")
    if text.count("/*") > _MAX_COMMENTS or _OPERATOR_RUN.search(text):
        raise Refused("size", "the text holds too many comments or too long a run of operator signs")
    for count, _ in enumerate(_WORDS.finditer(text)):
        if count >= MAX_TOKENS:
            raise Refused("size", f"the text has more than {MAX_TOKENS} words and signs")


def check_tokens(text: str) -> tuple[Token, ...]:
    """Scan, and refuse what nests too deeply or what two servers could read differently.

    :raises Refused: rule ``syntax``, ``size``, ``identifier`` or ``string``.
    """
    tokens = scan(_in_ascii(text))
    _check_depth(tokens)
    for token in tokens:
        if token.name in ("IDENT", "UIDENT"):
            _check_identifier(text[token.start : token.end + 1])
        elif token.name in _STRINGS:
            _check_string(text[token.start : token.end + 1])
    return tokens


def _in_ascii(text: str) -> str:
    """The text with one sign for each that is not ASCII: it splits into the same words, at the same places.

    To PostgreSQL's scanner every such sign is a letter of a name (scan.l: ident_start), and pglast takes quadratic time
    to count them. The tag of a dollar quote has to stay: two of them could become one.
    """
    return text if text.isascii() or _DOLLAR_TAG.search(text) else _NOT_ASCII.sub("_", text)


def _check_depth(tokens: tuple[Token, ...]) -> None:
    """Bound the tree's depth: what stands between two commas can nest once a token, a bracket adds what it holds."""
    levels: list[tuple[int, int]] = []
    chain = deepest = set_operations = 0
    for token in tokens:
        name = token.name
        chain += 1
        if name in _OPENING:
            levels.append((chain, deepest))
            chain = deepest = 0
        elif name in _CLOSING and levels:
            inner = max(chain, deepest)
            outer, deepest = levels.pop()
            chain = outer + inner
        elif name == "ASCII_44":
            deepest, chain = max(deepest, chain), 0
        elif name in _SET_OPERATIONS:
            set_operations += 1
        if chain + len(levels) > MAX_DEPTH or set_operations > MAX_SET_OPERATIONS:
            raise Refused("size", "the statement nests too deeply")
    if sum(outer for outer, _ in levels) + chain > MAX_DEPTH:
        raise Refused("size", "the statement nests too deeply")


def _check_identifier(raw: str) -> None:
    """A longer name would be cut by the server, to the name of something else."""
    name = raw[1:-1].replace('""', '"') if raw.startswith('"') else raw
    if len(name.encode()) > MAX_IDENTIFIER_BYTES:
        raise Refused("identifier", f"an identifier is longer than {MAX_IDENTIFIER_BYTES} bytes: it would be cut")


def _check_string(raw: str) -> None:
    r"""With ``standard_conforming_strings = off`` a backslash before a quote ends the string elsewhere."""
    if raw[0] == "'" and "\\'" in raw:
        raise Refused("string", "a backslash stands before a quote in a string; write it as E'…'")
