"""What the application's roles could do before and cannot now: people have to get in after a release."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from egrow_replica.results import AccessReport

#: Our own roles; what they hold comes and goes.
_OURS = "egrow_"
#: Letters of an ACL item (postgresql.org/docs/18/ddl-priv.html#PRIVILEGE-ABBREVS-TABLE).
_PRIVILEGES = {
    "r": "SELECT", "w": "UPDATE", "a": "INSERT", "d": "DELETE", "D": "TRUNCATE", "x": "REFERENCES", "t": "TRIGGER",
    "U": "USAGE", "C": "CREATE", "c": "CONNECT", "T": "TEMPORARY", "m": "MAINTAIN",
}  # fmt: skip
#: An item as ``relacl`` shows it; nothing before the sign stands for everybody.
_ITEM = re.compile(r"(?P<grantee>[^=,{}]*)=(?P<letters>[a-zA-Z*]*)/")
_READ_ONLY = "default_transaction_read_only=on"
_EVERYBODY = "PUBLIC"


def access_lost(access: Iterable[AccessReport]) -> Iterator[tuple[str, str]]:
    """What an application's role lost: the subject, and a sentence.

    An application's role is one that had privileges on a protected table, and is none of ours.
    """
    known = [one for one in access if one.before]
    roles = {role for one in known if one.subject.startswith("table ") for role in _granted(one.before)}
    roles = {role for role in roles if not role.startswith(_OURS)}
    for one in access:
        if one.equal:
            continue
        kind, _, name = one.subject.partition(" ")
        if kind in ("table", "schema", "database") and one.before and one.after:
            sentences = _of_privileges(one, roles)
        elif kind == "role" and name in roles:
            sentences = _of_role(one, name)
        elif kind == "setting":
            sentences = _of_setting(one, roles)
        else:
            continue
        yield from ((one.subject, sentence) for sentence in sentences)


def _granted(state: str) -> Mapping[str, frozenset[str]]:
    """What each role holds, as a state says it."""
    found: dict[str, frozenset[str]] = {}
    for item in _ITEM.finditer(state):
        grantee = item["grantee"].strip('"\\') or _EVERYBODY
        privileges = {_PRIVILEGES.get(letter, letter) for letter in item["letters"].replace("*", "")}
        found[grantee] = found.get(grantee, frozenset()) | privileges
    return found


def _of_privileges(one: AccessReport, roles: Iterable[str]) -> Iterator[str]:
    before, after = _granted(one.before), _granted(one.after)
    for role in sorted({*roles, _EVERYBODY}):
        lost = before.get(role, frozenset()) - after.get(role, frozenset())
        if lost:
            yield f"{role} lost {', '.join(sorted(lost))} on {one.subject}"
    if "row security" in one.after and "row security" not in one.before:
        yield f"row security was turned on for {one.subject}: it hides rows"


def _of_role(one: AccessReport, role: str) -> Iterator[str]:
    if not one.after:
        yield f"role {role} is gone"
        return
    before, after = _words(one.before), _words(one.after)
    if "login" in before - after:
        yield f"{role} may no longer log in"
    if "limit 0" in one.after and "limit 0" not in one.before:
        yield f"{role} may open no connection any more"
    for attribute in sorted((before - after) & {"superuser", "bypassrls", "createrole", "replication"}):
        yield f"{role} is no longer {attribute}"
    for group in sorted(_groups(one.before) - _groups(one.after)):
        yield f"{role} is no longer a member of {group}"


def _words(state: str) -> set[str]:
    return set(state.partition("limit ")[0].split())


def _groups(state: str) -> set[str]:
    return set(state.partition("member of ")[2].split(",")) - {"none", ""}


def _of_setting(one: AccessReport, roles: Iterable[str]) -> Iterator[str]:
    role = one.subject.removeprefix("setting of ").rpartition(" in ")[0]
    if role in {*roles, "all roles"} and _READ_ONLY in one.after and _READ_ONLY not in one.before:
        yield f"{role} may only read ({one.subject})"
