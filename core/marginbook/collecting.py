"""
Asks every account, many at once, and loses none.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from concurrent.futures import CancelledError, Future, as_completed
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from marginbook.accounts import Account
from marginbook.auditing import audit
from marginbook.errors import (
    ConfigurationError,
    DeadlineError,
    MarginbookError,
    PluginError,
)
from marginbook.loading import load_accounts
from marginbook.registry import installed
from marginbook.report import BalanceReport, Failure, Note
from marginbook.values import Statement
from marginbook.workers import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from concurrent.futures import Executor
    from datetime import datetime

    from marginbook.registry import Registry
    from marginbook.transport import Deadline, Machine

#: Seconds beyond the deadline in which an account may still say itself that it was too late.
_GRACE: Final = 0.5

#: Seconds that a report may take: a day. Operating systems cannot count for ever.
_LONGEST: Final = 86_400

#: Names that a remark lists before it only counts them.
_SHOWN: Final = 5

#: The host of recorded bodies, where the venue has none of its own.
_NOWHERE: Final = "https://replay.invalid"


@frozen
class Progress:
    """
    One more account is done.
    """

    #: How many are done, this one included.
    done: int
    #: How many were asked for.
    asked: int
    #: Our name of the account.
    account: str
    #: Why it could not be read, or None.
    failure: Failure | None


def collect(
    accounts: str | os.PathLike[str] | Iterable[Account],
    *,
    timeout: float = 30.0,
    max_workers: int = 16,
    executor: Executor | None = None,
    progress: Callable[[Progress], object] | None = None,
    machine: Machine | None = None,
) -> BalanceReport:
    """
    Ask every account what it holds.

    An account that cannot be read does not raise: it is in the report, with the reason.

    Args:
        accounts: The path of an accounts file, or accounts.

        timeout: Seconds for the whole report. What has not answered by then is reported as missing.

        max_workers: How many accounts of a venue to ask at the same time, of each of its addresses.

        executor: Runs the work instead of threads of our own. Accounts travel to it as references to secrets.

        progress: Called in the caller's thread each time that an account is done.

        machine: Clock, sleep, randomness and transport, where they are not to be this machine's own: see
            `marginbook.transport.Machine`.

    Raises:
        ConfigurationError: The question makes no sense: there are no accounts, or two of the same name.

        AuditError: The report contradicts what the accounts said, which is a defect of marginbook.

    """
    # A report is the first thing that needs requests; to import marginbook should not.
    from marginbook.asking import read  # noqa: PLC0415
    from marginbook.transport import MACHINE, Deadline  # noqa: PLC0415

    machine = machine or MACHINE

    registry = installed()
    asked = _asked(accounts, registry)
    if not 0 < timeout <= _LONGEST or max_workers < 1:
        msg = f"A report in {timeout} seconds with {max_workers} workers cannot be made."
        raise ConfigurationError(msg, hint=f"Give it some time, at most {_LONGEST} seconds, and at least one worker.")
    started_at = machine.now()
    deadline, pool = Deadline(timeout, machine.monotonic), machine.pool(max_workers)
    # Threads for each address: one that stalls must not keep the others from being asked.
    own: defaultdict[tuple[str, str], Threads] = defaultdict(partial(Threads, max_workers))
    outcomes: dict[str, Statement | Failure] = {}
    try:
        futures: dict[Future[Statement | Failure], Account] = {}
        lost = []
        for account in asked:
            try:
                venue = registry.venue(account.venue)
            except MarginbookError as error:
                lost.append((account, Failure.of(account.name, account.venue, error)))
            else:
                workers = executor or own[venue.id, str(account.options.get("base_url"))]
                futures[workers.submit(read, account, venue, deadline, pool, machine)] = account
        for account, outcome in chain(lost, _gather(futures, deadline)):
            outcomes[account.name] = outcome
            if progress:
                failure = outcome if isinstance(outcome, Failure) else None
                progress(Progress(len(outcomes), len(asked), account.name, failure))
    finally:
        for threads in own.values():
            threads.close()
        pool.close()
    notes = _remarks(asked, registry)
    report = assemble(asked, outcomes, notes=notes, started_at=started_at, finished_at=machine.now())
    audit(report, asked, outcomes)
    return report


def replay(venue: str, documents: Mapping[str, bytes], options: Mapping[str, Any] | None = None) -> Statement:
    """
    Read recorded bodies as if the venue had just sent them, with no network and no secrets.

    Args:
        venue: The id of the venue.

        documents: Bodies by the path that they were recorded at: ``{"/fapi/v3/balance": b"[…]"}``.

        options: The account's options, where they decide what is asked.

    Raises:
        InvalidResponseError: A body is not what the venue's specification says.

        ConfigurationError: A body is missing, or an option is wrong.

    """
    # See collect.
    from marginbook.asking import replay_documents  # noqa: PLC0415

    described = installed().venue(venue)
    nowhere = {} if described.hosts else {"base_url": _NOWHERE}
    account = Account(
        "replay",
        venue,
        # They have to be there, but nothing is signed, so nobody looks at them.
        credentials={credential.name: "replay" for credential in described.credentials},
        options={**nowhere, **(options or {})},
    )
    return replay_documents(account, described, documents)


def assemble(
    asked: Iterable[Account],
    outcomes: Mapping[str, Statement | Failure],
    *,
    notes: Iterable[Note] = (),
    started_at: datetime,
    finished_at: datetime,
) -> BalanceReport:
    """
    Put what became of each account into one report.

    Raises:
        PluginError: It is not said what became of one.

    """
    asked = tuple(asked)
    if lost := [account.name for account in asked if account.name not in outcomes]:
        msg = f"Nothing is known of {', '.join(lost)}."
        raise PluginError(msg)
    statements = {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, Statement)}
    return BalanceReport(
        accounts={account.name: account.venue for account in asked},
        balances=[balance for statement in statements.values() for balance in statement.balances],
        locks=[lock for statement in statements.values() for lock in statement.locks],
        failures=[outcome for outcome in outcomes.values() if isinstance(outcome, Failure)],
        notes=[
            *notes,
            *(Note(account=name, message=note) for name, statement in statements.items() for note in statement.notes),
        ],
        started_at=started_at,
        finished_at=finished_at,
    )


def _asked(accounts: str | os.PathLike[str] | Iterable[Account], registry: Registry) -> tuple[Account, ...]:
    if isinstance(accounts, str | os.PathLike):
        return load_accounts(accounts, registry=registry)
    asked = (accounts,) if isinstance(accounts, Account) else tuple(accounts)
    if strangers := [item for item in asked if not isinstance(item, Account)]:
        msg = f"A {type(strangers[0]).__name__} is no account."
        raise ConfigurationError(msg, hint="Pass the path of an accounts file, or marginbook.Account objects.")
    if not asked:
        msg = "There are no accounts to ask."
        raise ConfigurationError(msg, hint="A report without accounts would look like a complete one.")
    if twice := [name for name, count in Counter(account.name for account in asked).items() if count > 1]:
        msg = f"There are several accounts with the name {', '.join(map(repr, twice))}."
        raise ConfigurationError(msg, hint="Give each its own name.")
    return asked


def _gather(
    futures: Mapping[Future[Statement | Failure], Account], deadline: Deadline
) -> Iterable[tuple[Account, Statement | Failure]]:
    """
    Yield each account as it gets done, and at the deadline the others, as failed.
    """
    open_ = dict(futures)
    try:
        for future in as_completed(futures, timeout=deadline.remaining() + _GRACE):
            account = open_.pop(future)
            yield account, _outcome(future, account)
    except TimeoutError:
        for future, account in open_.items():
            future.cancel()
            error = DeadlineError("It had not answered when the deadline was over.", hint="Allow more time.")
            yield account, Failure.of(account.name, account.venue, error)


def _outcome(future: Future[Statement | Failure], account: Account) -> Statement | Failure:
    error = CancelledError() if future.cancelled() else future.exception()
    if error is None:
        return future.result()
    if not isinstance(error, MarginbookError):
        # A plugin that exits, a pool whose process was killed, an account that cannot be pickled.
        error = PluginError(
            f"The work on it was broken off ({type(error).__name__}).", hint="Run it in threads to see."
        )
    return Failure.of(account.name, account.venue, error)


def _few(names: list[str]) -> str:
    shown, others = names[:_SHOWN], len(names[_SHOWN:])
    return f"{', '.join(shown)} and {others} more" if others else ", ".join(shown)


def _remarks(asked: Iterable[Account], registry: Registry) -> list[Note]:
    """
    Say what is odd about the question itself.
    """
    same = defaultdict(list)
    for account in sorted(asked, key=lambda account: account.name):
        same[account.venue, tuple(account.credentials.items()), repr(account.options)].append(account.name)
    twins = [names for names in same.values() if len(names) > 1]
    venues = sorted({account.venue for account in asked})
    return [
        Note(account="", message=message)
        for message in (
            *filter(None, map(registry.rivals, venues)),
            *(f"{_few(names)} are one account under several names: totals count it as often." for names in twins),
        )
    ]
