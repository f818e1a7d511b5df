"""
``marginbook serve``.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, Self

import pytest
import requests
from click.testing import CliRunner, Result

from marginbook import BalanceReport
from marginbook.cli import main
from processes import settled
from script import Asked, Said, scripted

if TYPE_CHECKING:
    from pathlib import Path

    from marginbook.sandbox import Sandbox

CANARY: Final = "canary-1f0e9d-canary"


def run(*arguments: Any, **environ: str) -> Result:
    return CliRunner().invoke(main, ["serve", *map(str, arguments)], env=environ)


class Serving:
    """
    A server that somebody started in another terminal.
    """

    def __init__(self, *arguments: Any, **environ: str) -> None:
        command = [sys.executable, "-m", "marginbook", "serve", "--port", "0", *map(str, arguments)]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, env={**os.environ, **environ}, **pipes)
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()
        self.port = int(self.said.rpartition(":")[2])
        self.errors = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def stop(self, number: signal.Signals) -> int:
        settled(self.process).send_signal(number)
        self.errors += self.process.communicate(timeout=10)[1]
        return self.process.returncode

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=10)

    def wait_for(self, path: str, status: int, **headers: str) -> requests.Response:
        """
        Ask until the answer has this status.
        """
        until = time.monotonic() + 20
        while (answer := self.get(path, **headers)).status_code != status:
            assert time.monotonic() < until, answer.text
            time.sleep(0.05)
        return answer


@pytest.fixture
def file(sandbox: Sandbox, tmp_path: Path) -> Path:
    path = tmp_path / "accounts.toml"
    path.write_text(sandbox.accounts_file())
    return path


def scripted_account(tmp_path: Path, url: str) -> Path:
    path = tmp_path / "accounts.toml"
    secrets = 'api_key = "key"\napi_secret = "secret"\n'
    path.write_text(f'[accounts.desk]\nvenue = "binance-usdm"\nbase_url = "{url}"\n{secrets}')
    return path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server(file: Path, sandbox: Sandbox, number: signal.Signals) -> None:
    """
    It serves a report of the real sandbox to many readers, asks no venue for them, and ends cleanly.
    """
    with Serving("--accounts", file) as serving:
        serving.wait_for("/healthz", 200)
        before = sandbox.requests
        with ThreadPoolExecutor(10) as pool:
            texts = set(pool.map(lambda _: serving.get("/report.json").text, range(50)))
        pages = [serving.get(path).status_code for path in ("/", "/report.csv", "/report.txt", "/healthz")]
        asked = sandbox.requests - before
        status = serving.stop(number)
    (text,) = texts

    assert BalanceReport.from_dict(json.loads(text)).complete
    assert ([200] * 4, 0, 0) == (pages, asked, status)
    count, url = len(sandbox.accounts()), f"http://127.0.0.1:{serving.port}"
    assert f"Serving the newest report of {count} accounts, one every 60 s: {url}\n" == serving.said
    assert 1 == len(serving.errors.splitlines())
    assert serving.errors.endswith(" UTC complete\n")


def test_newer_reports(tmp_path: Path) -> None:
    """
    A report is made in each interval, read or not, and the log has a line where it becomes better or worse.
    """
    asked = threading.Semaphore(0)

    def say(_: Asked) -> Said:
        asked.release()
        return Said(status=401, body={"code": -2015, "msg": "no"}) if len(venue.asked) in {2, 3} else Said()

    with scripted(say) as venue, Serving("--accounts", scripted_account(tmp_path, venue.url), "--every", 1) as serving:
        assert all(asked.acquire(timeout=10) for _ in range(4))
        serving.wait_for("/healthz", 200)
        serving.stop(signal.SIGTERM)

    assert ["complete", "desk (binance-usdm): credentials:", "complete"] == [
        line.partition(" UTC ")[2][:33] for line in serving.errors.splitlines()
    ]


def test_an_incomplete_report(file: Path) -> None:
    """
    It is served, and it is not healthy.
    """
    with file.open("a") as stream:
        stream.write('\n[accounts.lost]\nvenue = "kraken"\n')
    with Serving("--accounts", file) as serving:
        report = serving.wait_for("/report.json", 200)
        health = serving.get("/healthz")

    assert ("false", ["lost"]) == (
        report.headers["Marginbook-Complete"],
        [failure["account"] for failure in report.json()["failures"]],
    )
    assert 503 == health.status_code
    assert health.json()["problems"][0].startswith("lost (kraken): configuration: There is no venue 'kraken'.")


def test_a_report_that_does_not_come(tmp_path: Path) -> None:
    """
    While a venue hangs, the last report stays, and after three intervals it says that it is the last.
    """
    hang = threading.Event()

    def say(_: Asked) -> Said:
        if len(venue.asked) > 1:
            hang.wait(20)
        return Said()

    with scripted(say) as venue, Serving("--accounts", scripted_account(tmp_path, venue.url), "--every", 1) as serving:
        fresh = serving.wait_for("/report.csv", 200)
        ill = serving.wait_for("/healthz", 200) and serving.wait_for("/healthz", 503)
        stale = serving.get("/report.csv")
        hang.set()
        serving.wait_for("/healthz", 200)

    assert ill.json()["problems"][0].startswith("STALE: this report was made ")
    assert ("true", True) == (stale.headers["Marginbook-Stale"], "STALE: this report was made " in stale.text)
    assert ("false", False) == (fresh.headers["Marginbook-Stale"], "STALE" in fresh.text)
    assert fresh.text.split("derived,notes")[1][:40] == stale.text.split("derived,notes")[1][:40]


def test_rate_limits(file: Path) -> None:
    """
    An interval that would spend too much of a limit is longer, and that is said.
    """
    with Serving("--accounts", file, "--every", 1) as serving:
        serving.wait_for("/healthz", 200)
        serving.stop(signal.SIGTERM)

    assert ", one every 6 s: " in serving.said
    assert serving.errors.startswith("A report is made every 6 seconds, not every 1: ")


def test_a_token_in_a_file(file: Path, tmp_path: Path) -> None:
    """
    Only who brings the token is told anything, and the token comes out nowhere.
    """
    token = tmp_path / "token"
    token.write_text(f"{CANARY}\n")
    token.chmod(0o644)
    with Serving("--accounts", file, "--token-file", token) as serving:
        report = serving.wait_for("/report.json", 200, Authorization=f"Bearer {CANARY}")
        refused = [
            serving.get("/report.json"),
            serving.get("/healthz", Authorization="Bearer x"),
            serving.get(f"/report.json?token={CANARY}"),
        ]
        serving.stop(signal.SIGTERM)

    assert report.json()["complete"]
    assert [401, 401, 401] == [answer.status_code for answer in refused]
    assert CANARY not in "".join([serving.said, serving.errors, *(answer.text for answer in refused)])
    assert f"{token} is open to others than its owner (mode 644). Run `chmod 600 {token}`.\n" in serving.errors


def test_another_address(file: Path) -> None:
    """
    With a token, it may be reached from elsewhere, by any name, and says what that means.
    """
    with Serving("--accounts", file, "--host", "0.0.0.0", MARGINBOOK_SERVE_TOKEN=CANARY) as serving:  # noqa: S104  # the point
        answer = serving.wait_for("/healthz", 200, Authorization=f"Bearer {CANARY}", Host="desk.example")
        refused = serving.get("/healthz")
        serving.stop(signal.SIGTERM)

    assert (200, 401) == (answer.status_code, refused.status_code)
    assert "This is plain http: put a proxy with TLS before it, or a tunnel.\n" in serving.errors


def test_other_names(file: Path) -> None:
    """
    On this machine's own address, a page of a stranger reads nothing; the address itself is a name as well.
    """
    with Serving("--accounts", file, "--host", "127.0.0.1") as serving:
        serving.wait_for("/healthz", 200, Host="localhost:8080")

        assert 421 == serving.get("/healthz", Host="evil.example").status_code


def test_the_other_kind_of_address(file: Path) -> None:
    """
    An address with colons has brackets in URLs and names.
    """
    with Serving("--accounts", file, "--host", "::1") as serving:
        url = serving.said.split(": ")[1].strip()
        answer = requests.get(f"{url}/nothing", timeout=10)

    assert (404, True) == (answer.status_code, url.startswith("http://[::1]:"))


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "desk.example", ""])  # noqa: S104  # the point
def test_other_addresses_need_a_token(file: Path, host: str) -> None:
    """
    Without a token, nobody but this machine can ask.
    """
    done = run("--accounts", file, "--port", 0, "--host", host)

    assert (2, "") == (done.exit_code, done.stdout)
    assert (
        f"Error: Who can reach {host or 'any address of this machine'} could read all balances: there is no token.\n"
        "Name a file with one by --token-file, or leave out --host and use a tunnel such as ssh -L.\n" == done.stderr
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing option '--port'"),
        (["--port", "65536"], "'--port'"),
        (["--port", "0", "--every", "0"], "'--every'"),
        (["--port", "0", "--only", "nobody"], "There is no account 'nobody' in the accounts file."),
        (["--port", "0", "--token-file", "/no/such/file"], "/no/such/file"),
    ],
)
def test_wrong_questions(file: Path, arguments: list[str], message: str) -> None:
    """
    A question that makes no sense is refused, and nothing is served.
    """
    done = run("--accounts", file, *arguments)

    assert (2, "", True) == (done.exit_code, done.stdout, message in done.stderr)


@pytest.mark.parametrize("token", ["", "short"])
def test_tokens_that_are_none(file: Path, token: str) -> None:
    """
    A token that is set and is none is an error, and not a server without one.
    """
    done = run("--accounts", file, "--port", 0, MARGINBOOK_SERVE_TOKEN=token)

    assert (2, "") == (done.exit_code, done.stdout)
    assert "short" not in done.stderr.replace("shorter", "")


def test_taken_ports(file: Path) -> None:
    """
    A port that somebody has is refused at once.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("--accounts", file, "--port", taken.getsockname()[1])

    assert (2, "") == (done.exit_code, done.stdout)
    assert done.stderr.endswith("Choose another with --port, or 0 for any that is free, or another --host.\n")
