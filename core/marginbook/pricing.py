"""
Asks for prices, many sources at once, and reads those that a user says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from marginbook.accounts import Account
from marginbook.collecting import check_bounds
from marginbook.errors import ConfigurationError, InvalidResponseError
from marginbook.gathering import gather
from marginbook.loading import read_toml
from marginbook.registry import installed
from marginbook.report import Failure, PriceBook
from marginbook.seam import PriceSource, Venue
from marginbook.values import TABLE, Price, exact

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    import requests

    from marginbook.transport import Machine

EXAMPLE: Final = """Write it like this:

time = 2026-11-20T16:00:00Z

[prices.USD]
USDT = "0.9998"
"""

#: What a source is called where an account would be.
_NAME: Final = "prices"

_WORKERS: Final = 16


def prices(
    sources: Iterable[str | PriceSource] | None = None,
    *,
    timeout: float = 30.0,
    machine: Machine | None = None,
    base_urls: Mapping[str, str] | None = None,
) -> PriceBook:
    """
    Ask public sources for all their prices.

    A source that cannot be asked does not raise: the book names it, and so does the valuation that is made with it.

    Args:
        sources: Ids of sources, or sources, in the order of preference; all that are installed, by id, where it is not
            said.

        timeout: Seconds for all of it.

        machine: See `marginbook.collect`.

        base_urls: Other addresses by the id of the source: a URL, or the name of one of its environments.

    Raises:
        ConfigurationError: There is no such source, or the question makes no sense.

    """
    # As in collect.
    from marginbook.asking import read_prices  # noqa: PLC0415
    from marginbook.transport import MACHINE, Deadline  # noqa: PLC0415

    machine = machine or MACHINE
    base_urls = base_urls or {}
    asked = sources_for(sources, base_urls)
    check_bounds("Prices", timeout, _WORKERS)
    deadline, pool = Deadline(timeout, machine.monotonic), machine.pool(_WORKERS)
    accounts = [
        Account(_NAME, name, options={"base_url": base_urls[name]} if name in base_urls else {}) for name in asked
    ]
    work = partial(read_prices, deadline=deadline, pool=pool, machine=machine)
    try:
        done = gather(accounts, work, registry=_Shelf(asked), deadline=deadline, max_workers=_WORKERS)
        answers = {account.venue: answer for account, answer in done}
    finally:
        pool.close()
    read = {name: answers[name] for name in asked}
    told = {name: answer for name, answer in read.items() if not isinstance(answer, Failure)}
    return PriceBook(
        sources=asked,
        prices=[price for found, _ in told.values() for price in found],
        failures=[answer for answer in read.values() if isinstance(answer, Failure)],
        notes=[f"{name}: {remark}" for name, (_, remark) in told.items() if remark],
    )


def sources_for(
    sources: Iterable[str | PriceSource] | None, base_urls: Mapping[str, str] | None = None
) -> dict[str, PriceSource]:
    """
    Return the sources that are meant, by id; those that are installed where *sources* is None.

    Raises:
        ConfigurationError: One is not there, or an address is for none of them.

    """
    named = None if sources is None else tuple(sources)
    known = {} if named is not None and not named else installed().price_sources()
    wanted = sorted(known) if named is None else named
    found = {
        s.id: s for s in (known.get(w, w) if isinstance(w, str) else w for w in wanted) if isinstance(s, PriceSource)
    }
    strangers = [w for w in wanted if isinstance(w, str) and w not in known]
    strangers += sorted(set(base_urls or ()) - found.keys())
    if strangers:
        msg = f"There is no source of prices {', '.join(f'{name!r:.40}' for name in strangers)} among those to ask."
        raise ConfigurationError(msg, hint=f"There are {', '.join(sorted({*known, *found})) or 'none'}.")
    return found


def load_prices(path: str | os.PathLike[str]) -> tuple[Price, ...]:
    """
    Read a user's own prices from a TOML file, in its order.

    A table ``[prices.CURRENCY]`` has the price of each asset in that currency, in quotes: ``USDT = "0.9998"``. At the
    top, ``time`` says as of when they are; without, it is when the file was last written.

    Args:
        path: The file.

    Raises:
        ConfigurationError: The file cannot be read, or has no prices, or something else, in it. The text says where.

    """
    path = Path(path)
    document = read_toml(path, "file of prices", EXAMPLE)
    at, tables = document.pop("time", None), document.pop("prices", None)
    if document or not isinstance(tables, dict) or not tables:
        problem = f"there is no place for {', '.join(map(repr, document))}" if document else "it has no prices"
        msg = f"{path}: {problem}."
        raise ConfigurationError(msg, hint=EXAMPLE)
    if at is None:
        at = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    if not isinstance(at, dt.datetime) or at.tzinfo is None:
        msg = f"{path}: time is no date and time with a time zone."
        raise ConfigurationError(msg, hint=EXAMPLE)
    return tuple(price for currency, table in tables.items() for price in _table(path, currency, table, at))


def _table(path: Path, currency: str, table: object, at: dt.datetime) -> list[Price]:
    if not isinstance(table, dict) or not table:
        msg = f"{path}: prices.{currency} has no prices."
        raise ConfigurationError(msg, hint=EXAMPLE)
    found = []
    for asset, price in table.items():
        try:
            found.append(Price(asset=asset, currency=currency, price=exact(price), source=TABLE, at=at))
        except TypeError:
            problem = f"it is of type {type(price).__name__}: write it in quotes, so that no digit is lost"
        except (ValueError, InvalidResponseError):
            problem = 'it is no price of an asset: a positive decimal, such as "0.9998"'
        else:
            continue
        msg = f"{path}: prices.{currency}.{asset}: {problem}."
        raise ConfigurationError(msg, hint=EXAMPLE)
    return found


@frozen
class _Shelf:
    """
    Sources of prices, described as venues: all that is known of asking goes for them as well.
    """

    _sources: Mapping[str, PriceSource]

    def venue(self, venue_id: str) -> Venue:
        source = self._sources[venue_id]
        fetch: Any = partial(_fetch, source)
        return Venue(
            id=source.id,
            title=source.title,
            fetch=fetch,
            limits=source.limits,
            explain=source.explain,
            hosts=source.hosts,
        )


def _fetch(source: PriceSource, account: Account, session: requests.Session) -> tuple[Price, ...]:
    return tuple(source.fetch(account.options["base_url"], session))
