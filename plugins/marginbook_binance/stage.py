"""
Binance futures as the sandbox plays them.

Sources: "General Info" of USDⓈ-M futures for signatures, times and limits; "Error Codes" for the answers. The order in
which Binance checks a request is not documented; here it is key, parameters, time, signature. Nor is what it says to a
recvWindow that is no number; here it is what it says to such a timestamp.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote_plus

from attrs import field, frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from marginbook.sandbox import Actor, Budget, Stage, answer

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

#: Weight that an address may spend in a minute.
LIMIT: Final = 2400

#: Milliseconds that a request may be ahead of the venue's clock.
AHEAD: Final = 1000

Verify = Callable[[bytes, str], bool]

_is_number: Final = re.compile(r"[0-9]{1,19}").fullmatch


@frozen
class Part:
    """
    An account: how its signatures are checked, and the rows of its balance.
    """

    actor: Actor
    verify: Verify = field(repr=False)
    rows: list[dict[str, Any]]


@frozen
class Futures:
    """
    One kind of futures: its paths with what they cost, its accounts, and what this address has spent.
    """

    parts: Mapping[str, Part]
    budget: Budget = field(factory=lambda: Budget(LIMIT))

    def balance(self, request: Request, *, weight: int) -> Response:
        """
        Answer a balance request, or say what is wrong with it.
        """
        part = self.parts.get(request.headers.get("X-MBX-APIKEY", ""))
        return self._serve(request, weight, _refusal(request, part) or answer(part.rows if part else []))

    def time(self, request: Request) -> Response:
        """
        Tell the time, to everybody.
        """
        return self._serve(request, 1, answer({"serverTime": _now()}))

    def retired(self, request: Request) -> Response:
        """
        Say which path has replaced a retired one. The status of this answer is not documented.
        """
        text = f"{request.method} {request.path} is retired, please use GET /fapi/v2/balance"
        return self._serve(request, 1, _error(400, -5000, text))

    def lost(self, request: Request, status: int) -> Response:
        """
        Refuse a path that there is not, or not for this method.
        """
        text = f"Path {request.path}, Method {request.method} is invalid"
        return self._serve(request, 1, _error(status, -5000, text))

    def _serve(self, request: Request, weight: int, response: Response) -> Response:
        spent = self.budget.spend(request.remote_addr or "", weight)
        if spent > LIMIT:
            text = f"Too many requests; current limit of IP({request.remote_addr}) is {LIMIT} requests per minute."
            response = _error(429, -1003, text)
            response.headers["Retry-After"] = str(self.budget.wait())
        # Errors have it as well.
        response.headers["X-MBX-USED-WEIGHT-1M"] = str(spent)
        return response


def _refusal(request: Request, part: Part | None) -> Response | None:
    key = request.headers.get("X-MBX-APIKEY", "")
    if not (key.isascii() and key.isalnum()):
        return _error(401, -2014, "API-key format invalid.")
    if part is None:
        text = f"Invalid API-key, IP, or permissions for action, request ip: {request.remote_addr}"
        return _error(401, -2015, text)
    given = parse_qs(request.query_string.decode("latin-1"), keep_blank_values=True)
    if any(len(values) > 1 for values in given.values()):
        return _error(400, -1101, "Duplicate values for a parameter detected.")
    signature, timestamp, window = (
        given.get(name, [default])[0]
        for name, default in (("signature", ""), ("timestamp", ""), ("recvWindow", "5000"))
    )
    readable = {"signature": signature, "timestamp": _is_number(timestamp), "recvWindow": _is_number(window)}
    if unreadable := [name for name, value in readable.items() if not value]:
        text = f"Mandatory parameter '{unreadable[0]}' was not sent, was empty/null, or malformed."
        return _error(400, -1102, text)
    ahead = int(timestamp) - _now()
    if ahead >= AHEAD:
        return _error(400, -1021, f"Timestamp for this request was {AHEAD}ms ahead of the server's time.")
    if -ahead > int(window):
        return _error(400, -1021, "Timestamp for this request is outside of the recvWindow.")
    # What is signed is the query as it was sent, not what it means.
    query, _, last = request.query_string.rpartition(b"&signature=")
    if not part.verify(query, unquote_plus(last.decode("latin-1"))):
        return _error(400, -1022, "Signature for this request is not valid.")
    return None


def _error(status: int, code: int, text: str) -> Response:
    return answer({"code": code, "msg": text}, status)


def _now() -> int:
    return time.time_ns() // 1_000_000


def _hmac(secret: str) -> Verify:
    def verify(query: bytes, signature: str) -> bool:
        # Hexadecimal digits in either case will do.
        given = signature.lower().encode()
        return hmac.compare_digest(hmac.new(secret.encode(), query, hashlib.sha256).hexdigest().encode(), given)

    return verify


def _public(check: Callable[[bytes, bytes], None]) -> Verify:
    def verify(query: bytes, signature: str) -> bool:
        try:
            check(base64.b64decode(signature, validate=True), query)
        except (InvalidSignature, ValueError):
            return False
        return True

    return verify


@functools.cache
def _rsa_key() -> rsa.RSAPrivateKey:
    # It takes a moment to find, and no two sandboxes in one process need different ones.
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _rsa_part(name: str, rows: list[dict[str, Any]]) -> Part:
    key = _rsa_key()
    public = key.public_key()
    return Part(_actor(name, _pem(key)), _public(lambda s, m: public.verify(s, m, padding.PKCS1v15(), SHA256())), rows)


def _ed25519_part(name: str, rows: list[dict[str, Any]]) -> Part:
    key = ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
    return Part(_actor(name, _pem(key)), _public(key.public_key().verify), rows)


def _hmac_part(name: str, rows: list[dict[str, Any]]) -> Part:
    secret = _letters(f"{name} secret")
    return Part(_actor(name, secret), _hmac(secret), rows)


def _actor(name: str, secret: str) -> Actor:
    return Actor(name, {"api_key": _letters(f"{name} key"), "api_secret": secret})


def _letters(seed: str) -> str:
    """
    Return 64 characters, as Binance's keys have.
    """
    return hashlib.sha256(f"marginbook sandbox {seed}".encode()).hexdigest()


def _pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _row(updated: int, asset: str, **amounts: str) -> dict[str, Any]:
    # Only USDⓈ-M has this field.
    usable = {"marginAvailable": True} if "maxWithdrawAmount" in amounts else {}
    return {"accountAlias": "SgsR", "asset": asset, **amounts, **usable, "updateTime": updated}


#: Single-asset mode: isolated positions in USDT, more digits than a float has in USDC, dust in BNB.
SINGLE: Final = [
    _row(
        1763600400000,
        "USDT",
        balance="122607.35137903",
        crossWalletBalance="23724.69206100",
        crossUnPnl="-312.00450000",
        availableBalance="21013.19206100",
        maxWithdrawAmount="21013.19206100",
    ),
    _row(
        1763596800123,
        "USDC",
        balance="9007199254740993.00000001",
        crossWalletBalance="9007199254740993.00000001",
        crossUnPnl="0.10000000",
        availableBalance="9007199254740993.10000001",
        maxWithdrawAmount="9007199254740993.00000001",
    ),
    _row(
        1763510400000,
        "BNB",
        balance="0.00000001",
        crossWalletBalance="0.00000001",
        crossUnPnl="0.00000000",
        availableBalance="0.00000001",
        maxWithdrawAmount="0.00000001",
    ),
]

#: Multi-assets mode: assets share collateral, and rows of assets that were never held offer it as well.
MULTI: Final = [
    _row(
        1763600401000,
        "BTC",
        balance="1.50000000",
        crossWalletBalance="1.50000000",
        crossUnPnl="0.00000000",
        availableBalance="1.71360000",
        maxWithdrawAmount="1.50000000",
    ),
    _row(
        1763600402000,
        "USDT",
        balance="-250.75000000",
        crossWalletBalance="-250.75000000",
        crossUnPnl="-1023.40000001",
        availableBalance="150210.33000000",
        maxWithdrawAmount="0.00000000",
    ),
    _row(
        0,
        "FDUSD",
        balance="0.00000000",
        crossWalletBalance="0.00000000",
        crossUnPnl="0.00000000",
        availableBalance="150195.31000000",
        maxWithdrawAmount="0.00000000",
    ),
]

#: A loss larger than the wallet.
UNDER: Final = [
    _row(
        1763600403000,
        "USDT",
        balance="100.00000000",
        crossWalletBalance="100.00000000",
        crossUnPnl="-150.00000000",
        availableBalance="0.00000000",
        maxWithdrawAmount="0.00000000",
    ),
]

#: Coins: an isolated wallet in BTC, none in ETH, and amounts that are written with more and with fewer digits.
COINS: Final = [
    _row(
        1763600404000,
        "BTC",
        balance="12.00250000",
        withdrawAvailable="10.75241969",
        crossWalletBalance="11.50241969",
        crossUnPnl="0.25000001",
        availableBalance="11.00241969",
    ),
    _row(
        1763600405000,
        "ETH",
        balance="345.678901234567890123",
        withdrawAvailable="300.1",
        crossWalletBalance="345.678901234567890123",
        crossUnPnl="-0.000000000000000001",
        availableBalance="300.1",
    ),
]


def stages() -> list[Stage]:
    """
    Return both kinds of futures, with nothing spent yet.
    """
    usdm = _futures(
        _hmac_part("binance-hmac", SINGLE),
        _rsa_part("binance-rsa", UNDER),
        _ed25519_part("binance-ed25519", MULTI),
    )
    coinm = _futures(_hmac_part("binance-coins", COINS))
    return [
        Stage(
            "binance-usdm",
            _actors(usdm),
            {
                "/fapi/v3/balance": functools.partial(usdm.balance, weight=5),
                "/fapi/v2/balance": functools.partial(usdm.balance, weight=10),
                "/fapi/v1/balance": usdm.retired,
                "/fapi/v1/time": usdm.time,
            },
            {"/fapi": usdm.lost},
        ),
        Stage(
            "binance-coinm",
            _actors(coinm),
            {"/dapi/v1/balance": functools.partial(coinm.balance, weight=1), "/dapi/v1/time": coinm.time},
            {"/dapi": coinm.lost},
        ),
    ]


def _futures(*parts: Part) -> Futures:
    return Futures({part.actor.credentials["api_key"]: part for part in parts})


def _actors(futures: Futures) -> tuple[Actor, ...]:
    return tuple(part.actor for part in futures.parts.values())
