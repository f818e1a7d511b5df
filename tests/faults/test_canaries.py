"""
No secret comes out: not in a report, an error, a log, a pickle, a process list, nor where anything goes wrong.

Every account here has secrets that were made for this process. All that comes out is searched for them, for their parts
in several spellings, and for the signatures that were sent.
"""

from __future__ import annotations

import base64
import contextlib
import faulthandler
import json
import os
import re
import secrets
import shlex
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from werkzeug.wrappers import Response

from canaries import Ears, Outlet, confession, elsewhere, given_away, pickled, planted, spoken, stages
from marginbook import Account, BalanceReport, MarginbookError, collect, load_accounts, replay
from marginbook.accounts import Secret, resolve
from marginbook.asking import REPEATED
from marginbook.checking import check
from marginbook.registry import installed
from marginbook.sandbox import Fault
from marginbook.sandbox.effects import Door
from marginbook.transport import Machine
from matrix import MATRIX
from processes import started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from requests.auth import AuthBase
    from werkzeug.wrappers import Request

    from marginbook.sandbox import Sandbox

#: Seconds that are enough for a fault to show, on a machine that has other things to do as well.
TIMEOUT: Final = 1.0

SECRETS: Final = planted(stages())

#: The venues that keys of every kind were made for, and all others.
PLAYED: Final = {"kinds": stages, "elsewhere": elsewhere}

everywhere = pytest.mark.parametrize("place", PLAYED)


