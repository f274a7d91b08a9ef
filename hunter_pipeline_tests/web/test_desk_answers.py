"""Answers at the lead desk over HTTP: forms, refusals, states and history."""

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline_tests.pipeline.answering import add_referral, patches, send
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS
from hunter_pipeline_tests.warehouse.installation import Installation, open_installation
from hunter_pipeline_tests.web.services import run_service
from hunter_pipeline_tests.web.test_api_updates import make_due, service_settings

HTMX = {"HX-Request": "true", "Accept-Language": "en"}
COUNT = "select count(*) from referral_updates"


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[Installation]:
    with open_installation(server, SandboxOptions(referrals=3)) as installation:
        yield installation


@pytest.fixture(scope="module")
def url(shared: Installation) -> Iterator[str]:
    with run_service(service_settings(shared)) as url:
        yield url


@pytest.fixture(autouse=True)
def write_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUNTER_WRITE_BACK", "on")


def get(url: str, path: str, **headers: str) -> requests.Response:
    return requests.get(f"{url}{path}", headers={**HTMX, **headers}, timeout=DEADLINE_SECONDS)


def region(url: str, *referral_ids: str, **headers: str) -> str:
    """Return the HTML of the forms for referrals: of the dialog for one, of the bar for several."""
    place = "detail" if len(referral_ids) == 1 else "bar"
    query = "&".join(f"referral={each}" for each in referral_ids)
    return get(url, f"/desk/answers?place={place}&{query}", **headers).text


def form_of(page: str, action: str) -> dict[str, Any]:
    """Return the values of the form of an action, as a browser sends them."""
    [form] = [form for form in re.findall("<form.*?</form>", page, re.DOTALL) if f'value="{action}"' in form]
    inputs = re.findall(r'<input[^>]* name="(\w+)" value="([^"]*)"', form)
    texts = re.findall(r'<textarea name="(\w+)"[^>]*>([^<]*)<', form)
    ids = [value for name, value in inputs if name == "referral"]
    return {name: html.unescape(value) for name, value in inputs + texts} | {"referral": ids}


def post(url: str, form: dict[str, Any], path: str = "", headers: dict[str, str] | None = None) -> requests.Response:
    address = f"{url}/desk/answers{path}"
    return requests.post(address, form, headers=headers or HTMX, timeout=DEADLINE_SECONDS, allow_redirects=False)


def test_form_shows_the_deal_and_sends_only_what_was_changed(installation: Installation, url: str) -> None:
    referral_id = add_referral(installation)
    form = form_of(region(url, referral_id), "accept")
    shown = (form["name"], form["value"], form["currency"], form["close_date"], form["notes"], form["by"])
    assert shown == ("Windows 365", "5000", "EUR", "2027-01-31", "first", "")
    given = post(url, {**form, "value": "12000", "by": "Şule Öz"})
    assert (given.status_code, given.headers["hx-trigger"]) == (200, "desk-refresh")
    assert "Accept, Windows 365: sent in 10 seconds." in given.text
    [row] = installation.rows("select * from referral_updates")
    paths = [each["path"] for each in row["operations"]]
    assert paths == ["/status", "/substatus", "/name", "/details/dealValue", "/details/closingDateTime"]
    assert (row["requested_by"], row["state"]) == ("Şule Öz", "pending")
    page = get(url, f"/referrals/{referral_id}", Cookie=f"person={given.cookies['person']}").text
    assert "Accept: waiting" in page
    assert form_of(page, "won")["by"] == "Şule Öz"
    assert 'name="action" value="accept"' not in page, "the answer under way counts"
    assert "Accept: waiting" in get(url, "/").text


