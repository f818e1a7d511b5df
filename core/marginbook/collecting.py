"""
Asks every account, many at once, and loses none.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from marginbook.accounts import Account
from marginbook.auditing import audit
from marginbook.errors import ConfigurationError, DeadlineError, PluginError
from marginbook.gathering import failed, gather
from marginbook.late import lasting
from marginbook.registry import installed
from marginbook.report import BalanceReport
from marginbook.seam import DETAIL
from marginbook.texts import few
from marginbook.values import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from concurrent.futures import Executor
    from datetime import datetime

    from marginbook.progress import Progress
    from marginbook.registry import Registry
    from marginbook.report import Failure, Note
    from marginbook.transport import Machine
    from marginbook.values import Recording

#: Seconds that a report may take: a day. Operating systems cannot count for ever.
_LONGEST: Final = 86_400

#: How the note begins on a report that somebody interrupted.
INTERRUPTED: Final = "INTERRUPTED: somebody ended the asking before its time. This report has what was known of"


def collect(  # noqa: PLR0913  # what can be said of a report
    accounts: str | os.PathLike[str] | Iterable[Account],
    *,
    timeout: float = 30.0,
    max_workers: int = 16,
    executor: Executor | Mapping[str, Executor] | None = None,
    progress: Callable[[Progress], object] | None = None,
    machine: Machine | None = None,
    detail: str | None = None,
    record: Callable[[Recording], object] | None = None,
    interruptible: bool = False,
) -> BalanceReport:
    """
    Ask every account what it holds.

    An account that cannot be read does not raise: it is in the report, with the reason.

    Args:
        accounts: The path of an accounts file, or accounts.

        timeout: Seconds for the whole report. What has not answered by then is reported as missing.

        max_workers: How many accounts of a venue to ask at the same time, of each of its addresses.

        executor: Runs the work instead of threads of our own. A `ThreadPoolExecutor` is given account by account. Any
            other is taken for one whose workers are other processes, here or on other machines: accounts travel to them
            as references to secrets, all of a host to one worker at a time, since all of them have one address until
            more is said: ``{"203.0.113.7": executor, …}`` gives an executor for each. What a lost worker had is asked
            again. See docs/scale.md.

        progress: Called in the caller's thread each time that an account is done.

        machine: Clock, sleep, randomness and transport, where they are not to be this machine's own: see
            `marginbook.transport.Machine`.

        detail: ``"margin"`` to ask for margins and isolated positions wherever a venue offers them, or ``"balance"``;
            what an account's own option says has precedence. Richer answers cost more of the rate limits.

        record: Called in the caller's thread with what each account's venue answered, before progress is.

        interruptible: Whether a KeyboardInterrupt ends the asking and not the call. What was read until then is
            returned, with a note that says so, and with all other accounts as failed.

    Raises:
        ConfigurationError: The question makes no sense: there are no accounts, or two of the same name.

        AuditError: The report contradicts what the accounts said, which is a defect of marginbook.

    """
    # A report is the first thing that needs requests; to import marginbook should not.
    with lasting():
        from marginbook.asking import read  # noqa: PLC0415
        from marginbook.transport import MACHINE, Deadline  # noqa: PLC0415

    machine = machine or MACHINE

    if detail is not None and (complaint := DETAIL.complaint(detail)):
        msg = f"The detail {detail!r:.24} is not offered: {complaint}."
        raise ConfigurationError(msg, hint=DETAIL.help)
    registry = installed()
    asked = asked_for(accounts, registry)
    check_bounds("A report", timeout, max_workers)
    started_at = machine.now()
    deadline, pool = Deadline(timeout, machine.monotonic), machine.pool(max_workers)
    bounds: Any = {"registry": registry, "deadline": deadline, "max_workers": max_workers}
    if executor is None or machine is not MACHINE or _has_threads(executor):
        work = partial(read, deadline=deadline, pool=pool, machine=machine, detail=detail, keep=record is not None)
        # Who is told of each account, or may be interrupted before the last, has to hear of it at once.
        patient = not (progress or record or interruptible)
        done = gather(asked, work, executor=_alone(executor), patient=patient, **bounds)
    else:
        # Few have other processes to work for them.
        from marginbook.dealing import deal  # noqa: PLC0415

        done = deal(asked, executor, detail=detail, keep=record is not None, **bounds)
    outcomes: dict[str, Statement | Failure] = {}
    failures = 0
    notes = _remarks(asked, registry)
    try:
        for account, outcome in done:
            outcomes[account.name] = outcome
            if record and isinstance(outcome, Statement) and outcome.recording:
                record(outcome.recording)
            failure = None if isinstance(outcome, Statement) else outcome
            failures += failure is not None
            if progress:
                from marginbook.progress import Progress  # noqa: PLC0415  # as above

                waiting = machine.hosts.waiting(machine)
                progress(Progress(len(outcomes), len(asked), account.name, failure, failures, waiting))
    except KeyboardInterrupt:
        if not interruptible:
            raise
        notes = [_note(f"{INTERRUPTED} {len(outcomes)} of {len(asked)} accounts."), *notes]
        outcomes |= {account.name: _broken_off(account) for account in asked if account.name not in outcomes}
    finally:
        done.close()
        pool.close()
    report = assemble(asked, outcomes, notes=notes, started_at=started_at, finished_at=machine.now())
    audit(report, asked, outcomes)
    return report


def _has_threads(executor: object) -> bool:
    # As with all that only some need.
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    return isinstance(executor, ThreadPoolExecutor)


def _alone(executor: Executor | Mapping[str, Executor] | None) -> Executor | None:
    if isinstance(executor, Mapping):
        msg = "A machine of one's own does not travel to other processes."
        raise ConfigurationError(msg, hint="Use threads with it.")
    return executor


def _broken_off(account: Account) -> Failure:
    return failed(account, DeadlineError("The report was interrupted before it had answered.", hint="Ask again."))


def _note(message: str, account: str = "") -> Note:
    # As with all that only some need.
    from marginbook.report import Note  # noqa: PLC0415

    return Note(account=account, message=message)


def interrupted(report: BalanceReport) -> bool:
    """
    Say whether a report is what was there when somebody interrupted its making.
    """
    return any(note.message.startswith(INTERRUPTED) for note in report.notes if not note.account)


def check_bounds(what: str, timeout: float, max_workers: int) -> None:
    """
    Refuse to begin what has no time, time without end, or nobody to do it.

    Raises:
        ConfigurationError: It is so.

    """
    if not 0 < timeout <= _LONGEST or max_workers < 1:
        msg = f"{what} in {timeout} seconds with {max_workers} workers cannot be made."
        raise ConfigurationError(msg, hint=f"Give it some time, at most {_LONGEST} seconds, and at least one worker.")


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
    from marginbook.asking import replay_documents, stand_in  # noqa: PLC0415

    described = installed().venue(venue)
    return replay_documents(stand_in("replay", described, options or {}), described, documents)


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
        summaries=[statement.summary for statement in statements.values() if statement.summary],
        failures=[outcome for outcome in outcomes.values() if not isinstance(outcome, Statement)],
        notes=[
            *notes,
            *(_note(note, name) for name, statement in statements.items() for note in statement.notes),
        ],
        started_at=started_at,
        finished_at=finished_at,
    )


def asked_for(
    accounts: str | os.PathLike[str] | Iterable[Account], registry: Registry, only: Collection[str] = ()
) -> tuple[Account, ...]:
    """
    Return the accounts that are meant: all, or those that *only* names.

    Raises:
        ConfigurationError: There are none, two of the same name, or something else among them.

    """
    if isinstance(accounts, str | os.PathLike):
        # What reads TOML.
        from marginbook.loading import load_accounts  # noqa: PLC0415

        return _only(load_accounts(accounts, registry=registry), only)
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
    return _only(asked, only)


def _only(accounts: tuple[Account, ...], names: Collection[str]) -> tuple[Account, ...]:
    known = [account.name for account in accounts]
    if strangers := sorted(set(names).difference(known)):
        msg = f"There is no account {', '.join(map(repr, strangers))} in the accounts file."
        raise ConfigurationError(msg, hint=f"There are {', '.join(known)}.")
    return tuple(account for account in accounts if account.name in names) if names else accounts


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
        _note(message)
        for message in (
            *filter(None, map(registry.rivals, venues)),
            *(f"{few(names)} are one account under several names: totals count it as often." for names in twins),
        )
    ]
