"""
What ten venues call our figures: written down a second time, from their documentation, and not from the plugins.

A row here is a flat object of amounts as they were recorded. An asset has several where it lies in several wallets.
"""

from __future__ import annotations

import json
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from recordings import Cassette

Row = dict[str, str]

#: From a field of a row to our figure.
WORDS: Final[dict[str, dict[str, str]]] = {
    "bitget": {
        "accountEquity": "equity",
        "unrealizedPL": "unrealized_pnl",
        "crossedUnrealizedPL": "cross_unrealized_pnl",
        "crossedMaxAvailable": "available_balance",
        "maxTransferOut": "max_withdraw",
        "asset.balance": "wallet_balance",
        "asset.available": "max_withdraw",
    },
    "bitmex": {
        "walletBalance": "wallet_balance",
        "unrealisedPnl": "unrealized_pnl",
        "marginBalance": "equity",
        "availableMargin": "available_balance",
        "withdrawableMargin": "max_withdraw",
    },
    "bybit": {
        "walletBalance": "wallet_balance",
        "unrealisedPnl": "unrealized_pnl",
        "equity": "equity",
        "totalPositionIM": "position_margin",
        "totalOrderIM": "order_margin",
        "totalPositionMM": "maintenance_margin",
        "withdrawal": "max_withdraw",
    },
    "deribit": {
        "balance": "wallet_balance",
        "futures_session_upl": "unrealized_pnl",
        "equity": "equity",
        "initial_margin": "initial_margin",
        "maintenance_margin": "maintenance_margin",
        "available_funds": "available_balance",
        "available_withdrawal_funds": "max_withdraw",
    },
    "gate": {
        "total": "wallet_balance",
        "unrealised_pnl": "unrealized_pnl",
        "position_margin": "position_margin",
        "order_margin": "order_margin",
        "maintenance_margin": "maintenance_margin",
        "cross_available": "available_balance",
        "cross_unrealised_pnl": "cross_unrealized_pnl",
        "unified.equity": "equity",
    },
    "hyperliquid": {
        "total": "equity",
        "total again": "wallet_balance",
    },
    "kraken-futures": {
        "quantity": "wallet_balance",
        "pv": "equity",
        "pnl": "unrealized_pnl",
        "im": "initial_margin",
        "mm": "maintenance_margin",
        "af": "available_balance",
    },
    "kucoin-futures": {
        "marginBalance": "wallet_balance",
        "unrealisedPNL": "unrealized_pnl",
        "accountEquity": "equity",
        "positionMargin": "position_margin",
        "orderMargin": "order_margin",
        "availableBalance": "available_balance",
        "maxWithdrawAmount": "max_withdraw",
    },
    "mexc": {
        "unrealized": "unrealized_pnl",
        "equity": "equity",
        "positionMargin": "position_margin",
        "frozenBalance": "order_margin",
        "availableOpen": "available_balance",
        "cashBalance": "max_withdraw",
    },
    "okx": {
        "cashBal": "cross_wallet_balance",
        "cashBal again": "wallet_balance",
        "upl": "unrealized_pnl",
        "eq": "equity",
        "imr": "initial_margin",
        "ordFrozen": "order_margin",
        "mmr": "maintenance_margin",
        "availEq": "available_balance",
        "maxWd": "max_withdraw",
    },
}


