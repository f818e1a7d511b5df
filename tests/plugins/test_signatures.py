"""
Signatures, against the vectors that venues published, on both sides: what a plugin signs and what the sandbox accepts.

Sources of the vectors: Binance, "General Info" of USDⓈ-M futures, for the first; Binance, the REST and the FIX API of
spot, at binance/binance-spot-api-docs a5e0bc3, for the other HMAC ones and for Ed25519; CoinSwitch PRO,
"Authentication", for the messages, which come without a signature. Those of CoinSwitch and of balance requests were
computed once, with the key of RFC 8032, section 7.1, test 1, and the published ones.
"""

from __future__ import annotations

import base64
import itertools
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import pytest
import requests
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from marginbook import CredentialsError
from marginbook.sandbox import Actor, Sandbox, Stage
from marginbook_binance import cast
from marginbook_binance import keys as binance
from marginbook_binance import stage as binance_stage
from marginbook_coinswitch import keys as coinswitch
from marginbook_coinswitch import stage as coinswitch_stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FUTURES_KEY: Final = "dbefbc809e3e83c283a984c3a1459732ea7db1360ca80c5c2c8867408d28cc83"
FUTURES_SECRET: Final = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9"
SPOT_SECRET: Final = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"

#: Secrets, queries and signatures of HMAC keys.
HMAC: Final = {
    "futures": (
        FUTURES_SECRET,
        (
            "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC&recvWindow=5000"
            "&timestamp=1591702613943"
        ),
        "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9",
    ),
    "spot": (
        SPOT_SECRET,
        (
            "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000"
            "&timestamp=1499827319559"
        ),
        "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71",
    ),
    "spot, not ASCII": (
        SPOT_SECRET,
        (
            "symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1"
            "&price=0.1&recvWindow=5000&timestamp=1499827319559"
        ),
        "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3",
    ),
    "balance": (
        FUTURES_SECRET,
        "recvWindow=5000&timestamp=1591702613943",
        "5581570ecf76b9b74c6f1a66ef6520c2959a75c32641affb2634d655d6e64db8",
    ),
    "balance, as short as can be": (
        FUTURES_SECRET,
        "timestamp=1591702613943",
        "84901bbeed96ffa9adf9995c40fcadcb0a9ddad37c2605ce82491f2c771077a6",
    ),
}

#: The private key that the FIX API prints for illustration, PKCS#8.
FIX_KEY: Final = "MC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u"
FIX_TEXT: Final = b"A\x01EXAMPLE\x01SPOT\x011\x0120240627-11:17:25.223"
FIX_SIGNATURE: Final = "4MHXelVVcpkdwuLbl6n73HQUXUf1dse2PCgT1DYqW9w8AVZ1RACFGM+5UdlGPrQHrgtS3CvsRURC1oj73j8gCA=="

#: The same key's signature of the query of a balance request, as it stands in the address.
FIX_BALANCE: Final = "DWCUTPo6yfLwKrRjUYF8CIdtMRCTDbAb%2F%2BPEZcbe3JM3a3IneJ56Nxx8u0ZO9npZaSfk6EvEu2C9HYzqQNbmDw%3D%3D"

RFC_SECRET: Final = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
RFC_KEY: Final = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
EPOCH: Final = 1719905777483

#: Methods and paths of CoinSwitch, and what is signed of them before the time.
MESSAGES: Final = [
    ("GET", "/trade/api/v2/time", "GET/trade/api/v2/time"),
    ("POST", "/trade/api/v2/order", "POST/trade/api/v2/order"),
    (
        "GET",
        "/trade/api/v2/orders?open=true&exchanges=coinswitchx%2Cc2c1",
        "GET/trade/api/v2/orders?open=true&exchanges=coinswitchx,c2c1",
    ),
]

