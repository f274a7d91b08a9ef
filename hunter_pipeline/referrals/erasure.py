"""
Take a forgotten person out of a payload; who that is, is known by keyed hashes only.

A person is an e-mail address. An object that has it (a member of a team, whoever invited) loses its personal
fields; so does one with the same name and the same number under another address. In the rest of that referral
the person's addresses, numbers and names are cut out of every text. Everything else stays as it came.
Nothing here recurses: a payload may be nested deeper than Python's stack.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, cast

import idna

from hunter_pipeline.referrals.payloads import RawVersion, Rejected, version_of

ERASED = "[erased]"
HOST_KEPT = "erasedAddressHost"
"""In the place of an erased member's address: its host, from which the company's domain is read."""

_ADDRESS = re.compile(r"([^\s@<>\"(),;:\[\]{}|\\]{1,200})(?:@|%40)([\w.-]{1,253})")
_INSIDE_LOCAL = re.compile(r"[^\w.+-]+")
_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"\d+")
_BETWEEN_DIGITS = re.compile(r"[\s()./+-]{1,4}")
_MOST_WORDS = 8
_TELLING_WORD = 4
"""Letters of a part of a double name that counts alone: 'Berg' of 'van der Berg' does, 'der' does not."""
_SHORTEST_NUMBER = 6
_TAIL_OF_NUMBER = 8
_NAME = re.compile(r"(?:first|middle|last|full|given|family|display|nick|contact|person|user)_?name|surname", re.I)
_PHONE = re.compile(r"phone|mobile|telefax|^fax|^tel$", re.I)
_PERSONAL = re.compile(r"mail|^(?:job)?_?title$|salutation|initials|principal|^login", re.I)
_NO_PERSON = frozenset({"address", "team", "ids", "status", "organizationId", "customerProfile"})
"""An object with one of these is a referral or an organization, whose plain `name` is not a person's."""
_IDENTITY = re.compile(r"(?:^id|Id|DateTime|eTag|uri|status)$")
"""Fields that hold no prose: names and numbers are not looked for in them."""
_PROSE = re.compile(r"note|comment|description|reason|action|message|subject", re.I)

Object = dict[str, object]


