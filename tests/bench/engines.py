"""The same hundred rules and events in our engine and in others, side by side in one process."""

import gc
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from statistics import median

from leadscore.domain.event import LeadEvent
from leadscore.domain.model import Model
from tests.bench.figures import Figure, Progress, Section
from tests.bench.models import EVENT_NAMES
from tests.bench.ours import fold_history, points_by_event, step_through
from tests.bench.rules import (
    EVENTS_PER_LEAD,
    FEATURES,
    TIMED,
    Facts,
    Load,
    Moment,
    Rule,
    histories,
    load_of,
    model_of,
    picked,
    rules,
)

RULES = 100
LEADS = 10
ROUNDS = 7
#: Of so many events the points are compared before anything is timed.
COMPARED = 300
#: Modules of `rivals`, and how many times the time of ours each is to take at least.
GOALS = {"business_rules": 40.0, "json_logic_qubit": 40.0, "zen_engine": 25.0, "cel_rust": 15.0}
#: Where `make bench` puts the rivals, beside the packages that everything else needs.
PACKAGES = Path(__file__).parents[2] / "build" / "rivals"
OURS = "ours, a lead's history at once"
_DECAY = "decay"
_PICKED = ", rules picked by event"

type Engine = Callable[[Facts], int]
type EngineOf = Callable[[Sequence[Rule]], Engine]


@dataclass(frozen=True)
class Rival:
    """A way to use another engine. `goal` is how many times slower than ours it is to be at least."""

    name: str
    version: str
    engine_of: EngineOf
    goal: float


@dataclass(frozen=True)
class Measured:
    """Microseconds of CPU per event in each round, by contender: those of one round can be compared."""

    rounds: Mapping[str, Sequence[float]]

    def us(self, name: str) -> float:
        return median(self.rounds[name])

    def ratio(self, name: str) -> float:
        """How many times ours: the median over the rounds."""
        return median(theirs / ours for theirs, ours in zip(self.rounds[name], self.rounds[OURS], strict=True))


def find_rivals() -> tuple[list[Rival], list[str]]:
    """The rivals that are installed, and what to say of those that are not."""
    if str(PACKAGES) not in sys.path:
        sys.path.append(str(PACKAGES))
    found, missing = [], []
    for module_name, goal in GOALS.items():
        try:
            module = import_module(f"tests.bench.rivals.{module_name}")
        except ModuleNotFoundError as error:
            missing.append(f"Left out: {module_name}, as there is no module {error.name}. `make bench` installs it.")
            continue
        version = metadata.version(module.NAME)
        found += [Rival(f"{module.NAME}, {mode}", version, engine_of, goal) for mode, engine_of in module.MODES.items()]
    return found, missing


def picked_by_event(engine_of: EngineOf, every: Sequence[Rule]) -> Engine:
    """An engine for each event name, with the rules that could match it: what a user can do for a rival."""
    engines = {name: engine_of(picked(every, name)) for name in EVENT_NAMES}
    return lambda facts: engines[facts["event"]](facts)


def compare(every: Sequence[Rule], contenders: Mapping[str, Engine]) -> None:
    """Raises if any engine gives other points for an event than ours."""
    plain = model_of(every)
    for history in histories(COMPARED // EVENTS_PER_LEAD):
        points = points_by_event([moment.event for moment in history], plain)
        for name, engine in contenders.items():
            if [engine(moment.facts) for moment in history] != points:
                raise AssertionError(f"{name} gives other points than ours")


def measure(every: Sequence[Rule], moments: Sequence[Sequence[Moment]], contenders: Mapping[str, Engine]) -> Measured:
    """Each contender once in every round, so that whatever slows the machine slows all of them."""
    model = model_of(every, features=TIMED)
    undecayed = model_of(every, features=[feature for feature in TIMED if feature != _DECAY])
    plain = model_of(every)
    events = [[moment.event for moment in history] for history in moments]
    facts = [moment.facts for history in moments for moment in history]
    works: dict[str, Callable[[], None]] = {
        OURS: lambda: _each(fold_history, events, model),
        "ours, an event at a time": lambda: _each(step_through, events, model),
        "ours, at once, all but decay": lambda: _each(fold_history, events, undecayed),
        "ours, at once, plain points": lambda: _each(fold_history, events, plain),
        **{name: _judging(engine, facts) for name, engine in contenders.items()},
    }
    rounds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            rounds[name].append(_cpu_us(work) / len(facts))
    return Measured(rounds)


def _each(
    fold: Callable[[Sequence[LeadEvent], Model], object], histories: Sequence[Sequence[LeadEvent]], model: Model
) -> None:
    for events in histories:
        fold(events, model)


def _judging(engine: Engine, facts: Sequence[Facts]) -> Callable[[], None]:
    def judge() -> None:
        for one in facts:
            engine(one)

    return judge


def _cpu_us(work: Callable[[], None]) -> float:
    gc.collect()
    before = time.process_time_ns()
    work()
    return (time.process_time_ns() - before) / 1_000


def sections(progress: Progress) -> list[Section]:
    every = rules(RULES)
    rivals, missing = find_rivals()
    contenders: dict[str, Engine] = {}
    for rival in rivals:
        contenders[rival.name] = rival.engine_of(every)
        contenders[rival.name + _PICKED] = picked_by_event(rival.engine_of, every)
    progress(f"comparing the points of {COMPARED} events")
    compare(every, contenders)
    progress(f"{ROUNDS} rounds")
    moments = histories(LEADS)
    measured = measure(every, moments, contenders)
    load = load_of(every, [moment for history in moments for moment in history])
    return [_times(load, measured, missing), _ratios(rivals, measured)]


def _times(load: Load, measured: Measured, missing: Sequence[str]) -> Section:
    untimed = [feature for feature in FEATURES if feature not in TIMED]
    return Section(
        "Rule engines: CPU per event",
        f"{load.rules} rules, {load.conditions} conditions; per event {load.candidates:.0f} rules could match and"
        f" {load.matches:.1f} do. Points of {COMPARED} events are the same in all. Median of {ROUNDS} rounds in turns.",
        [Figure(name, us := measured.us(name), note=f"{1e6 / us:,.0f} events/s") for name in measured.rounds],
        unit="us",
        remarks=[
            f"Ours folds histories of {EVENTS_PER_LEAD} events: stages, lines of the explanation, {', '.join(TIMED)}.",
            *([f"Ours does not have yet: {', '.join(untimed)}."] if untimed else []),
            "The others judge conditions and add points up, nothing else; rules and facts are prepared before.",
            "They judge fit with every event, ours when a trait changes. Picked are the rules that name the event.",
            *missing,
        ],
    )


def _ratios(rivals: Sequence[Rival], measured: Measured) -> Section:
    return Section(
        "Rule engines: times slower than ours",
        f"Against `{OURS}`, the median of the ratios in each round.",
        [
            Figure(
                f"{rival.name} ({rival.version})",
                measured.ratio(rival.name),
                least=rival.goal,
                style=",.1f",
                note=f"{measured.ratio(rival.name + _PICKED):.1f} with the rules picked by event",
            )
            for rival in rivals
        ],
        unit="times",
    )
