"""
One account at one venue.
"""

from __future__ import annotations

import pickle
import traceback
from typing import Any, Final

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError

from marginbook import Account, ConfigurationError

CANARY: Final = "canary-1f0e9d"


def account(**credentials: str | list[str]) -> Account:
    return Account("desk-a", "acme", credentials, {"base_url": "demo", "recv_window": 5000})


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("", "is empty"),
        (" ", "is empty"),
        (f"{CANARY}\nb", "has characters that cannot be printed"),
        ("\x1b[31mred", "has characters that cannot be printed"),
        ("\u200b", "has characters that cannot be printed"),
        (None, "is a NoneType"),
        (5, "is a int"),
        ({"api_key": CANARY}, "is a dict"),
        ([CANARY], "is a list"),
    ],
)
def test_names_are_printable(name: Any, trouble: str) -> None:
    """
    An account and its venue have names that a person can read. What was written is not repeated.
    """
    for arguments, kind in (((name, "acme"), "name"), (("desk-a", name), "venue")):
        with pytest.raises(ConfigurationError) as caught:
            Account(*arguments)

        assert f"The {kind} of an account {trouble}. Give it a text of printable characters." == str(caught.value)
        assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_an_account_is_a_value() -> None:
    """
    It cannot be changed, and the order of its settings makes no difference.
    """
    one = Account("desk-a", "acme", {"api_key": "env:K", "api_secret": "env:S"}, {"x": 1, "y": 2})
    other = Account("desk-a", "acme", {"api_secret": "env:S", "api_key": "env:K"}, {"y": 2, "x": 1})
    with pytest.raises(FrozenInstanceError):
        one.name = "desk-b"  # type: ignore[misc]

    assert 1 == len({one, other, evolve(one)})
    assert one != evolve(one, options={"x": 1})


def test_settings_are_copies() -> None:
    """
    Who changes what an account hands out does not change the account.
    """
    found = account(api_key="env:K")
    found.credentials.clear()
    found.options.clear()

    assert ["api_key"] == list(found.credentials)
    assert {"base_url": "demo", "recv_window": 5000} == found.options


def test_nothing_shows_a_secret() -> None:
    """
    An account shows the names of its settings, and never a value: a secret may be among the options by mistake.
    """
    found = Account("desk-a", "acme", {"api_key": CANARY}, {"api_secret": CANARY})

    for shown in (repr(found), str(found), f"{found}", f"{[found]}"):
        assert CANARY not in shown
    assert "Account(name='desk-a', venue='acme', _credentials=<api_key>, _options=<api_secret>)" == repr(found)


@pytest.mark.parametrize(
    "value", [f"{CANARY}:x", 5, None, [], [CANARY], ["env:K", CANARY], ["env:K", [CANARY]], {"env:K": CANARY}]
)
def test_a_wrong_secret_is_named(value: Any) -> None:
    """
    The setting is named, and what was written in it is not repeated.
    """
    with pytest.raises(ConfigurationError, match=r"^api_secret: ") as caught:
        Account("desk-a", "acme", {"api_key": "env:K", "api_secret": value})

    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert caught.value.hint


def test_references_travel() -> None:
    """
    An account of references is the same after a journey.
    """
    found = account(api_key="env:K", api_secret=["file:S", "env:S"])

    assert found == pickle.loads(pickle.dumps(found))  # noqa: S301  # our own


def test_secrets_do_not_travel() -> None:
    """
    An account with a secret in it stays where it is, and nothing of the secret is in the error.
    """
    with pytest.raises(ConfigurationError, match="A secret does not travel to other processes") as caught:
        pickle.dumps(account(api_key="env:K", api_secret=CANARY))

    assert CANARY not in "".join(traceback.format_exception(caught.value))
