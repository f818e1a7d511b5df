"""
What a plugin says about a venue.
"""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError

from marginbook import Credential, Limit, Option, PluginError, Statement, Venue
from marginbook.registry import installed
from marginbook.values import AMOUNTS

if TYPE_CHECKING:
    import requests

    from marginbook import Account


def fetch(account: Account, session: requests.Session) -> Statement:
    raise NotImplementedError(account, session)


def venue(**description: Any) -> Venue:
    return Venue(**{"id": "acme", "title": "Acme", "fetch": fetch, **description})


def odd(number: int) -> str:
    return "" if number % 2 else "it is even"


@pytest.mark.parametrize("name", ["acme", "acme-2", "2acme", "a"])
def test_ids(name: str) -> None:
    """
    The id of a venue is a word that can stand in a file, a command and an entry point.
    """
    assert name == venue(id=name).id


@pytest.mark.parametrize("name", ["", "-acme", "Acme", "ac me", "acme!", "acme/usd", "acmé", "ACME", "a_b", "a.b"])
def test_ids_are_words(name: str) -> None:
    """
    Whatever else it is gets refused, with what to use.
    """
    with pytest.raises(
        PluginError, match=r"cannot be the id of a venue\. Use lower-case letters, digits and hyphens\."
    ):
        venue(id=name)


@pytest.mark.parametrize("where", ["fills", "unknown"])
def test_fields_are_those_of_a_balance(where: str) -> None:
    """
    A venue speaks of the fields that there are, and a slip of the pen is told with the list of them.
    """
    assert {"equity": "it", "updated_at": "t"} == getattr(venue(**{where: {"equity": "it", "updated_at": "t"}}), where)
    with pytest.raises(
        PluginError, match=r"acme: walet_balance, asset is no field of a balance\. The fields are wallet"
    ):
        venue(**{where: {"walet_balance": "`balance`", "equity": "it", "asset": "a"}})


def test_ignored_fields_are_the_venues_own() -> None:
    """
    What is ignored has the venue's names.
    """
    assert {"accountAlias": "a code"} == venue(ignores={"accountAlias": "a code"}).ignores


def test_a_venue_is_a_value() -> None:
    """
    It cannot be changed, not through what it hands out either, and it travels to other processes.
    """
    described = venue(
        credentials=[Credential("api_key", "The key.")],
        options=[Option("lot", int, "A number.", check=odd)],
        hosts={"production": "https://acme.example"},
        limits=[Limit(5, weights={"GET /a": 1})],
        fills={"equity": "it"},
        unknown={"equity": "never"},
        ignores={"alias": "a code"},
    )
    with pytest.raises(FrozenInstanceError):
        described.title = "Other"  # type: ignore[misc]
    for handed in (described.hosts, described.fills, described.unknown, described.ignores):
        handed.clear()

    assert 1 == len({described, evolve(described), pickle.loads(pickle.dumps(described))})  # noqa: S301  # our own
    assert {"production": "https://acme.example"} == described.hosts


def test_base_url_is_always_an_option() -> None:
    """
    A venue with environments has the first as a default; one without has to be told where it is.
    """
    (with_hosts,) = venue(hosts={"production": "https://acme.example", "demo": "https://demo.example"}).all_options
    (without,) = venue().all_options

    assert ("base_url", "production", False) == (with_hosts.name, with_hosts.default, with_hosts.required)
    assert "One of production, demo, or a URL such as https://host or https://host/path." == with_hosts.help
    assert ("base_url", None, True) == (without.name, without.default, without.required)
    assert "A URL such as https://host or https://host/path." == without.help


def test_raw_secrets_bring_an_option() -> None:
    """
    Who sends a secret as it is can be allowed to do so in clear.
    """
    raw = venue(credentials=[Credential("api_key", "The key."), Credential("token", "It.", sent_as_is=True)])
    signed = venue(credentials=[Credential("api_key", "The key.")])

    assert (True, False) == (raw.sends_secrets, signed.sends_secrets)
    assert ["base_url", "send_secret_in_clear"] == [option.name for option in raw.all_options]
    assert False is raw.all_options[1].default


def test_a_limit_of_an_address_brings_an_option() -> None:
    """
    What the first limit of an address allows may be raised or lowered by an account, down to what a request costs.
    """
    limits = [Limit(20, per="key"), Limit(2400, seconds=90, weights={"GET /a": 5, "GET /b": 10}), Limit(7)]
    described = venue(limits=limits)
    option = described.all_options[1]

    assert limits[1] is described.address_limit
    assert ["base_url", "weight_limit"] == [option.name for option in described.all_options]
    assert ("weight_limit", int, 2400, False) == (option.name, option.kind, option.default, option.required)
    assert "Weight that this address may spend in 90 seconds, all its accounts at the venue together." == option.help
    assert ["", "", "it is less than the 10 that a single request costs"] == [
        option.complaint(weight) for weight in (100_000, 10, 9)
    ]