def test_everybody_has_a_canary() -> None:
    """
    Each installed venue is asked, with every secret that it needs, and each kind of key is among them.
    """
    both = (*stages(), *elsewhere())
    played = {stage.venue: {name for actor in stage.actors for name in actor.credentials} for stage in both}

    assert {v.id: {c.name for c in v.credentials} for p in installed().plugins() for v in p.venues} == played
    assert {"hmac", "rsa", "ed25519", "coins", "portfolio", "switch", "gateway"} == {
        name.partition(".")[0] for name in SECRETS
    }
    assert not {*planted(both).values()} & {*planted(installed().stages()).values()}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_recognized(name: str) -> None:
    """
    A secret is found by each half of each line of it, and in each usual spelling.
    """
    secret = SECRETS[name]
    body = [line for line in secret.splitlines() if not line.startswith("-----")]
    encoded = secret.strip().encode()

    for text in (
        secret,
        json.dumps(secret),
        repr(secret),
        encoded.hex().upper(),
        base64.b64encode(encoded).decode(),
        body[0][len(body[0]) // 2 :],
        body[0][: len(body[0]) // 2],
    ):
        assert [name] == given_away(f"<{text}>", SECRETS)
    assert [] == given_away("-----BEGIN PRIVATE KEY-----", SECRETS)


def come_out(sandbox: Ears, *, timeout: float = TIMEOUT) -> tuple[str, BalanceReport]:
    """
    Ask all accounts and look at all of them, and return all that comes out, and the report.
    """
    accounts = sandbox.accounts()
    with Outlet() as outlet:
        report = collect(
            accounts,
            timeout=timeout,
            machine=Machine(),
            progress=lambda p: outlet.say(repr(p), pickled(p)),
            record=lambda r: outlet.say(
                repr(r), pickled(r), *(body.decode("latin-1") for body in r.documents.values())
            ),
        )
        findings = check(accounts, timeout=timeout, machine=Machine())
    told = [*map(repr, accounts), *map(str, accounts), *map(pickled, accounts), *map(repr, findings), pickled(findings)]
    return "\n".join([spoken(report), *told, outlet.text]), report


#: Of each place, an operation, and a body that is kept.
SEEN: Final = {
    "kinds": ("GET /fapi/v3/balance", '"accountAlias":"private"'),
    "elsewhere": ("GET /api/v2/private/get_account_summaries", '"email":"private"'),
}


@everywhere
def test_nothing_goes_wrong(place: str) -> None:
    """
    Nothing comes out when nothing goes wrong either. Each account is read, and urllib3's log and what is kept of the
    answers are among what came out.
    """
    with Ears(PLAYED[place]()) as sandbox:
        text, report = come_out(sandbox, timeout=10)

        assert report.complete
        assert [] == [seen for seen in SEEN[place] if seen not in text]
        assert len(sandbox.signatures) >= 2 * 5
        assert [] == given_away(text, sandbox.hidden)


@everywhere
@pytest.mark.parametrize("fault", MATRIX)
def test_faults(fault: str, place: str) -> None:
    """
    Whatever goes wrong with every request, nothing comes out. The secrets were in use, unless nobody listened.
    """
    with Ears(PLAYED[place](), faults=[Fault(fault)]) as sandbox:
        text, _ = come_out(sandbox)

        assert isinstance(Fault(fault).effect, Door) is not bool(sandbox.signatures)
        assert [] == given_away(text, sandbox.hidden)


@everywhere
def test_a_dump_of_all_threads(tmp_path: Path, place: str) -> None:
    """
    What Python writes of every thread when it crashes tells no secret.
    """
    with Ears(PLAYED[place]()) as sandbox, (tmp_path / "dump").open("w+") as file:
        collect(sandbox.accounts(), progress=lambda _: faulthandler.dump_traceback(file, all_threads=True))
        file.seek(0)
        text = file.read()

        assert "collecting.py" in text
        assert [] == given_away(text, sandbox.hidden)


# A venue that tells what it was told.


def said(request: Request) -> list[str]:
    """
    Return all that a request carries which may be a secret, the longest first.
    """
    query = request.query_string.decode("latin-1")
    return sorted({query, *request.args.values(), *(v for _, v in request.headers)}, key=len, reverse=True)


def telling(status: int) -> Callable[[Request, Response], Response]:
    """
    Return what answers with a status, and with all that was said in the body, in its keys, and in every header.
    """

    def reply(request: Request, _: Response) -> Response:
        everything = said(request)
        text = " ".join(everything)
        body = {"code": -1021, "msg": text, "message": text, "details": everything, **dict.fromkeys(everything, text)}
        headers = {
            "Location": f"{request.path}/{text}?{request.query_string.decode('latin-1')}",
            **dict.fromkeys(("Retry-After", "Set-Cookie", "WWW-Authenticate", "X-MBX-USED-WEIGHT-1M", "Server"), text),
        }
        return Response(json.dumps(body), f"{status} {text}", headers, content_type=f"application/json; x={text}")

    return reply


def aloud(handler: Any, response: Response) -> None:
    """
    Send a response with its own words in the status line.
    """
    handler.send_response(response.status_code, response.status.partition(" ")[2])
    for name, value in response.headers:
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(response.get_data())


def unreadable(handler: Any, response: Response) -> None:
    """
    Send a response with a header that cannot be read: what urllib3 warns of, with its text.
    """
    handler.send_response(response.status_code)
    handler.flush_headers()
    text = f"{' '.join(handler.headers.values())} {handler.path}".replace(":", " ")
    handler.wfile.write(f"{text}\r\n".encode("latin-1"))
    handler.send_header("Content-Length", "2")
    handler.end_headers()
    handler.wfile.write(b"{}")


class Echo(Ears):
    """
    A sandbox that sends its answers in a way of its own.
    """

    def __init__(self, *args: Any, way: Callable[[Any, Response], None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._way = way

    def _play(self, request: Request) -> Any:
        response, _ = super()._play(request)
        return response, self._way


STATUSES: Final = sorted(
    {200, *(int(n) for fault in MATRIX for n in re.findall(r"http-(\d{3})", fault)), 400, 407, 422}
)


@everywhere
@pytest.mark.parametrize("status", STATUSES)
def test_a_venue_that_tells_what_it_was_told(status: int, place: str) -> None:
    """
    Nothing of an answer that repeats the request comes out, whatever its status.
    """
    with Echo(PLAYED[place](), reply=telling(status), way=aloud) as sandbox:
        text, report = come_out(sandbox, timeout=1)

        assert set(report.accounts) == set(report.missing)
        assert [] == given_away(text, sandbox.hidden)


@everywhere
def test_headers_that_cannot_be_read(place: str) -> None:
    """
    urllib3 warns of a header that is none, and its warning does not quote it.
    """
    with Echo(PLAYED[place](), way=unreadable) as sandbox:
        text, _ = come_out(sandbox, timeout=1)

        assert "Failed to parse headers" in text
        assert [] == given_away(text, sandbox.hidden)


def _in_place_of(pattern: str, what: str) -> Callable[[str, str], str]:
    """
    Return what puts something that was said in the place of the first text that fits.
    """
    return lambda body, word: re.sub(pattern, lambda _: what.replace("WORD", json.dumps(word)), body, count=1)


#: What venues call an asset.
_ASSET: Final = r'"(?:asset|base_asset|ccy|coin|currency|marginCoin)"(?=:)'


def _asset(body: str, word: str, count: int) -> str:
    return re.sub(rf'({_ASSET}:)"\w+"', lambda found: found[1] + json.dumps(word), body, count=count)


#: Answers with one thing in them that was said before.
EDITS: Final[dict[str, Callable[[str, str], str]]] = {
    "asset": partial(_asset, count=1),
    "symbol": _in_place_of(r'(?<="symbol":)"\w+"', "WORD"),
    "amount": _in_place_of(r'"-?[0-9]+\.[0-9]+"', "WORD"),
    "bare amount": lambda body, word: re.sub(r'"-?[0-9]+\.[0-9]+"', re.sub(r"\D", "9", word)[:60], body, count=1),
    "new field": _in_place_of(f"(?={_ASSET})", "WORD:1,"),
    "new field of an object": _in_place_of(r"[{](?=.*)", "{WORD:1,"),
    "key twice": _in_place_of(f"(?={_ASSET})", "WORD:1,WORD:2,"),
    "number below": _in_place_of(f"(?={_ASSET})", "WORD:NaN,"),
    "asset twice": partial(_asset, count=0),
    "other object": lambda _, word: json.dumps({word: 1}),
    "text": lambda _, word: json.dumps(word),
    "no json": lambda _, word: word,
}


@everywhere
@pytest.mark.parametrize("part", [slice(None), slice(None, 40), slice(-40, None)], ids=["whole", "begin", "end"])
@pytest.mark.parametrize("edit", EDITS)
def test_an_answer_with_something_in_it_that_was_sent(edit: str, part: slice, place: str) -> None:
    """
    A name, a text or a number of the answer that was sent in the request, whole or in part, does not come out.
    """
    turns: dict[str, int] = {}

    def reply(request: Request, response: Response) -> Response:
        if response.status_code == 200 and not request.path.endswith("time"):
            words = [word for word in said(request) if len(word) >= 40] + [*request.headers.values()]
            turns[request.path] = turns.get(request.path, -1) + 1
            word = words[turns[request.path] % max(1, len(words) // 2)]
            response.set_data(EDITS[edit](response.get_data(as_text=True), word[part]))
        return response

    with Ears(PLAYED[place](), reply=reply) as sandbox:
        text, _ = come_out(sandbox, timeout=10)

        assert [] == given_away(text, sandbox.hidden)


def test_an_answer_that_names_an_asset_like_a_key() -> None:
    """
    An account whose key comes back as the name of an asset fails, and says why.
    """

    def reply(request: Request, response: Response) -> Response:
        key = request.headers.get("X-MBX-APIKEY", "")
        response.set_data(response.get_data(as_text=True).replace('"USDT"', json.dumps(key[7:27])))
        return response

    with Ears([stages()[0]], reply=reply) as sandbox:
        report = collect(sandbox.accounts())

    assert {("invalid_response", REPEATED)} == {(failure.kind, failure.message) for failure in report.failures}


# Errors that somebody sees: what they say, what they hold, and the variables of the functions that they came through.


def caught(action: Callable[[], object]) -> str:
    """
    Return all that a crash report could tell of the error that something ends in.
    """
    with pytest.raises(MarginbookError) as error:
        action()
    return confession(error.value)


def signer(venue: str) -> Callable[[Mapping[str, str]], AuthBase]:
    """
    Return what makes a venue's signatures, at the beginning of time.
    """
    sign = installed().venue(venue).sign
    assert sign
    return lambda found: sign(found, lambda: 0)


def foreign_keys() -> Iterator[str]:
    """
    Private keys in PEM form that no venue knows: with a password, and of another kind.
    """
    kinds = (
        (ed25519.Ed25519PrivateKey.generate(), BestAvailableEncryption(b"password")),
        (
            ec.generate_private_key(ec.SECP256R1()),
            NoEncryption(),
        ),
    )
    for key, encryption in kinds:
        yield key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


def broken(venue: str, key: str, secret: str) -> list[tuple[str, str]]:
    """
    Return keys and secrets that cannot be a venue's.
    """
    damaged = secret.replace("-----\nM", "-----\nN", 1) if secret.startswith("-----") else f"-----BEGIN\n{secret}"
    other = secrets.token_hex(32)
    return {
        "binance": [(f"{key}\n{key}", secret), (key, damaged), *((key, foreign) for foreign in foreign_keys())],
        "coinswitch": [
            (key, other),
            (other, secret),
            (key, f"{secret}{other}"),
            (key[:-1], secret),
            (key, secret[:-2]),
        ],
        "fexgate": [(f"{key}\n{key}", secret), (key, f"{secret}\u00e9"), (key, f"{secret}\t{secret}")],
    }[venue.partition("-")[0]]


@pytest.mark.parametrize("stage", stages(), ids=lambda stage: stage.venue)
def test_secrets_that_cannot_be_right(stage: Any) -> None:
    """
    What is wrong with a secret is said without it, and no variable on the way shows it.
    """
    for actor in stage.actors:
        for key, secret in broken(stage.venue, *actor.credentials.values()):
            found = resolve({"api_key": Secret(key), "api_secret": Secret(secret)})
            text = caught(partial(signer(stage.venue), found))

            assert "sign " in text
            assert [] == given_away(text, {"key": key, "secret": secret})


@pytest.mark.parametrize(
    "stage",
    [stage for stage in (*stages(), *elsewhere()) if stage.actors[0].credentials],
    ids=lambda stage: stage.venue,
)
def test_what_signs_tells_nothing(stage: Any) -> None:
    """
    Neither what was looked up, nor what signs with it, shows a secret or can be pickled with one.
    """
    for actor in stage.actors:
        references = {name: Secret(secret) for name, secret in actor.credentials.items()}
        found = resolve(references)
        auth = signer(stage.venue)(found)
        held = [references, found, *found.values(), auth, vars(auth), *(s.find() for s in references.values())]
        text = "\n".join([*map(repr, held), *map(pickled, held), *map(pickled, references.values())])

        assert actor.credentials == found
        assert [] == given_away(text, planted([stage]))


@pytest.fixture
def canary() -> str:
    return secrets.token_hex(32)


REFERENCES: Final[dict[str, Callable[[str, Path], Any]]] = {
    "a file that is no text": lambda canary, path: path.write_bytes(canary.encode() + b"\xff") and f"file:{path}",
    "a command that fails": lambda canary, _: _python(f"import sys; print('{canary}'); sys.exit('{canary}')"),
    "a command that prints no text": lambda canary, _: _python(
        f"import sys; sys.stdout.buffer.write(b'{canary}\\xff')"
    ),
    "a command that is not there": lambda canary, _: f"cmd:no-such-command --token {canary}",
    "a command that is quoted wrongly": lambda canary, _: f"cmd:pass '{canary}",
    "a variable that is no text": lambda canary, _: os.environ.update(CANARY=f"{canary}\udcff") or "env:CANARY",
    "two places": lambda canary, _: ["env:NO_SUCH_CANARY", f"cmd:no-such-command {canary}"],
}


def _python(program: str) -> str:
    return f"cmd:{shlex.quote(sys.executable)} -c {shlex.quote(program)}"


@pytest.mark.parametrize("reference", REFERENCES)
def test_references_that_lead_nowhere(
    reference: str, canary: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What is wrong with a reference is said without what it leads to, and no variable on the way shows it.
    """
    monkeypatch.setenv("CANARY", "")
    secret = Secret(REFERENCES[reference](canary, tmp_path / "key"))

    assert [] == given_away(caught(secret.find), {"canary": canary})
    assert [] == given_away(caught(lambda: resolve({"api_key": secret})), {"canary": canary})


@pytest.mark.parametrize(
    "text",
    [
        "api_key = 'CANARY'",
        "accounts = 'CANARY'",
        "[accounts.a]\napi_key = 'CANARY'",
        "[accounts.a]\nvenue = ['CANARY']\n",
        "[accounts.a]\nvenue = 'coinswitch'\napi_key = 'evn:CANARY'",
        "[accounts.a]\nvenue = 'coinswitch'\napi_key = ['env:A', 'CANARY']",
        "[accounts.a]\nvenue = 'coinswitch'\napi_key = ['CANARY', 5]",
        "[accounts.a]\nvenue = 'coinswitch'\napi_key = CANARY",
        "[accounts.a]\nvenue = 'coinswitch'\napi_key = 'CANARY\n",
        "[accounts.a]\nvenue = 'coinswitch'\napi_key = 'CANARY'\napi_key = 'CANARY'",
        "[accounts.a]\nvenue = 'coinswitch'\napi_key = 'CANARY\u00ff'",
    ],
)
def test_accounts_files_that_are_none(text: str, canary: str, tmp_path: Path) -> None:
    """
    What is wrong with an accounts file is said without what stands in it, and no variable on the way shows it.
    """
    path = tmp_path / "accounts.toml"
    path.write_text(text.replace("CANARY", canary), encoding="latin-1")

    assert [] == given_away(caught(lambda: load_accounts(path)), {"canary": canary})


def test_bodies_that_cannot_be_read(canary: str) -> None:
    """
    An error about a recorded body does not quote from it what is as long as half a key.
    """
    rows = f'{{"asset": "X", "{canary}": 1}}', f'{{"asset": "X", "balance": "{canary}"}}', f'{{"asset": "\\n{canary}"}}'
    bodies = [f'{{"{canary}": 1}}', f'{{"balances": "{canary}"}}', f'{{"{canary}": NaN}}', canary]
    bodies += [f'{{"balances": [{row}]}}' for row in rows]
    for body in bodies:
        with pytest.raises(MarginbookError) as error:
            replay("fexgate", {"/fexgate/v1/x/balance": body.encode()}, {"exchange": "x"})

        assert [] == given_away(confession(error.value, variables=False), {"canary": canary})


# Proxies, and other processes.


@pytest.fixture
def proxy(canary: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """
    A proxy with a password, which it tells everybody who asks, and what it was told.
    """
    told: list[str] = []

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.append(self.headers["Proxy-Authorization"] or "")
            text = f"{canary} {told[-1]}"
            self.send_response(407 if self.command == "CONNECT" else 502, text)
            self.send_header("Proxy-Authenticate", text)
            self.end_headers()
            self.wfile.write(text.encode())

        do_CONNECT = do_GET  # noqa: N815  # http.server's name

        def log_message(self, *_: object) -> None:
            """
            Nobody reads it.
            """

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://user:{canary}@127.0.0.1:{server.server_port}")
        for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield told
        server.shutdown()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_with_a_password(scheme: str, proxy: list[str], canary: str) -> None:
    """
    The password of a proxy comes out as little as a secret does, whatever the proxy says.
    """
    options = {"base_url": f"{scheme}://venue.example"}
    accounts = [
        Account(actor.name, stage.venue, actor.credentials, {**actor.options, **options})
        for stage in stages()
        for actor in stage.actors
        if scheme == "https" or stage.venue != "fexgate"
    ]
    machine = Machine()
    with Outlet() as outlet:
        report = collect(accounts, timeout=2, machine=machine)
        findings = check(accounts, timeout=2, machine=machine)
    text = "\n".join([spoken(report), *map(repr, findings), repr(machine), repr(machine.hosts), outlet.text])
    password = base64.b64encode(f"user:{canary}".encode()).decode()

    assert {"unavailable"} == {failure.kind for failure in report.failures}
    assert {f"Basic {password}"} == set(proxy)
    assert [] == given_away(text, {**SECRETS, "password": canary, "header": password})


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Sandbox], Path]:
    """
    Writes an accounts file whose secrets are elsewhere: in the environment, in files, and behind a command.
    """
    show = tmp_path / "show.py"
    # Long enough for a look at the processes.
    show.write_text("import sys, time; time.sleep(0.3); print(open(sys.argv[1]).read())")

    def write(sandbox: Sandbox) -> Path:
        tables = []
        for number, account in enumerate(sandbox.accounts()):
            tables.append(f"[accounts.{account.name}]\nvenue = '{account.venue}'\n")
            tables += [f"{name} = {json.dumps(value)}\n" for name, value in account.options.items()]
            for name, secret in account.credentials.items():
                path = tmp_path / f"{account.name}.{name}"
                path.write_text(secret.reveal())
                path.chmod(0o600)
                monkeypatch.setenv(f"CANARY_{number}_{name}".upper(), str(secret.reveal()))
                places = (
                    f"env:{f'CANARY_{number}_{name}'.upper()}",
                    f"file:{path}",
                    f"cmd:{shlex.quote(sys.executable)} {show} {path}",
                )
                tables.append(f"{name} = {json.dumps(places[number % 3])}\n")
        path = tmp_path / "accounts.toml"
        path.write_text("".join(tables))
        return path

    return write


def run(*words: str) -> tuple[int, str]:
    """
    Run marginbook as strictly as Python can, and return its exit status and all that it prints.
    """
    command = [sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-m", "marginbook", *words]
    done = subprocess.run(command, capture_output=True, check=False, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


@everywhere
def test_commands(place: str, files: Callable[[Sandbox], Path]) -> None:
    """
    What the command prints, in whatever form, has no secret in it, wherever the secrets come from.
    """
    with Ears(PLAYED[place]()) as sandbox:
        accounts = ["--accounts", str(files(sandbox))]
        runs = [run("report", *accounts, "--format", form) for form in ("table", "json", "jsonl", "csv")]
        runs += [run("check", *accounts, "--json"), run("check", *accounts)]

        assert [0] * 4 == [status for status, _ in runs[:4]], runs[0][1]
        assert all({"kinds": "hmac", "elsewhere": "kraken-flex"}[place] in text for _, text in runs)
        assert len(sandbox.signatures) >= 6 * 5
        assert [] == given_away("\n".join(text for _, text in runs), sandbox.hidden)


def test_the_demo() -> None:
    """
    The demonstration does not show even the worthless secrets of the sandbox.
    """
    status, text = run("demo")
    worthless = {
        name: s for name, s in planted(installed().stages()).items() if not name.startswith("binance-rsa.api_s")
    }

    assert 0 == status
    assert "binance-hmac" in text
    assert [] == given_away(text, worthless)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
@everywhere
def test_the_list_of_processes(place: str, files: Callable[[Sandbox], Path]) -> None:
    """
    Who lists the processes of the machine sees no secret: neither in marginbook's command line, nor in those of the
    commands that it runs to find secrets.
    """
    seen: set[str] = set()
    with Ears(PLAYED[place](), faults=[Fault("stall")]) as sandbox:
        command = ("-m", "marginbook", "report", "--accounts", str(files(sandbox)), "--timeout", "5")
        with started(*command, stderr=subprocess.STDOUT) as process:
            while process.poll() is None:
                seen.update(command_lines(process.pid))
                time.sleep(0.02)
            assert process.stdout
            printed = process.stdout.read()

        assert "show.py" in " ".join(seen)
        assert sandbox.signatures
        assert [] == given_away("\n".join([*seen, printed]), sandbox.hidden)


def command_lines(parent: int) -> Iterator[str]:
    """
    Return the command lines of a process and of all below it, as everybody on the machine can read them.
    """
    with contextlib.suppress(OSError):
        yield Path(f"/proc/{parent}/cmdline").read_text()
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            for child in children.read_text().split():
                yield from command_lines(int(child))


CRASHING: Final = """
import sys
from marginbook import Credential, Statement, Venue, hookimpl

def failing(how, fails_to_sign):
    def sign(secrets, clock):
        secret = secrets["api_secret"]
        if fails_to_sign:
            how(secret)
        return lambda request: how(secret)
    return sign

def exit(secret):
    sys.exit(secret)

def crash(secret):
    try:
        {}[secret]
    except KeyError as error:
        raise RuntimeError(f"It is {secret}.") from error

def fetch(account, session):
    session.get("http://127.0.0.1:9/")

@hookimpl
def marginbook_venues():
    return [
        Venue(id=f"crash-{name}-{signing}", title="Crash", fetch=fetch, sign=failing(how, signing == "sign"),
              hosts={"production": "http://127.0.0.1:9"}, credentials=[Credential("api_secret", "It.")])
        for name, how in (("exit", exit), ("crash", crash)) for signing in ("sign", "send")
    ]
"""


def test_a_plugin_that_crashes(tmp_path: Path, canary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A plugin that fails with a secret in its error, or even exits with it, is reported without it.
    """
    venues = [f"crash-{name}-{signing}" for name in ("exit", "crash") for signing in ("sign", "send")]
    metadata = tmp_path / "crash-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: crash\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[marginbook]\n" + "".join(f"{v} = crash\n" for v in venues))
    (tmp_path / "crash.py").write_text(CRASHING)
    path = tmp_path / "accounts.toml"
    path.write_text("".join(f"[accounts.{v}]\nvenue = '{v}'\napi_secret = 'env:CANARY'\n" for v in venues))
    monkeypatch.setenv("CANARY", canary)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")])))
    runs = [run(*words, "--accounts", str(path)) for words in (("report",), ("check", "--json"))]

    for status, text in runs:
        assert 1 == status
        assert "SystemExit" in text
        assert "RuntimeError" in text
        assert [] == given_away(text, {"canary": canary})
