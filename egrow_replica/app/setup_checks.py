"""What is looked at on both servers before setup changes either."""

from __future__ import annotations

import hashlib
import hmac
import stringprep
import unicodedata
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator

from pydantic import SecretStr

from egrow_replica.catalog.role_uses import (
    OwnerPower,
    may_read_verifiers,
    needed_elsewhere,
    owned_here,
    read_owner_powers,
    read_role_uses,
    read_verifier,
    used_elsewhere,
)
from egrow_replica.catalog.roles import Role
from egrow_replica.db import Capability, Door
from egrow_replica.errors import PreflightFailed, WrongState
from egrow_replica.model import Check, Server
from egrow_replica.replication.role_removal import refuse_owned
from egrow_replica.window.belonging import Belonging, Journalled, read_objects, unknown_objects, unknown_window
from egrow_replica.window.checks.base import counted, error, info, named, warning
from egrow_replica.window.checks.remedies import name
from egrow_replica.window.checks.servers import ORDINARY_OPERATOR_REMEDY
from egrow_replica.window.hold import read_hold
from egrow_replica.window.journal import Window, read_windows, tables_there
from egrow_replica.window.run import CONTENT_ROLES

#: Asked whether something that is no matter of course may be done.
Agree = Callable[[Check], bool]
SUPERUSER_MEMBERSHIP = "superuser-membership"


def never(_: Check) -> bool:
    """Nobody is there to agree."""
    return False


# ------------------------------------------------------------------------------------------------------- superusers


def refuse_superuser(existing: dict[str, Role], role: str) -> None:
    """See that a login is an ordinary role.

    :raises PreflightFailed: it is not: it needs no setup, and what it owns must never be taken for ours.
    """
    if role in existing and existing[role].superuser:
        raise PreflightFailed(
            f"{role} is a superuser, which needs no setup",
            hint="Name an ordinary role, such as egrow_operator, in the connection string: setup makes it.",
            code="superuser",
        )


def memberships(dev: Door, owners: Iterable[str], operator: str) -> Iterator[Check]:
    """What dev's operator would become beside an owner of content; an error if that is everything.

    Nothing that it is already.
    """
    powers: dict[str, list[OwnerPower]] = {}
    for one in read_owner_powers(dev, owners, operator):
        if one.words and not one.is_member:
            powers.setdefault(one.owner, []).append(one)
    for owner, found in powers.items():
        through = ", ".join(
            " ".join(one.words) + ("" if one.role in (owner, *one.words) else f" as {one.role}") for one in found
        )
        remedy = (
            f"Give content tables an ordinary owner: ALTER TABLE … OWNER TO …; or agree to it: --grant-superuser. "
            f"Only a member of {owner} may publish what {owner} owns."
        )
        if any(one.rules for one in found):
            message = f"{operator} would become a member of {owner} ({through}), and so a superuser in effect"
            yield error(SUPERUSER_MEMBERSHIP, Server.DEV, owner, message, remedy)
        else:
            message = f"{operator} would become a member of {owner}, who can do more than own tables: {through}"
            yield warning("powerful-membership", Server.DEV, owner, message, "Give content tables an ordinary owner.")


def refuse_memberships(found: Iterable[Check], agree: Agree) -> None:
    """See that somebody agrees to each membership that makes a superuser.

    :raises PreflightFailed: nobody does.
    """
    for one in found:
        if one.id == SUPERUSER_MEMBERSHIP and not agree(one):
            raise PreflightFailed(one.message, hint=one.remedy, code=one.id)


def second_wall(prod: Door, operator: str) -> Iterator[Check]:
    """What doctor would refuse as soon as this operator wants to open a window."""
    if prod.has(Capability.ORDINARY_SUBSCRIPTION_OWNER):
        return
    if not operator:
        message = "a superuser opens windows on 15, and makes the roles for each: there is nothing to set up"
        yield info("superuser", Server.PROD, "operator", message)
    else:
        message = (
            f"{Capability.ORDINARY_SUBSCRIPTION_OWNER.without}: doctor and enable will refuse {operator}, which can "
            "only look"
        )
        yield warning("second-wall", Server.PROD, operator, message, ORDINARY_OPERATOR_REMEDY)


# --------------------------------------------------------------------------------------------------------- passwords


def keeps_password(
    door: Door, database: str, existing: dict[str, Role], role: str, password: SecretStr, *, shared: bool
) -> tuple[bool, list[Check]]:
    """Whether a login's password has to stay as it is because others use it, and what is to be told.

    :param shared: others use it, although they are in this database.
    :raises PreflightFailed: others use it, and the connection string has another one.
    """
    if role not in existing or not password.get_secret_value():
        return False, []
    databases = used_elsewhere(read_role_uses(door, [role]), database).get(role, ())
    others = f"database {', '.join(databases)}" if databases else "another production" if shared else ""
    if not may_read_verifiers(door):
        if not others:
            return False, []
        message = f"{role} is used by {others} too, and our login cannot see its password: it was left as it is"
        return True, [info("password-kept", door.server, role, message, "See that the connection string has it.")]
    verifier = read_verifier(door, role)
    if verifier is not None and is_password_of(password, verifier, role):
        return bool(others), []
    if verifier is None or not others:
        message = f"{role} was there already; its password is now the one of the connection string"
        return False, [info("password-changed", door.server, role, message)]
    raise PreflightFailed(
        f"{role} has another password on {door.server} than the connection string, and {others} uses it",
        hint="Write that password into the connection string, or name another role there.",
        code="password-in-use",
    )


