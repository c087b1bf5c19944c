"""The project's own stack on MiniStack, IAM enforced: deployed once for the session, gone after it."""

from collections.abc import Iterator

import pytest

from infra.local.stack import LocalStack, local_stack
from tests.e2e.outside import Outside

#: What the form tests redirect to.
REDIRECT_SITE = "https://www.example.com"


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    with local_stack(auth=True, context={"redirect_sites": [REDIRECT_SITE]}) as running:
        yield running


@pytest.fixture(scope="session")
def outside(stack: LocalStack) -> Iterator[Outside]:
    with Outside(stack) as view:
        yield view
