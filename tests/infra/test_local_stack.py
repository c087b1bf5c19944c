"""What `make up` tells of the stack that it deployed."""

import pytest

from infra.local.ministack import MiniStack
from infra.local.stack import LocalStack
from leadscore.domain.write_key import write_key

OUTPUTS = {"LeadsUrl": "https://abc.execute-api.aws", "SalesQueueUrl": "s", "NurtureQueueUrl": "n"}


@pytest.fixture
def stack() -> LocalStack:
    """With what it would ask the emulator for."""
    stack = LocalStack(MiniStack(pid=0, endpoint_url="http://127.0.0.1:1"), OUTPUTS, "http://127.0.0.1:2")
    vars(stack).update(_write_key_root="root", leads_token="token")
    return stack


@pytest.mark.parametrize(
    ("sources", "keys"),
    [
        ({"website": "public", "backend": "server"}, {"public_write_key": "website", "server_write_key": "backend"}),
        ({"website": "public", "survey": "typeform"}, {"public_write_key": "website"}),
        ({"shop": "public"}, {}),
    ],
)
def test_a_key_is_told_only_of_a_source_that_may_send(
    stack: LocalStack, sources: dict[str, str], keys: dict[str, str]
) -> None:
    vars(stack).update(sources=sources)

    told = {name: value for name, value in stack.summary().items() if name.endswith("write_key")}

    assert told == {name: write_key("root", source) for name, source in keys.items()}
