"""Recognize erased people by keyed hashes and reduce the payloads that name them to impersonal fields."""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

from hunter_pipeline.referrals.addresses import addresses_in, ascii_host, decode, find_hosts
from hunter_pipeline.referrals.customer_domain import ADDRESS_HOST
from hunter_pipeline.referrals.fields import id_entries
from hunter_pipeline.referrals.payloads import RawVersion, Rejected, WireReferral, version_of, version_of_wire
from hunter_pipeline.referrals.referral import Payload

# Replaces a quarantined text that names an erased person.
ERASED = "[erased]"

_REQUIREMENT = [dict.fromkeys(("id", "name", "type"))]
# The fields that are known to be impersonal, as a shape: None is a single value, a list has one shape for its members.
# The deal's name, notes, reasons and everything that is not listed may hold names.
_IMPERSONAL: dict[str, Any] = {
    **dict.fromkeys(("id", "engagementId", "externalReferenceId", "campaignId", "eTag")),
    **dict.fromkeys(("organizationId", "organizationName", "mpnId")),
    **dict.fromkeys(("createdDateTime", "updatedDateTime", "expirationDateTime", "acceptedDateTime", "closedDateTime")),
    **dict.fromkeys(("status", "substatus", "type", "qualification", "direction", "salesStage", "quality")),
    **dict.fromkeys(("isSpam", "favorite", "referralSource", "referralProgram", "dealSensitivity")),
    **dict.fromkeys(("registrationStatus", "createdVia", "lastModifiedVia")),
    "consent": dict.fromkeys(
        ("consentToContact", "consentToToShareInfoWithOthers", "consentToShareReferralWithMicrosoftSellers")
    ),
    "customerProfile": {**dict.fromkeys(("name", "size", "isMatchingComplete")), "address": {"country": None}},
    "details": {
        **dict.fromkeys(("dealValue", "currency", "closingDateTime", "customerRequestedContact", "incentiveLevel")),
        "requirements": dict.fromkeys(("industries", "products", "services", "solutions"), _REQUIREMENT),
    },
    "inviteContext": {
        **dict.fromkeys(("invitedMpnId", "assistanceRequestCode")),
        "invitedBy": dict.fromkeys(("organizationId", "organizationName")),
    },
}
_MAX_MEMBERS = 50
_MAX_ADDRESS = 320


@dataclass(frozen=True, slots=True)
class ErasureRegistry:
    """
    The erased people, known by hashes under the database's own key.

    people: hashes of their e-mail addresses.
    referrals: hash of the id of each referral that named them -> hashes of their addresses. Other versions of such a
        referral count as naming them, too, because notes may have the name without the address.
    """

    key: bytes
    people: set[str] = field(default_factory=set[str])
    referrals: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def address_hash(self, address: str) -> str:
        """Return the hash of an address as `canonical_address` returns it."""
        return self._hash("address", address)

    def version_hash(self, content_hash: str) -> str:
        """Return the content hash of a reduced version: it reveals nothing, and is the same at every sync."""
        return self._hash("version", content_hash)

    def replacement_id(self, referral_id: str) -> str:
        """Return the id of a referral whose own id is an erased person's address."""
        return f"erased-{self._hash('id', referral_id)[:32]}"

    def people_in(self, text: str) -> set[str]:
        """Return the hashes of the erased people whose addresses are in a text, in any spelling."""
        return {self.address_hash(address) for address in addresses_in(text)} & self.people

    def has_named(self, referral_id: str) -> bool:
        """Return whether some version of a referral is recorded as naming an erased person."""
        # Older versions recorded a GUID in the letters in which it arrived.
        return any(self._hash("referral", text) in self.referrals for text in (referral_id, referral_id.upper()))

    def record(self, referral_id: str, people: set[str]) -> None:
        """Record that a referral names these people."""
        self.referrals.setdefault(self._hash("referral", referral_id), set()).update(people)

    def _hash(self, kind: str, value: str) -> str:
        return hmac.digest(self.key, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), "sha256").hex()


def redact(item: object, registry: ErasureRegistry) -> RawVersion | Rejected:
    """
    Return the version of an item, reduced to impersonal fields if the item names an erased person.

    The content hash of a reduced version is a keyed hash of the original one: the same payload is the same version at
    every sync, and the hash does not reveal the payload.
    """
    version = version_of_wire(item) if isinstance(item, WireReferral) else version_of(item)
    if not registry.people:
        return version
    is_named = bool(registry.people_in(version.payload_json))
    content_hash = registry.version_hash(version.content_hash)
    if isinstance(version, Rejected):
        return replace(version, payload_json=ERASED, content_hash=content_hash, erased=True) if is_named else version
    if not is_named and not registry.has_named(version.referral_id):
        return version
    payload = item.parsed() if isinstance(item, WireReferral) else item
    reduced = cast("RawVersion", version_of(reduce_payload(cast("Payload", payload), registry)))
    return replace(reduced, content_hash=content_hash, repaired=version.repaired, erased=True)


