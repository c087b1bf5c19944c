"""The README's form, sent as a browser sends it, and its question about the lead."""

import re
import shlex
from html.parser import HTMLParser
from pathlib import Path

import httpx

from tests.e2e.outside import Outside

README = (Path(__file__).parents[2] / "README.md").read_text()


class FormPage(HTMLParser):
    """What a browser would send when the form's button is pressed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given["action"]
        if tag == "input" and "name" in given:
            self.fields[given["name"]] = given.get("value", "")


def example(language: str, containing: str) -> str:
    examples = re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    (found,) = (example for example in examples if containing in example)
    return str(found)


def test_the_form_in_the_readme_makes_the_lead_that_the_readme_asks_for(outside: Outside) -> None:
    stack = outside.stack
    page = example("html", "<form")
    for name, value in {"COLLECT_URL": stack.collect_url, "PUBLIC_WRITE_KEY": stack.public_write_key}.items():
        assert name in page
        page = page.replace(name, value)
    form = FormPage(page)
    command = example("sh", "curl").replace("$LEADS_TOKEN", stack.leads_token).replace("$LEADS_URL", stack.leads_url)
    _, _, header, _, body, url = shlex.split(command)
    name, _, value = header.partition(": ")

    sent = httpx.post(form.action, data=form.fields, trust_env=False)
    outside.settle()
    lead = httpx.post(url, content=body, headers={name: value}, trust_env=False).json()

    assert sent.json() == {"success": True}
    assert lead["stage"] == "sql"
    assert [message["data"]["to"] for message in outside.told("sales", lead["lead"], expected=1)] == ["sql"]
