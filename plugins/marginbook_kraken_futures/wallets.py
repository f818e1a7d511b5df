"""
One row an asset, from the wallets of an account.

The same asset lies in several wallets: in the cash wallet, in the multi-collateral wallet (flex), and in one
single-collateral wallet or more (``fi_xbtusd`` and ``fv_xrpxbt`` both hold xbt). What follows:

- Balances of an asset are added up over the wallets, since all of them are the account's. So are PnL and locked margin
  of the single-collateral wallets, which are counted in their currency.
- Maintenance margins are not: each wallet is liquidated by itself, and no other wallet's money saves it. Nor is what is
  available, since no position draws on two wallets. Where several wallets hold an asset, a note tells them apart, and
  the option ``wallet`` asks for one alone.
- The wallet flex tells PnL and margins as a whole, in USD: they are in the account's summary. Its positions are settled
  in a currency that the owner chooses for each contract, so while there are positions, no row's PnL is known.

Sources: the specification in ``specs/kraken_futures.openapi.yaml``; Kraken, "Equity Protection Process" (a liquidation
in one margin account does not affect any other) and "Single-Collateral & Multi-Collateral Futures Contracts".
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from marginbook import Balance, InvalidResponseError, Lock, Summary, less, total
from marginbook.wire import Unset
from marginbook_clients.kraken_futures.models.margin_account import MarginAccount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from marginbook import Account
    from marginbook_clients.kraken_futures.models.accounts import Accounts
    from marginbook_clients.kraken_futures.models.auxiliary import Auxiliary
    from marginbook_clients.kraken_futures.models.flex_account import FlexAccount

CASH: Final = "cash"
FLEX: Final = "flex"

NO_POSITIONS: Final = "the wallets that hold it have no open positions"

OPAQUE: Final = (
    "The multi-collateral wallet has open positions. Kraken tells their unrealized PnL in USD and as a whole, which is"
    " in the account's summary, and not by the currency that they are settled in, so unrealized_pnl and equity of"
    " assets are not known. The single-collateral wallets can be asked alone: wallet = NAME."
)

NO_FUNDING: Final = (
    "Kraken's portfolio value, {:f}, is not balance and PnL. Unsettled funding, which the answer does not tell, may be"
    " in it, and equity is without."
)
NO_WALLET: Final = "The answer has no wallet {}, which is documented as always there: what it may hold is in no row."
SHORT: Final = (
    "The currencies that Kraken lists of the multi-collateral wallet are worth {:f} USD by its figures, and the wallet"
    " {:f}: currencies may be missing from the rows."
)
PARTLY: Final = "The figures of the whole account are those of the multi-collateral wallet alone, without those of {}."

#: What Kraken's values in USD may be rounded to.
_CENT: Final = Decimal("0.01")


@frozen
class Holding:
    """
    What one wallet holds of one asset.

    Args:
        wallet: The venue's name of the wallet.

        asset: What is held, in upper case: Kraken writes ``xbt`` in some wallets, and ``XBT`` in another.

        quantity: How much of it.

        margin: The wallet's own figures, where it is a single-collateral wallet of this asset.

    """

    wallet: str
    asset: str
    quantity: Decimal
    margin: MarginAccount | None = None

    @property
    def is_idle(self) -> bool:
        """
        True if there is nothing of it, and nothing happens with it.
        """
        return not self.quantity and not (self.margin and any(_figures(self.margin)))


def holdings(accounts: Accounts) -> list[Holding]:
    """
    Return what each wallet holds, in the order of the answer.

    Raises:
        InvalidResponseError: A wallet is of an unknown kind, does not hold its own currency, or holds one twice.

    """
    found = [
        *(() if isinstance(accounts.cash, Unset) else _held(CASH, accounts.cash.balances.additional_properties)),
        *(() if isinstance(accounts.flex, Unset) else _held(FLEX, _quantities(accounts.flex))),
        *(
            holding
            for name, wallet in accounts.additional_properties.items()
            for holding in _held(name, wallet.balances.additional_properties, _known(name, wallet))
        ),
    ]
    pairs = [(holding.wallet, holding.asset) for holding in found]
    if twice := next((pair for pair in pairs if pairs.count(pair) > 1), None):
        msg = f"The wallet {twice[0]} holds {twice[1]} twice, so it is not known which is right."
        raise InvalidResponseError(msg)
    return found


def names(accounts: Accounts) -> list[str]:
    """
    Return the names of the wallets.
    """
    fixed = ((CASH, accounts.cash), (FLEX, accounts.flex))
    return [*(name for name, wallet in fixed if not isinstance(wallet, Unset)), *accounts.additional_properties]


def _quantities(flex: FlexAccount) -> dict[str, Decimal]:
    return {name: row.quantity for name, row in flex.currencies.additional_properties.items()}


def _known(name: str, wallet: MarginAccount) -> MarginAccount:
    if wallet.type_ != "marginAccount":
        msg = f"The wallet {name:.24} is of a kind that is not known."
        raise InvalidResponseError(msg, hint="Look for a newer marginbook.")
    if wallet.currency not in wallet.balances.additional_properties:
        msg = f"accounts.{name:.24}.balances: that of its own currency is missing."
        raise InvalidResponseError(msg)
    return wallet


def _held(wallet: str, quantities: Mapping[str, Decimal], margin: MarginAccount | None = None) -> Iterator[Holding]:
    for name, quantity in quantities.items():
        # Margin wallets, and no others, list contracts as well, such as FI_XBTUSD_171215.
        if margin is None or "_" not in name:
            own = margin if margin and name == margin.currency else None
            yield Holding(wallet, name.upper(), quantity, own)


def _figures(margin: MarginAccount) -> tuple[Decimal, ...]:
    told, needed = margin.auxiliary, margin.margin_requirements
    return (told.pv, told.pnl, told.af, needed.im, needed.mm)


def missing(accounts: Accounts) -> list[str]:
    """
    Return what is to be said of the wallets that are documented as always there, and are not.
    """
    fixed = ((CASH, accounts.cash), (FLEX, accounts.flex))
    return [NO_WALLET.format(name) for name, wallet in fixed if isinstance(wallet, Unset)]


def has_positions(flex: FlexAccount) -> bool:
    """
    True unless it is certain that the multi-collateral wallet has no open positions: no margin, no PnL, no funding that
    has accrued, and no risk of options.
    """
    parts = flex.portfolio_margin_breakdown
    options = (
        ()
        if isinstance(parts, Unset)
        else (parts.total_market_risk, parts.total_premium, parts.net_portfolio_delta, parts.futures_maintenance_margin)
    )
    unrealized = (flex.pnl, flex.unrealized_funding, flex.total_unrealized)
    return any((flex.initial_margin, flex.maintenance_margin, *unrealized, *options))


def balance(account: Account, asset: str, held: Sequence[Holding], *, opaque: bool) -> Balance:
    """
    Make one row of what all wallets hold of an asset.

    Args:
        account: Whose it is.

        asset: What is held.

        held: What each wallet holds of it; at least one.

        opaque: Whether positions of the wallet flex may have PnL in it.

    """
    # A wallet in which nothing is or happens adds nothing but zeros: it does not make a row a sum.
    counted = [h for h in held if not h.is_idle] or sorted(held, key=lambda h: h.margin is None)[:1]
    row = Balance(account=account.name, venue=account.venue, asset=asset)
    return _alone(row, counted[0], opaque=opaque) if len(counted) == 1 else _sum(row, counted, opaque=opaque)


def _alone(row: Balance, held: Holding, *, opaque: bool) -> Balance:
    """
    Fill in the figures of the only wallet with an asset, as it reports them.
    """
    if held.margin is None:
        row = evolve(row, wallet_balance=held.quantity)
        return row if opaque else row.derive("unrealized_pnl", Decimal(), NO_POSITIONS)
    told, needed = held.margin.auxiliary, held.margin.margin_requirements
    row = evolve(
        row,
        wallet_balance=held.quantity,
        initial_margin=needed.im,
        maintenance_margin=needed.mm,
        available_balance=told.af,
    )
    if opaque:
        return row if held.is_idle else row.remark(f"{_description(held)}.")
    row = evolve(row, unrealized_pnl=told.pnl)
    if not _has_funding(held.quantity, told):
        return evolve(row, equity=told.pv)
    if isinstance(told.funding, Unset):
        return row.remark(NO_FUNDING.format(told.pv))
    return row.remark(f"Kraken's portfolio value has unsettled funding of {told.funding:f} in it, and equity has not.")


def _has_funding(quantity: Decimal, told: Auxiliary) -> bool:
    """
    True if unsettled funding is in the portfolio value, or may be: our equity is without.
    """
    if isinstance(told.funding, Unset):
        return told.pv != total((quantity, told.pnl))
    return told.funding != 0 and told.pv == total((quantity, told.pnl, told.funding))


def _sum(row: Balance, held: Sequence[Holding], *, opaque: bool) -> Balance:
    """
    Add up what several wallets hold of an asset, and tell them apart in a note.
    """
    margins = {h.wallet: h.margin for h in held if h.margin}
    names = ", ".join(h.wallet for h in held)
    row = row.derive("wallet_balance", total(h.quantity for h in held), f"sum of the wallets {names}")
    if not opaque:
        pnl = total(margin.auxiliary.pnl for margin in margins.values())
        row = row.derive("unrealized_pnl", pnl, f"sum of pnl of {', '.join(margins)}" if margins else NO_POSITIONS)
    if margins and FLEX not in {h.wallet for h in held}:
        locked = total(margin.margin_requirements.im for margin in margins.values())
        row = row.derive("initial_margin", locked, f"sum of im of {', '.join(margins)}")
    apart = "; ".join(map(_description, held))
    return row.remark(
        f"The sum of several wallets: {apart}. Each margin wallet is liquidated by itself, and no position draws on"
        " two, so maintenance_margin and available_balance are not known of the sum: ask for each with wallet = NAME."
    )


def _description(held: Holding) -> str:
    text = f"{held.wallet} has {held.quantity:f}"
    if held.margin is None:
        return text
    told, needed = held.margin.auxiliary, held.margin.margin_requirements
    figures = f"a portfolio value of {told.pv:f} with a PnL of {told.pnl:f}, a maintenance margin of {needed.mm:f}"
    return f"{text}, {figures}, and {told.af:f} available"


def locks(account: Account, held: Iterable[Holding]) -> list[Lock]:
    """
    Return what each single-collateral wallet locks, and what it has behind it: it is liquidated by itself, whatever
    the others hold.
    """
    return [
        Lock(
            account=account.name,
            venue=account.venue,
            symbol=h.wallet,
            asset=h.asset,
            blocked_balance=h.margin.margin_requirements.im,
            isolated=True,
            maintenance_margin=h.margin.margin_requirements.mm,
            equity=_equity(h.quantity, h.margin.auxiliary),
        )
        for h in held
        if h.margin and (h.margin.margin_requirements.im or h.margin.margin_requirements.mm)
    ]


def _equity(quantity: Decimal, told: Auxiliary) -> Decimal:
    """
    Return what a single-collateral wallet is worth, without unsettled funding.
    """
    return total((quantity, told.pnl)) if _has_funding(quantity, told) else told.pv


def _shortfall(flex: FlexAccount) -> Iterator[str]:
    """
    Say so where the wallet is worth something else than what it holds, by more than rounding to cents.
    """
    values = [row.value for row in flex.currencies.additional_properties.values()]
    worth = total(values)
    if less(worth, flex.balance_value).copy_abs() > _CENT * (len(values) + 1):
        yield SHORT.format(worth, flex.balance_value)


def summary(account: Account, flex: FlexAccount, others: Iterable[Holding]) -> Summary | None:
    """
    Translate what the multi-collateral wallet tells as a whole, or return None if nobody uses it.

    Args:
        account: Whose it is.

        flex: The wallet.

        others: What other wallets hold, which is not in these figures.

    """
    apart = dict.fromkeys(h.wallet for h in others if not h.is_idle)
    found = Summary(
        account=account.name,
        venue=account.venue,
        currency="USD",
        mode="multi-collateral",
        wallet_balance=flex.balance_value,
        unrealized_pnl=flex.pnl,
        equity=flex.portfolio_value,
        adjusted_equity=flex.margin_equity,
        initial_margin=flex.initial_margin_with_orders,
        position_margin=flex.initial_margin,
        maintenance_margin=flex.maintenance_margin,
        available_balance=flex.available_margin,
        notes=[*([PARTLY.format(", ".join(apart))] if apart else []), *_shortfall(flex)],
    )
    told = (found.wallet_balance, found.unrealized_pnl, found.equity, found.adjusted_equity, found.initial_margin)
    # Every account has the wallet. An empty one is no reason to doubt what a single-collateral wallet tells of itself.
    return found if any((*told, found.position_margin, found.maintenance_margin, found.available_balance)) else None
