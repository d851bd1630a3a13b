"""A command line before the parser reads it: its global options, which may stand anywhere, and its command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_FLAGS = {"--json", "--quiet", "--verbose", "--no-color", "--yes", "--version"}
_WITH_VALUE = {"--config", "--lang", "--log-file"}


@dataclass(frozen=True)
class CommandLine:
    """Arguments, taken apart.

    :ivar front: the global options with their values, where the parser wants them; ``rest``: everything else.
    """

    front: tuple[str, ...]
    rest: tuple[str, ...]
    json: bool
    version: bool

    def command(self, commands: Mapping[str, Any]) -> str:
        """The command as it was typed, ``""`` where it is none.

        :param commands: by name; what is a group has a mapping of its own.
        """
        if self.version:
            return "--version"
        words: list[str] = []
        for word in self.rest:
            if word not in commands:
                if word.startswith("-") and not words:
                    continue
                break
            words.append(word)
            commands = getattr(commands[word], "commands", {})
        return " ".join(words)


def take_apart(arguments: list[str]) -> CommandLine:
    """Tell global options from the others.

    >>> found = take_apart(["status", "--json", "--config", "x.toml"])
    >>> found.front, found.rest, found.json
    (('--json', '--config', 'x.toml'), ('status',), True)
    """
    front: list[str] = []
    rest: list[str] = []
    flags: set[str] = set()
    waiting = iter(arguments)
    for argument in waiting:
        name = argument.partition("=")[0]
        if argument == "--":
            rest += [argument, *waiting]
        elif argument in _FLAGS:
            front.append(argument)
            flags.add(argument)
        elif name in _WITH_VALUE and "=" in argument:
            front.append(argument)
        elif argument in _WITH_VALUE:
            front += [argument, *([value] if (value := next(waiting, None)) is not None else [])]
        else:
            rest.append(argument)
    return CommandLine(tuple(front), tuple(rest), "--json" in flags, "--version" in flags)
