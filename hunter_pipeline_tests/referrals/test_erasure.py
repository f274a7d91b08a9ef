"""Test which payloads name an erased person, and how they are reduced."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given

from hunter_pipeline.referrals.erasure import ERASED, ErasureRegistry, redact, reduce_payload
from hunter_pipeline.referrals.normalize import normalize_payload
from hunter_pipeline.referrals.payloads import RawVersion, Rejected, version_of
from hunter_pipeline_tests.referrals.strategies import host_like_text, json_values, referrals
from hunter_pipeline_tests.referrals.test_addresses import SPELLINGS
from hunter_pipeline_tests.referrals.test_normalize import samples

SUE = {
    "firstName": "Sue",
    "lastName": "O'Neil-Kovács",
    "phoneNumber": "+1 (425) 555-0123",
    "email": "Sue@Fabrikam.com",
    "title": "CIO",
    "contactPreference": {"locale": "en", "disableNotifications": True},
}
BOB = {"firstName": "Bob", "lastName": "Stone", "phoneNumber": "+1 425 555 0999", "email": "bob@fabrikam.com"}
ADDRESS = "sue@fabrikam.com"


def registry_of(*addresses: str) -> ErasureRegistry:
    registry = ErasureRegistry(key=b"key")
    registry.people.update(registry.address_hash(address) for address in addresses or (ADDRESS,))
    return registry


def referral(**changes: Any) -> dict[str, Any]:
    made = {
        "id": "r-1",
        "name": "Azure for Sue",
        "status": "Active",
        "updatedDateTime": "2025-01-02T08:00:00.0000001Z",
        "customerProfile": {"name": "Fabrikam", "team": [SUE, BOB], "address": {"country": "US", "city": "Bath"}},
        "details": {"notes": "Call Sue", "dealValue": 10},
        "team": [{"firstName": "John", "lastName": "Doe", "email": "john.doe@microsoft.com"}],
    }
    return copy.deepcopy({**made, **changes})


def stored(item: object, registry: ErasureRegistry | None = None) -> Any:
    """Return the payload of an item as it is stored."""
    return json.loads(redact(item, registry or registry_of()).payload_json)


def test_payload_that_names_an_erased_person_keeps_its_impersonal_fields_only() -> None:
    assert stored(referral()) == {
        "id": "r-1",
        "status": "Active",
        "updatedDateTime": "2025-01-02T08:00:00.0000001Z",
        "customerProfile": {
            "name": "Fabrikam",
            "address": {"country": "US"},
            "team": [{"erasedAddressHost": "fabrikam.com"}, {"erasedAddressHost": "fabrikam.com"}],
            "ids": [],
        },
        "details": {"dealValue": 10},
    }


def test_reduced_payload_of_the_observed_shape_is_typed_as_before() -> None:
    """All columns but those of free text and people have the same values, and none has an error."""
    [payload] = samples("observed_shape.json")
    reduced = reduce_payload(payload, registry_of("sue.smith@mail.woodgrovebank.com"))
    before, after = normalize_payload("a", "h", payload), normalize_payload("a", "h", reduced)
    changed = {name for name in before.__slots__ if getattr(before, name) != getattr(after, name)}
    contact = {"contacts", "contact_name", "contact_email", "contact_phone", "contact_rank"}
    assert changed == {"name", "city"} | contact
    assert (after.name, after.city, after.contacts, after.field_errors) == (None, None, (), {})
    assert reduced["details"]["requirements"]["solutions"] == [
        {"id": "3a2fead4-d3fa-4fe9-819f-8062f6f3b2fe", "name": "M365 E5 Compliance | Non-specific", "type": "Name"}
    ]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "change",
    [
        {"customerProfile": {"name": "Fabrikam", "team": [{"email": "{}"}]}},
        {"customerProfile": {"name": "{}"}},
        {"team": [{"email": "{}"}]},
        {"inviteContext": {"invitedBy": {"mail": "<{}>", "organizationName": "Contact: {}"}}},
        {"details": {"notes": "Write to {}, or\n{}."}},
        {"details": {"notes": [{"text": "mailto:{}?subject=x"}], "requirements": {"solutions": [{"name": "{}"}]}}},
        {"link": "https://crm.test/?to={}&x=1"},
        {"{}": {"is": "a key"}},
        {"externalReferenceId": " {} "},
        {"other": {"deep": '{"json": "text", "to": "{}"}'}},
    ],
)
def test_address_is_recognized_and_removed_wherever_it_is(change: dict[str, Any], spelling: str) -> None:
    """In every field, list and key, in every spelling."""
    text = json.dumps({"id": "r-1", "status": "Active", **change}).replace("{}", json.dumps(spelling)[1:-1])
    version = redact(json.loads(text), registry_of())
    assert version.erased
    assert "fabrikam" not in version.payload_json.casefold().replace("fabrikam.com", "", 1).replace('"fabrikam"', "")
    assert "sue" not in version.payload_json.casefold()
    assert json.loads(version.payload_json)["status"] == "Active"


@pytest.mark.parametrize(
    "payload",
    [
        referral(customerProfile={"name": "Fabrikam", "team": [BOB]}),
        referral(customerProfile={"team": [{**SUE, "email": "sue@fabrikam.com.tr"}]}),
        referral(customerProfile={"team": [{**SUE, "email": "mary-sue@fabrikam.com"}]}),
        referral(customerProfile={"team": [{**SUE, "email": "sue.fabrikam.com"}]}),
    ],
)
def test_payload_that_does_not_name_the_person_is_unchanged(payload: dict[str, Any]) -> None:
    assert redact(payload, registry_of()) == version_of(payload)


def test_nothing_is_redacted_without_erased_people() -> None:
    assert redact(referral(), ErasureRegistry(b"key")) == version_of(referral())


def test_later_version_of_a_referral_that_named_a_person_is_reduced() -> None:
    """Its notes may have the name without the address."""
    later = referral(customerProfile={"team": []}, details={"notes": "Sue O'Neil-Kovács, +1 425 555 0123"})
    registry = registry_of()
    assert redact(later, registry) == version_of(later)
    registry.record("r-1", registry.people_in(json.dumps(referral())))
    version = redact(later, registry)
    assert (version.erased, "sue" in version.payload_json.casefold()) == (True, False)
    assert redact({**later, "id": "r-2"}, registry) == version_of({**later, "id": "r-2"})


@pytest.mark.parametrize(
    ("profile", "source"),
    [
        ({"team": [SUE]}, "team_email"),
        ({"team": [{"email": "Sue O'Neil <SUE＠mail.fabrikam.com>; x@y.com"}, SUE]}, "team_email"),
        ({"team": [{"email": "a@gmail.com"}, SUE, {"email": "b@contoso.com"}]}, "team_email"),
        ({"team": [{"email": "a@gmail.com"}], "ids": [{"profileType": "External", "id": ADDRESS}]}, "external_id"),
        ({"ids": [{"profileType": "External", "id": "https://fabrikam.com/sue"}], "x": ADDRESS}, "external_id"),
        ({"ids": [{"profileType": "External", "id": "fabrikam.com"}], "x": ADDRESS}, "external_id"),
        ({"website": "http://www.fabrikam.com/team/sue", "x": ADDRESS}, "website"),
        ({"website": "www.fabrikam.com", "x": ADDRESS}, "website"),
        ({"team": [{"email": "sue@[10.0.0.1]"}, {"email": "n/a"}], "x": ADDRESS}, None),
    ],
)
def test_domain_of_a_reduced_payload_is_the_same(profile: dict[str, Any], source: str | None) -> None:
    """It is the company's, also if only the erased person's address tells it."""
    payload = referral(customerProfile={"name": "Fabrikam", **profile})
    before, after = normalize_payload("r-1", "h", payload), normalize_payload("r-1", "h", stored(payload))
    assert (after.domain, after.domain_source) == (before.domain, source)
    assert after.domain == ("fabrikam.com" if source else None)
    assert after.domain_candidates == before.domain_candidates
    assert (after.contacts, after.field_errors) == ((), {})


def test_customer_ids_are_kept_without_addresses() -> None:
    ids = [
        {"profileType": "Duns", "id": "123456789"},
        {"profileType": "External", "id": "CRM/77"},
        {"profileType": "External", "id": ["?"]},
    ]
    [duns, code, odd] = stored(referral(customerProfile={"team": [SUE], "ids": ids}))["customerProfile"]["ids"]
    assert (duns, code["id"], odd["id"]) == (ids[0], None, None)


def test_referral_id_that_is_an_address_is_replaced() -> None:
    """By the same one at every sync and in every release."""
    payload = referral(id="sue@x.com", customerProfile={"team": [{"email": "sue@x.com"}]})
    version = redact(payload, registry_of("sue@x.com"))
    assert isinstance(version, RawVersion)
    assert version.referral_id == stored(payload, registry_of("sue@x.com"))["id"]
    assert version.referral_id == "erased-eaad1d90ddfd193a068bf86249c17693"


def test_hashes_are_those_of_earlier_releases() -> None:
    """A registry that was stored before still recognizes its people, referrals and versions."""
    registry = ErasureRegistry(b"key")
    addresses = {
        "sue.fairweather@fabrikam.com": "66b6420140caac09a2f50b93b2930516a715a2216b64bdc96ae7fd593b4e995b",
        "sue@xn--mller-kva.de": "6b1937dbf049aff608cbc148e18c7c61f5e0e50fd57a2aa0c78727494de3580f",
    }
    assert {address: registry.address_hash(address) for address in addresses} == addresses
    registry.record("r-1", {"person"})
    assert registry.referrals == {"ea9328110cb28497ab48c1f4aac430319222fe0270b1b21081a8e90bebfa4c21": {"person"}}
    assert registry.version_hash("0" * 64) == "8443d2cc210a1efd7fb5660de19b841fdb1172cf9bed2af9026e51569a48c6d1"
    # of `BİLГİ@...` they stored a form with combining dots
    registry.people.add("0b9129df921c2d14fa3ef07355d665408afb714d8900defe7a58c787b2a1fcf1")
    assert registry.people_in("BİLGİ@GİRİSİM.COM.TR") == registry.people


def test_content_hash_of_a_reduced_version_is_a_keyed_hash_of_the_original() -> None:
    registry = registry_of()
    original, version = version_of(referral()), redact(referral(), registry)
    assert isinstance(version, RawVersion) and isinstance(original, RawVersion)
    assert version.content_hash == registry.version_hash(original.content_hash) != original.content_hash
    assert version.source_updated_key == original.source_updated_key
    assert redact(referral(odd="a\0b"), registry).content_hash != version.content_hash


def test_reducing_twice_changes_nothing() -> None:
    registry = registry_of(ADDRESS, "bob@fabrikam.com")
    payload = referral(website="fabrikam.com/x", customerProfile={"team": [SUE, BOB], "ids": [{"id": ADDRESS}]})
    reduced = reduce_payload(payload, registry)
    assert reduce_payload(reduced, registry) == reduced


@pytest.mark.parametrize("item", [[referral()], {"no": "id", "to": ADDRESS}, ADDRESS, json.dumps(referral())])
def test_quarantined_item_that_names_an_erased_person_becomes_a_marker(item: object) -> None:
    original, version = version_of(item), redact(item, registry_of())
    assert isinstance(original, Rejected)
    assert version == Rejected(ERASED, registry_of().version_hash(original.content_hash), original.reason, erased=True)


def test_quarantined_item_is_searched_however_deep_it_is() -> None:
    deep = "[" * 10_000 + '{"notes": "to\\nsue\\u0040fabrikam.com"}' + "]" * 10_000
    version = redact(deep, registry_of())
    assert isinstance(version, Rejected)
    assert (version.payload_json, version.reason, version.erased) == (ERASED, "too_deep", True)


@given(referrals | json_values | host_like_text)
def test_any_json_is_redacted_without_an_error(value: Any) -> None:
    """What does not name the person stays as it is; a referral that is recorded is reduced once and for all."""
    registry = registry_of("sue@nowhere.invalid")
    assert redact(value, registry) == version_of(value)
    if isinstance(value, dict) and isinstance(version := version_of({**value, "id": "r-1"}), RawVersion):
        registry.record("r-1", registry.people)
        reduced = redact({**value, "id": "r-1"}, registry)
        assert reduced.content_hash == registry.version_hash(version.content_hash)
        payload = json.loads(reduced.payload_json)
        assert reduce_payload(payload, registry) == payload
        assert normalize_payload("r-1", "h", payload).contacts == ()