def test_states_are_polled_until_the_answer_is_confirmed(installation: Installation, url: str) -> None:
    referral_id = add_referral(installation)
    given = post(url, {**form_of(region(url, referral_id), "decline"), "reason": "No capacity", "by": "Ada"}).text
    [polled] = re.findall(r'hx-get="(/desk/answers[^"]+)" hx-trigger="every 1s', given)
    lists = re.search(r'hx-get="(/desk/answers\?place=lists[^"]+)"', get(url, "/").text)
    assert lists
    assert get(url, html.unescape(polled)).status_code == 204
    assert "hx-trigger" not in get(url, html.unescape(lists[1])).headers
    make_due(installation)
    send(installation)
    settled = get(url, html.unescape(polled))
    assert settled.headers["hx-trigger"] == "answers-settled"
    assert "every 1s" not in settled.text
    assert "Decline: confirmed" in settled.text
    assert "Reason: No capacity" in settled.text
    refreshed = get(url, html.unescape(lists[1]))
    assert (refreshed.status_code, refreshed.headers["hx-trigger"]) == (204, "desk-refresh")


def test_several_referrals_get_one_answer_or_none(installation: Installation, url: str) -> None:
    new = [add_referral(installation, name=f"Deal {number}") for number in range(3)]
    bare = add_referral(installation, name="Bare deal", details={"currency": "EUR"})
    page = region(url, *new, bare)
    assert "4 selected" in page
    assert "CRM ID" not in page
    refused = post(url, {**form_of(page, "accept"), "by": "Ada"})
    assert (refused.status_code, installation.value(COUNT)) == (422, 0)
    assert "Bare deal: An accepted deal needs a name, a value, a currency and an expected close date." in refused.text
    given = post(url, {**form_of(region(url, *new), "decline"), "by": "Ada", "reason": "No capacity"})
    assert "Decline, 3 referrals: sent in 10 seconds." in given.text
    assert given.text.count("Decline: waiting") == installation.value(COUNT) == 3
    closed = add_referral(installation, status="Closed", substatus="Lost")
    assert re.findall('name="action" value="([a-z]+)"', region(url, bare, closed)) == ["update"]


def test_answer_is_refused_when_the_referral_is_not_what_the_form_showed(installation: Installation, url: str) -> None:
    referral_id = add_referral(installation)
    form = {**form_of(region(url, referral_id), "update"), "value": "7000", "by": "Ada"}
    installation.sandbox.world.update(referral_id, details={"dealValue": 9000})
    installation.sync()
    refused = post(url, form)
    assert (refused.status_code, installation.value(COUNT)) == (422, 0)
    assert "The referral has changed since this form was opened." in refused.text
    retried = form_of(refused.text, "update")
    assert (retried["value"], retried["by"]) == ("7000", "Ada"), "nothing has to be entered again"
    assert post(url, retried).status_code == 200


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"by": " "}, "Enter your name"),
        ({"by": "Ada"}, "Change at least one value."),
        ({"by": "Ada", "currency": "euro"}, "A value is a number that is not negative"),
    ],
)
def test_refused_form_says_why(installation: Installation, url: str, changes: dict[str, str], sentence: str) -> None:
    referral_id = add_referral(installation)
    form = form_of(region(url, referral_id), "update")
    refused = post(url, {**form, **changes})
    assert (refused.status_code, installation.value(COUNT)) == (422, 0)
    assert f'role="alert" tabindex="-1" autofocus>{sentence}' in refused.text


def test_answer_is_taken_back_until_it_is_sent(installation: Installation, url: str) -> None:
    referral_id = add_referral(installation)
    form = form_of(region(url, referral_id), "decline") | {"by": "Ada"}
    undo = re.search(r'name="number" value="(\d+)"', post(url, form).text)
    assert undo
    assert "Taken back" in post(url, {"number": undo[1]}, "/cancel").text
    assert "Decline: taken back" in region(url, referral_id)
    post(url, form_of(region(url, referral_id), "decline") | {"by": "Ada"})
    make_due(installation)
    assert [row["state"] for row in send(installation)] == ["confirmed"]
    assert len(patches(installation)) == 1
    late = post(url, {"number": str(int(undo[1]) + 1)}, "/cancel").text
    assert "cannot be taken back any more" in late


