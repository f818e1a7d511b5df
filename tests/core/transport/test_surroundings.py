"""
What the environment says about the way to an address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from marginbook.transport import Deadline, Session, adapter, surroundings

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

VENUE = "http://venue.invalid/balance"


def settings(pool: BaseAdapter, url: str = VENUE, **own: Any) -> dict[str, Any]:
    """
    Return what a session of a pool asks an address with.
    """
    given = {"verify": None, "cert": None} | own
    found: dict[str, Any] = Session(pool, Deadline(1)).merge_environment_settings(url, {}, True, **given)
    return found


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> BaseAdapter:
    monkeypatch.setenv("HTTP_PROXY", "http://first.invalid:1")
    return adapter(1)


def test_looked_up_once_for_a_pool(pool: BaseAdapter, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    All sessions of a pool ask an address in the same way, although the environment changes: a report has one way there.
    Another pool, which is another report's, begins anew.
    """
    before, egress = settings(pool), surroundings(pool).egress(VENUE)
    monkeypatch.setenv("HTTP_PROXY", "http://second.invalid:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/second.pem")

    assert {"http": "http://first.invalid:1"} == before["proxies"]
    assert before == settings(pool)
    assert egress == surroundings(pool).egress(VENUE)
    assert "/second.pem" == settings(adapter(1))["verify"]
    assert {"http": "http://second.invalid:1"} == settings(adapter(1))["proxies"]
    assert egress != surroundings(adapter(1)).egress(VENUE)


def test_each_address_has_its_own(pool: BaseAdapter, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What is so at one address may be otherwise at the next.
    """
    monkeypatch.setenv("NO_PROXY", "other.invalid")

    assert {"http": "http://first.invalid:1"}.items() <= settings(pool)["proxies"].items()
    assert "http" not in settings(pool, "http://other.invalid/balance")["proxies"]
    assert "" == surroundings(pool).egress("http://other.invalid/balance")


def test_who_says_more_is_alone(pool: BaseAdapter) -> None:
    """
    Certificates that one request brings are not trusted by any other.
    """
    assert "/own.pem" == settings(pool, verify="/own.pem")["verify"]
    assert ("/own.pem", True) == (settings(pool, cert="/own.pem")["cert"], settings(pool)["verify"])


def test_nobody_changes_it_for_others(pool: BaseAdapter) -> None:
    """
    What a request does with its settings is its own.
    """
    settings(pool)["verify"] = False

    assert settings(pool)["verify"] is True
