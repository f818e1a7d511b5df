"""
Asks one account: its settings, its secrets, its venue, and whether the answer is one.
"""

from __future__ import annotations

import time
import traceback
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import evolve

from marginbook.accounts import resolve
from marginbook.errors import ApiError, InvalidResponseError, MarginbookError, PluginError
from marginbook.report import Failure
from marginbook.transport import Deadline, Documents, Session, explain
from marginbook.values import Balance, Lock, Statement, derive
from marginbook.venues.settings import settle

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests
    from requests.adapters import BaseAdapter

    from marginbook.accounts import Account
    from marginbook.venues import Venue

#: Seconds that a replay may take. It waits for nobody.
_REPLAY: Final = 3600


def read(account: Account, venue: Venue, deadline: Deadline, pool: BaseAdapter) -> Statement | Failure:
    """
    Ask one account, and let nothing that goes wrong be anybody else's trouble.
    """
    try:
        return _ask(account, venue, deadline, pool)
    except MarginbookError as error:
        return Failure.of(account.name, account.venue, error)
    # What a plugin raises is the plugin's choice.
    except Exception as error:  # noqa: BLE001
        return Failure.of(account.name, account.venue, _blame(venue, error))


def replay_documents(account: Account, venue: Venue, documents: Mapping[str, bytes]) -> Statement:
    """
    Ask one account of recorded bodies, with nothing signed.
    """
    session = Session(Documents(documents), Deadline.after(_REPLAY))
    return _fetch(settle(account, venue), venue, session)


def _ask(account: Account, venue: Venue, deadline: Deadline, pool: BaseAdapter) -> Statement:
    settled = settle(account, venue)
    auth = venue.sign(resolve(settled.credentials), _milliseconds) if venue.sign else None
    return _fetch(settled, venue, Session(pool, deadline, auth))


def _fetch(account: Account, venue: Venue, session: requests.Session) -> Statement:
    try:
        return _audit(venue.fetch(account, session), account, venue)
    except ApiError as error:
        explained = (venue.explain(error) if venue.explain else None) or explain(error)
    # Out here, since the answer may repeat what was sent: it may not even be the context.
    raise explained


def _audit(statement: object, account: Account, venue: Venue) -> Statement:
    """
    Hold a plugin to its promises, and fill in what follows from what it reported.
    """
    if not isinstance(statement, Statement):
        msg = f"{venue.id} gave a {type(statement).__name__} in the place of a statement."
        raise PluginError(msg, hint="Update its plugin.")
    rows: tuple[Balance | Lock, ...] = (*statement.balances, *statement.locks)
    if any((row.account, row.venue) != (account.name, account.venue) for row in rows):
        msg = f"{venue.id} gave rows of another account."
        raise PluginError(msg, hint="Update its plugin.")
    assets = Counter(balance.asset for balance in statement.balances)
    if twice := [asset for asset, count in assets.items() if count > 1]:
        msg = f"There is more than one row of {', '.join(twice)}, so it is not known which one is right."
        raise InvalidResponseError(msg, hint="The venue may have changed: look for a newer plugin.")
    elsewhere = venue.unknown.get("equity", "")
    return evolve(statement, balances=[derive(balance, elsewhere=elsewhere) for balance in statement.balances])


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


def _blame(venue: Venue, error: Exception) -> PluginError:
    # Its text may hold anything, a secret too; the place does not.
    place = traceback.extract_tb(error.__traceback__)[-1]
    return PluginError(
        f"{venue.id} failed with {type(error).__name__} at {Path(place.filename).name}:{place.lineno}.",
        hint="Update its plugin, or tell its authors.",
    )
