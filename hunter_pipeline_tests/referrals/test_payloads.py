"""Test identity and version of an item, and the text of it that jsonb accepts."""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
import simplejson
from hypothesis import given
from hypothesis import strategies as st

from hunter_pipeline.referrals.canonical_json import MAX_DEPTH, parse_json
from hunter_pipeline.referrals.payloads import (
    RawVersion,
    Rejected,
    WireReferral,
    identify,
    version_of,
    version_of_wire,
)
from hunter_pipeline_tests.referrals.strategies import json_values, referrals


def nested(levels: int) -> dict[str, Any]:
    """Return an object of so many levels in all."""
    value: Any = {}
    for _ in range(levels - 2):
        value = [value]
    return {"id": "a", "x": value}


def accepted(item: object) -> RawVersion:
    """Return the version of an item that has one."""
    version = version_of(item)
    assert isinstance(version, RawVersion)
    return version


def strict(text: str) -> Any:
    """Load JSON that has neither NaN nor infinity, as PostgreSQL does."""

    def refuse(name: str) -> None:
        raise AssertionError(name)

    return json.loads(text, parse_constant=refuse, parse_float=Decimal)


def texts_in(value: Any) -> list[str]:
    """Return every text in a value, keys included."""
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in texts_in(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts_in(part)]
    return [value] if isinstance(value, str) else []


def test_referral_has_an_identity_and_a_version() -> None:
    version = accepted({"id": " 5A7d ", "updatedDateTime": "2022-02-24T21:12:46.1743218Z", "n": Decimal("1.50")})
    assert version.referral_id == "5A7d"
    assert version.source_updated_key == "2022-02-24T21:12:46.1743218Z"
    assert version.source_updated_at == datetime(2022, 2, 24, 21, 12, 46, 174321, tzinfo=UTC)
    assert version.payload_json == '{"id":" 5A7d ","n":1.50,"updatedDateTime":"2022-02-24T21:12:46.1743218Z"}'
    assert not version.repaired


@pytest.mark.parametrize("updated", [None, "", "yesterday", 20220224, "9999-12-31T23:59:59-01:00"])
def test_version_without_a_readable_time_has_an_empty_key(updated: object) -> None:
    """It sorts before every other version."""
    version = accepted({"id": "a", "updatedDateTime": updated})
    assert (version.source_updated_at, version.source_updated_key) == (None, "")


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (None, "not_an_object"),
        ([{"id": "a"}], "not_an_object"),
        ("a", "not_an_object"),
        (float("nan"), "not_an_object"),
        ({}, "missing_id"),
        ({"ID": "a"}, "missing_id"),
        ({"id": None}, "null_id"),
        ({"id": ""}, "empty_id"),
        ({"id": " \n"}, "empty_id"),
        ({"id": 7}, "id_not_text"),
        ({"id": True}, "id_not_text"),
        ({"id": ["a"]}, "id_not_text"),
        ({"id": "a\0"}, "id_not_storable"),
        ({"id": "\udc00"}, "id_not_storable"),
        ({"id": "a" * 201}, "id_too_long"),
        (nested(MAX_DEPTH + 1), "too_deep"),
        ("[" * 2_000 + "]" * 2_000, "too_deep"),
        (' {"id": "a", "x": ' + "[" * 100_000 + "]" * 100_000 + "}", "too_deep"),
        ("[]{}" * 1_000, "not_an_object"),
    ],
    ids=count(),
)
def test_item_without_a_usable_identity_is_rejected_with_a_reason(item: object, reason: str) -> None:
    """Its text is plain ASCII, whatever is in it."""
    rejected = version_of(item)
    assert isinstance(rejected, Rejected)
    assert rejected.reason == reason
    assert rejected.payload_json.isascii() and "\0" not in rejected.payload_json and len(rejected.content_hash) == 64


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, MAX_DEPTH + 20, 10_000])
@pytest.mark.parametrize("referral_id", ['"a"', "7"])
def test_deep_item_is_rejected_and_kept_in_full(referral_id: str, levels: int) -> None:
    """Up to the limit it is stored as usual."""
    text = f'{{"id":{referral_id},"x":' + "[" * (levels - 2) + "{}" + "]" * (levels - 2) + "}"
    found = identify(text.encode())
    rejected = version_of_wire(found) if isinstance(found, WireReferral) else version_of(found)
    assert isinstance(rejected, Rejected)
    assert rejected.reason == "too_deep"
    assert rejected.payload_json in (text, json.dumps(text))
    assert strict(accepted(nested(MAX_DEPTH)).payload_json) == nested(MAX_DEPTH)