#: Figures that are made of several fields of a row, and of several rows where an asset lies in several wallets.
MADE: Final[dict[str, dict[str, str]]] = {
    "bitget": {
        "wallet_balance": "+accountEquity -unrealizedPL +asset.balance",
        "unrealized_pnl": "+unrealizedPL",
        "equity": "+accountEquity +asset.balance",
        "max_withdraw": "+maxTransferOut +asset.available",
    },
    "bybit": {
        "wallet_balance": "+walletBalance -spotBorrow",
        "initial_margin": "+totalPositionIM +totalOrderIM",
        "available_balance": "+walletBalance -totalPositionIM -totalOrderIM -locked -bonus",
    },
    "deribit": {"wallet_balance": "+balance +futures_session_rpl"},
    "gate": {
        "equity": "+total +unrealised_pnl",
        "position_margin": "+cross_initial_margin +isolated_position_margin",
        "initial_margin": "+position_margin +cross_initial_margin +isolated_position_margin +order_margin",
        "max_withdraw": "+available -bonus",
    },
    "hyperliquid": {
        "wallet_balance": "+accountValue -pnl",
        "unrealized_pnl": "+pnl",
        "equity": "+accountValue",
        "position_margin": "+totalMarginUsed -pnl +crossPnl",
        "maintenance_margin": "+mm",
        "max_withdraw": "+withdrawable",
        "cross_wallet_balance": "+crossValue -crossPnl",
        "cross_unrealized_pnl": "+crossPnl",
    },
    "kraken-futures": {
        "wallet_balance": "+quantity",
        "unrealized_pnl": "+pnl",
        "equity": "+quantity +pnl",
        "initial_margin": "+im",
    },
    "kucoin-futures": {"initial_margin": "+positionMargin +orderMargin"},
    "mexc": {"wallet_balance": "+equity -unrealized", "initial_margin": "+positionMargin +frozenBalance"},
    "okx": {"wallet_balance": "+cashBal +isoEq -isoUpl -interest", "cross_unrealized_pnl": "+upl -isoUpl"},
}

#: From a field of the account as a whole to our figures.
SUMMARIES: Final[dict[str, dict[str, str]]] = {
    "bitget": {
        "unionTotalMargin": "adjusted_equity",
        "unionAvailable": "available_balance",
        "unionMm": "maintenance_margin",
    },
    "bybit": {
        "totalEquity": "equity",
        "totalWalletBalance": "wallet_balance",
        "totalPerpUPL": "unrealized_pnl",
        "totalInitialMargin": "initial_margin",
        "totalMaintenanceMargin": "maintenance_margin",
        "totalAvailableBalance": "available_balance",
        "free and margin": "adjusted_equity",
    },
    "deribit": {
        "total_equity_usd": "equity",
        "total_margin_balance_usd": "adjusted_equity",
        "total_initial_margin_usd": "initial_margin",
        "total_maintenance_margin_usd": "maintenance_margin",
    },
    "gate": {
        "unified_account_total_equity": "equity",
        "total_margin_balance": "adjusted_equity",
        "total_initial_margin": "initial_margin",
        "total_maintenance_margin": "maintenance_margin",
        "total_available_margin": "available_balance",
    },
    "kraken-futures": {
        "balanceValue": "wallet_balance",
        "pnl": "unrealized_pnl",
        "portfolioValue": "equity",
        "marginEquity": "adjusted_equity",
        "initialMarginWithOrders": "initial_margin",
        "initialMargin": "position_margin",
        "maintenanceMargin": "maintenance_margin",
        "availableMargin": "available_balance",
    },
    "okx": {
        "totalEq": "equity",
        "adjEq": "adjusted_equity",
        "upl": "unrealized_pnl cross_unrealized_pnl",
        "imr": "initial_margin",
        "ordFroz": "order_margin",
        "mmr": "maintenance_margin",
        "availEq": "available_balance",
    },
}

_OKX: Final = {
    "USDT": "wallet_balance cross_wallet_balance unrealized_pnl order_margin",
    "": "unrealized_pnl cross_unrealized_pnl",
}

