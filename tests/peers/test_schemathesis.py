"""
schemathesis asks the sandbox what the specifications let one ask, and holds its answers against them.

Left out are its checks of what the specifications do not tell: which values of a parameter a venue refuses
(``negative_data_rejection``, ``positive_data_acceptance``), how it refuses other methods (``unsupported_method``), and
whose signature is good (``ignored_auth``), for which there is a test of our own.
"""

from __future__ import annotations

import copy
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import pytest
import schemathesis  # type: ignore[import-not-found]  # lives in an environment of its own
from hypothesis import given
from hypothesis import strategies as st
from openapi_schema_validator import OAS30Validator
from schemathesis.checks import not_a_server_error  # type: ignore[import-not-found]  # likewise
from schemathesis.specs.openapi.checks import (  # type: ignore[import-not-found]  # likewise
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from fuzzing import examples
from generate import CLIENTS
from marginbook import venues
from marginbook.registry import installed
from marginbook.sandbox import Sandbox
from published import specification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from requests import PreparedRequest
    from requests.auth import AuthBase

    from marginbook import Account

CONFORMS: Final = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

#: Where the sandbox plays a venue, if not at its root alone.
PREFIXES: Final = {"fexgate": ["", "/api", "/fexgate"]}

#: What a path needs to be answered.
PARTS: Final = {"fexgate": {"exchange": "fbinance"}, "gate": {"settle": "usdt"}}

#: What a query needs.
QUERIES: Final = {
    "/api/v1/account-overview": {"currency": "USDT"},
    "/api/v1/user/margin": {"currency": "all"},
    "/api/v2/mix/account/accounts": {"productType": "USDT-FUTURES"},
    "/trade/api/v2/futures/positions": {"exchange": "EXCHANGE_2"},
    "/v5/account/wallet-balance": {"accountType": "UNIFIED"},
    "/v5/account/withdrawal": {"coinName": "USDC"},
}

#: What a signature is not good without.
HEADERS: Final = {"bybit": {"X-BAPI-RECV-WINDOW": "5000"}}

#: What is posted.
USER: Final = {"user": "0x" + "0" * 40}

#: Answers that no schema of OpenAPI 3.0 allows as they are, and why: only their status and headers are looked at.
LOOSE: Final = {"/derivatives/api/v3/accounts": "Amounts are texts, and numbers in older answers: number reads both."}

#: Specifications whose operations are asked whatever comes to mind by who makes up keys and other methods as well.
TRIED: Final = {"binance_coinm", "binance_pm", "binance_usdm", "coinswitch", "fexgate"}

#: What everybody may ask.
PUBLIC: Final = {"time", "premiumIndex", "assetIndex"}

#: Requests that are made up for each operation of these, and of the others, of which there are more.
MANY, FEW = 40, 10

#: HEAD is left out, whose answer has no body to hold against anything.
OTHER_METHODS: Final = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


SPECIFICATIONS: Final[dict[str, dict[str, Any]]] = {client: copy.deepcopy(specification(client)) for client in CLIENTS}


def _schema(client: str, *, with_security_parameters: bool) -> Any:
    schema = schemathesis.openapi.from_dict(SPECIFICATIONS[client])
    schema.config.generation.update(with_security_parameters=with_security_parameters)
    return schema


#: As they are asked by who signs, and by who makes keys and signatures up.
SIGNED: Final = {client: _schema(client, with_security_parameters=False) for client in CLIENTS}
MADE_UP: Final = {client: _schema(client, with_security_parameters=True) for client in CLIENTS}

EVERY: Final = [(client, found.ok().path) for client, schema in SIGNED.items() for found in schema.get_all_operations()]
OPERATIONS: Final = [(client, path) for client, path in EVERY if client in TRIED]
SECURED: Final = [(client, path) for client, path in OPERATIONS if path.rpartition("/")[2] not in PUBLIC]

#: What nobody has specified, and anybody may send.
_headers: Final = st.dictionaries(
    st.sampled_from(["Accept", "Content-Type", "X-Forwarded-For", "X-MBX-APIKEY2", "Origin", "Range", "If-None-Match"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20),
    max_size=3,
)


_queries: Final = st.dictionaries(
    st.sampled_from(["recvWindow", "timestamp", "signature", "exchange", "x", "\u03b2"]) | st.text(max_size=3),
    st.text(max_size=10) | st.lists(st.text(max_size=3), max_size=3),
    max_size=2,
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """
    All venues. Who has asked too often is told so, and that is specified as well.
    """
    with Sandbox(installed().stages()) as played:
        yield played


@pytest.fixture
def fresh() -> Iterator[Sandbox]:
    """
    All venues, with nothing spent yet.
    """
    with Sandbox(installed().stages()) as played:
        yield played


def accounts(sandbox: Sandbox, client: str) -> list[Account]:
    return [account for account in sandbox.accounts() if account.venue.replace("-", "_") == client]


def signer(account: Account) -> AuthBase | Callable[[PreparedRequest], PreparedRequest]:
    """
    Return what signs for an account: the plugin's own, or nothing where there is no key.
    """
    (venue,) = [venue for venue in venues() if venue.id == account.venue]
    if not venue.sign:
        return lambda request: request
    secrets = {name: secret.reveal() for name, secret in account.credentials.items()}
    return venue.sign(secrets, lambda: time.time_ns() // 1_000_000)


def _made_up(account: Account) -> st.SearchStrategy[dict[str, dict[str, str]]]:
    """
    Return some of what a good request has, and a signature that is none.
    """
    key = account.credentials["api_key"].reveal()
    now = str(time.time_ns() // 1_000_000)
    zeros = "0" * 64
    right: dict[str, list[dict[str, dict[str, str]]]] = {
        "coinswitch": [
            {"headers": {"X-AUTH-APIKEY": key}, "params": {}},
            {"headers": {"X-AUTH-APIKEY": key, "X-AUTH-EPOCH": now, "X-AUTH-SIGNATURE": zeros * 2}, "params": {}},
        ],
        "fexgate": [{"headers": {"x-exgate-key": key, "x-exgate-secret": zeros}, "params": {}}],
    }
    binance = [
        {"headers": {"X-MBX-APIKEY": key}, "params": {}},
        {"headers": {"X-MBX-APIKEY": key}, "params": {"timestamp": now, "signature": zeros}},
    ]
    return st.sampled_from([{"headers": {}, "params": {}}, *right.get(account.venue, binance)])


def test_every_operation_is_tried() -> None:
    """
    Those of all specifications, and of five, all but the clocks and the prices want a signature.
    """
    assert {*CLIENTS} == {client for client, _ in EVERY}
    assert 18 == len(OPERATIONS)
    assert 12 == len(SECURED)
    assert [] == [path for client, path in SECURED if not SIGNED[client][path]["GET"].definition.raw["security"]]


@pytest.mark.parametrize(("client", "path"), EVERY)
def test_answers(client: str, path: str, fresh: Sandbox) -> None:
    """
    Who asks and signs as specified is answered as specified, with each kind of key and at each address.

    An account that has no such wallet, or lives in a venue's demo, is refused as specified.
    """
    statuses = []
    for account in accounts(fresh, client):
        for prefix in PREFIXES.get(client, [""]):
            case = asked(client, path)
            response = case.call(base_url=fresh.url + prefix, auth=signer(account), headers=HEADERS.get(client))
            hold(client, path, case, response)
            statuses.append(response.status_code)

    assert 200 in statuses
    assert client not in TRIED or {200} == {*statuses}


def hold(client: str, path: str, case: Any, response: Any) -> None:
    """
    Hold an answer against what the specification says of its status, or, where the body says that it is a refusal, of
    refusals.
    """
    left_out = {response_schema_conformance} if path in LOOSE or is_refusal(client, path, response) else set()
    case.validate_response(
        response, checks=[not_a_server_error, *(check for check in CONFORMS if check not in left_out)]
    )
    if is_refusal(client, path, response):
        refused = specified(client, path, "default")
        validator = OAS30Validator({**refused, "components": SPECIFICATIONS[client]["components"]})
        validator.validate(response.json())


def is_refusal(client: str, path: str, response: Any) -> bool:
    """
    Say whether a status of 200 stands over a body that does not say of itself what a success says.
    """
    said = response.json() if response.status_code == HTTPStatus.OK else None
    success = resolved(client, specified(client, path, "200")).get("x-succeeds", {})
    return isinstance(said, dict) and any(said.get(name) != value for name, value in success.items())


def specified(client: str, path: str, status: str) -> dict[str, Any]:
    """
    Return the schema of an operation's answers with a status.
    """
    answer = resolved(client, operation(client, path)["responses"][status])
    schema: dict[str, Any] = answer["content"]["application/json"]["schema"]
    return schema


def resolved(client: str, described: dict[str, Any]) -> dict[str, Any]:
    """
    Return what a reference leads to, or what is none.
    """
    for part in described.get("$ref", "").split("/")[1:]:
        described = (SPECIFICATIONS[client] if part == "components" else described)[part]
    return described


def operation(client: str, path: str) -> dict[str, Any]:
    """
    Return what the specification says of an operation.
    """
    found: dict[str, Any] = SPECIFICATIONS[client]["paths"][path][method_of(client, path).lower()]
    return found


def method_of(client: str, path: str) -> str:
    """
    Return the only method of a path.
    """
    (method,) = SPECIFICATIONS[client]["paths"][path].keys() & {"get", "post"}
    return str(method).upper()


def asked(client: str, path: str) -> Any:
    """
    Return a request of what is specified, with all that it needs.
    """
    method = method_of(client, path)
    posted = {"body": {"type": path.rpartition("#")[2], **USER}} if method == "POST" else {}
    return SIGNED[client][path][method].Case(
        path_parameters=PARTS.get(client, {}), query=QUERIES.get(path, {}), **posted
    )


@pytest.mark.parametrize(("client", "path"), EVERY)
def test_signed_requests(client: str, path: str, sandbox: Sandbox) -> None:
    """
    Whatever else is sent and signed, beside what is specified, the answer is one that is specified: a refusal with
    status 200 as well.
    """

    @examples(MANY if client in TRIED else FEW)
    @given(data=st.data())
    def sent(data: st.DataObject) -> None:
        account = data.draw(st.sampled_from(accounts(sandbox, client)))
        case = data.draw(SIGNED[client][path][method_of(client, path)].as_strategy())
        more = {"params": data.draw(_queries), "headers": HEADERS.get(client, {}) | data.draw(_headers)}
        response = case.call(base_url=sandbox.url, auth=signer(account), **more)

        hold(client, path, case, response)

    sent()


#: Operations that want a signature, of specifications that refuse with status 200.
QUIET: Final = [
    (client, path)
    for client, path in EVERY
    if "x-succeeds" in resolved(client, specified(client, path, "200")) and operation(client, path).get("security")
]


@pytest.mark.parametrize(("client", "path"), QUIET)
def test_refusals_with_status_200(client: str, path: str, fresh: Sandbox) -> None:
    """
    Who does not sign is refused in a body as specified, even where the status is that of a success.
    """
    case = asked(client, path)
    response = case.call(base_url=fresh.url)
    hold(client, path, case, response)

    assert is_refusal(client, path, response) or response.status_code != HTTPStatus.OK


@pytest.mark.parametrize(("client", "path"), [operation for operation in SECURED if "binance" in operation[0]])
@examples(60)
@given(data=st.data())
def test_wrong_parameters(client: str, path: str, sandbox: Sandbox, data: st.DataObject) -> None:
    """
    Parameters of which the specification says that they are wrong get an answer of which it says that it is right.
    """
    account = data.draw(st.sampled_from(accounts(sandbox, client)))
    case = data.draw(SIGNED[client][path]["GET"].as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE))
    response = case.call(base_url=sandbox.url, auth=signer(account))

    case.validate_response(response, checks=[not_a_server_error, *CONFORMS])


@pytest.mark.parametrize(("client", "path"), SECURED)
@examples(40)
@given(data=st.data())
def test_unsigned_requests(client: str, path: str, sandbox: Sandbox, data: st.DataObject) -> None:
    """
    Who makes up a key, a time or a signature is refused, as specified, even where one or two of the three are right.
    """
    case = data.draw(MADE_UP[client][path]["GET"].as_strategy())
    account = data.draw(st.sampled_from(accounts(sandbox, client)))
    made_up = data.draw(_made_up(account))
    response = case.call(base_url=sandbox.url, headers=made_up["headers"], params=made_up["params"])

    assert response.status_code in {400, 401, 404, 429}
    case.validate_response(response, checks=[not_a_server_error, *CONFORMS])


@pytest.mark.parametrize("method", OTHER_METHODS)
@pytest.mark.parametrize(("client", "path"), OPERATIONS)
def test_other_methods(client: str, path: str, method: str, fresh: Sandbox) -> None:
    """
    What cannot be done is refused in the venue's own words.
    """
    (account, *_) = accounts(fresh, client)
    case = SIGNED[client][path]["GET"].Case(method=method, path_parameters=PARTS.get(client, {}))
    response = case.call(base_url=fresh.url, auth=signer(account))
    case.validate_response(response, checks=CONFORMS)

    assert response.status_code in {405, 501}
