"""
Asks one account: its settings, its secrets, its venue, again where that may help, and whether the answer is one.
"""

from __future__ import annotations

import functools
import hashlib
import re
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

from attrs import evolve

from marginbook.accounts import Account, resolve
from marginbook.errors import (
    ApiError,
    ClockError,
    InvalidResponseError,
    MarginbookError,
    PluginError,
    RateLimitedError,
)
from marginbook.promises import drift, kept, texts
from marginbook.seam import DETAIL
from marginbook.seam.settings import settle
from marginbook.seam.venue import WEIGHT_LIMIT
from marginbook.transport import (
    MACHINE,
    Deadline,
    Line,
    Machine,
    Session,
    shared_limits,
    surroundings,
)
from marginbook.wire import noticing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requests.adapters import BaseAdapter

    from marginbook.limits import Limit
    from marginbook.report import Failure
    from marginbook.seam import Venue
    from marginbook.values import Price, Statement

T = TypeVar("T")

#: How often an account is asked at most. Binance suggests three to five tries.
ATTEMPTS: Final = 5

#: The most seconds before the second attempt, twice as many before each next one, and the most of all. How many of them
#: it is, chance decides.
FIRST_DELAY: Final = 0.4
LONGEST_DELAY: Final = 10.0

#: Said where a text of the venue would have a key or a signature in it.
REPEATED: Final = "The answer repeats a part of a key or a signature that was sent."

#: The host of recorded bodies, where the venue has none of its own.
NOWHERE: Final = "https://replay.invalid"

#: Seconds that a replay may take. It waits for nobody.
_REPLAY: Final = 3600

#: Milliseconds of a local clock's error that a reader of the report should know of.
_NOTABLE: Final = 1000

#: Milliseconds since 1970 between which a venue's time can be one: the years 2015 and 2100.
_TIMES: Final = range(1_420_000_000_000, 4_102_000_000_000)


def read(
    account: Account,
    venue: Venue,
    deadline: Deadline,
    pool: BaseAdapter,
    machine: Machine = MACHINE,
    *,
    detail: str | None = None,
    keep: bool = False,
) -> Statement | Failure:
    """
    Ask one account, and let nothing that goes wrong be anybody else's trouble.

    Args:
        account: Which.

        venue: Where.

        deadline: When it has to be done.

        pool: Carries the requests.

        machine: Where the time comes from.

        detail: How much to ask, where the account does not say and the venue offers a choice.

        keep: Whether the statement shall hold its bodies.

    """
    try:
        settled = settle(_in_detail(account, venue, detail), venue)
        secrets = resolve(settled.credentials)
        visit = Visit.prepare(settled, secrets, venue, deadline=deadline, pool=pool, machine=machine)
        return visit.recorded() if keep else visit.statement()
    except MarginbookError as error:
        return _failure(account, error)
    # What a plugin raises is the plugin's choice.
    except Exception as error:  # noqa: BLE001
        return _failure(account, blame(venue, error))


def _failure(account: Account, error: MarginbookError) -> Failure:
    # What few reports need is imported where it is used; so below.
    from marginbook.report import Failure  # noqa: PLC0415

    return Failure.of(account.name, account.venue, error)


def stand_in(name: str, venue: Venue, options: Mapping[str, str | int | bool]) -> Account:
    """
    Return an account that recorded bodies can be read for.
    """
    nowhere = {} if venue.hosts else {"base_url": NOWHERE}
    # They have to be there, but nothing is signed, so nobody looks at them.
    credentials = {credential.name: "replay" for credential in venue.credentials}
    return Account(name, venue.id, credentials=credentials, options={**nowhere, **options})


