"""
A venue's part in the sandbox.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen
from werkzeug.wrappers import Request, Response

from marginbook.sandbox.portraits import Portrait


@frozen
class Actor:
    """
    An account that the sandbox plays.

    Args:
        name: What an accounts file may call it.

        credentials: Its secrets. They are worth nothing.

        options: The options that an account needs to reach it, besides ``base_url``.

    """

    name: str
    credentials: Mapping[str, str] = field(repr=False)
    options: Mapping[str, str | int | bool] = field(factory=dict)


@frozen
class Stage:
    """
    A venue as the sandbox plays it.

    Args:
        venue: The id of the venue.

        actors: Its accounts.

        routes: What answers the GET requests of each path: ``{"/v1/balance": handle}`` with
            ``handle(request, **parts)``, where parts of a path in angle brackets become arguments.

        lost: What answers other requests below a path, as ``handle(request, status)`` with 404 where there is no such
            path, and 405 where it is not for this method: ``{"/v1": handle}``. Elsewhere, a page in HTML does.

        posts: What answers the POST requests of each path.

        refusals: The venue's own answers to what may be wrong with a request, by the name of the fault that gives them:
            ``"clock"``, where the time of the request is outside its window; ``"key"``, where it does not know the key;
            ``"signature"``; ``"throttled"``, where it was asked too often; and ``"error-in-200"``, where it is out of
            order, and says so with status 200. Leave out what the venue never says.

        amount: The name of the field that faults of the body change, such as ``"walletBalance"``: the first of them.
            Without it, the first string that looks like an amount is changed, or the first number with a fraction.

        assets: What the wallets of a portrait are counted in, in the venue's spelling.

        portray: Plays the venue with one account, which holds what a portrait says, and nothing else.

        beyond: The portraits that no account of the venue can look like, by name, with the reason.

    """

    venue: str
    actors: tuple[Actor, ...]
    routes: Mapping[str, Callable[..., Response]]
    lost: Mapping[str, Callable[[Request, int], Response]] = field(factory=dict)
    posts: Mapping[str, Callable[..., Response]] = field(factory=dict, kw_only=True)
    refusals: Mapping[str, Callable[[], Response]] = field(factory=dict, kw_only=True)
    amount: str = field(default="", kw_only=True)
    assets: tuple[str, ...] = field(default=(), kw_only=True)
    portray: Callable[[Portrait], Stage] | None = field(default=None, kw_only=True)
    beyond: Mapping[str, str] = field(factory=dict, kw_only=True)


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """
    Return a JSON answer. Strings are written as they are, so amounts keep their digits.
    """
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, headers, content_type="application/json")


__all__ = ["Actor", "Request", "Response", "Stage", "answer"]
