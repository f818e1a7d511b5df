"""
What a venue liquidates by itself, and how near to that it is.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import frozen

from marginbook.values.money import ratio, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from marginbook.values.balance import Balance
    from marginbook.values.lock import Lock
    from marginbook.values.summary import Summary

    Locks = Mapping[tuple[str, str], list[Lock]]


@frozen(kw_only=True)
class Margin:
    """
    One collateral, and what has to remain of it.

    It is a whole account where its assets are one collateral together; elsewhere a row, or, where positions have
    wallets of their own, each of these and the rest of the row.
    """

    #: Our name of the account.
    account: str
    #: The id of the venue.
    venue: str
    #: The asset, or None for a whole account.
    asset: str | None
    #: What the amounts are counted in.
    currency: str
    #: The isolated position, or "".
    symbol: str = ""
    #: True for what is left of a row without its isolated positions.
    cross: bool = False
    maintenance_margin: Decimal | None
    #: Wallet plus unrealized PnL, after haircuts where the venue tells it so.
    equity: Decimal | None

    @property
    def name(self) -> str:
        """
        What a person calls it, beside the account.
        """
        if self.asset is None:
            return "whole account"
        return self.symbol or f"{self.asset}{' cross' * self.cross}"

    @property
    def margin_ratio(self) -> Decimal | None:
        """
        Maintenance margin by equity, to 28 digits; None where one is not known, and where equity is not positive.
        """
        return ratio(self.maintenance_margin, self.equity)

    @property
    def idle(self) -> bool:
        """
        True if there is nothing to liquidate.
        """
        return self.maintenance_margin == 0 and self.equity == 0

    @property
    def lost(self) -> bool:
        """
        True if there is no ratio because no equity is left.
        """
        return None not in {self.maintenance_margin, self.equity} and self.margin_ratio is None


def isolated(locks: Iterable[Lock]) -> Locks:
    """
    Group the isolated positions by account and asset. Where assets are one collateral, these are apart from it.
    """
    found: defaultdict[tuple[str, str], list[Lock]] = defaultdict(list)
    for lock in locks:
        if lock.isolated:
            found[lock.account, lock.asset].append(lock)
    return dict(found)


def margins(balances: Iterable[Balance], summaries: Iterable[Summary], apart: Locks) -> Iterator[Margin]:
    """
    Yield each collateral once: whole accounts, rows, and what `isolated` found.
    """
    together = [summary for summary in summaries if summary.pooled]
    pooled = {summary.account for summary in together}
    yield from map(_whole, together)
    rows: defaultdict[tuple[str, str], list[Balance]] = defaultdict(list)
    for balance in balances:
        if balance.account not in pooled:
            rows[balance.account, balance.asset].append(balance)
    for key, own in rows.items():
        yield from _cross(own, apart[key]) if key in apart else map(_row, own)
    yield from (_position(lock) for own_locks in apart.values() for lock in own_locks)


def nearest(parts: Iterable[Margin]) -> Decimal | None:
    """
    Return the highest ratio of several; None where that of one is not known.
    """
    ratios = [part.margin_ratio for part in parts if not part.idle]
    known = [found for found in ratios if found is not None]
    return max(known, default=None) if len(known) == len(ratios) else None


def _whole(summary: Summary) -> Margin:
    return Margin(
        account=summary.account,
        venue=summary.venue,
        asset=None,
        currency=summary.currency,
        maintenance_margin=summary.maintenance_margin,
        equity=summary.equity if summary.adjusted_equity is None else summary.adjusted_equity,
    )


def _row(balance: Balance) -> Margin:
    # Where a part of the wallet is in isolated positions that nobody tells apart, there is no one ratio.
    cross = balance.cross_wallet_balance
    mixed = None not in {cross, balance.wallet_balance} and cross != balance.wallet_balance
    return Margin(
        account=balance.account,
        venue=balance.venue,
        asset=balance.asset,
        currency=balance.asset,
        maintenance_margin=balance.maintenance_margin,
        equity=None if mixed else balance.equity,
    )


def _cross(rows: list[Balance], locks: Iterable[Lock]) -> Iterator[Margin]:
    """
    Yield what is left of an asset without its isolated positions, unless none of it has to remain.
    """
    apart = total(lock.maintenance_margin for lock in locks)
    whole = [row.maintenance_margin for row in rows]
    maintenance = None if apart is None else total([*whole, apart.copy_negate()])
    equity = total(amount for row in rows for amount in (row.cross_wallet_balance, row.cross_unrealized_pnl))
    if maintenance == 0 and equity is None:
        return
    yield Margin(
        account=rows[0].account,
        venue=rows[0].venue,
        asset=rows[0].asset,
        currency=rows[0].asset,
        cross=True,
        maintenance_margin=maintenance,
        equity=equity,
    )


def _position(lock: Lock) -> Margin:
    return Margin(
        account=lock.account,
        venue=lock.venue,
        asset=lock.asset,
        currency=lock.asset,
        symbol=lock.symbol,
        maintenance_margin=lock.maintenance_margin,
        equity=lock.equity,
    )
