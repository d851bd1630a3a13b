"""The door: the only way by which a statement reaches a server, and only after the guard has vetted its text."""

from __future__ import annotations

import json
import logging
from array import array
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, NoReturn, TypeVar

import psycopg
from psycopg import pq, sql
from psycopg.pq import TransactionStatus
from psycopg.rows import class_row, tuple_row
from pydantic import SecretStr

from egrow_replica.db.capabilities import Capability, has
from egrow_replica.db.packed import unpacked
from egrow_replica.db.waits import Waits, Watched, ending
from egrow_replica.errors import EgrowError, Refused, ServerUnavailable, StatementFailed
from egrow_replica.guard import Policy, Vetted, vet
from egrow_replica.guard.statements import StatementKind
from egrow_replica.model import Server

Row = TypeVar("Row")
#: What may be asked of a door: composed SQL; plain text is only for literals.
Query = sql.Composable | str
#: Parameters as ``$1``, ``$2`` name them.
Parameters = Sequence[Any]

#: Begins a transaction in which a connection sees one and the same state throughout, and writes nothing.
SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
#: Begins a transaction that changes no row, whatever functions run while tables are planned and read.
READ_ONLY = "BEGIN READ ONLY"

_ONLY_READING = frozenset({StatementKind.SELECT, StatementKind.SHOW, StatementKind.SET, StatementKind.TRANSACTION})
CANCEL_SECONDS = 5.0
#: A row of a COPY is a message of its own; that many bytes travel together.
_COPY_BYTES = 1 << 16
#: Each statement as it is sent, secrets masked and parameters left out: ``--verbose`` with ``--log-file`` shows it.
_LOG = logging.getLogger("egrow_replica.sql")


