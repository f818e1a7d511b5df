"""
Whose certificates are trusted.
"""

from __future__ import annotations

import os
import shutil
import ssl
from typing import TYPE_CHECKING

import certifi
import pytest

from certificates import certify
from marginbook.transport.trust import trusting

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return certify(tmp_path)


def test_a_bundle_is_read_once(bundle: Path) -> None:
    """
    All connections of a process share what was read of a bundle, or of the one that comes with requests.
    """
    assert trusting(str(bundle)) is trusting(str(bundle))
    assert trusting(True) is trusting(certifi.where())
    assert trusting(True) is not trusting(str(bundle))


def test_a_bundle_that_changes_is_read_again(bundle: Path, tmp_path: Path) -> None:
    """
    Certificates expire: who asks for months is trusted with new ones without being started again.
    """
    before = trusting(str(bundle))
    (tmp_path / "other").mkdir()
    shutil.copy(certify(tmp_path / "other"), bundle)
    os.utime(bundle, ns=(1, 1))

    assert before is not trusting(str(bundle))


def test_a_folder_of_certificates(tmp_path: Path) -> None:
    """
    A folder is read as OpenSSL does, when a certificate is looked for.
    """
    assert [] == trusting(str(tmp_path)).get_ca_certs()


def test_everybody_has_to_prove_who_he_is(bundle: Path) -> None:
    """
    A certificate is asked for, and has to be the host's.
    """
    context = trusting(str(bundle))

    assert (ssl.CERT_REQUIRED, True) == (context.verify_mode, context.check_hostname)


def test_no_certificates(tmp_path: Path) -> None:
    """
    What is not there, or is something else, is not taken for a bundle without certificates.
    """
    place = tmp_path / "bundle.pem"
    with pytest.raises(FileNotFoundError):
        trusting(str(place))
    place.write_text("no certificate", "utf-8")

    with pytest.raises(ssl.SSLError):
        trusting(str(place))