#: Figures that a field has, and that are rightly not told as such, by cassette and asset. The asset "" is the account
#: as a whole.
UNTOLD: Final[dict[str, dict[str, str]]] = {
    # There are options, and what was realized since the last settlement is no part of balance yet. Maintenance margin
    # is held against margin_balance, in which options are not.
    "published/deribit": {"BTC": "wallet_balance unrealized_pnl maintenance_margin"},
    "sandbox/deribit": {"BTC": "wallet_balance unrealized_pnl maintenance_margin", "ETH": "wallet_balance"},
    # With cross collateral they are those of the whole account.
    "sandbox/deribit-cross": dict.fromkeys(
        ("BTC", "SOL", "USDT"), "initial_margin maintenance_margin available_balance"
    ),
    # Equity of a bot is in eq, and its PnL in no field. In multi-currency margin, OKX has no imr of a currency, without
    # which ordFrozen is of spot.
    "published/okx": _OKX,
    "published/okx-margin": _OKX,
    # Beside that of the published one: a debt with its interest, and options.
    "sandbox/okx-multi": {
        "USDT": "wallet_balance cross_wallet_balance order_margin",
        "BTC": "wallet_balance cross_wallet_balance unrealized_pnl order_margin",
        "ETH": "unrealized_pnl order_margin",
        "USDC": "order_margin",
        "": "unrealized_pnl cross_unrealized_pnl",
    },
    # Isolated positions are in none of them.
    "sandbox/okx": {"USDT": "wallet_balance initial_margin maintenance_margin"},
    # BTC was borrowed, which is in walletBalance and in the total. USDC has options.
    "sandbox/bybit": {
        "BTC": "wallet_balance maintenance_margin",
        "USDC": "unrealized_pnl",
        "": "wallet_balance unrealized_pnl",
    },
    # Each position is liquidated by itself.
    "sandbox/bybit-isolated": {"USDC": "maintenance_margin"},
    # Isolated positions are in none of them.
    "sandbox/gate-unified": {
        "USDT": "equity",
        "": "adjusted_equity initial_margin maintenance_margin available_balance",
    },
    # The new mode has position margin in other fields. Maintenance margin is that of an isolated position as well.
    "sandbox/gate": {"USDT": "position_margin maintenance_margin"},
    # The PnL of positions may be in total, or not.
    "sandbox/hyperliquid-unified": dict.fromkeys(("USDC", "USDH"), "wallet_balance equity"),
    # That of all positions is empty, which contradicts it.
    "published/bitget": {"USDT": "cross_unrealized_pnl"},
    # Positions of the multi-collateral wallet may be settled in any currency.
    "sandbox/kraken-flex": {"XRP": "unrealized_pnl equity"},
    # The fields do not add up as documented.
    "sandbox/kucoin-futures": {"XBT": "position_margin", "ETH": "wallet_balance position_margin"},
    # There is a debt; two fields for what can leave the account differ; an older row does not tell its debt.
    "sandbox/mexc-debtor": {"USDT": "equity", "ETH": "max_withdraw", "BSV": "equity"},
}


def reported(cassette: Cassette) -> dict[str, Row]:
    """
    Return what every row of an asset says in our words: nothing where it lies in several wallets, as sums are ours.
    """
    return {
        asset: _translated(cassette, asset, WORDS[cassette.venue], found[0]) if len(found) == 1 else {}
        for asset, found in wallets(cassette).items()
    }


def _translated(cassette: Cassette, asset: str, words: dict[str, str], row: Row) -> Row:
    untold = UNTOLD.get(cassette.name, {}).get(asset, "").split()
    told = {figure: row[name] for name, figures in words.items() if row.get(name) for figure in figures.split()}
    # Whoever withholds what is told elsewhere has to say so here, and nothing else.
    assert told.keys() >= set(untold)
    return {figure: digits for figure, digits in told.items() if figure not in untold}


def wallets(cassette: Cassette) -> dict[str, list[Row]]:
    """
    Return the rows of each asset, without those of nothing where there is another.
    """
    every: dict[str, list[Row]] = {}
    for asset, row in ROWS[cassette.venue](documents(cassette)):
        every.setdefault(asset, []).append({name: digits for name, digits in row.items() if isinstance(digits, str)})
    return {
        asset: [row for row in found if any(map(_amount, row.values()))] or found[:1] for asset, found in every.items()
    }