#: Paths of CoinSwitch and their signatures.
PATHS: Final = {
    "/trade/api/v2/futures/wallet_balance": (
        "a864dbf8e769e474b13b301a74acb66c19576a2f87e37c24bf6ff5d1f7c2a02d"
        "8542074fef4279f0e740360e653cfb1da9afab64e61be5231d018df44140b302"
    ),
    "/trade/api/v2/validate/keys": (
        "affcee5d1bc9c1af4754f46ba44d988bef78a79a646037bfdce167f8098f9169"
        "595afec3a2d8a8b89d27932d31d583b7f43146244822d360bb60a05326070607"
    ),
    "/trade/api/v2/futures/positions?exchange=EXCHANGE_2&symbol=btcusdt": (
        "9a54cea38a2222ceb25c8f16df1d534156538a9aabb36d153109dd987fb6ad55"
        "f50c1cd35f01263977df8d69c74596a5c6d7a3455c8c166de85b8eadc0852b0f"
    ),
    "/trade/api/v2/orders?open=true&exchanges=coinswitchx%2Cc2c1": (
        "fba32073118304f941677a25419e1b968519007884c43f32c0046340de5c71df"
        "61c93a28de3a63ea9f4897d232421bcc8ab7655a62a42390ceb2c40bddf5990b"
    ),
}


def pem(text: str) -> str:
    return f"-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"


