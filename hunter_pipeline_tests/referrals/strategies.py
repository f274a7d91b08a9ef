"""Strategies for property tests: text that resembles hosts, and arbitrary JSON with a referral's field names."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

any_text = st.text(st.characters(exclude_categories=[]), max_size=60)

_PIECES = [
    "contoso",
    "müller",
    "xn--",
    "xn--mller-kva",
    "xn--i-7iq",
    "mail",
    "www",
    "onmicrosoft.com",
    "gmail",
    "com.tr",
    "ck",
    "com",
    "co.uk",
    "0x7f",
    "127",
    "1",
    "ß",
    "ͅ",
    "\u200d",
    "。",
    "．",
    "İ",
    "a" * 63,
    "-",
    "_",
    "\x00",
    "�",
    "😀",
    "http://",
    "https:",
    "mailto:",
    "//",
    "/",
    "\\",
    "@",
    "＠",
    ":",
    ":443",
    "<",
    ">",
    '"',
    ",",
    ";",
    " ",
    ".",
    "..",
    "[",
    "]",
    "::1",
    "?",
    "#",
    "%41",
    "example.com",
    "localhost",
    "test",
]
host_like_text = st.lists(st.sampled_from(_PIECES) | any_text, max_size=12).map("".join)

_odd_texts = st.sampled_from(
    [
        "",
        " ",
        "n/a",
        "\x00",
        "�",
        "Ünïcødé",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "true",
        "12e9",
        "US",
        "sue@contoso.com",
        "Shared",
        "independent",
        "DIRECT",
        "msft",
        "&amp;&#0;",
        "x" * 3000,
        "https://fabrikam.com/a",
    ]
)
_scalars: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(
        [10**400, -(10**1200), 10**4000, Decimal("1E+9999"), Decimal("-0.0"), Decimal("NaN"), Decimal("0E+99999")]
    )
    | st.floats()
    | st.decimals(allow_nan=False)
    | any_text
    | _odd_texts
)

_NAMES = [
    "id",
    "engagementId",
    "name",
    "organizationId",
    "externalReferenceId",
    "createdDateTime",
    "updatedDateTime",
    "status",
    "substatus",
    "statusReason",
    "type",
    "qualification",
    "direction",
    "salesStage",
    "customerProfile",
    "address",
    "country",
    "city",
    "team",
    "firstName",
    "lastName",
    "email",
    "phoneNumber",
    "ids",
    "profileType",
    "details",
    "website",
    "dealValue",
    "currency",
    "closingDateTime",
    "customerRequestedContact",
    "inviteContext",
    "invitedBy",
    "size",
]
_keys = st.sampled_from(_NAMES) | any_text

json_values: st.SearchStrategy[Any] = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_keys, inner, max_size=6), max_leaves=20
)


def _object(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional=fields) | json_values


_member = _object(
    firstName=json_values, lastName=json_values, email=host_like_text | json_values, phoneNumber=json_values
)
_profile = _object(
    name=json_values,
    address=_object(country=json_values, city=json_values),
    team=st.lists(_member, max_size=4) | json_values,
    ids=st.lists(_object(profileType=st.just("External"), id=host_like_text | json_values), max_size=3) | json_values,
    website=host_like_text | json_values,
)
# Objects with a referral's field names and any JSON in them.
referrals: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(_NAMES, json_values)
    | {
        "customerProfile": _profile,
        "details": _object(dealValue=json_values, currency=json_values, customerRequestedContact=json_values),
        "inviteContext": _object(invitedBy=_object(organizationId=json_values)),
    },
)
