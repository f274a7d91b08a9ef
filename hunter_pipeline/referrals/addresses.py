"""Find hosts and e-mail addresses in the text of a field, in every spelling that people and systems use."""

import html
import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote

import idna

# Characters of a field that are read for a host. Hosts stand at the beginning; the bound limits the work.
MAX_FIELD = 4096
_MAX_HOST = 253
_MAX_LOCAL_PART = 200
# UTS 46 drops some characters (soft hyphens, for example), so the unmapped text may be longer than a host.
_MAX_UNMAPPED_HOST = 4 * _MAX_HOST

# `https://https://contoso.com` is a common mistake, hence the repetition. A scheme needs its slashes, otherwise
# `contoso.com:443` would have one; only the schemes that are often written without slashes may lack them.
_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]{0,30}:[/\\]{2,}|(?:https?|mailto|smtp|sip):[/\\]*){1,4}|//", re.IGNORECASE)
_QUOTED_NAME = re.compile(r'"[^"]*"(?=\s*[<@])')
_IN_ANGLES = re.compile(r"<([^<>]*)>")
_BETWEEN_ADDRESSES = re.compile(r"[\s,;]+")
_END_OF_AUTHORITY = re.compile(r"[/\\?#]")
_END_OF_URL_AUTHORITY = re.compile(r"[/\\?#\s,;<>\"']")
_BRACKETS_AND_QUOTES = "'\"()<>"

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_SPELT_AT = re.compile(r"[\[(][aA][tT][\])]")
_JSON_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
# Full-width signs: a general NFKC would also turn `℀` into `a/c` and cut a host in two. Capital I with a dot is
# `i` to people who write Turkish; Unicode's lower case of it is `i` with a combining dot. The third text is removed:
# soft hyphen, zero-width space, direction marks, word joiner, byte order mark.
_PLAIN = str.maketrans(
    "＠：／＜＞，；、．。｡İ", "@:/<>,;,...i", "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"
)
_NOT_PLAIN = re.compile(f"[{''.join(map(chr, _PLAIN))}]")
# Joiners are part of Persian and Indic words, so they may be part of a host.
_JOINERS = "\u200c\u200d"
_WITHOUT_JOINERS = dict.fromkeys(map(ord, _JOINERS))

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LOCAL_PART = re.compile(rf"[^\s@<>\"(),;:\[\]{{}}|\\]{{1,{_MAX_LOCAL_PART}}}")
_HOST = re.compile(rf"[\w.{_JOINERS}-]{{1,{_MAX_HOST}}}")
_WITHIN_LOCAL_PART = re.compile(r"[^\w.+-]+")


class Host(NamedTuple):
    """A host as it is written, perhaps with a port; `is_bare` if it has neither scheme nor `@` before it."""

    text: str
    is_bare: bool


def find_host(text: str) -> Host:
    """
    Return the host of an e-mail address, a URL or a bare host; of several addresses, of the first.

    Example: '"Smith, Sue" <sue@x.com>' -> Host('x.com', False); 'X.com:443/a' -> Host('X.com:443', True).
    The text of the result is empty if nothing could be a host.
    """
    text = _shorten(text)
    scheme = _SCHEME.match(text)
    if scheme is None:
        text = _first_address(text)
        scheme = _SCHEME.match(text)
    if scheme is None:
        authority = _authority_without_scheme(text)
    else:
        authority = _END_OF_URL_AUTHORITY.split(text[scheme.end() :], maxsplit=1)[0]
    _, at, host = authority.rpartition("@")
    return Host(host.strip(), is_bare=scheme is None and not at)


def ascii_host(host: str) -> str | None:
    """
    Return a host in lower-case A-labels (UTS 46, non-transitional), without a final dot.

    Returns None if DNS or IDNA forbids it. Example: 'Müller.de.' -> 'xn--mller-kva.de'.
    """
    host = _drop_stray_joiners(host)
    if not host or len(host) > _MAX_UNMAPPED_HOST:
        return None
    try:
        mapped = host.lower() if host.isascii() else idna.uts46_remap(host, std3_rules=True)
        name = ".".join([_ascii_label(label) for label in mapped.removesuffix(".").split(".")])
    except UnicodeError:
        return None
    return name if len(name) <= _MAX_HOST else None


def canonical_address(text: str) -> str | None:
    """
    Return an e-mail address in the one form in which addresses are compared, or None if the text is not one.

    Example: ' SUE%40Müller.de. ' and 'sue&#64;xn--mller-kva.de' -> 'sue@xn--mller-kva.de'.
    """
    local, at, host = decode(text).strip().rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local) or not _HOST.fullmatch(host):
        return None
    return _canonical(local, host)