def read_prices(
    account: Account,
    venue: Venue,
    *,
    deadline: Deadline,
    pool: BaseAdapter,
    machine: Machine = MACHINE,
) -> tuple[tuple[Price, ...], str] | Failure:
    """
    Ask one source of prices, as an account without a key is asked.

    Args:
        account: What stands for the source, with its address.

        venue: The source, described as a venue whose ``fetch`` returns prices.

        deadline: When it has to be done.

        pool: Carries the requests.

        machine: Where the time comes from.

    Returns:
        The prices, with a remark on the answer or "".

    """
    try:
        settled = settle(account, venue)
        visit = Visit.prepare(settled, {}, venue, deadline=deadline, pool=pool, machine=machine)
        fetch: Any = venue.fetch
        with noticing() as unknown:
            found = visit.repeat(lambda: _explained(venue, lambda: tuple(fetch(settled, visit.session))))
        return _only_prices(found, venue), " ".join(drift(list(unknown)))
    except MarginbookError as error:
        return _failure(account, error)
    # What a plugin raises is the plugin's choice.
    except Exception as error:  # noqa: BLE001
        return _failure(account, blame(venue, error))


def _only_prices(found: tuple[object, ...], venue: Venue) -> tuple[Price, ...]:
    from marginbook.values import Price  # noqa: PLC0415

    if strangers := [item for item in found if not isinstance(item, Price)]:
        msg = f"{venue.id} gave a {type(strangers[0]).__name__} in the place of a price."
        raise PluginError(msg, hint="Update its plugin.")
    return tuple(item for item in found if isinstance(item, Price))


def replay_documents(account: Account, venue: Venue, documents: Mapping[str, bytes]) -> Statement:
    """
    Ask one account of recorded bodies, with nothing signed.
    """
    from marginbook.transport import Documents  # noqa: PLC0415

    session = Session(Documents(documents), Deadline(_REPLAY))
    # What is recorded comes through no proxy.
    session.trust_env = False
    return _fetch(settle(account, venue), venue, session)


