"""
A plugin as they were written for version 2 of the interface. It has to load for ever: never edit it.
"""

from __future__ import annotations

import hashlib
import hmac
from decimal import Decimal
from time import time_ns
from typing import TYPE_CHECKING, Any

from requests.auth import AuthBase

import marginbook as mb
from marginbook import wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests
    from werkzeug.wrappers import Request, Response

MARGINBOOK_API = 2


class Signature(AuthBase):
    """
    Signs each attempt: the time and the path, with HMAC-SHA256.
    """

    def __init__(self, key: str, secret: str, clock: mb.Clock) -> None:
        self._key = key
        self._secret = secret
        self._clock = clock

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """
        Sign *request*.
        """
        now = str(self._clock())
        message = f"{now}{request.method}{request.path_url}".encode()
        request.headers["Acme-Key"] = self._key
        request.headers["Acme-Time"] = now
        request.headers["Acme-Signature"] = hmac.new(self._secret.encode(), message, hashlib.sha256).hexdigest()
        return request


def sign(secrets: Mapping[str, str], clock: mb.Clock) -> Signature:
    """
    Return what signs with the account's secrets.
    """
    return Signature(secrets["api_key"], secrets["api_secret"], clock)


def fetch(account: mb.Account, session: requests.Session) -> mb.Statement:
    """
    Ask once, and translate every row.
    """
    client = wire.Client(base_url=account.options["base_url"], session=session)
    rows = wire.check(get(client, "/frozen/wallets", secured=True), list, "the body")
    return mb.Statement([balance(account, wire.Fields(row, "wallet")) for row in rows])


def time(account: mb.Account, session: requests.Session) -> int:
    """
    Ask for the time. The core does so when Acme calls a request stale, and signs with it from then on.
    """
    client = wire.Client(base_url=account.options["base_url"], session=session)
    return int(wire.Fields(get(client, "/frozen/time", secured=False), "time").take("now", int))


def get(client: wire.Client, path: str, *, secured: bool) -> Any:
    """
    Return the body of an answer. A generated client has a function for each operation, and models with checked fields.
    """

    def parse(response: requests.Response) -> Any:
        if response.status_code != 200:
            raise wire.api_error(response, lambda r: wire.decode(r.content))
        return wire.decode(response.content)

    return client.call(
        "GET", path, segments={}, params={}, headers={}, body=wire.UNSET, secured=secured, parse=parse
    ).parsed


def balance(account: mb.Account, row: wire.Fields) -> mb.Balance:
    """
    Translate one row: Acme's words on the right, ours on the left. What Acme does not tell is left out.
    """
    found = mb.Balance(
        account=account.name,
        venue=account.venue,
        asset=row.take("coin", str),
        wallet_balance=row.take("cash", Decimal),
        unrealized_pnl=row.take("pnl", Decimal),
        available_balance=row.take("free", Decimal),
        updated_at=mb.from_milliseconds(row.take("changed", int)),
    )
    # What Acme adds one day is mentioned in the report.
    row.others()
    return found


def explain(error: mb.ApiError) -> mb.MarginbookError | None:
    """
    Say what Acme's own errors mean; leave the others to their HTTP status.
    """
    match error.parsed:
        case {"error": "STALE"}:
            return mb.ClockError(error.message, hint="Look for a slow network.")
    return None


ACME = mb.Venue(
    id="frozen",
    title="Frozen futures",
    fetch=fetch,
    sign=sign,
    explain=explain,
    time=time,
    limits=[mb.Limit(100, seconds=60, weights={"GET /frozen/wallets": 2, "GET /frozen/time": 1})],
    credentials=[
        mb.Credential("api_key", "The API key, from Acme's settings page."),
        mb.Credential("api_secret", "The secret that was shown once, with the key."),
    ],
    hosts={"production": "https://api.acme.example", "demo": "https://demo.acme.example"},
    fills={
        "wallet_balance": "`cash`",
        "unrealized_pnl": "`pnl`, which includes isolated positions",
        "equity": "derived: `cash` + `pnl`",
        "available_balance": "`free`",
        "updated_at": "`changed`",
    },
    unknown={"maintenance_margin": "GET /frozen/positions tells it."},
)


@mb.hookimpl
def marginbook_venues() -> list[mb.Venue]:
    """
    Offer the venue.
    """
    return [ACME]


@mb.hookimpl
def marginbook_stages() -> list[Any]:
    """
    Play the venue in the sandbox: one account, with a key that is worth nothing.
    """
    # The server library is for the sandbox alone.
    from marginbook.sandbox import Actor, Stage, answer

    actor = Actor("frozen", {"api_key": "sandbox-key", "api_secret": "sandbox-secret"})

    def now() -> int:
        return time_ns() // 1_000_000

    def wallets(request: Request) -> Response:
        sent = request.headers
        message = f"{sent.get('Acme-Time')}{request.method}{request.environ['RAW_URI']}".encode()
        expected = hmac.new(actor.credentials["api_secret"].encode(), message, hashlib.sha256).hexdigest()
        if sent.get("Acme-Signature") != expected:
            return answer({"error": "SIGNATURE"}, 401)
        if abs(int(sent["Acme-Time"]) - now()) > 5000:
            return answer({"error": "STALE"}, 400)
        row = {"coin": "USDT", "cash": "1000.00", "pnl": "50.00", "free": "930.00", "changed": 1763600408000}
        return answer([row])

    def tell_time(_: Request) -> Response:
        return answer({"now": now()})

    return [Stage("frozen", (actor,), {"/frozen/wallets": wallets, "/frozen/time": tell_time})]
