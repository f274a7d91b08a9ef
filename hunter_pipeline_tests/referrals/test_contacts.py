"""Whom a seller should call."""

import pytest

from hunter_pipeline.referrals.contacts import distinct_people, person_to_call
from hunter_pipeline.referrals.referral import Contact


def contact(name: str, email: str | None = None, phone: str | None = None) -> Contact:
    return Contact(name, email, phone, None)


@pytest.mark.parametrize(
    ("contacts", "chosen"),
    [
        ([], (None, None, None, 0)),
        ([contact("A", "a@gmail.com", "+1555000"), contact("B", "b@contoso.com")], ("B", "b@contoso.com", None, 3)),
        (
            [contact("A", "a@contoso.com"), contact("B", "b@contoso.com", "+1555000")],
            ("B", "b@contoso.com", "+1555000", 3),
        ),
        ([contact("A", "noreply@contoso.com"), contact("B", "b@gmail.com")], ("B", "b@gmail.com", None, 2)),
        ([contact("A", "a@@contoso.com"), contact("B", None, "+1 555 000")], ("B", None, "+1 555 000", 1)),
        ([contact("A", "a@fourthcoffee.com", "+1555000"), contact("B")], ("B", None, None, 0)),
        ([contact("A", "a@microsoft.com", "+1555000")], (None, None, None, 0)),
        ([contact("A", "a@gmail.com; a@contoso.com")], ("A", "a@contoso.com", None, 3)),
        ([contact("A", "A Smith <a@mail.contoso.com>")], ("A", "a@mail.contoso.com", None, 3)),
    ],
)  # fmt: skip
def test_person_to_call(contacts: list[Contact], chosen: tuple[str | None, str | None, str | None, int]) -> None:
    person = person_to_call(contacts, "contoso.com", own=["fourthcoffee.com"])
    assert (person.name, person.email, person.phone, person.rank) == chosen


def test_person_listed_twice_is_one() -> None:
    people = [contact("Kim", "KIM@contoso.com"), contact("Lee"), contact("kim", "kim@contoso.com", "+1555000")]
    assert distinct_people(people) == [contact("Kim", "KIM@contoso.com", "+1555000"), contact("Lee")]
