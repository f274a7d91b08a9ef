"""What of a payload is a forgotten person's, and that nothing else goes."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given

from hunter_pipeline.referrals.erasure import (
    ERASED,
    Memory,
    erase,
    erased_hash,
    find,
    plain_address,
    version_without_the_forgotten,
)
from hunter_pipeline.referrals.normalize import normalize
from hunter_pipeline.referrals.payloads import RawVersion, version_of
from hunter_pipeline_tests.domain.strategies import host_like_text, json_values, referrals

SUE = {
    "firstName": "Sue",
    "lastName": "O'Neil-Kovács",
    "phoneNumber": "+1 (425) 555-0123",
    "email": "Sue.Oneil@Fabrikam.com",
    "title": "CIO",
    "contactPreference": {"locale": "en", "disableNotifications": True},
}
BOB = {"firstName": "Bob", "lastName": "Stone", "phoneNumber": "+1 425 555 0999", "email": "bob@fabrikam.com"}
ADDRESS = "sue.oneil@fabrikam.com"


def memory_of(*addresses: str) -> Memory:
    memory = Memory(key=b"key")
    for address in addresses or (ADDRESS,):
        memory.people[memory.person(address)] = set()
    return memory


def referral(**changes: Any) -> dict[str, Any]:
    made = {
        "id": "r-1",
        "name": "Fabrikam - Azure",
        "status": "Active",
        "customerProfile": {"name": "Fabrikam", "team": [SUE, BOB], "address": {"country": "US"}},
        "details": {"notes": None, "dealValue": 10},
        "team": [{"firstName": "John", "lastName": "Doe", "email": "john.doe@microsoft.com"}],
    }
    return copy.deepcopy({**made, **changes})


def left_of(payload: Any, memory: Memory | None = None, referral_id: str = "r-1") -> Any:
    return erase(payload, memory or memory_of(), referral_id)[0]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("sue@fabrikam.com", "sue@fabrikam.com"),
        ("  SUE@Fabrikam.COM. ", "sue@fabrikam.com"),
        ("sue@Müller.de", "sue@xn--mller-kva.de"),
        ("sue@xn--mller-kva.de", "sue@xn--mller-kva.de"),
        ("o'neil@fabrikam.com", "o'neil@fabrikam.com"),
        ("sue", None),
        ("", None),
        ("@fabrikam.com", None),
        ("sue@", None),
        ("sue@localhost", None),
        ("sue b@fabrikam.com", None),
        ("a@b@c.com", None),
        ("sue@fabrikam.com, bob@fabrikam.com", None),
    ],
)
def test_one_form_of_an_address(text: str, plain: str | None) -> None:
    """Case, surrounding space, a final dot and the domain's script make no difference."""
    assert plain_address(text) == plain


def test_a_member_loses_the_personal_fields_and_nothing_else_changes() -> None:
    """Name, address, number and title go; the colleague, the company and the deal stay as they came."""
    before = referral()
    left = left_of(before)
    assert left["customerProfile"]["team"][0] == {
        **dict.fromkeys(("firstName", "lastName", "phoneNumber", "email", "title")),
        "contactPreference": SUE["contactPreference"],
        "erasedAddressHost": "fabrikam.com",
    }
    left["customerProfile"]["team"][0] = SUE
    assert left == before == referral()


@pytest.mark.parametrize(
    "payload",
    [
        referral(team=[SUE]),
        referral(inviteContext={"notes": "Ask Sue", "invitedBy": {"organizationId": "msft", **SUE}}),
        referral(contact={"displayName": "Sue O'Neil-Kovács", "mail": f"<{ADDRESS}>"}),
        referral(details={"notes": f"Write to {ADDRESS.upper()}, or call +1 425.555.0123: Sue O'NEIL-Kovács (CIO)."}),
        referral(details={"notes": "Mrs. Kovács, Sue: 425 555 0123; sue says hello"}),
        referral(details={"notes": [{"text": f"mailto:{ADDRESS}?subject=x"}]}),
        referral(link=f"https://crm.test/?to={ADDRESS.replace('@', '%40')}&x=1"),
        referral(**{ADDRESS: {"is": "a key"}}),
        referral(externalReferenceId=f" {ADDRESS} "),
        [referral()],
        json.dumps(referral()),
    ],
)
def test_wherever_it_stands_it_goes(payload: Any) -> None:
    """In members, notes, keys, links and lists: neither address nor, beside it, name or number is left."""
    left = json.dumps(left_of(payload), ensure_ascii=False).casefold()
    assert "sue.oneil" not in left
    if not isinstance(payload, str):
        assert not [word for word in ("sue", "kovács", "0123") if word in left]
    assert "bob@fabrikam.com" in left
    assert "fabrikam - azure" in left