class Door:
    """One connection to one server, under one policy.

    :ivar server: which side it leads to.
    :ivar only_reads: its transactions begin read only.
    :ivar version: ``server_version_num``.
    :ivar sent: called with each vetted statement just before it is sent; for plans and tests.
    """

    only_reads = False
    _waits: Waits | None = None
    _watched: Watched | None = None

    def __init__(self, connection: psycopg.Connection[Any], server: Server, policy: Policy) -> None:
        self._connection = connection
        self.server = server
        self.policy = policy
        self.sent: Callable[[Vetted], None] | None = None
        self._stream: _Stream[Any] | None = None
        self._was_in_transaction = False
        self._unjudged = False
        #: SQLSTATEs of the server's warnings so far: it warns where a GRANT or REVOKE did nothing.
        self.warned: list[str] = []
        connection.add_notice_handler(self._note)

    def _note(self, notice: psycopg.errors.Diagnostic) -> None:
        if notice.sqlstate is not None and notice.sqlstate.startswith("01"):
            self.warned.append(notice.sqlstate)

    def watched_by(self, waits: Waits, watched: Watched) -> None:
        """Let somebody look for whom its statements wait, until it is closed."""
        self._waits, self._watched = waits, waits.watch(watched)

    def say(self, text: str) -> None:
        """Tell whoever listens to the command, where somebody does."""
        if self._waits is not None:
            self._waits.say(text)

    @property
    def version(self) -> int:
        """``server_version_num``, e.g. 180006."""
        return self._connection.info.server_version

    @property
    def role(self) -> str:
        """The role that logged in."""
        return self._connection.info.user

    @property
    def address(self) -> tuple[str, int]:
        """Address and port that it is connected to; no address for a Unix socket."""
        return self._connection.info.hostaddr, self._connection.info.port

    @property
    def backend_pid(self) -> int:
        """The server process that serves this connection, as the protocol said at login."""
        return self._connection.info.backend_pid

    @property
    def transaction_failed(self) -> bool:
        """Whether a statement has failed in the transaction that is open, so that nothing more can be asked in it."""
        return self._connection.info.transaction_status is pq.TransactionStatus.INERROR

    def has(self, capability: Capability) -> bool:
        """Whether the server's version has a feature."""
        return has(self.version, capability)

    def vet(self, query: Query) -> Vetted:
        """Compose and judge a statement, without sending it.

        :raises Refused: the guard does not let it pass.
        """
        text = query if isinstance(query, str) else query.as_string(self._connection)
        return vet(text, self.policy)

    def execute(self, query: Query, parameters: Parameters = ()) -> int:
        """Send a statement; the number of rows it touched, -1 where that has no meaning.

        :raises Refused: before anything is sent.
        :raises StatementFailed: the server answered with an error.
        :raises ServerUnavailable: the connection broke.
        """
        with self._cursor(self.vet(query), parameters) as cursor:
            return int(cursor.rowcount)

    def rows(self, model: type[Row], query: Query, parameters: Parameters = ()) -> list[Row]:
        """The result's rows as models; raises as :meth:`execute`."""
        with self._cursor(self.vet(query), parameters, class_row(model)) as cursor:
            return list(cursor.fetchall())

    def one(self, model: type[Row], query: Query, parameters: Parameters = ()) -> Row:
        """The only row of a result that always has one; raises as :meth:`execute`."""
        (row,) = self.rows(model, query, parameters)
        return row

    def value(self, query: Query, parameters: Parameters = ()) -> Any:
        """The first column of the first row, ``None`` without a row; raises as :meth:`execute`."""
        with self._cursor(self.vet(query), parameters) as cursor:
            row = cursor.fetchone()
            return None if row is None else row[0]

    def values(self, query: Query, parameters: Parameters = ()) -> list[Any]:
        """The first column of every row; raises as :meth:`execute`."""
        with self._cursor(self.vet(query), parameters) as cursor:
            return [row[0] for row in cursor.fetchall()]

    def numbers(self, query: Query, parameters: Parameters = ()) -> array[int]:
        """The numbers that a statement has packed, as :func:`egrow_replica.db.packed.unpacked`."""
        with self._cursor(self.vet(query), parameters, binary=True) as cursor:
            return unpacked(part for (part,) in cursor)

    def tuples(self, query: Query, parameters: Parameters = ()) -> Iterator[tuple[Any, ...]]:
        """The rows as tuples, where the columns are not known beforehand; raises as :meth:`execute`."""
        with self._cursor(self.vet(query), parameters) as cursor:
            yield from cursor

    def stream(self, model: type[Row], query: Query, parameters: Parameters = ()) -> Iterator[Row]:
        """As :meth:`rows`, one by one, so that they are never all held here.

        The next statement ends it, whether it was read to its end or not; who reads on then is told.
        """
        self._end_stream()
        self._stream = stream = _Stream(self._rows_one_by_one(model, query, parameters))
        return stream

    def _rows_one_by_one(self, model: type[Row], query: Query, parameters: Parameters) -> Generator[Row]:
        vetted = self._announce(self.vet(query))
        try:
            with self._at_work(), psycopg.RawCursor(self._connection, row_factory=class_row(model)) as cursor:
                yield from cursor.stream(vetted.text.encode(), parameters or None)
        except psycopg.Error as error:
            self._fail(error, vetted)

    def copy_out(self, query: Query) -> Iterator[bytes]:
        """The data of ``COPY … TO STDOUT``, block by block; raises as :meth:`execute`.

        The next statement ends it, whether it was read to its end or not; who reads on then is told.
        """
        self._end_stream()
        self._stream = stream = _Stream(self._copy_out(query))
        return stream

    def _copy_out(self, query: Query) -> Generator[bytes]:
        vetted = self._announce(self.vet(query))
        try:
            with self._at_work(), self._connection.cursor() as cursor, cursor.copy(vetted.text.encode()) as copy:
                for block in copy:
                    yield bytes(block)
        except psycopg.Error as error:
            self._fail(error, vetted)

    def copy_in(self, query: Query, blocks: Iterable[bytes]) -> int:
        """Feed ``COPY … FROM STDIN``; the number of rows; raises as :meth:`execute`."""
        self._end_stream()
        vetted = self._announce(self.vet(query))
        try:
            with self._at_work(), self._connection.cursor() as cursor:
                with cursor.copy(vetted.text.encode()) as copy:
                    for block in _together(blocks):
                        copy.write(block)
                return cursor.rowcount
        except psycopg.Error as error:
            self._fail(error, vetted)

    @contextmanager
    def transaction(self, begin: str = "BEGIN", *, commit: bool = True) -> Iterator[None]:
        """A transaction: committed at the end of the block, rolled back where the block raises.

        One that writes content is refused its commit unless it was :meth:`judged`.

        A connection that is gone cannot be rolled back; the server has done it, and the block's error goes on.

        :param commit: ``False`` rolls it back at the end of the block too.
        """
        self.execute(begin)
        try:
            yield
        except BaseException:
            if not self._connection.closed:
                with _unless_gone():
                    self.execute("ROLLBACK")
            raise
        self.execute("COMMIT" if commit else "ROLLBACK")

    def judged(self) -> None:
        """Let the open transaction commit: what it has written was looked at. Its next write takes that back."""
        self._unjudged = False

    def verifier(self, role: str, password: SecretStr) -> str:
        """What ``PASSWORD`` takes instead of the password itself, so that the server never sees that as text."""
        raw = self._connection.pgconn.encrypt_password(
            password.get_secret_value().encode(), role.encode(), b"scram-sha-256"
        )
        return raw.decode()

    def cancel(self) -> None:
        """End the statement that another thread has sent; that thread raises. Nothing where the server is gone."""
        with suppress(psycopg.Error):
            self._connection.cancel_safe(timeout=CANCEL_SECONDS)

    def close(self) -> None:
        """Close the connection; the server rolls an open transaction back."""
        if self._waits is not None and self._watched is not None:
            self._waits.leave(self._watched)
        self._connection.close()

    def __enter__(self) -> Door:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _announce(self, vetted: Vetted) -> Vetted:
        if self.only_reads:
            self._see_that_it_reads()
        self._was_in_transaction = self._connection.info.transaction_status is not TransactionStatus.IDLE
        self._keep_judged(vetted)
        log_sent(self.server, vetted.shown)
        if self.sent is not None:
            self.sent(vetted)
        return vetted

    def _see_that_it_reads(self) -> None:
        """See that the session still begins its transactions read only: the server reports the setting by itself.

        Planning a table runs functions of its owner; one could change the setting for what comes next.

        :raises Refused: rule ``read-only``.
        """
        if self._connection.info.parameter_status("default_transaction_read_only") == "off":
            raise Refused(
                "read-only",
                f"a function that ran on {self.server} while a table was read has set default_transaction_read_only",
                hint="See which functions the indexes, checks, statistics and views of the tables on that server call.",
            )

    def _keep_judged(self, vetted: Vetted) -> None:
        """See that nothing commits a write of content that was not judged: a fence around our own code."""
        if vetted.kind is StatementKind.TRANSACTION:
            if _commits(vetted) and self._unjudged:
                raise RuntimeError("content was written in a transaction that nobody has judged")
            self._unjudged = self._unjudged and self._was_in_transaction
        elif self.policy.is_judged(vetted.kind, vetted.writes):
            if not self._was_in_transaction:
                raise RuntimeError("content is written outside a transaction, where nobody can judge it")
            self._unjudged = True

    @contextmanager
    def _cursor(
        self, vetted: Vetted, parameters: Parameters, factory: Any = tuple_row, *, binary: bool = False
    ) -> Iterator[Any]:
        self._end_stream()
        self._announce(vetted)
        try:
            with psycopg.RawCursor(self._connection, row_factory=factory) as cursor:
                # bytes, because the guard's text is final: psycopg takes them as they are.
                with self._at_work():
                    cursor.execute(vetted.text.encode(), parameters or None, binary=binary)
                yield cursor
        except psycopg.Error as error:
            self._fail(error, vetted)

    def _in_flight(self, vetted: Vetted) -> str:
        """What nobody here can know where the connection breaks now; what can be known, in a sentence."""
        if _commits(vetted):
            return f"Whether {self.server} has committed the last transaction is not known: the answer is lost."
        if self._was_in_transaction:
            return f"The transaction that was open on {self.server} is rolled back; what was committed before stays."
        if self.only_reads and vetted.kind in _ONLY_READING:
            return ""
        return f"Whether the last statement took effect on {self.server} is not known: the answer is lost."

    def _at_work(self) -> AbstractContextManager[None]:
        return self._watched.sending() if self._watched is not None else nullcontext()

    def _end_stream(self) -> None:
        """A stream that nobody reads on, because something failed, would let the next statement wait for ever."""
        if self._stream is not None:
            self._stream.cut()
            self._stream = None

    def _fail(self, error: psycopg.Error, vetted: Vetted) -> NoReturn:
        failed = translate(error, self.server, self._connection.closed, vetted, self._in_flight(vetted))
        raise waited_for(failed, self._watched) from None


