"""
The suite that every venue passes: subclass `VenueConformance`, name the venue, and run pytest.
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pytest

from marginbook.errors import MarginbookError
from marginbook.loading import load_accounts
from marginbook.registry import installed
from marginbook.sandbox import PORTRAITS, Portrait
from marginbook.testing import declarations, faults, live, reading, signing
from marginbook.testing.subject import Body, Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from marginbook.registry import Registry
    from marginbook.sandbox import Stage
    from marginbook.seam import Venue

#: The environment variable that names the accounts file of the live tier.
LIVE: Final = "MARGINBOOK_LIVE"

#: Problems of one kind that are told of at most: the rest are seldom other ones.
_MOST: Final = 12


class VenueConformance:
    """
    All that is asked of a venue, in three tiers.

    Attributes:
        venue: The id of an installed venue.

        bodies: Real or published answers to read besides those of the sandbox: documents by path, as
            `marginbook.replay` takes them, by a name. With options, a pair of both.

        differs: Faults of which something else becomes at this venue, in each request and in one, with a reason in a
            comment. See `marginbook.testing.matrix`.

        patient: Whether to try the faults that no plugin sees as well. They take a quarter of a minute.

        cassettes: The folder for what the live tier records, and which the offline tier reads.

    """

    venue: ClassVar[str] = ""
    bodies: ClassVar[Mapping[str, Any]] = {}
    differs: ClassVar[Mapping[str, tuple[str, str]]] = {}
    patient: ClassVar[bool] = False
    cassettes: ClassVar[Path | None] = None

    @classmethod
    def described(cls) -> Venue:
        """
        Return the description of the venue.
        """
        return _registry().venue(cls.venue)

    @classmethod
    def stage(cls) -> Stage:
        """
        Return its part in the sandbox, with nothing asked yet.
        """
        for stage in _registry().stages_of(cls.venue):
            if stage.venue == cls.venue:
                return stage
        pytest.fail(f"Nobody plays {cls.venue}: give the plugin a hook marginbook_stages.", pytrace=False)

    @classmethod
    def subject(cls) -> Subject:
        """
        Return all of it, which is asked once.
        """
        found: Subject = _subject(cls)  # type: ignore[arg-type]  # mypy takes a class's __hash__ for its instances'
        return found

    @classmethod
    def pytest_generate_tests(cls, metafunc: pytest.Metafunc) -> None:
        """
        Try each fault and each portrait by itself.
        """
        if "fault" in metafunc.fixturenames:
            metafunc.parametrize("fault", faults.names(patient=cls.patient))
        if "portrait" in metafunc.fixturenames:
            metafunc.parametrize("portrait", PORTRAITS, ids=lambda portrait: portrait.name)

    # What the venue says of itself, and what it makes of bodies.

    @pytest.mark.offline
    def test_offline_the_description_is_whole(self) -> None:
        """
        Credentials, options, hosts and figures are declared, each with its source or the reason why it is not known.
        """
        _none(declarations.of_itself(self.described()))

    @pytest.mark.offline
    def test_offline_the_entry_point_has_the_name_of_the_venue(self) -> None:
        """
        So that it is found without importing any other plugin; and nobody else has it.
        """
        _none(declarations.of_plugin(self.venue))

    @pytest.mark.offline
    def test_offline_bodies_are_read_alike_every_time(self) -> None:
        """
        Nothing but the bodies and the options decides what is read.
        """
        _none(reading.replays(self.subject()))

    @pytest.mark.offline
    def test_offline_every_field_is_mapped_or_ignored(self) -> None:
        """
        Another value of a field makes another statement, or an error, or the venue says why it ignores the field.
        """
        _none(reading.fields(self.subject()))

    @pytest.mark.offline
    def test_offline_all_rows_or_none(self) -> None:
        """
        A row that cannot be read is an error, and so are two rows of one asset; a row of zeros is a row.
        """
        _none(reading.rows(self.subject()))

    @pytest.mark.offline
    def test_offline_zero_is_a_figure(self) -> None:
        """
        What is told is told where it is zero as well.
        """
        _none(reading.zeros(self.subject()))

    @pytest.mark.offline
    def test_offline_what_is_not_told_is_not_zero(self) -> None:
        """
        A field that is missing, null or empty is not known, or an error.
        """
        _none(reading.absences(self.subject()))

    @pytest.mark.offline
    def test_offline_digits_are_kept(self) -> None:
        """
        A figure that is reported has the digits and the sign that the venue wrote.
        """
        _none(reading.digits(self.subject()))

    @pytest.mark.offline
    def test_offline_what_is_filled_is_declared(self) -> None:
        """
        Every figure that is declared is filled somewhere, and no other.
        """
        _none(declarations.of_figures(self.subject()))

    @pytest.mark.offline
    def test_offline_figures_add_up(self) -> None:
        """
        Equity is wallet balance plus unrealized PnL, and initial margin position plus order margin, where all are told.
        """
        _none(reading.identities(self.subject()))

    @pytest.mark.offline
    def test_offline_each_attempt_is_signed_afresh(self) -> None:
        """
        With the credentials that are declared, and with its own time.
        """
        _none(signing.fresh(self.subject()))

    @pytest.mark.offline
    def test_offline_nothing_is_done_by_itself(self) -> None:
        """
        No socket, file, environment, clock or sleep of its own.
        """
        _none(signing.quiet(self.subject()))

    @pytest.mark.offline
    def test_offline_trouble_is_passed_on(self) -> None:
        """
        What the session raises comes out of fetch, whichever request it was.
        """
        _none(signing.passes_on(self.subject()))

    # What it makes of real HTTP.

    @pytest.mark.sandbox
    def test_sandbox_every_account_is_read(self) -> None:
        """
        The sandbox checks keys, signatures and times, and everything is right.
        """
        _none(reading.accounts(self.subject()))

    @pytest.mark.sandbox
    def test_sandbox_secrets_stay_secret(self) -> None:
        """
        In what signs, in errors and logs, and when the venue sends them back.
        """
        _none(signing.secretive(self.subject()))

    @pytest.mark.sandbox
    def test_sandbox_texts_of_the_venue_are_not_repeated(self) -> None:
        """
        What an error says is said in words of our own.
        """
        _none(faults.repeats(self.subject()))

    @pytest.mark.sandbox
    def test_sandbox_the_stage_can_be_looked_at(self) -> None:
        """
        It plays the portraits, or says which of them no account of the venue can look like.
        """
        _none(reading.stages(self.subject()))

    @pytest.mark.sandbox
    def test_sandbox_portrait(self, portrait: Portrait) -> None:
        """
        An account in our own words comes out as exactly its figures or None, never as another number.
        """
        _none(reading.portrait(self.subject(), portrait))

    @pytest.mark.sandbox
    def test_sandbox_fault(self, fault: str) -> None:
        """
        An account that a fault hits ends as the matrix says.
        """
        _none(faults.fault(self.subject(), fault, dict(self.differs)))

    @pytest.mark.sandbox
    def test_sandbox_a_wrong_clock_is_corrected(self) -> None:
        """
        A local clock that is three hours wrong changes nothing.
        """
        _none(faults.clock(self.subject()))

    # What a real account answers.

    @pytest.mark.live
    def test_live_accounts_are_read(self) -> None:
        """
        Every account of the venue in the accounts file is read, and what it answers is recorded without its secrets.
        """
        _none(live.record(self.subject(), load_accounts(os.environ[LIVE]), self.cassettes))


@functools.cache
def _registry() -> Registry:
    # What is installed does not change, and to look takes longer than to ask.
    return installed()


@functools.cache
def _subject(suite: type[VenueConformance]) -> Subject:
    given = (Body(name, *(told if isinstance(told, tuple) else (told, {}))) for name, told in suite.bodies.items())
    return Subject(suite.described(), suite.stage, (*given, *live.recorded(suite.cassettes, suite.venue)))


def _none(problems: Iterable[str]) -> None:
    """
    Fail if there are problems, and say which.
    """
    found = list(dict.fromkeys(problems))
    rest = [f"… and {len(found) - _MOST} more."] if len(found) > _MOST else []
    if found:
        pytest.fail("\n".join([*found[:_MOST], *rest]), pytrace=False)


def _applies(item: pytest.Item) -> bool:
    """
    Say whether a test is one for this venue, and for now.
    """
    suite = getattr(item, "cls", None)
    if suite is None or not issubclass(suite, VenueConformance):
        return True
    if not suite.venue:
        return False
    name = getattr(item, "originalname", item.name)
    if name.startswith("test_live"):
        return bool(os.environ.get(LIVE))
    venue = suite.described()
    if name == "test_sandbox_a_wrong_clock_is_corrected":
        return venue.time is not None
    return venue.sign is not None or name != "test_offline_each_attempt_is_signed_afresh"


def pytest_configure(config: pytest.Config) -> None:
    """
    Make the tiers known.
    """
    for tier, about in (
        ("offline", "what a venue makes of recorded bodies"),
        ("sandbox", "what it makes of real HTTP, on this machine"),
        ("live", f"what a real account answers, where {LIVE} names an accounts file"),
    ):
        config.addinivalue_line("markers", f"{tier}: {about}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """
    Leave out the tests that a venue has no use for.
    """
    try:
        unfit = [item for item in items if not _applies(item)]
    except MarginbookError as error:
        # The venue is not there, or its plugin cannot be loaded: there is nothing to test, and no stack says why.
        raise pytest.UsageError(str(error)) from None
    if unfit:
        items[:] = [item for item in items if item not in unfit]
        config.hook.pytest_deselected(items=unfit)
