"""How much longer an event takes where the model has ten times as many rules."""

import gc
import time
from collections.abc import Sequence
from statistics import median

from leadscore.domain.model import Model
from tests.bench.figures import Figure, Progress, Section
from tests.bench.ours import fold_history
from tests.bench.rules import TIMED, Moment, histories, load_of, model_of, rules

FEW, MANY = 100, 1_000
LEADS = 20
ROUNDS = 7
TIMES_MAX = 3.0


def us_per_event(moments: Sequence[Sequence[Moment]], models: Sequence[Model]) -> list[list[float]]:
    """Microseconds of CPU, in each round, by model: in turns, so that those of a round can be compared."""
    events = [[moment.event for moment in history] for history in moments]
    number = sum(map(len, events))
    rounds = []
    for _ in range(ROUNDS):
        times = []
        for model in models:
            gc.collect()
            before = time.process_time_ns()
            for history in events:
                fold_history(history, model)
            times.append((time.process_time_ns() - before) / 1_000 / number)
        rounds.append(times)
    return rounds


def sections(progress: Progress) -> list[Section]:
    progress(f"{FEW} and {MANY:,} rules")
    moments = histories(LEADS)
    flat = [moment for history in moments for moment in history]
    cases = {
        f"{FEW} rules": rules(FEW),
        f"{MANY:,} rules, the others about one asset each": rules(MANY, narrow=True),
        f"{MANY:,} rules, all alike": rules(MANY),
    }
    rounds = us_per_event(moments, [model_of(every, features=TIMED) for every in cases.values()])
    figures = []
    for place, (name, every) in enumerate(cases.items()):
        load = load_of(every, flat)
        figures.append(
            Figure(
                name,
                median(times[place] / times[0] for times in rounds),
                most=TIMES_MAX if place else None,
                note=f"{median(times[place] for times in rounds):.1f} us an event; {load.candidates:.0f} rules could"
                f" match, {load.matches:.1f} do",
            )
        )
    return [
        Section(
            "Ten times more rules",
            f"Time per event over that with {FEW} rules; 20 rules of fit in each. Median of {ROUNDS} rounds in turns.",
            figures,
            unit="times",
            remarks=["Where all are alike, eight times as many match too, so an event has more to do."],
        )
    ]
