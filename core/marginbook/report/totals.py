"""
Sums over accounts, one asset at a time.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal, localcontext
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from marginbook.methods import equal, hashed, shown
from marginbook.values import AMOUNTS, Balance
from marginbook.values.money import EXACT, added

if TYPE_CHECKING:
    from collections.abc import Iterable


_AMOUNTS: Final = itemgetter(*AMOUNTS)


@frozen(kw_only=True)
class Total:
    """
    What the accounts of a report hold of one asset.

    An amount is None where the figure of one of the rows is not known: a sum over the others would look like the whole.
    There is no sum over assets, which would need prices.
    """

    #: What the amounts are counted in.
    asset: str
    #: The accounts with a row of the asset.
    accounts: tuple[str, ...]
    #: The accounts that could not be read, and may hold the asset as well.
    missing: tuple[str, ...]
    wallet_balance: Decimal | None
    unrealized_pnl: Decimal | None
    equity: Decimal | None
    initial_margin: Decimal | None
    position_margin: Decimal | None
    order_margin: Decimal | None
    maintenance_margin: Decimal | None
    available_balance: Decimal | None
    max_withdraw: Decimal | None
    cross_wallet_balance: Decimal | None
    cross_unrealized_pnl: Decimal | None

    __repr__ = shown
    __eq__ = equal
    __hash__ = hashed

    @property
    def complete(self) -> bool:
        """
        False if an account that was asked for is not in here because it could not be read.
        """
        return not self.missing


def totals(balances: Iterable[Balance], missing: Iterable[str]) -> dict[str, Total]:
    """
    Add up the rows of each asset, by asset in alphabetical order.
    """
    rows = defaultdict(list)
    for balance in balances:
        rows[balance.asset].append(balance)
    # One for all sums: to change the context takes longer than most of them.
    with localcontext(EXACT):
        return {asset: _total(asset, rows[asset], tuple(missing)) for asset in sorted(rows)}


def _total(asset: str, rows: list[Balance], missing: tuple[str, ...]) -> Total:
    # There may be many rows: what is in their dictionaries is taken out without a search for each attribute.
    columns = zip(*map(_AMOUNTS, map(vars, rows)), strict=True)
    amounts: dict[str, Any] = dict(zip(AMOUNTS, map(added, columns), strict=True))
    # An account may have several rows of an asset, but it is one account.
    accounts = tuple(dict.fromkeys(row.account for row in rows))
    return Total(asset=asset, accounts=accounts, missing=missing, **amounts)
