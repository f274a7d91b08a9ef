"""Find hosts and e-mail addresses in the text of a field, in every spelling that people and systems use."""

import html
import re
import unicodedata
from collections.abc import Iterator
from html.entities import html5
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote

import idna

# Characters of a field that are searched for a host. Hosts are at its beginning; the bound limits the work.
MAX_FIELD = 4096
_MAX_HOST = 253
_MAX_LOCAL_PART = 200
# UTS 46 drops some characters (soft hyphens, for example), so the unmapped text may be longer than a host.
_MAX_UNMAPPED_HOST = 4 * _MAX_HOST

# Hosts that are read from one field.
_MAX_HOSTS = 20

# `https://https://contoso.com` is a common mistake, hence the repetition. A scheme needs its slashes, otherwise
# `contoso.com:443` would have one; only the schemes that are often written without slashes may lack them.
_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]{0,30}:[/\\]{2,}|(?:https?|mailto|smtp|sip):[/\\]*){1,4}|//", re.IGNORECASE)
_MAIL_SCHEME = re.compile(r"(?:mailto|smtp|sip):[/\\]*$", re.IGNORECASE)
_PLAIN_ADDRESS = re.compile(r"([A-Za-z0-9._+-]{1,64})@([A-Za-z0-9.-]{1,253})")
_QUOTED_NAME = re.compile(r'"[^"]*"(?=\s*[<@])')
# The text between separators: addresses and URLs have no white space in them, other texts may.
_WORD = re.compile(r"[^\s,;|<>]+")
_PIECE = re.compile(r"[^\s,;|<>][^,;|<>\r\n]*")
_END_OF_AUTHORITY = re.compile(r"[/\\?#]")
_END_OF_URL_AUTHORITY = re.compile(r"[/\\?#\s\"']")
_END_OF_MAIL_HOST = re.compile(r"[(){}\"'!*=&]")
_BRACKETS_AND_QUOTES = "'\"(){}"

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# An at sign as a number is common and cannot be anything else, so it may lack its semicolon.
_AT_ENTITY = re.compile(r"&#(?:0*64(?![0-9])|[xX]0*40(?![0-9a-fA-F]));?")
_SPELT_AT = re.compile(r"[\[({]\s{0,2}(?:at|@)\s{0,2}[\])}]", re.IGNORECASE)
_SPELT_DOT = re.compile(r"[\[({]\s{0,2}(?:dot|nokta|punkt|\.)\s{0,2}[\])}]", re.IGNORECASE)
_SPACED_DOT = re.compile(rf"\s{{0,3}}{_SPELT_DOT.pattern}\s{{0,3}}", re.IGNORECASE)
_SPACED_AT = re.compile(r"[ \t\u00a0]{0,4}@[ \t\u00a0]{0,4}")
_SPACES_AROUND_AT = (" @", "@ ", "\u00a0@", "@\u00a0", "\t@", "@\t")
# Entra names a guest of another organization sue_x-corp.com#EXT#@contoso.onmicrosoft.com.
_GUEST = re.compile(r"([^\s@<>\"',;:()]{1,200})_([^\s@_<>\"',;:()]{1,253})#EXT#@[\w.-]{1,253}", re.IGNORECASE)
_JSON_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
# Full-width signs: a general NFKC would also turn `℀` into `a/c` and cut a host in two. Capital I with a dot is
# `i` to people who write Turkish; Unicode's lower case of it is `i` with a combining dot. The third text is removed:
# soft hyphen, zero-width space, direction marks and isolates, word joiner, invisible operators, byte order mark.
_PLAIN = str.maketrans(
    "＠﹫：／＜＞，；、．。｡İ",
    "@@:/<>,;,...i",
    "\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064"
    "\u2066\u2067\u2068\u2069\ufe0e\ufe0f\ufeff",
)
_NOT_PLAIN = re.compile(f"[{''.join(map(chr, _PLAIN))}]")
# Joiners are part of Persian and Indic words, so they may be part of a host.
_JOINERS = "\u200c\u200d"
_WITHOUT_JOINERS = dict.fromkeys(map(ord, _JOINERS))