def test_limits_of_keys_bring_no_option() -> None:
    """
    What a venue counts by key is nobody's to raise.
    """
    described = venue(limits=[Limit(20, per="key")])

    assert described.address_limit is None
    assert ["base_url"] == [option.name for option in described.all_options]
    assert venue().address_limit is None


def test_options_of_a_venue_stand_last() -> None:
    """
    The core's own options come first, in one order.
    """
    described = venue(
        limits=[Limit(5)],
        credentials=[Credential("t", "It.", sent_as_is=True)],
        options=[Option("x", int, "A number.")],
    )

    assert ["base_url", "send_secret_in_clear", "weight_limit", "x"] == [o.name for o in described.all_options]


def test_whose_limits_are_known() -> None:
    """
    Both kinds of Binance's futures count weight by address; CoinSwitch counts requests for each operation by key.
    """
    limits = {described.id: described.limits for described in installed().venues()}
    (coinm,), (usdm,) = limits["binance-coinm"], limits["binance-usdm"]
    wallet = [limit.cost("GET", "/trade/api/v2/futures/wallet_balance") for limit in limits["coinswitch"]]

    assert {(2400, 60, "address")} == {(limit.weight, limit.seconds, limit.per) for limit in (coinm, usdm)}
    assert (1, 1) == (coinm.cost("GET", "/dapi/v1/balance"), usdm.cost("GET", "/fapi/v1/time"))
    assert [0, 0, 0, 1] == sorted(wallet)
    assert () == limits["fexgate"]


@pytest.mark.parametrize("described", installed().venues(), ids=lambda described: described.id)
def test_every_limit_lets_every_request_through(described: Venue) -> None:
    """
    No limit of ours is below what a single request costs, which would stop it for ever.
    """
    assert all(limit.dearest <= limit.weight for limit in described.limits)
    assert all(option.complaint(option.default) == "" for option in described.all_options if not option.required)


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        (Option("x", int, "A number."), 5, ""),
        (Option("x", int, "A number."), "5", "it is of type str, not int"),
        (Option("x", int, "A number."), True, "it is of type bool, not int"),
        (Option("x", int, "A number."), 5.0, "it is of type float, not int"),
        (Option("x", int, "A number."), None, "it is of type NoneType, not int"),
        (Option("x", bool, "Yes or no."), 1, "it is of type int, not bool"),
        (Option("x", bool, "Yes or no."), False, ""),
        (Option("x", str, "A text."), "", ""),
        (Option("x", str, "A text."), ["a"], "it is of type list, not str"),
        (Option("x", str, "A text."), b"a", "it is of type bytes, not str"),
        (Option("x", str, "A text.", choices=("a", "b")), "b", ""),
        (Option("x", str, "A text.", choices=("a", "b")), "c", "it is none of a, b"),
        (Option("x", int, "A number.", choices=(1, 2)), 3, "it is none of 1, 2"),
        (Option("x", int, "A number.", check=odd), 3, ""),
        (Option("x", int, "A number.", check=odd), 4, "it is even"),
        # The type comes first, so that a check may rely on it; what a check explains needs no list.
        (Option("x", int, "A number.", check=odd), "4", "it is of type str, not int"),
        (Option("x", int, "A number.", choices=(1, 3), check=odd), 4, "it is even"),
        (Option("x", int, "A number.", choices=(1, 3), check=odd), 5, "it is none of 1, 3"),
    ],
)
def test_complaints(option: Option, value: object, expected: str) -> None:
    """
    A value is of the very type of its option, passes its check, and is one of its choices.
    """
    assert expected == option.complaint(value)


def test_long_values_are_not_repeated() -> None:
    """
    A complaint quotes the beginning alone.
    """
    assert len(Option("x", int, "A number.").complaint("secret" * 100)) < 70


@pytest.mark.parametrize("described", installed().venues(), ids=lambda described: described.id)
def test_every_figure_is_accounted_for(described: Venue) -> None:
    """
    Each venue of ours says of every field of a balance where it comes from, or why it is not known.
    """
    assert {*AMOUNTS, "updated_at"} == described.fills.keys() | described.unknown.keys()