def test_the_same_name_and_number_is_the_same_person() -> None:
    """Under another address, or under none, a member with the same name and number goes as well; a namesake stays."""
    elsewhere = referral(customerProfile={"team": [{**SUE, "email": "sue77@gmail.com"}, {**SUE, "email": None}]})
    namesake = referral(customerProfile={"team": [{**SUE, "email": "x@y.com", "phoneNumber": "+36 1 555 7777"}]})
    memory = memory_of()
    assert left_of(elsewhere, memory) == elsewhere, "nothing is known of the person yet"
    memory.learn("r-1", find(referral(), memory))
    assert left_of(elsewhere, memory, "r-2")["customerProfile"]["team"][0] | {"erasedAddressHost": 0} == {
        **left_of(referral())["customerProfile"]["team"][0],
        "erasedAddressHost": 0,
    }
    assert left_of(namesake, memory, "r-2") == namesake


def test_a_referral_that_named_a_person_stays_watched() -> None:
    """A later version without the member, its notes still naming the person, loses name and number."""
    memory = memory_of()
    memory.learn("r-1", find(referral(), memory))
    later = referral(customerProfile={"team": []}, details={"notes": "Sue O'Neil-Kovács is at +1 425 555 0123 now"})
    assert left_of(later, memory)["details"]["notes"] == f"{ERASED} is at {ERASED} now"
    assert left_of({**later, "id": "r-2"}, memory, "r-2")["details"] == later["details"]


def test_the_domain_stays() -> None:
    """It is the company's: the referral keeps the domain that only the forgotten person's address gave it."""
    only = referral(customerProfile={"name": "Fabrikam", "team": [SUE]})
    external = referral(customerProfile={"ids": [{"profileType": "External", "id": ADDRESS}]})
    for payload in (only, external):
        row = normalize("r-1", "h", left_of(payload))
        assert row.domain == normalize("r-1", "h", payload).domain == "fabrikam.com"
        assert row.contacts == ()
        assert row.field_errors == {}


def test_an_id_that_is_an_address() -> None:
    """The referral keeps an identity of its own, which does not tell the address."""
    first, again = left_of(referral(id=ADDRESS)), left_of(referral(id=ADDRESS))
    assert first["id"] == again["id"]
    assert first["id"].startswith("erased-")


def test_a_version_is_known_again_and_its_hash_tells_nothing() -> None:
    """The hash belongs to what arrived, under the key; untouched payloads keep theirs."""
    memory = memory_of()
    plain, kept = version_of(referral()), version_without_the_forgotten(referral(), memory)
    assert isinstance(kept, RawVersion)
    assert kept.erased
    assert kept.content_hash == erased_hash(plain.content_hash, memory) != plain.content_hash
    assert ADDRESS not in kept.payload_json.casefold()
    other = referral(customerProfile={"team": [BOB]})
    assert version_without_the_forgotten(other, memory) == version_of(other)
    assert version_without_the_forgotten(referral(), Memory(b"key")) == plain


def test_what_was_erased_stays_as_it_is() -> None:
    """Erasing twice is erasing once, also after another person was erased."""
    left = left_of(referral(details={"notes": f"call Sue O'Neil-Kovács, {ADDRESS}"}))
    assert erase(left, memory_of(), "r-1") == (left, False)
    both = memory_of(ADDRESS, "bob@fabrikam.com")
    assert left_of(left, both) == left_of(referral(details={"notes": f"call Sue O'Neil-Kovács, {ADDRESS}"}), both)


def test_a_payload_deeper_than_the_stack() -> None:
    """Ten thousand levels are no obstacle."""
    deep: Any = {"email": ADDRESS}
    for _ in range(10_000):
        deep = [deep]
    left, changed = erase(deep, memory_of(), "")
    inner: Any = left
    while isinstance(inner, list):
        [inner] = inner
    assert (inner["email"], changed) == (None, True)


@given(referrals | json_values | host_like_text)
def test_whatever_the_payload_nothing_is_raised(value: Any) -> None:
    """Any JSON: what names nobody stays the very same value."""
    memory = memory_of()
    memory.people[memory.person(ADDRESS)].update({memory.hashed("name", "sue"), memory.hashed("phone", "55550123")})
    memory.referrals[memory.hashed("referral", "r-1")] = set(memory.people)
    erase(value, memory, "r-1")
    assert erase(value, memory, "r-2") == (value, False)