_DOTTED_I = "i\u0307"

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# DNS allows underscores, registries do not: they occur in front of the registrable domain only.
_SUBDOMAIN_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_LOCAL_PART = re.compile(rf"[^\s@<>\"(),;:\[\]{{}}|\\]{{1,{_MAX_LOCAL_PART}}}")
_HOST = re.compile(rf"[\w.{_JOINERS}-]{{1,{_MAX_HOST}}}")
_WITHIN_LOCAL_PART = re.compile(r"[^\w.+-]+")


class Host(NamedTuple):
    """
    A host as written, perhaps with a port.

    is_bare: it has neither scheme nor `@` before it. local: the part before the `@` of an address; None for others.
    has_path: a path or query follows the host of a URL.
    """

    text: str
    is_bare: bool
    local: str | None = None
    has_path: bool = False


def find_hosts(text: str) -> list[Host]:
    """
    Return the hosts of the e-mail addresses, URLs or bare hosts in a field, at most 20, in their order.

    Where there is an address or a URL, other words are not read for hosts. Examples: '"Smith, Sue" <sue@x.com>' ->
    [Host('x.com', False, 'sue')]; 'a@x.com; b@y.com' -> both; 'X.com:443/a' -> [Host('X.com:443', True)].
    """
    if plain := _PLAIN_ADDRESS.fullmatch(text):
        return [Host(plain[2], is_bare=False, local=plain[1])]
    text = _QUOTED_NAME.sub(" ", _shorten(text))
    is_url = (scheme := _SCHEME.match(text)) is not None and "http" in scheme[0].lower()
    parts = (_PIECE if is_url else _WORD).findall(text)
    marked = [part for part in parts if "@" in part or (("/" in part or ":" in part) and _SCHEME.match(part))]
    if marked:
        return [host for part in marked[:_MAX_HOSTS] for host in _hosts_of_part(part.strip())][:_MAX_HOSTS]
    pieces = (piece.strip().strip(_BRACKETS_AND_QUOTES) for piece in _PIECE.findall(text)[:_MAX_HOSTS])
    return [_bare_host(piece) for piece in pieces if piece]


def ascii_host(host: str) -> str | None:
    """
    Return a host in lower-case A-labels (UTS 46, non-transitional), without a final dot.

    Returns None if DNS or IDNA forbids it. Labels before the last two may have underscores.
    Example: 'Müller.de.' -> 'xn--mller-kva.de'.
    """
    host = _drop_stray_joiners(host)
    if not host or len(host) > _MAX_UNMAPPED_HOST:
        return None
    try:
        # What is left of the characters that STD3 forbids is refused label by label.
        mapped = host.lower() if host.isascii() else idna.uts46_remap(host, std3_rules=False)
        labels = mapped.removesuffix(".").split(".")
        subdomains = len(labels) - 2
        name = ".".join([_ascii_label(label, is_subdomain=at < subdomains) for at, label in enumerate(labels)])
    except UnicodeError:
        return None
    return name if len(name) <= _MAX_HOST else None


def canonical_address(text: str) -> str | None:
    """
    Return an e-mail address in the one form in which addresses are compared, or None if the text is no address.

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

    If the beginning of an address is unclear, each possibility is yielded: 'to=sue@x.com' gives
    'to=sue@x.com' and 'sue@x.com'.
    """
    unescaped = _JSON_ESCAPE.sub(_unescape, text) if "\\" in text else text
    forms = [unescaped, _JSON_ESCAPE.sub(_unescape, unescaped)] if "\\" in unescaped else [unescaped]
    for form in forms:
        yield from _split_at_signs(decode(form))
        if "İ" in form or _DOTTED_I in form or "#EXT#" in form:
            # Earlier releases stored hashes of addresses in which `İ` had become `i` with a combining dot, and of
            # guests under the name that Entra gives them.
            yield from _split_at_signs(form)


