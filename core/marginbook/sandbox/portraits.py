"""
Accounts in our own words, for each venue to play in its own: whatever the venue, the same account reads the same.

A venue may leave a figure of a portrait unknown. It may never tell another one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from attrs import field, frozen

ZERO: Final = Decimal()


@frozen(kw_only=True)
class Wallet:
    """
    One asset of a portrait. Amounts are in units of the asset, with the digits that a venue is to send.

    Attributes:
        wallet_balance: See `marginbook.Balance`, for this and the other figures. What is borrowed is not in it.

        isolated_margin: The part of *wallet_balance* that is the wallet of an isolated position.

        isolated_pnl: The part of *unrealized_pnl* that is of the isolated position.

        borrowed: What has been borrowed and lies in the account besides. It is owed to the venue.

    """

    wallet_balance: Decimal = field(converter=Decimal)
    unrealized_pnl: Decimal = field(converter=Decimal, default=ZERO)
    position_margin: Decimal = field(converter=Decimal, default=ZERO)
    order_margin: Decimal = field(converter=Decimal, default=ZERO)
    maintenance_margin: Decimal = field(converter=Decimal, default=ZERO)
    available_balance: Decimal = field(converter=Decimal)
    max_withdraw: Decimal = field(converter=Decimal)
    isolated_margin: Decimal = field(converter=Decimal, default=ZERO)
    isolated_pnl: Decimal = field(converter=Decimal, default=ZERO)
    borrowed: Decimal = field(converter=Decimal, default=ZERO)

    @property
    def equity(self) -> Decimal:
        """
        Wallet balance plus unrealized PnL.
        """
        return self.wallet_balance + self.unrealized_pnl

    @property
    def initial_margin(self) -> Decimal:
        """
        Position margin plus order margin.
        """
        return self.position_margin + self.order_margin

    @property
    def cross_wallet_balance(self) -> Decimal:
        """
        The wallet without that of the isolated position.
        """
        return self.wallet_balance - self.isolated_margin

    @property
    def cross_unrealized_pnl(self) -> Decimal:
        """
        The PnL without that of the isolated position.
        """
        return self.unrealized_pnl - self.isolated_pnl


@frozen
class Portrait:
    """
    An account, and what it is called.

    Args:
        name: By which stages and tests know it.

        about: What is hard about it, in a sentence.

        wallets: Its assets: the first is in the first of the stage's ``assets``, and so on.

        shared: Whether all assets are one collateral together.

    """

    name: str
    about: str
    wallets: tuple[Wallet, ...]
    shared: bool = field(default=False, kw_only=True)


#: The account that each venue's plugin has to read alike.
CANONICAL: Final = Portrait(
    "canonical",
    "A position with a gain, an order, and cash.",
    (
        Wallet(
            wallet_balance="1000",
            unrealized_pnl="50",
            position_margin="100",
            order_margin="20",
            maintenance_margin="10",
            available_balance="930",
            max_withdraw="880",
        ),
    ),
)

#: It, and its harder sisters.
PORTRAITS: Final = (
    CANONICAL,
    Portrait(
        "underwater",
        "A loss that is larger than the wallet.",
        (
            Wallet(
                wallet_balance="1000",
                unrealized_pnl="-1250.5",
                position_margin="400",
                maintenance_margin="200",
                available_balance="0",
                max_withdraw="0",
            ),
        ),
    ),
    Portrait(
        "isolated",
        "An isolated position with a wallet of its own, beside a cross position.",
        (
            Wallet(
                wallet_balance="1000",
                unrealized_pnl="50",
                position_margin="300",
                maintenance_margin="25",
                available_balance="720",
                max_withdraw="700",
                isolated_margin="200",
                isolated_pnl="30",
            ),
        ),
    ),
    Portrait(
        "reducing",
        "Orders that would reduce a position, so that their margin is negative.",
        (
            Wallet(
                wallet_balance="1000",
                unrealized_pnl="0",
                position_margin="100",
                order_margin="-5.5",
                maintenance_margin="10",
                available_balance="905.5",
                max_withdraw="900",
            ),
        ),
    ),
    Portrait(
        "indebted",
        "Borrowed money lies in the account, and is not its own.",
        (
            Wallet(
                wallet_balance="1000",
                unrealized_pnl="0",
                available_balance="1000",
                max_withdraw="750",
                borrowed="250",
            ),
        ),
    ),
    Portrait(
        "exact",
        "Eighteen decimals.",
        (
            Wallet(
                wallet_balance="1234567890.123456789012345678",
                unrealized_pnl="-0.000000000000000001",
                available_balance="1234567890.123456789012345677",
                max_withdraw="1234567890.123456789012345677",
            ),
        ),
    ),
    Portrait(
        "pooled",
        "Two assets that are one collateral, so that more is available than one of them holds.",
        (
            Wallet(
                wallet_balance="1000",
                unrealized_pnl="50",
                position_margin="100",
                order_margin="20",
                maintenance_margin="10",
                available_balance="2880",
                max_withdraw="880",
            ),
            Wallet(wallet_balance="2000", available_balance="2880", max_withdraw="2000"),
        ),
        shared=True,
    ),
)
