"""Test names of companies as people write them, and domains that resemble them."""

from itertools import count

import pytest
from hypothesis import given

from hunter_pipeline.referrals.company_name import clean_company_name, fold_name, junk_names, resemblance
from hunter_pipeline_tests.referrals.strategies import any_text


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("FABRIKAM HOLDING ANONİM ŞİRKETİ", "Fabrikam Holding Anonim Şirketi"),
        ("ÇAĞRI YAZILIM SAN. VE TİC. LTD. ŞTİ.", "Çağrı Yazılım San. ve Tic. Ltd. Şti."),
        ("IŞIK GIDA A.Ş.", "Işık Gıda A.Ş."),
        ("CITY POWER & LIGHT LTD.", "City Power & Light Ltd."),
        ("SMITH & SONS Ltd", "Smith & Sons Ltd"),
        ("OFFICINE BELLANDI S.P.A.", "Officine Bellandi S.p.A."),
        ("MÜLLER-BAU GMBH & CO. KG", "Müller-Bau GmbH & Co. KG"),
        ("AL NOOR TRADING LLC", "Al Noor Trading LLC"),
        ("NEW YORK PIZZA INC", "New York Pizza Inc"),
        ("ABC MAKINA SANAYI", "ABC Makina Sanayi"),
        ("O'NEIL BROTHERS", "O'Neil Brothers"),
        ("SIEMENS AG", "Siemens AG"),
        ("contoso lowercase gmbh", "Contoso Lowercase GmbH"),
        ("karoo wines (pty) ltd", "Karoo Wines (Pty) Ltd"),
        ("  Double   Space\u00a0 Ltd \n", "Double Space Ltd"),
        ("Con\u200btoso\ufeff", "Contoso"),
        ("ＣＯＮＴＯＳＯ　株式会社", "Contoso 株式会社"),
        ('"Quoted Co"', "Quoted Co"),
        ("«Бетон-Сервис»", "Бетон-Сервис"),
    ],
    ids=count(),
)
def test_company_name_is_written_in_ordinary_case(written: str, name: str) -> None:
    assert clean_company_name(written) == name


@pytest.mark.parametrize(
    "name",
    [
        *(
            "IBM",
            "IKEA",
            "3M",
            "BMW-ähnlich GmbH",
            "BASF SE",
            "eBay",
            "adidas Group",
            "株式会社田中精工",
            "+90 Danışmanlık",
        ),
        *('"A" and "B"', "Zakład Mechaniczny Nowak sp. z o.o.", "مؤسسة النخيل", "Test"),
    ],
)
def test_company_name_in_mixed_case_or_an_abbreviation_stays(name: str) -> None:
    assert clean_company_name(name) == name


@pytest.mark.parametrize(
    ("country", "name"), [("TR", "İnşaat ve Yapı Ltd"), ("DE", "İnşaat ve Yapı Ltd"), (None, "İnşaat ve Yapı Ltd")]
)
def test_dotless_letters_of_frequent_turkish_words_are_known(country: str | None, name: str) -> None:
    assert clean_company_name("İNŞAAT VE YAPI LTD", country) == name
    assert clean_company_name("DATUM YAZILIM", "TR") == "Datum Yazılım"
    assert clean_company_name("HOLDING IMPORT", "TR") == "Holding Import"


@pytest.mark.parametrize("empty", [None, "", "  ", "\u200b", '""'])
def test_company_name_without_any_character_is_none(empty: str | None) -> None:
    assert not clean_company_name(empty)


@given(any_text)
def test_clean_company_name_does_not_change_when_cleaned_again(text: str) -> None:
    name = clean_company_name(text)
    assert name is None or (clean_company_name(name) == name and name.strip() == name != "")


@pytest.mark.parametrize("name", ["Test", "TEST COMPANY", "n/a", "N.A.", "Deneme Firma", "-", "unknown"])
def test_junk_names_are_listed_in_folded_form(name: str) -> None:
    assert fold_name(name) in ["", *junk_names()]


@pytest.mark.parametrize(
    ("domain", "company", "degree"),
    [
        ("fabrikam-residences.com", "Fabrikam Residences Ltd", 2),
        ("margietravel.es", "Margie Travel S.L.", 2),
        ("baeckerei-huber.de", "Bäckerei Huber GmbH", 2),
        ("backerei-huber.de", "Bäckerei Huber GmbH", 2),
        ("xn--mller-bau-q9a.de", "Müller Bau", 2),
        ("atlasmuhendislik.web.tr", "ATLAS MÜHENDİSLİK", 2),
        ("zm-nowak.com.pl", "Zakład Mechaniczny Nowak sp. z o.o.", 1),
        ("sgtextiles.co.in", "Shree Ganesh Textiles Pvt Ltd", 1),
        ("tum.de", "TU München", 1),
        ("contoso.com", "Contoso Deutschland GmbH", 1),
        ("ingrammicro.com", "Margie Travel S.L.", 0),
        ("contoso.com", "Fabrikam", 0),
        ("gmbh.com", "Fabrikam GmbH", 0),
        ("towa-denki.co.jp", "東和電機株式会社", 0),
        ("contoso.com", "", 0),
    ],
    ids=count(),
)
def test_domain_resembles_the_name_of_its_company(domain: str, company: str, degree: int) -> None:
    assert resemblance(domain, company) == degree