def decode(text: str) -> str:
    """Return a text with its at signs, entities, percent-encoding, full-width and invisible characters decoded."""
    if "&" in text:
        text = decode_entities(_AT_ENTITY.sub("@", text))
    if "%" in text:
        text = unquote(text)
        text = unquote(text) if "%40" in text else text
    if not text.isascii():
        if _NOT_PLAIN.search(text):  # the search is quick, translating a long text is not
            text = text.translate(_PLAIN)
        text = text.replace(_DOTTED_I, "i")
    text = _SPELT_AT.sub("@", text)
    if _SPELT_DOT.search(text):
        text = _SPACED_DOT.sub(".", text)
    if any(spaced in text for spaced in _SPACES_AROUND_AT):
        text = _SPACED_AT.sub("@", text)
    return _GUEST.sub(r"\1@\2", text) if "#EXT#" in text or "#ext#" in text else text


def decode_entities(text: str) -> str:
    """
    Return a text with its HTML entities resolved, also those that were encoded twice (`&amp;amp;`).

    Only complete names with their semicolon count: `PRINT&COPY CENTER` and `R&DEGREES;` are left as they are.
    """
    return _ENTITY.sub(_entity, _ENTITY.sub(_entity, text))


def _entity(match: re.Match[str]) -> str:
    entity = match[0]
    return html.unescape(entity) if entity[1] == "#" else html5.get(entity[1:], entity)


def _shorten(text: str) -> str:
    """Trim, bound and decode a field; a text that was cut ends in NUL, so that a host cut in two is invalid."""
    text = text.strip()
    if len(text) > MAX_FIELD:
        text = text[:MAX_FIELD] + "\0"
    return decode(text).strip().strip(_JOINERS)


def _hosts_of_part(part: str) -> Iterator[Host]:
    """Yield the host of one address or URL, or the hosts of addresses between which there are slashes only."""
    scheme = _SCHEME.match(part)
    if scheme is None:
        part = part.strip(_BRACKETS_AND_QUOTES)
        # `[` begins an IP address after an at sign, and is a bracket before one.
        part = part[1:].rstrip("]") if part.startswith("[") and "@" in part else part
        for address in part.split("/") if part.count("@") > 1 else [part]:
            local, at, host = _authority_without_scheme(address).rpartition("@")
            if at:
                yield Host(_END_OF_MAIL_HOST.split(host, maxsplit=1)[0].strip(), is_bare=False, local=local)
            else:
                yield _bare_host(address)
        return
    authority, *path = _END_OF_URL_AUTHORITY.split(part[scheme.end() :], maxsplit=1)
    local, _, host = authority.rpartition("@")
    if _MAIL_SCHEME.search(scheme[0]):
        yield Host(host.strip(), is_bare=False, local=local)
    else:
        yield Host(host.strip(), is_bare=False, has_path=_is_path(path))


def _bare_host(text: str) -> Host:
    host, *path = _END_OF_AUTHORITY.split(text, maxsplit=1)
    return Host(host.strip(), is_bare=True, has_path=_is_path(path))


def _is_path(path: list[str]) -> bool:
    return bool(path and path[0].strip("/\\?# "))


def _authority_without_scheme(text: str) -> str:
    """Return the part before the path; `n/a@contoso.com` is an address, not the host `n`."""
    head = _END_OF_AUTHORITY.split(text, maxsplit=1)[0]
    return text if "@" in text and "@" not in head and "." not in head else head


def _drop_stray_joiners(host: str) -> str:
    """Return a host without joiners if it is Latin without them, where they have no meaning."""
    plain = host.translate(_WITHOUT_JOINERS) if not host.isascii() else host
    return plain if plain.isascii() else host


def _ascii_label(label: str, *, is_subdomain: bool) -> str:
    """Return one mapped label as an A-label; raises UnicodeError if DNS or IDNA forbids it."""
    if label.isascii() and not label.startswith("xn--"):
        # The idna package refuses hyphens in the third and fourth place, which old registrations have.
        if not (_SUBDOMAIN_LABEL if is_subdomain else _LABEL).fullmatch(label):
            raise UnicodeError
        return label
    return idna.alabel(label).decode("ascii")


def _unescape(match: re.Match[str]) -> str:
    """Return the character of a JSON escape; a control character such as a line break becomes a space."""
    code, sign = match.groups()
    return chr(int(code, 16)) if code else "\\" if sign == "\\" else " "


def _split_at_signs(text: str) -> Iterator[str]:
    """Yield the canonical form of the text around each at sign."""
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
