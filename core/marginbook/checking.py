"""
Looks at accounts one part at a time: their settings, their secrets and who else can read them, the clock, and whether
the venue lets their keys read a balance.
"""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from attrs import field, frozen

from marginbook.accounts import findings
from marginbook.collecting import asked_for, check_bounds
from marginbook.errors import MarginbookError
from marginbook.gathering import gather
from marginbook.registry import installed
from marginbook.report import Failure
from marginbook.texts import readable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from requests.adapters import BaseAdapter

    from marginbook.accounts import Account
    from marginbook.asking import Visit
    from marginbook.seam import Venue
    from marginbook.transport import Deadline, Machine

#: Milliseconds of a clock's error that are worth a remark. Requests are signed with the venue's time then.
_NOTABLE: Final = 1000

#: Seconds from which a clock's error is told in minutes.
_MINUTES: Final = 120


@frozen(kw_only=True)
class Finding:
    """
    What was found out about one part of an account.
    """

    #: Our name of the account, or "" for the accounts file.
    account: str
    #: The id of the venue, or "".
    venue: str
    #: What was looked at: ``"files"``, ``"settings"``, the name of a credential, ``"secrets"`` (whether they can be the
    #: venue's), ``"clock"``, ``"balance"``, ``"answer"``; ``"account"`` where it was not even begun, or broken off.
    part: str
    #: ``"note"`` for what a person should know, and what costs nothing.
    state: Literal["ok", "note", "wrong"]
    #: What it is, or what is wrong and what to do.
    message: str = field(converter=readable)


def check(
    accounts: str | os.PathLike[str] | Iterable[Account],
    *,
    only: Collection[str] = (),
    timeout: float = 30.0,
    max_workers: int = 16,
    machine: Machine | None = None,
) -> tuple[Finding, ...]:
    """
    Look at every account, and ask its venue.

    Args:
        accounts: The path of an accounts file, or accounts.

        only: Names of the accounts to look at, where it should not be all.

        timeout: Seconds for all of it.

        max_workers: Accounts of an address to look at at the same time.

        machine: See `marginbook.collect`.

    Returns:
        The findings, in the order of the accounts, those about the accounts file first.

    Raises:
        ConfigurationError: There are no such accounts, or the question makes no sense.

    """
    # As in collect.
    from marginbook.transport import MACHINE, Deadline  # noqa: PLC0415

    machine = machine or MACHINE
    registry = installed()
    asked = asked_for(accounts, registry, only)
    check_bounds("A check", timeout, max_workers)
    deadline, pool = Deadline(timeout, machine.monotonic), machine.pool(max_workers)
    work = partial(_look, deadline=deadline, pool=pool, machine=machine)
    found: dict[str, tuple[Finding, ...]] = {}
    try:
        for account, outcome in gather(asked, work, registry=registry, deadline=deadline, max_workers=max_workers):
            found[account.name] = (_failed(account, outcome),) if isinstance(outcome, Failure) else outcome
    finally:
        pool.close()
    file = Path(accounts) if isinstance(accounts, str | os.PathLike) else None
    files = _files(file, asked)
    return (*files[""], *(finding for account in asked for finding in (*files[account.name], *found[account.name])))


def _failed(account: Account, failure: Failure) -> Finding:
    return _finding(account, "account", "wrong", _sentence(failure))


def _sentence(failure: Failure) -> str:
    until = f" Not before {failure.until:%Y-%m-%d %H:%M:%S} UTC." if failure.until else ""
    return f"{failure.kind}: {failure.message} {failure.hint}".rstrip() + until


def _files(file: Path | None, accounts: Iterable[Account]) -> Mapping[str, list[Finding]]:
    venues = {account.name: account.venue for account in accounts}
    found = defaultdict(list)
    for name, sentence in findings(file, accounts):
        finding = Finding(account=name, venue=venues.get(name, ""), part="files", state="wrong", message=sentence)
        found[name].append(finding)
    return found


def _look(
    account: Account, venue: Venue, *, deadline: Deadline, pool: BaseAdapter, machine: Machine
) -> tuple[Finding, ...]:
    """
    Look at one account, as far as one can get.
    """
    from marginbook.asking import Visit  # noqa: PLC0415  # as in collect
    from marginbook.seam.settings import settle  # noqa: PLC0415  # likewise
    from marginbook.transport import shared_limits  # noqa: PLC0415  # likewise

    found: list[Finding] = []
    secrets: dict[str, str] = {}
    with _telling(found, account, venue, "settings"):
        shared_limits()
        account = settle(account, venue)
        found.append(_finding(account, "settings", "ok", f"{venue.title} at {account.options['base_url']}"))
    for credential in venue.credentials:
        if secret := account.credentials.get(credential.name):
            with _telling(found, account, venue, credential.name):
                hit = secret.find()
                secrets[credential.name] = hit.secret
                found.append(_finding(account, credential.name, "ok", hit.place))
    if any(finding.state == "wrong" for finding in found):
        return tuple(found)
    with _telling(found, account, venue, "secrets"):
        visit = Visit.prepare(account, secrets, venue, deadline=deadline, pool=pool, machine=machine)
        with _telling(found, account, venue, "clock"):
            found.append(_clock(account, visit))
        with _telling(found, account, venue, "balance"):
            found += _balance(account, visit)
    return tuple(found)


@contextlib.contextmanager
def _telling(found: list[Finding], account: Account, venue: Venue, part: str) -> Iterator[None]:
    """
    Keep what goes wrong with a part as a finding.
    """
    from marginbook.asking import blame  # noqa: PLC0415  # as in collect

    try:
        yield
    except MarginbookError as error:
        failure = Failure.of(account.name, account.venue, error)
    # A plugin's own.
    except Exception as error:  # noqa: BLE001
        failure = Failure.of(account.name, account.venue, blame(venue, error))
    else:
        return
    found.append(_finding(account, part, "wrong", _sentence(failure)))


def _clock(account: Account, visit: Visit) -> Finding:
    if not visit.venue.time:
        return _finding(account, "clock", "note", "Not compared: the venue tells no time, or needs none.")
    offset = visit.measure_clock()
    if abs(offset) < _NOTABLE:
        return _finding(account, "clock", "ok", "This machine's clock agrees with the venue's within a second.")
    message = (
        f"This machine's clock is {_span(abs(offset))} {'behind' if offset > 0 else 'ahead of'} the venue's. Requests"
        " are signed with the venue's time, so balances are read all the same; times of a report are wrong. Set the"
        " clock."
    )
    return _finding(account, "clock", "note", message)


def _span(milliseconds: int) -> str:
    seconds = milliseconds / 1000
    return f"{seconds:.1f} seconds" if seconds < _MINUTES else f"{seconds / 60:.0f} minutes"


def _balance(account: Account, visit: Visit) -> Iterator[Finding]:
    statement = visit.ask()
    assets = ", ".join(balance.asset for balance in statement.balances) or "no assets"
    yield _finding(account, "balance", "ok", f"The venue tells the balance of {assets}.")
    for note in statement.notes:
        yield _finding(account, "answer", "note", note)


def _finding(account: Account, part: str, state: Literal["ok", "note", "wrong"], message: str) -> Finding:
    return Finding(account=account.name, venue=account.venue, part=part, state=state, message=message)
