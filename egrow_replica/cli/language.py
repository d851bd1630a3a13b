"""English or Spanish for people. JSON, messages of errors and logs stay English.

Catalogs are gettext's ``.po`` files, read at run time: nothing has to be compiled to install, and nothing can be out of
date. Message ids are the English texts.
"""

from __future__ import annotations

import gettext
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources
from itertools import chain

#: Where POSIX says that the language of messages stands, the first one that is set wins.
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


class Language(StrEnum):
    """What output is written in."""

    EN = "en"
    ES = "es"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Language:
        """The locale's language, English where that is not known.

        >>> Language.from_environment({"LANG": "es_PY.UTF-8"}), Language.from_environment({"LC_ALL": "C", "LANG": "es"})
        (<Language.ES: 'es'>, <Language.EN: 'en'>)
        """
        locale = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
        code = locale.partition(".")[0].partition("@")[0].partition("_")[0].lower()
        return cls(code) if code in set(cls) else cls.EN


@dataclass
class Entry:
    """A message of a catalog; ``translations`` has two where it has a plural."""

    message: str
    plural: str | None = None
    translations: list[str] = field(default_factory=list)


class Catalog(gettext.NullTranslations):
    """The entries of a ``.po`` file; what it lacks stays English."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.entries = {entry.message: entry for entry in parse_po(text) if entry.message}

    def gettext(self, message: str) -> str:
        """The translation."""
        entry = self.entries.get(message)
        return entry.translations[0] if entry is not None else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The translation for a count; Spanish has a singular for one, as English has."""
        entry = self.entries.get(msgid1)
        if entry is None:
            return super().ngettext(msgid1, msgid2, n)
        return entry.translations[0 if n == 1 else -1]


def parse_po(text: str) -> Iterator[Entry]:
    """The entries of a ``.po`` file, in order; comments are left out. Strings are quoted as in JSON."""
    entry = Entry("")
    keyword = ""
    for line in chain(text.splitlines(), ["msgid"]):
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith('"'):
            keyword, _, line = line.partition(" ")  # noqa: PLW2901 - the rest is a string like any other line
            if keyword == "msgid":
                if entry.translations:
                    yield entry
                entry = Entry("")
            elif keyword.startswith("msgstr"):
                entry.translations.append("")
        piece = json.loads(line) if line else ""
        if keyword == "msgid":
            entry.message += piece
        elif keyword == "msgid_plural":
            entry.plural = (entry.plural or "") + piece
        else:
            entry.translations[-1] += piece


@cache
def translations(language: Language) -> gettext.NullTranslations:
    """The catalog of a language; English needs none."""
    if language is Language.EN:
        return gettext.NullTranslations()
    source = resources.files("egrow_replica") / "locale" / f"{language}.po"
    return Catalog(source.read_text(encoding="utf-8"))


_current = translations(Language.EN)


def use(language: Language | None) -> None:
    """Speak a language from now on; ``None``: the locale's."""
    global _current  # noqa: PLW0603 - one process speaks one language
    _current = translations(language or Language.from_environment(os.environ))


def tr(message: str) -> str:
    """A text in the language of the output."""
    return _current.gettext(message)


def tr_n(singular: str, plural: str, count: int) -> str:
    """A text for a count, which takes the place of ``{count}``."""
    return _current.ngettext(singular, plural, count).format(count=count)
