"""
The gateway fexgate as the sandbox plays it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
import requests

from marginbook_fexgate import stage

if TYPE_CHECKING:
    from marginbook.sandbox import Sandbox

KEYS: Final = {"x-exgate-key": "sandbox-gateway-key", "x-exgate-secret": "sandbox-gateway-secret"}

PREFIXES: Final = ["/fexgate", "/api", ""]


def ask(sandbox: Sandbox, path: str, headers: dict[str, str] | None = None, method: str = "GET") -> requests.Response:
    return requests.request(method, sandbox.url + path, headers=KEYS if headers is None else headers, timeout=10)


def refusal(response: requests.Response) -> tuple[int, Any]:
    """
    Return the status and the body of an error.
    """
    return response.status_code, response.json()


@pytest.mark.parametrize("prefix", PREFIXES)
def test_balances(prefix: str, sandbox: Sandbox) -> None:
    """
    The gateway has had three prefixes, and answers at each.
    """
    response = ask(sandbox, f"{prefix}/v1/fbinance/balance")

    assert (200, {"balances": stage.ROWS}) == (response.status_code, response.json())


def test_unset_fields(sandbox: Sandbox) -> None:
    """
    It writes fields that are not set as gateways do: empty or not at all, and whole numbers in quotes or without.
    """
    text = ask(sandbox, "/fexgate/v1/fbinance/balance").text

    assert '"maxWithdrawAmount":"","marginAvailable":false,"updateTime":1763600407000' in text
    assert '{"asset":"BNB","balance":"0.00000000","updateTime":0}' in text


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-exgate-key": KEYS["x-exgate-key"]},
        {"x-exgate-secret": KEYS["x-exgate-secret"]},
        KEYS | {"x-exgate-key": "another"},
        KEYS | {"x-exgate-secret": "another"},
        KEYS | {"x-exgate-secret": KEYS["x-exgate-secret"].upper()},
    ],
)
def test_wrong_keys(prefix: str, headers: dict[str, str], sandbox: Sandbox) -> None:
    """
    Who has not both the key and the secret is unauthenticated, which is 16 in gRPC and 401 in HTTP.
    """
    response = ask(sandbox, f"{prefix}/v1/fbinance/balance", headers)

    assert (401, {"code": 16, "message": "unknown key or secret", "details": []}) == refusal(response)
    assert "unknown key or secret" == response.headers["WWW-Authenticate"]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_unknown_exchange(prefix: str, sandbox: Sandbox) -> None:
    """
    An exchange that the gateway does not know is not found, which is 5 in gRPC and 404 in HTTP.
    """
    response = ask(sandbox, f"{prefix}/v1/elsewhere/balance")

    assert (404, {"code": 5, "message": "unknown exchange", "details": []}) == refusal(response)


def test_keys_first(sandbox: Sandbox) -> None:
    """
    A stranger does not learn which exchanges it knows.
    """
    assert 401 == ask(sandbox, "/fexgate/v1/elsewhere/balance", {}).status_code


@pytest.mark.parametrize("prefix", PREFIXES)
def test_no_such_path(prefix: str, sandbox: Sandbox) -> None:
    """
    Nor is a path found that there is not.
    """
    response = ask(sandbox, f"{prefix}/v1/fbinance/balances")

    assert (404, {"code": 5, "message": "Not Found", "details": []}) == refusal(response)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_other_methods(prefix: str, sandbox: Sandbox) -> None:
    """
    A method that a path is not for is not implemented: grpc-gateway answers 501 where others answer 405.
    """
    response = ask(sandbox, f"{prefix}/v1/fbinance/balance", method="POST")

    assert (501, {"code": 12, "message": "Method Not Allowed", "details": []}) == refusal(response)
