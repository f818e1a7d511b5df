"""
Deribit, from ``GET /api/v2/private/get_account_summaries``.

An account has a summary for each currency, and there are no isolated positions. Source: the specification in
``specs/deribit.openapi.yaml``, with what its example adds up to. What follows from it:

- Futures are settled once a day: what they gained or lost is paid into ``balance`` then. Until then it stands in
  ``futures_session_rpl``, where it is realized, and in ``futures_session_upl``, where it is not. So the wallet balance
  is ``balance`` + ``futures_session_rpl``. ``futures_pl`` is no unrealized PnL: a part of it has been paid already.
- Options are paid for at once, and equity has their whole value in it, not what they have gained. No figure of ours
  is the difference between the two, so that with options open the unrealized PnL is not known; cash and equity are.
- The maintenance margin is held against ``margin_balance``, which options are not in with standard margin. Then it is
  not what our word means, and a ratio to equity would look safer than the account is.
- With cross collateral, ``available_funds`` and the margins are those of the whole account in each currency's row,
  converted. They are told in USD as well, which is what the summary of the account has.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from attrs import evolve

from marginbook import ApiError, Balance, InvalidResponseError, Limit, Statement, Summary, Venue, less, total
from marginbook.wire import Client, Unset, known
from marginbook_clients.deribit.api.account import get_account_summaries
from marginbook_clients.deribit.api.system import get_time
from marginbook_clients.deribit.costs import WEIGHTS
from marginbook_clients.deribit.models.error_response import ErrorResponse
from marginbook_clients.deribit.specification import SPECIFICATION
from marginbook_deribit.codes import explain
from marginbook_deribit.keys import CREDENTIALS, sign

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import requests

    from marginbook import Account
    from marginbook.wire import Response
    from marginbook_clients.deribit.models.account_summary import AccountSummary
    from marginbook_clients.deribit.models.rpc_error import RpcError
    from marginbook_clients.deribit.models.summaries_response import SummariesResponse

_ASKED: Final = "GET /api/v2/private/get_account_summaries"

#: Credits that come back to a key each second.
CREDITS: Final = 10_000

WALLET: Final = "balance + futures_session_rpl, which is paid into it at the next settlement"
PNL: Final = "equity - wallet_balance, which is futures_session_upl but for the venue's rounding"

OPTIONS: Final = (
    "Options are open. Equity has their whole value in it, options_value {}, and their PnL is options_pl {}, so that"
    " unrealized_pnl is not known; wallet_balance is cash, after the premiums."
)
UNEXPLAINED: Final = (
    "The venue's figures do not add up: equity is {} more than balance + futures_session_rpl + futures_session_upl +"
    " options_value. It is not known which of them is cash, so wallet_balance and unrealized_pnl are not known."
)
OTHER_MEASURE: Final = (
    "Deribit holds a maintenance margin of {} against a margin_balance of {}, and not against equity, so"
    " maintenance_margin, as the equity at which it liquidates, is not known."
)
SHARED: Final = "Deribit tells this of the whole account, converted to {}: {}."
FEES: Final = "There is a fee_balance of {}. Deribit does not document whether balance has it in it."
CONTRADICTION: Final = "The totals of the account are not the same in all of its currencies, so none of them is given."
NEW_MODEL: Final = "Deribit has a margin model {} that marginbook does not know, so margins may mean something else."

#: Our words for the margin models, of which the first two have no summary.
MODES: Final = {
    "segregated_sm": "single-asset",
    "segregated_pm": "single-asset",
    "cross_sm": "multi-assets",
    "cross_pm": "portfolio",
}

#: How many units of the last place five rounded figures may be off, together with the limits of binary numbers.
_ROUNDING: Final = 3


#: Decimals that every currency of Deribit has at least. A JSON number does not tell those that are 0.
_FEWEST: Final = 6


def fetch(account: Account, session: requests.Session) -> Statement:
    """
    Ask for all currencies of the account.
    """
    client = Client(base_url=account.options["base_url"], session=session)
    answer = get_account_summaries.sync_detailed(client=client, extended=True)
    if not isinstance(answer.parsed.error, Unset):
        raise _refusal(answer, answer.parsed.error)
    if isinstance(answer.parsed.result, Unset):
        msg = "SummariesResponse: the field result is missing."
        raise InvalidResponseError(msg, hint="The venue may have changed: look for a newer plugin.")
    return statement(account, answer.parsed.result.summaries)


def _refusal(answer: Response[SummariesResponse], error: RpcError) -> ApiError:
    """
    Return what is raised for a refusal with another status.
    """
    return ApiError(
        _ASKED,
        status_code=answer.status_code,
        headers=answer.headers,
        content=answer.content,
        parsed=ErrorResponse(jsonrpc=answer.parsed.jsonrpc, error=error),
    )


def statement(account: Account, rows: Sequence[AccountSummary]) -> Statement:
    """
    Translate the whole answer.
    """
    wholes = list(dict.fromkeys(summary(account, row) for row in rows if not isinstance(row.total_equity_usd, Unset)))
    models = sorted({row.margin_model for row in rows if not isinstance(row.margin_model, Unset)} - MODES.keys())
    notes = [*([CONTRADICTION] if len(wholes) > 1 else []), *(NEW_MODEL.format(model) for model in models)]
    return Statement([balance(account, row) for row in rows], (), notes, wholes[0] if len(wholes) == 1 else None)


def balance(account: Account, row: AccountSummary) -> Balance:
    """
    Translate the summary of one currency.
    """
    told = Balance(
        account=account.name,
        venue=account.venue,
        asset=row.currency,
        equity=row.equity,
        max_withdraw=row.available_withdrawal_funds,
        notes=_remarks(row),
    )
    if not row.cross_collateral_enabled:
        told = evolve(
            told,
            initial_margin=row.initial_margin,
            maintenance_margin=row.maintenance_margin if _is_measured_by_equity(row) else None,
            available_balance=row.available_funds,
        )
    return told if _unexplained(row) else _with_pnl(_with_wallet(told, row), row)


def _with_wallet(told: Balance, row: AccountSummary) -> Balance:
    realized = _realized(row)
    if not realized:
        return evolve(told, wallet_balance=row.balance)
    return told.derive("wallet_balance", total((row.balance, realized)), WALLET)


def _with_pnl(told: Balance, row: AccountSummary) -> Balance:
    if _has_options(row):
        return told
    pnl = less(row.equity, row.balance, _realized(row))
    if pnl == _unrealized(row):
        return evolve(told, unrealized_pnl=_unrealized(row))
    return told.derive("unrealized_pnl", pnl, PNL)


def _remarks(row: AccountSummary) -> Iterator[str]:
    if difference := _unexplained(row):
        yield UNEXPLAINED.format(f"{difference:f}")
    elif _has_options(row):
        yield OPTIONS.format(f"{row.options_value:f}", f"{row.options_pl:f}")
    if row.cross_collateral_enabled:
        yield from _shared(row)
    elif not _is_measured_by_equity(row):
        yield OTHER_MEASURE.format(f"{row.maintenance_margin:f}", f"{row.margin_balance:f}")
    if not isinstance(row.fee_balance, Unset) and row.fee_balance:
        yield FEES.format(f"{row.fee_balance:f}")


def _shared(row: AccountSummary) -> Iterator[str]:
    """
    Say what stands in the row of one currency, and is of all of them.
    """
    shared = {
        "margin_balance": row.margin_balance,
        "available_funds": row.available_funds,
        "initial_margin": row.initial_margin,
        "maintenance_margin": row.maintenance_margin,
    }
    if any(shared.values()):
        yield SHARED.format(row.currency, ", ".join(f"{name} {amount:f}" for name, amount in shared.items()))


def _has_options(row: AccountSummary) -> bool:
    return bool(row.options_value or row.options_pl)


# Where futures are not told apart, the sums with options do, or the figures do not add up.


def _realized(row: AccountSummary) -> Decimal:
    told = row.futures_session_rpl
    return row.session_rpl if isinstance(told, Unset) else told


def _unrealized(row: AccountSummary) -> Decimal:
    told = row.futures_session_upl
    return row.session_upl if isinstance(told, Unset) else told


def _unexplained(row: AccountSummary) -> Decimal:
    """
    Return what equity has in it beyond the figures that it is made of, or 0 where that is but rounding.
    """
    return _difference(row.equity, row.balance, _realized(row), _unrealized(row), row.options_value)


def _is_measured_by_equity(row: AccountSummary) -> bool:
    return not _difference(row.equity, row.margin_balance)


def _difference(amount: Decimal, *parts: Decimal) -> Decimal:
    found = less(amount, *parts)
    return Decimal() if abs(found) <= _ROUNDING * _unit((amount, *parts)) else found


def _unit(amounts: Iterable[Decimal]) -> Decimal:
    """
    Return a unit of the last place that any of *amounts* has.
    """
    return Decimal(1).scaleb(min(-_FEWEST, *(int(amount.as_tuple().exponent) for amount in amounts)))


def summary(account: Account, row: AccountSummary) -> Summary:
    """
    Translate what a row tells of the account as a whole.
    """
    model = "" if isinstance(row.margin_model, Unset) else row.margin_model
    return Summary(
        account=account.name,
        venue=account.venue,
        currency="USD",
        mode=MODES.get(model, model) or None,
        equity=known(row.total_equity_usd),
        adjusted_equity=known(row.total_margin_balance_usd),
        initial_margin=known(row.total_initial_margin_usd),
        maintenance_margin=known(row.total_maintenance_margin_usd),
    )


def time(account: Account, session: requests.Session) -> int:
    """
    Ask for the time.
    """
    client = Client(base_url=account.options["base_url"], session=session)
    return get_time.sync(client=client).result


_WHOLE: Final = "With cross collateral, Deribit tells that of the whole account, and the summary has it in USD."
_NO_SPLIT: Final = "Deribit does not tell what positions and what orders lock."
_SENSITIVITY: Final = "a sensitivity of positions to prices"
_PROJECTED: Final = "what would be without the positions that expire next"
_PART: Final = "a part of what positions have gained since they were opened, settled or not"
_SETTING: Final = "a setting of the account"
_OWNER: Final = "says whose account it is"
_ENVELOPE: Final = "a part of the envelope"

DERIBIT: Final = Venue(
    id="deribit",
    title="Deribit",
    specification=SPECIFICATION,
    fetch=fetch,
    sign=sign,
    time=time,
    limits=[Limit(CREDITS, seconds=1, per="key", weights=WEIGHTS)],
    explain=explain,
    credentials=CREDENTIALS,
    hosts={"production": "https://www.deribit.com", "test": "https://test.deribit.com"},
    fills={
        "wallet_balance": "`balance`; derived: `balance` + `futures_session_rpl`, where something was realized since"
        " the last settlement",
        "unrealized_pnl": "`futures_session_upl`, what open futures have gained or lost since the last settlement, as"
        " what they had before is in `balance`; derived: `equity` - `wallet_balance`, where rounding makes it another",
        "equity": "`equity`",
        "initial_margin": "`initial_margin`, without cross collateral",
        "maintenance_margin": "`maintenance_margin`, without cross collateral, where `margin_balance` is `equity`",
        "available_balance": "`available_funds`, without cross collateral",
        "max_withdraw": "`available_withdrawal_funds`",
    },
    unknown={
        "wallet_balance": "Where `equity` is not what cash, PnL and options add up to.",
        "unrealized_pnl": "With options open, whose whole value is in `equity`; and where the figures do not add up.",
        "initial_margin": _WHOLE,
        "position_margin": _NO_SPLIT,
        "order_margin": _NO_SPLIT,
        "maintenance_margin": "Where Deribit does not hold it against equity, as with options in standard margin."
        f" {_WHOLE}",
        "available_balance": "With cross collateral, Deribit tells that of the whole account.",
        "cross_wallet_balance": "There are no isolated wallets, so it would be the wallet balance.",
        "cross_unrealized_pnl": "There are no isolated positions, so it would be the unrealized PnL.",
        "updated_at": "No part of the answer.",
    },
    ignores={
        "jsonrpc": _ENVELOPE,
        "result.id": _OWNER,
        "id": _ENVELOPE,
        "testnet": _ENVELOPE,
        "usIn": _ENVELOPE,
        "usOut": _ENVELOPE,
        "usDiff": _ENVELOPE,
        "email": _OWNER,
        "system_name": _OWNER,
        "username": _OWNER,
        "referrer_id": _OWNER,
        "deposit_address": _OWNER,
        "type": _SETTING,
        "creation_timestamp": _SETTING,
        "login_enabled": _SETTING,
        "security_keys_enabled": _SETTING,
        "mmp_enabled": _SETTING,
        "interuser_transfers_enabled": _SETTING,
        "self_trading_reject_mode": _SETTING,
        "self_trading_extended_to_subaccounts": _SETTING,
        "block_rfq_self_match_prevention": _SETTING,
        "trading_products_details": _SETTING,
        "receive_notifications": _SETTING,
        "change_margin_model_api_limit": _SETTING,
        "user_origin": _SETTING,
        "disable_kyc_verification": _SETTING,
        "mandatory_tfa": _SETTING,
        "is_direct_access_allowed": _SETTING,
        "portfolio_margining_enabled": "margin_model says it",
        "limits": "the account's rate limits",
        "fees": "what trades cost",
        "fee_group": "what trades cost",
        "affiliate_promotion_fee": "what trades cost",
        "has_non_block_chain_equity": "for the venue's proof of reserves",
        "total_pl": _PART,
        "futures_pl": _PART,
        "session_rpl": "futures_session_rpl and options_session_rpl; read where futures are not told apart",
        "session_upl": "futures_session_upl and options_session_upl; read where futures are not told apart",
        "options_session_rpl": "in cash already, since options are paid for at once",
        "options_session_upl": "a part of options_value",
        "spot_reserve": "what orders reserve, which is a part of balance",
        "additional_reserve": "what orders reserve, which is a part of balance",
        "locked_balance": "a part of balance; available_withdrawal_funds is without it",
        "close_out_margin": "not documented",
        "projected_close_out_margin": "not documented",
        "options_delta": _SENSITIVITY,
        "options_gamma": _SENSITIVITY,
        "options_vega": _SENSITIVITY,
        "options_theta": _SENSITIVITY,
        "options_gamma_map": _SENSITIVITY,
        "options_vega_map": _SENSITIVITY,
        "options_theta_map": _SENSITIVITY,
        "delta_total": _SENSITIVITY,
        "delta_total_map": _SENSITIVITY,
        "total_delta_total_usd": _SENSITIVITY,
        "projected_delta_total": _PROJECTED,
        "projected_initial_margin": _PROJECTED,
        "projected_maintenance_margin": _PROJECTED,
        "estimated_liquidation_ratio": "prices of liquidation, which are no figures of a balance",
        "estimated_liquidation_ratio_map": "prices of liquidation, which are no figures of a balance",
    },
    private=("email", "system_name", "username", "referrer_id", "deposit_address"),
)
