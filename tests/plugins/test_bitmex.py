"""
BitMEX: whole numbers that are scaled by what the venue says, figures that it documents in two ways, and its errors.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
import requests
import time_machine
import yaml
from cryptography.hazmat.primitives import hashes, hmac
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from generate import SPECS
from machines import Hands
from marginbook import Balance, CredentialsError, InvalidResponseError, Statement, collect, replay, venues
from marginbook.registry import installed
from marginbook.sandbox import CANONICAL, PORTRAITS, Portrait, Sandbox, Stage, answer
from marginbook.transport import Machine
from marginbook_bitmex.keys import EXPIRES, sign
from marginbook_bitmex.stage import ASSETS, LIMIT, PUBLIC_LIMIT, ROWS, config, error, margin, portray, stages, throttled

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response

MARGIN: Final = "/api/v1/user/margin"
CONFIG: Final = "/api/v1/wallet/assets"
INFO: Final = "/api/v1"

#: Milliseconds of three hours.
HOURS: Final = 3 * 3600 * 1000

#: The key, the secret and the signatures that BitMEX publishes in "API Key Usage".
KEY: Final = "LAqUlngMIQkIUjXMUreyu3qn"
SECRET: Final = "chNOOS4KvNXR_Xq4k4c9qsfoKWvnDecLATCRlcBwyKDYnWgO"
VECTORS: Final = [
    (
        "/api/v1/instrument",
        1518064236,
        "c7682d435d0cfe87c16098df34ef2eb5a549d4c5a3c2b1f0f77b8af73423bf00",
    ),
    (
        "/api/v1/instrument?filter=%7B%22symbol%22%3A+%22XBTM15%22%7D",
        1518064237,
        "e2f422547eecb5b3cb29ade2127e21b858b235b386bfa45e1c1756eb3383919f",
    ),
]

#: A row of the canonical account.
ROW: Final = margin("XBt", CANONICAL.wallets[0])

#: Figures of the whole account, where assets share collateral.
POOL: Final = {**ROW, "currency": "MAMUSd"}


def examples() -> tuple[Any, Any]:
    """
    The examples of the specification: of the margin, and of the currencies.
    """
    paths = yaml.safe_load((SPECS / "bitmex.openapi.yaml").read_text(encoding="utf-8"))["paths"]
    rows, assets = (
        paths[path]["get"]["responses"]["200"]["content"]["application/json"]["example"] for path in (MARGIN, CONFIG)
    )
    return rows, assets


def statement(rows: Any, assets: Any = None) -> Statement:
    """
    What marginbook makes of some rows, and of how the currencies are scaled.
    """
    known = list(ASSETS.values()) if assets is None else assets
    return replay("bitmex", {MARGIN: json.dumps(rows).encode(), CONFIG: json.dumps(known).encode()})


def figures(row: Balance) -> dict[str, str]:
    """
    All that a row knows, digit for digit.
    """
    return {name: f"{getattr(row, name):f}" for name in row.basis}


def test_amounts_are_scaled_by_what_the_venue_says() -> None:
    """
    An amount has the digits that came, with the point where the venue puts it, and the name of the whole unit.
    """
    (row,) = statement(*examples()).balances

    assert ("XBT", "0.00263542", "0.00263542") == (row.asset, f"{row.wallet_balance:f}", f"{row.max_withdraw:f}")
    assert datetime(2020, 8, 3, 12, 1, 1, 246000, UTC) == row.updated_at


def test_no_scale_is_known_beforehand() -> None:
    """
    The same whole number is another amount where the venue says another scale.
    """
    found = [
        f"{statement([ROW], [config('XBT', 'XBt', scale)]).balances[0].wallet_balance:f}" for scale in (0, 6, 8, 18)
    ]

    assert ["100000000000", "100000.000000", "1000.00000000", "0.000000100000000000"] == found


def test_the_canonical_account() -> None:
    """
    Five figures are reported; margins are documented in two ways, and none of them is taken for one of ours.
    """
    (row,) = statement([ROW]).balances

    assert {
        "wallet_balance": "1000.00000000",
        "unrealized_pnl": "50.00000000",
        "equity": "1050.00000000",
        "available_balance": "930.00000000",
        "max_withdraw": "880.00000000",
    } == figures(row)
    assert {"reported"} == set(row.basis.values())
    assert ((), None) == (row.notes, row.margin_ratio)


def test_digits_beyond_a_float() -> None:
    """
    Every digit is kept, of large amounts and of a single unit.
    """
    xbt, usdt, eth = statement(ROWS).balances

    assert ["90071992.54740993", "-10.133757", "0.000000001"] == [
        figures(xbt)["wallet_balance"],
        figures(usdt)["equity"],
        figures(eth)["wallet_balance"],
    ]


def test_a_currency_without_a_scale_is_refused() -> None:
    """
    Where the venue does not say how a currency is scaled, there is no report of the account, rather than a wrong one.
    """
    with pytest.raises(InvalidResponseError, match="does not say how XBt is scaled"):
        statement(ROWS, [ASSETS["USDt"], ASSETS["Gwei"]])


@pytest.mark.parametrize("scale", [-1, 8.5, 31, 1e30])
def test_a_scale_that_is_none(scale: float) -> None:
    """
    A scale that is no number of decimals is refused.
    """
    with pytest.raises(InvalidResponseError, match="which is no number of decimals"):
        statement([ROW], [config("XBT", "XBt", 8) | {"scale": scale}])


def test_a_currency_with_two_scales() -> None:
    """
    A currency that is there twice has to be the same twice.
    """
    twice = [config("XBT", "XBt", 8), config("XBT", "XBt", 8)]

    assert 1000 == statement([ROW], twice).balances[0].wallet_balance
    with pytest.raises(InvalidResponseError, match="XBt has two scales"):
        statement([ROW], [*twice, config("XBT", "XBt", 6)])


def test_a_currency_twice() -> None:
    """
    An account with two rows of a currency is refused.
    """
    with pytest.raises(InvalidResponseError, match="more than one row of XBT"):
        statement([ROW, ROW])


def test_figures_of_the_whole_account_are_no_asset() -> None:
    """
    What BitMEX tells of all assets together looks like a currency. It is no row, so it is in no total; a note tells it.
    """
    found = statement([ROW, POOL], [*ASSETS.values(), config("MAMUSD", "MAMUSd", 8)])

    assert [("XBT", Decimal(1000), Decimal(880), None)] == [
        (row.asset, row.wallet_balance, row.max_withdraw, row.available_balance) for row in found.balances
    ]
    assert "does not say whether 930.00000000 available counts that" in found.balances[0].notes[0]
    assert found.summary
    assert ("MAMUSD", None, "multi-assets", None) == (
        found.summary.currency,
        found.summary.asset,
        found.summary.mode,
        found.summary.equity,
    )
    assert "a margin balance of 1050.00000000, and 930.00000000 available." in found.summary.notes[0]


def test_a_pool_that_nobody_uses() -> None:
    """
    An account that does not share collateral may have such a row of zeros, which says nothing.
    """
    empty = {**POOL, **dict.fromkeys(("walletBalance", "unrealisedPnl", "marginBalance", "availableMargin"), 0)}
    empty["withdrawableMargin"] = 0
    found = statement([ROW, empty])

    assert (["XBT"], None, ()) == ([row.asset for row in found.balances], found.summary, found.notes)
    with pytest.raises(InvalidResponseError, match="does not say how MAMUSd is scaled"):
        statement([ROW, POOL])


def test_rows_that_lack_what_is_optional() -> None:
    """
    Older and newer rows have other fields besides; none of them is needed, nor is the time.
    """
    needed = ("account", "currency", "walletBalance", "unrealisedPnl", "marginBalance", "availableMargin")
    least = {name: ROW[name] for name in (*needed, "withdrawableMargin")}
    (row,) = statement([least], [{"asset": "XBT", "currency": "XBt", "scale": 8}]).balances

    assert (Decimal(1000), None) == (row.wallet_balance, row.updated_at)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"walletBalance": None}, "Margin.walletBalance: expected int, got None"),
        ({"walletBalance": "100000000000"}, "Margin.walletBalance: expected int"),
        ({"walletBalance": 1.5}, "Margin.walletBalance: expected int"),
        ({"marginBalance": ...}, "Margin.marginBalance: missing"),
        ({"withdrawableMargin": ...}, "Margin.withdrawableMargin: missing"),
        ({"timestamp": "yesterday"}, "Margin.timestamp is not a time"),
        ({"timestamp": "2026-11-20T12:00:00"}, "Margin.timestamp is not a time"),
    ],
)
def test_what_cannot_be_read_is_refused(changes: dict[str, Any], complaint: str) -> None:
    """
    An amount that is missing, null or no whole number, and a time that is none, are no answer.
    """
    row = {name: value for name, value in {**ROW, **changes}.items() if value is not ...}
    with pytest.raises(InvalidResponseError, match=complaint):
        statement([row])


def test_news_is_told() -> None:
    """
    A field that the specification does not know is mentioned.
    """
    assert "Margin.newField" in statement([{**ROW, "newField": 1}]).notes[-1]


@pytest.mark.parametrize("portrait", [p for p in PORTRAITS if p.name not in stages()[0].beyond], ids=lambda p: p.name)
def test_portraits(portrait: Portrait) -> None:
    """
    Each account that BitMEX can have reads as what it is: five figures of each row, and no other ones.
    """
    played = portray(portrait)
    with Sandbox([played]) as sandbox:
        report = collect(sandbox.accounts())
    expected = dict(zip(played.assets, portrait.wallets, strict=False))

    assert report.complete
    assert set(expected) == {row.asset for row in report.balances}
    for row in report.balances:
        names = ("wallet_balance", "unrealized_pnl", "equity", "available_balance", "max_withdraw")
        assert {name: getattr(expected[row.asset], name) for name in names} == {
            name: getattr(row, name) for name in row.basis
        }


def test_portraits_beyond_its_scales() -> None:
    """
    An account with more decimals than a currency has cannot be played.
    """
    exact = next(portrait for portrait in PORTRAITS if portrait.name == "exact")

    assert {"exact", "indebted"} == set(stages()[0].beyond)
    with pytest.raises(ValueError, match="is no whole number of XBt"):
        portray(exact)


# Keys and errors


def signature(message: str, secret: str) -> str:
    """
    The signature of a message, as another library makes it.
    """
    made = hmac.HMAC(secret.encode(), hashes.SHA256())
    made.update(message.encode())
    return made.finalize().hex()


@pytest.mark.parametrize(("path", "expires", "expected"), VECTORS)
@pytest.mark.parametrize("host", ["https://www.bitmex.com", "https://proxy.example/bitmex"])
def test_published_signatures(host: str, path: str, expires: int, expected: str) -> None:
    """
    The signatures that BitMEX publishes are made again, wherever the base URL leads.
    """
    auth = sign({"api_key": KEY, "api_secret": f" {SECRET}\n"}, lambda: (expires - EXPIRES) * 1000 + 999)
    request = requests.Request("GET", f"{host}{path}", auth=auth).prepare()

    assert (KEY, str(expires), expected) == tuple(
        request.headers[name] for name in ("api-key", "api-expires", "api-signature")
    )
    assert expected == signature(f"GET{path}{expires}", SECRET)


@pytest.mark.parametrize("name", ["api_key", "api_secret"])
@pytest.mark.parametrize("secret", ["", " \n", "kéy", "k\x00y"])
def test_keys_that_cannot_be(name: str, secret: str) -> None:
    """
    What is no key is refused before anything is sent.
    """
    with pytest.raises(CredentialsError, match=f"The {name} is empty, or has characters"):
        sign({"api_key": "key", "api_secret": "secret", name: secret}, lambda: 0)


def failing(respond: Callable[[], Response]) -> Any:
    """
    What becomes of an account that is answered like that.
    """
    (actor,) = stages()[0].actors
    routes = dict.fromkeys((MARGIN, CONFIG, INFO), lambda _: respond())
    with Sandbox([Stage("bitmex", (actor,), routes)]) as sandbox:
        (failure,) = collect(sandbox.accounts(), machine=Hands().machine()).failures
    return failure


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [("clock", "clock"), ("key", "credentials"), ("signature", "credentials"), ("throttled", "rate_limited")],
)
def test_refusals(refusal: str, kind: str) -> None:
    """
    Each of the venue's refusals becomes the failure that it is, with something to do.
    """
    failure = failing(stages()[0].refusals[refusal])

    assert kind == failure.kind
    assert failure.hint


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"error": {"name": "HTTPError"}}, "credentials"),
        (401, {"error": "Rate limit exceeded"}, "credentials"),
        (403, {"error": {"message": "Access Denied", "name": "HTTPError"}}, "permission"),
        (503, {"error": {"message": "The system is currently overloaded.", "name": "HTTPError"}}, "unavailable"),
        (404, {"error": {"message": "Not Found", "name": "HTTPError"}}, "configuration"),
    ],
)
def test_errors_go_by_their_status(status: int, body: Any, kind: str) -> None:
    """
    All but an expired request are told by their status, with or without a text.
    """
    assert kind == failing(lambda: answer(body, status)).kind


@pytest.mark.parametrize(
    ("response", "seconds"),
    [
        (lambda: throttled(45), 45),
        (lambda: error(429, "Rate limit exceeded, retry in 45 seconds.", "RateLimitError"), 45),
        (lambda: error(429, "Rate limit exceeded."), 60),
    ],
)
def test_how_long_to_wait(response: Callable[[], Response], seconds: int) -> None:
    """
    When to come back stands in a header, or in the text; where it stands nowhere, it is when the minute is over.
    """
    failure = failing(response)

    assert ("rate_limited", seconds) == (
        failure.kind,
        round((failure.until - Hands().machine().now()).total_seconds()),
    )


@pytest.mark.parametrize("off", [-HOURS, HOURS])
def test_a_clock_that_is_hours_off(off: int) -> None:
    """
    A request that had expired when it was made is refused: the venue's time is asked, and the account is read all the
    same. One that expires much later is accepted.
    """
    right = Machine().milliseconds
    with Sandbox(stages()) as sandbox:
        report = collect(sandbox.accounts(), machine=Machine(milliseconds=lambda: right() + off))

    assert report.complete
    assert (off < 0) is any("seconds behind" in note.message for note in report.notes)


def test_the_sandbox_minds_keys_expiries_and_signatures() -> None:
    """
    The sandbox refuses an unknown key, an expiry that is past or is none, and a wrong signature.
    """
    (actor,) = stages()[0].actors
    key, secret = actor.credentials["api_key"], actor.credentials["api_secret"]
    later = Machine().milliseconds() // 1000 + 60
    with Sandbox(stages()) as sandbox:

        def ask(path: str, expires: object = later, **headers: str) -> Any:
            own = {
                "api-key": key,
                "api-expires": str(expires),
                "api-signature": signature(f"GET{path}{expires}", secret),
            }
            return requests.get(f"{sandbox.url}{path}", headers={**own, **headers}, timeout=5).json()

        assert ["XBt", "USDt", "Gwei"] == [row["currency"] for row in ask(f"{MARGIN}?currency=all")]
        assert ["USDt"] == [row["currency"] for row in ask(f"{MARGIN}?currency=USDt")]
        assert list(ASSETS.values()) == ask(CONFIG)
        assert {"Invalid API Key."} == {ask(path, **{"api-key": "x"})["error"]["message"] for path in (MARGIN, CONFIG)}
        assert "Signature not valid." == ask(MARGIN, **{"api-signature": "x"})["error"]["message"]
        assert {"This request has expired - `expires` is in the past"} == {
            ask(MARGIN, expires)["error"]["message"].partition(".")[0] for expires in (later - 120, "soon")
        }


def test_the_sandbox_tells_the_scales_to_everybody() -> None:
    """
    The scales and the time need no key; other paths are refused in the venue's shape.
    """
    with Sandbox(stages()) as sandbox:
        assets, info, lost = (
            requests.get(f"{sandbox.url}{path}", timeout=5) for path in (CONFIG, INFO, "/api/v1/user/x")
        )

    assert list(ASSETS.values()) == assets.json()
    assert "BitMEX API" == info.json()["name"]
    assert (404, "HTTPError") == (lost.status_code, lost.json()["error"]["name"])


def test_the_sandbox_keeps_the_limits() -> None:
    """
    A key may ask so often in a minute, and an address without one less often.
    """
    (played,) = stages()
    (actor,) = played.actors
    public = Request(EnvironBuilder(INFO).get_environ())

    with time_machine.travel(datetime(2026, 11, 20, tzinfo=UTC), tick=False) as clock:
        expires = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp()) + EXPIRES
        headers = {
            "api-key": actor.credentials["api_key"],
            "api-expires": str(expires),
            "api-signature": signature(f"GET{MARGIN}{expires}", actor.credentials["api_secret"]),
        }
        own = Request({**EnvironBuilder(MARGIN, headers=list(headers.items())).get_environ(), "RAW_URI": MARGIN})
        told = [played.routes[MARGIN](own).status_code for _ in range(LIMIT + 1)]
        others = [played.routes[INFO](public).status_code for _ in range(PUBLIC_LIMIT + 1)]
        clock.shift(60)

        assert ([200] * LIMIT + [429], [200] * PUBLIC_LIMIT + [429]) == (told, others)
        assert 200 == played.routes[INFO](public).status_code


def test_the_venue_explains_itself() -> None:
    """
    Each figure that is not known has a reason; the sandbox plays the venue.
    """
    (venue,) = (venue for venue in venues() if venue.id == "bitmex")
    margins = {"initial_margin", "position_margin", "order_margin", "maintenance_margin"}

    assert "bitmex" in {stage.venue for stage in installed().stages()}
    assert {*margins, "available_balance", "cross_wallet_balance", "cross_unrealized_pnl"} == venue.unknown.keys()
