"""
What docs/watching.md tells to type, to put into files, and to expect.
"""

from __future__ import annotations

import configparser
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import requests
import yaml

from marginbook import Account
from marginbook.pacing import pace
from marginbook.registry import installed
from marginbook.sandbox import Sandbox
from marginbook.serving.site import Site
from processes import started

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Iterator

TEXT: Final = (Path(__file__).resolve().parents[1] / "docs" / "watching.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


LINES: Final = [line for block in blocks("shell") for line in block.splitlines()]
COMMANDS: Final = [line for line in LINES if line.startswith("marginbook ")]
(UNIT,) = blocks("ini")
SCRAPE, RULES = map(yaml.safe_load, blocks("yaml"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """
    A working directory with an accounts file of the sandbox, and a token.
    """
    monkeypatch.chdir(tmp_path)
    with Sandbox(installed().stages()) as sandbox:
        (tmp_path / "accounts.toml").write_text(sandbox.accounts_file(), encoding="utf-8")
        (tmp_path / "token").write_text("a-token-for-this-test\n", encoding="utf-8")
        yield tmp_path


def start(line: str) -> contextlib.AbstractContextManager[subprocess.Popen[str]]:
    """
    Start what stands in a line, on any free port.
    """
    words = shlex.split(line.replace("--port 8490", "--port 0"))
    return started("-m", "marginbook", *words[1:])


def ask(url: str, **headers: str) -> requests.Response:
    """
    Ask a server, and ask again as long as it has no report yet.
    """
    session = requests.Session()
    retries = requests.adapters.Retry(20, status_forcelist=[503], backoff_factor=0.1, respect_retry_after_header=False)
    session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retries))
    with session:
        return session.get(url, headers=headers, timeout=10)


@pytest.mark.parametrize("line", [line for line in COMMANDS if "sandbox" not in line])
def test_commands(folder: Path, line: str) -> None:
    """
    Each command line does something, until somebody presses Ctrl-C.
    """
    assert (folder / "accounts.toml").exists()
    with start(line) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)

    assert said.startswith(("Complete: ", "Serving the newest report of "))
    assert process.returncode == (130 if "watch" in line else 0), errors


def test_there_are_commands() -> None:
    """
    The lines were found, and the others are those that other tests know.
    """
    assert {"sandbox", "watch", "serve"} == {line.split()[1] for line in COMMANDS}
    assert {"marginbook", "curl", "python"} == {line.split()[0] for line in LINES}


def test_the_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Who has no account writes an accounts file where the other commands look for one.
    """
    monkeypatch.chdir(tmp_path)
    (line,) = (line for line in COMMANDS if "sandbox" in line)
    with start(line) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)

    assert (tmp_path / "accounts.toml").exists()


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("curl ")])
def test_requests(folder: Path, line: str) -> None:
    """
    Each request is answered, with the token where one is brought.
    """
    token = (folder / "token").read_text(encoding="utf-8").strip()
    headers = dict(pair.split(": ") for pair in re.findall(r'-H "(.*?)"', line.replace("$(cat token)", token)))
    (path,) = re.findall(r"http://127\.0\.0\.1:8490(/\S*)$", line)
    with start("marginbook serve --port 8490" + (" --token-file token" if headers else "")) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split(": ")[1].strip()
        answer = ask(f"{url}{path}", **headers)
        process.send_signal(signal.SIGTERM)

    assert 200 == answer.status_code


def test_the_token(tmp_path: Path) -> None:
    """
    What makes a token makes one that is taken.
    """
    from marginbook.serving import Token

    (line,) = (line for line in LINES if line.startswith("python "))
    _, _, script = shlex.split(line.partition(">")[0])
    made = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    (tmp_path / "token").write_text(made.stdout)
    found = Token.find(tmp_path / "token")

    assert found is not None
    assert found.opens(f"Bearer {made.stdout.strip()}")


def test_the_paths() -> None:
    """
    Each path of the table is one, and each of the server's own is in the table.
    """
    paths = set(re.findall(r"`(/[a-z.]*)`", "".join(re.findall(r"^\| `/.*$", TEXT, re.MULTILINE))))

    assert {"/", "/report.json", "/report.csv", "/report.txt", "/metrics", "/healthz"} == paths


def test_the_service(folder: Path) -> None:
    """
    The unit starts a server, which a stop ends as systemd expects.
    """
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[method-assign,assignment]  # systemd tells upper from lower case
    parser.read_string(UNIT)
    service = parser["Service"]
    places = {"%d": str(folder), "/etc/marginbook": str(folder), "/opt/marginbook/bin/": ""}
    line = service["ExecStart"]
    for there, here in places.items():
        line = line.replace(there, here)
    with start(line) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split(": ")[1].strip()
        answer = ask(f"{url}/healthz", Authorization="Bearer a-token-for-this-test")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)

    assert (200, 0) == (answer.status_code, process.returncode)
    assert "token:/etc/marginbook/token" == service["LoadCredential"]


def test_scraping(folder: Path) -> None:
    """
    Prometheus asks the server of the unit, for what it adds itself to the metrics.
    """
    assert os.fspath(folder)
    (job,) = SCRAPE["scrape_configs"]
    (rule,) = RULES["groups"][0]["rules"]
    told = set(re.findall(r"marginbook_serve_\w+", TEXT))
    source = Path(sys.modules[Site.__module__].__file__ or "").read_text(encoding="utf-8")

    assert [{"targets": ["127.0.0.1:8490"]}] == job["static_configs"]
    assert "/metrics" == job["metrics_path"]
    assert told == set(re.findall(r"(marginbook_serve_\w+) \{", source))
    assert set(re.findall(r"marginbook\w+", rule["expr"])) <= told


def test_how_often() -> None:
    """
    The example is what is computed from the venue's limits.
    """
    account = Account("desk", "coinswitch", {"api_key": "key", "api_secret": "secret"})
    (seconds,) = re.findall(r"CoinSwitch, for instance, is asked every (\d+) seconds", TEXT)

    assert float(seconds) == pace([account], installed(), 1).every
