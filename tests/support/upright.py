"""
A venue that does everything right, and can be told to do one thing wrong.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import os
import re
import socket
import subprocess
import sys
import threading
import time as clocks
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve
from requests.auth import AuthBase

import marginbook as mb
from marginbook import wire
from marginbook.sandbox import Actor, Portrait, Stage, Wallet, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import requests
    from werkzeug.wrappers import Request, Response

WINDOW: Final = 5000

WALLETS: Final = "/v1/wallets"


class Signature(AuthBase):
    """
    The time and the path, with HMAC-SHA256.
    """

    def __init__(self, key: str, secret: str, clock: mb.Clock) -> None:
        self._key = key
        self._secret = secret
        self._clock = clock

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        now = str(self._clock())
        message = f"{now}{request.method}{request.path_url}".encode()
        request.headers["Acme-Key"] = self._key
        request.headers["Acme-Time"] = now
        request.headers["Acme-Signature"] = hmac.new(self._secret.encode(), message, hashlib.sha256).hexdigest()
        return request


def sign(secrets: Mapping[str, str], clock: mb.Clock) -> Signature:
    key, secret = secrets["api_key"], secrets["api_secret"]
    if not re.fullmatch("[a-z0-9-]{28,40}", key):
        msg = "The api_key is no key."
        raise mb.CredentialsError(msg, hint="Copy it again.")
    return Signature(key, secret, clock)


def fetch(account: mb.Account, session: requests.Session) -> mb.Statement:
    client = wire.Client(base_url=account.options["base_url"], session=session)
    body = wire.Fields(get(client, WALLETS, secured=True), "the body")
    rows = body.take("wallets", list)
    body.others()
    return mb.Statement([balance(account, wire.Fields(row, "wallet")) for row in rows])


def get(client: wire.Client, path: str, *, secured: bool) -> Any:
    def parse(response: requests.Response) -> Any:
        if response.status_code != 200:
            raise wire.api_error(response, lambda r: wire.decode(r.content))
        return wire.decode(response.content)

    return client.call(
        "GET", path, segments={}, params={}, headers={}, body=wire.UNSET, secured=secured, parse=parse
    ).parsed


def balance(account: mb.Account, row: wire.Fields, **changes: Any) -> mb.Balance:
    found = mb.Balance(
        account=account.name,
        venue=account.venue,
        asset=row.take("coin", str),
        wallet_balance=row.take("cash", Decimal),
        unrealized_pnl=row.take("pnl", Decimal),
        position_margin=row.take("held", Decimal),
        order_margin=row.take("ordered", Decimal),
        available_balance=row.take("free", Decimal),
        updated_at=mb.from_milliseconds(row.take("changed", int)),
    )
    row.take("id", str)
    row.others()
    return evolve(found, **changes)


def tell(account: mb.Account, session: requests.Session) -> int:
    client = wire.Client(base_url=account.options["base_url"], session=session)
    return int(wire.Fields(get(client, "/v1/time", secured=False), "time").take("now", int))


def explain(error: mb.ApiError) -> mb.MarginbookError | None:
    match error.parsed:
        case {"error": "STALE"}:
            return mb.ClockError(error.message, hint="Look for a slow network.")
        case {"error": "SIGNATURE"}:
            return mb.CredentialsError(error.message, hint="Copy the secret again.")
    return None


VENUE: Final = mb.Venue(
    id="acme",
    title="Acme futures",
    fetch=fetch,
    sign=sign,
    explain=explain,
    time=tell,
    specification="1.0",
    credentials=[mb.Credential("api_key", "The key."), mb.Credential("api_secret", "Its secret.")],
    hosts={"production": "https://api.acme.example"},
    fills={
        "wallet_balance": "`cash`",
        "unrealized_pnl": "`pnl`",
        "equity": "derived: `cash` + `pnl`",
        "initial_margin": "derived: `held` + `ordered`",
        "position_margin": "`held`",
        "order_margin": "`ordered`",
        "available_balance": "`free`",
        "updated_at": "`changed`",
    },
    unknown=dict.fromkeys(
        ("maintenance_margin", "max_withdraw", "cross_wallet_balance", "cross_unrealized_pnl"), "No part of the answer."
    ),
    ignores={"id": "a code"},
)

#: An account with an asset of which nothing is left.
USUAL: Final = Portrait(
    "usual",
    "",
    (
        Wallet(
            wallet_balance="1000.50",
            unrealized_pnl="-50.25",
            position_margin="20.00",
            order_margin="3.00",
            available_balance="930.00",
            max_withdraw="0",
        ),
        Wallet(wallet_balance="0.00", available_balance="0.00", max_withdraw="0"),
    ),
)


def stage(portrait: Portrait = USUAL, write: Callable[[str, Wallet], dict[str, Any]] | None = None) -> Stage:
    name = "acme" if portrait is USUAL else f"acme-{portrait.name}"
    secret = hashlib.sha256(name.encode()).hexdigest()
    actor = Actor(name, {"api_key": f"{name:-<20}0123456789ab", "api_secret": secret})
    rows = [(write or row)(*sitter) for sitter in zip(("USDT", "BTC"), portrait.wallets, strict=False)]

    def wallets(request: Request) -> Response:
        sent = request.headers
        if sent.get("Acme-Key") != actor.credentials["api_key"]:
            return answer({"error": "KEY"}, 401)
        message = f"{sent.get('Acme-Time')}{request.method}{request.environ['RAW_URI']}".encode()
        if sent.get("Acme-Signature") != hmac.new(secret.encode(), message, hashlib.sha256).hexdigest():
            return answer({"error": "SIGNATURE"}, 400)
        if abs(int(sent["Acme-Time"]) - clocks.time_ns() // 1_000_000) > WINDOW:
            return answer({"error": "STALE"}, 400)
        return answer({"wallets": rows})

    return Stage(
        "acme",
        (actor,),
        {WALLETS: wallets, "/v1/time": lambda _: answer({"now": clocks.time_ns() // 1_000_000})},
        refusals={
            "clock": lambda: answer({"error": "STALE"}, 400),
            "key": lambda: answer({"error": "KEY"}, 401),
            "signature": lambda: answer({"error": "SIGNATURE"}, 400),
            "error-in-200": lambda: answer({"error": "BUSY"}),
        },
        assets=("USDT", "BTC"),
        portray=lambda portrait: stage(portrait, write),
        beyond={"indebted": "Nothing is lent."},
    )


def row(coin: str, wallet: Wallet) -> dict[str, Any]:
    return {
        "coin": coin,
        "id": "a1",
        "cash": f"{wallet.wallet_balance:f}",
        "pnl": f"{wallet.unrealized_pnl:f}",
        "held": f"{wallet.position_margin:f}",
        "ordered": f"{wallet.order_margin:f}",
        "free": f"{wallet.available_balance:f}",
        "changed": 1763600408000,
    }


def reading(**changes: Callable[[dict[str, Any]], Any]) -> Callable[..., mb.Statement]:
    """
    Return a fetch that translates some fields otherwise, from the row as it came.
    """

    def broken(account: mb.Account, session: requests.Session) -> mb.Statement:
        client = wire.Client(base_url=account.options["base_url"], session=session)
        rows = get(client, WALLETS, secured=True)["wallets"]
        return mb.Statement(
            [balance(account, wire.Fields(r, "wallet"), **{n: f(r) for n, f in changes.items()}) for r in rows]
        )

    return broken


def doing(what: Callable[[], object]) -> Callable[..., mb.Statement]:
    """
    Return a fetch that does something on the side.
    """

    def busy(account: mb.Account, session: requests.Session) -> mb.Statement:
        what()
        return fetch(account, session)

    return busy


def connect() -> None:
    with socket.socket() as connection:
        connection.settimeout(0.1)
        connection.connect_ex(("127.0.0.1", 9))


#: What a plugin may not do by itself, by what is said of it.
DEEDS: Final[Mapping[str, Callable[[], object]]] = {
    "time.time": lambda: clocks.time(),  # noqa: PLW0108  # what is guarded is looked up when it is called
    "time.sleep": lambda: clocks.sleep(0),
    "time.time_ns": lambda: time_ns(),  # noqa: PLW0108  # likewise
    "datetime.now": lambda: datetime.now(UTC),
    "dt.datetime.now": lambda: dt.datetime.now(UTC),
    "os.environ": lambda: os.environ.get("HOME") or "HOME" in os.environ,
    "io.open": lambda: Path(__file__).read_text(encoding="utf-8"),
    "socket.connect_ex": connect,
    "Popen.__init__": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
    "Thread.start": lambda: threading.Thread(target=int).start(),
}


def dropping(keep: Callable[[dict[str, Any]], bool]) -> Callable[..., mb.Statement]:
    """
    Return a fetch that leaves out rows.
    """

    def partial(account: mb.Account, session: requests.Session) -> mb.Statement:
        client = wire.Client(base_url=account.options["base_url"], session=session)
        rows: Iterable[dict[str, Any]] = get(client, WALLETS, secured=True)["wallets"]
        return mb.Statement([balance(account, wire.Fields(r, "wallet")) for r in rows if keep(r)])

    return partial