class Trace(NamedTuple):
    """Something a person is known by: kind 'name', 'phone' or 'self' (name and number), and its value."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Memory:
    """
    The people who were forgotten, as hashes under this database's key.

    people:    hash of the address -> hashes of that person's names, numbers and of both together.
    referrals: hash of the id of a referral that named them -> hashes of their addresses.
    """

    key: bytes
    people: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    referrals: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def hashed(self, kind: str, value: str) -> str:
        """The hash of a value, hex."""
        return hmac.new(self.key, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    def person(self, address: str) -> str:
        """The hash by which a person is remembered; `address` as `plain_address` gives it."""
        return self.hashed("address", address)

    def learn(self, referral_id: str, found: "Found") -> bool:
        """Remember what a payload told of the people it names; False where nothing was new."""
        before = self._size()
        for person, traces in found.people.items():
            self.people.setdefault(person, set()).update(self.hashed(*trace) for trace in traces)
            if referral_id:
                self.referrals.setdefault(self.hashed("referral", referral_id), set()).add(person)
        return self._size() != before

    def _size(self) -> int:
        return sum(map(len, self.people.values())) + sum(map(len, self.referrals.values()))


@dataclass(frozen=True, slots=True)
class Found:
    """The forgotten people in a payload with what it tells of them, and the objects (by `id()`) that are theirs."""

    people: dict[str, set[Trace]] = field(default_factory=dict[str, set[Trace]])
    members: set[int] = field(default_factory=set[int])


def plain_address(text: str) -> str | None:
    """
    An e-mail address in the one form that is compared: without regard to case, surrounding space, a final dot
    and the script of its domain.

    Shape: ' Sue@Müller.de ' -> 'sue@xn--mller-kva.de'. None: it is no address.
    """
    local, at, host = text.strip().rpartition("@")
    known = _ADDRESS.fullmatch(f"{local}@{host}")
    if not at or known is None:
        return None
    host = _plain_host(host)
    return f"{local.casefold()}@{host}" if "." in host else None


def _plain_host(host: str) -> str:
    host = host.strip(".-_").casefold()
    try:
        return host if host.isascii() else idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return host


def version_without_the_forgotten(item: object, memory: Memory) -> RawVersion | Rejected:
    """
    As `version_of`, with the forgotten people taken out.

    The content hash is then a keyed one of what arrived: the same payload is the same version at every sync,
    and nobody can try out names against it.
    """
    version = version_of(item)
    if not memory.people:
        return version
    left, changed = erase(item, memory, version.referral_id if isinstance(version, RawVersion) else "")
    if not changed:
        return version
    return replace(version_of(left), content_hash=erased_hash(version.content_hash, memory), erased=True)


def erased_hash(content_hash: str, memory: Memory) -> str:
    """The content hash of a version that somebody was taken out of."""
    return memory.hashed("version", content_hash)


def find(value: object, memory: Memory) -> Found:
    """Look for the forgotten people in a JSON value. Raises nothing."""
    found = Found()
    for node in _nodes(value):
        if isinstance(node, str):
            for address, _span in _addresses(node):
                if (person := memory.person(address)) in memory.people:
                    found.people.setdefault(person, set())
        elif isinstance(node, dict):
            members = cast("Object", node)
            for person in _owners(members, memory):
                found.members.add(id(members))
                found.people.setdefault(person, set()).update(_traces(members))
    return found


def erase(value: object, memory: Memory, referral_id: str) -> tuple[object, bool]:
    """A copy of a JSON value without the forgotten people, and whether anything had to go. Raises nothing."""
    found = find(value, memory)
    involved = found.people.keys() | memory.referrals.get(memory.hashed("referral", referral_id), set())
    if not involved:
        return value, False
    known = {memory.hashed(*trace) for traces in found.people.values() for trace in traces}
    for person in involved:
        known |= memory.people.get(person, set())
    scissors = _Scissors(memory, known)
    root: list[object] = [None]
    todo: list[tuple[Any, Any, object, str]] = [(root, 0, value, "")]
    while todo:
        target, place, node, name = todo.pop()
        if isinstance(node, dict):
            original = cast("Object", node)
            fields = scissors.object_without(original, is_member=id(original) in found.members)
            target[place] = fields
            todo.extend((fields, key, item, key) for key, item in tuple(fields.items()))
        elif isinstance(node, list):
            items = list(cast("list[object]", node))
            target[place] = items
            todo.extend((items, index, item, name) for index, item in enumerate(items))
        else:
            target[place] = scissors.text_without(node, name) if isinstance(node, str) else node
    left = root[0]
    if isinstance(value, dict) and isinstance(left, dict):
        _keep_identity(cast("Object", value), cast("Object", left), memory)
    return (cast("object", left), True) if scissors.cut else (cast("object", value), False)


def _keep_identity(before: Object, after: Object, memory: Memory) -> None:
    """An id that holds an address gives way to a hash, so that the referral stays one of its own."""
    if before.get("id") != after.get("id"):
        after["id"] = f"erased-{memory.hashed('id', str(before.get('id')))[:32]}"


class _Scissors:
    """Cuts what belongs to the forgotten people out of one payload; what that is, is known by hash."""

    def __init__(self, memory: Memory, known: set[str]) -> None:
        self._memory = memory
        self._known = known
        self.cut = False

    def object_without(self, original: Object, *, is_member: bool) -> Object:
        """A shallow copy; a member's has no personal fields any more."""
        copy: Object = {}
        for key, item in original.items():
            name = self._without_addresses(key, whole=ERASED)
            while name in copy:
                name += "_"
            theirs = is_member and item is not None and _is_scalar(item) and _is_personal(original, key)
            copy[name] = None if theirs else item
            self.cut = self.cut or theirs or name != key
        if is_member and (host := _host_of(original)):
            copy[HOST_KEPT] = host
        return copy

    def text_without(self, text: str, name: str) -> str:
        """The text of the field `name` without addresses, numbers and names."""
        left = self._without_addresses(text)
        if not _IDENTITY.search(name):
            least = 1 if _PROSE.search(name) else 2
            left = _cut(left, _DIGITS, self._is_number, joined_by=_BETWEEN_DIGITS)
            left = _cut(left, _WORD, lambda words: len(words) >= least and self._knows("name", _folded(words)))
        self.cut = self.cut or left != text
        return left

    def _without_addresses(self, text: str, whole: str | None = None) -> str:
        """A text that is nothing but the address becomes its host, or `whole`."""
        for address, (start, end) in reversed(list(_addresses(text))):
            if self._memory.person(address) in self._memory.people:
                if text[:start].strip() or text[end:].strip():
                    text = text[:start] + ERASED + text[end:]
                else:
                    text = whole or address.rpartition("@")[2]
        return text

    def _is_number(self, groups: list[str]) -> bool:
        digits = "".join(groups)
        return len(digits) >= _SHORTEST_NUMBER and self._knows("phone", digits[-_TAIL_OF_NUMBER:])

    def _knows(self, kind: str, value: str) -> bool:
        return self._memory.hashed(kind, value) in self._known