def test_brackets_in_text_and_breadth_are_not_depth() -> None:
    assert not accepted({"id": "a", "x": "[" * 5000, "y": [[]] * 5000}).repaired


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("a\0b", "a\ufffdb"),
        ("\ud83d", "\ufffd"),
        ("😀", "😀"),
        ("\\u0000 \\ud800", "\\u0000 \\ud800"),
        ("NaN Infinity 1E+9999", "NaN Infinity 1E+9999"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (Decimal("NaN"), "NaN"),
        (Decimal("Infinity"), "Infinity"),
        (Decimal("1E+5000"), "1E+5000"),
        (Decimal("1E-5000"), "1E-5000"),
        (Decimal("0." + "1" * 1500), "0." + "1" * 1500),
        (10**1200, str(10**1200)),
        (10**999, 10**999),
        (2.0**-8, Decimal("0.00390625")),
        (Decimal("1E+400"), Decimal("1E+400")),
        ({"a\0": 1, "NaN": "1E+9999"}, {"a\ufffd": 1, "NaN": "1E+9999"}),
        (["\0\\u0000\ud83d", float("nan"), '"NaN": \\'], ["\ufffd\\u0000\ufffd", "NaN", '"NaN": \\']),
    ],
    ids=count(),
)
def test_value_that_jsonb_refuses_is_replaced_and_nothing_else(value: object, stored: object) -> None:
    """NUL, lone surrogates and long numbers are replaced; emoji and text that resembles them are not."""
    version = accepted({"id": "a", "x": [value]})
    assert strict(version.payload_json) == {"id": "a", "x": [stored]}
    assert version.repaired == (value != stored)


def test_content_hash_is_that_of_the_original_value() -> None:
    """It depends on what was replaced and on the type of a value, not on the order of keys."""
    hashes = [
        accepted({"id": "a", "x": value}).content_hash
        for value in (1, Decimal("1.0"), "1", True, "\0", "\ud800", "\ufffd", float("inf"), "Infinity", None)
    ]
    assert len(set(hashes)) == len(hashes)
    assert accepted({"a": 1, "id": "a"}).content_hash == accepted({"id": "a", "a": 1}).content_hash


def test_guid_in_capitals_is_the_same_referral() -> None:
    guid = "5A7D0C3E-1B2F-4C5D-8E9F-0A1B2C3D4E5F"
    assert accepted({"id": guid}).referral_id == accepted({"id": f" {guid.lower()}"}).referral_id == guid.lower()
    arrived = identify(json.dumps({"id": f"{guid} "}).encode())
    assert isinstance(arrived, WireReferral)
    version = version_of_wire(arrived)
    assert isinstance(version, RawVersion)
    assert arrived.referral_id == version.referral_id == guid.lower()


@given(referrals | json_values)
def test_any_json_is_a_version_or_rejected(item: Any) -> None:
    """jsonb accepts the text of a version; nothing raises."""
    version = version_of(item)
    if isinstance(version, Rejected):
        assert version.reason and version.payload_json.isascii()
        return
    assert version.referral_id == item["id"].strip()
    loaded = strict(version.payload_json)
    assert not any(sign in text for text in texts_in(loaded) for sign in "\0")
    json.dumps(loaded, default=str, ensure_ascii=False).encode()  # raises for a lone surrogate
    assert version.repaired or "\\u0000" not in version.payload_json.replace("\\\\", "")


@given(referrals, st.randoms(use_true_random=False))
def test_version_does_not_depend_on_the_order_of_keys(item: dict[str, Any], shuffle: random.Random) -> None:
    keys = list(item)
    shuffle.shuffle(keys)
    item["id"] = "a"
    assert version_of({key: item[key] for key in [*keys, "id"]}) == version_of(item)


@given(referrals | json_values)
def test_version_of_wire_is_that_of_the_parsed_item(item: Any) -> None:
    """The fast path and the one that takes everything give the same text and hash."""
    body = simplejson.dumps(item, use_decimal=True, allow_nan=True).encode()
    found = identify(body)
    expected = version_of(parse_json(body.decode()))
    if isinstance(found, WireReferral):
        version = version_of_wire(found)
        assert isinstance(version, Rejected) or version.wire_hash == found.wire_hash
        assert replace(version, **({} if isinstance(version, Rejected) else {"wire_hash": None})) == expected
    else:
        assert version_of(found) == expected