class _Stream(Iterator[Row]):
    """What is read piece by piece; a part of it must never pass for the whole."""

    def __init__(self, pieces: Generator[Row]) -> None:
        self._pieces = pieces
        self._cut = False

    def __next__(self) -> Row:
        if self._cut:
            raise RuntimeError("another statement was sent before all was read")
        return next(self._pieces)

    def cut(self) -> None:
        """End it; nothing more can be read."""
        self._pieces.close()
        self._cut = True


def _commits(vetted: Vetted) -> bool:
    return vetted.kind is StatementKind.TRANSACTION and vetted.text.upper().startswith(("COMMIT", "END"))


def _together(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in fewer blocks."""
    held: list[bytes] = []
    size = 0
    for block in blocks:
        held.append(block)
        size += len(block)
        if size >= _COPY_BYTES:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


class PlanningDoor(Door):
    """A connection for reading that judges by a policy for writing: what it vets is shown, never sent."""

    def _announce(self, vetted: Vetted) -> Vetted:
        """See that only reading is sent; :raises Refused: it is more than that."""
        vet(vetted.text, Policy.reading())
        return super()._announce(vetted)


#: A lock was not given in time; a statement was cancelled, by a time-out for example.
_GAVE_UP = frozenset({"55P03", "57014"})
Failure = TypeVar("Failure", bound=EgrowError)


def waited_for(error: Failure, watched: Watched | None) -> Failure:
    """Add whom the statement waited for, where it gave up waiting and that was seen."""
    if watched is None or not isinstance(error, StatementFailed) or error.sqlstate not in _GAVE_UP:
        return error
    if watched.blockers:
        error.message += f"; it waited for {watched.whom}"
        error.hint = ending(watched.blockers[-1])
    return error


def log_sent(server: Server, shown: str) -> None:
    """Note a statement that is about to be sent, as one line of JSON."""
    if _LOG.isEnabledFor(logging.DEBUG):
        _LOG.debug("sent %s", json.dumps({"server": server, "sql": shown}, ensure_ascii=False))


@contextmanager
def _unless_gone() -> Iterator[None]:
    try:
        yield
    except ServerUnavailable:
        return


def translate(
    error: psycopg.Error, server: Server, closed: bool, vetted: Vetted | None = None, in_flight: str = ""
) -> ServerUnavailable | StatementFailed:
    """Turn the driver's error into ours, by SQLSTATE and never by its text.

    The text that libpq makes may quote the statement, and with it a secret: only the server's primary message, its
    detail and its context's first line are kept.

    :param in_flight: what is true of the last statement where the connection broke.
    """
    state = error.sqlstate or ""
    primary = error.diag.message_primary or str(error).splitlines()[0]
    # Class 08: connection; 57P01-57P05: the server was stopped or ended the session (errcodes-appendix.html).
    if closed or state in {"57P01", "57P02", "57P03", "57P05", "25P03", "25P04"}:
        return ServerUnavailable(
            f"{server} went away: {primary}", hint=f"See whether {server} runs. {in_flight}".strip()
        )
    if state.startswith("08"):  # the server itself could not connect: a subscription to its publisher
        return ServerUnavailable(
            f"{server} has no connection: {primary}", hint=f"Check from {server} that the other server can be reached."
        )
    what = f" ({vetted.kind})" if vetted is not None else ""
    detail = f": {error.diag.message_detail}" if error.diag.message_detail else ""
    return StatementFailed(
        f"{server} answered{what}: {primary}{detail}", sqlstate=state, hint=error.diag.message_hint or ""
    )
