"""
A certificate for localhost that a client can verify.

Belongs here: a certificate authority of our own, made at start or found again in its folder. Does
not belong here: serving.
"""

import ssl
from pathlib import Path

import trustme

CA_FILE, CA_KEY_FILE = "sandbox-ca.pem", "sandbox-ca.key"


def issue(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """
    The file of the authority's certificate, and a server context with one that it signed.

    An authority found in the folder is used again, so that a client that knows it survives a restart.
    """
    folder.mkdir(parents=True, exist_ok=True)
    authority = _authority(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return folder / CA_FILE, context


def _authority(folder: Path) -> trustme.CA:
    certificate, key = folder / CA_FILE, folder / CA_KEY_FILE
    try:
        return trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
    except (FileNotFoundError, ValueError):
        authority = trustme.CA(organization_name="Hunter sandbox")
        key.touch(mode=0o600)
        authority.private_key_pem.write_to_path(str(key))
        authority.cert_pem.write_to_path(str(certificate))
        return authority
