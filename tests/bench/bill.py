"""What a piece of work costs in DynamoDB: units and calls, read off the client that does it.

The client is hooked, so that the real adapters run unchanged. MiniStack bills what is written as DynamoDB does. Reads
are counted by DynamoDB's rule from the sizes of what came back, and so are refused writes, which cost as much as what
refused them: of both MiniStack says nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from tests.bench.item_size import item_bytes, read_units, write_units


@dataclass
class Bill:
    """`written` are units of the tables, `indexed` those of their indexes; `items_read` counts what came back.

    `puts` and `bytes_put` are by the kind of item (STATE, EVENT, ...), transactions' included. `published` counts the
    transitions that somebody will be told of.
    """

    written: float = 0
    indexed: Counter[str] = field(default_factory=Counter)
    read: float = 0
    items_read: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    puts: Counter[str] = field(default_factory=Counter)
    bytes_put: Counter[str] = field(default_factory=Counter)
    published: int = 0

    def __post_init__(self) -> None:
        # A batch's leads are worked on in threads.
        self._lock = Lock()

    @property
    def write_units(self) -> float:
        return self.written + self.indexed.total()

    def _ask(self, params: dict[str, Any], context: dict[str, Any], model: Any, **_: Any) -> dict[str, Any]:
        context["asked"] = params
        return params | {"ReturnConsumedCapacity": "INDEXES"}

    def _note(self, parsed: Mapping[str, Any], context: dict[str, Any], model: Any, **_: Any) -> None:
        asked = context["asked"]
        with self._lock:
            self.calls[model.name] += 1
            match model.name:
                case "BatchGetItem":
                    self._note_batch(asked, parsed)
                case "Query":
                    self._note_query(asked, parsed)
                case "PutItem" if "Error" in parsed:
                    self.written += write_units(item_bytes(parsed.get("Item", {})))
                case "PutItem":
                    self._note_written([asked["Item"]], [parsed["ConsumedCapacity"]])
                case "TransactWriteItems" if "Error" not in parsed:
                    items = [action["Put"]["Item"] for action in asked["TransactItems"] if "Put" in action]
                    self._note_written(items, parsed["ConsumedCapacity"])
                case _:
                    raise AssertionError(f"nobody taught this bill what {model.name} costs: {parsed.get('Error')}")

    def _note_batch(self, asked: Mapping[str, Any], parsed: Mapping[str, Any]) -> None:
        for table, request in asked["RequestItems"].items():
            items = parsed["Responses"].get(table, [])
            absent = len(request["Keys"]) - len(items)
            sizes = [*map(item_bytes, items), *[0] * absent]
            self.items_read += len(items)
            self.read += sum(read_units(size, is_consistent=request["ConsistentRead"]) for size in sizes)

    def _note_query(self, asked: Mapping[str, Any], parsed: Mapping[str, Any]) -> None:
        size = sum(map(item_bytes, parsed["Items"]))
        self.items_read += len(parsed["Items"])
        self.read += read_units(size, is_consistent=asked.get("ConsistentRead", False))

    def _note_written(self, items: Iterable[Mapping[str, Any]], consumed: Iterable[Mapping[str, Any]]) -> None:
        for item in items:
            kind = item["sk"]["S"].partition("#")[0]
            self.puts[kind] += 1
            self.bytes_put[kind] += item_bytes(item)
            self.published += item.get("publish", {}).get("BOOL", False)
        for each in consumed:
            of_indexes = {
                name: index["CapacityUnits"] for name, index in each.get("GlobalSecondaryIndexes", {}).items()
            }
            self.indexed.update(of_indexes)
            self.written += each["CapacityUnits"] - sum(of_indexes.values())


@contextmanager
def billed(client: Any) -> Iterator[Bill]:
    """Bill what is done with the client inside the block."""
    bill = Bill()
    events = client.meta.events
    # Before the table is told, in the request's own context: calls of several threads do not mix.
    events.register("provide-client-params.dynamodb", bill._ask)
    events.register("after-call.dynamodb", bill._note)
    try:
        yield bill
    finally:
        events.unregister("provide-client-params.dynamodb", bill._ask)
        events.unregister("after-call.dynamodb", bill._note)
