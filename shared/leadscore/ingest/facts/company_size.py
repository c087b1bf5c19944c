"""How many people a company has, as one of LinkedIn's bands, from what forms, clients and data providers call it."""

import re
from math import ceil
from typing import Any

from leadscore.domain.event import Json

#: Each band with the largest number in it.
BANDS = (
    ("1", 1),
    ("2-10", 10),
    ("11-50", 50),
    ("51-200", 200),
    ("201-500", 500),
    ("501-1000", 1_000),
    ("1001-5000", 5_000),
    ("5001-10000", 10_000),
)
LARGEST = "10001+"

_NAMES = ("company_size", "employees")
_NAMES_IN_COMPANY = ("employees", "size", "employee_count")
_TEXT_CHARACTERS_MAX = 60
_ALONE = frozenset({"self-employed", "self employed", "just me", "only me", "solo"})
#: The separator of thousands: comma, point, apostrophe, or a space of some kind.
_THOUSANDS = re.compile(r"(?<=\d)[,.'\u2019\s](?=\d{3}(?!\d))")
_NUMBER = r"(\d{1,15}(?:\.\d+)?)\s*(k?)"
_SAID = re.compile(
    r"(?P<bound>>=?|<=?|~|more than|over|at least|less than|fewer than|under|up to|about|approx\.?|ca\.?"
    r"|mehr als|über|mindestens|weniger als|unter|bis zu|bis|etwa|plus de|moins de|más de|menos de)?\s*"
    rf"{_NUMBER}\s*(?:(?:[-\u2013\u2014]|to|bis|à|a|and|und)\s*{_NUMBER})?\s*"
    r"(?P<open>\+|plus|or more|and more|and above|und mehr)?"
    r"\s*(?:employees?|people|persons?|staff|fte|mitarbeiter|mitarbeitende|employés|salariés|empleados)?",
)
_ABOVE = frozenset({">", "more than", "over", "mehr als", "über", "plus de", "más de"})
_BELOW = frozenset({"<", "less than", "fewer than", "under", "weniger als", "unter", "moins de", "menos de"})


def stated_sizes(traits: Json) -> list[Any]:
    """What the traits say of the size, the most exact name first; empty if they do not speak of it."""
    company = traits.get("company")
    of_company = [company[name] for name in _NAMES_IN_COMPANY if name in company] if isinstance(company, dict) else []
    return [traits[name] for name in _NAMES if name in traits] + of_company


def company_size_band(sizes: list[Any]) -> str | None:
    """The band of the first size that can be read."""
    return next((_band(number) for size in sizes if (number := _number(size)) is not None and number >= 1), None)


def _band(number: float) -> str:
    return next((band for band, largest in BANDS if number < largest + 1), LARGEST)


def _number(size: Any) -> float | None:
    if isinstance(size, int | float) and not isinstance(size, bool):
        return size
    return _number_in(size) if isinstance(size, str) and len(size) <= _TEXT_CHARACTERS_MAX else None


def _number_in(text: str) -> float | None:
    """One number that stands for what the text says; of a range, its middle."""
    plain = _THOUSANDS.sub("", text.strip().lower())
    if plain in _ALONE:
        return 1
    if (said := _SAID.fullmatch(plain)) is None:
        return None
    first = _times_thousand(said[2], said[3])
    if said[4]:
        last = _times_thousand(said[4], said[5])
        # "1-5k" means thousands on both sides.
        first = first * 1_000 if said[5] and not said[3] and first * 1_000 < last else first
        return ceil((first + last) / 2) if first <= last else None
    if said["open"] or said["bound"] in _ABOVE:
        return first + 1
    return first - 1 if said["bound"] in _BELOW else first


def _times_thousand(digits: str, k: str) -> float:
    return float(digits) * (1_000 if k else 1)
