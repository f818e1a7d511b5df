"""
What accounts hold: amounts of many digits, which change while they are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from random import Random
from typing import Final

from attrs import define, field, frozen

#: Digits behind the point, as venues write them.
_SCALES: Final = (0, 1, 2, 4, 8, 8, 8, 18)

_ASSETS: Final = ("USDT", "USDC", "BTC", "BNB", "ETH", "INR", "FDUSD")


@frozen
class Sheet:
    """
    What a venue says about an account at one time: a body, and what it means, field by field.

    Attributes:
        body: As it is sent.

        rows: By asset, the digits of each figure that is known.

        locks: What symbols lock, likewise: symbol, asset, and three amounts.

    """

    body: str
    rows: Mapping[str, Mapping[str, str]]
    locks: tuple[tuple[str, ...], ...] = ()


@define(eq=False)
class Player:
    """
    An account as its venue knows it.

    Attributes:
        name: Our name of it.

        venue: The id of the venue.

        host: Where the venue is.

        key: Its API key.

        check: What checks its signatures: a secret, or a public key.

        period: Seconds between changes, infinity if it never does.

        trouble: What is wrong with the account itself, or "".

    """

    name: str
    venue: str
    host: str
    key: str
    check: bytes
    period: float = math.inf
    trouble: str = ""
    seed: int = 0
    _sheets: dict[int, Sheet] = field(factory=dict, init=False)

    def sheet(self, now: float) -> Sheet:
        """
        Return what the account holds at a time.
        """
        version = int(now / self.period)
        found = self._sheets.get(version)
        if found is None:
            if len(self._sheets) > 3:  # a sheet of long ago is not asked for again
                self._sheets.clear()
            found = self._sheets[version] = _WRITERS[self.venue](Random(self.seed * 1_000_003 + version))  # noqa: S311  # the same again, not a secret
        return found


def digits(random: Random, *, signed: bool = False) -> str:
    """
    Write an amount: up to 16 digits before the point and 18 behind it.
    """
    drawn = str(random.getrandbits(120) | 1 << 119)
    chance = random.getrandbits(8)
    sign = "-" if signed and chance & 1 else ""
    if chance < 16:
        return sign + ("0", "0.00000000", "0.1", "1", "0.000000000000000001", "9007199254740993")[chance % 6]
    whole, scale = drawn[: 1 + (chance >> 4)], _SCALES[chance & 7]
    return f"{sign}{whole}.{drawn[-scale:]}" if scale else sign + whole


def derive(row: dict[str, str | None]) -> dict[str, str]:
    """
    Leave out what is not known, and add what follows from the rest by the identities, in fractions.
    """
    known = {name: amount for name, amount in row.items() if amount is not None}
    wallet, cross, pnl = (known.get(n) for n in ("wallet_balance", "cross_wallet_balance", "cross_unrealized_pnl"))
    if wallet and cross and pnl and (wallet == cross or Fraction(wallet) == Fraction(cross)):
        known["unrealized_pnl"] = pnl
        known["equity"] = _sum(wallet, pnl)
    return known


def _sum(*amounts: str) -> str:
    """
    Add up as on paper: integers of the finest unit. The sum has as many digits behind the point as the longest.
    """
    scale = max(len(amount.partition(".")[2]) for amount in amounts)
    total = sum(_units(amount, scale) for amount in amounts)
    whole, part = divmod(abs(total), 10**scale)
    sign = "-" if total < 0 else ""
    return f"{sign}{whole}.{part:0{scale}}" if scale else f"{sign}{whole}"


def _units(amount: str, scale: int) -> int:
    whole, _, part = amount.partition(".")
    return int(whole + part.ljust(scale, "0"))


def _assets(random: Random) -> list[str]:
    return random.sample(_ASSETS, random.choice((0, 1, 1, 1, 2, 3)))


def _futures(random: Random, withdraw: str) -> Sheet:
    rows = {}
    written = []
    for asset in _assets(random):
        wallet, pnl, free, out = (digits(random, signed=True) for _ in range(4))
        cross = wallet if random.getrandbits(1) else digits(random)
        updated = 0 if random.getrandbits(3) == 0 else 1_763_600_000_000 + random.getrandbits(20)
        written.append(
            f'{{"accountAlias":"SgsR","asset":"{asset}","balance":"{wallet}","crossWalletBalance":"{cross}",'
            f'"crossUnPnl":"{pnl}","availableBalance":"{free}","{withdraw}":"{out}",'
            f'{_USABLE[withdraw]}"updateTime":{updated}}}'
        )
        rows[asset] = derive(
            {
                "wallet_balance": wallet,
                "cross_wallet_balance": cross,
                "cross_unrealized_pnl": pnl,
                "available_balance": free,
                "max_withdraw": out,
                "updated_at": str(updated),
            }
        )
    return Sheet(f"[{','.join(written)}]", rows)


_USABLE: Final = {"maxWithdrawAmount": '"marginAvailable":true,', "withdrawAvailable": ""}

_GATEWAY: Final = {
    "balance": "wallet_balance",
    "crossWalletBalance": "cross_wallet_balance",
    "crossUnPnl": "cross_unrealized_pnl",
    "availableBalance": "available_balance",
    "maxWithdrawAmount": "max_withdraw",
}


def _usdm(random: Random) -> Sheet:
    return _futures(random, "maxWithdrawAmount")


def _coinm(random: Random) -> Sheet:
    return _futures(random, "withdrawAvailable")


def _gateway(random: Random) -> Sheet:
    """
    Write what a protobuf server does: unset amounts are empty or absent, a time is a number or a string.
    """
    rows = {}
    written = []
    for asset in _assets(random):
        row: dict[str, str | None] = {}
        parts = [f'"asset":"{asset}"']
        for theirs, ours in _GATEWAY.items():
            chance = random.getrandbits(5)
            row[ours] = None if chance < 2 else digits(random, signed=True)
            if chance:
                parts.append(f'"{theirs}":"{row[ours] or ""}"')
        if random.getrandbits(1) and row["wallet_balance"]:
            parts = [part for part in parts if not part.startswith('"crossWallet')]
            row["cross_wallet_balance"] = row["wallet_balance"]
            parts.append(f'"crossWalletBalance":"{row["wallet_balance"]}"')
        row["updated_at"] = str(1_763_600_000_000 + random.getrandbits(20))
        quote = '"' * random.getrandbits(1)
        written.append(f'{{{",".join(parts)},"updateTime":{quote}{row["updated_at"]}{quote}}}')
        rows[asset] = derive(row)
    return Sheet(f'{{"balances":[{",".join(written)}]}}', rows)


def _wallet(random: Random) -> Sheet:
    rows = {}
    written = []
    for asset in _assets(random):
        total, free, position, order = (digits(random, signed=number == 3) for number in range(4))
        # Where the venue's own figures do not add up, a report says so, and changes nothing.
        blocked = digits(random) if random.getrandbits(2) == 0 else _sum(position, order)
        written.append(
            f'{{"base_asset":"{asset}","balances":{{"total_balance":"{total}","total_available_balance":"{free}",'
            f'"total_blocked_balance":"{blocked}","total_position_margin":"{position}",'
            f'"total_open_order_margin":"{order}"}}}}'
        )
        rows[asset] = {
            "wallet_balance": total,
            "available_balance": free,
            "initial_margin": blocked,
            "position_margin": position,
            "order_margin": order,
        }
    locks = tuple(
        (f"{asset}PERP", asset, *(digits(random, signed=True) for _ in range(3))) for asset in _assets(random)
    )
    symbols = (
        f'{{"symbol":"{symbol}","base_asset":"{asset}","exchange":"EXCHANGE_2","blocked_balance":"{blocked}",'
        f'"position_margin":"{position}","open_order_margin":"{order}"}}'
        for symbol, asset, blocked, position, order in locks
    )
    body = f'{{"data":{{"base_asset_balances":[{",".join(written)}],"asset":[{",".join(symbols)}]}}}}'
    return Sheet(body, rows, locks)


def _cash(random: Random) -> Sheet:
    amount = digits(random, signed=True)
    return Sheet(amount, {"CASH": {"wallet_balance": amount}})


_WRITERS: Final = {
    "binance-usdm": _usdm,
    "binance-coinm": _coinm,
    "coinswitch": _wallet,
    "fexgate": _gateway,
    "stumble": _cash,
}