def written(key: Any, encoding: Encoding = Encoding.PEM, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    text: bytes = key.private_bytes(encoding, form, NoEncryption())
    return text.decode()


def at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def prepare(url: str, auth: requests.auth.AuthBase, **more: Any) -> requests.PreparedRequest:
    return requests.Request(more.pop("method", "GET"), url, auth=auth, **more).prepare()


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    """
    A key that was made just now: nobody published one together with what it signs.
    """
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def played() -> Iterator[Callable[[cast.Part], str]]:
    """
    Give the address of a sandbox that plays one Binance account.
    """
    opened: list[Sandbox] = []

    def play(part: cast.Part) -> str:
        futures = binance_stage.Futures({part.actor.credentials["api_key"]: part})

        def balance(request: Any) -> Any:
            return futures.balance(request, weight=5)

        opened.append(Sandbox([Stage("binance-usdm", (part.actor,), {"/fapi/v3/balance": balance})]))
        return opened[-1].__enter__().url

    yield play
    for sandbox in opened:
        sandbox.__exit__(None, None, None)


class TestBinance:
    """
    Query strings, signed with three kinds of keys.
    """

    @pytest.mark.parametrize(("secret", "query", "signature"), HMAC.values(), ids=HMAC)
    def test_hmac(self, secret: str, query: str, signature: str) -> None:
        """
        The published query and secret give the published signature, last, of the query exactly as it is sent.
        """
        rest, _, timestamp = query.rpartition("timestamp=")
        params = dict(pair.split("=") for pair in unquote(rest).split("&") if pair)
        auth = binance.sign({"api_key": FUTURES_KEY, "api_secret": secret}, lambda: int(timestamp))
        request = prepare("https://fapi.binance.com/fapi/v3/balance", auth, params=params)

        assert f"https://fapi.binance.com/fapi/v3/balance?{query}&signature={signature}" == request.url
        assert FUTURES_KEY == request.headers["X-MBX-APIKEY"]
        assert request.body is None

    @pytest.mark.parametrize(("secret", "query", "signature"), HMAC.values(), ids=HMAC)
    def test_hmac_is_accepted(
        self, secret: str, query: str, signature: str, played: Callable[[cast.Part], str]
    ) -> None:
        """
        At the time of the published request, the sandbox accepts it, and no other signature of it.
        """
        actor = Actor("published", {"api_key": FUTURES_KEY, "api_secret": secret})
        url = f"{played(cast.Part(actor, cast.verify_hmac(secret), []))}/fapi/v3/balance?{query}"
        other = signature[:-1] + ("0" if signature[-1] != "0" else "1")
        with time_machine.travel(at(int(query.rpartition("=")[-1])), tick=False):
            statuses = [
                requests.get(f"{url}&signature={s}", headers={"X-MBX-APIKEY": FUTURES_KEY}, timeout=10).status_code
                for s in (signature, other)
            ]

        assert [200, 400] == statuses

    def test_misprint(self) -> None:
        """
        The third published example is a misprint: its signature is that of a query with a stray space.
        """
        published = "f9d0ae5e813ef6ccf15c2b5a434047a0181cb5a342b903b367ca6d27a66e36f2"
        query = (
            b"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTCquantity=1&price=9000&recvWindow=5000&timestamp=%s%d"
        )
        sign, verify = binance._hmac(FUTURES_SECRET), cast.verify_hmac(FUTURES_SECRET)
        clean, stray = query % (b"", 1591702613943), query % (b" ", 1591702613943)

        assert "30baaf0fab549bbeda7f5ef201898b34122da25fd23c646cac2c529aebe670a4" == sign(clean)
        assert published == sign(stray)
        assert [False, True] == [verify(clean, published), verify(stray, published)]

    def test_ed25519(self) -> None:
        """
        The published Ed25519 key gives the published signature, and the sandbox accepts it.
        """
        key = ed25519.Ed25519PrivateKey.from_private_bytes(base64.b64decode(FIX_KEY)[-32:])
        verify = cast.verify_public(key.public_key().verify)

        assert FIX_SIGNATURE == binance._private_key(pem(FIX_KEY))(FIX_TEXT)
        assert verify(FIX_TEXT, FIX_SIGNATURE)
        assert not verify(FIX_TEXT + b" ", FIX_SIGNATURE)

    def test_ed25519_in_a_request(self) -> None:
        """
        In a request, its base64 is percent-encoded.
        """
        auth = binance.sign({"api_key": FUTURES_KEY, "api_secret": pem(FIX_KEY)}, lambda: 1591702613943)
        request = prepare("https://fapi.binance.com/fapi/v3/balance", auth, params={"recvWindow": 5000})

        query = f"recvWindow=5000&timestamp=1591702613943&signature={FIX_BALANCE}"
        assert f"https://fapi.binance.com/fapi/v3/balance?{query}" == request.url

    def test_rsa(self, rsa_key: rsa.RSAPrivateKey) -> None:
        """
        An RSA key makes a PKCS #1 v1.5 signature of SHA-256, always the same, as long as the key, percent-encoded.
        """
        auth = binance.sign({"api_key": "k", "api_secret": written(rsa_key)}, lambda: 1591702613943)
        urls = [prepare("https://dapi.binance.com/dapi/v1/balance", auth).url or "" for _ in range(2)]
        query, _, signature = urlsplit(urls[0]).query.partition("&signature=")
        decoded = base64.b64decode(unquote(signature), validate=True)

        assert urls[0] == urls[1]
        assert "timestamp=1591702613943" == query
        assert re.fullmatch("(?:[A-Za-z0-9]|%2B|%2F)+%3D%3D", signature)
        assert 256 == len(decoded)
        # Raises where it does not fit.
        rsa_key.public_key().verify(decoded, query.encode(), padding.PKCS1v15(), SHA256())

    def test_rsa_is_accepted(self, rsa_key: rsa.RSAPrivateKey, played: Callable[[cast.Part], str]) -> None:
        """
        The sandbox accepts a signature that was made with nothing of ours, and not that of another key.
        """
        part = cast.rsa_part("somebody", [])
        own = cast.rsa_key()
        url = f"{played(part)}/fapi/v3/balance?timestamp=1591702613943"
        statuses = []
        for key in (own, rsa_key):
            signature = base64.b64encode(key.sign(b"timestamp=1591702613943", padding.PKCS1v15(), SHA256()))
            with time_machine.travel(at(1591702613943), tick=False):
                response = requests.get(
                    url,
                    params={"signature": signature},
                    headers={"X-MBX-APIKEY": part.actor.credentials["api_key"]},
                    timeout=10,
                )
            statuses.append(response.status_code)

        assert [200, 400] == statuses

    @pytest.mark.parametrize("kind", ["HMAC", "RSA", "Ed25519"])
    def test_afresh(self, kind: str, rsa_key: rsa.RSAPrivateKey) -> None:
        """
        Each attempt is signed with the time of its own, and nothing is left of the one before.
        """
        secret = {"HMAC": FUTURES_SECRET, "RSA": written(rsa_key), "Ed25519": pem(FIX_KEY)}[kind]
        clock = itertools.count(1591702613943)
        auth = binance.sign({"api_key": "k", "api_secret": secret}, lambda: next(clock))
        with requests.Session() as session:
            session.auth = auth
            attempt = requests.Request("GET", "https://fapi.binance.com/fapi/v3/balance")
            queries = [urlsplit(session.prepare_request(attempt).url or "").query for _ in range(2)]
        signatures = [query.partition("&signature=")[2] for query in queries]

        assert ["timestamp=1591702613943", "timestamp=1591702613944"] == [
            q.partition("&signature=")[0] for q in queries
        ]
        assert 2 == len(set(signatures))

    def test_line_ends(self, rsa_key: rsa.RSAPrivateKey) -> None:
        r"""
        A private key may be written on one line, with its line ends as \n, or with those of Windows, or with space
        around it.
        """
        secret = written(rsa_key)
        signatures = {
            prepare("https://fapi.binance.com/", binance.sign({"api_key": " k\n", "api_secret": form}, lambda: 1)).url
            for form in (secret, secret.replace("\n", "\\n"), secret.replace("\n", "\r\n"), f"\n  {secret}  \n")
        }

        assert 1 == len(signatures)

    def test_space_around(self) -> None:
        """
        A secret that was copied with the space around it is the same secret.
        """
        one, other = (
            prepare("https://fapi.binance.com/", binance.sign({"api_key": "k", "api_secret": secret}, lambda: 1)).url
            for secret in (FUTURES_SECRET, f" {FUTURES_SECRET}\r\n")
        )

        assert one == other

    def test_older_form(self, rsa_key: rsa.RSAPrivateKey) -> None:
        """
        An RSA key in the form that OpenSSL once wrote, PKCS #1, is the same key.
        """
        older = written(rsa_key, form=PrivateFormat.TraditionalOpenSSL)

        assert "BEGIN RSA PRIVATE KEY" in older
        assert binance._private_key(written(rsa_key))(b"x") == binance._private_key(older)(b"x")

    @pytest.mark.parametrize(
        "make",
        [
            lambda: written(ec.generate_private_key(ec.SECP256R1())),
            lambda: written(ec.generate_private_key(ec.SECP256R1()), form=PrivateFormat.TraditionalOpenSSL),
            lambda: written(x25519.X25519PrivateKey.generate()),
            lambda: pem("MC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy"),
            lambda: pem("not base64, and yet a secret"),
            lambda: pem(FIX_KEY).replace("END", "BEGIN"),
            lambda: pem(FIX_KEY).partition("-----END")[0],
            lambda: (
                ed25519.Ed25519PrivateKey.generate()
                .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"passphrase"))
                .decode()
            ),
            lambda: written(ed25519.Ed25519PrivateKey.generate(), form=PrivateFormat.OpenSSH),
            lambda: (
                ed25519.Ed25519PrivateKey.generate()
                .public_key()
                .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
                .decode()
            ),
        ],
        ids=["EC", "EC, older form", "X25519", "cut", "garbled", "no end", "broken off", "encrypted", "SSH", "public"],
    )
    def test_refused_keys(self, make: Callable[[], str]) -> None:
        """
        A private key that Binance cannot know, or nobody can read, is refused at once, and not shown.
        """
        secret = make()
        with pytest.raises(CredentialsError) as caught:
            binance.sign({"api_key": "k", "api_secret": secret}, lambda: 0)

        message = "The api_secret is in PEM form, but no private key that Binance could know."
        hint = "It has to be an RSA or Ed25519 key in PEM form (PKCS#8), without a password."
        assert (message, hint) == (caught.value.message, caught.value.hint)
        assert not leaks(caught.value, secret)

    @pytest.mark.parametrize("key", ["caf\u00e9bar", "first\nsecond", "null\x00", "\u200bkeyword", "\ufeffkeyword"])
    def test_odd_keys(self, key: str) -> None:
        """
        A key that cannot stand in a header is refused at once, and not shown either.
        """
        with pytest.raises(CredentialsError, match=r"^The api_key has characters that no key has\.") as caught:
            binance.sign({"api_key": key, "api_secret": FUTURES_SECRET}, lambda: 0)

        assert not leaks(caught.value, key, FUTURES_SECRET)

    @pytest.mark.parametrize("kind", ["HMAC", "Ed25519"])
    def test_nothing_is_shown(self, kind: str) -> None:
        """
        What signs does not show with what.
        """
        secret = {"HMAC": FUTURES_SECRET, "Ed25519": pem(FIX_KEY)}[kind]
        auth = binance.sign({"api_key": FUTURES_KEY, "api_secret": secret}, lambda: 0)

        assert not any(word in f"{auth!r} {auth}" for word in [FUTURES_KEY, *secret.split("\n")[:-1]])


