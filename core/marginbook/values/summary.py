"""
What a venue says of an account as a whole.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve, field, fields, frozen, validators

from marginbook.values.fields import amount, check_name, named, text, texts
from marginbook.values.money import ratio
from marginbook.values.times import moment_or_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable


def _optional_text() -> Any:
    return field(default=None, validator=validators.optional(check_name))


@frozen(kw_only=True)
class Summary:
    """
    The figures of one account as a whole, as its venue adds them up.

    They repeat what the rows say, converted at the venue's own prices. So they are never added to rows, nor to those
    of other accounts: they are a check on the rows, and tell what only the whole account has, as a margin ratio.
    Amounts are in units of *currency*. None means that the figure is not known.

    Raises:
        TypeError: An amount is a float.

        ValueError: An amount is no finite number, or a name is no printable text.

    """

    #: Our name of the account.
    account: str = text()
    #: The id of the venue.
    venue: str = text()
    #: What the amounts are counted in, such as ``"USD"``.
    currency: str = named()
    #: The asset whose row these figures repeat, where they are of that asset alone; None where they are of all assets.
    asset: str | None = _optional_text()
    #: How the account uses collateral: ``"single-asset"``, ``"multi-assets"``, ``"portfolio"``, or the venue's word.
    mode: str | None = _optional_text()
    #: The venue's own word for the state of the account, such as ``"NORMAL"``.
    status: str | None = _optional_text()
    #: Cash of all assets. See `Balance` for this and what follows.
    wallet_balance: Decimal | None = amount()
    unrealized_pnl: Decimal | None = amount()
    #: Wallet balance plus unrealized PnL, without haircuts.
    equity: Decimal | None = amount()
    #: Equity after the venue's haircuts on collateral: what it compares the maintenance margin with.
    adjusted_equity: Decimal | None = amount()
    initial_margin: Decimal | None = amount()
    position_margin: Decimal | None = amount()
    order_margin: Decimal | None = amount()
    maintenance_margin: Decimal | None = amount()
    available_balance: Decimal | None = amount()
    max_withdraw: Decimal | None = amount()
    cross_wallet_balance: Decimal | None = amount()
    cross_unrealized_pnl: Decimal | None = amount()
    #: When the venue last changed the figures, in UTC.
    updated_at: datetime | None = field(default=None, converter=moment_or_unknown)
    #: Remarks that a reader of the figures needs.
    notes: tuple[str, ...] = field(default=(), converter=texts)

    @property
    def margin_ratio(self) -> Decimal | None:
        """
        Maintenance margin by equity, after haircuts where the venue tells it so, to 28 digits; liquidation is at 1.

        None where one of them is not known, and where equity is not positive.
        """
        return ratio(self.maintenance_margin, self.equity if self.adjusted_equity is None else self.adjusted_equity)

    @property
    def pooled(self) -> bool:
        """
        True if all assets of the account are one collateral together, so that these figures decide over liquidation.

        They are not where they are of one asset, nor where the venue says that each asset backs its own positions.
        """
        return self.asset is None and not self.segregated

    @property
    def segregated(self) -> bool:
        """
        True if the venue says that assets of the account do not share collateral.
        """
        return self.mode == "single-asset"

    def remark(self, notes: Iterable[str]) -> Summary:
        """
        Return the same summary with more notes.
        """
        return evolve(self, notes=(*self.notes, *notes))


#: The names of the amounts of a summary, in reading order.
SUMMARY_AMOUNTS: Final = tuple(a.name for a in fields(Summary) if "amount" in a.metadata)
