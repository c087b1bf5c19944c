"""The engine's edges, broken on purpose one by one: the cases worked out by hand must notice each."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CASES = "tests/domain/test_reference.py"

#: What is broken: the module, what stands there, and what is put in its place.
MUTANTS = {
    "an inactivity step comes a millisecond late": (
        "instants.py",
        "start = state.last_activity_at or state.created_at",
        "start = (state.last_activity_at or state.created_at) + 1",
    ),
    "points outlive their end": ("decay.py", "parcel[0] + self.duration > at", "parcel[0] + self.duration >= at"),
    "halves are cut": (
        "decay.py",
        "(amount + _HALF) >> _AMOUNT_BITS\n\n\n@cache",
        "amount >> _AMOUNT_BITS\n\n\n@cache",
    ),
    "one time more than at most": ("repetition.py", "times >= limit.times", "times > limit.times"),
    "points beyond the limit": (
        "repetition.py",
        "points = min(points, left) if points > 0",
        "points = points if points > 0",
    ),
    "the count is reached one early": (
        "repetition.py",
        "total < count.step <= total + amount",
        "total < count.step - 1 <= total + amount",
    ),
    "a rolling window is longer": ("repetition.py", "at - time <= count.window", "at - time <= count.window + 1"),
    "a sequence may take longer": ("repetition.py", "at - seen[0] <= after.within", "at - seen[0] <= after.within + 1"),
    "a visit goes on at its gap": ("step.py", "at - last_at < visits.gap", "at - last_at <= visits.gap"),
    "weeks begin on Thursday": ("durations.py", "_MONDAY_OFFSET_MS = 3 * DAY_MS", "_MONDAY_OFFSET_MS = 0"),
    "values count again": (
        "repetition.py",
        "    if mark in state.marks:\n        return True",
        "    if not state.marks:\n        return True",
    ),
    "caps do not bind": (
        "rules.py",
        "if self.cap is not None and raw > self.cap:",
        "if self.cap is not None and raw > self.cap + 5:",
    ),
    "time takes scores below zero": (
        "ledger.py",
        "kept = max(0, min(-shown, -shown - raw)) if shown < 0 else 0",
        "kept = 0",
    ),
    "a take leaves pools alone": (
        "ledger.py",
        "pool_of.decay.scaled(state.pools.pop(pool_of.id), held - points, held, at)",
        "state.pools.pop(pool_of.id)",
    ),
    "stages drop at their entry": ("stages.py", "stage.holds if is_held else stage.at", "stage.at"),
    "four links are a burst": (
        "machines.py",
        "len({values[one][burst] for one in window}) >= burst.at_least",
        "len({values[one][burst] for one in window}) >= burst.at_least - 1",
    ),
    "bursts last a millisecond longer": (
        "machines.py",
        "events[places[start]].occurred_at > burst.within",
        "events[places[start]].occurred_at > burst.within + 1",
    ),
    "a reset keeps the set stage": ("instants.py", 'state.floor = ""\n', "pass\n"),
}


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_worked_cases_notice_when_an_edge_is_broken(mutant: str, tmp_path: Path) -> None:
    module, sound, broken = MUTANTS[mutant]
    package = tmp_path / "leadscore"
    shutil.copytree(ROOT / "shared" / "leadscore", package, ignore=shutil.ignore_patterns("__pycache__"))
    file = package / "domain" / module
    text = file.read_text()
    assert text.count(sound) == 1, "the place that is broken on purpose has changed: find it again"
    file.write_text(text.replace(sound, broken))
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--timeout=3", CASES],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1, run.stdout[-2_000:]
    assert "failed" in run.stdout
