"""
The ways in which a fault can change what becomes of a request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from attrs import evolve, field, frozen
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from marginbook.sandbox.serving import Handler
from marginbook.sandbox.tally import Tally

if TYPE_CHECKING:
    from marginbook.sandbox.stage import Stage

#: What has the stage answer.
Ask = Callable[[], Response]

#: What sends an answer.
Send = Callable[[Handler, Response], None]

#: What answers a request, and says how to send the answer.
Play = Callable[[Request], tuple[Response | HTTPException, Send]]


class Place(Protocol):
    """
    Where an account's address leads.
    """

    @property
    def url(self) -> str:
        """
        The ``base_url`` of the account.
        """

    def open(self) -> None:
        """
        Begin.
        """

    def close(self) -> None:
        """
        Stop.
        """


@frozen
class Effect:
    """
    What becomes of a request: here, nothing unusual.

    Args:
        about: What it does, in a sentence.

    """

    about: str

    def at(self, nth: int, count: int) -> Effect | None:
        """
        Return what hits the request with this count where the fault is for the n-th, or None. 0 is for each.
        """
        return self if nth in {0, count} else None

    def on(self, stage: Stage) -> Effect:  # noqa: ARG002  # to others it matters
        """
        Return what becomes of a request to that venue.
        """
        return self

    def answer(self, request: Request, ask: Ask) -> Response:  # noqa: ARG002  # others make an answer of it
        """
        Return the answer.
        """
        return ask()

    def send(self, handler: Handler, response: Response) -> None:
        """
        Send the answer.
        """
        handler.send_whole(response)


@frozen
class Door(Effect):
    """
    The account's address leads to another place.
    """

    make: Callable[[Play, Tally], Place] = field(repr=False)


@frozen
class Instead(Effect):
    """
    Another answer, and the stage is not asked.
    """

    make: Callable[[Request], Response] = field(repr=False)

    def answer(self, request: Request, ask: Ask) -> Response:  # noqa: ARG002  # nobody is asked
        """
        Return the other answer.
        """
        return self.make(request)


@frozen
class Refused(Effect):
    """
    What the venue says to something that is wrong: in its own words, or else in those of others.
    """

    name: str
    otherwise: Effect = field(repr=False)

    def on(self, stage: Stage) -> Effect:
        """
        Return what gives the venue's own answer, if it has one.
        """
        refuse = stage.refusals.get(self.name)
        return self.otherwise if refuse is None else Instead(self.about, lambda _: refuse())

    def answer(self, request: Request, ask: Ask) -> Response:
        """
        Return what others say, where it is not known whose request it is.
        """
        return self.otherwise.answer(request, ask)


@frozen
class Edited(Effect):
    """
    What the stage answered with status 200, changed.
    """

    edit: Callable[[Response], None] = field(repr=False)

    def answer(self, request: Request, ask: Ask) -> Response:  # noqa: ARG002  # the stage reads it
        """
        Return the changed answer, or what is none as it is.
        """
        response = ask()
        if response.status_code == 200:  # noqa: PLR2004  # the status itself
            self.edit(response)
        return response


@frozen
class Spelled(Effect):
    """
    What the stage answered with status 200, with an amount changed.
    """

    edit: Callable[[str, str], str] = field(repr=False)
    #: The name of the amount, or "" for whatever looks like one.
    amount: str = field(default="", repr=False)

    def on(self, stage: Stage) -> Effect:
        """
        Return what changes the amount that the venue is known for.
        """
        return evolve(self, amount=stage.amount)

    def answer(self, request: Request, ask: Ask) -> Response:  # noqa: ARG002  # the stage reads it
        """
        Return the changed answer, or what is none as it is.
        """
        response = ask()
        if response.status_code == 200:  # noqa: PLR2004  # the status itself
            response.set_data(self.edit(response.get_data(as_text=True), self.amount))
        return response


@frozen
class Sent(Effect):
    """
    What the stage answered, sent in a way of its own.
    """

    write: Send = field(repr=False)

    def send(self, handler: Handler, response: Response) -> None:
        """
        Send the answer that way.
        """
        self.write(handler, response)


@frozen
class Unanswered(Sent):
    """
    Something that happens to the connection, and the stage is not asked.
    """

    def answer(self, request: Request, ask: Ask) -> Response:  # noqa: ARG002  # nobody is asked
        """
        Return an answer that is not sent.
        """
        return Response()


@frozen
class Switch(Effect):
    """
    One effect for the n-th request, the first if that is not said, and another for those after it.
    """

    first: Effect = field(repr=False)
    later: Effect = field(repr=False)

    def at(self, nth: int, count: int) -> Effect | None:
        """
        Return which of the two hits, or None before.
        """
        if count > nth:
            return self.later
        return self.first if count == nth else None


NORMAL = Effect("The request is answered as the venue would.")
