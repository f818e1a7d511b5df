"""
What requests cost of a venue's limits.
"""

from __future__ import annotations

import pickle

import pytest

from marginbook import Limit

WEIGHTS = {"GET /v1/balance": 5, "POST /v1/balance": 7, "GET /v1/{exchange}/depth.json": 20}


@pytest.mark.parametrize(
    ("method", "path", "cost"),
    [
        ("GET", "/v1/balance", 5),
        ("POST", "/v1/balance", 7),
        ("GET", "/behind/a/gateway/v1/balance", 5),
        ("GET", "/v1/fbinance/depth.json", 20),
        ("GET", "/api/v1/fbinance/depth.json", 20),
        ("GET", "/v1/a/b/depth.json", 0),
        ("GET", "/v1//depth.json", 0),
        ("GET", "/v1/fbinance/depth-json", 0),
        ("GET", "/v1/balance/all", 0),
        ("GET", "/v2/balance", 0),
        ("PUT", "/v1/balance", 0),
        ("GET", "", 0),
    ],
)
def test_costs(method: str, path: str, cost: int) -> None:
    """
    An operation costs what its venue says, wherever the base URL puts it, and whatever stands in its braces.
    """
    assert cost == Limit(100, weights=WEIGHTS).cost(method, path)


def test_every_request_costs_one() -> None:
    """
    Where a venue counts requests, each is one.
    """
    assert 1 == Limit(100).cost("GET", "/anything")


def test_the_dearest_operation() -> None:
    """
    A limit below it would let nothing through.
    """
    assert 20 == Limit(100, weights=WEIGHTS).dearest
    assert 1 == Limit(100).dearest


def test_a_limit_is_a_value() -> None:
    """
    It cannot be changed by who described it, and it travels to other processes.
    """
    weights = dict(WEIGHTS)
    limit = Limit(100, weights=weights, per="key", header="X-USED")
    weights.clear()

    assert 5 == limit.cost("GET", "/v1/balance")
    assert 1 == len({limit, pickle.loads(pickle.dumps(limit))})  # noqa: S301  # our own
    assert 60 == limit.seconds