class Visit:
    """
    One account, ready to be asked.
    """

    def __init__(self, account: Account, venue: Venue, session: Session, line: Line, deadline: Deadline) -> None:
        self.account = account
        self.venue = venue
        self.session = session
        self.line = line
        self.deadline = deadline

    @classmethod
    def prepare(
        cls,
        account: Account,
        secrets: Mapping[str, str],
        venue: Venue,
        *,
        deadline: Deadline,
        pool: BaseAdapter,
        machine: Machine,
    ) -> Visit:
        """
        Make the way to a settled account's venue, and what signs its requests.

        Raises:
            CredentialsError: A secret cannot be one of the venue's.

        """
        url = account.options["base_url"]
        host = machine.hosts.at(venue.id, urlsplit(url).netloc, surroundings(pool).egress(url))
        line = Line(host, _limits(account, venue), _digest(secrets), machine, shared_limits())
        auth = venue.sign(secrets, lambda: host.clock.milliseconds(machine)) if venue.sign else None
        return cls(account, venue, Session(pool, deadline, auth, line), line, deadline)

    def statement(self) -> Statement:
        """
        Ask, and say so if the local clock is wrong.
        """
        return self._mention_clock(self.ask())

    def recorded(self) -> Statement:
        """
        Ask, and keep the bodies with the statement.
        """
        from marginbook.values import Recording  # noqa: PLC0415

        self.session.kept = {}
        asked = self.ask()
        told = self._mention_clock(asked)
        recording = Recording(
            account=self.account.name,
            venue=self.venue.id,
            options=_telling_options(self.account, self.venue),
            documents={key: self.session.blanked(self._private(body)) for key, body in self.session.kept.items()},
            remarks=told.notes[len(asked.notes) :],
        )
        return evolve(told, recording=recording)

    def _private(self, body: bytes) -> bytes:
        # Each of its own kind, so that the body can still be read.
        for name in self.venue.private:
            key = rb'("%s"\s*:\s*)' % re.escape(name).encode()
            body = re.sub(key + rb'"(?:[^"\\]|\\.)*"', rb'\1"private"', body)
            body = re.sub(key + rb"-?\d[\d.eE+-]*", rb"\g<1>0", body)
        return body

    def ask(self) -> Statement:
        """
        Ask until there is an answer, or until asking again cannot help.

        The account is asked anew as a whole, so that no statement is put together from the answers of two moments.
        """
        return self.repeat(lambda: _fetch(self.account, self.venue, self.session))

    def repeat(self, fetch: Callable[[], T]) -> T:
        """
        Call *fetch* until there is an answer, or until asking again cannot help.
        """
        host = self.line.host
        attempt = 1
        while True:
            used = host.clock.offset
            try:
                answer = fetch()
            except MarginbookError as error:
                trouble = error
            else:
                host.succeed()
                return answer
            if not self._may_help(trouble, attempt, used):
                break
            attempt += 1
        if attempt > 1:
            trouble.message += f" It was asked {attempt} times."
        raise trouble

    def measure_clock(self) -> int:
        """
        Ask the venue for its time, sign with it from now on, and return the milliseconds that it is ahead of ours.
        """
        try:
            self.line.host.clock.measure(self._time, self.line.machine)
        except RateLimitedError as error:
            if error.transient:
                self._stop(error)
            raise
        return self.line.host.clock.offset

    def _time(self) -> int:
        milliseconds = _hushed(self.session, lambda: _explained(self.venue, self._ask_time))
        if milliseconds not in _TIMES:
            msg = f"{self.line.host.name} gives a time that is none."
            raise InvalidResponseError(msg)
        return milliseconds

    def _ask_time(self) -> int:
        return self.venue.time(self.account, self.session) if self.venue.time else 0

    def _may_help(self, trouble: MarginbookError, attempt: int, used: int) -> bool:
        """
        Do what has to be done before the account is asked again; say whether it should be.
        """
        if isinstance(trouble, RateLimitedError) and trouble.transient:
            # Everybody at the host waits for the end of it, or fails; so does the next attempt, if there is one.
            self._stop(trouble)
            return attempt < ATTEMPTS and self.line.host.stopped_for(self.line.machine) < self.deadline.remaining()
        if trouble.suspects_clock and self.venue.time and self._clock_was_wrong(trouble, used):
            return attempt < ATTEMPTS
        # A request with the right time may still have taken too long.
        if attempt == ATTEMPTS or not (trouble.transient or isinstance(trouble, ClockError)):
            return False
        delay = self._delay(trouble, attempt)
        if delay >= self.deadline.remaining() or not self.line.host.retry():
            return False
        self.line.machine.sleep(delay)
        return True

    def _delay(self, trouble: MarginbookError, attempt: int) -> float:
        delay: float = self.line.machine.random() * min(LONGEST_DELAY, FIRST_DELAY * 2 ** (attempt - 1))
        if trouble.until is None:
            return delay
        # Whoever is out of order may say for how long.
        return max(delay, (trouble.until - self.line.host.clock.now(self.line.machine)).total_seconds())

    def _stop(self, trouble: RateLimitedError) -> None:
        trouble.until = self.line.host.stop(trouble.until, self.line.limits, self.line.machine)

    def _clock_was_wrong(self, trouble: MarginbookError, used: int) -> bool:
        try:
            wrong = self.line.host.clock.correct(used, self._time, self.line.machine, self.deadline)
        except MarginbookError as error:
            if isinstance(error, RateLimitedError) and error.transient:
                self._stop(error)
            trouble.message += " The venue's time could not be asked."
            trouble.hint += " Check this machine's clock as well."
            trouble.transient |= error.transient
            return False
        if not wrong:
            trouble.message += " The time of the request was right."
        return wrong

    def _mention_clock(self, statement: Statement) -> Statement:
        offset = self.line.host.clock.offset
        if abs(offset) < _NOTABLE:
            return statement
        relation = "behind" if offset > 0 else "ahead of"
        note = (
            f"This machine's clock is {abs(offset) / 1000:.0f} seconds {relation} that of {self.venue.id}. Requests are"
            " signed with the venue's time; times of the report are this machine's."
        )
        return evolve(statement, notes=(*statement.notes, note))


