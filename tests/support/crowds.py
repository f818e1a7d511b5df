"""
Many accounts at one address that counts, and accounts whose secrets are elsewhere.
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Final
from unittest import mock

from attrs import define, evolve, field

from marginbook import Account
from marginbook.sandbox import Budget, Sandbox, Stage
from marginbook_binance import cast
from marginbook_binance import stage as binance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


#: The module of a venue that is Binance with other periods, in seconds, and another limit.
QUICK: Final = """
from attrs import evolve
from marginbook import hookimpl
from marginbook_binance.usdm import USDM

LIMITS = [evolve(limit, weight={limit}, seconds={seconds}) for limit in USDM.limits]

@hookimpl
def marginbook_venues():
    return [evolve(USDM, id="quick", limits=LIMITS)]
"""


@define(eq=False)
class Watched(Budget):
    """
    A budget that remembers the most that was ever spent in one of its periods.
    """

    most: int = field(default=0, init=False)
    requests: int = field(default=0, init=False)

    def spend(self, who: str, weight: int = 1) -> int:
        spent = super().spend(who, weight)
        self.most = max(self.most, spent)
        self.requests += 1
        return spent


@define
class Crowd:
    """
    Many accounts at one address that counts.
    """

    accounts: list[Account]
    budget: Watched


@contextlib.contextmanager
def crowd(count: int, limit: int, seconds: int) -> Iterator[Crowd]:
    """
    Play so many accounts of the venue "quick", with so low a limit in so many seconds.
    """
    rows = [cast.SINGLE[1]]
    parts = [cast.hmac_part(f"desk-{number:03}", rows) for number in range(count)]
    known = {part.actor.credentials["api_key"]: part for part in parts}
    futures = binance.Futures(known, Watched(limit, seconds=seconds))
    routes = {"/fapi/v3/balance": functools.partial(futures.balance, weight=5)}
    stage = Stage("quick", tuple(part.actor for part in parts), routes)
    with mock.patch.object(binance, "LIMIT", limit), Sandbox([stage]) as sandbox:
        assert isinstance(futures.budget, Watched)
        yield Crowd(list(sandbox.accounts()), futures.budget)


def referring(accounts: Iterable[Account], put: Callable[[str, str], object], scheme: str = "env:") -> list[Account]:
    """
    Return the same accounts, with their secrets elsewhere: *put* is given each name and secret.
    """
    found = []
    for number, one in enumerate(accounts):
        names = {name: f"CROWD_{number}_{name}" for name in one.credentials}
        for name, variable in names.items():
            # A plain text: what was looked up does not travel, not even to where it may.
            put(variable, f"{one.credentials[name].reveal()}")
        found.append(evolve(one, credentials={name: f"{scheme}{variable}" for name, variable in names.items()}))
    return found
