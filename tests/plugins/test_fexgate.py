"""
The gateway: its paths, its JSON, its errors, and a secret that may not travel in the open.

Nothing in here depends on the names of the generated models, which differ between the gateway's versions.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

import pytest

from marginbook import Account, Balance, InvalidResponseError, Statement, collect, replay
from script import answering

SECRETS: Final = {"api_key": "the-key", "api_secret": "the-raw-secret"}

ROW: Final = {
    "accountAlias": "SgsR",
    "asset": "USDT",
    "balance": "1000.00",
    "crossWalletBalance": "1000.00",
    "crossUnPnl": "50.00",
    "availableBalance": "1050.00",
    "maxWithdrawAmount": "1000.00",
    "marginAvailable": True,
    "updateTime": 1617939110373,
}


def statement(document: Any, prefix: str = "/fexgate") -> Statement:
    """
    What marginbook makes of an answer.
    """
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    options = {"exchange": "fbinance", "path_prefix": prefix}
    return replay("fexgate", {f"{prefix}/v1/fbinance/balance": content}, options)


def balance(**changes: Any) -> Balance:
    """
    What marginbook makes of one row; a field that becomes None is left out.
    """
    row = {name: value for name, value in {**ROW, **changes}.items() if value is not None}
    (only,) = statement({"balances": [row]}).balances
    return only


@pytest.mark.parametrize("prefix", ["/fexgate", "/api", "", "/a/b_c-d"])
def test_published_forms_of_the_path(prefix: str) -> None:
    """
    What stands before /v1 is an option: the published forms differ in nothing else.
    """
    assert Decimal("1050.00") == statement({"balances": [ROW]}, prefix).balances[0].equity


@pytest.mark.parametrize("unset", ["", None], ids=["empty", "absent"])
@pytest.mark.parametrize("field", ["balance", "crossWalletBalance", "crossUnPnl", "availableBalance"])
def test_an_unset_amount_is_not_known(field: str, unset: str | None) -> None:
    """
    What was never set, protobuf writes as an empty string, or not at all. That is no zero, and nothing follows from it.
    """
    found = balance(**{field: unset})

    assert None in {
        found.wallet_balance,
        found.cross_wallet_balance,
        found.cross_unrealized_pnl,
        found.available_balance,
    }
    assert (found.equity is None) is (field != "availableBalance")


@pytest.mark.parametrize("time", [1617939110373, "1617939110373", 1.617939110373e12])
def test_times_as_gateways_print_them(time: Any) -> None:
    """
    A double is a number, a 64-bit integer a text: both are the same millisecond.
    """
    found = balance(updateTime=time).updated_at

    assert found is not None
    assert "2021-04-09T03:31:50.373000+00:00" == found.isoformat()


@pytest.mark.parametrize("time", [0, "0", None])
def test_no_time_of_change(time: Any) -> None:
    """
    A time that was never set is none, and the row says so.
    """
    found = balance(updateTime=time)

    assert found.updated_at is None
    assert 1 == len(found.notes)


@pytest.mark.parametrize("wrong", ["NaN", "Infinity", "1,5", "string", " 1", "1_000"])
def test_what_is_no_amount(wrong: str) -> None:
    """
    A text that is no number is no amount, and the error names the field.
    """
    with pytest.raises(InvalidResponseError, match="crossUnPnl"):
        balance(crossUnPnl=wrong)


@pytest.mark.parametrize("asset", ["", None])
def test_a_row_without_an_asset(asset: str | None) -> None:
    """
    Amounts of nobody knows what are no row.
    """
    with pytest.raises(InvalidResponseError, match="no asset"):
        balance(asset=asset)


AMOUNTS: Final = ("balance", "crossWalletBalance", "crossUnPnl", "availableBalance", "maxWithdrawAmount")


@pytest.mark.parametrize("field", AMOUNTS)
def test_a_renamed_amount_is_not_unset(field: str) -> None:
    """
    An absent field was never set, unless there is one that nobody knows: it may be the same by another name.
    """
    with pytest.raises(InvalidResponseError, match="newName"):
        balance(**{field: None, "newName": "1.0"})


def test_a_new_field_beside_the_others() -> None:
    """
    A field that is only new takes nothing away.
    """
    assert balance() == balance(newName="1.0")


def test_an_empty_message() -> None:
    """
    A gateway that leaves out what is empty writes an account without assets as {}, and the account says so.
    """
    found = statement({})

    assert () == found.balances
    assert ["The gateway's answer is empty", "The venue reports no assets."] == [
        n.partition(",")[0] for n in found.notes
    ]


@pytest.mark.parametrize(
    "document",
    [
        {"code": 16, "message": "unauthenticated", "details": []},
        {"data": {"balances": [ROW]}},
        [ROW],
        b"<html>",
        {"balances": None},
        {"balances": {}},
    ],
)
def test_another_message_is_no_empty_account(document: Any) -> None:
    """
    An error with status 200, or anything else that is not the gateway's message, is refused.
    """
    with pytest.raises(InvalidResponseError):
        statement(document)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"code": 16, "message": "the-raw-secret", "details": []}, "credentials"),
        (403, {"code": 7, "message": "no", "details": [{"@type": "type.googleapis.com/x"}]}, "permission"),
        (404, {"code": 5, "message": "Not Found", "details": []}, "configuration"),
        (429, {"code": 8, "message": "slow down", "details": []}, "rate_limited"),
        (501, {"code": 12, "message": "Method Not Allowed", "details": []}, "configuration"),
        (503, {"code": 14, "message": "upstream", "details": []}, "unavailable"),
        (500, {"code": 2, "message": "unknown", "details": []}, "unavailable"),
        (401, {"code": 401, "reason": "UNAUTHORIZED", "message": "the-raw-secret", "metadata": {}}, "credentials"),
        (403, {"code": 403, "reason": "FORBIDDEN", "message": "", "metadata": {}}, "permission"),
        (503, {"code": 503, "reason": "", "message": "", "metadata": {}}, "unavailable"),
        (502, b"<html>Bad Gateway</html>", "unavailable"),
    ],
)
def test_both_shapes_of_errors(status: int, body: Any, kind: str) -> None:
    """
    grpc-gateway writes gRPC's code, Kratos the HTTP status. What the gateway says in words is not repeated.
    """
    with answering(status, body) as heard:
        account = Account("desk", "fexgate", SECRETS, {"base_url": heard.url, "exchange": "fbinance"})
        (failure,) = collect([account]).failures

    assert kind == failure.kind
    assert "the-raw-secret" not in str(failure)


@pytest.mark.parametrize("exchange", ["..", ".", "", "a/b", "a%2fb", "a\\b", "a b", "é", "x" * 65])
def test_names_that_would_lead_elsewhere(exchange: str) -> None:
    """
    The exchange becomes a part of the path, so only letters, digits, _ and - may be in it, and nothing is sent.
    """
    with answering(200, {"balances": [ROW]}) as heard:
        account = Account("desk", "fexgate", SECRETS, {"base_url": heard.url, "exchange": exchange})
        (failure,) = collect([account]).failures

    assert "configuration" == failure.kind
    assert "exchange" in failure.message
    assert [] == heard.asked


@pytest.mark.parametrize("prefix", ["fexgate", "/", "/fexgate/", "/..", "//host", "/a?b"])
def test_prefixes_that_are_no_path(prefix: str) -> None:
    """
    What stands before /v1 is nothing, or a path.
    """
    account = Account(
        "desk", "fexgate", SECRETS, {"base_url": "https://gateway.example", "exchange": "x", "path_prefix": prefix}
    )
    (failure,) = collect([account]).failures

    assert "path_prefix" in failure.message


@pytest.mark.parametrize("name", ["api_key", "api_secret"])
@pytest.mark.parametrize("value", ["two\nlines", "bell\a", "schlüssel"])
def test_what_cannot_stand_in_a_header(name: str, value: str) -> None:
    """
    A secret with a line end in it, say, is refused before anything is sent, and not shown.
    """
    with answering(200, {"balances": [ROW]}) as heard:
        secrets = {**SECRETS, name: value}
        (failure,) = collect(
            [Account("desk", "fexgate", secrets, {"base_url": heard.url, "exchange": "fbinance"})]
        ).failures

    assert "credentials" == failure.kind
    assert name in failure.message
    assert value not in str(failure)
    assert [] == heard.asked


def test_the_headers_carry_the_secret() -> None:
    """
    The gateway wants key and secret as they are; to this machine they may travel in the open.
    """
    with answering(200, {"balances": [ROW]}) as heard:
        account = Account("desk", "fexgate", SECRETS, {"base_url": heard.url, "exchange": "fbinance"})
        report = collect([account])
    (asked,) = heard.asked
    path, headers = asked.target, asked.headers

    assert report.complete
    assert "/fexgate/v1/fbinance/balance" == path
    assert ("the-key", "the-raw-secret") == (headers["x-exgate-key"], headers["x-exgate-secret"])


@pytest.mark.parametrize(
    "base_url", ["http://gateway.example", "http://127.0.0.1.gateway.example", "http://[2001:db8::1]"]
)
def test_the_secret_does_not_leave_in_the_open(base_url: str) -> None:
    """
    Over plain http to another machine the secret is not sent, and the error says what can be done.
    """
    options = {"base_url": base_url, "exchange": "fbinance"}
    (failure,) = collect([Account("desk", "fexgate", SECRETS, options)]).failures

    assert "configuration" == failure.kind
    assert "sends the secret itself" in failure.message
    assert "send_secret_in_clear = true" in failure.hint


def test_the_secret_leaves_if_the_account_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    An account may allow it in so many words. The other machine is a proxy here, which answers in its place.
    """
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    options = {"base_url": "http://gateway.example", "exchange": "fbinance", "send_secret_in_clear": True}
    with answering(200, {"balances": [ROW]}) as heard:
        monkeypatch.setenv("http_proxy", heard.url)
        report = collect([Account("desk", "fexgate", SECRETS, options)])
    (asked,) = heard.asked
    path, headers = asked.target, asked.headers

    assert report.complete
    assert "http://gateway.example/fexgate/v1/fbinance/balance" == path
    assert "the-raw-secret" == headers["x-exgate-secret"]