def _in_detail(account: Account, venue: Venue, detail: str | None) -> Account:
    if detail is None or DETAIL.name in account.options:
        return account
    if not any(option.name == DETAIL.name for option in venue.options):
        return account
    return evolve(account, options={**account.options, DETAIL.name: detail})


def _telling_options(account: Account, venue: Venue) -> dict[str, str | int | bool]:
    """
    Return the options that a replay needs: what is not the default, without the name of a private server.
    """
    default = {option.name: option.default for option in venue.all_options}
    path = urlsplit(account.options["base_url"]).path
    usual = next(iter(venue.hosts.values()), NOWHERE)
    elsewhere = {} if path == urlsplit(usual).path.rstrip("/") else {"base_url": f"{NOWHERE}{path}"}
    told = {n: v for n, v in account.options.items() if n not in {"base_url", WEIGHT_LIMIT} and v != default[n]}
    return {**told, **elsewhere}


def _limits(account: Account, venue: Venue) -> tuple[Limit, ...]:
    return tuple(
        _allowing(limit, account.options[WEIGHT_LIMIT]) if limit is venue.address_limit else limit
        for limit in venue.limits
    )


def _allowing(limit: Limit, weight: int) -> Limit:
    return limit if weight == limit.weight else _changed(limit, weight)


@functools.lru_cache
def _changed(limit: Limit, weight: int) -> Limit:
    return evolve(limit, weight=weight)


def _digest(secrets: Mapping[str, str]) -> str:
    """
    Return what stands for an account's key where its requests are counted: nobody can tell the key from it.
    """
    return hashlib.blake2b("\0".join(secrets.values()).encode(), digest_size=16).hexdigest()


def _fetch(account: Account, venue: Venue, session: Session) -> Statement:
    return _hushed(session, lambda: _read(account, venue, session))


def _read(account: Account, venue: Venue, session: Session) -> Statement:
    if session.kept is not None:
        # What an earlier attempt got belongs to another moment.
        session.kept = {}
    with noticing() as unknown:
        statement = _explained(venue, lambda: venue.fetch(account, session))
    whole = kept(statement, account, venue, list(unknown))
    # What the rest says is ours.
    if any(map(session.repeats, {*texts(statement), *unknown})):
        raise InvalidResponseError(REPEATED)
    return whole


def _hushed(session: Session, ask: Callable[[], T]) -> T:
    """
    Return what *ask* returns, or raise what it raises, without a text that repeats what was sent.
    """
    try:
        return ask()
    except MarginbookError as error:
        trouble = error
    if session.repeats(f"{trouble.message} {trouble.hint}"):
        trouble.message, trouble.hint, trouble.args = REPEATED, "", (REPEATED,)
        trouble.__cause__ = trouble.__context__ = None
    raise trouble


def _explained(venue: Venue, ask: Callable[[], T]) -> T:
    """
    Return what *ask* returns, or raise what the venue's error answer means.
    """
    try:
        return ask()
    except ApiError as error:
        from marginbook.transport import explain  # noqa: PLC0415

        explained = (venue.explain(error) if venue.explain else None) or explain(error)
    # Out here, since the answer may repeat what was sent: it may not even be the context.
    raise explained


def blame(venue: Venue, error: Exception) -> PluginError:
    """
    Return what is said of an exception that a plugin should not have raised.
    """
    # Its text may hold anything, a secret too; the place does not.
    place = traceback.extract_tb(error.__traceback__)[-1]
    return PluginError(
        f"{venue.id} failed with {type(error).__name__} at {Path(place.filename).name}:{place.lineno}.",
        hint="Update its plugin, or tell its authors.",
    )
