"""
The accounts of a product type, in our words, and the same coin of several of them in one row.

Sources: the specification in ``specs/bitget.openapi.yaml``; Bitget, "Glossary of USDT-M Futures in multi-asset mode"
and "Debt repayment and fund transfer for USDT-M positions in multi-asset mode", read 2026-11: PnL of USDT-M futures is
counted in USDT, so that of other coins there is zero; the balance of a coin is without unrealized PnL; multi-assets
margin is counted in USDT, after haircuts; a trading bonus is a part of what is available, and cannot be transferred.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from attrs import frozen

from marginbook import Balance, Lock, Summary, figure, less, total
from marginbook.wire import Unset

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from marginbook import Account
    from marginbook_clients.bitget.models.collateral_asset import CollateralAsset
    from marginbook_clients.bitget.models.futures_account import FuturesAccount

#: The product type whose account other coins can be the collateral of.
USDT_FUTURES: Final = "USDT-FUTURES"

#: How an account in multi-assets mode is marked.
UNION: Final = "union"

WALLET: Final = "accountEquity - unrealizedPL"
ELSEWHERE: Final = "the PnL of USDT-M futures is counted in USDT alone"

EMPTY: Final = "Bitget leaves unrealizedPL empty, so unrealized_pnl and wallet_balance are not known."
NO_BONUS: Final = (
    "Bitget does not tell the trading bonus (coupon and grant), so it is not known whether there is one, which would be"
    " no cash: wallet_balance is not known, and equity may have a bonus in it."
)
POOLED: Final = "available_balance is what all coins of the USDT-M account back together, in multi-assets mode."
UNLISTED: Final = "Bitget does not list the coins that are collateral (assetList), so they are in no row."
REPEATED: Final = (
    "What Bitget told of {} for {} is to the last digit what it had told for another product type: it is counted once."
)
PART: Final = "These are the figures of the USDT-M account alone: other product types have accounts of their own."

#: What is added up where a coin is in several accounts. No position can be backed by more than one of them, so what is
#: available is not.
_ADDED: Final = ("wallet_balance", "unrealized_pnl", "equity", "max_withdraw", "cross_unrealized_pnl")


@frozen
class Part:
    """
    What one account holds of a coin.

    Attributes:
        product_type: Whose account it is.

        balance: The row.

    """

    product_type: str
    balance: Balance


def distinct(answers: Mapping[str, Sequence[FuturesAccount]]) -> tuple[dict[str, list[FuturesAccount]], list[str]]:
    """
    Return the rows of each product type without those that an earlier one has told to the last digit, and what is to be
    said of these.

    Each product type has accounts of its own. Where the parameter does not reach the venue, the same one comes each
    time, and must not be added up.
    """
    told: list[FuturesAccount] = []
    found: dict[str, list[FuturesAccount]] = {}
    notes = []
    for product_type, rows in answers.items():
        again = [row for row in rows if row in told]
        notes += [REPEATED.format(row.margin_coin, product_type) for row in again]
        found[product_type] = [row for row in rows if row not in told]
        told += found[product_type]
    return found, notes


def parts(account: Account, product_type: str, rows: Iterable[FuturesAccount]) -> Iterator[Part]:
    """
    Yield what the accounts of a product type hold: the coin of each row, and the coins that are its collateral.

    Raises:
        InvalidResponseError: An amount is neither a number nor empty.

    """
    for row in rows:
        yield Part(product_type, _margin_coin(account, row))
        # The row itself says more of its own coin.
        others = (asset for asset in row.asset_list or () if asset.coin != row.margin_coin)
        yield from (Part(product_type, _collateral(account, product_type, asset)) for asset in others)


def _margin_coin(account: Account, row: FuturesAccount) -> Balance:
    pnl, bonus = figure("unrealizedPL", row.unrealized_pl), _bonus(row)
    told = Balance(
        account=account.name,
        venue=account.venue,
        asset=row.margin_coin,
        equity=row.account_equity,
        unrealized_pnl=pnl,
        available_balance=row.crossed_max_available,
        max_withdraw=row.max_transfer_out,
        cross_unrealized_pnl=_cross_pnl(row, pnl),
        notes=_remarks(row, pnl, bonus),
    )
    if pnl is None or bonus != 0:
        return told
    return told.derive("wallet_balance", less(row.account_equity, pnl), WALLET)


def _cross_pnl(row: FuturesAccount, pnl: Decimal | None) -> Decimal | None:
    """
    Return the unrealized PnL of cross positions, or None where it does not fit that of all positions.
    """
    cross = figure("crossedUnrealizedPL", row.crossed_unrealized_pl)
    isolated = figure("isolatedUnrealizedPL", row.isolated_unrealized_pl)
    if cross is None or pnl is None:
        return None
    return cross if isolated is None or total((cross, isolated)) == pnl else None


def _bonus(row: FuturesAccount) -> Decimal | None:
    """
    Return the trading bonus, or None where it is left empty. The list has no grant, so that it may be missing.
    """
    told = [figure("coupon", row.coupon)]
    if not isinstance(row.grant, Unset):
        told.append(figure("grant", row.grant))
    return total(told)


def _remarks(row: FuturesAccount, pnl: Decimal | None, bonus: Decimal | None) -> Iterator[str]:
    if pnl is None:
        yield EMPTY
    if bonus is None:
        yield NO_BONUS
    elif bonus:
        yield (
            f"There is a trading bonus of {bonus:f} (coupon and grant), which is no cash. Bitget does not say whether"
            " accountEquity has it in it, so wallet_balance is not known, and equity may have the bonus in it."
        )
    if row.asset_mode == UNION:
        yield POOLED
        if not isinstance(row.asset_list, list):
            yield UNLISTED
    if row.isolated_max_available != row.crossed_max_available:
        yield (
            f"available_balance is for cross positions: {row.isolated_max_available:f} is available for isolated ones."
        )


def _collateral(account: Account, product_type: str, asset: CollateralAsset) -> Balance:
    told = Balance(
        account=account.name,
        venue=account.venue,
        asset=asset.coin,
        wallet_balance=asset.balance,
        max_withdraw=asset.available,
    )
    return told.derive("unrealized_pnl", Decimal(), ELSEWHERE) if product_type == USDT_FUTURES else told


def merged(found: Iterable[Part]) -> list[Balance]:
    """
    Return one row for each coin, in the order in which they came.
    """
    coins: dict[str, list[Part]] = {}
    for part in found:
        coins.setdefault(part.balance.asset, []).append(part)
    return [row for own in coins.values() for row in _together(own)]


def _together(own: Sequence[Part]) -> list[Balance]:
    product_types = [part.product_type for part in own]
    if len(own) == 1 or len(set(product_types)) < len(own):
        # Twice in one account is a contradiction, which the core does not let pass.
        return [part.balance for part in own]
    first, where = own[0].balance, ", ".join(product_types)
    row = Balance(account=first.account, venue=first.venue, asset=first.asset, notes=_all_notes(own, where))
    for name in _ADDED:
        if (amount := total(getattr(part.balance, name) for part in own)) is not None:
            row = row.derive(name, amount, f"the sum of {where}")
    return [row]


def _all_notes(own: Sequence[Part], where: str) -> Iterator[str]:
    yield (
        f"The accounts of {where} hold it, so available_balance is not known: each backs positions of its own. The"
        " option product_type shows one of them."
    )
    yield from (f"{part.product_type}: {note}" for part in own for note in part.balance.notes)


def apart(account: Account, answers: Mapping[str, Iterable[FuturesAccount]]) -> Iterator[Lock]:
    """
    Yield the accounts of other product types, which are no part of the one collateral of the USDT-M account: each is
    liquidated by itself, and Bitget does not tell how near to that it is.
    """
    for product_type, rows in answers.items():
        for row in rows:
            if product_type != USDT_FUTURES and any((row.account_equity, row.crossed_max_available, row.locked)):
                yield Lock(
                    account=account.name,
                    venue=account.venue,
                    symbol=product_type,
                    asset=row.margin_coin,
                    isolated=True,
                    equity=row.account_equity,
                )


def summary(account: Account, rows: Iterable[FuturesAccount]) -> Summary | None:
    """
    Return what the USDT-M account says of all its coins together, or None where it is not in multi-assets mode.

    Raises:
        InvalidResponseError: An amount is neither a number nor empty.

    """
    row = next((row for row in rows if row.asset_mode == UNION), None)
    if row is None:
        return None
    return Summary(
        account=account.name,
        venue=account.venue,
        currency="USDT",
        mode="multi-assets",
        adjusted_equity=figure("unionTotalMargin", row.union_total_margin),
        available_balance=figure("unionAvailable", row.union_available),
        maintenance_margin=figure("unionMm", row.union_mm),
        notes=[PART],
    )
