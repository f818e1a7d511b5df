"""
Who else can read the files that secrets stand in.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from marginbook import Account, load_accounts
from marginbook.accounts import exposure, findings, permissions

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.core.conftest import Vault

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes say nothing here")

CANARY: Final = "canary-1f0e9d"

#: Somebody else, whom no system knows.
STRANGER: Final = 54321


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """
    A file that only its owner can read, in such a folder.
    """
    folder = tmp_path / "my keys"
    folder.mkdir(0o700)
    path = folder / "key"
    path.touch(0o600)
    path.write_text(CANARY)
    return path


def give_away(path: Path) -> int:
    """
    Make *path* somebody else's, and return for which user it is.
    """
    if os.geteuid() == 0:
        os.chown(path, STRANGER, -1)
        return 0
    return STRANGER


def test_nobody_else(key: Path) -> None:
    """
    There is nothing to say of a file that only its owner can read, in a folder that only its owner can write to.
    """
    assert "" == exposure(key)
    assert "" == exposure(Path("/etc/passwd"), secret=False)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602, 0o601, 0o610, 0o444])
def test_open_files(key: Path, mode: int) -> None:
    """
    A file that its group or everybody else may use is named with its mode, and with the command that ends it.
    """
    key.chmod(mode)

    assert f"{key} is open to others than its owner (mode {mode:o}). Run `chmod 600 '{key}'`." == exposure(key)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_closed_files(key: Path, mode: int) -> None:
    """
    What the owner may do is the owner's business.
    """
    key.chmod(mode)

    assert "" == exposure(key)


@pytest.mark.parametrize(("mode", "expected"), [(0o644, False), (0o664, True), (0o646, True)])
def test_files_without_secrets(key: Path, mode: int, expected: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """
    Everybody may read a file without secrets, but not change it.
    """
    key.chmod(mode)

    assert expected == exposure(key, secret=False).endswith(f"(mode {mode:o}). Run `chmod go-w '{key}'`.")
    assert expected == bool(exposure(key, secret=False))


def test_links(key: Path, tmp_path: Path) -> None:
    """
    A link's own mode says nothing: what counts is the file at its end, and who can replace either.
    """
    (tmp_path / "links").mkdir(0o700)
    link = tmp_path / "links" / "link"
    link.symlink_to(key)

    assert "" == exposure(link)
    key.chmod(0o644)
    assert f"{key} is open to others than its owner (mode 644). Run `chmod 600 '{key}'`." == exposure(link)
    key.chmod(0o600)
    link.parent.chmod(0o777)
    assert f"Others can write to the folder {link.parent} (mode 777), and so replace {key}." in exposure(link)
    link.parent.chmod(0o700)
    key.parent.chmod(0o777)
    assert f"Others can write to the folder {key.parent} (mode 777), and so replace {key}." in exposure(link)


def test_files_of_somebody_else(key: Path) -> None:
    """
    Whoever owns a file can read it, whatever its mode is; a user without a name has a number.
    """
    user = give_away(key)
    said = exposure(key, user=user)

    assert said.startswith(
        f"{key} belongs to {'user 54321' if user == 0 else key.owner()}, who can read and change it."
    )
    assert f"Run `sudo chown {user} '{key}'`." in said


def test_files_of_root() -> None:
    """
    Root can read everything anyway; who only may read root's file has to own it before its mode is narrowed.
    """
    path = Path("/etc/passwd")

    assert (
        "/etc/passwd is open to others than its owner (mode 644). "
        "Run `sudo chown 54321 /etc/passwd && chmod 600 /etc/passwd`." == exposure(path, user=STRANGER)
    )


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o720, 0o702])
def test_folders_that_others_can_write_to(key: Path, mode: int) -> None:
    """
    Who can write to a folder, even one further up, can put another file in the place of this one.
    """
    above = key.parent.parent
    before = above.stat().st_mode
    for folder, quoted in ((key.parent, f"'{key.parent}'"), (above, str(above))):
        folder.chmod(mode)

        assert (
            f"Others can write to the folder {folder} (mode {mode:o}), and so replace {key}. Run `chmod go-w {quoted}`."
            == exposure(key)
        )
        folder.chmod(before & 0o777)


def test_folders_of_root_that_others_can_write_to(key: Path) -> None:
    """
    Only root can close a folder of root's; in a folder of anybody else's, nothing is safe from him.
    """
    key.parent.chmod(0o777)
    found = exposure(key, user=STRANGER)

    assert f"Run `sudo chmod go-w '{key.parent}'`." in found
    assert (os.geteuid() != 0) is (f"The folder {key.parent} belongs to" in found)


def test_sticky_folders(key: Path) -> None:
    """
    Nobody can move what belongs to others out of a sticky folder, such as the one for temporary files.
    """
    key.parent.chmod(0o1777)

    assert "" == exposure(key)


def test_folders_of_somebody_else(key: Path) -> None:
    """
    Whoever owns a folder can let anybody write to it, whatever its mode is now.
    """
    user = give_away(key.parent)

    assert f"The folder {key.parent} belongs to " in (said := exposure(key, user=user))
    assert f", who can replace {key}. Use a folder of your own." in said


def test_files_that_are_not_there(tmp_path: Path) -> None:
    """
    Of a file that is not there, looking the secret up will tell.
    """
    (tmp_path / "loop").symlink_to("loop")

    assert "" == exposure(tmp_path / "key")
    assert "" == exposure(tmp_path / "loop")


def test_systems_without_modes(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Where a mode says nothing, nothing is said.
    """
    key.chmod(0o644)
    monkeypatch.setattr(permissions, "MODES_COUNT", False)

    assert "" == exposure(key)


