"""Test the order of a customer's contacts, and who is never listed."""

from itertools import count
from typing import Any

import pytest

from hunter_pipeline.referrals.normalize import normalize_payload
from hunter_pipeline.referrals.referral import Contact


def member(email: str | None, name: str = "", phone: str | None = None, title: str | None = None) -> dict[str, Any]:
    first, _, last = name.partition(" ")
    return {"firstName": first, "lastName": last, "email": email, "phoneNumber": phone, "title": title}


def contacts(*team: dict[str, Any]) -> tuple[Contact, ...]:
    payload = {"customerProfile": {"name": "Contoso", "team": list(team)}}
    return normalize_payload("a", "hash", payload, own=["fourthcoffee.com"]).contacts


@pytest.mark.parametrize(
    ("team", "order"),
    [
        ([member("sue@gmail.com", "A"), member("sue@contoso.com", "B")], "BA"),
        ([member("sue@gmail.com", "A", "1"), member("sue@contoso.com", "B")], "BA"),
        ([member("a@contoso.com", "A"), member("b@contoso.com", "B", "1")], "BA"),
        ([member("a@contoso.com", "A"), member("b@contoso.com", "B")], "AB"),
        ([member(None, "A", "1"), member("b@contoso.com", "B")], "BA"),
        ([member(None, "A", "1"), member("b@gmail.com", "B")], "BA"),
        ([member("ana@ingrammicro.com", "A", "1"), member(None, "B", "1"), member("c@contoso.com", "C")], "CBA"),
        ([member("noreply@contoso.com", "A", "1"), member("b@contoso.com", "B")], "BA"),
        ([member("a@contoso", "A", "1"), member("b@gmail.com", "B")], "BA"),
        ([member("rep@fourthcoffee.com", "A", "1"), member("b@contoso.com", "B")], "B"),
        ([member("pdm@exchange.microsoft.com", "A", "1"), member("b@contoso.com", "B")], "B"),
        ([member("rep@fourthcoffee.com", "A", "1")], ""),
    ],
    ids=count(),
)
def test_contacts_are_in_the_order_of_calling(team: list[dict[str, Any]], order: str) -> None:
    """At the company with an address, then elsewhere, then by telephone; never the partner's own or Microsoft's."""
    assert "".join(person.name or "" for person in contacts(*team)) == order


@pytest.mark.parametrize(
    ("team", "person"),
    [
        (
            [member("sue@contoso.com", "Sue Smith"), member("SUE@Contoso.com", "Sue Smith", "1")],
            ("sue@contoso.com", "1"),
        ),
        ([member(None, "Sue Smith", "1"), member("sue@contoso.com", "SMITH, Sue")], ("sue@contoso.com", "1")),
        ([member("sue@gmail.com", "Sue Smith"), member("sue@contoso.com", "Sue Smith")], ("sue@contoso.com", None)),
        ([member("sue@contoso.com", ""), member("sue@contoso.com", "Sue")], ("sue@contoso.com", None)),
        ([member(None, "Sue", "+90 555 1"), member("", "Sue", "905551")], (None, "+90 555 1")),
    ],
    ids=count(),
)
def test_person_who_is_listed_twice_is_one_contact(
    team: list[dict[str, Any]], person: tuple[str | None, str | None]
) -> None:
    [found] = contacts(*team)
    assert ((found.name or "").startswith("Sue"), found.email, found.phone) == (True, *person)


def test_people_who_share_a_mailbox_or_a_first_name_are_two() -> None:
    assert len(contacts(member("info@contoso.com", "Sue Smith"), member("info@contoso.com", "Bob Stone"))) == 2
    assert len(contacts(member("sue@contoso.com", "Sue"), member("sue.k@contoso.com", "Sue"))) == 2
    assert len(contacts(member(None, "Sue", "1"), member(None, "Sue", "2"))) == 2


@pytest.mark.parametrize(
    ("written", "email"),
    [
        ("Sue@Contoso.com", "Sue@Contoso.com"),
        ("mailto:sue@contoso.com?subject=x", "sue@contoso.com"),
        ('"Smith, Sue" <sue@contoso.com>', "sue@contoso.com"),
        ("E-mail: sue@contoso.com", "sue@contoso.com"),
        ("sue@gmail.com; sue@contoso.com", "sue@contoso.com"),
        ("sue[at]contoso.com", "sue@contoso.com"),
        ("sue_contoso.com#EXT#@x.onmicrosoft.com", "sue@contoso.com"),
        ("ｓｕｅ＠ｃｏｎｔｏｓｏ．ｃｏｍ", "sue@contoso.com"),
        ("info@müller.de", "info@müller.de"),
        ("sue@gmail.com", "sue@gmail.com"),
    ],
    ids=count(),
)
def test_email_of_a_contact_is_one_address_to_write_to(written: str, email: str) -> None:
    assert contacts(member(written, "Sue")) == (Contact("Sue", email, None, None),)


@pytest.mark.parametrize(
    "written",
    [
        *(
            "n/a",
            "sue@contoso",
            "sue contoso.com",
            "www.contoso.com",
            "none@none.com",
            "sue@[10.0.0.1]",
            "a@example.com",
        ),
        *("noreply@contoso.com", "No-Reply@contoso.com", "do_not_reply@contoso.com", "donotreply2@contoso.com"),
        *("no-reply+12@contoso.com", "mailer-daemon@contoso.com", "yanitlamayiniz@contoso.com", "keine-antwort@x.de"),
    ],
)
def test_field_without_an_address_to_write_to_is_shown_as_text_only(written: str) -> None:
    assert contacts(member(written, "Sue")) == (Contact("Sue", None, None, None, written),)


@pytest.mark.parametrize("local", ["nora.eply", "norbert", "nicole", "bob", "info", "replyto", "noor"])
def test_name_that_begins_like_noreply_is_a_person(local: str) -> None:
    assert contacts(member(f"{local}@contoso.com"))[0].email == f"{local}@contoso.com"
