"""Identity and version of a payload, and the text of it that jsonb accepts."""

import json
import random
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
import simplejson
from hypothesis import given
from hypothesis import strategies as st

from hunter_pipeline.referrals.json_repair import depth_exceeds, dumps_deep
from hunter_pipeline.referrals.payloads import MAX_DEPTH, RawVersion, Rejected, version_of
from hunter_pipeline_tests.domain.strategies import json_values, referrals


def nested(levels: int) -> dict[str, Any]:
    """An object of so many levels in all."""
    value: Any = {}
    for _ in range(levels - 2):
        value = [value]
    return {"id": "a", "x": value}


def accepted(item: object) -> RawVersion:
    """The version of an item that must have one."""
    version = version_of(item)
    assert isinstance(version, RawVersion)
    return version


def strict(text: str) -> Any:
    """Load JSON as strictly as PostgreSQL does: no NaN, no infinity."""

    def refuse(name: str) -> None:
        raise AssertionError(name)

    return json.loads(text, parse_constant=refuse, parse_float=Decimal)


def texts_in(value: Any) -> list[str]:
    """Every text in a value, keys included."""
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in texts_in(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts_in(part)]
    return [value] if isinstance(value, str) else []


def test_a_referral_has_identity_and_version() -> None:
    """The ordinary case: id, seven-digit key, microsecond time, nothing repaired."""
    version = accepted({"id": " 5A7d ", "updatedDateTime": "2022-02-24T21:12:46.1743218Z", "n": Decimal("1.50")})
    assert version.referral_id == "5A7d"
    assert version.source_updated_key == "2022-02-24T21:12:46.1743218Z"
    assert version.source_updated_at == datetime(2022, 2, 24, 21, 12, 46, 174321, tzinfo=UTC)
    assert version.payload_json == '{"id":" 5A7d ","n":1.50,"updatedDateTime":"2022-02-24T21:12:46.1743218Z"}'
    assert not version.repaired


@pytest.mark.parametrize("updated", [None, "", "yesterday", 20220224, "9999-12-31T23:59:59-01:00"])
def test_an_unreadable_time_is_no_reason_to_lose_a_payload(updated: object) -> None:
    """Such a version sorts before every other."""
    version = accepted({"id": "a", "updatedDateTime": updated})
    assert (version.source_updated_at, version.source_updated_key) == (None, "")


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (None, "not_an_object"),
        ([{"id": "a"}], "not_an_object"),
        ("a", "not_an_object"),
        (float("nan"), "not_an_object"),
        (10**5000, "not_an_object"),
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
        (nested(100_000), "too_deep"),
        (nested(2_000)["x"], "too_deep"),
    ],
    ids=count(),
)
def test_what_has_no_usable_identity_is_rejected_with_its_reason(item: object, reason: str) -> None:
    """The whole payload goes along as plain ASCII, whatever is in it."""
    rejected = version_of(item)
    assert isinstance(rejected, Rejected)
    assert rejected.reason == reason
    assert rejected.payload_json.isascii() and "\0" not in rejected.payload_json and len(rejected.content_hash) == 64


def test_a_deep_payload_is_kept_in_full() -> None:
    """Text of any depth is written without loss, and nesting up to the limit is stored as usual."""
    rejected = version_of(nested(10_000))
    assert isinstance(rejected, Rejected)
    assert rejected.payload_json == '{"id":"a","x":' + "[" * 9_998 + "{}" + "]" * 9_998 + "}"
    assert strict(accepted(nested(MAX_DEPTH)).payload_json) == nested(MAX_DEPTH)


def test_brackets_in_text_and_breadth_are_not_depth() -> None:
    """Many brackets only cause a second look."""
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
        (10**5000, hex(10**5000)),
        (10**999, 10**999),
        (2.0**-8, Decimal("0.00390625")),
        (Decimal("1E+400"), Decimal("1E+400")),
        ({"a\0": 1, "a\ufffd": 2}, {"a\ufffd": 1, "a\ufffd\ufffd": 2}),
    ],
    ids=count(),
)
def test_what_jsonb_refuses_is_replaced_and_nothing_else(value: object, stored: object) -> None:
    """NUL, lone surrogates and endless numbers are mended, emoji and text that looks odd are left alone."""
    version = accepted({"id": "a", "x": [value]})
    assert strict(version.payload_json) == {"id": "a", "x": [stored]}
    assert version.repaired == (value != stored)


def test_the_hash_is_of_the_original_value() -> None:
    """The order of keys does not matter; what was replaced, and the type of a value, do."""
    hashes = [
        accepted({"id": "a", "x": value}).content_hash
        for value in (1, Decimal("1.0"), "1", True, "\0", "\ud800", "\ufffd", float("inf"), "Infinity", None)
    ]
    assert len(set(hashes)) == len(hashes)
    assert accepted({"a": 1, "id": "a"}).content_hash == accepted({"id": "a", "a": 1}).content_hash


@given(referrals | json_values)
def test_every_value_is_accounted_for(item: Any) -> None:
    """Any JSON is a version that jsonb accepts, or rejected with a reason; nothing raises."""
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
def test_the_order_of_keys_changes_nothing(item: dict[str, Any], shuffle: random.Random) -> None:
    """The same object written in another order is the same version."""
    keys = list(item)
    shuffle.shuffle(keys)
    item["id"] = "a"
    assert version_of({key: item[key] for key in [*keys, "id"]}) == version_of(item)


@given(json_values.filter(lambda value: not depth_exceeds(value, 100)))
def test_both_encoders_write_the_same_text(value: Any) -> None:
    """A payload's hash does not depend on which of them wrote it."""
    try:
        fast = simplejson.dumps(value, sort_keys=True, separators=(",", ":"), use_decimal=True, allow_nan=True)
    except ValueError:  # an integer of more than 4,300 digits, which only the other can write
        fast = dumps_deep(value)
    assert dumps_deep(value) == fast


@pytest.mark.parametrize(("value", "depth"), [(1, 0), ([], 1), ({}, 1), ([[]], 2), ({"a": [1, {}]}, 3)])
def test_depth_counts_lists_and_objects(value: object, depth: int) -> None:
    """A number has no depth, an empty list one level."""
    assert not depth_exceeds(value, depth)
    assert depth == 0 or depth_exceeds(value, depth - 1)
