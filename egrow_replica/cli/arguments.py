"""Global options stand before or after the command; here they are moved to where the parser wants them."""

from __future__ import annotations

_FLAGS = {"--json", "--quiet", "--verbose", "--no-color", "--yes"}
_WITH_VALUE = {"--config", "--lang", "--log-file"}


def global_options_first(arguments: list[str]) -> list[str]:
    """The same arguments, the global options in front.

    >>> global_options_first(["status", "--json", "--config", "x.toml"])
    ['--json', '--config', 'x.toml', 'status']
    """
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        name = argument.partition("=")[0]
        if argument == "--":
            rest += [argument, *waiting]
        elif argument in _FLAGS or (name in _WITH_VALUE and "=" in argument):
            front.append(argument)
        elif argument in _WITH_VALUE:
            front += [argument, *([value] if (value := next(waiting, None)) is not None else [])]
        else:
            rest.append(argument)
    return front + rest