def reduce_payload(payload: Payload, registry: ErasureRegistry) -> Payload:
    """
    Return the impersonal fields of a referral.

    Of addresses, the host is kept, from which the customer's domain is read; it is the company's. Texts that contain an
    address are dropped. Reducing a reduced payload changes nothing.
    """
    reduced = cast("Payload", _impersonal(payload, _IMPERSONAL))
    if registry.people_in(str(payload["id"])):
        reduced["id"] = registry.replacement_id(str(payload["id"]))
    profile = payload.get("customerProfile")
    if isinstance(profile, dict):
        fields = cast("Payload", profile)
        reduced["customerProfile"] |= {"team": list(_team_hosts(fields)), "ids": list(_ids(fields))}
        reduced["customerProfile"] |= _website(fields)
    return reduced | _website(payload)


def reduce_operations(operations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the operations of an answer; values of all other than impersonal fields are ERASED."""
    return [
        operation if _is_impersonal(str(operation["path"])) else {**operation, "value": ERASED}
        for operation in operations
    ]


def _is_impersonal(path: str) -> bool:
    """Return whether a JSON pointer names an impersonal field; ids of the partner's CRM are free text in an answer."""
    shape: Any = _IMPERSONAL
    for name in path.strip("/").split("/"):
        if not isinstance(shape, dict) or name not in shape:
            return False
        shape = cast("dict[str, Any]", shape)[name]
    return shape is None and path != "/externalReferenceId"


def _impersonal(value: object, shape: object) -> object:
    """Return the part of a JSON value that a shape of `_IMPERSONAL` allows; the rest becomes None or is left out."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return None
        fields, shapes = cast("Payload", value), cast("dict[str, object]", shape)
        return {name: _impersonal(fields[name], inner) for name, inner in shapes.items() if name in fields}
    if isinstance(shape, list):
        [member_shape] = cast("list[object]", shape)
        members = cast("list[object]", value) if isinstance(value, list) else []
        return [_impersonal(member, member_shape) for member in members]
    if isinstance(value, (dict, list)) or (isinstance(value, str) and any(addresses_in(value))):
        return None
    return value


def _members(profile: Payload, name: str) -> Iterator[Payload]:
    value = profile.get(name)
    for member in cast("list[object]", value)[:_MAX_MEMBERS] if isinstance(value, list) else []:
        if isinstance(member, dict):
            yield cast("Payload", member)


def _team_hosts(profile: Payload) -> Iterator[Payload]:
    """Yield a member for each address of a member, with only its host."""
    for member in _members(profile, "team"):
        email, known_host = member.get("email"), member.get(ADDRESS_HOST)
        found = find_hosts(email) if isinstance(email, str) and len(email) <= _MAX_ADDRESS else []
        hosts = [ascii_host(host.text.partition(":")[0]) for host in found if not host.is_bare]
        if not hosts and isinstance(known_host, str):
            hosts = [ascii_host(known_host)]
        yield from ({ADDRESS_HOST: host} for host in hosts if host)


def _ids(profile: Payload) -> Iterator[Payload]:
    """Yield the customer's ids; of addresses and URLs, only the hosts."""
    for entry in id_entries(profile.get("ids"))[:_MAX_MEMBERS]:
        profile_type, value = _impersonal(entry.get("profileType"), None), entry.get("id")
        if isinstance(value, str) and ("@" in (text := decode(value)) or "/" in text):
            value = _hosts_only(value)
        yield {"profileType": profile_type, "id": None if isinstance(value, (dict, list)) else value}


def _website(fields: Payload) -> Payload:
    value = fields.get("website")
    hosts = _hosts_only(value) if isinstance(value, str) else None
    return {"website": hosts} if hosts else {}


def _hosts_only(text: str) -> str | None:
    """Return the hosts in a text, those of addresses and URLs as URLs, with `/-` for a path; None if it has none."""
    kept: list[str] = []
    for found in find_hosts(text):
        host = ascii_host(found.text.partition(":")[0])
        if host and "." in host:
            kept.append(f"{'' if found.is_bare else 'https://'}{host}{'/-' if found.has_path else ''}")
    return ", ".join(kept) or None
