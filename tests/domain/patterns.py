"""Patterns and documents by a grammar, for Hypothesis. Values are few, so that patterns and documents often meet."""

import re
from typing import Any

from hypothesis import strategies as st

NAMES = ("a", "b", "c")

TEXTS = st.text("ab*A", max_size=4) | st.sampled_from(["\\", "a\nb", "é", "É", "1", "true", "null", "$or", "{", "a.b"])
NUMBERS = st.sampled_from([-1.5, -1, 0, -0.0, 0.1, 1, 2, 3.0, 7, 10**6, 1e6, 10**9 + 0.25])
SCALARS = TEXTS | NUMBERS | st.none() | st.booleans()


def wildcards() -> st.SearchStrategy[str]:
    pieces = st.sampled_from(["a", "b", "ab", "A", "\\*", "\\\\", "\n", ""])
    texts = st.lists(pieces, min_size=1, max_size=4).map("*".join)
    return texts.filter(lambda text: "**" not in re.sub(r"\\.", "", text))


def ranges() -> st.SearchStrategy[list[Any]]:
    single = st.tuples(st.sampled_from(["=", "<", "<=", ">", ">="]), NUMBERS).map(list)
    bounds = st.tuples(NUMBERS, NUMBERS).filter(lambda pair: pair[0] < pair[1])
    double = st.tuples(st.sampled_from([">", ">="]), st.sampled_from(["<", "<="]), bounds)
    return single | double.map(lambda parts: [parts[0], parts[2][0], parts[1], parts[2][1]])


def _one_or_more(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return values | st.lists(values, min_size=1, max_size=3)


def _named(name: str, operands: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return operands.map(lambda operand: {name: operand})


ANY_CASE = _named("equals-ignore-case", TEXTS)
#: Under `anything-but` there may be several texts, and none of them empty where it is a prefix or a suffix.
REFUSABLE = st.one_of(
    _named("prefix", _one_or_more(TEXTS.filter(bool))),
    _named("suffix", _one_or_more(TEXTS.filter(bool))),
    _named("equals-ignore-case", _one_or_more(TEXTS)),
    _named("wildcard", _one_or_more(wildcards())),
)
#: All that EventBridge takes.
MATCHERS = st.one_of(
    SCALARS,
    _named("prefix", TEXTS | ANY_CASE),
    _named("suffix", TEXTS | ANY_CASE),
    ANY_CASE,
    _named("wildcard", wildcards()),
    _named("numeric", ranges()),
    _named("exists", st.booleans()),
    _named("anything-but", _one_or_more(TEXTS) | _one_or_more(NUMBERS) | REFUSABLE),
)
#: What a condition takes beyond it: `anything-but` of values of any kind, and of empty texts.
EXTENSIONS = st.one_of(
    _named("anything-but", _one_or_more(SCALARS)),
    _named("anything-but", _named("prefix", _one_or_more(TEXTS | ANY_CASE))),
    _named("anything-but", _named("suffix", _one_or_more(TEXTS | ANY_CASE))),
)


def leaves(matchers: st.SearchStrategy[Any] = MATCHERS) -> st.SearchStrategy[list[Any]]:
    return st.lists(matchers, min_size=1, max_size=3)


def patterns(
    names: tuple[str, ...] = NAMES,
    *,
    depth: int = 2,
    matchers: st.SearchStrategy[Any] = MATCHERS,
    overlapping: bool = False,
) -> st.SearchStrategy[dict[str, Any]]:
    """Patterns over `names`, up to so many objects deep.

    Alternatives talk of other fields than what stands beside them, unless they may overlap.
    """

    def inside(names: tuple[str, ...], depth: int) -> st.SearchStrategy[dict[str, Any]]:
        return patterns(names, depth=depth, matchers=matchers, overlapping=overlapping)

    conditions = leaves(matchers) if depth == 0 else leaves(matchers) | inside(NAMES, depth - 1)
    fields = st.dictionaries(st.sampled_from(names), conditions, min_size=1, max_size=2)
    if len(names) < 2:
        return fields
    beside, alternatives = names[:1], names[1:]
    either = _named("$or", st.lists(inside(alternatives, max(depth - 1, 0)), min_size=2, max_size=3))
    both = st.tuples(inside(alternatives if overlapping else beside, depth), either).map(
        lambda parts: parts[0] | parts[1]
    )
    return fields | either | both


def documents(values: st.SearchStrategy[Any], *, depth: int = 2) -> st.SearchStrategy[dict[str, Any]]:
    """Documents that have most of the fields that patterns ask for, up to so many objects deep."""
    inner = values if depth == 0 else values | documents(values, depth=depth - 1)
    return st.fixed_dictionaries(dict.fromkeys(NAMES, inner)) | st.dictionaries(st.sampled_from(NAMES), inner)


#: Lists as a field's value holds them: of values, of objects, of both, and of such lists.
LISTS = st.lists(SCALARS | documents(SCALARS, depth=0) | st.lists(documents(SCALARS, depth=0), max_size=2), max_size=3)
#: Any JSON.
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | documents(inner, depth=0), max_leaves=8)
