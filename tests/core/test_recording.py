"""
Keeping what a venue answered, without what is private in it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
import requests

import marginbook as mb
from marginbook import Account, Recording, Statement, Venue, replay
from marginbook.asking import read, replay_documents, stand_in
from marginbook.transport import Deadline, Documents, Machine, Session, adapter
from marginbook.transport.documents import keys_of
from script import ROW, Asked, Said, in_turn, scripted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import PreparedRequest

    from marginbook.sandbox import Sandbox

SECRET: Final = "canary-secret-0123456789-abcdefghij"


class Sent(requests.auth.AuthBase):
    """
    Sends the secret itself, in a header and in the query.
    """

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Key"] = SECRET
        request.prepare_url(request.url, {"signature": SECRET})
        return request


def acme(fetch: Any, **fields: Any) -> Venue:
    usual: dict[str, Any] = {
        "title": "Acme",
        "sign": lambda *_: Sent(),
        "options": [mb.Option("level", int, "How much.", default=1)],
    }
    return Venue(id="acme", fetch=fetch, **usual | fields)


def asked(venue: Venue, url: str, **options: Any) -> Statement | mb.Failure:
    account = Account("a", "acme", options={"base_url": url, **options})
    return read(account, venue, Deadline(5), adapter(1), keep=True)


def recorded(venue: Venue, url: str, **options: Any) -> Recording:
    statement = asked(venue, url, **options)
    assert isinstance(statement, Statement)
    assert statement.recording
    return statement.recording


def getting(*targets: str, **arguments: Any) -> Any:
    """
    Return a fetch that asks for these, one after the other.
    """

    def fetch(account: Account, session: requests.Session) -> Statement:
        for target in targets:
            session.get(account.options["base_url"] + target, **arguments)
        return Statement([])

    return fetch


def test_nobody_asks_for_bodies() -> None:
    """
    A report that nobody records keeps nothing.
    """
    with scripted(lambda _: Said(body={})) as venue:
        account = Account("a", "acme", options={"base_url": venue.url})
        statement = read(account, acme(getting("/x")), Deadline(5), adapter(1))

    assert isinstance(statement, Statement)
    assert statement.recording is None


def test_bodies_by_unsigned_request() -> None:
    """
    Each body is known by what was asked, in the order of asking, without what signed it.
    """
    with scripted(lambda request: Said(body={"path": request.path})) as venue:
        found = recorded(acme(getting("/b", "/a?x=1", params={"y": "2"})), venue.url)

    assert {"/b?y=2": b'{"path": "/b"}', "/a?x=1&y=2": b'{"path": "/a"}'} == found.documents
    assert ["/b?y=2", "/a?x=1&y=2"] == list(found.documents)
    assert (("a", "acme", ()), {}) == ((found.account, found.venue, found.remarks), found.options)
    assert all(f"signature={SECRET}" in request.query for request in venue.asked)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, ("/x?a=1", "/x")),
        ({"data": "b=2"}, ("/x?a=1 b=2", "/x?a=1", "/x")),
        ({"json": {"c": 3}}, ('/x?a=1 {"c": 3}', "/x?a=1", "/x")),
        ({"data": b"\xff"}, ("/x?a=1 \ufffd", "/x?a=1", "/x")),
    ],
)
def test_names_of_a_request(arguments: Any, expected: tuple[str, ...]) -> None:
    """
    What was posted, the query and the path, the most exact first.
    """
    assert expected == keys_of(requests.Request("POST", "https://acme.example/x?a=1", **arguments).prepare())


def test_the_most_exact_body_is_read() -> None:
    """
    Where a path is asked for more than once, each question finds its own answer.
    """
    documents = {"/x?a=1": b"1", "/x?a=2": b"2", "/x": b"any", "/x?a=3 posted": b"3"}
    session = Session(Documents(documents), Deadline(5))

    assert [b"1", b"2", b"any"] == [session.get(f"https://acme.example/x?a={n}").content for n in (1, 2, 3)]
    assert b"3" == session.post("https://acme.example/x?a=3", data="posted").content


def test_what_was_posted_is_kept() -> None:
    """
    A body is kept under what was posted for it.
    """
    session = Session(Documents({"/x": b"[]"}), Deadline(5))
    session.kept = {}
    session.post("https://acme.example/x", params={"a": 1}, json={"b": 2})

    assert {'/x?a=1 {"b": 2}': b"[]"} == session.kept


def test_errors_are_kept_with_their_status() -> None:
    """
    That something does not exist is an answer as well, where the plugin takes it for one, and it is read again as such.
    """
    with scripted(lambda request: Said(404 if request.path == "/a" else 200, {"n": 1})) as venue:
        kept = recorded(acme(getting("/a", "/b")), venue.url).documents

    assert {"404 /a": b'{"n": 1}', "/b": b'{"n": 1}'} == kept
    session = Session(Documents(kept), Deadline(5))
    assert [404, 200] == [session.get(f"https://acme.example{path}").status_code for path in ("/a", "/b")]


def test_only_the_attempt_that_succeeded() -> None:
    """
    What an earlier attempt got is of another moment, and is not kept.
    """

    def fetch(account: Account, session: requests.Session) -> Statement:
        first = session.get(account.options["base_url"] + "/once", params={"n": len(attempts)})
        attempts.append(first.content)
        if len(attempts) == 1:
            msg = "Away."
            raise mb.UnavailableError(msg)
        return Statement([])

    attempts: list[bytes] = []
    with scripted(in_turn(Said(body={"n": 1}), Said(body={"n": 2}))) as venue:
        assert {"/once?n=1": b'{"n": 2}'} == recorded(acme(fetch), venue.url).documents


def test_what_was_sent_is_blanked() -> None:
    """
    A venue that repeats a key or a signature does not bring it into a recording.
    """

    def say(request: Asked) -> Said:
        echo = f'{{"you sent": "{request.headers["Key"]}", "part": "{SECRET[3:23]}", "short": "{SECRET[:19]}"}}'
        return Said(body=echo.encode())

    with scripted(say) as venue:
        (body,) = recorded(acme(getting("/x")), venue.url).documents.values()

    assert {"you sent": "*" * len(SECRET), "part": "*" * 20, "short": SECRET[:19]} == json.loads(body)


def test_nothing_else_is_blanked() -> None:
    """
    A body that repeats nothing stays as it is, whatever its bytes.
    """
    session = Session(Documents({}), Deadline(5))

    assert bytes(range(256)) == session.blanked(bytes(range(256)))


def test_private_fields_are_blanked() -> None:
    """
    Texts of the fields that a venue calls private are left out, at any depth, and nothing else is changed.
    """
    body = rb'[{"alias" : "S\"g\\", "n": {"alias":"x", "other alias": "kept", "alias": 7}, "who": ""}]'
    with scripted(lambda _: Said(body=body)) as venue:
        (found,) = recorded(acme(getting("/x"), private=["alias", "who"]), venue.url).documents.values()

    expected = (
        rb'[{"alias" : "private", "n": {"alias":"private", "other alias": "kept", "alias": 7}, "who": "private"}]'
    )
    assert expected == found


def test_fexgate_names_its_accounts_in_private(sandbox: Sandbox) -> None:
    """
    The gateway passes on the exchange's own code for the account. It is not kept.
    """
    recordings: list[Recording] = []
    mb.collect([a for a in sandbox.accounts() if a.venue == "fexgate"], record=recordings.append)
    (body,) = recordings[0].documents.values()

    assert {"private"} == {row["accountAlias"] for row in json.loads(body)["balances"] if "accountAlias" in row}


@pytest.mark.parametrize(
    ("hosts", "url", "expected"),
    [
        ({}, "{url}", {}),
        ({}, "{url}/behind/it", {"base_url": "https://replay.invalid/behind/it"}),
        ({"x": "https://acme.example"}, "{url}", {}),
        ({"x": "https://acme.example"}, "{url}/behind", {"base_url": "https://replay.invalid/behind"}),
        ({"x": "https://acme.example/api"}, "{url}", {"base_url": "https://replay.invalid"}),
        ({"x": "https://acme.example/api/"}, "{url}/api", {}),
        ({"x": "https://acme.example", "y": "{url}/demo"}, "y", {"base_url": "https://replay.invalid/demo"}),
        ({"x": "https://acme.example", "y": "{url}"}, "y", {}),
    ],
)
def test_private_servers_have_no_names(hosts: Mapping[str, str], url: str, expected: dict[str, str]) -> None:
    """
    The path of a server decides what is asked and is kept where a replay would ask for another; its name is not.
    """
    with scripted(lambda _: Said(body={})) as venue:
        known = {name: host.format(url=venue.url) for name, host in hosts.items()}
        described = acme(getting("/x"), hosts=known)
        found = recorded(described, url.format(url=venue.url))

    assert expected == found.options
    assert "127.0.0.1" not in repr(found)
    assert Statement([], notes=["The venue reports no assets."]) == (
        replay_documents(stand_in("a", described, found.options), described, found.documents)
    )


def test_options_that_tell() -> None:
    """
    An option is kept where it is not the default; how much may be spent has no bearing on an answer.
    """
    limits = [mb.Limit(100, seconds=60, weights={"GET /x": 1})]
    with scripted(lambda _: Said(body={})) as venue:
        usual = recorded(acme(getting("/x"), limits=limits), venue.url, level=1, weight_limit=50)
        other = recorded(acme(getting("/x"), limits=limits), venue.url, level=2)

    assert ({}, {"level": 2}) == (usual.options, other.options)


def test_remarks_on_the_clock() -> None:
    """
    What was said beside the bodies is kept with them.
    """
    machine = Machine()
    with scripted(lambda _: Said(body={})) as venue:
        host = machine.hosts.at("acme", venue.url.removeprefix("http://"), "")
        host.clock.offset = 7000
        account = Account("a", "acme", options={"base_url": venue.url})
        statement = read(account, acme(getting("/x")), Deadline(5), adapter(1), machine, keep=True)

    assert isinstance(statement, Statement)
    assert statement.recording
    assert statement.notes[1:] == statement.recording.remarks
    assert "clock is 7 seconds behind" in statement.recording.remarks[0]


def test_a_failure_has_no_recording() -> None:
    """
    Nothing is handed out of an account that could not be read.
    """
    recordings: list[Recording] = []
    with scripted(lambda _: Said(418, {})) as venue:
        account = Account("a", "binance-usdm", {"api_key": "k", "api_secret": "s"}, {"base_url": venue.url})
        report = mb.collect([account], record=recordings.append)

    assert (("a",), []) == (report.missing, recordings)


def test_recordings_are_handed_out_before_the_progress() -> None:
    """
    When an account is said to be done, its answers are there, and they read as the account did.
    """
    seen: list[Any] = []
    with scripted(lambda _: Said()) as venue:
        account = Account("a", "binance-usdm", {"api_key": "k", "api_secret": "s"}, {"base_url": venue.url})
        report = mb.collect([account], record=seen.append, progress=seen.append)
    recording, progress = seen
    again = replay("binance-usdm", recording.documents, recording.options)

    assert "a" == progress.account == recording.account
    assert [ROW["asset"]] == [b.asset for b in again.balances] == [b.asset for b in report.balances]


def test_every_built_in_venue_says_its_specification() -> None:
    """
    Each snapshot can say what its answers were read by.
    """
    assert [] == [v.id for v in mb.venues() if " sha256:" not in v.specification]
