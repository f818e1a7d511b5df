"""
Hyperliquid, from ``POST /info``.

Source: the specification in ``specs/hyperliquid.openapi.yaml``. Accounts are public: there is no key, an address says
whose figures are asked for. An account has a mode, which has to be asked first:

- ``default`` and ``disabled``: Hyperliquid's own dex and each dex of others keep a balance of their own, and tokens are
  apart from all of them. All dexs are asked; tokens are mentioned, and no collateral.
- ``unifiedAccount``: each token is one balance. Rows are tokens, and dexs tell the positions only.
- ``portfolioMargin``: likewise, and tokens are lent and borrowed.

Another mode is refused: its figures would be read wrongly.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from attrs import frozen

from marginbook import ConfigurationError, InvalidResponseError, Limit, Option, Statement, Venue
from marginbook.wire import Client, Fields
from marginbook_clients.hyperliquid.api.info import (
    clearinghouse_state,
    meta,
    perp_dexs,
    spot_clearinghouse_state,
    user_abstraction,
)
from marginbook_clients.hyperliquid.models.question import Question
from marginbook_clients.hyperliquid.specification import SPECIFICATION
from marginbook_hyperliquid import tokens
from marginbook_hyperliquid.codes import explain
from marginbook_hyperliquid.dexs import OWN, Dex, together, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import requests

    from marginbook import Account, Balance
    from marginbook_clients.hyperliquid.models.spot_balance import SpotBalance

#: Modes in which dexs keep balances of their own, and those in which tokens are the balances.
APART: Final = {"default", "disabled"}
UNIFIED: Final = "unifiedAccount"
PORTFOLIO: Final = "portfolioMargin"

#: The token that Hyperliquid's own dex is margined in, and its number.
USDC: Final = "USDC"
USDC_TOKEN: Final = 0

#: Weight that an address may spend in a minute.
WEIGHT: Final = 1200

#: What a request is budgeted with. All have one path, so that the core cannot tell them apart: an account costs 20 for
#: its mode, 20 for the list of dexs, 2 for its tokens and 2 for each dex. With one dex, these are 44 for 4 requests.
COST: Final = 11

SPOT: Final = "The account has {} in spot. In its mode this is no collateral, so it is in no row."

_is_address: Final = re.compile(r"0x[0-9a-fA-F]{40}").fullmatch


def _check(address: str) -> str:
    return "" if _is_address(address) else "it is not 0x and 40 hexadecimal digits"


ADDRESS: Final = Option(
    "address",
    str,
    "The address of the account, 0x and 40 hexadecimal digits: of a sub-account or a vault its own, and never that of a"
    " wallet that only signs for it.",
    required=True,
    check=_check,
)


@frozen
class Asking:
    """
    Asks for one account.
    """

    client: Client
    user: str

    def mode(self) -> str:
        """
        Ask how the account keeps its balances.
        """
        return user_abstraction.sync(client=self.client, body=Question(type_="userAbstraction", user=self.user))

    def names(self) -> list[str]:
        """
        Ask for the names of all dexs. The first is Hyperliquid's own, and has none.
        """
        first, *others = perp_dexs.sync(client=self.client, body=Question(type_="perpDexs")) or [{}]
        if first is not None:
            msg = "perpDexs: the first is not Hyperliquid's own."
            raise InvalidResponseError(msg, hint="The venue may have changed: look for a newer plugin.")
        names = [OWN, *(Fields(dex, "perpDexs").take("name", str) for dex in others)]
        if len(set(names)) < len(names):
            # What is on one of them would be counted twice, and what is on the other one not at all.
            msg = "perpDexs: two dexs have the same name."
            raise InvalidResponseError(msg, hint="The venue may have changed: look for a newer plugin.")
        return names

    def dex(self, name: str) -> Dex:
        """
        Ask for what the account has on a dex.
        """
        body = Question(type_="clearinghouseState", user=self.user, dex=name)
        return Dex(name, whole(clearinghouse_state.sync(client=self.client, body=body)))

    def collateral(self, dex: Dex) -> int:
        """
        Ask for the number of the token that is the collateral of a dex.
        """
        if dex.name == OWN:
            return USDC_TOKEN
        return meta.sync(client=self.client, body=Question(type_="meta", dex=dex.name)).collateral_token

    def tokens(self) -> list[SpotBalance]:
        """
        Ask for what the account has in tokens.
        """
        body = Question(type_="spotClearinghouseState", user=self.user)
        return spot_clearinghouse_state.sync(client=self.client, body=body).balances


def fetch(account: Account, session: requests.Session) -> Statement:
    """
    Ask for the mode of the account, for its tokens, and for what it has on each dex.
    """
    asking = Asking(Client(base_url=account.options["base_url"], session=session), account.options["address"])
    mode = asking.mode()
    if mode not in {*APART, UNIFIED, PORTFOLIO}:
        msg = f"The account keeps its balances in the mode {mode!r:.24}, which marginbook does not know how to read."
        raise ConfigurationError(msg, hint="Look for a newer marginbook, or set the account to another mode.")
    held = asking.tokens()
    dexs = [dex for name in asking.names() if (dex := asking.dex(name)).is_used or name == OWN]
    collateral = {dex.name: asking.collateral(dex) for dex in dexs}
    if mode in APART:
        return apart(account, held, dexs, collateral)
    return pooled(account, held, dexs, collateral, lends=mode == PORTFOLIO)


def apart(account: Account, held: Sequence[SpotBalance], dexs: Sequence[Dex], collateral: dict[str, int]) -> Statement:
    """
    Translate an account whose dexs keep balances of their own: a row for each token that is the collateral of some.

    Raises:
        InvalidResponseError: Nothing tells what a dex is margined in.

    """
    names = {USDC_TOKEN: USDC, **{token.token: token.coin for token in held if isinstance(token.token, int)}}
    _name_all(names, dexs, collateral)
    rows = [
        together(account, names[token], [dex for dex in dexs if collateral[dex.name] == token])
        for token in dict.fromkeys(collateral.values())
    ]
    beside = ", ".join(f"{token.coin} {token.total:f}" for token in held if token.total)
    return Statement(rows, notes=[SPOT.format(beside)] if beside else [])


def pooled(
    account: Account,
    held: Sequence[SpotBalance],
    dexs: Sequence[Dex],
    collateral: dict[str, int],
    *,
    lends: bool,
) -> Statement:
    """
    Translate an account whose tokens are its balances: a row for each.

    Raises:
        InvalidResponseError: A dex has positions, or is worth something, and the account does not have its collateral.

    """
    _name_all({token.token for token in held}, [dex for dex in dexs if dex.has_value], collateral)
    return Statement([_token(account, token, dexs, collateral, lends=lends) for token in held])


def _token(
    account: Account, token: SpotBalance, dexs: Sequence[Dex], collateral: dict[str, int], *, lends: bool
) -> Balance:
    backed = [dex for dex in dexs if collateral[dex.name] == token.token]
    return tokens.one(account, token, backed, lends=lends)


def _name_all(known: Iterable[object], dexs: Iterable[Dex], collateral: dict[str, int]) -> None:
    tokens_known = set(known)
    if lost := [dex for dex in dexs if collateral[dex.name] not in tokens_known]:
        msg = f"The dex {lost[0].title} is margined in a token that is not among those of the account."
        raise InvalidResponseError(msg, hint="Ask again, as it may just have changed; then look for a newer plugin.")


_ORDERS: Final = "Hyperliquid does not tell what orders lock."
_POOLED: Final = "With one balance for each token, Hyperliquid does not tell it by token."
_POSITION: Final = "a detail of a position"

HYPERLIQUID: Final = Venue(
    id="hyperliquid",
    title="Hyperliquid",
    specification=SPECIFICATION,
    fetch=fetch,
    limits=[Limit(WEIGHT, weights={"POST /info": COST})],
    explain=explain,
    options=(ADDRESS,),
    hosts={"production": "https://api.hyperliquid.xyz", "test": "https://api.hyperliquid-testnet.xyz"},
    fills={
        "wallet_balance": "derived: `marginSummary.accountValue` - unrealized_pnl, over all dexs with the same"
        " collateral; with one balance for each token, `total`, where there are no positions",
        "unrealized_pnl": "derived: the sum of `unrealizedPnl` of all positions, isolated ones too",
        "equity": "`marginSummary.accountValue`, derived as a sum over dexs where there are several; with one balance"
        " for each token, `total`, where there are no positions",
        "position_margin": "`marginSummary.totalMarginUsed`; derived: less the PnL of isolated positions, which is a"
        " part of it",
        "maintenance_margin": "`crossMaintenanceMarginUsed`, where no margin is isolated, and derived as a sum over"
        " dexs with one balance for each token",
        "max_withdraw": "`withdrawable`, where dexs keep balances of their own; derived: their sum over several dexs",
        "cross_wallet_balance": "derived: `crossMarginSummary.accountValue` - cross_unrealized_pnl",
        "cross_unrealized_pnl": "derived: the sum of `unrealizedPnl` of cross positions",
    },
    unknown={
        "wallet_balance": "With one balance for each token, while there are positions: it is not documented whether"
        " `total` has their PnL in it. In portfolio margin, where it is not documented whether debts are taken off it.",
        "equity": "Likewise.",
        "initial_margin": _ORDERS,
        "position_margin": _POOLED,
        "order_margin": _ORDERS,
        "maintenance_margin": "Where margin is isolated, or several dexs keep balances of their own in the same token.",
        "available_balance": f"{_ORDERS} `withdrawable` is what can leave the account.",
        "max_withdraw": _POOLED,
        "cross_wallet_balance": _POOLED,
        "cross_unrealized_pnl": _POOLED,
        "updated_at": "`time` is when the answer was made.",
    },
    ignores={
        "time": "when the answer was made, not when anything changed",
        "crossMarginSummary.totalMarginUsed": "marginSummary has that of all positions",
        "totalNtlPos": "the value of positions, which is no figure of a balance; read to see that there are some",
        "totalRawUsd": "cash with what positions cost taken off: no cash of the account",
        "marginUsed": "totalMarginUsed has that of all positions",
        "assetPositions.type": "oneWay in any case",
        "position.coin": _POSITION,
        "szi": _POSITION,
        "entryPx": _POSITION,
        "positionValue": _POSITION,
        "returnOnEquity": _POSITION,
        "liquidationPx": _POSITION,
        "maxLeverage": _POSITION,
        "leverage.value": _POSITION,
        "rawUsd": _POSITION,
        "cumFunding": "paid already, and a part of cash",
        "hold": "what orders hold of a token, and positions too, not told apart",
        "entryNtl": "what tokens cost",
        "tokenToAvailableAfterMaintenance": "what is above the maintenance margin: not what can be opened or withdrawn",
        "portfolioMarginEnabled": "the mode says it",
        "portfolioMarginRatio": "a ratio of figures that are not told",
        "universe": "what a dex trades",
        "marginTables": "how much leverage a dex allows",
        "fullName": "a longer name of a dex",
        "deployer": "who deployed a dex",
        "oracleUpdater": "who tells a dex its prices",
    },
)
