"""Links and pictures in e-mails, made by the command line for the deployed stack."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tests.e2e.outside import Outside, new_name

READER = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"}


def test_the_links_that_the_command_makes_are_taken(outside: Outside) -> None:
    user = new_name()
    program = Path(sys.executable).with_name("leadscore")
    command = [
        program,
        "email-links",
        "--campaign",
        "spring",
        "--target",
        "https://www.example.com/",
        "--user-id",
        user,
    ]
    said = subprocess.run(
        command, env=outside.stack.ministack.environment(), capture_output=True, text=True, check=True
    ).stdout
    paths = {name: urlsplit(address).path for name, address in map(str.split, said.splitlines())}

    picture = outside.without_key("GET", paths["picture"], headers=READER)
    clicked = outside.without_key("GET", paths["link"], headers=READER)

    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/gif")
    assert (clicked.status_code, clicked.headers["location"]) == (302, "https://www.example.com/")
    lead = outside.lead(user_id=user)
    assert {line["rule"]: line["times"] for line in lead["explanation"]} == {"Email opened": 1, "Email link clicked": 1}
