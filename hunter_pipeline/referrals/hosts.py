"""
Find the host inside what people write into an address or website field.

Here belongs the reading of text: display names, schemes, user names, ports, several addresses in one
field. Whether the host is any good is decided in `domains`.
"""

import re
from typing import NamedTuple

# A host has at most 253 characters; what stands before it in an address or URL is short in every honest
# text. The bound keeps the work small for a field of megabytes.
LONGEST_TEXT = 4096

# `https://https://contoso.com` is a common slip, hence the repetition. A scheme needs its slashes, or
# `contoso.com:443` would be one; only the few that are written without them may lack them.
_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]{0,30}:[/\\]{2,}|(?:https?|mailto|smtp|sip):[/\\]*){1,4}|//", re.IGNORECASE)
_QUOTED_NAME = re.compile(r'"[^"]*"(?=\s*[<@])')
_IN_ANGLES = re.compile(r"<([^<>]*)>")
_BETWEEN_ADDRESSES = re.compile(r"[\s,;]+")
_END_OF_AUTHORITY = re.compile(r"[/\\?#]")
_END_OF_URL_AUTHORITY = re.compile(r"[/\\?#\s,;<>\"']")
_AROUND = "'\"()<>"
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"

# Only signs that can never be part of a host: a general NFKC here would let `℀` (a/c) cut a host in two.
_FULL_WIDTH = str.maketrans("＠：／＜＞，；、", "@:/<>,;,")


class Host(NamedTuple):
    """A host as written (perhaps with a port), and whether it stood alone, without scheme and `@`."""

    text: str
    bare: bool


def host_in(text: str) -> Host:
    """
    Cut the host out of an e-mail address, a URL or a bare host; of several addresses, out of the first.

    Shape:  '"Smith, Sue" <sue@x.com>' -> Host('x.com', False); 'X.com:443/a' -> Host('X.com:443', True).
    Empty:  `text` of the result is '' where there is nothing that could be a host.
    Raises: nothing.
    """
    text = _tidy(text)
    scheme = _SCHEME.match(text)
    if scheme is None:
        text = _first_address(text)
        scheme = _SCHEME.match(text)
    if scheme is None:
        authority = _authority_without_scheme(text)
    else:
        authority = _END_OF_URL_AUTHORITY.split(text[scheme.end() :], maxsplit=1)[0]
    _, at, host = authority.rpartition("@")
    return Host(host.strip(), bare=scheme is None and not at)


def _tidy(text: str) -> str:
    """Trim and shorten; a text that was cut ends in NUL, so that a host cut in two is no host."""
    text = text.strip().strip(_INVISIBLE).strip()
    if len(text) > LONGEST_TEXT:
        text = text[:LONGEST_TEXT] + "\0"
    return text if text.isascii() else text.translate(_FULL_WIDTH)


def _first_address(text: str) -> str:
    """Drop display names, and choose the first of several addresses: the first that has an `@` or a scheme."""
    text = _QUOTED_NAME.sub("", text)
    if angles := _IN_ANGLES.search(text):
        text = angles[1]
    parts = _BETWEEN_ADDRESSES.split(text)
    if len(parts) > 1:
        text = next((part for part in parts if "@" in part or "://" in part), re.split("[,;]", text.strip(",; "))[0])
    return text.strip().strip(_AROUND)


def _authority_without_scheme(text: str) -> str:
    """Keep what stands before the path; `n/a@contoso.com` is an address, though, not the host `n`."""
    head = _END_OF_AUTHORITY.split(text, maxsplit=1)[0]
    return text if "@" in text and "@" not in head and "." not in head else head
