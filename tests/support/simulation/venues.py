"""
What each venue checks, weighs and answers.

Sources: as of the venues' plugins and their parts of the sandbox, of which nothing is used here.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus

from attrs import define
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from simulation.hosts import BEGINNING, PERIOD, Host

if TYPE_CHECKING:
    import requests

    from simulation.truths import Player

#: Ed25519 signatures are dear to check: every so many are.
_SAMPLE: Final = 50


@define(eq=False, kw_only=True)
class Binance(Host):
    """
    Binance futures: HMAC, a window for the time, and weights by address.
    """

    limit: int = 2400

    def player(self, request: requests.PreparedRequest) -> Player | None:
        return self.books.get(request.headers.get("X-MBX-APIKEY", ""))

    def weight(self, path: str) -> int:
        return {"/fapi/v3/balance": 5, "/fapi/v2/balance": 10}.get(path, 1)

    def refusal(
        self, request: requests.PreparedRequest, player: Player | None, now: int
    ) -> tuple[str, int, Any] | None:
        if player is None or player.trouble == "unknown_key":
            text = "Invalid API-key, IP, or permissions for action, request ip: 203.0.113.9"
            return "unknown_key", 401, {"code": -2015, "msg": text}
        query = request.path_url.partition("?")[2]
        signed, _, signature = query.rpartition("&signature=")
        given = dict(part.partition("=")[::2] for part in signed.split("&"))
        ahead = int(given["timestamp"]) - now
        if ahead >= 1000 or -ahead > int(given["recvWindow"]):
            return "clock", 400, {"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."}
        if hmac.new(player.check, signed.encode(), hashlib.sha256).hexdigest() != signature:
            return "bad_signature", 400, {"code": -1022, "msg": "Signature for this request is not valid."}
        if player.trouble == "inactive":
            return "inactive", 400, {"code": -4109, "msg": "This account is inactive."}
        return None

    def too_many(self, now: float, *, banned: bool) -> tuple[int, str, dict[str, str]]:
        if banned:
            until = BEGINNING + self.offset + int(self.banned_until * 1000)
            headers = {"Retry-After": str(math.ceil(self.banned_until - now))} if self.random.getrandbits(1) else {}
            text = f"Way too many requests; IP(203.0.113.9) banned until {until}."
            return 418, json.dumps({"code": -1003, "msg": text}), headers
        left = PERIOD - (now + self.phase) % PERIOD
        headers = {"Retry-After": str(math.ceil(left))} if self.random.getrandbits(1) else {}
        text = "Too many requests; current limit of IP(203.0.113.9) is 2400 requests per minute."
        return 429, json.dumps({"code": -1003, "msg": text}), headers


@define(eq=False, kw_only=True)
class CoinSwitch(Host):
    """
    CoinSwitch: Ed25519, a minute either way, and so many requests a key.
    """

    limit: int = 20
    checked: int = 0

    def player(self, request: requests.PreparedRequest) -> Player | None:
        return self.books.get(request.headers.get("X-AUTH-APIKEY", ""))

    def weight(self, path: str) -> int:
        return 0 if path.endswith("/time") else 1

    def counted(self, request: requests.PreparedRequest) -> str:
        return str(request.headers.get("X-AUTH-APIKEY", "nobody"))

    def refusal(
        self, request: requests.PreparedRequest, player: Player | None, now: int
    ) -> tuple[str, int, Any] | None:
        if player is None or player.trouble == "unknown_key":
            return "unknown_key", 401, {"message": "Invalid Access"}
        epoch = request.headers["X-AUTH-EPOCH"]
        if abs(int(epoch) - now) > 60_000:
            return "clock_or_key", 401, {"message": "Invalid access"}
        self.checked += 1
        if self.checked % _SAMPLE == 1 and not self._is_signed(request, player, epoch):
            self.memory.violations.append(f"{self.name} got a wrong signature of {player.name}")
        return None

    def _is_signed(self, request: requests.PreparedRequest, player: Player, epoch: str) -> bool:
        signed = f"{request.method}{unquote_plus(request.path_url)}{epoch}".encode()
        try:
            signature = bytes.fromhex(request.headers["X-AUTH-SIGNATURE"])
            Ed25519PublicKey.from_public_bytes(player.check).verify(signature, signed)
        except InvalidSignature:
            return False
        return True

    def too_many(self, now: float, *, banned: bool) -> tuple[int, str, dict[str, str]]:  # noqa: ARG002  # it does not ban
        return 429, '{"message":"Too many requests"}', {}


@define(eq=False, kw_only=True)
class Gateway(Host):
    """
    fexgate: key and secret in headers, no time, no limits.
    """

    def player(self, request: requests.PreparedRequest) -> Player | None:
        return self.books.get(request.headers.get("x-exgate-key", ""))

    def weight(self, path: str) -> int:  # noqa: ARG002  # it does not weigh
        return 0

    def refusal(
        self,
        request: requests.PreparedRequest,
        player: Player | None,
        now: int,  # noqa: ARG002  # nor look at a clock
    ) -> tuple[str, int, Any] | None:
        if player is None or player.trouble == "unknown_key":
            return "unknown_key", 401, {"code": 16, "message": "unknown key", "details": []}
        if request.headers.get("x-exgate-secret", "").encode() != player.check:
            return "bad_signature", 401, {"code": 401, "reason": "UNAUTHORIZED", "message": "no", "metadata": {}}
        return None


@define(eq=False, kw_only=True)
class Stumble(Host):
    """
    The host of a plugin that breaks.
    """

    def player(self, request: requests.PreparedRequest) -> Player | None:
        return self.books.get(request.path_url.rpartition("/")[2])

    def weight(self, path: str) -> int:  # noqa: ARG002  # likewise
        return 0

    def refusal(self, *_: object) -> tuple[str, int, Any] | None:
        return None