@pytest.fixture
def write(key: Path) -> Callable[[str], Path]:
    """
    Writes an accounts file that everybody can read, beside the key.
    """

    def write(text: str) -> Path:
        path = key.parent / "accounts.toml"
        path.write_text(text)
        path.chmod(0o644)
        return path

    return write


def test_an_accounts_file_of_references(write: Callable[[str], Path], vault: Vault) -> None:
    """
    Everybody may read an accounts file without a secret in it. No command is run, and no key store asked.
    """
    vault.locked = True
    file = write(
        """
        [accounts.a]
        venue = "coinswitch"
        api_key = ["env:K", "keyring:desk/a"]
        api_secret = "cmd:touch ran"
        """
    )

    assert [] == list(findings(file, load_accounts(file)))
    assert not (file.parent / "ran").exists()


def test_an_accounts_file_with_a_secret(write: Callable[[str], Path]) -> None:
    """
    A secret in the accounts file makes it one that nobody else should read. The secret is not repeated.
    """
    file = write(f'[accounts.a]\nvenue = "coinswitch"\napi_key = "env:K"\napi_secret = "{CANARY}"\n')

    assert [("", f"{file} is open to others than its owner (mode 644). Run `chmod 600 '{file}'`.")] == list(
        findings(file, load_accounts(file))
    )
    file.chmod(0o600)
    assert [] == list(findings(file, load_accounts(file)))


def test_an_accounts_file_that_others_can_change(write: Callable[[str], Path]) -> None:
    """
    Who can change an accounts file can lead a secret to another server, though none stands in it.
    """
    file = write('[accounts.a]\nvenue = "coinswitch"\napi_key = "env:K"\napi_secret = "env:S"\n')
    file.chmod(0o666)

    assert [("", f"{file} is open to others than its owner (mode 666). Run `chmod go-w '{file}'`.")] == list(
        findings(file, load_accounts(file))
    )


def test_files_of_accounts(key: Path, write: Callable[[str], Path]) -> None:
    """
    Each account is named for each file that it may read a secret from, once, with the others in a list.
    """
    other = key.parent / "other"
    for path in (key, other):
        path.touch()
        path.chmod(0o640)
    file = write(
        """
        [accounts.a]
        venue = "coinswitch"
        api_key = "file:key"
        api_secret = ["file:key", "file:other", "file:~nobody-of-this-name/key"]

        [accounts.b]
        venue = "coinswitch"
        api_key = "env:K"
        api_secret = "file:other"
        """
    )

    assert [("a", key), ("a", other), ("b", other)] == [
        (name, Path(sentence.partition(" is open to")[0])) for name, sentence in findings(file, load_accounts(file))
    ]


def test_accounts_of_a_script(key: Path) -> None:
    """
    Accounts need not come from the file.
    """
    key.chmod(0o604)
    account = Account("a", "coinswitch", {"api_key": "env:K", "api_secret": f"file:{key}"})

    assert ["a"] == [name for name, _ in findings(key.parent / "none.toml", [account])]
