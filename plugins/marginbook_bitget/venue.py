"""
Bitget futures, from ``GET /api/v2/mix/account/accounts``: USDT-M, USDC-M and coin-margined.

Source: the specification in ``specs/bitget.openapi.yaml``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from marginbook import InvalidResponseError, Limit, Option, Statement, Venue
from marginbook.wire import UNSET, Client
from marginbook_bitget.accounts import USDT_FUTURES, apart, distinct, merged, parts, summary
from marginbook_bitget.codes import explain
from marginbook_bitget.keys import CREDENTIALS, sign
from marginbook_clients.bitget.api.account import get_account_list
from marginbook_clients.bitget.api.system import get_server_time
from marginbook_clients.bitget.costs import RATE_LIMITS
from marginbook_clients.bitget.specification import SPECIFICATION

if TYPE_CHECKING:
    import requests

    from marginbook import Account

#: The three kinds of accounts, each asked for by itself.
PRODUCT_TYPES: Final = (USDT_FUTURES, "USDC-FUTURES", "COIN-FUTURES")

PRODUCT_TYPE: Final = Option(
    "product_type",
    str,
    "Which futures accounts to read. A coin that several of them hold gets one row, with their sums.",
    default="all",
    choices=("all", *PRODUCT_TYPES),
)

DEMO: Final = Option("demo", bool, "Ask for demo trading, which needs a key that was made for it.", default=False)

NO_ACCOUNT: Final = "Bitget tells of no account for {}."


def fetch(account: Account, session: requests.Session) -> Statement:
    """
    Ask for the accounts of each product type.
    """
    client = Client(base_url=account.options["base_url"], session=session)
    chosen = account.options["product_type"]
    told = {
        product_type: get_account_list.sync(
            client=client, product_type=product_type, paptrading="1" if account.options["demo"] else UNSET
        ).data
        for product_type in PRODUCT_TYPES
        if chosen in {"all", product_type}
    }
    answers, notes = distinct(told)
    notes += [NO_ACCOUNT.format(product_type) for product_type, rows in told.items() if not rows]
    found = [part for product_type, rows in answers.items() for part in parts(account, product_type, rows)]
    whole = summary(account, answers.get(USDT_FUTURES, []))
    return Statement(merged(found), apart(account, answers) if whole else (), notes, whole)


def time(account: Account, session: requests.Session) -> int:
    """
    Ask for the time.

    Raises:
        InvalidResponseError: It is no whole number.

    """
    client = Client(base_url=account.options["base_url"], session=session)
    told = get_server_time.sync(client=client).data.server_time
    if not (told.isascii() and told.isdecimal()):
        msg = "serverTime is no whole number."
        raise InvalidResponseError(msg)
    return int(told)


_UNCLEAR: Final = (
    "`locked` is documented in two ways that contradict each other. `crossedMargin` and `isolatedMargin` are missing or"
    " null in recorded answers, and it is not documented whether orders are in them."
)

BITGET: Final = Venue(
    id="bitget",
    title="Bitget futures",
    specification=SPECIFICATION,
    fetch=fetch,
    sign=sign,
    time=time,
    limits=[
        # Bitget, "Quick Start", a copy of 2025-03: all requests of an address together.
        Limit(6000, seconds=60),
        *(
            Limit(requests, seconds=seconds, per="key" if "account" in operation else "address", weights={operation: 1})
            for operation, (requests, seconds) in RATE_LIMITS.items()
        ),
    ],
    explain=explain,
    credentials=CREDENTIALS,
    options=(PRODUCT_TYPE, DEMO),
    hosts={"production": "https://api.bitget.com"},
    fills={
        "wallet_balance": "derived: `accountEquity` - `unrealizedPL`. The former is cut to eight decimals and the"
        " latter is not, so what stands behind the eighth is not cash; for collateral in multi-assets mode, `balance`",
        "unrealized_pnl": "`unrealizedPL`, unless it is empty; derived as 0 for collateral in multi-assets mode, as the"
        " PnL of USDT-M futures is counted in USDT",
        "equity": "`accountEquity`; derived for collateral in multi-assets mode",
        "available_balance": "`crossedMaxAvailable`. A note says where `isolatedMaxAvailable` is another amount, and"
        " where all coins of the account back it together",
        "max_withdraw": "`maxTransferOut`; for collateral in multi-assets mode, `available`; derived where a coin is in"
        " the accounts of several product types: their sum",
        "cross_unrealized_pnl": "`crossedUnrealizedPL`, unless it is empty or null, or does not fit `unrealizedPL`",
    },
    unknown={
        "wallet_balance": "Where Bitget leaves `unrealizedPL` empty; and where there is a trading bonus, or `coupon` or"
        " `grant` is empty, which does not say that there is none.",
        "unrealized_pnl": "Where Bitget leaves it empty. `crossedUnrealizedPL` and `isolatedUnrealizedPL` do not"
        " replace it: in the published example, they contradict `accountEquity` and `available`.",
        "initial_margin": _UNCLEAR,
        "position_margin": _UNCLEAR,
        "order_margin": _UNCLEAR,
        "maintenance_margin": "Told in multi-assets mode alone, of the whole account, in its summary.",
        "available_balance": "For collateral in multi-assets mode, and where a coin is in the accounts of several"
        " product types: each backs positions of its own.",
        "cross_wallet_balance": "No part of the answer.",
        "cross_unrealized_pnl": "Where Bitget leaves it or `unrealizedPL` empty, and where it and"
        " `isolatedUnrealizedPL` are not `unrealizedPL` together: in the published example, it contradicts the others.",
        "updated_at": "No part of the answer: `requestTime` is when it was asked for.",
    },
    ignores={
        "code": "00000, or the answer is an error",
        "msg": "a text that goes with the code",
        "requestTime": "the time of the answer, not of the row",
        "locked": "documented in two ways that contradict each other",
        "data.available": "documented as what is available, and recorded as what is in the account without unrealized"
        " PnL; in a collateral asset, it is read",
        "usdtEquity": "accountEquity, converted",
        "btcEquity": "accountEquity, converted",
        "crossedRiskRate": "what it is made of is not documented",
        "unionTotalMagin": "a misspelling of the published example, with a text that is no number",
        "isolatedMargin": "whether orders are in it is not documented",
        "crossedMargin": "whether orders are in it is not documented",
        "isolatedUnrealizedPL": "a part of unrealizedPL",
    },
)