def _cut(
    text: str, token: re.Pattern[str], is_theirs: Callable[[list[str]], bool], joined_by: re.Pattern[str] | None = None
) -> str:
    """Replace each run of tokens that is theirs, the longest first; `joined_by` is what may stand between two."""
    spans = [match.span() for match in token.finditer(text)]
    pieces: list[str] = []
    done = index = 0
    while index < len(spans):
        runs = _runs(text, spans, index, joined_by)
        length = next((n for n in range(runs, 0, -1) if is_theirs([text[a:b] for a, b in spans[index : index + n]])), 0)
        if length:
            pieces += [text[done : spans[index][0]].removesuffix("+"), ERASED]
            done = spans[index + length - 1][1]
        index += length or 1
    return "".join([*pieces, text[done:]])


def _runs(text: str, spans: list[tuple[int, int]], index: int, joined_by: re.Pattern[str] | None) -> int:
    """How many tokens from this one on can belong together."""
    last = min(index + _MOST_WORDS, len(spans))
    if joined_by is None:
        return last - index
    for position in range(index + 1, last):
        if joined_by.fullmatch(text, spans[position - 1][1], spans[position][0]) is None:
            return position - index
    return last - index


def _addresses(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Each address in a text, in its plain form, and where it stands; of `to=sue@x.com` both readings."""
    if "@" not in text and "%40" not in text:
        return
    for match in _ADDRESS.finditer(text):
        local, host = match.groups()
        end = match.start(2) + len(host.rstrip(".-_"))
        starts = [0, *(inner.end() for inner in _INSIDE_LOCAL.finditer(local))]
        for start in starts:
            if address := plain_address(f"{local[start:]}@{host}"):
                yield address, (match.start() + start, end)


def _nodes(value: object) -> Iterator[object]:
    """Every value below, the keys of objects included."""
    todo: list[object] = [value]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, dict):
            inner = cast("Object", node)
            todo.extend(inner.keys())
            todo.extend(inner.values())
        elif isinstance(node, list):
            todo.extend(cast("list[object]", node))


def _owners(members: Object, memory: Memory) -> Iterator[str]:
    """Whose an object is: the person whose address is one of its fields, or who has its name and number."""
    for key, item in members.items():
        may_be_theirs = isinstance(item, str) and ("@" in item or "%40" in item)
        if isinstance(item, str) and may_be_theirs and not _IDENTITY.search(key) and not _PROSE.search(key):
            for address, (start, end) in _addresses(item):
                alone = not item[:start].strip() and not item[end:].strip()
                if (alone or "mail" in key.casefold()) and (person := memory.person(address)) in memory.people:
                    yield person
    if any(_PHONE.search(key) for key in members):
        both = {memory.hashed(*trace) for trace in _traces(members) if trace.kind == "self"}
        yield from (person for person, traces in memory.people.items() if both & traces)


def _traces(members: Object) -> set[Trace]:
    """What an object tells of its person: the names in both orders and alone, the numbers."""
    texts = {key: item for key, item in members.items() if isinstance(item, str) and _is_personal(members, key)}
    names = [texts[key] for key in texts if _NAME.search(key) or key == "name"]
    ordered = [texts.get(key, "") for key in ("firstName", "middleName", "lastName")]
    words = _WORD.findall(" ".join(ordered))
    forms = {_folded(_WORD.findall(name)) for name in names}
    if words:
        first_and_last = _WORD.findall(f"{ordered[0]} {ordered[2]}")
        last_first = _WORD.findall(f"{ordered[2]} {ordered[0]}")
        forms |= {_folded(words), _folded(first_and_last), _folded(last_first)}
    forms |= {word.casefold() for word in words if len(word) >= _TELLING_WORD}
    forms = {form for form in forms if len(form) > 1}
    digits = ["".join(_DIGITS.findall(str(item))) for key, item in members.items() if _PHONE.search(key)]
    tails = {number[-_TAIL_OF_NUMBER:] for number in digits if len(number) >= _SHORTEST_NUMBER}
    full = _folded(words) or _folded(_WORD.findall(" ".join(names)))
    both = {Trace("self", f"{full}\0{tail}") for tail in tails} if full else set[Trace]()
    return {Trace("name", form) for form in forms} | {Trace("phone", tail) for tail in tails} | both


def _folded(words: list[str]) -> str:
    return " ".join(words).casefold()


def _is_personal(members: Object, key: str) -> bool:
    if key == "name":
        return not _NO_PERSON & members.keys()
    return any(pattern.search(key) for pattern in (_NAME, _PHONE, _PERSONAL))


def _is_scalar(item: object) -> bool:
    return not isinstance(item, dict | list | bool)


def _host_of(members: Object) -> str | None:
    """The host of the member's address."""
    for key, item in members.items():
        if isinstance(item, str) and "mail" in key.casefold():
            for address, _span in _addresses(item):
                return address.rpartition("@")[2]
    return None
