"""The scoring model in force: stored versions, the pointer to the active one, and the one that ships."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from importlib import resources
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from leadscore.adapters.dynamodb_attributes import to_item
from leadscore.adapters.dynamodb_calls import Unserved, batch_get, query, refusals
from leadscore.adapters.dynamodb_keys import VERSION_PREFIX, Key, active_model_key, model_key
from leadscore.adapters.failure import describe
from leadscore.domain.model import Model, compile_model
from leadscore.use_cases.ports import ModelBehind, Pointer, VersionConflict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: How long a worker may go on with a model after another was activated.
_FRESH_SECONDS = 60
#: How soon it looks again where it could not.
_RETRY_SECONDS = 5
#: The activation number of the model that ships, in force until somebody activates one.
_SHIPPED_ACTIVATION = 1
_LOGGER = logging.getLogger(__name__)


class ModelUnusable(ModelBehind):
    """The model in force is none to this worker: its text is gone, or means nothing to this version of the program."""


def shipped_text() -> str:
    return (resources.files("leadscore.models") / "b2b.yaml").read_text("utf-8")


class StoredModels:
    """Models and ModelVersions. `clock` counts seconds, from wherever it likes."""

    def __init__(
        self,
        client: "DynamoDBClient",
        *,
        table: str,
        default_text: str,
        clock: Callable[[], float],
        installs: bool = False,
    ) -> None:
        """`installs` keeps the model that ships in the table when it is first used.

        From then on a deployment that ships another one changes no lead: states are numbered by activation.
        """
        self._client = client
        self._installs = installs
        self._table = table
        self._default_text = default_text
        self._clock = clock
        self._lock = Lock()
        self._active: tuple[int, Model] | None = None
        self._look_at = 0.0

    def active(self, *, at_least: int = 0) -> tuple[int, Model]:
        # One thread reads and compiles; the others would only do the same.
        with self._lock:
            active = self._active
            if active is None or active[0] < at_least:
                active = self._reload()
            elif self._clock() >= self._look_at:
                active = self._refreshed(active)
            if active[0] < at_least:
                raise ModelBehind(f"activation {at_least} is wanted and {active[0]} in force")
            return active

    def pointer(self) -> Pointer:
        """Read consistently. It has no name where the model that ships is in force."""
        found = self._read(active_model_key())
        if found is None:
            return Pointer(_SHIPPED_ACTIVATION, "", 0)
        return Pointer(found["activation"], found["name"], found["version"])

    def activate(self, name: str, text: str) -> Pointer:
        """Keep the text as the next version of the model and put it into force: a valid one, the caller sees to that.

        Raises VersionConflict if somebody else activated one meanwhile.
        """
        before = self.pointer()
        after = Pointer(before.activation + 1, name, self._latest_version(name) + 1)
        self._put_version(after, text)
        self._put_once(
            {**active_model_key(), **asdict(after)},
            "activation = :before" if before.name else "attribute_not_exists(pk)",
            {":before": before.activation} if before.name else {},
        )
        return after

    def _refreshed(self, held: tuple[int, Model]) -> tuple[int, Model]:
        """The model in force; the one that is held where that cannot be had: no lead has to wait for it."""
        try:
            return self._reload()
        except ModelUnusable:
            self._look_at = self._clock() + _FRESH_SECONDS
        except (BotoCoreError, ClientError, Unserved) as error:
            _LOGGER.warning("model.refresh.failed", extra=describe(error))
            self._look_at = self._clock() + _RETRY_SECONDS
        return held

    def _reload(self) -> tuple[int, Model]:
        read_at = self._clock()
        pointer = self.pointer()
        if self._installs and not pointer.name:
            pointer = self._install()
        if self._active is None or self._active[0] != pointer.activation:
            self._active = pointer.activation, _compiled(self._text(pointer))
        self._look_at = read_at + _FRESH_SECONDS
        return self._active

    def _install(self) -> Pointer:
        shipped = Pointer(_SHIPPED_ACTIVATION, str(_parse(self._default_text)["model"]), 1)
        # Another worker may be first with either, and may have died in between: whatever is there stands.
        with suppress(VersionConflict):
            self._put_version(shipped, self._default_text)
        with suppress(VersionConflict):
            self._put_once({**active_model_key(), **asdict(shipped)}, "attribute_not_exists(pk)", {})
        return self.pointer()

    def _text(self, pointer: Pointer) -> str:
        if not pointer.name:
            return self._default_text
        stored = self._read(model_key(pointer.name, pointer.version))
        if stored is None:
            _LOGGER.error("model.gone", extra={"model": pointer.name, "version": pointer.version})
            raise ModelUnusable(f"the model in force, {pointer.name} version {pointer.version}, is gone from the table")
        text: str = stored["text"]
        return text

    def _read(self, key: Key) -> dict[str, Any] | None:
        return next(batch_get(self._client, self._table, [key], is_consistent=True), None)

    def _latest_version(self, name: str) -> int:
        newest_first = query(
            self._client,
            {
                "TableName": self._table,
                "ConsistentRead": True,
                "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
                "ExpressionAttributeValues": to_item({":pk": model_key(name, 0)["pk"], ":prefix": VERSION_PREFIX}),
                "ScanIndexForward": False,
                "Limit": 1,
            },
        )
        latest = next(newest_first, None)
        return 0 if latest is None else int(latest["sk"].removeprefix(VERSION_PREFIX))

    def _put_version(self, pointer: Pointer, text: str) -> None:
        self._put_once({**model_key(pointer.name, pointer.version), "text": text}, "attribute_not_exists(pk)", {})

    def _put_once(self, values: dict[str, Any], condition: str, compared: dict[str, Any]) -> None:
        request: Any = {"TableName": self._table, "Item": to_item(values), "ConditionExpression": condition}
        if compared:
            request["ExpressionAttributeValues"] = to_item(compared)
        try:
            self._client.put_item(**request)
        except ClientError as error:
            if refusals(error):
                raise VersionConflict("somebody else activates a model at this moment") from error
            raise


def _compiled(text: str) -> Model:
    import yaml  # noqa: PLC0415

    try:
        return compile_model(_parse(text))
    except (AttributeError, LookupError, TypeError, ValueError, yaml.YAMLError) as error:
        _LOGGER.error("model.unusable", extra=describe(error))  # noqa: TRY400  A traceback quotes the model.
        raise ModelUnusable("the model in force is none to this version of the program") from error


def _parse(text: str) -> dict[str, Any]:
    # Imported here: most processes that import this module never read a model.
    import yaml  # noqa: PLC0415

    document: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return document
