"""Normalize the name of a company, and compare it with a domain."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import idna

_WORDS = Path(__file__).with_name("company_names.toml")
_QUOTES = {'"': '"', "'": "'", "“": "”", "„": "“", "«": "»", "‘": "’", "”": "”", "»": "«"}
_INVISIBLE = re.compile("[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
_PIECE = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_TURKISH = re.compile("[İıĞğŞş]")
_VOWELS = "aeıioöuüyáàâäéèêëíîïóôúûåæø"
# The longest word that may be an abbreviation.
_SHORT, _SHORT_NAME = 3, 4
# Letters that have no decomposition, and the two ways in which people write umlauts in ASCII.
_LATIN = str.maketrans({"ı": "i", "ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "þ": "th"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_MIN_TOKEN = 3


class _Words(NamedTuple):
    """The lists of `company_names.toml`: legal forms by their folded text, the others as folded texts."""

    legal_forms: dict[str, str]
    small: frozenset[str]
    short: frozenset[str]
    dotless: dict[str, str]


@lru_cache(maxsize=16384)
def clean_company_name(name: str | None, country: str | None = None) -> str | None:
    """
    Return a company's name in ordinary case, without quotes and extra white space.

    A name in capitals or small letters only is capitalized; abbreviations, legal forms and names in mixed case stay.
    Examples: 'FABRIKAM HOLDING A.Ş.' -> 'Fabrikam Holding A.Ş.', 'contoso gmbh' -> 'Contoso GmbH', 'IBM' -> 'IBM'.

    country: the company's country, which decides where `I` is a Turkish dotless letter.
    """
    if name is None:
        return None
    text = unicodedata.normalize("NFC", name) if not name.isascii() else name
    if not text.isascii():
        text = _INVISIBLE.sub("", text).translate(_FULL_WIDTH)
    text = _unquoted(" ".join(text.split()))
    if not text:
        return None
    words = text.split(" ")
    core = [word for word in words if _legal_form(word) is None]
    letters = "".join(core)
    if letters.isupper() and (len(core) > 1 or sum(map(str.isalpha, letters)) > _SHORT_NAME):
        return _capitalized(words, is_turkish=country == "TR" or _TURKISH.search(text) is not None)
    return _capitalized(words, is_turkish=_TURKISH.search(text) is not None) if letters.islower() else text


def junk_names() -> list[str]:
    """Return the placeholders for a missing name, folded by `fold_name`."""
    return " ".join(_read_words()["junk_names"]).split()


def fold_name(name: str) -> str:
    """Return the letters and digits of a name in lower case: 'Test  Company' -> 'testcompany'."""
    return _NOT_ALPHANUMERIC.sub("", name.casefold())


@lru_cache(maxsize=16384)
def resemblance(domain: str, company: str) -> int:
    """
    Return how much the first label of a domain resembles a company's name: 2 fully, 1 partly, 0 not at all.

    Examples: ('fabrikam-residences.com', 'Fabrikam Residences Ltd') -> 2, ('citypower.com', 'City Power & Light') -> 1,
    ('tum.de', 'TU München') -> 1, ('contoso.com', 'Fabrikam') -> 0.
    """
    label = domain.partition(".")[0]
    if label.startswith("xn--"):
        try:
            label = idna.decode(label)
        except UnicodeError:
            return 0
    pairs = ((_tokens(company, umlauts), "".join(_tokens(label, umlauts))) for umlauts in (False, True))
    return max((_similarity(tokens, text) for tokens, text in pairs if tokens and text), default=0)


def _similarity(tokens: list[str], label: str) -> int:
    joined = "".join(tokens)
    if label == joined:
        return 2
    rest = label
    covered = 0
    for token in sorted(tokens, key=len, reverse=True):
        if len(token) >= _MIN_TOKEN and token in rest:
            rest = rest.replace(token, " ", 1)
            covered += len(token)
    if 2 * covered >= min(len(label), len(joined)):
        # more than nine tenths of both
        return 2 if 20 * covered >= 9 * (len(label) + len(joined)) else 1
    is_abbreviation = len(label) >= _MIN_TOKEN and len(tokens) > 1 and _abbreviates(label, tokens)
    return int(is_abbreviation)


def _abbreviates(label: str, tokens: list[str]) -> bool:
    """Return whether a label consists of beginnings of all the words, in their order: 'tum' of TU München."""
    if not tokens:
        return not label
    shared = 0
    while shared < min(len(label), len(tokens[0])) and label[shared] == tokens[0][shared]:
        shared += 1
    return any(_abbreviates(label[length:], tokens[1:]) for length in range(shared, 0, -1))


def _tokens(text: str, umlauts: bool) -> list[str]:
    """Return the words of a name in lower case without accents and legal forms."""
    return [folded for word in text.split() if _legal_form(word) is None for folded in _plain(word, umlauts)]


def _plain(word: str, umlauts: bool) -> Iterator[str]:
    word = word.replace("İ", "i").casefold()
    if not word.isascii():
        word = word.translate(_UMLAUTS) if umlauts else word
        decomposed = unicodedata.normalize("NFKD", word.translate(_LATIN))
        word = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    yield from (piece for piece in _NOT_ALPHANUMERIC.split(word) if piece)


def _unquoted(text: str) -> str:
    """Return a text without the quotes around all of it: '"Contoso"' -> 'Contoso', but not of '"A" and "B"'."""
    while len(text) > 1 and _QUOTES.get(text[0]) == text[-1] and not {text[0], text[-1]} & set(text[1:-1]):
        text = text[1:-1].strip()
    return text


def _capitalized(words: list[str], *, is_turkish: bool) -> str:
    result: list[str] = []
    for at, word in enumerate(words):
        form = _legal_form(word)
        result.append(form if form and at else _capitalize_word(word, is_first=at == 0, is_turkish=is_turkish))
    return " ".join(result)


def _capitalize_word(word: str, *, is_first: bool, is_turkish: bool) -> str:
    known = _words()
    if word.replace("İ", "i").casefold() in known.small and not is_first:
        return _lower(word, is_turkish=is_turkish)
    if "." in word.rstrip(".,") or any(letter.isdigit() for letter in word):
        return word.upper() if word.isascii() and not word.islower() else word
    return _PIECE.sub(lambda match: _capitalize_piece(match[0], is_turkish=is_turkish), word)


def _capitalize_piece(piece: str, *, is_turkish: bool) -> str:
    """Return one run of letters with a capital first; an abbreviation stays in capitals."""
    if any(letter.lower() == letter.upper() for letter in piece if letter not in "'’"):
        return piece  # it has letters of a script without capitals
    lower = _lower(piece, is_turkish=is_turkish)
    if piece.isupper() and len(piece) <= _SHORT and lower not in _words().short and not _is_syllable(lower):
        return piece
    first = "İ" if is_turkish and piece[0] == "i" else piece[0].upper()
    if lower[1:2] in ("'", "’"):  # O'Neil
        return first + lower[1] + lower[2:3].upper() + lower[3:]
    return first + lower[1:]


def _is_syllable(word: str) -> bool:
    """Return whether three letters can be spoken as one syllable, as words can and abbreviations seldom can: 'tek'."""
    return len(word) == _SHORT and [letter in _VOWELS for letter in word] == [False, True, False]


def _lower(word: str, *, is_turkish: bool) -> str:
    if not is_turkish:
        return word.replace("İ", "i").lower()
    dotted = word.replace("İ", "i").replace("I", "i").lower()
    if dotted in _words().dotless:
        return _words().dotless[dotted]
    # A word with Turkish letters was typed on a Turkish keyboard, where I and İ are two keys.
    if re.search("[İĞŞÇÖÜ]", word):
        return word.replace("İ", "i").replace("I", "ı").lower()
    return dotted


def _legal_form(word: str) -> str | None:
    """Return a legal form as it is written, with the dots and the comma that the word has; None for other words."""
    forms = _words().legal_forms
    text, comma = (word[:-1], ",") if word.endswith(",") else (word, "")
    folded = _fold_form(text)
    if form := forms.get(folded):
        return form + comma
    if form := forms.get(folded.removesuffix(".")):
        return f"{form}.{comma}"
    return None


def _fold_form(word: str) -> str:
    return word.replace("İ", "i").replace("I", "i").casefold()


@cache
def _read_words() -> dict[str, list[str]]:
    with _WORDS.open("rb") as file:
        return {name: text.strip().split("\n") for name, text in tomllib.load(file).items()}


@cache
def _words() -> _Words:
    lists = {name: " ".join(lines).split() for name, lines in _read_words().items()}
    forms: dict[str, str] = {}
    for form in lists["legal_forms"]:
        forms.setdefault(_fold_form(form), form)
    dotless = {word.replace("ı", "i"): word for word in lists["dotless_words"]}
    return _Words(forms, frozenset(lists["small_words"]), frozenset(lists["short_words"]), dotless)
