"""
A venue under test: its description, its part in the sandbox, and what its accounts answer.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve, frozen

from marginbook.asking import read, replay_documents, stand_in
from marginbook.errors import MarginbookError
from marginbook.report import Failure
from marginbook.sandbox import PORTRAITS, Sandbox, Stage
from marginbook.seam import DETAIL, Venue
from marginbook.transport import Deadline, Machine
from marginbook.values import Recording, Statement

if TYPE_CHECKING:
    from marginbook.accounts import Account
    from marginbook.sandbox import Fault, Portrait

#: Seconds that an account may take if nothing is to be waited for.
PATIENT: Final = 10.0

Options = Mapping[str, str | int | bool]
Outcome = Statement | Failure


def hurried(milliseconds: Callable[[], int] | None = None) -> Machine:
    """
    Return a machine on which nobody waits before asking again, and that knows of no host yet.
    """
    own: dict[str, Any] = {"milliseconds": milliseconds} if milliseconds else {}
    return Machine(random=lambda: 0.0, **own)


@frozen
class Body:
    """
    What an account answered: documents as `marginbook.replay` reads them.
    """

    name: str
    documents: Mapping[str, bytes]
    options: Options


@frozen
class Subject:
    """
    A venue under test.

    Args:
        venue: Its description.

        stage: Makes its part in the sandbox anew.

        bodies: What is read besides the answers of the sandbox.

    """

    venue: Venue
    stage: Callable[[], Stage]
    extra: tuple[Body, ...] = ()

    @property
    def details(self) -> tuple[str | None, ...]:
        """
        How much there is to ask for: None where there is no choice.
        """
        return DETAIL.choices if any(option.name == DETAIL.name for option in self.venue.options) else (None,)  # type: ignore[return-value]  # they are texts

    def ask(
        self,
        stage: Stage,
        *,
        account: str = "",
        detail: str | None = None,
        faults: Iterable[Fault] = (),
        timeout: float = PATIENT,
        machine: Machine | None = None,
        server: Callable[..., Sandbox] = Sandbox,
    ) -> Outcome:
        """
        Ask an account of a stage over real HTTP; the first, unless another is named.
        """
        with server([stage], faults=faults) as sandbox:
            accounts = sandbox.accounts()
            asked = next((a for a in accounts if a.name == account), accounts[0])
            return self.read(asked, detail=detail, timeout=timeout, machine=machine)

    def read(
        self, account: Account, *, detail: str | None = None, timeout: float = PATIENT, machine: Machine | None = None
    ) -> Outcome:
        """
        Ask an account, and keep what it answers.
        """
        machine = machine or hurried()
        pool = machine.pool(1)
        try:
            return read(account, self.venue, Deadline(timeout), pool, machine, detail=detail, keep=True)
        finally:
            pool.close()

    def replay(self, body: Body) -> Statement:
        """
        Read a body once more, without a network.

        Raises:
            MarginbookError: It is refused.

        """
        try:
            return replay_documents(stand_in("replay", self.venue, body.options), self.venue, body.documents)
        except MarginbookError:
            raise
        # The plugin's code may raise anything, and its author asks what it was reading.
        except Exception as error:
            error.add_note(f"The plugin was reading {body.name}, perhaps with one value changed.")
            raise

    def makes(self, body: Body) -> Statement | None:
        """
        Return what a body makes, or None where it is refused.
        """
        try:
            return self.replay(body)
        except MarginbookError:
            return None

    @functools.cached_property
    def answers(self) -> dict[str, Outcome]:
        """
        What becomes of each account of the sandbox, in each detail.
        """
        return {
            f"{actor.name}{f' with detail {detail}' if detail else ''}": self.ask(
                self.stage(), account=actor.name, detail=detail
            )
            for actor in self.stage().actors
            for detail in self.details
            if not (detail and DETAIL.name in actor.options and actor.options[DETAIL.name] != detail)
        }

    @functools.cached_property
    def portraits(self) -> dict[tuple[str, str | None], Outcome]:
        """
        What becomes of each portrait that the stage can play, by its name, and in each detail.
        """
        return {
            (portrait.name, detail): self.ask(played, detail=detail)
            for portrait in PORTRAITS
            for detail in self.details
            if (played := self.play(portrait))
        }

    def play(self, portrait: Portrait) -> Stage | None:
        """
        Return the venue with an account that looks like that, or None where there can be none.
        """
        stage = self.stage()
        if stage.portray is None or portrait.name in stage.beyond:
            return None
        return stage.portray(portrait)

    @functools.cached_property
    def bodies(self) -> tuple[Body, ...]:
        """
        All that the accounts and the portraits answered, and what the author gives.
        """
        named = {
            **self.answers,
            **{f"portrait {name}, {detail or 'whole'}": o for (name, detail), o in self.portraits.items()},
        }
        return (
            *self.extra,
            *(
                Body(name, outcome.recording.documents, outcome.recording.options)
                for name, outcome in named.items()
                if isinstance(outcome, Statement) and isinstance(outcome.recording, Recording)
            ),
        )


def figures(statement: Statement) -> str:
    """
    Return all that a statement says, apart from where it was read.
    """
    return repr(evolve(statement, recording=None))
