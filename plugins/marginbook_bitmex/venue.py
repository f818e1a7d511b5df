"""
BitMEX, from ``GET /api/v1/user/margin?currency=all`` and ``GET /api/v1/wallet/assets``.

Amounts are whole numbers of a currency's smallest unit, and the venue says how many of them are one: none is known
here.

Sources: the specification in ``specs/bitmex.openapi.yaml``; BitMEX, "Margin Terms & Definitions", "Margin Term
Reference" and "What Asset Margining Modes are there?", for what the figures mean. The first two contradict each other
on margins: in one, what is available is the margin balance less order and position margin, in the other, less
maintenance and initial margin. In clients' records, ``maintMargin`` of an isolated position is what it locks, its PnL
included. So neither is taken for any of our margins.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from attrs import frozen

from marginbook import Balance, InvalidResponseError, Limit, Statement, Summary, Venue, product
from marginbook.wire import Client, Unset
from marginbook_bitmex.codes import explain
from marginbook_bitmex.keys import CREDENTIALS, sign
from marginbook_clients.bitmex.api.account import get_assets_config, get_margin
from marginbook_clients.bitmex.api.market import get_info
from marginbook_clients.bitmex.costs import WEIGHTS
from marginbook_clients.bitmex.specification import SPECIFICATION

if TYPE_CHECKING:
    from collections.abc import Iterable

    import requests

    from marginbook import Account
    from marginbook_clients.bitmex.models.assets_config import AssetsConfig
    from marginbook_clients.bitmex.models.margin import Margin

#: What stands for the whole account where assets share collateral. It is no asset that anybody holds.
POOL: Final = "MAMUSd"

POOLED: Final = (
    "BitMEX tells figures of the whole account in multi-asset margin mode, as the currency MAMUSd, and does not say"
    " whether they are before or after haircuts: a margin balance of {:f}, and {:f} available. They are in no row."
)

SHARED: Final = (
    "In multi-asset margin mode, positions are backed by the whole account, and BitMEX does not say whether {:f}"
    " available counts that or this currency alone: available_balance is not known."
)

#: Digits after the point that an amount may have.
_SCALES: Final = range(31)

#: The operation that needs no key.
_PUBLIC: Final = "GET /api/v1"


@frozen
class Unit:
    """
    What a currency is called, and how many of its digits are decimals.
    """

    asset: str
    scale: int

    def amount(self, units: int) -> Decimal:
        """
        Return so many of its smallest units, in the asset itself, exactly.
        """
        return product(Decimal(units), Decimal(1).scaleb(-self.scale))


def fetch(account: Account, session: requests.Session) -> Statement:
    """
    Ask for all currencies, and for how they are scaled.
    """
    client = Client(base_url=account.options["base_url"], session=session)
    rows = get_margin.sync(client=client, currency="all")
    return statement(account, rows, units(get_assets_config.sync(client=client)))


def units(assets: Iterable[AssetsConfig]) -> dict[str, Unit]:
    """
    Return how each currency is counted.

    Raises:
        InvalidResponseError: A scale is no whole number of digits, or a currency has two.

    """
    found: dict[str, Unit] = {}
    for row in assets:
        if row.scale not in _SCALES:
            msg = f"The scale of {row.currency:.16} is {row.scale:f}, which is no number of decimals."
            raise InvalidResponseError(msg)
        unit = Unit(row.asset, int(row.scale))
        if found.setdefault(row.currency, unit) != unit:
            msg = f"The currency {row.currency:.16} has two scales, so it is not known which is right."
            raise InvalidResponseError(msg)
    return found


def statement(account: Account, rows: Iterable[Margin], known: dict[str, Unit]) -> Statement:
    """
    Translate all rows.

    Raises:
        InvalidResponseError: The scale of a currency is not told.

    """
    rows = list(rows)
    if lost := [row.currency for row in rows if row.currency not in known and not _is_empty_pool(row)]:
        msg = f"BitMEX does not say how {lost[0]:.16} is scaled, so nothing is known of its amounts."
        raise InvalidResponseError(msg, hint="Try again later; the venue may just have added it.")
    pool = next((row for row in rows if row.currency == POOL and not _is_empty_pool(row)), None)
    return Statement(
        [balance(account, row, known[row.currency], shared=bool(pool)) for row in rows if row.currency != POOL],
        summary=_summary(account, pool, known[POOL]) if pool else None,
    )


def _is_empty_pool(row: Margin) -> bool:
    """
    True for a row that says nothing of an account that does not share collateral.
    """
    told = (row.wallet_balance, row.unrealised_pnl, row.margin_balance, row.available_margin, row.withdrawable_margin)
    return row.currency == POOL and not any(told)


def balance(account: Account, row: Margin, unit: Unit, *, shared: bool = False) -> Balance:
    """
    Translate one currency, of an account whose assets may share collateral.

    Raises:
        InvalidResponseError: Its time is none.

    """
    available = unit.amount(row.available_margin)
    return Balance(
        account=account.name,
        venue=account.venue,
        asset=unit.asset,
        wallet_balance=unit.amount(row.wallet_balance),
        unrealized_pnl=unit.amount(row.unrealised_pnl),
        equity=unit.amount(row.margin_balance),
        available_balance=None if shared else available,
        max_withdraw=unit.amount(row.withdrawable_margin),
        updated_at=None if isinstance(row.timestamp, Unset) else _moment(row.timestamp),
        notes=[SHARED.format(available)] if shared else [],
    )


def _moment(written: str) -> datetime:
    try:
        when = datetime.fromisoformat(written)
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        msg = "Margin.timestamp is not a time in ISO 8601."
        raise InvalidResponseError(msg)
    return when


def _summary(account: Account, row: Margin, unit: Unit) -> Summary:
    return Summary(
        account=account.name,
        venue=account.venue,
        currency=unit.asset,
        mode="multi-assets",
        notes=[POOLED.format(unit.amount(row.margin_balance), unit.amount(row.available_margin))],
    )


def time(account: Account, session: requests.Session) -> int:
    """
    Ask for the time, which stands beside the version.
    """
    client = Client(base_url=account.options["base_url"], session=session)
    return get_info.sync(client=client).timestamp


_CONTRADICTORY: Final = (
    "BitMEX's pages contradict each other on `initMargin` and `maintMargin`: either what open orders and positions"
    " lock, or initial and maintenance margin."
)

BITMEX: Final = Venue(
    id="bitmex",
    title="BitMEX",
    specification=SPECIFICATION,
    fetch=fetch,
    sign=sign,
    time=time,
    limits=[
        Limit(120, seconds=60, per="key", weights={name: w for name, w in WEIGHTS.items() if name != _PUBLIC}),
        Limit(30, seconds=60, weights={_PUBLIC: WEIGHTS[_PUBLIC]}),
    ],
    explain=explain,
    credentials=CREDENTIALS,
    hosts={
        "production": "https://www.bitmex.com",
        "test": "https://testnet.bitmex.com",
    },
    fills={
        "wallet_balance": "`walletBalance`, by the `scale` of its currency",
        "unrealized_pnl": "`unrealisedPnl`, likewise",
        "equity": "`marginBalance`, likewise",
        "available_balance": "`availableMargin`, likewise, where assets do not share collateral",
        "max_withdraw": "`withdrawableMargin`, likewise",
        "updated_at": "`timestamp`",
    },
    unknown={
        "initial_margin": _CONTRADICTORY,
        "position_margin": _CONTRADICTORY,
        "order_margin": _CONTRADICTORY,
        "maintenance_margin": f"{_CONTRADICTORY} In clients' records, `maintMargin` of an isolated position is what it"
        " locks, with its PnL.",
        "available_balance": "In multi-asset margin mode, where it is not documented what `availableMargin` of a"
        " currency counts.",
        "cross_wallet_balance": "BitMEX does not tell cross and isolated positions apart here.",
        "cross_unrealized_pnl": "BitMEX does not tell cross and isolated positions apart here.",
    },
    ignores={
        "account": "the number of the account, which has our own name",
        "riskLimit": "what positions are allowed to be",
        "prevState": "not documented",
        "state": "not documented",
        "action": "not documented",
        "amount": "the wallet before what was realised since the last settlement",
        "pendingCredit": "not documented",
        "pendingDebit": "not documented",
        "confirmedDebit": "not documented",
        "prevRealisedPnl": "realised PnL is in the wallet",
        "prevUnrealisedPnl": "unrealised PnL of another time",
        "grossComm": "fees are in the wallet",
        "grossOpenCost": "value of open orders",
        "grossOpenPremium": "likewise",
        "grossExecCost": "value of positions",
        "grossMarkValue": "likewise",
        "grossLastValue": "likewise",
        "riskValue": "likewise",
        "taxableMargin": "not documented",
        "initMargin": "documented in two ways, which contradict each other",
        "maintMargin": "likewise",
        "sessionMargin": "not documented",
        "targetExcessMargin": "not documented",
        "varMargin": "not documented",
        "realisedPnl": "it is in the wallet",
        "indicativeTax": "not documented",
        "unrealisedProfit": "a part of the unrealised PnL",
        "syntheticMargin": "not documented",
        "marginBalancePcnt": "a share",
        "marginLeverage": "value of positions by margin balance",
        "marginUsedPcnt": "a share, by `maintMargin`",
        "excessMargin": "margin balance less `maintMargin`",
        "excessMarginPcnt": "a share",
        "makerFeeDiscount": "what trading costs",
        "takerFeeDiscount": "likewise",
        "commission": "likewise",
        "foreignMarginBalance": "not documented",
        "foreignRequirement": "not documented",
        "majorCurrency": "another name of the asset",
        "name": "another name of the asset",
        "currencyType": "the kind of the asset",
        "enabled": "what can be done with the asset",
        "isMarginCurrency": "likewise",
        "minDepositAmount": "likewise",
        "minWithdrawalAmount": "likewise",
        "maxWithdrawalAmount": "likewise",
        "memoRequired": "likewise",
        "networks.asset": "likewise",
        "tokenAddress": "likewise",
        "depositEnabled": "likewise",
        "withdrawalEnabled": "likewise",
        "withdrawalFee": "likewise",
        "minFee": "likewise",
        "maxFee": "likewise",
        "version": "of the API",
    },
    private=("account",),
)
