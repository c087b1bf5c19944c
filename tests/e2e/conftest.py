"""The project's own stack on MiniStack, IAM enforced: deployed once for the session, gone after it."""

from collections.abc import Iterator

import pytest

from infra.local.stack import LocalStack, local_stack
from tests.e2e.outside import Outside

#: What the form tests redirect to.
REDIRECT_SITE = "https://www.example.com"
#: The usual ones, and some that sign what they send.
SOURCES = {"website": "public", "backend": "server", "forms": "typeform", "newsletter": "sendgrid", "mail": "ses"}


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    context = {"redirect_sites": [REDIRECT_SITE], "sources": SOURCES}
    with local_stack(auth=True, context=context) as running:
        yield running


@pytest.fixture(scope="session")
def outside(stack: LocalStack) -> Iterator[Outside]:
    with Outside(stack) as view:
        yield view
