"""
A round of work in another process: it is given accounts and what is known of their hosts, and gives back what became of
each, and what it has learned of the hosts.

What travels is what stands in `Round` and `Done`, and no secret is in either: accounts hold references, which are
resolved where the round is worked on, by threads, with connections and limits of that process.
"""

from __future__ import annotations

import functools
import pickle
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from attrs import frozen

from marginbook.asking import read
from marginbook.errors import PluginError
from marginbook.gathering import failed, gather
from marginbook.seam import Venue
from marginbook.transport import MACHINE, Deadline, Memory

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

    from marginbook.accounts import Account
    from marginbook.report import Failure
    from marginbook.values import Statement

#: Reports whose connections are kept between rounds.
_KEPT: Final = 4


@frozen(kw_only=True)
class Round:
    """
    What a worker is given.
    """

    #: Stands for the report: its rounds share connections.
    report: str
    #: Which round of the report it is. No two are the same, so that no executor takes one for the other.
    number: int
    #: The accounts, each pickled by itself: one that cannot be read spoils no other.
    accounts: tuple[bytes, ...]
    #: The accounts' venues.
    venues: tuple[Venue, ...]
    deadline: Deadline
    max_workers: int
    detail: str | None
    keep: bool
    #: What other processes have spent from the same address.
    memories: tuple[Memory, ...]


@frozen(kw_only=True)
class Done:
    """
    What a worker gives back.
    """

    #: What became of each account, by name, each pickled by itself.
    outcomes: tuple[tuple[str, bytes], ...]
    #: What this process has spent at the hosts that were asked.
    memories: tuple[Memory, ...]
    #: When it was told, by the clock of the process: the last word counts.
    at: float


def work(round_: Round) -> Done:
    """
    Ask the accounts of a round, many at once.
    """
    MACHINE.hosts.learn(round_.memories, MACHINE)
    accounts = [_account(written) for written in round_.accounts]
    venues = {venue.id: venue for venue in round_.venues}
    ask = functools.partial(
        read,
        deadline=round_.deadline,
        pool=_pool(round_.report, round_.max_workers),
        detail=round_.detail,
        keep=round_.keep,
    )
    done = gather(accounts, ask, registry=_Shelf(venues), deadline=round_.deadline, max_workers=round_.max_workers)
    outcomes = tuple((account.name, _written(account, outcome)) for account, outcome in done)
    return Done(outcomes=outcomes, memories=MACHINE.hosts.told(MACHINE), at=MACHINE.monotonic())


def base_url(account: Account, venue: Venue) -> str:
    """
    Return the address that an account will be asked at, or what it says in its place.
    """
    written = str(account.options.get("base_url", next(iter(venue.hosts), "")))
    return venue.hosts.get(written, written).rstrip("/")


def address(account: Account, venue: Venue) -> str:
    """
    Return the host and port that an account's limits are counted at.
    """
    try:
        return urlsplit(base_url(account, venue)).netloc
    except ValueError:
        # Who asks it will say what is wrong.
        return ""


@frozen
class _Shelf:
    """
    The venues that came with the accounts.
    """

    venues: dict[str, Venue]

    def venue(self, venue_id: str) -> Venue:
        return self.venues[venue_id]


def _account(written: bytes) -> Account:
    account: Account = pickle.loads(written)  # noqa: S301  # by the process that gave us this function to call
    return account


def _written(account: Account, outcome: Statement | Failure) -> bytes:
    try:
        return pickle.dumps(outcome)
    # A plugin's statement may hold anything.
    except Exception as error:  # noqa: BLE001
        msg = f"{account.venue} gave what cannot travel to another process ({type(error).__name__})."
        return pickle.dumps(failed(account, PluginError(msg, hint="Run it in threads, and tell the plugin's authors.")))


@functools.lru_cache(maxsize=_KEPT)
def _pool(_report: str, max_workers: int) -> BaseAdapter:
    return MACHINE.pool(max_workers)
