"""
What each path answers.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Final

import pytest

from marginbook import BalanceReport, ConfigurationError, Output, View
from marginbook.serving import Token
from marginbook.serving.site import LOOPBACK

if TYPE_CHECKING:
    from tests.core.serving.conftest import Served

CANARY: Final = "canary-1f0e9d-canary"


def page(view: View) -> str:
    return f"<!doctype html>{view.report.complete} {[note.message for note in view.report.notes]}"


def metrics(view: View) -> str:
    return f"up {len(view.report.balances)}\n"


def broken(_: View) -> str:
    raise RuntimeError(CANARY)


def missing(_: View) -> str:
    msg = "acme is not installed."
    raise ConfigurationError(msg, hint="pip install 'marginbook[acme]'")


#: Some that marginbook may have itself: a test's own come first.
OWN: Final = {
    output.name: output
    for output in (
        Output(name="html", title="Page.", write=page, suffixes=(".html",)),
        Output(name="prometheus", title="Metrics.", write=metrics, suffixes=(".prom",)),
        Output(name="bytes", title="Bytes.", write=lambda _: b"\xff", suffixes=(".acme", ".xlsx")),
        Output(name="plain", title="Text.", write=lambda _: "text", suffixes=(".strange",)),
        Output(name="broken", title="Broken.", write=broken, suffixes=(".broken",)),
        Output(name="missing", title="Missing.", write=missing, suffixes=(".missing",)),
    )
}


def test_the_report_as_json(served: Served) -> None:
    """
    The document that ``marginbook report --format json`` prints, digit for digit.
    """
    made = served.make("b")
    answer = served.get("/report.json")

    assert (200, "application/json") == (answer.status_code, answer.content_type)
    assert made.to_json() == answer.get_data(as_text=True)
    assert made == BalanceReport.from_dict(answer.get_json())


def test_what_headers_say_of_a_report(served: Served) -> None:
    """
    Its age, whether it is complete, and whether it is stale.
    """
    served.make("b")
    served.hands.passed = 30.25
    told = [served.get("/report.json").headers.get(f"Marginbook-{name}") for name in ("Age", "Complete", "Stale")]
    served.make()
    fresh = [served.get("/report.json").headers.get(f"Marginbook-{name}") for name in ("Age", "Complete", "Stale")]

    assert [["30.250", "false", "true"], ["0.000", "true", "false"]] == [told, fresh]


def test_every_installed_form(served: Served) -> None:
    """
    A report can be had under each ending of an output, as what it is.
    """
    served.make()
    served.outputs = {**{name: served.outputs[name] for name in ("table", "json", "jsonl", "csv")}, **OWN}

    assert {
        "/report.txt": "text/plain; charset=utf-8",
        "/report.json": "application/json",
        "/report.jsonl": "application/x-ndjson",
        "/report.csv": "text/csv; charset=utf-8",
        "/report.html": "text/html; charset=utf-8",
        "/report.prom": "text/plain; version=0.0.4; charset=utf-8",
        "/report.strange": "text/plain; charset=utf-8",
        "/report.acme": "application/octet-stream",
        "/report.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    } == {
        f"/report{suffix}": served.get(f"/report{suffix}").content_type
        for output in served.outputs.values()
        for suffix in output.suffixes
        if output.name not in {"broken", "missing"}
    }


@pytest.mark.parametrize(
    "path", ["/report", "/report.", "/report.xml", "/.json", "/report/.json", "/json", "/favicon.ico"]
)
def test_other_paths(served: Served, path: str) -> None:
    """
    Who asks for something else is told what there is.
    """
    served.make()
    served.outputs = {name: served.outputs[name] for name in ("table", "json")} | {"prometheus": OWN["prometheus"]}
    answer = served.get(path)

    assert 404 == answer.status_code
    assert (
        "There is nothing at this path.\nThere are /, /healthz, /metrics, /report.txt, /report.json, /report.prom.\n"
        == answer.get_data(as_text=True)
    )


def test_the_page(served: Served) -> None:
    """
    The page is that of the output html, and is asked for again when there is a newer one.
    """
    served.make()
    served.outputs |= OWN
    answer = served.get("/")

    assert ("<!doctype html>True []", "text/html; charset=utf-8") == (
        answer.get_data(as_text=True),
        answer.content_type,
    )
    assert "10" == answer.headers["Refresh"]
    assert "Refresh" not in served.get("/report.html").headers


def test_no_page(served: Served) -> None:
    """
    Where no output makes pages, it is the table, as text.
    """
    served.make("b")
    served.outputs = {"table": served.outputs["table"]}
    answer = served.get("/")

    assert "text/plain; charset=utf-8" == answer.content_type
    assert answer.get_data(as_text=True).startswith("INCOMPLETE: 1 of 2 accounts, ")


def test_metrics(served: Served) -> None:
    """
    To what the output prometheus writes, how old that is and whether it is stale are added.
    """
    served.make()
    served.outputs |= OWN
    served.hands.passed = 12.5
    lines = served.get("/metrics").get_data(as_text=True).splitlines()
    served.hands.passed = 31
    stale = served.get("/metrics")

    assert "up 1" == lines[0]
    assert ["marginbook_serve_report_age_seconds 12.500", "marginbook_serve_report_stale 0"] == [
        line for line in lines[1:] if not line.startswith("#")
    ]
    assert (200, True) == (stale.status_code, b"\nmarginbook_serve_report_stale 1\n" in stale.data)
    assert "text/plain; version=0.0.4; charset=utf-8" == stale.content_type


def test_metrics_as_bytes(served: Served) -> None:
    """
    An output that writes bytes is served as it is, as long as it is fresh.
    """
    served.make()
    served.outputs["prometheus"] = Output(name="prometheus", title="Metrics.", write=lambda _: b"up 1\n")
    fresh = served.get("/metrics")
    served.hands.passed = 31

    assert (b"up 1\n", 503) == (fresh.data, served.get("/metrics").status_code)


def test_no_metrics(served: Served) -> None:
    """
    Where no output writes metrics, that is what is missing.
    """
    served.make()
    served.outputs = {"json": served.outputs["json"]}
    answer = served.get("/metrics")

    assert 404 == answer.status_code
    assert "No installed output writes metrics.\nThere are /, /healthz, /report.json.\n" == answer.get_data(
        as_text=True
    )


def test_before_the_first_report(served: Served) -> None:
    """
    There is nothing to show yet, and it is worth asking again.
    """
    served.outputs |= OWN
    answers = [served.get(path) for path in ("/", "/metrics", "/report.json", "/healthz")]

    assert [(503, "5")] * 4 == [(answer.status_code, answer.headers["Retry-After"]) for answer in answers]
    assert "There is no report yet.\nAsk again in a moment.\n" == answers[0].get_data(as_text=True)
    assert {
        "ok": False,
        "problems": ["There is no report yet."],
        "age_seconds": None,
        "every_seconds": 10,
        "complete": None,
        "stale": None,
    } == answers[3].get_json()


def test_health(served: Served) -> None:
    """
    200 if the newest report is complete and fresh, else 503 and each reason.
    """
    served.make()
    served.hands.passed = 4.5
    well = served.get("/healthz")
    served.make("b")
    served.hands.passed = 65.5
    ill = served.get("/healthz")

    assert (200, True, []) == (well.status_code, well.get_json()["ok"], well.get_json()["problems"])
    assert (4.5, 10, True, False) == tuple(
        well.get_json()[name] for name in ("age_seconds", "every_seconds", "complete", "stale")
    )
    assert (503, "application/json", None) == (ill.status_code, ill.content_type, ill.headers.get("Retry-After"))
    assert {
        "ok": False,
        "problems": [
            "STALE: this report was made 61 s ago, one is due every 10 s.",
            "b (acme): timeout: It was late. Wait.",
        ],
        "age_seconds": 61.0,
        "every_seconds": 10,
        "complete": False,
        "stale": True,
    } == ill.get_json()


@pytest.mark.parametrize("path", ["/", "/report.txt", "/report.json", "/report.jsonl", "/report.csv", "/report.html"])
def test_stale_reports_say_so(served: Served, path: str) -> None:
    """
    The last report stays, and says itself that it is the last: nobody has to look at a header.
    """
    served.outputs |= {"html": OWN["html"]}
    served.make(trouble="Contradiction.")
    answer = served.get(path)

    assert (200, "true") == (answer.status_code, answer.headers["Marginbook-Stale"])
    assert "STALE: this report was made 0 s ago" in answer.get_data(as_text=True)
    assert "failed: Contradiction." in answer.get_data(as_text=True)


def test_a_stale_report_can_be_read(served: Served) -> None:
    """
    The document is as whole as ever, with a note more, and so is every row of the CSV.
    """
    served.make(trouble="Contradiction.")
    rows = list(csv.DictReader(io.StringIO(served.get("/report.csv").get_data(as_text=True), newline="")))

    assert [""] == [note.account for note in BalanceReport.from_dict(served.get("/report.json").get_json()).notes]
    assert [True] == [row["notes"].startswith("STALE") for row in rows]


@pytest.mark.parametrize("path", ["/report.strange", "/report.acme"])
def test_forms_that_cannot_say_that_they_are_stale(served: Served, path: str) -> None:
    """
    Old figures are not served where they would be taken for new ones.
    """
    served.outputs |= OWN
    served.make()
    served.hands.passed = 31
    answer = served.get(path)

    assert (503, "10") == (answer.status_code, answer.headers["Retry-After"])
    assert (
        "STALE: this report was made 31 s ago, one is due every 10 s.\n"
        "This form cannot say so, and who reads it would take old figures for new ones.\n"
    ) == answer.get_data(as_text=True)


def test_a_missing_package(served: Served) -> None:
    """
    An output that lacks its package says which.
    """
    served.outputs |= OWN
    served.make()
    answer = served.get("/report.missing")

    assert (501, "acme is not installed. pip install 'marginbook[acme]'\n") == (
        answer.status_code,
        answer.get_data(as_text=True),
    )


def test_a_broken_output(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    """
    Where an output stumbled stands in the log, and not in the answer.
    """
    served.outputs |= OWN
    served.make()
    answer = served.get("/report.broken")

    assert (500, "The output broken failed. Update its plugin.\n") == (
        answer.status_code,
        answer.get_data(as_text=True),
    )
    assert ["The output broken failed."] == [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_methods(served: Served, method: str) -> None:
    """
    There is only something to read.
    """
    served.make()
    answer = served.get("/report.json", method)

    assert (405, "GET, HEAD") == (answer.status_code, answer.headers["Allow"])


def test_heads(served: Served) -> None:
    """
    The same headers, and no body.
    """
    served.make()
    got, head = served.get("/report.json"), served.get("/report.json", "HEAD")

    assert (b"", got.status_code, dict(got.headers)) == (head.data, head.status_code, dict(head.headers))


@pytest.mark.parametrize("path", ["/", "/metrics", "/report.json", "/healthz", "/nothing"])
def test_headers(served: Served, path: str) -> None:
    """
    Nothing is kept by anybody between, taken for something else, or allowed to load or to send anything.
    """
    answers = [served.get(path)]
    served.make()
    answers += [served.get(path), served.get(path, "POST"), served.get(path, Host="evil.example")]

    for answer in answers:
        assert ("no-store", "nosniff") == (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"])
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert ("no-referrer", "same-origin") == (
            answer.headers["Referrer-Policy"],
            answer.headers["Cross-Origin-Resource-Policy"],
        )


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8080", "LOCALHOST:1", "127.0.0.1:8080", "[::1]", "[::1]:8080"]
)
def test_names_of_this_machine(served: Served, host: str) -> None:
    """
    However this machine is called, and through whatever port a tunnel leads.
    """
    served.make()

    assert 200 == served.get("/report.json", Host=host).status_code


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "localhost.",
        "evil.example@localhost",
        "localhost,evil.example",
        "0.0.0.0:8080",
        "[::1",
        "localhost:x",
        "",
    ],
)
def test_other_names(served: Served, host: str) -> None:
    """
    A page of a stranger, whose name was made to mean this machine, reads nothing here.
    """
    served.make()
    answer = served.get("/report.json", Host=host)

    assert (421, "This server is called 127.0.0.1 or [::1] or localhost, and nothing else.\n") == (
        answer.status_code,
        answer.get_data(as_text=True),
    )


def test_a_name_of_its_own(served: Served) -> None:
    """
    The name that the server was given is one more; where any may be used, none is looked at.
    """
    served.make()
    own, any_ = served.site(hosts=LOOPBACK | {"127.0.0.2"}), served.site(hosts=None)

    assert [200, 421, 200] == [
        served.get("/report.json", site=own, Host="127.0.0.2:80").status_code,
        served.get("/report.json", site=own, Host="127.0.0.3:80").status_code,
        served.get("/report.json", site=any_, Host="desk.example").status_code,
    ]


@pytest.mark.parametrize("path", ["/", "/metrics", "/report.json", "/healthz", "/nothing"])
def test_tokens(served: Served, path: str) -> None:
    """
    With a token, nothing is told without it: neither figures nor names, nor what there is.
    """
    served.make("b")
    site = served.site(token=Token(CANARY))
    refused, open_ = served.get(path, site=site), served.get(path, site=site, Authorization=f"Bearer {CANARY}")

    assert (401, 'Bearer realm="marginbook"') == (refused.status_code, refused.headers["WWW-Authenticate"])
    assert "Send the token in a header: 'Authorization: Bearer TOKEN'.\n" == refused.get_data(as_text=True)
    assert served.get(path).status_code == open_.status_code


def test_tokens_in_urls(served: Served) -> None:
    """
    A token in a URL is in the logs of everybody on the way: it does not open, and should not be used any more.
    """
    served.make()
    site = served.site(token=Token(CANARY))
    answer = served.get(f"/report.json?token={CANARY}", site=site)

    assert 401 == answer.status_code
    assert "A token in a URL is not accepted, since URLs are logged; make a new one." in answer.get_data(as_text=True)
    assert CANARY not in answer.get_data(as_text=True) + repr(site) + json.dumps(dict(answer.headers))
