"""
Reports that show all that a page can: rich, with nothing but failures, empty, and large.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from marginbook import Balance, BalanceReport, Failure, Note
from marginbook.output import View
from marginbook.report import Valuation
from marginbook.values import Lock, Price, Summary
from marginbook.values.times import moment

START: Final = moment("2026-07-01T12:00:00Z")

#: More digits than a float has.
LONG: Final = "9007199254740993.00000001"
LONGER: Final = "9007199254740993.00000002"

#: A name that would be a script, if it were not escaped.
SCRIPT: Final = "<script>alert('x')</script>\"&amp;"

VENUES: Final = {
    "arbitrage": "binance-usdm",
    "coins": "binance-coinm",
    "desk-2": "binance-usdm",
    "desk-10": "binance-usdm",
    "empty": "fexgate",
    "india": "coinswitch",
    "market-making": "fexgate",
    "treasury": "binance-usdm",
}


def balance(account: str, asset: str, wallet: str | None, pnl: str | None = None, **fields: Any) -> Balance:
    """
    Return a row with what most rows of a venue have.
    """
    given = {"wallet_balance": wallet, "unrealized_pnl": pnl, "updated_at": START - timedelta(seconds=3)}
    return Balance(account=account, venue=VENUES[account], asset=asset, **{**given, **fields})


def whole(account: str, currency: str, **fields: Any) -> Summary:
    """
    Return what a venue says of an account as a whole.
    """
    return Summary(account=account, venue=VENUES.get(account, "acme"), currency=currency, **fields)


def lock(symbol: str, **fields: Any) -> Lock:
    """
    Return what is locked in India.
    """
    return Lock(account="india", venue="coinswitch", symbol=symbol, asset="INR", **fields)


def price(asset: str, amount: str, source: str = "prices.toml", currency: str = "USD", **rates: Any) -> Price:
    """
    Return a price of a few seconds before the report.
    """
    given: dict[str, Any] = {"price": amount, "source": source, "at": START - timedelta(seconds=8), **rates}
    return Price(asset=asset, currency=currency, **given)


def _equity(amount: str) -> dict[str, Any]:
    return {"equity": amount, "derived": {"equity": "wallet_balance + unrealized_pnl"}}


ISOLATED: Final = (
    "Part of the wallet is not in the cross wallet. Isolated positions may have unrealized PnL that this answer does"
    " not tell, so unrealized_pnl and equity are not known."
)

ROWS: Final = (
    balance("arbitrage", "USDT", "1250000.50", "-50000.25", maintenance_margin="120000.025", **_equity("1200000.25")),
    balance(
        "arbitrage", "BTC", "2.50000000", "0", available_balance="2.4", maintenance_margin="0.25", **_equity("2.5")
    ),
    balance("coins", "BTC", "41.25000001", "-1.25", maintenance_margin="38.00000001", **_equity("40.00000001")),
    balance("coins", "ETH", "310.123456789012345678", None, notes=[ISOLATED]),
    balance(
        "desk-2", "USDT", "800000", "200000.00", maintenance_margin="790000", max_withdraw="0", **_equity("1000000.00")
    ),
    balance("desk-2", SCRIPT, "10", None, notes=[f"The venue calls an asset {SCRIPT}.", ISOLATED]),
    balance("india", "INR", "51234567.89", "-1234.5", available_balance="40000000", **_equity("51233333.39")),
    balance("market-making", "BFUSD", LONG, "-0.00000001", cross_wallet_balance=LONG, **_equity("9007199254740993")),
    balance("market-making", "USDC", LONGER, "0", updated_at=START - timedelta(days=41, hours=3), **_equity(LONGER)),
    balance("market-making", "USDT", "640000.00", "-700000", maintenance_margin="100", **_equity("-60000.00")),
    balance("market-making", "BNB", "0.00000000", "0", updated_at=None, **_equity("0.00000000")),
)

FAILURES: Final = (
    Failure(
        account="treasury",
        venue="binance-usdm",
        kind="rate_limited",
        message="The venue has banned this address for asking too often.",
        hint="Wait, and ask for fewer accounts at a time.",
        until=START + timedelta(minutes=30),
    ),
    Failure(
        account="desk-10",
        venue="binance-usdm",
        kind="credentials",
        message="The environment has no DESK_10_SECRET.",
        hint="Set it, or name another place.",
    ),
)

SUMMARIES: Final = (
    whole(
        "coins",
        "USD",
        mode="multi-assets",
        status="NORMAL",
        equity="4400000.12",
        adjusted_equity="4310000.5",
        maintenance_margin="431000.05",
        updated_at=START,
        notes=["The account shares collateral between its assets."],
    ),
    whole("desk-2", "USDT", asset="USDT", equity="1000000.00"),
)

LOCKS: Final = (
    lock("BTCINR", blocked_balance="1234567.89"),
    lock("ETHINR", position_margin="10000.5", order_margin="-5"),
)


def report(accounts: dict[str, str], **parts: Any) -> BalanceReport:
    """
    Return a report of the same two seconds.
    """
    times = {"started_at": START, "finished_at": START + timedelta(seconds=2)}
    return BalanceReport(accounts=accounts, **{**times, **parts})


RICH: Final = report(
    VENUES,
    balances=ROWS,
    failures=FAILURES,
    summaries=SUMMARIES,
    locks=LOCKS,
    notes=[Note(account="india", message="Amounts are in rupees."), Note(account="", message="One venue was slow.")],
)

PRICES: Final = (
    price("BTC", "107412.31", "binance-coinm index BTCUSD", bid_rate="0.95", ask_rate="1.05"),
    price("ETH", "2480.055", "binance-coinm index ETHUSD"),
    price("INR", "0.01168"),
    price("USDT", "0.9998"),
)

VALUED: Final = View(RICH, Valuation.of(RICH, "USD", PRICES))
PLAIN: Final = View(RICH)
COMPLETE: Final = View(report({"arbitrage": "binance-usdm"}, balances=ROWS[:2]))
FAILED: Final = View(report({f.account: f.venue for f in FAILURES}, failures=FAILURES))
EMPTY: Final = View(report({}))

#: Every page, by a name for the tests.
PAGES: Final = {"valued": VALUED, "plain": PLAIN, "complete": COMPLETE, "failed": FAILED, "empty": EMPTY}


def large(rows: int) -> View:
    """
    Return a view of many rows, each with amounts of its own.
    """
    accounts = {f"desk-{n:03}": f"venue-{n % 7}" for n in range(rows // 20)}
    balances = [_row(account, venue, a) for account, venue in accounts.items() for a in range(20)]
    return View(report(accounts, balances=balances))


def _row(account: str, venue: str, a: int) -> Balance:
    fields: dict[str, Any] = {
        "wallet_balance": f"{a * 7919 % 104729}.{a:08}",
        "unrealized_pnl": f"-{a}.5",
        "available_balance": f"{a}.25",
        "maintenance_margin": f"{a}.125",
        "max_withdraw": "0",
        "updated_at": START - timedelta(seconds=a),
        **_equity(f"{a * 7919 % 104729 - a}.{a:08}"),
    }
    return Balance(account=account, venue=venue, asset=f"A{a:02}", **fields)
