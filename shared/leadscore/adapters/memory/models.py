"""Scoring models: their versions, or one that is in force without any."""

from collections.abc import Sequence

from leadscore.adapters.memory.hooks import Hook, Hooks, ignore
from leadscore.domain.model import Model
from leadscore.use_cases.ports import Activation, ModelBehind, Run, Segment, Version, VersionConflict


class MemoryModelVersions(Hooks):
    """ModelVersions and Runs."""

    def __init__(self, before_call: Hook = ignore, after_call: Hook = ignore) -> None:
        super().__init__(before_call, after_call)
        self._pushed: dict[str, list[tuple[Version, str]]] = {}
        self._activations: list[Activation] = []
        self._run: tuple[Run, dict[tuple[str, int], Segment]] | None = None

    # ModelVersions

    def push(self, name: str, text: str, *, at: int) -> tuple[Version, bool]:
        with self._call("push"):
            pushed = self._pushed.setdefault(name, [])
            if pushed and pushed[-1][1] == text:
                return pushed[-1][0], False
            pushed.append((Version(name, len(pushed) + 1, at), text))
            return pushed[-1][0], True

    def text(self, name: str, version: int) -> str | None:
        with self._call("text"):
            texts = {there.version: text for there, text in self._pushed.get(name, ())}
            return texts.get(version)

    def versions(self) -> Sequence[Version]:
        with self._call("versions"):
            return [version for _, pushed in sorted(self._pushed.items()) for version, _ in pushed]

    def in_force(self) -> Activation | None:
        with self._call("in_force"):
            return self._activations[-1] if self._activations else None

    def activations(self) -> Sequence[Activation]:
        with self._call("activations"):
            return self._activations[::-1]

    def put_into_force(self, activation: Activation) -> None:
        with self._call("put_into_force"):
            if self._activations and self._activations[-1].activation != activation.activation - 1:
                raise VersionConflict("somebody else activates a model at this moment")
            self._activations.append(activation)

    # Runs

    def begin(self, run: Run) -> None:
        with self._call("begin"):
            self._run = run, {}

    def latest(self) -> tuple[Run, Sequence[Segment]] | None:
        with self._call("latest"):
            return None if self._run is None else (self._run[0], list(self._run[1].values()))

    def remember(self, run: Run, segment: Segment) -> None:
        with self._call("remember"):
            if self._run is not None and self._run[0] == run:
                self._run[1][segment.stage, segment.shard] = segment


class FixedModels:
    """Models with one model in force until somebody sets another. `telling` are the activations that tell."""

    def __init__(self, activation: int, model: Model) -> None:
        self.activation = activation
        self.model = model
        self.telling: set[int] = set()

    def active(self, *, at_least: int = 0) -> tuple[int, Model]:
        if self.activation < at_least:
            raise ModelBehind
        return self.activation, self.model

    def tells(self, activation: int) -> bool:
        return activation in self.telling
