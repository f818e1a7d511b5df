"""
Files that are written whole, or not at all.
"""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from marginbook import ConfigurationError, UnwrittenError
from marginbook.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Fills a file with letters until it is killed, each version of one letter alone.
WRITER: Final = """
import sys
from marginbook.files import write_whole
for letter in b"ab" * 1000000:
    write_whole(sys.argv[1], bytes([letter]) * 300000)
    print("written", flush=True)
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def alone(path: Path) -> bool:
    """
    Whether nothing else is left in the folder.
    """
    return [path.name] == [found.name for found in path.parent.iterdir()]


def test_a_new_file(tmp_path: Path) -> None:
    """
    It can be read by its owner alone, whatever the process allows others.
    """
    path = tmp_path / "report.json"
    before = os.umask(0)
    try:
        write_whole(path, b"new")
    finally:
        os.umask(before)

    assert (b"new", 0o600, True) == (path.read_bytes(), mode(path), alone(path))


def test_a_file_that_is_there(tmp_path: Path) -> None:
    """
    It is replaced, and can still be read by whom it could be.
    """
    path = tmp_path / "report.json"
    path.write_bytes(b"much longer than the new one")
    path.chmod(0o644)
    write_whole(str(path), b"new")

    assert (b"new", 0o644, True) == (path.read_bytes(), mode(path), alone(path))


@pytest.mark.parametrize("there", [True, False])
def test_a_link(tmp_path: Path, there: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """
    A link stays one: what it leads to is written.
    """
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "report.json", tmp_path / "link"
    link.symlink_to(target)
    if there:
        target.write_bytes(b"old")
    write_whole(link, b"new")

    assert (True, b"new", True) == (link.is_symlink(), target.read_bytes(), alone(target))


def test_a_reader_has_the_old_or_the_new(tmp_path: Path) -> None:
    """
    Who has opened the old file reads it to its end.
    """
    path = tmp_path / "report.json"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        write_whole(path, b"new")

        assert (b"old", b"new") == (reader.read(), path.read_bytes())


def test_killed_in_the_middle(tmp_path: Path) -> None:
    """
    Whenever a process is killed, the file holds one of its versions, whole.
    """
    path = tmp_path / "report.json"
    for _ in range(5):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.kill()
        content = path.read_bytes()

        assert (300000, 1) == (len(content), len(set(content)))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda path: path.mkdir(), "is a folder."),
        (os.mkfifo, "is no file, but a device or the like, which nothing can take the place of."),
        (lambda path: path.symlink_to(path), "is a link that leads to itself."),
    ],
)
def test_where_no_file_can_be(tmp_path: Path, make: Any, expected: str) -> None:
    """
    A folder, a device and a link to itself are left as they are.
    """
    path = tmp_path / "report.json"
    make(path)
    with pytest.raises(ConfigurationError) as caught:
        write_whole(path, b"new")

    assert (f"{path} {expected}", True) == (caught.value.message, alone(path))
    assert "Name a file in a folder that is there and that you can write to." == caught.value.hint


def test_the_null_device_stays_one() -> None:
    """
    Not even root replaces a device.
    """
    with pytest.raises(ConfigurationError, match="/dev/null is no file"):
        write_whole("/dev/null", b"new")

    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize("name", ["no/such/report.json", "file/report.json"])
def test_no_folder(tmp_path: Path, name: str) -> None:
    """
    A folder is not made, since it may be misspelled.
    """
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="its folder is not there"):
        write_whole(tmp_path / name, b"new")

    assert ["file"] == [found.name for found in tmp_path.iterdir()]


def test_a_name_that_is_none() -> None:
    """
    What no file can be called is refused as well.
    """
    with pytest.raises(ConfigurationError, match="cannot be a file: "):
        write_whole("a\0b", b"new")


def test_a_folder_that_takes_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    It is told before anything is asked. Root is let in everywhere, so the answer of the system is played.
    """
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ConfigurationError, match="its folder takes no files"):
        write_whole(tmp_path / "report.json", b"new")


@contextlib.contextmanager
def cramped() -> Iterator[None]:
    """
    A disk without place for more than a few bytes, as far as this process can tell: nobody else may write meanwhile.
    """
    # Python ignores the signal that comes with it.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk(tmp_path: Path) -> None:
    """
    What was there stays whole, and nothing of the new file is left.
    """
    path = tmp_path / "report.json"
    path.write_bytes(b"old")
    with pytest.raises(UnwrittenError) as caught, cramped():
        write_whole(path, b"new" * 1000)

    assert f"{path} could not be written: File too large. What was there before is as it was." == str(caught.value)
    assert (b"old", True) == (path.read_bytes(), alone(path))


def test_an_interrupt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Ctrl-C leaves the old file, and nothing beside it.
    """
    path = tmp_path / "report.json"
    path.write_bytes(b"old")

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, b"new")

    assert (b"old", True) == (path.read_bytes(), alone(path))


def test_a_folder_that_cannot_be_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Some systems cannot bring a folder to the disk: the file is written all the same.
    """
    path = tmp_path / "report.json"
    fsync = os.fsync

    def picky(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", picky)
    write_whole(path, b"new")

    assert b"new" == path.read_bytes()
