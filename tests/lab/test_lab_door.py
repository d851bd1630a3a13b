"""A door whose stream nobody reads to its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from support.pair import Pair

from egrow_replica.db import connect, parse_dsn
from egrow_replica.guard import Policy
from egrow_replica.model import Server


@pytest.mark.parametrize("rows", [1, 100_000])
def test_a_statement_ends_a_stream_that_was_given_up(shared_pair: Pair, rows: int) -> None:
    dsn = parse_dsn(SecretStr(shared_pair.logins["prod"]), name="prod")
    with connect(dsn, Server.PROD, Policy.reading(), what="test") as door:
        streams: list[Iterator[bytes]] = []

        def give_up() -> None:
            with door.transaction():
                streams.append(door.copy_out(f"COPY (SELECT pg_catalog.generate_series(1, {rows})) TO STDOUT"))
                next(streams[0])
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            give_up()
        assert door.value("SELECT 1") == 1
        with pytest.raises(RuntimeError):  # a part must not pass for the whole
            list(streams[0])