class TestCoinSwitch:
    """
    Methods, paths and times, signed with Ed25519.
    """

    @pytest.mark.parametrize(("method", "path", "text"), MESSAGES)
    def test_messages(self, method: str, path: str, text: str) -> None:
        """
        The published requests give the published messages.
        """
        assert f"{text}{EPOCH}".encode() == coinswitch.message(method, path, str(EPOCH))

    def test_plus(self) -> None:
        """
        As in the published helper, a plus sign is a space.
        """
        assert b"GET/a?b=c d e+f1" == coinswitch.message("GET", "/a?b=c+d%20e%2Bf", "1")

    @pytest.mark.parametrize(("path", "signature"), PATHS.items())
    def test_requests(self, path: str, signature: str) -> None:
        """
        The signature is in a header of its own, with the time that was signed, and the address stays as it was.
        """
        auth = coinswitch.sign({"api_key": RFC_KEY, "api_secret": RFC_SECRET}, lambda: EPOCH)
        request = prepare(f"https://coinswitch.co{path}", auth)

        assert f"https://coinswitch.co{path}" == request.url
        assert {
            "X-AUTH-APIKEY": RFC_KEY,
            "X-AUTH-SIGNATURE": signature,
            "X-AUTH-EPOCH": "1719905777483",
        } == dict(request.headers)

    def test_body(self) -> None:
        """
        A body is not signed, but its method is.
        """
        auth = coinswitch.sign({"api_key": RFC_KEY, "api_secret": RFC_SECRET}, lambda: EPOCH)
        url = "https://coinswitch.co/trade/api/v2/order"
        bare, loaded, got = (
            prepare(url, auth, **more).headers["X-AUTH-SIGNATURE"]
            for more in ({"method": "POST"}, {"method": "POST", "json": {"a": 1}}, {})
        )

        assert bare == loaded
        assert bare != got

    @pytest.mark.parametrize("path", [path for path in PATHS if "?" not in path])
    def test_accepted(self, path: str) -> None:
        """
        At the time of the signature, the sandbox accepts it, and no other.
        """
        futures = coinswitch_stage.Futures({RFC_KEY: {}})
        routes = {
            "/trade/api/v2/futures/wallet_balance": futures.wallet_balance,
            "/trade/api/v2/validate/keys": futures.validate_keys,
        }
        right = {"X-AUTH-APIKEY": RFC_KEY, "X-AUTH-SIGNATURE": PATHS[path], "X-AUTH-EPOCH": str(EPOCH)}
        with Sandbox([Stage("coinswitch", (), routes)]) as sandbox, time_machine.travel(at(EPOCH), tick=False):
            statuses = [
                requests.get(f"{sandbox.url}{path}", headers=headers, timeout=10).status_code
                for headers in (right, right | {"X-AUTH-SIGNATURE": FIX_SIGNATURE}, right | {"X-AUTH-EPOCH": "1"})
            ]

        assert [200, 401, 401] == statuses

    def test_afresh(self) -> None:
        """
        Each attempt is signed with the time of its own.
        """
        clock = itertools.count(EPOCH)
        with requests.Session() as session:
            session.auth = coinswitch.sign({"api_key": RFC_KEY, "api_secret": RFC_SECRET}, lambda: next(clock))
            attempt = requests.Request("GET", "https://coinswitch.co/trade/api/v2/validate/keys")
            headers = [session.prepare_request(attempt).headers for _ in range(2)]

        assert ["1719905777483", "1719905777484"] == [h["X-AUTH-EPOCH"] for h in headers]
        assert 2 == len({h["X-AUTH-SIGNATURE"] for h in headers})

    @pytest.mark.parametrize(
        ("key", "secret"),
        [
            (RFC_KEY.upper(), RFC_SECRET.upper()),
            (f" {RFC_KEY}\n", f"{RFC_SECRET}\r\n"),
            (RFC_KEY, RFC_SECRET + RFC_KEY),
        ],
        ids=["capitals", "space around", "both halves"],
    )
    def test_forms_of_keys(self, key: str, secret: str) -> None:
        """
        A pair may be written in capitals, with space around it, or with the public key behind the private one.
        """
        auth = coinswitch.sign({"api_key": key, "api_secret": secret}, lambda: EPOCH)
        path, signature = next(iter(PATHS.items()))
        request = prepare(f"https://coinswitch.co{path}", auth)

        assert (RFC_KEY, signature) == (request.headers["X-AUTH-APIKEY"], request.headers["X-AUTH-SIGNATURE"])

    @pytest.mark.parametrize(
        ("key", "secret", "message"),
        [
            ("01" * 32, RFC_SECRET, "The api_secret does not belong to the api_key."),
            (RFC_KEY, "01" * 32, "The api_secret does not belong to the api_key."),
            (RFC_SECRET, RFC_KEY, "The api_secret does not belong to the api_key."),
            (RFC_KEY, RFC_SECRET + "01" * 32, "The api_secret does not belong to the api_key."),
            (RFC_KEY, RFC_KEY + RFC_SECRET, "The api_secret does not belong to the api_key."),
            (RFC_KEY, RFC_SECRET[:-1], "The api_secret is no Ed25519 key: it has to be 64 hexadecimal digits."),
            (RFC_KEY, RFC_SECRET[:-2], "The api_secret is no Ed25519 key: it has to be 64 hexadecimal digits."),
            (RFC_KEY, RFC_SECRET + "00", "The api_secret is no Ed25519 key: it has to be 64 hexadecimal digits."),
            (RFC_KEY, "x" * 64, "The api_secret is no Ed25519 key: it has to be 64 hexadecimal digits."),
            (RFC_KEY, f'"{RFC_SECRET}"', "The api_secret is no Ed25519 key: it has to be 64 hexadecimal digits."),
            (RFC_KEY, f"0x{RFC_SECRET}", "The api_secret is no Ed25519 key: it has to be 64 hexadecimal digits."),
            (RFC_KEY + RFC_KEY, RFC_SECRET, "The api_key is no Ed25519 key: it has to be 64 hexadecimal digits."),
            ("\u0661" * 64, RFC_SECRET, "The api_key is no Ed25519 key: it has to be 64 hexadecimal digits."),
        ],
    )
    def test_refused_pairs(self, key: str, secret: str, message: str) -> None:
        """
        What is no pair is refused at once, since the one follows from the other, and neither is shown.
        """
        with pytest.raises(CredentialsError) as caught:
            coinswitch.sign({"api_key": key, "api_secret": secret}, lambda: 0)

        assert message == caught.value.message
        assert not leaks(caught.value, key, secret)

    def test_nothing_is_shown(self) -> None:
        """
        What signs does not show with what.
        """
        auth = coinswitch.sign({"api_key": RFC_KEY, "api_secret": RFC_SECRET}, lambda: 0)

        assert not any(word in f"{auth!r} {auth}" for word in (RFC_KEY, RFC_SECRET))


def leaks(error: CredentialsError, *secrets: str) -> bool:
    """
    Say whether any line of a secret stands in an error, or in what it came from.
    """
    seen: BaseException | None = error
    shown = ""
    while seen:
        shown += f"{seen} {seen!r} {seen.args!r} {vars(seen)!r}"
        seen = seen.__cause__ or seen.__context__
    lines = {line for secret in secrets for line in secret.splitlines() if not line.startswith("-----")}
    return any(line in shown or repr(line)[1:-1] in shown for line in lines)