def documents(cassette: Cassette) -> dict[str, Any]:
    """
    Return every body that was no error, with its digits, by what was asked for.
    """
    return {
        key: json.loads(content, parse_float=str, parse_int=str)
        for key, content in cassette.documents.items()
        if key.startswith("/")
    }


def made(cassette: Cassette, asset: str, name: str) -> Decimal:
    """
    Return what a figure of an asset should be that the venue does not tell itself: a sum over all that it lies in.
    """
    signs = {"+": 1, "-": -1}
    terms = [(signs[term[0]], term[1:]) for term in MADE[cassette.venue][name].split()]
    return Decimal(
        total(sign * _amount(row.get(field, "")) for row in wallets(cassette)[asset] for sign, field in terms)
    )


def summarized(cassette: Cassette) -> Row:
    """
    Return what the venue says of the account as a whole, in our words.
    """
    words = SUMMARIES.get(cassette.venue, {})
    return _translated(cassette, "", words, _whole(cassette.venue, documents(cassette))) if words else {}


def _whole(venue: str, bodies: dict[str, Any]) -> dict[str, Any]:
    match venue:
        case "bitget":
            found = [row for body in bodies.values() for row in body["data"] if row.get("assetMode") == "union"]
            return next(iter(found), {})
        case "bybit":
            (account,) = bodies["/v5/account/wallet-balance"]["result"]["list"]
            free, margin = account["totalAvailableBalance"], account["totalInitialMargin"]
            return {**account, "free and margin": total([free, margin]) if free and margin else ""}
        case "deribit":
            return dict(bodies["/api/v2/private/get_account_summaries"]["result"]["summaries"][0])
        case "gate":
            return dict(bodies.get("/api/v4/unified/accounts", {}))
        case "kraken-futures":
            flex = bodies["/derivatives/api/v3/accounts"]["accounts"]["flex"]
            return dict(flex) if flex["currencies"] else {}
        case "okx":
            return dict(bodies["/api/v5/account/balance"]["data"][0])
    raise AssertionError(venue)


def times(cassette: Cassette) -> dict[str, str | None]:
    """
    Return when each row changed, as the venue wrote it.
    """
    field = {"bitmex": "timestamp", "okx": "uTime"}.get(cassette.venue, "")
    return {asset: found[0].get(field) for asset, found in wallets(cassette).items()}