def addresses_in(text: str) -> Iterator[str]:
    """
    Yield every e-mail address in a text, in canonical form.

    Backslashes are read as escapes of JSON, also of JSON within JSON.

    Where it is unclear where an address begins, each possibility is yielded: 'to=sue@x.com' gives
    'to=sue@x.com' and 'sue@x.com'.
    """
    unescaped = _JSON_ESCAPE.sub(_unescape, text) if "\\" in text else text
    forms = [unescaped, _JSON_ESCAPE.sub(_unescape, unescaped)] if "\\" in unescaped else [unescaped]
    for form in forms:
        yield from _split_at_signs(decode(form))
        if "İ" in form:
            # Releases before 0.1.0 stored hashes of addresses in which it had become `i` with a combining dot.
            yield from _split_at_signs(form)


def decode(text: str) -> str:
    """Return a text with its at signs, entities, percent-encoding, full-width and invisible characters made plain."""
    if "&" in text:
        text = decode_entities(text)
    if "%" in text:
        text = unquote(text)
    if not text.isascii() and _NOT_PLAIN.search(text):  # the search is quick, translating a long text is not
        text = text.translate(_PLAIN)
    return _SPELT_AT.sub("@", text).replace(" @", "@").replace("@ ", "@")


def decode_entities(text: str) -> str:
    """Return a text with its HTML entities resolved, also those that were encoded twice (`&amp;amp;`)."""
    once = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    return _ENTITY.sub(lambda match: html.unescape(match[0]), once)


def _shorten(text: str) -> str:
    """Trim, bound and decode a field; a text that was cut ends in NUL, so that a host cut in two is invalid."""
    text = text.strip()
    if len(text) > MAX_FIELD:
        text = text[:MAX_FIELD] + "\0"
    return decode(text).strip().strip(_JOINERS)


def _first_address(text: str) -> str:
    """Drop display names and choose the first of several addresses: the first that has an `@` or a scheme."""
    text = _QUOTED_NAME.sub("", text)
    if angles := _IN_ANGLES.search(text):
        text = angles[1]
    parts = _BETWEEN_ADDRESSES.split(text)
    if len(parts) > 1:
        text = next((part for part in parts if "@" in part or "://" in part), re.split("[,;]", text.strip(",; "))[0])
    return text.strip().strip(_BRACKETS_AND_QUOTES)


def _authority_without_scheme(text: str) -> str:
    """Return what stands before the path; `n/a@contoso.com` is an address, though, not the host `n`."""
    head = _END_OF_AUTHORITY.split(text, maxsplit=1)[0]
    return text if "@" in text and "@" not in head and "." not in head else head


def _drop_stray_joiners(host: str) -> str:
    """Return a host without joiners if it is Latin without them; there they mean nothing."""
    plain = host.translate(_WITHOUT_JOINERS) if not host.isascii() else host
    return plain if plain.isascii() else host


def _ascii_label(label: str) -> str:
    """Return one mapped label as an A-label; raises UnicodeError if DNS or IDNA forbids it."""
    if label.isascii() and not label.startswith("xn--"):
        # The idna package refuses hyphens in the third and fourth place, which old registrations have.
        if not _LABEL.fullmatch(label):
            raise UnicodeError
        return label
    return idna.alabel(label).decode("ascii")


def _unescape(match: re.Match[str]) -> str:
    """Return the character of a JSON escape; a line break and the like become a space."""
    code, sign = match.groups()
    return chr(int(code, 16)) if code else "\\" if sign == "\\" else " "


def _split_at_signs(text: str) -> Iterator[str]:
    """Yield the canonical form of what stands around each at sign."""
    for before, after in pairwise(text.split("@")):
        backwards, host = _LOCAL_PART.match(before[: -_MAX_LOCAL_PART - 1 : -1]), _HOST.match(after)
        if backwards is None or host is None:
            continue
        local = backwards[0][::-1]
        starts = [0, *(match.end() for match in _WITHIN_LOCAL_PART.finditer(local))]
        for candidate in {local[start:] for start in starts} | {local.lstrip("._-")}:
            if candidate and (address := _canonical(candidate, host[0])):
                yield address


def _canonical(local: str, host: str) -> str | None:
    host = host.strip(".-_")
    host = ascii_host(host) or host.casefold()
    local = unicodedata.normalize("NFKC", local.translate(_WITHOUT_JOINERS)).casefold()
    return f"{local}@{host}" if "." in host else None
