"""
CoinSwitch PRO futures as the sandbox plays them, asked over real HTTP by code that shares nothing with the plugin.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import pytest
import requests
from attrs import evolve, frozen
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from marginbook_coinswitch import stage

if TYPE_CHECKING:
    import time_machine

    from marginbook.sandbox import Sandbox

WALLET: Final = "/trade/api/v2/futures/wallet_balance"
POSITIONS: Final = "/trade/api/v2/futures/positions"
KEYS: Final = "/trade/api/v2/validate/keys"
TIME: Final = "/trade/api/v2/time"


@frozen
class Caller:
    """
    Asks for the account of a key, with what is signed and what is sent apart.
    """

    url: str
    key: str
    secret: str

    def headers(self, text: str, epoch: int | str) -> dict[str, str]:
        """
        Return the headers that go with the signature of *text*.
        """
        signature = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.secret)).sign(text.encode())
        return {"X-AUTH-APIKEY": self.key, "X-AUTH-SIGNATURE": signature.hex(), "X-AUTH-EPOCH": str(epoch)}

    def ask(self, path: str = WALLET, *, ahead: int = 0, meant: str = "") -> requests.Response:
        """
        Ask as one should, with a clock that is *ahead* milliseconds, and a path that is *meant* where it is encoded.
        """
        epoch = now() + ahead
        return self.send(path, self.headers(f"GET{meant or path}{epoch}", epoch))

    def send(self, path: str, headers: dict[str, str], *, method: str = "GET") -> requests.Response:
        """
        Send exactly that.
        """
        return requests.request(method, self.url + path, headers=headers, timeout=10)


def now() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def trader(sandbox: Sandbox) -> Caller:
    """
    Who asks for the account.
    """
    (account,) = [account for account in sandbox.accounts() if account.venue == "coinswitch"]
    secrets = account.credentials
    return Caller(sandbox.url, secrets["api_key"].reveal(), secrets["api_secret"].reveal())


def answered(response: requests.Response) -> tuple[int, str]:
    """
    Return the status and the text of a message in CoinSwitch's form.
    """
    assert ["message"] == list(response.json())
    return response.status_code, response.json()["message"]


def test_wallet(trader: Caller) -> None:
    """
    The wallet is told to who signs with its key, with the digits as they were written.
    """
    response = trader.ask()

    assert (200, {"data": stage.WALLET}) == (response.status_code, response.json())
    assert '"total_balance":"9007199254740993.01","total_available_balance":"9007199254740993"' in response.text


def test_positions(trader: Caller) -> None:
    """
    Positions are told to who signs the question with its exchange, which is not told apart by its letters' case.
    """
    assert {"data": stage.POSITIONS} == trader.ask(f"{POSITIONS}?exchange=exchange_2").json()
    assert {"data": []} == trader.ask(f"{POSITIONS}?exchange=EXCHANGE_1").json()
    assert (422, "Input exchange is missing") == answered(trader.ask(POSITIONS))
    assert (401, "Invalid Access") == answered(trader.ask(f"{POSITIONS}?exchange=EXCHANGE_2", meant=POSITIONS))


@pytest.mark.usefixtures("clock")
def test_positions_are_counted_by_themselves(trader: Caller) -> None:
    """
    A key may ask for positions twenty times in a minute, and then still for the wallet.
    """
    statuses = [trader.ask(f"{POSITIONS}?exchange=EXCHANGE_2").status_code for _ in range(21)]

    assert [200] * 20 + [429] == statuses
    assert 200 == trader.ask().status_code


def test_right_keys(trader: Caller) -> None:
    """
    A pair of keys can be tried without asking for anything.
    """
    assert (200, "Valid Access") == answered(trader.ask(KEYS))


@pytest.mark.usefixtures("clock")
def test_time(sandbox: Sandbox) -> None:
    """
    Everybody is told the time.
    """
    assert b'{"serverTime":1768480248250}' == requests.get(sandbox.url + TIME, timeout=10).content


@pytest.mark.parametrize("path", [WALLET, KEYS])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-AUTH-APIKEY", ""),
        ("X-AUTH-APIKEY", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
        ("X-AUTH-APIKEY", "no key"),
        ("X-AUTH-SIGNATURE", ""),
        ("X-AUTH-SIGNATURE", "00" * 64),
        ("X-AUTH-SIGNATURE", "no hexadecimal"),
        ("X-AUTH-SIGNATURE", "00"),
        ("X-AUTH-EPOCH", ""),
        ("X-AUTH-EPOCH", "0"),
        ("X-AUTH-EPOCH", "now"),
        ("X-AUTH-EPOCH", "-1"),
        ("X-AUTH-EPOCH", "1" * 5000),
    ],
    ids=lambda value: value[:12],
)
def test_wrong_header(path: str, name: str, value: str, trader: Caller) -> None:
    """
    An unknown key, a wrong signature and a wrong time look all the same.
    """
    epoch = now()
    headers = trader.headers(f"GET{path}{epoch}", epoch)

    assert 200 == trader.send(path, headers).status_code
    assert (401, "Invalid Access") == answered(trader.send(path, headers | {name: value}))


@pytest.mark.parametrize("missing", ["X-AUTH-APIKEY", "X-AUTH-SIGNATURE", "X-AUTH-EPOCH"])
def test_missing_header(missing: str, trader: Caller) -> None:
    """
    So does what is not there at all.
    """
    epoch = now()
    headers = trader.headers(f"GET{WALLET}{epoch}", epoch)
    del headers[missing]

    assert (401, "Invalid Access") == answered(trader.send(WALLET, headers))


@pytest.mark.parametrize(
    "signed", ["POST{path}{epoch}", "get{path}{epoch}", "GET{path}", "GET{path}{epoch}{{}}", "GET{url}{path}{epoch}"]
)
def test_wrong_text(signed: str, trader: Caller) -> None:
    """
    What is signed is the method in capitals, the path, and the time, with nothing else.
    """
    epoch = now()
    text = signed.format(path=WALLET, epoch=epoch, url=trader.url)

    assert (401, "Invalid Access") == answered(trader.send(WALLET, trader.headers(text, epoch)))


def test_method(trader: Caller) -> None:
    """
    The method that is sent is the one that is signed.
    """
    epoch = now()
    headers = [trader.headers(f"{method}{KEYS}{epoch}", epoch) for method in ("HEAD", "GET")]

    assert [200, 401] == [trader.send(KEYS, signed, method="HEAD").status_code for signed in headers]


def test_other_epoch(trader: Caller) -> None:
    """
    The time that is sent is the one that is signed.
    """
    epoch = now()

    assert (401, "Invalid Access") == answered(trader.send(WALLET, trader.headers(f"GET{WALLET}{epoch}", epoch + 1)))


def test_other_path(trader: Caller) -> None:
    """
    A signature is for one path.
    """
    assert (401, "Invalid Access") == answered(trader.ask(WALLET, meant=KEYS))


def test_query(trader: Caller) -> None:
    """
    The query is signed decoded, with plus signs as spaces, however it is sent.
    """
    path, meant = f"{KEYS}?exchanges=coinswitchx%2Cc2c1&note=a+b%20c", f"{KEYS}?exchanges=coinswitchx,c2c1&note=a b c"

    assert (200, "Valid Access") == answered(trader.ask(path, meant=meant))
    assert (401, "Invalid Access") == answered(trader.ask(path))


def test_other_secret(trader: Caller) -> None:
    """
    Only the key's own secret will do.
    """
    assert (401, "Invalid Access") == answered(evolve(trader, secret="01" * 32).ask())


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("ahead", "status"), [(-60_001, 401), (-60_000, 200), (60_000, 200), (60_001, 401), (-3_600_000, 401)]
)
def test_drift(ahead: int, status: int, trader: Caller) -> None:
    """
    A clock may be a minute off, in either direction.
    """
    assert status == trader.ask(ahead=ahead).status_code


def test_limit(clock: time_machine.Traveller, trader: Caller) -> None:
    """
    A key may ask for the wallet twenty times in a minute, and again in the next one.
    """
    statuses = {trader.ask().status_code for _ in range(20)}
    refused = trader.ask()
    clock.shift(12)

    assert {200} == statuses
    assert (429, "Too many requests") == answered(refused)
    assert "Retry-After" not in refused.headers
    assert 200 == trader.ask().status_code


@pytest.mark.usefixtures("clock")
def test_uncounted(sandbox: Sandbox, trader: Caller) -> None:
    """
    Neither the time, nor a trial of the keys, nor what somebody else signed counts as asking for the wallet.
    """
    stranger = evolve(trader, secret="01" * 32)
    for _ in range(21):
        assert 200 == requests.get(sandbox.url + TIME, timeout=10).status_code
        assert 200 == trader.ask(KEYS).status_code
        assert 401 == stranger.ask().status_code

    assert 200 == trader.ask().status_code


def test_no_such_path(trader: Caller) -> None:
    """
    A path that there is not is refused in the form of all errors.
    """
    assert (404, "Not Found") == answered(trader.ask("/trade/api/v2/futures/wallet"))


def test_other_methods(trader: Caller) -> None:
    """
    So is a method that a path is not for.
    """
    assert (405, "Method Not Allowed") == answered(trader.send(WALLET, {}, method="POST"))
