"""
Whatever an account may hold, and whatever may become of asking it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, get_args

from attrs import frozen
from hypothesis import strategies as st

from marginbook import Account, Balance, BalanceReport, Failure, Lock, Statement
from marginbook.collecting import assemble
from marginbook.errors import FailureKind
from marginbook.values import AMOUNTS

if TYPE_CHECKING:
    from collections.abc import Callable

    Draw = Callable[[st.SearchStrategy[Any]], Any]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

#: The amounts of a lock.
LOCKED: Final = ("blocked_balance", "position_margin", "order_margin", "maintenance_margin", "equity")

#: Names are printable text.
names: Final = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)

#: Few enough that accounts have some in common.
assets: Final = st.sampled_from(["USDT", "BTC", "INR", "USD\u24c8", "1000SATS", "=SUM", "usdt"]) | names

_DIGITS: Final = st.integers(0, 9) | st.integers(0, 10**20) | st.integers(0, 10**70)


def spelled(amount: Decimal | None) -> str:
    """
    Write an amount without the help of what is tested.
    """
    if amount is None:
        return ""
    sign, digits, exponent = amount.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)) + "0" * exponent
    whole, fraction = (text, "") if exponent >= 0 else (text[:exponent], text[exponent:].rjust(-exponent, "0"))
    return f"{'-' * sign}{whole.lstrip('0') or '0'}{'.' * bool(fraction)}{fraction}"


def _amount(sign: int, digits: int, exponent: int) -> Decimal:
    return Decimal((sign, tuple(map(int, str(digits))), exponent))


#: Every amount that there is: of any scale, minus zero, and far beyond what a float can tell apart.
amounts: Final = st.builds(
    _amount,
    st.integers(0, 1),
    _DIGITS,
    st.sampled_from([0, -2, -8, -18]) | st.integers(-140, 70),
)

figures: Final = st.none() | amounts

_times: Final = st.none() | st.datetimes(timezones=st.just(UTC))

#: Remarks are text, with line ends and all.
texts: Final = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=20)
notes: Final = st.lists(texts, max_size=2)


@st.composite
def balances(draw: Draw, account: str, venue: str, asset: str) -> Balance:
    found = {name: draw(figures) for name in AMOUNTS}
    # Without isolated wallets more can be derived, and no two amounts are equal by chance.
    if draw(st.booleans()):
        found["cross_wallet_balance"] = found["wallet_balance"]
    known = [name for name, amount in found.items() if amount is not None]
    derived = draw(st.dictionaries(st.sampled_from(known), st.text(max_size=5), max_size=2)) if known else {}
    return Balance(
        account=account,
        venue=venue,
        asset=asset,
        updated_at=draw(_times),
        derived=derived,
        notes=draw(notes),
        **found,
    )


@st.composite
def locks(draw: Draw, account: str, venue: str, symbol: str) -> Lock:
    found = {name: draw(figures) for name in LOCKED}
    isolated = draw(st.none() | st.booleans())
    return Lock(account=account, venue=venue, symbol=symbol, asset=draw(assets), isolated=isolated, **found)


@st.composite
def statements(draw: Draw, account: str, venue: str) -> Statement:
    return Statement(
        [draw(balances(account, venue, asset)) for asset in draw(st.lists(assets, max_size=3, unique=True))],
        [draw(locks(account, venue, symbol)) for symbol in draw(st.lists(names, max_size=2, unique=True))],
        draw(notes),
    )


def failures(account: str, venue: str) -> st.SearchStrategy[Failure]:
    return st.builds(
        Failure,
        account=st.just(account),
        venue=st.just(venue),
        kind=st.sampled_from(get_args(FailureKind)),
        message=texts,
        hint=texts,
        until=_times,
    )


@frozen
class Asked:
    """
    What was asked for, and what became of it.
    """

    accounts: Sequence[Account]
    outcomes: dict[str, Statement | Failure]

    @property
    def failed(self) -> list[str]:
        return sorted(name for name, outcome in self.outcomes.items() if isinstance(outcome, Failure))

    @property
    def rows(self) -> list[Balance]:
        """
        All rows of all accounts, in the report's order.
        """
        statements = [outcome for outcome in self.outcomes.values() if isinstance(outcome, Statement)]
        rows = [balance for statement in statements for balance in statement.balances]
        return sorted(rows, key=lambda row: (row.account, row.asset))

    def report(self) -> BalanceReport:
        return assemble(self.accounts, self.outcomes, started_at=EPOCH, finished_at=EPOCH)

    def __len__(self) -> int:
        return len(self.accounts)


@st.composite
def asked(draw: Draw, venue: str = "", *, fail: bool = True) -> Asked:
    """
    Some accounts at some venues, or at *venue*; some of them failed, unless *fail* is False.
    """
    accounts = [
        Account(name, venue or draw(names)) for name in draw(st.lists(names, min_size=1, max_size=4, unique=True))
    ]
    outcomes: dict[str, Statement | Failure] = {}
    for account in accounts:
        outcome = statements(account.name, account.venue)
        # One account in four.
        failed = fail and not draw(st.integers(0, 3))
        outcomes[account.name] = draw(failures(account.name, account.venue) if failed else outcome)
    return Asked(accounts, outcomes)