@pytest.mark.parametrize(("operation", "value", "state"), [("retry", 12000, "confirmed"), ("cancel", 9000, "canceled")])
def test_conflict_shows_both_values_and_is_decided_by_a_person(
    installation: Installation, url: str, operation: str, value: int, state: str
) -> None:
    referral_id = add_referral(installation)
    post(url, {**form_of(region(url, referral_id), "update"), "value": "12000", "by": "Ada"})
    installation.sandbox.world.update(referral_id, details={"dealValue": 9000})
    make_due(installation)
    [row] = send(installation)
    assert row["state"] == "conflict"
    page = region(url, referral_id)
    assert '<th scope="row">Deal value</th><td>12,000</td><td>9,000</td>' in page
    assert "Edit: conflict" in get(url, "/").text
    post(url, {"number": row["id"]}, f"/{operation}")
    send(installation)
    assert installation.value("select state from referral_updates") == state
    assert installation.sandbox.world.referrals[referral_id]["details"]["dealValue"] == value


def test_early_won_is_warned_of_in_the_readers_language(installation: Installation, url: str) -> None:
    old = add_referral(installation)
    young = add_referral(installation, createdDateTime=installation.sandbox.world.referrals[old]["updatedDateTime"])
    assert "less than 72 hours" not in region(url, old)
    assert region(url, young).count("less than 72 hours") == 1
    assert region(url, young, **{"Accept-Language": "tr"}).count("72 saatten daha kısa süre önce") == 1


@pytest.fixture
def published_url(installation: Installation) -> Iterator[str]:
    """The address of a desk that HUNTER_PUBLIC_URL publishes under a path."""
    settings = service_settings(installation, public_url="http://crm.example/hunter")
    with run_service(settings) as url:
        yield f"{url}/hunter"


def test_page_without_scripts_answers_and_reports_refusals(installation: Installation, published_url: str) -> None:
    referral_id, url = add_referral(installation), published_url
    browser = {"Accept": "text/html", "Accept-Language": "en"}
    page = get(url, f"/referrals/{referral_id}").text
    assert {*re.findall('"([^"]*)/desk/answers', page)} == {"/hunter"}
    form = form_of(page, "decline")
    refused = post(url, {**form, "seen": "", "by": "Ada"}, headers=browser)
    assert (refused.status_code, "The referral has changed" in refused.text) == (422, True)
    given = post(url, {**form, "by": "Ada"}, headers=browser)
    assert (given.status_code, given.headers["location"]) == (303, f"/hunter/referrals/{referral_id}")
    number = installation.value("select id from referral_updates")
    undone = post(url, {"number": number}, "/cancel", headers=browser)
    assert (undone.status_code, undone.headers["location"]) == (303, f"/hunter/referrals/{referral_id}")
    foreign = {**HTMX, "Origin": "https://elsewhere.example"}
    assert post(url, {**form, "by": "Ada"}, headers=foreign).status_code == 403


def test_dry_run_shows_the_request(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUNTER_WRITE_BACK", "dry-run")
    referral_id = add_referral(installation)
    with run_service(service_settings(installation, write_back="dry-run")) as url:
        given = post(url, {**form_of(region(url, referral_id), "decline"), "by": "Ada"}).text
        assert "stored as a dry run, not sent" in given
        make_due(installation)
        send(installation)
        assert "&#34;method&#34;: &#34;PATCH&#34;" in region(url, referral_id)
    assert patches(installation) == []


def test_nothing_is_shown_or_accepted_while_answers_are_off(installation: Installation, url: str) -> None:
    referral_id = add_referral(installation)
    form = {**form_of(region(url, referral_id), "decline"), "by": "Ada"}
    number = re.findall(r'name="number" value="(\d+)"', post(url, form).text)[0]
    with run_service(service_settings(installation, write_back="off")) as off:
        for path in ("/", f"/referrals/{referral_id}", "/desk/results"):
            assert re.findall("desk/answers|class=.pick|Decline: waiting", get(off, path).text) == []
        assert get(off, f"/desk/answers?referral={referral_id}").status_code == 404
        assert [post(off, form).status_code, post(off, {"number": number}, "/cancel").status_code] == [404, 404]
    assert installation.rows("select state from referral_updates") == [{"state": "pending"}]