def passwords_in_use(door: Door, database: str, existing: Iterable[str]) -> Iterator[Check]:
    """Logins that have a password which must not be given anew by hand."""
    for role, databases in used_elsewhere(read_role_uses(door, existing), database).items():
        message = f"{role} is used by database {', '.join(databases)} too: leave its password as it is"
        yield info("password-kept", door.server, role, message, "See that the connection string has it.")


def is_password_of(password: SecretStr, verifier: SecretStr, role: str) -> bool:
    """Whether the server would let somebody in with a password, by what it keeps of it.

    >>> is_password_of(SecretStr("b"), SecretStr("md5" + hashlib.md5(b"ba").hexdigest()), "a")
    True
    """
    kept = verifier.get_secret_value()
    plain = password.get_secret_value()
    if kept.startswith("md5"):
        found = hashlib.md5((plain + role).encode()).hexdigest()  # noqa: S324  PostgreSQL's, not ours
        return hmac.compare_digest(kept[3:], found)
    try:
        _, rounds, rest = kept.split("$")
        count, salt = rounds.split(":")
        stored = b64decode(rest.split(":")[0])
    except ValueError:  # a method of a later version
        return False
    for candidate in (_prepared(plain), plain):
        salted = hashlib.pbkdf2_hmac("sha256", candidate.encode(), b64decode(salt), int(count))
        key = hmac.digest(salted, b"Client Key", "sha256")
        if hmac.compare_digest(hashlib.sha256(key).digest(), stored):
            return True
    return False


def _prepared(password: str) -> str:
    """As SASLprep (RFC 4013) maps and normalizes; what it would refuse is taken as it is, as PostgreSQL does."""
    mapped = "".join(
        " " if stringprep.in_table_c12(letter) else letter for letter in password if not stringprep.in_table_b1(letter)
    )
    return unicodedata.ucd_3_2_0.normalize("NFKC", mapped)


# ------------------------------------------------------------------------------------------------------------ windows


def refuse_windows_own_roles(prod: Door) -> None:
    """See that no open window made the content roles for itself: it would remove at its end what setup gives them.

    :raises WrongState: one did.
    """
    for window in read_windows(prod):
        if window.state.is_open and window.setting.makes_roles:
            raise _open_window(window, f"and made {' and '.join(CONTENT_ROLES)} itself, to remove them at its end")


def refuse_windows(dev: Door, prod: Door) -> None:
    """See that nobody needs the roles: no window, no restore, no hold of writes, no other production.

    :raises WrongState: somebody does.
    """
    windows = read_windows(prod)
    for window in windows:
        if window.state.is_open:
            raise _open_window(window, "and needs the roles")
        if window.progress.restoring is not None:
            raise WrongState(
                f"a restore of window {window.name} has not ended, and needs the roles",
                hint=f"`egrow-replica restore {window.name}` ends it.",
                code="restore-under-way",
            )
    hold = read_hold(prod)
    if hold is not None:
        raise WrongState(
            f"writes of {', '.join(hold.names)} are held, and the role that releases them would go",
            hint="`egrow-replica maintenance off` first.",
            code="already-held",
        )
    # What the roles may do without a journal is told of as a window's too; here it is what is to go.
    unknown = [one for one in unknown_objects(prod, windows, dev) if one.kind != "role"]
    if unknown:
        raise unknown_window(unknown)
    refuse_anothers(dev, Journalled.of(prod, windows))


def refuse_anothers(dev: Door, journalled: Journalled) -> None:
    """See that no other production has a window on this dev; :raises WrongState: one has, with the same roles."""
    found = [one for one in read_objects(dev) if is_anothers(journalled.belonging(one))]
    if found:
        named_ones = named(f"{one.kind} {one.name}" for one in found)
        raise WrongState(
            f"another production has a window on this dev, with the same roles: {named_ones}",
            hint="Close it there first: `egrow-replica disable`.",
            code="window-open",
        )


def is_anothers(belonging: Belonging) -> bool:
    """Whether an object may be another production's."""
    return belonging in (Belonging.ANOTHERS, Belonging.UNCLEAR)


def _open_window(window: Window, why: str) -> WrongState:
    return WrongState(
        f"window {window.name} is {window.state}, {why}",
        hint="`egrow-replica disable` closes it.",
        code="window-open",
    )


# ------------------------------------------------------------------------------------------------------------ removal


def refuse_removal(door: Door, database: str, names: Iterable[str], existing: dict[str, Role]) -> None:
    """See that roles can be removed without taking anything else away.

    :raises PreflightFailed: one is a superuser, is who we are, or owns something that would be dropped with it.
    """
    present = [one for one in names if one in existing]
    for one in present:
        if existing[one].superuser:
            raise PreflightFailed(
                f"{one} is a superuser: setup did not make it, and does not remove it",
                hint="Name the role that setup made in the connection string.",
                code="superuser",
            )
        if one == door.role:
            raise PreflightFailed(
                f"the administrator's connection to {door.server} is {one} itself, which would be removed",
                hint="Give an administrator's connection string.",
                code="superuser",
            )
    refuse_owned(owned_here(read_role_uses(door, present, tables_there(door)), database))


def kept_roles(door: Door, database: str, names: Iterable[str], existing: dict[str, Role]) -> Iterator[Check]:
    """Roles that stay after a removal, and who needs them."""
    present = [one for one in names if one in existing]
    uses = read_role_uses(door, present)
    for role, databases in needed_elsewhere(door, present, database).items():
        left = [str(one.described) for one in uses if one.role == role and one.database == database]
        here = f"; here it still has {counted(left, 'grant')}: {named(left)}" if left else ""
        message = f"the role stays, because {', '.join(databases)} needs it{here}"
        remedy = f"REVOKE what is left from {name(role)}." if left else ""
        yield info("role-kept", door.server, role, message, remedy)
