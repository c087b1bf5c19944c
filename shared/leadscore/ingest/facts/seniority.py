"""The rank that a job title gives, by its words: "EVP" is a vice president, an assistant to the CEO is no CEO."""

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from leadscore.ingest.facts.titles import (
    ASSISTANTS,
    INTERNS,
    NOT_NOW,
    OF_SOMEBODY_ELSE,
    OF_THE_BOARD,
    RANKS,
    SAME_AS,
    STUDENTS,
)

_TITLE_CHARACTERS_MAX = 200
#: "C.E.O.", "Sr."
_POINT = re.compile(r"(?<=[^\W\d_])\.(?=[^\W\d_]\b|\W|$)")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_CHIEF_OFFICER = re.compile(r" chief (?:\S+ ){1,5}officer ")
_END = ""
#: "student at", as opposed to "student affairs".
_WHERE = frozenset({_END, "at", "in", "of", "an", "der", "des", "bei", "a", "de", "en"})
_INTERNS, _ASSISTANTS, _OF_THE_BOARD = frozenset(INTERNS), frozenset(ASSISTANTS), frozenset(OF_THE_BOARD)
_RANKS = tuple((rank, frozenset(phrases)) for rank, phrases in RANKS)
_ALL = (INTERNS, ASSISTANTS, OF_THE_BOARD, *(phrases for _, phrases in RANKS))
_PHRASE_WORDS_MAX = max(len(phrase.split()) for phrases in _ALL for phrase in phrases)
_TOP = frozenset({"founder", "owner", "c-level"})


def _spaced(phrases: Iterable[str]) -> tuple[str, ...]:
    """As they stand in a text that has a space on either side of each word."""
    return tuple(f" {phrase} " for phrase in phrases)


_NOT_NOW, _OF_SOMEBODY_ELSE = _spaced(NOT_NOW), _spaced(OF_SOMEBODY_ELSE)
_SAME_AS = tuple((spelling, f" {word} ") for word, spellings in SAME_AS.items() for spelling in _spaced(spellings))


def seniority(title: Any) -> str | None:
    """The rank, or None where the title gives none."""
    if not isinstance(title, str):
        return None
    text = _spelled_alike(title[:_TITLE_CHARACTERS_MAX])
    is_now = not text.startswith(_NOT_NOW)
    return _overriding_rank(text) or _rank(_own_part(text)) if is_now else None


def _overriding_rank(text: str) -> str | None:
    """What counts whatever else the title says."""
    said = _phrases(text)
    if not _INTERNS.isdisjoint(said):
        return "intern"
    if _is_student(text):
        return "student"
    if not _ASSISTANTS.isdisjoint(said) and _is_only_assistant(text):
        return "entry"
    if not _OF_THE_BOARD.isdisjoint(said):
        return "c-level"
    return "partner" if text == " partner " else None


def _spelled_alike(title: str) -> str:
    """The words, lower case, without accents, a space on either side of each."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", title.lower()) if not unicodedata.combining(c))
    text = f" {' '.join(_WORD.findall(_POINT.sub('', plain.replace('\u2019', "'"))))} "
    for spelling, word in _SAME_AS:
        text = text.replace(spelling, word)
    return text


def _phrases(text: str) -> set[str]:
    """Whatever it has of words that stand together, as long as any phrase that is known."""
    words = text.split()
    lengths = range(1, _PHRASE_WORDS_MAX + 1)
    return {" ".join(words[start : start + length]) for length in lengths for start in range(len(words) - length + 1)}


def _own_part(text: str) -> str:
    """The title up to where it begins to speak of others."""
    ends = [end for words in _OF_SOMEBODY_ELSE if (end := text.find(words)) >= 0]
    return text[: min(ends, default=len(text))] + " "


def _rank(text: str) -> str | None:
    said = _phrases(text)
    for rank, phrases in _RANKS:
        if not phrases.isdisjoint(said) or (rank == "c-level" and _CHIEF_OFFICER.search(text)):
            return rank
    return None


def _is_student(text: str) -> bool:
    return any(word in STUDENTS and following in _WHERE for word, following in pairwise([*text.split(), _END]))


def _is_only_assistant(text: str) -> bool:
    """Of an assistant director or vice president the rank counts; the assistant of somebody has not theirs."""
    own = _own_part(text)
    return own.split()[-1:] in ([word] for word in ASSISTANTS) or _rank(own) in {*_TOP, None}
