"""The scoring model in force: what the pointer names, compiled and held for a moment, or the one that ships."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import resources
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from leadscore.adapters.dynamodb_calls import Unserved
from leadscore.adapters.failure import describe
from leadscore.adapters.model_versions import DynamoDBModelVersions
from leadscore.domain.compiler import compile_model
from leadscore.domain.model import Model
from leadscore.use_cases.ports import Activation, ModelBehind, VersionConflict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: How long a worker may go on with a model after another was activated. The rescoring of all leads waits for it.
FRESH_SECONDS = 10
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
    """Models. `clock` counts seconds, from wherever it likes; `now` is in ms."""

    def __init__(
        self,
        client: "DynamoDBClient",
        *,
        table: str,
        default_text: Callable[[], str],
        clock: Callable[[], float],
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        installs: bool = False,
    ) -> None:
        """`default_text` reads the model that ships, which only a table without one needs.

        `installs` keeps that model in the table when it is first used: from then on a deployment that ships
        another one changes no lead, since states are numbered by activation.
        """
        self._versions = DynamoDBModelVersions(client, table=table)
        self._installs = installs
        self._default_text = default_text
        self._clock = clock
        self._now = now
        self._lock = Lock()
        self._active: tuple[int, Model] | None = None
        self._telling: frozenset[int] = frozenset()
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

    def tells(self, activation: int) -> bool:
        return activation in self._telling

    def _refreshed(self, held: tuple[int, Model]) -> tuple[int, Model]:
        """The model in force; the one that is held where that cannot be had: no lead has to wait for it."""
        try:
            return self._reload()
        except ModelUnusable:
            self._look_at = self._clock() + FRESH_SECONDS
        except (BotoCoreError, ClientError, Unserved) as error:
            _LOGGER.warning("model.refresh.failed", extra=describe(error))
            self._look_at = self._clock() + _RETRY_SECONDS
        return held

    def _reload(self) -> tuple[int, Model]:
        read_at = self._clock()
        in_force = self._versions.in_force()
        if in_force is None and self._installs:
            in_force = self._install()
        number = _SHIPPED_ACTIVATION if in_force is None else in_force.activation
        if self._active is None or self._active[0] != number:
            if in_force is not None and in_force.tells:
                self._telling |= {number}
            self._active = number, _compiled(self._text(in_force))
        self._look_at = read_at + FRESH_SECONDS
        return self._active

    def _install(self) -> Activation | None:
        # Another worker may be first with either, and may have died in between: whatever is there stands.
        text = self._default_text()
        model = _compiled(text)
        with suppress(VersionConflict):
            pushed, _ = self._versions.push(model.name, text, at=self._now())
            ladder = tuple(stage.name for stage in model.stages)
            self._versions.put_into_force(
                Activation(_SHIPPED_ACTIVATION, pushed.name, pushed.version, pushed.pushed_at, stages=ladder)
            )
        return self._versions.in_force()

    def _text(self, in_force: Activation | None) -> str:
        if in_force is None:
            return self._default_text()
        text = self._versions.text(in_force.name, in_force.version)
        if text is None:
            _LOGGER.error("model.gone", extra={"model": in_force.name, "version": in_force.version})
            raise ModelUnusable(f"the model in force, {in_force.name} version {in_force.version}, is gone")
        return text


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
