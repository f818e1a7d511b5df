"""
Binance USDⓈ-M futures, from ``GET /fapi/v3/balance`` or its older twin ``/fapi/v2/balance``; with detail margin, from
``GET /fapi/v3/account`` and ``GET /fapi/v1/accountConfig``.

Sources: the specification in ``specs/binance_usdm.openapi.yaml``, and Binance's FAQ "How to Check Futures Wallet
Balance".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from marginbook import DETAIL, Option, Statement, Venue, hookimpl
from marginbook.wire import Client
from marginbook_binance.codes import explain
from marginbook_binance.keys import CREDENTIALS, sign
from marginbook_binance.options import RECV_WINDOW, address_limit
from marginbook_binance.rows import FILLS, IGNORES, both, translate, unknown
from marginbook_clients.binance_usdm.costs import WEIGHTS
from marginbook_clients.binance_usdm.specification import SPECIFICATION

if TYPE_CHECKING:
    import requests

    from marginbook import Account, PriceSource
    from marginbook.sandbox import Stage

VERSIONS: Final = ("v3", "v2")


def _check_version(version: str) -> str:
    if version == "v1":
        return "Binance retired GET /fapi/v1/balance on 2023-07-15, so it has to be v3 or v2"
    return ""


def fetch(account: Account, session: requests.Session) -> Statement:
    """
    Ask for all assets of the account.
    """
    client = Client(base_url=account.options["base_url"], session=session)
    if account.options["detail"] == "margin":
        # Each account is asked in one way, and waits for the import of no other; so below.
        from marginbook_binance.usdm_margins import in_detail  # noqa: PLC0415

        return in_detail(account, client)
    if account.options["api_version"] == "v2":
        from marginbook_clients.binance_usdm.api.account.futures_account_balance_v2 import sync  # noqa: PLC0415
    else:
        from marginbook_clients.binance_usdm.api.account.futures_account_balance_v3 import sync  # noqa: PLC0415
    rows = sync(client=client, recv_window=account.options["recv_window"])
    return Statement([translate(account, row, max_withdraw=row.max_withdraw_amount) for row in rows])


def time(account: Account, session: requests.Session) -> int:
    """
    Ask for the time.
    """
    from marginbook_clients.binance_usdm.api.market import check_server_time  # noqa: PLC0415

    client = Client(base_url=account.options["base_url"], session=session)
    return check_server_time.sync(client=client).server_time


USDM: Final = Venue(
    id="binance-usdm",
    title="Binance USDⓈ-M futures",
    specification=SPECIFICATION,
    fetch=fetch,
    sign=sign,
    time=time,
    limits=(address_limit(WEIGHTS),),
    explain=explain,
    credentials=CREDENTIALS,
    options=(
        Option(
            "api_version",
            str,
            "Version of the balance endpoint.",
            default="v3",
            choices=VERSIONS,
            check=_check_version,
        ),
        DETAIL,
        RECV_WINDOW,
    ),
    hosts={
        "production": "https://fapi.binance.com",
        "demo": "https://demo-fapi.binance.com",
        "test": "https://testnet.binancefuture.com",
    },
    fills={
        **both({**FILLS, "available_balance": "`availableBalance`", "max_withdraw": "`maxWithdrawAmount`"}),
        "available_balance": "`availableBalance`; in multi-assets mode, collateral that all assets share",
    },
    unknown=unknown("GET /fapi/v3/account"),
    ignores={
        "accountAlias": "a code for the account, which has our own name",
        "marginAvailable": "whether the asset could be collateral in multi-assets mode, which does not tell the mode",
        **IGNORES,
        "notional": "value of a position, which is no margin",
        "dualSidePosition": "whether a symbol has two positions, which `positionSide` tells of each",
        "feeTier": "what trading costs",
        "canTrade": "what the account may do, which is no amount",
        "canDeposit": "likewise",
        "canWithdraw": "likewise",
        "tradeGroupId": "a number of the venue for a group of accounts",
        "accountConfig.updateTime": "reserved by Binance, to be ignored",
    },
    private=("accountAlias",),
)


@hookimpl
def marginbook_venues() -> list[Venue]:
    """
    Offer them as a venue.
    """
    return [USDM]


@hookimpl
def marginbook_prices() -> list[PriceSource]:
    """
    Offer their prices, for everybody.
    """
    # Most reports ask for none.
    from marginbook_binance.prices import USDM_PRICES  # noqa: PLC0415

    return [USDM_PRICES]


@hookimpl
def marginbook_stages() -> list[Stage]:
    """
    Play them.
    """
    # The server library is for the sandbox alone.
    from marginbook_binance.stage import usdm  # noqa: PLC0415

    return [usdm()]
