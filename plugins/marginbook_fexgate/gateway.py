"""
The gateway fexgate, from ``GET /v1/{exchange}/balance``, which passes on what Binance's ``/fapi/v2/balance`` says.

Sources: the specification in ``specs/fexgate.swagger.json``; for the JSON, the documentation of protobuf's JSON mapping
and of grpc-gateway, whose marshallers print unset fields as zero values or not at all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Protocol

from marginbook import (
    Balance,
    ConfigurationError,
    CredentialsError,
    InvalidResponseError,
    MarginbookError,
    Option,
    PermissionDeniedError,
    RateLimitedError,
    Statement,
    UnavailableError,
    Venue,
    figure,
    from_milliseconds,
)
from marginbook.wire import Client, Unset
from marginbook_clients.fexgate.api.future_trade import future_trade_future_balance
from marginbook_clients.fexgate.specification import SPECIFICATION
from marginbook_fexgate.keys import CREDENTIALS, sign

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    import requests

    from marginbook import Account, ApiError

PLACEHOLDER: Final = "The gateway gives no time of the last change, as for assets that were never held."

#: What gRPC's codes mean, where they mean something to a person. Source: google.rpc.Code.
_CODES: Final[dict[int, tuple[type[MarginbookError], str, str]]] = {
    3: (ConfigurationError, "it does not understand the request", "Check the option exchange."),
    5: (ConfigurationError, "there is no such exchange or path", "Check the options exchange and path_prefix."),
    7: (PermissionDeniedError, "the key may not do this", "Check the key's permissions at the gateway."),
    8: (RateLimitedError, "too many requests", "Ask less often."),
    12: (ConfigurationError, "there is no such operation", "Check the options path_prefix and base_url."),
    14: (UnavailableError, "the gateway or the exchange behind it is out of order", "Try again later."),
    16: (CredentialsError, "it does not accept the key", "Check the key and the secret."),
}


class Row(Protocol):
    """
    One asset. The generated model is called differently in every version of the gateway's specification.
    """

    asset: str | Unset
    balance: str | Unset
    cross_wallet_balance: str | Unset
    cross_un_pnl: str | Unset
    available_balance: str | Unset
    max_withdraw_amount: str | Unset
    update_time: Decimal | Unset
    additional_properties: dict[str, Any]


def fetch(account: Account, session: requests.Session) -> Statement:
    """
    Ask for all assets of the account at one exchange.
    """
    client = Client(base_url=account.options["base_url"] + account.options["path_prefix"], session=session)
    answer = future_trade_future_balance.sync(client=client, exchange=account.options["exchange"])
    if isinstance(answer.balances, Unset):
        if answer.additional_properties:
            # An error with status 200, or another message altogether, is not an empty account.
            msg = f"The answer has no balances, but {_names(answer.additional_properties)}."
            raise InvalidResponseError(msg, hint="Check that base_url and path_prefix lead to the gateway.")
        return Statement([], notes=["The gateway's answer is empty, which is how it writes that there are no assets."])
    return Statement([balance(account, row) for row in answer.balances])


def balance(account: Account, row: Row) -> Balance:
    """
    Translate one row.

    Raises:
        InvalidResponseError: It has no asset, an amount that is no number, or unknown fields in the place of amounts.

    """
    amounts = (
        row.balance,
        row.cross_wallet_balance,
        row.cross_un_pnl,
        row.available_balance,
        row.max_withdraw_amount,
    )
    if row.additional_properties and any(isinstance(amount, Unset) for amount in amounts):
        # A field that was never set may be absent; one that was renamed may not pass for that.
        names = _names(row.additional_properties)
        msg = f"A row of the answer lacks amounts, and has {names} that the specification does not know."
        raise InvalidResponseError(msg, hint="The gateway may have changed: look for a newer marginbook.")
    if not row.asset:
        msg = "A row of the answer has no asset."
        raise InvalidResponseError(msg, hint="Report it to the gateway's operator.")
    updated_at = from_milliseconds(row.update_time or 0)
    return Balance(
        account=account.name,
        venue=account.venue,
        asset=row.asset,
        wallet_balance=figure("balance", row.balance),
        cross_wallet_balance=figure("crossWalletBalance", row.cross_wallet_balance),
        cross_unrealized_pnl=figure("crossUnPnl", row.cross_un_pnl),
        available_balance=figure("availableBalance", row.available_balance),
        max_withdraw=figure("maxWithdrawAmount", row.max_withdraw_amount),
        updated_at=updated_at,
        notes=() if updated_at else (PLACEHOLDER,),
    )


def _names(fields: Iterable[str]) -> str:
    # No name is that long; a secret that was sent back is longer.
    return f"{', '.join(f'{name:.23}' for name in sorted(fields)):.80}"


def explain(error: ApiError) -> MarginbookError | None:
    """
    Say what an error answer means, by its gRPC code; by its status (None) where it has none that is known.

    A gateway made with Kratos writes the HTTP status there, which no gRPC code equals. Texts of the gateway are not
    repeated, since the secret was in the request.
    """
    code = getattr(error.parsed, "code", None)
    if code not in _CODES:
        return None
    kind, meaning, hint = _CODES[code]
    return kind(f"{error.message} Code {code}: {meaning}.", hint=hint, until=error.retry_after)


def _check_exchange(name: str) -> str:
    # It becomes a segment of the path, where dots and slashes would lead elsewhere.
    return "" if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) else "it is not made of letters, digits, _ and - alone"


def _check_prefix(prefix: str) -> str:
    if prefix and not re.fullmatch(r"(/[A-Za-z0-9_-]+)+", prefix):
        return 'it is neither empty nor a path such as "/fexgate"'
    return ""


FEXGATE: Final = Venue(
    id="fexgate",
    title="fexgate, a gateway to futures exchanges",
    specification=SPECIFICATION,
    fetch=fetch,
    sign=sign,
    explain=explain,
    credentials=CREDENTIALS,
    options=(
        Option(
            "exchange",
            str,
            "The gateway's name of the exchange, such as fbinance.",
            required=True,
            check=_check_exchange,
        ),
        Option(
            "path_prefix",
            str,
            "What stands before /v1 in the gateway's paths: /fexgate, /api, or nothing.",
            default="/fexgate",
            check=_check_prefix,
        ),
    ),
    fills={
        "wallet_balance": "`balance`",
        "unrealized_pnl": "derived: `crossUnPnl`, where `balance` = `crossWalletBalance`",
        "equity": "derived: `balance` + `crossUnPnl`, where `balance` = `crossWalletBalance`",
        "available_balance": "`availableBalance`; in multi-assets mode, collateral that all assets share",
        "max_withdraw": "`maxWithdrawAmount`",
        "cross_wallet_balance": "`crossWalletBalance`",
        "cross_unrealized_pnl": "`crossUnPnl`",
        "updated_at": "`updateTime`, unless it is 0",
    },
    unknown={
        "unrealized_pnl": "Where there are isolated wallets: the gateway has no operation that tells their PnL.",
        "equity": "The gateway has no operation that tells it for isolated positions.",
        "initial_margin": "No part of the answer.",
        "position_margin": "No part of the answer.",
        "order_margin": "No part of the answer.",
        "maintenance_margin": "No part of the answer.",
    },
    private=("accountAlias",),
    ignores={
        "accountAlias": "a code for the account, which has our own name",
        "marginAvailable": "whether the asset could be collateral in multi-assets mode, which does not tell the mode",
    },
)
