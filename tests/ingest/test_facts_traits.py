"""What an address, a company's size and a job title say."""

from typing import Any

import pytest

from leadscore.ingest.facts.company_size import company_size_band, stated_sizes
from leadscore.ingest.facts.email_kind import email_domain, email_kind, is_somebodys
from leadscore.ingest.facts.seniority import seniority

KINDS = {
    "business": [
        "ada@acme.com", "Ada.Lovelace@Acme.CO.UK", "ada@münchen.de", "ada@straße.de", "ada@acme.com.", "asd@acme.com",
        "sales.lee@acme.com", "a@contest.com", "attestation@acme.com", "ada@corp.gmail.com", "testa@acme.com",
    ],
    "free": [
        "ada@gmail.com", "ada@googlemail.com", "ada@gmx.de", "ada@web.de", "ada@t-online.de", "ada@orange.fr",
        "ada@hotmail.es", "ada@yahoo.co.uk", "ada@icloud.com", "ada@proton.me", "ada@tutanota.com", "123456@qq.com",
        "info@gmail.com",
    ],
    "disposable": ["ada@mailinator.com", "ada@box.mailinator.com", "info@mailinator.com", "ada@guerrillamail.com"],
    "role": [
        "info@acme.com", "Sales@acme.com", "info+web@acme.com", "info-de@acme.com", "sales.emea@acme.com",
        "no-reply@acme.com", "it-support@acme.com", "kontakt@acme.de", "ventas@acme.es", "hr2@acme.com",
    ],
    "fake": [
        "donaldduck@gmail.com", "Donald.Duck7@acme.com", "mickey.mouse@acme.com", "max.mustermann@web.de", "test@test",
        "test@acme.com", "test123@gmail.com", "asdf@acme.com", "asdf@mailinator.com", "xxx@acme.com", "ada@example.com",
        "ada@mail.example.org", "ada@acme.test", "ada@acme.invalid", "ada@printer.local",
        "ada@asdf.com", "ada@test.de", "ada@localhost", "ada@a.c", "ada@1.2.3.4", "ada@-x-.com", "n/a", "none", "ada",
    ],
}  # fmt: skip
TITLES = {
    "founder": ["Founder & CEO", "Co-Founder", "Cofounder", "Gründerin", "Fondateur", "Co-fondatrice", "Fundador"],
    "owner": [
        "Owner", "Co-owner", "Inhaber", "Propriétaire", "Dueña", "Eigentümerin", "Geschäftsführender Gesellschafter",
    ],
    "c-level": [
        "CEO", "cfo", "C.T.O.", "Chief Executive", "Chief Marketing Officer", "Chief Sales & Marketing Officer",
        "President", "Managing Director", "Chairwoman of the Board", "Member of the Board", "Geschäftsführer",
        "Geschaeftsfuehrerin", "Geschäftsführer:in", "Mitglied der Geschäftsleitung", "Mitglied des Vorstands",
        "Vorstandsvorsitzender", "PDG", "Directeur général", "Director General", "Consejera delegada", "CIO/VP IT",
    ],
    "partner": ["Partner", "Managing Partner"],
    "vp": [
        "VP", "vp sales", "EVP", "SVP, Global Sales", "Vice President of the Americas", "Vice-President",
        "Assistant Vice President", "Vizepräsidentin", "Vice-présidente", "Vicepresidente",
        "VP, Office of the President",
    ],
    "director": [
        "Director", "Sales Director", "Associate Director", "Assistant Director", "Director of Student Affairs",
        "Direktorin", "Directrice marketing", "Directora de Marketing", "General Manager", "Prokurist",
    ],
    "head": [
        "Head of Sales", "Global Head", "Leiter Einkauf", "IT-Leiterin", "Vertriebsleiter", "Leitung Marketing",
        "Head of the CEO Office", "Chief of Staff to the CEO",
    ],
    "manager": [
        "Marketing Manager (m/w/d)", "Senior Manager", "Assistant Manager", "Team Lead", "Teamleiterin",
        "Projektleiter", "Responsable commercial", "Chef de projet", "Cheffe d\u2019équipe", "Gerente de ventas",
        "Jefa de producto", "Lead Generation Manager",
    ],
    "senior": [
        "Senior Engineer", "Sr. Buyer", "Lead Developer", "Principal Consultant", "Staff Engineer", "Experte SAP",
    ],
    "entry": [
        "Junior Buyer", "Associate", "Founder's Associate", "Assistant to the CEO", "Executive Assistant",
        "CEO Assistant", "Executive Assistant CEO", "PA to the Managing Director", "Assistenz der Geschäftsführung",
        "Assistante de direction", "Asistente del director", "Sachbearbeiterin", "Sekretärin des Vorstands",
    ],
    "intern": ["Intern", "Marketing Manager Intern", "Praktikantin", "Werkstudent Vertrieb", "Stagiaire", "Becaria"],
    "student": ["Student", "Law student", "PhD Student at MIT", "Studentin der Informatik", "Étudiante", "Estudiante"],
    None: [
        "Software Engineer", "Product Owner", "HR Business Partner", "Headhunter", "Internal Auditor", "Flugbegleiter",
        "Advisor to the CTO", "Former CEO", "ex-VP Sales", "Lead Generation", "Student Affairs", "Presidential aide",
        "Account Executive", "", "  ", "!!!", 5, None, ["CEO"], {"title": "CEO"}, "x" * 5_000,
    ],
}  # fmt: skip
BANDS = {
    "1": [1, 1.5, "1", "self-employed", "<2"],
    "2-10": [2, 10, "2-10", "1-10", "< 10", "up to 10", "bis zu 10"],
    "11-50": [11, 50, "11 to 50", "10-50", "10+", "12 employees", "11\u201350", "10 \u2013 49 Mitarbeiter", "~ 30"],
    "51-200": [51, 200, "51-200", "50-200", "50+", "more than 50", "51 bis 200", "51 à 200 salariés"],
    "201-500": [201, 500, "250+", "200-500", "über 250", "201-500 employees"],
    "501-1000": [501, 1_000, "500-1,000", "500+", "1.000", "1 000", "1'000", "1k", "500-1k"],
    "1001-5000": [1_001, 5_000, "1,200", "1,001-5,000", "1000+ employees", "1-5k", "1.5k"],
    "5001-10000": [5_001, 10_000, "5,001 - 10,000", "5k-10k"],
    "10001+": [10_001, 10**30, "10,000+", "10001+", "more than 10,000", "200000"],
    None: [
        0,
        -3,
        True,
        "",
        "large",
        "200-50",
        "est. 1999, 50 employees",
        "0",
        [50],
        {"min": 50},
        None,
        "9" * 100,
        "5e3",
    ],
}


