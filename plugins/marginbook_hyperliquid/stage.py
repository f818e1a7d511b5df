"""
Hyperliquid as the sandbox plays it.

Sources: Hyperliquid, "Info endpoint" and "Rate limits". What is said to whoever asks too much is not documented; here
it is 429 and a text, as of what is not understood.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen
from werkzeug.wrappers import Response

from marginbook.sandbox import Actor, Budget, Stage, answer

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from marginbook.sandbox import Portrait, Wallet

#: Weight that an address may spend in a minute, and what each request costs.
LIMIT: Final = 1200
WEIGHTS: Final = {
    "clearinghouseState": 2,
    "spotClearinghouseState": 2,
    "userAbstraction": 20,
    "perpDexs": 20,
    "meta": 20,
}

#: The dexs of others, with the numbers of the tokens that they are margined in.
DEXS: Final = {"xyz": 0, "flx": 360}

_is_address: Final = re.compile(r"0x[0-9a-fA-F]{40}").fullmatch


def summary(value: str, used: str = "0.0", size: str = "0.0", cash: str = "") -> dict[str, str]:
    """
    Return a sum over positions.
    """
    return {"accountValue": value, "totalNtlPos": size, "totalRawUsd": cash or value, "totalMarginUsed": used}


def position(coin: str, pnl: str, used: str, *, cash: str = "") -> dict[str, Any]:
    """
    Return a position, isolated if it has cash of its own.
    """
    leverage = {"type": "isolated", "value": 10, "rawUsd": cash} if cash else {"type": "cross", "value": 20}
    return {
        "type": "oneWay",
        "position": {
            "coin": coin,
            "szi": "1.0",
            "leverage": leverage,
            "entryPx": "1000.0",
            "positionValue": "1000.0",
            "unrealizedPnl": pnl,
            "returnOnEquity": "0.1",
            "liquidationPx": None,
            "marginUsed": used,
            "maxLeverage": 20,
            "cumFunding": {"allTime": "4.966798", "sinceOpen": "0.0", "sinceChange": "0.0"},
        },
    }


def state(
    whole: dict[str, str], cross: dict[str, str], *positions: dict[str, Any], maintenance: str = "0.0", out: str = "0.0"
) -> dict[str, Any]:
    """
    Return what an account has on a dex.
    """
    return {
        "marginSummary": whole,
        "crossMarginSummary": cross,
        "crossMaintenanceMarginUsed": maintenance,
        "withdrawable": out,
        "assetPositions": list(positions),
        "time": 1763600400000,
    }


def token(coin: str, number: int, total: str, hold: str = "0.0") -> dict[str, Any]:
    """
    Return what an account has of a token.
    """
    return {"coin": coin, "token": number, "total": total, "hold": hold, "entryNtl": "0.0"}


NOTHING: Final = state(summary("0.0"), summary("0.0"))


@frozen
class Part:
    """
    An account: its mode, what it has on each dex, and its tokens.
    """

    name: str
    mode: str = "default"
    dexs: Mapping[str, dict[str, Any]] = field(factory=dict)
    tokens: tuple[dict[str, Any], ...] = ()

    @property
    def address(self) -> str:
        """
        Its address, which nobody has the key of.
        """
        return f"0x{hashlib.sha256(f'marginbook sandbox {self.name}'.encode()).hexdigest()[:40]}"


NOBODY: Final = Part("nobody")

#: A cross position with a gain and an isolated one with a loss, the same token on another dex, and tokens in spot.
APART: Final = Part(
    "hyperliquid",
    "disabled",
    {
        "": state(
            summary("13109.482328", "104.967826", "2100.02765", "11009.454678"),
            summary("13104.514502", "100.0", "2000.0", "11104.514502"),
            position("BTC", "1250.000001", "100.0"),
            position("ETH", "-0.0134", "4.967826", cash="-95.059824"),
            maintenance="25.0",
            out="12000.5",
        ),
        "xyz": state(
            summary("83.307638", "7.5", "75.652", "7.655638"),
            summary("83.307638", "7.5", "75.652", "7.655638"),
            position("xyz:TSLA", "-0.006", "7.5"),
            maintenance="3.75",
            out="75.5",
        ),
    },
    (token("USDC", 0, "14.625485"), token("PURR", 1, "2000")),
)

#: One balance for each token, of which two back positions and one is a side of an outcome.
UNIFIED: Final = Part(
    "hyperliquid-unified",
    "unifiedAccount",
    {
        "": state(summary("0.0"), summary("0.0"), position("SOL", "89.563507", "23.19797"), maintenance="11.6"),
        "flx": state(summary("0.0"), summary("0.0"), position("flx:GOLD", "-20.5", "50.25"), maintenance="10.05"),
    },
    (
        token("USDC", 0, "19762.48345500", "23.19797"),
        token("USDH", 360, "1000.0", "50.25"),
        token("HYPE", 150, "816.67225318", "2.5"),
        {"coin": "+92260", "total": "25.0", "hold": "0.0", "entryNtl": "12.5"},
    ),
)


@frozen
class Hyperliquid:
    """
    The accounts by address, and what this machine has asked for.
    """

    parts: Mapping[str, Part]
    budget: Budget = field(factory=lambda: Budget(LIMIT))

    def info(self, request: Request) -> Response:
        """
        Answer what is asked for in the body, or say that it is not understood.
        """
        asked = request.get_json(silent=True)
        if not isinstance(asked, dict) or not _is_understood(asked):
            return MISUNDERSTOOD()
        kind: str = asked["type"]
        if self.budget.spend(request.remote_addr or "", WEIGHTS[kind]) > self.budget.limit:
            return THROTTLED()
        return answer(_told(kind, self.parts.get(str(asked.get("user")).lower(), NOBODY), asked.get("dex", "")))


def _is_understood(asked: dict[str, Any]) -> bool:
    kind, dex = asked.get("type"), asked.get("dex", "")
    about_nobody = kind in {"perpDexs", "meta"}
    return (
        kind in WEIGHTS
        and (dex == "" or dex in DEXS)
        and (about_nobody or _is_address(str(asked.get("user"))) is not None)
    )


def _told(kind: str, part: Part, dex: str) -> Any:
    match kind:
        case "userAbstraction":
            return part.mode
        case "perpDexs":
            return [None, *({"name": name, "fullName": f"the dex {name}", "oracleUpdater": None} for name in DEXS)]
        case "meta":
            return {"universe": [], "marginTables": [], "collateralToken": DEXS.get(dex, 0)}
        case "spotClearinghouseState":
            return {"balances": list(part.tokens)}
    return part.dexs.get(dex, NOTHING)


def _refusal(status: int, text: str) -> Response:
    return Response(text, status, content_type="text/plain")


MISUNDERSTOOD: Final = functools.partial(
    _refusal, HTTPStatus.UNPROCESSABLE_ENTITY, "Failed to deserialize the JSON body into the target type"
)
THROTTLED: Final = functools.partial(_refusal, HTTPStatus.TOO_MANY_REQUESTS, json.dumps(None))

#: What Hyperliquid answers to what may be wrong with a request. There is no key, and nothing is signed.
REFUSALS: Final = {"throttled": THROTTLED}

#: The portraits that are no account of Hyperliquid's.
BEYOND: Final = {
    "indebted": "Hyperliquid lends in portfolio margin alone, and does not document how it tells debts there.",
}

#: What dexs are margined in.
ASSETS: Final = ("USDC", "USDH")


def portray(portrait: Portrait) -> Stage:
    """
    Play Hyperliquid with one account that holds what a portrait says.
    """
    name, (first, *_) = f"hyperliquid-{portrait.name}", portrait.wallets
    if not portrait.shared:
        return _stage(Part(name, "default", {"": _dex(first)}))
    held = (
        token(coin, number, str(wallet.equity), str(wallet.initial_margin))
        for coin, number, wallet in zip(ASSETS, (0, DEXS["flx"]), portrait.wallets, strict=False)
    )
    return _stage(Part(name, "portfolioMargin", {"": _dex(first)}, tuple(held)))


def _dex(wallet: Wallet) -> dict[str, Any]:
    """
    Return an account with a cross position, and with an isolated one where there is a margin of its own.
    """
    apart = wallet.isolated_margin + wallet.isolated_pnl
    crossed = wallet.position_margin - wallet.isolated_margin
    positions = [position("BTC", str(wallet.cross_unrealized_pnl), str(crossed))]
    if wallet.isolated_margin:
        positions.append(position("ETH", str(wallet.isolated_pnl), str(apart), cash=str(apart - 1000)))
    return state(
        summary(str(wallet.equity), str(crossed + apart)),
        summary(str(wallet.equity - apart), str(crossed)),
        *positions,
        maintenance=str(wallet.maintenance_margin),
        out=str(wallet.max_withdraw),
    )


def _stage(*parts: Part) -> Stage:
    venue = Hyperliquid({part.address: part for part in parts})
    return Stage(
        "hyperliquid",
        tuple(Actor(part.name, {}, {"address": part.address}) for part in parts),
        {},
        posts={"/info": venue.info},
        refusals=REFUSALS,
        amount="unrealizedPnl",
        assets=ASSETS,
        portray=portray,
        beyond=BEYOND,
    )


def stages() -> list[Stage]:
    """
    Return Hyperliquid with an account of each kind, with nothing asked yet.
    """
    return [_stage(APART, UNIFIED)]