def _amount(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except ArithmeticError:
        return Decimal()


def _bitget(bodies: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for row in (row for body in bodies.values() for row in body["data"]):
        yield row["marginCoin"], row
        for asset in row.get("assetList", []):
            yield asset["coin"], {"asset.balance": asset["balance"], "asset.available": asset["available"]}


def _bitmex(bodies: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    units = {unit["currency"]: unit for unit in bodies["/api/v1/wallet/assets"]}
    for row in bodies["/api/v1/user/margin"]:
        unit = units[row["currency"]]
        amounts = {name: str(Decimal(row[name]).scaleb(-int(unit["scale"]))) for name in WORDS["bitmex"]}
        yield unit["asset"], {**amounts, "timestamp": row["timestamp"]}


def _bybit(bodies: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    answer = bodies.get("/v5/account/withdrawal", {"result": {"availableWithdrawalMap": {}}})
    leaving = answer["result"]["availableWithdrawalMap"]
    (account,) = bodies["/v5/account/wallet-balance"]["result"]["list"]
    for row in account["coin"]:
        yield row["coin"], {**row, "withdrawal": leaving.get(row["coin"])}


def _deribit(bodies: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for row in bodies["/api/v2/private/get_account_summaries"]["result"]["summaries"]:
        yield row["currency"], row


def _gate(bodies: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if whole := bodies.get("/api/v4/unified/accounts"):
        for asset, row in whole["balances"].items():
            yield asset, {"unified.equity": row["equity"]}
    else:
        for body in bodies.values():
            # The published example has figures of the new mode beside those of the old one, which it is of.
            old = body["enable_evolved_classic"] is False
            yield body["currency"], {n: told for n, told in body.items() if not (old and n.startswith(_NEW_MODE))}


_NEW_MODE: Final = ("cross_", "isolated_")


def _hyperliquid(bodies: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    told = {json.loads(key.partition(" ")[2])["type"]: body for key, body in bodies.items()}
    asked = {key: json.loads(key.partition(" ")[2]) for key in bodies}
    tokens = {
        asked[key]["dex"]: body["collateralToken"] for key, body in bodies.items() if asked[key]["type"] == "meta"
    }
    # Hyperliquid's own is margined in USDC, and a dex on which there is nothing was not asked about.
    dexs = [
        (tokens.get(asked[key]["dex"], "0"), _dex(body))
        for key, body in bodies.items()
        if asked[key]["type"] == "clearinghouseState"
    ]
    if told["userAbstraction"] == "unifiedAccount":
        for row in told["spotClearinghouseState"]["balances"]:
            own = [dex for token, dex in dexs if token == row.get("token")]
            sums = {name: total(dex[name] for dex in own) for name in ("pnl", "mm")}
            yield row["coin"], {**sums, "total": row["total"], "total again": row["total"]}
    else:
        # All that the sandbox's account has is margined in USDC.
        yield from (("USDC", dex) for _, dex in dexs)


def _dex(state: dict[str, Any]) -> dict[str, Any]:
    positions = [held["position"] for held in state["assetPositions"]]
    return {
        **state["marginSummary"],
        "withdrawable": state["withdrawable"],
        "mm": state["crossMaintenanceMarginUsed"],
        "crossValue": state["crossMarginSummary"]["accountValue"],
        "pnl": total(position["unrealizedPnl"] for position in positions),
        "crossPnl": total(p["unrealizedPnl"] for p in positions if p["leverage"]["type"] == "cross"),
    }


def _kraken(bodies: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, wallet in bodies["/derivatives/api/v3/accounts"]["accounts"].items():
        for asset, row in wallet.get("currencies", {}).items():
            yield asset, {"quantity": row["quantity"]}
        for asset, quantity in wallet.get("balances", {}).items():
            own = {**wallet["auxiliary"], **wallet["marginRequirements"]} if asset == wallet.get("currency") else {}
            # Contracts are listed beside currencies.
            if not asset.startswith("FI_"):
                yield asset.upper(), {**own, "quantity": quantity, "wallet": name}


def _kucoin(bodies: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, body in bodies.items():
        if key.startswith("/api/v1/account-overview"):
            yield body["data"]["currency"], body["data"]


def _mexc(bodies: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for row in bodies["/api/v1/private/account/assets"]["data"]:
        yield row["currency"], row


def _okx(bodies: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    leaving = {row["ccy"]: row["maxWd"] for row in bodies.get("/api/v5/account/max-withdrawal", {"data": []})["data"]}
    for row in bodies["/api/v5/account/balance"]["data"][0]["details"]:
        yield row["ccy"], {**row, "maxWd": leaving.get(row["ccy"]), "cashBal again": row["cashBal"]}


ROWS: Final[dict[str, Callable[[dict[str, Any]], Iterator[tuple[str, dict[str, Any]]]]]] = {
    "bitget": _bitget,
    "bitmex": _bitmex,
    "bybit": _bybit,
    "deribit": _deribit,
    "gate": _gate,
    "hyperliquid": _hyperliquid,
    "kraken-futures": _kraken,
    "kucoin-futures": _kucoin,
    "mexc": _mexc,
    "okx": _okx,
}


def total(amounts: Iterable[str | Decimal]) -> str:
    """
    Add up amounts, to the last digit.
    """
    with localcontext(prec=100):
        return str(sum(map(Decimal, amounts), Decimal()))