@pytest.mark.parametrize(("address", "kind"), [(address, kind) for kind, known in KINDS.items() for address in known])
def test_an_address_is_of_one_kind(address: str, kind: str) -> None:
    assert email_kind(address, email_domain(address)) == kind


@pytest.mark.parametrize("value", [None, "", " ", 5, ["ada@acme.com"], "Ada <ada@acme.com>", "a@acme.com, b@acme.com"])
def test_what_is_more_or_less_than_an_address_is_of_no_kind(value: Any) -> None:
    assert (email_domain(value), email_kind(value, email_domain(value))) == (None, None)


@pytest.mark.parametrize(
    "address",
    [
        *("ada@acme.com", "ada@gmail.com", "info@acme.com", "ada@northwind.example", "x@mailinator.com", "ada@ada.com"),
        *("ada@example.com", "jane.doe@example.com", "user@example.com", "test@acme.com", "test@test.com"),
    ],
)
def test_an_address_names_somebody_a_tester_too(address: str) -> None:
    assert is_somebodys(address)


@pytest.mark.parametrize(
    "address",
    ["asdf@asdf.com", "qwerty@qwerty.de", "aaaa@aaaa.com", "null@null", "email@email.com", "none@none.org"],
)
def test_what_is_typed_to_get_past_a_form_names_nobody(address: str) -> None:
    assert not is_somebodys(address)


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("Ada@ACME.com", "acme.com"),
        ("ada@mail.acme.co.uk", "mail.acme.co.uk"),
        ("ada@Müller.de", "xn--mller-kva.de"),
        ("ada@straße.de", "xn--strae-oqa.de"),
        ("ada@例え。jp", "xn--r8jz45g.jp"),
        ("ada@xn--mller-kva.de", "xn--mller-kva.de"),
        ("ada@acme.com.", "acme.com"),
        ("ada@acme", None),
        ("ada@a..com", None),
        ("ada@" + "x" * 64 + ".com", None),
    ],
)
def test_a_domain_is_told_as_mail_servers_ask_for_it(address: str, domain: str | None) -> None:
    assert email_domain(address) == domain


@pytest.mark.parametrize(("title", "rank"), [(title, rank) for rank, known in TITLES.items() for title in known])
def test_a_title_gives_a_rank_by_its_words(title: Any, rank: str | None) -> None:
    assert seniority(title) == rank


@pytest.mark.parametrize(("size", "band"), [(size, band) for band, known in BANDS.items() for size in known])
def test_a_size_falls_into_a_band(size: Any, band: str | None) -> None:
    assert company_size_band([size]) == band


@pytest.mark.parametrize(
    ("traits", "band"),
    [
        ({"company_size": 300}, "201-500"),
        ({"employees": 300}, "201-500"),
        ({"company": {"employees": 300}}, "201-500"),
        ({"company": {"size": "201-500"}}, "201-500"),
        ({"company": {"employee_count": 300}}, "201-500"),
        ({"company_size": 300, "employees": 2, "company": {"size": 1}}, "201-500"),
        ({"company_size": "large", "employees": 300}, "201-500"),
        ({"company": "Acme"}, None),
    ],
)
def test_a_size_is_found_under_the_names_that_clients_use(traits: dict[str, Any], band: str | None) -> None:
    assert company_size_band(stated_sizes(traits)) == band
