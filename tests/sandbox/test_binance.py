"""
Binance futures as the sandbox plays them, asked over real HTTP by code that shares nothing with the plugin.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import pytest
import requests
from attrs import frozen
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from marginbook_binance import cast, depths, market

if TYPE_CHECKING:
    from collections.abc import Callable

    import time_machine

    from marginbook.sandbox import Sandbox

V3: Final = "/fapi/v3/balance"

#: Accounts with what they hold, and where it is told.
HOLDINGS: Final[dict[str, tuple[str, list[dict[str, Any]]]]] = {
    "binance-hmac": (V3, cast.SINGLE),
    "binance-rsa": (V3, cast.UNDER),
    "binance-ed25519": (V3, cast.MULTI),
    "binance-margin": (V3, cast.HEDGED),
    "binance-coins": ("/dapi/v1/balance", cast.COINS),
    "binance-portfolio": ("/papi/v1/balance", depths.PORTFOLIO),
}

#: The same accounts in detail.
WHOLES: Final[dict[str, tuple[str, Any]]] = {
    "binance-hmac": ("/fapi/v3/account", depths.SINGLE_WHOLE),
    "binance-rsa": ("/fapi/v3/account", depths.UNDER_WHOLE),
    "binance-ed25519": ("/fapi/v3/account", depths.MULTI_WHOLE),
    "binance-margin": ("/fapi/v3/account", depths.HEDGED_WHOLE),
    "binance-coins": ("/dapi/v1/account", depths.COINS_WHOLE),
    "binance-portfolio": ("/papi/v1/account", depths.PORTFOLIO_WHOLE),
}

#: Accounts of futures.
FUTURES: Final = [name for name in HOLDINGS if name != "binance-portfolio"]


@frozen
class Caller:
    """
    Asks for one account of the sandbox.
    """

    url: str
    key: str
    secret: str

    def sign(self, query: str) -> str:
        """
        Return the signature of a query string, not yet percent-encoded.
        """
        if "PRIVATE KEY" not in self.secret:
            return hmac.new(self.secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        key = load_pem_private_key(self.secret.encode(), password=None)
        if isinstance(key, rsa.RSAPrivateKey):
            return base64.b64encode(key.sign(query.encode(), padding.PKCS1v15(), SHA256())).decode()
        assert isinstance(key, ed25519.Ed25519PrivateKey)
        return base64.b64encode(key.sign(query.encode())).decode()

    def signed(self, query: str) -> str:
        """
        Return a query string with its signature.
        """
        return f"{query}&signature={quote(self.sign(query), safe='')}"

    def send(self, query: str, path: str = V3, *, method: str = "GET", key: str | None = None) -> requests.Response:
        """
        Send exactly that, with the account's own key or another one.
        """
        headers = {"X-MBX-APIKEY": self.key if key is None else key}
        return requests.request(method, f"{self.url}{path}?{query}", headers=headers, timeout=10)

    def ask(self, path: str = V3, *, ahead: int = 0, more: str = "") -> requests.Response:
        """
        Ask as one should, with a clock that is *ahead* milliseconds.
        """
        return self.send(self.signed(f"{more}timestamp={now() + ahead}"), path)


def now() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def caller(sandbox: Sandbox) -> Callable[[str], Caller]:
    """
    Give who asks for an account of that name.
    """

    def find(name: str) -> Caller:
        (account,) = [account for account in sandbox.accounts() if account.name == name]
        secrets = account.credentials
        return Caller(sandbox.url, secrets["api_key"].reveal(), secrets["api_secret"].reveal())

    return find


@pytest.fixture
def trader(caller: Callable[[str], Caller]) -> Caller:
    """
    Who asks for the account with an HMAC key.
    """
    return caller("binance-hmac")


def refusal(response: requests.Response) -> tuple[int, int, str]:
    """
    Return the status, the code and the text of an error in Binance's form.
    """
    body = response.json()
    assert ["code", "msg"] == list(body)
    assert "application/json" == response.headers["Content-Type"]
    return response.status_code, body["code"], body["msg"]


@pytest.mark.parametrize("name", HOLDINGS)
def test_holdings(name: str, caller: Callable[[str], Caller]) -> None:
    """
    Each account is told to who signs with its key, of whichever kind it is.
    """
    path, rows = HOLDINGS[name]
    response = caller(name).ask(path)

    assert (200, rows) == (response.status_code, response.json())


@pytest.mark.parametrize("name", WHOLES)
def test_wholes(name: str, caller: Callable[[str], Caller]) -> None:
    """
    So is the account in detail, and it is not told to anybody else.
    """
    path, whole = WHOLES[name]
    asking = caller(name)
    response = asking.ask(path)

    assert (200, whole) == (response.status_code, response.json())
    assert (401, -2015) == refusal(asking.send(asking.signed(f"timestamp={now()}"), path, key="a" * 64))[:2]


@pytest.mark.parametrize(
    ("name", "multi", "hedged"),
    [
        ("binance-hmac", False, False),
        ("binance-rsa", False, False),
        ("binance-ed25519", True, False),
        ("binance-margin", False, True),
    ],
)
def test_settings(name: str, *, multi: bool, hedged: bool, caller: Callable[[str], Caller]) -> None:
    """
    The settings of an account say whether assets share collateral, and whether a symbol has two sides.
    """
    found = caller(name).ask("/fapi/v1/accountConfig").json()

    assert (multi, hedged) == (found["multiAssetsMargin"], found["dualSidePosition"])


def amounts(rows: list[dict[str, Any]], name: str) -> Decimal:
    return sum((Decimal(row[name]) for row in rows), Decimal())


@pytest.mark.parametrize("name", FUTURES)
def test_balances_and_wholes_agree(name: str, caller: Callable[[str], Caller]) -> None:
    """
    What an account is told in detail is what its balance says, and what its positions explain.
    """
    asking = caller(name)
    balances = {row["asset"]: row for row in asking.ask(HOLDINGS[name][0]).json()}
    whole = asking.ask(WHOLES[name][0]).json()

    assert list(balances) == [row["asset"] for row in whole["assets"]]
    for row in whole["assets"]:
        told = balances[row["asset"]]
        of_asset = str.startswith if name == "binance-coins" else str.endswith
        own = [p for p in whole["positions"] if of_asset(p["symbol"], row["asset"])]
        isolated = [p for p in own if p.get("isolated") or Decimal(p.get("isolatedWallet", "0"))]
        crossed = [p for p in own if p not in isolated]
        withdraw = told.get("maxWithdrawAmount", told.get("withdrawAvailable"))
        assert (told["balance"], withdraw) == (row["walletBalance"], row["maxWithdrawAmount"])
        alike = ("crossWalletBalance", "crossUnPnl", "availableBalance", "updateTime")
        assert [told[key] for key in alike] == [row[key] for key in alike]
        assert Decimal(row["crossUnPnl"]) == amounts(crossed, "unrealizedProfit")
        assert Decimal(row["unrealizedProfit"]) == amounts(own, "unrealizedProfit")
        assert Decimal(row["initialMargin"]) == amounts(own, "initialMargin")
        assert Decimal(row["maintMargin"]) == amounts(own, "maintMargin")
        assert Decimal(row["marginBalance"]) == amounts([row], "walletBalance") + amounts([row], "unrealizedProfit")
        if name != "binance-ed25519":
            # What an asset backs by itself, less what its cross positions lock.
            backing = amounts([row], "crossWalletBalance") + amounts([row], "crossUnPnl")
            assert max(backing - amounts(crossed, "initialMargin"), Decimal()) == Decimal(row["availableBalance"])
        if name != "binance-coins":
            wallets = amounts(isolated, "isolatedWallet")
            assert Decimal(row["walletBalance"]) - Decimal(row["crossWalletBalance"]) == wallets


def test_the_portfolio_adds_up(caller: Callable[[str], Caller]) -> None:
    """
    The wallets of a portfolio make its total, and its equity by its maintenance margin is the ratio that is told.
    """
    asking = caller("binance-portfolio")
    parts = ("crossMarginFree", "crossMarginLocked", "umWalletBalance", "cmWalletBalance")
    for row in asking.ask("/papi/v1/balance").json():
        assert Decimal(row["totalWalletBalance"]) == sum(amounts([row], part) for part in parts)
    whole = asking.ask("/papi/v1/account").json()

    assert Decimal(whole["uniMMR"]) == Decimal(whole["accountEquity"]) / Decimal(whole["accountMaintMargin"])


def test_digits(trader: Caller) -> None:
    """
    Digits arrive as they were written, more of them than a float has, and zeros at the end.
    """
    text = trader.ask().text

    assert '"balance":"9007199254740993.00000001"' in text
    assert '"availableBalance":"21013.19206100"' in text
    assert '"updateTime":1763600400000' in text


def test_older_path(trader: Caller) -> None:
    """
    /fapi/v2/balance says the same as /fapi/v3/balance.
    """
    assert trader.ask(V3).content == trader.ask("/fapi/v2/balance").content


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("path", ["/fapi/v1/time", "/dapi/v1/time"])
def test_time(path: str, sandbox: Sandbox) -> None:
    """
    Everybody is told the time.
    """
    response = requests.get(f"{sandbox.url}{path}", timeout=10)

    assert b'{"serverTime":1768480248250}' == response.content


def test_no_key(trader: Caller) -> None:
    """
    A request without a key has none of the right form.
    """
    response = requests.get(f"{trader.url}{V3}?{trader.signed(f'timestamp={now()}')}", timeout=10)

    assert (401, -2014, "API-key format invalid.") == refusal(response)


@pytest.mark.parametrize("key", ["", "abc def", "abc-def", '"abc"', "abc\xe9", "abc\xb2"])
def test_odd_key(key: str, trader: Caller) -> None:
    """
    A key is made of letters and digits.
    """
    response = trader.send(trader.signed(f"timestamp={now()}"), key=key.encode("latin-1"))  # type: ignore[arg-type]

    assert (401, -2014, "API-key format invalid.") == refusal(response)


def test_unknown_key(trader: Caller) -> None:
    """
    Binance does not tell an unknown key from an address or a permission that it does not like, and repeats the address.
    """
    response = trader.send(trader.signed(f"timestamp={now()}"), key="a" * 64)

    text = "Invalid API-key, IP, or permissions for action, request ip: 127.0.0.1"
    assert (401, -2015, text) == refusal(response)


def test_case_of_keys(trader: Caller) -> None:
    """
    Keys are case-sensitive.
    """
    response = trader.send(trader.signed(f"timestamp={now()}"), key=trader.key.upper())

    assert (401, -2015) == refusal(response)[:2]


def test_other_futures(trader: Caller) -> None:
    """
    A key is for one kind of futures here.
    """
    assert (401, -2015) == refusal(trader.ask("/dapi/v1/balance"))[:2]


@pytest.mark.parametrize(
    "query",
    [
        "recvWindow=5000",
        "timestamp=",
        "timestamp=NaN",
        "timestamp=-1",
        "timestamp=1e12",
        "timestamp=1768480248.250",
        "timestamp=%D9%A1%D9%A2",
        f"timestamp={'1' * 5000}",
    ],
    ids=lambda query: query[:20],
)
def test_odd_timestamp(query: str, trader: Caller) -> None:
    """
    A request has a timestamp, and it is a whole number.
    """
    text = "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed."

    assert (400, -1102, text) == refusal(trader.send(trader.signed(query)))


@pytest.mark.parametrize("rest", ["", "&signature", "&signature=", "&sig=abc"])
def test_no_signature(rest: str, trader: Caller) -> None:
    """
    A request has a signature.
    """
    text = "Mandatory parameter 'signature' was not sent, was empty/null, or malformed."

    assert (400, -1102, text) == refusal(trader.send(f"timestamp={now()}{rest}"))


def test_nothing_at_all(trader: Caller) -> None:
    """
    A key alone is not enough.
    """
    assert (400, -1102) == refusal(trader.send(""))[:2]


@pytest.mark.parametrize("window", ["", "five", "-1", "5000.5", "5000%20", "1" * 5000], ids=lambda window: window[:8])
def test_odd_window(window: str, trader: Caller) -> None:
    """
    A recvWindow is a whole number.
    """
    text = "Mandatory parameter 'recvWindow' was not sent, was empty/null, or malformed."

    assert (400, -1102, text) == refusal(trader.ask(more=f"recvWindow={window}&"))


@pytest.mark.parametrize("again", ["timestamp=1&", "recvWindow=1&recvWindow=2&", "signature=abc&"])
def test_twice(again: str, trader: Caller) -> None:
    """
    A parameter stands there once. A request that is signed a second time has its timestamp and signature twice.
    """
    assert (400, -1101, "Duplicate values for a parameter detected.") == refusal(trader.ask(more=again))


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("ahead", "more"),
    [
        (999, ""),
        (0, ""),
        (-5000, ""),
        (999, "recvWindow=1&"),
        (-1, "recvWindow=1&"),
        (-60_000, "recvWindow=60000&"),
        (-9_999_999, "recvWindow=9999999&"),
    ],
)
def test_in_time(ahead: int, more: str, trader: Caller) -> None:
    """
    A request may be less than a second ahead, and its recvWindow late: 5000 milliseconds unless it says so.
    """
    assert 200 == trader.ask(ahead=ahead, more=more).status_code


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("ahead", "more"), [(1000, ""), (3_600_000, ""), (1000, "recvWindow=60000&")])
def test_early(ahead: int, more: str, trader: Caller) -> None:
    """
    A second ahead is too much, however wide the recvWindow is: it looks backwards only.
    """
    text = "Timestamp for this request was 1000ms ahead of the server's time."

    assert (400, -1021, text) == refusal(trader.ask(ahead=ahead, more=more))


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("ahead", "more"), [(-5001, ""), (-3_600_000, ""), (-2, "recvWindow=1&"), (-60_001, "recvWindow=60000&")]
)
def test_late(ahead: int, more: str, trader: Caller) -> None:
    """
    What is older than its recvWindow is too late.
    """
    text = "Timestamp for this request is outside of the recvWindow."

    assert (400, -1021, text) == refusal(trader.ask(ahead=ahead, more=more))


#: What can go wrong with a signature, as changes of a request that would be right.
MISTAKES: Final[dict[str, Callable[[str], str]]] = {
    "made up": lambda query: re.sub("signature=.*", f"signature={'0' * 64}", query),
    "cut short": lambda query: query[:-1],
    "of other bytes": lambda query: query.replace("recvWindow=4000", "recvWindow=4001"),
    "of another order": lambda query: re.sub("(recv[^&]*)&(time[^&]*)", r"\2&\1", query),
    "not last": lambda query: re.sub("&(time[^&]*)&(sign.*)", r"&\2&\1", query),
    "first": lambda query: re.sub("(.*)&(sign.*)", r"\2&\1", query),
    "before an addition": lambda query: f"{query}&symbol=BTCUSDT",
    "before an ampersand": lambda query: f"{query}&",
    "not even ASCII": lambda query: re.sub("signature=.*", "signature=%C3%A9", query),
    "not even text": lambda query: re.sub("signature=.*", "signature=%FF%FE", query),
    "of another kind": lambda query: re.sub("signature=.*", f"signature={quote('AAAA' * 16)}", query),
}


@pytest.mark.parametrize("name", HOLDINGS)
@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_wrong_signature(mistake: Callable[[str], str], name: str, caller: Callable[[str], Caller]) -> None:
    """
    A signature is of the query as it was sent, all of it, and stands at its end.
    """
    path, _ = HOLDINGS[name]
    asking = caller(name)
    query = asking.signed(f"recvWindow=4000&timestamp={now()}")

    assert 200 == asking.send(query, path).status_code
    assert (400, -1022, "Signature for this request is not valid.") == refusal(asking.send(mistake(query), path))


def test_other_secret(caller: Callable[[str], Caller]) -> None:
    """
    Only the key's own secret will do.
    """
    trader, other = caller("binance-hmac"), caller("binance-coins")
    response = trader.send(other.signed(f"timestamp={now()}"))

    assert (400, -1022) == refusal(response)[:2]


@pytest.mark.parametrize("write", [str.upper, str.lower, str.title])
def test_case_of_hexadecimal(write: Callable[[str], str], trader: Caller) -> None:
    """
    The signature of an HMAC key may be written in either case.
    """
    query = f"timestamp={now()}"

    assert 200 == trader.send(f"{query}&signature={write(trader.sign(query))}").status_code


@pytest.mark.parametrize("name", ["binance-rsa", "binance-ed25519"])
def test_case_of_base64(name: str, caller: Callable[[str], Caller]) -> None:
    """
    The signature of another key may not.
    """
    asking = caller(name)
    query = f"timestamp={now()}"
    response = asking.send(f"{query}&signature={quote(asking.sign(query).swapcase(), safe='')}")

    assert (400, -1022) == refusal(response)[:2]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("name", ["binance-rsa", "binance-ed25519"])
def test_plus(name: str, caller: Callable[[str], Caller]) -> None:
    """
    A plus sign that is not percent-encoded is a space, so base64 has to be.
    """
    asking = caller(name)
    queries = (f"recvWindow={window}&timestamp={now()}" for window in range(1000, 2000))
    query, signature = next((q, s) for q, s in ((q, asking.sign(q)) for q in queries) if "+" in s)

    assert 200 == asking.send(f"{query}&signature={quote(signature, safe='/=')}").status_code
    assert (400, -1022) == refusal(asking.send(f"{query}&signature={quote(signature, safe='/=+')}"))[:2]


def test_percent_encoding(trader: Caller) -> None:
    """
    What is signed is the encoded query, not what it means.
    """
    timestamp = f"timestamp={now()}"
    written, meant = f"symbol=%EF%BC%91&{timestamp}", f"symbol=\uff11&{timestamp}"

    assert 200 == trader.send(trader.signed(written)).status_code
    assert (400, -1022) == refusal(trader.send(f"{written}&signature={trader.sign(meant)}"))[:2]


def test_retired(trader: Caller) -> None:
    """
    The first version of the path is retired, and says which one to use.
    """
    text = "GET /fapi/v1/balance is retired, please use GET /fapi/v2/balance"

    assert (400, -5000, text) == refusal(trader.ask("/fapi/v1/balance"))


@pytest.mark.parametrize(
    "path", ["/fapi/v4/balance", "/fapi/v3/accounts", "/dapi/v2/balance", "/papi/v2/balance", "/fapi//v3/balance"]
)
def test_no_such_path(path: str, trader: Caller) -> None:
    """
    A path that there is not is refused in Binance's words. Nobody is redirected to one that looks like it.
    """
    assert (404, -5000, f"Path {path}, Method GET is invalid") == refusal(trader.ask(path))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods(method: str, trader: Caller) -> None:
    """
    So is a method that a path is not for.
    """
    response = trader.send(trader.signed(f"timestamp={now()}"), method=method)

    assert (405, -5000, f"Path /fapi/v3/balance, Method {method} is invalid") == refusal(response)


@pytest.mark.usefixtures("clock")
def test_weights(caller: Callable[[str], Caller]) -> None:
    """
    Every answer says what this address has spent in this minute, an error as well. Each operation has its own weight.
    """
    trader, coins, portfolio = caller("binance-hmac"), caller("binance-coins"), caller("binance-portfolio")
    responses = [
        trader.ask(V3),
        trader.ask("/fapi/v2/balance"),
        trader.send("", "/fapi/v1/time"),
        trader.ask("/fapi/v1/balance"),
        trader.ask("/fapi/v4/balance"),
        trader.send("", V3),
        trader.send("", V3, key="a" * 64),
        trader.ask(V3, ahead=5000),
        # The other host counts for itself.
        coins.ask("/dapi/v1/balance"),
        coins.send("", "/dapi/v1/time"),
        trader.ask("/fapi/v3/account"),
        trader.ask("/fapi/v1/accountConfig"),
        coins.ask("/dapi/v1/account"),
        portfolio.ask("/papi/v1/balance"),
        portfolio.ask("/papi/v1/account"),
    ]

    spent = [int(response.headers["X-MBX-USED-WEIGHT-1M"]) for response in responses]
    assert [5, 15, 16, 17, 18, 23, 28, 33, 1, 2, 38, 43, 7, 20, 40] == spent


def test_spent(clock: time_machine.Traveller, trader: Caller) -> None:
    """
    Who has spent 2400 in a minute is told when the next one begins, and is welcome again then.
    """
    query = trader.signed(f"recvWindow=60000&timestamp={now()}")
    with requests.Session() as session:
        session.headers["X-MBX-APIKEY"] = trader.key
        url = f"{trader.url}/fapi/v2/balance?{query}"
        statuses = {session.get(url, timeout=10).status_code for _ in range(240)}
        refused = session.get(url, timeout=10)
        clock.shift(12)
        served = session.get(url, timeout=10)

    text = "Too many requests; current limit of IP(127.0.0.1) is 2400 requests per minute."
    assert {200} == statuses
    assert (429, -1003, text) == refusal(refused)
    assert ("12", "2410") == (refused.headers["Retry-After"], refused.headers["X-MBX-USED-WEIGHT-1M"])
    assert (200, "10") == (served.status_code, served.headers["X-MBX-USED-WEIGHT-1M"])


@pytest.mark.usefixtures("clock")
def test_spent_at_portfolio_margin(caller: Callable[[str], Caller]) -> None:
    """
    Portfolio Margin allows 6000.
    """
    asking = caller("binance-portfolio")
    with requests.Session() as session:
        session.headers["X-MBX-APIKEY"] = "a" * 64
        for _ in range(300):
            last = session.get(f"{asking.url}/papi/v1/balance", timeout=10)

    text = "Too many requests; current limit of IP(127.0.0.1) is 6000 requests per minute."
    assert (401, -2015) == refusal(last)[:2]
    assert (429, -1003, text) == refusal(asking.ask("/papi/v1/account"))


@pytest.mark.usefixtures("clock")
def test_spent_on_nothing(trader: Caller) -> None:
    """
    Even the time is not told then: the limit is the address's, whatever it asks.
    """
    with requests.Session() as session:
        session.headers["X-MBX-APIKEY"] = "a" * 64
        for _ in range(240):
            session.get(f"{trader.url}/fapi/v2/balance", timeout=10)

    assert (429, -1003) == refusal(trader.send("", "/fapi/v1/time"))[:2]


def test_body(trader: Caller) -> None:
    """
    A body is no part of what a GET request signs here, and does not disturb.
    """
    query = trader.signed(f"timestamp={now()}")
    response = requests.get(
        f"{trader.url}{V3}?{query}", headers={"X-MBX-APIKEY": trader.key}, data=b"symbol=BTCUSDT", timeout=10
    )

    assert json.loads(response.content) == cast.SINGLE


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("path", "rows"),
    [
        ("/fapi/v1/premiumIndex", market.CONTRACTS),
        ("/fapi/v1/assetIndex", market.ASSETS),
        ("/dapi/v1/premiumIndex", market.COIN_CONTRACTS),
    ],
)
def test_prices(path: str, rows: list[dict[str, Any]], sandbox: Sandbox) -> None:
    """
    Everybody is told the prices of now, at a weight of ten.
    """
    response = requests.get(sandbox.url + path, timeout=10)

    assert [{**row, "time": 1768480248250} for row in rows] == response.json()
    assert "10" == response.headers["X-MBX-USED-WEIGHT-1M"]


def test_what_counts_of_an_asset() -> None:
    """
    The rates of collateral are the index less and plus its buffer, as in the published example.
    """
    for row in market.ASSETS:
        index, bid, ask = (Decimal(row[name]) for name in ("index", "bidRate", "askRate"))
        assert index * (1 - Decimal(row["bidBuffer"])) == bid
        assert index * (1 + Decimal(row["askBuffer"])) == ask
