"""A lead's state as one item of less than 1,024 bytes, whatever the lead has done: one write unit.

What indexes, conditions and people need are attributes of their own; the rest is one binary attribute of
variable-length numbers, since 47 explanation lines take 1,300 bytes as JSON and 700 like this.
The scores in it are raw: before any cap.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from leadscore.adapters.dynamodb_keys import due_shard, lead_of, shard_of, stage_shard, state_key
from leadscore.domain.rules import ENGAGEMENT, FIT
from leadscore.domain.state import SCHEMA, LeadState, Line
from leadscore.use_cases.ports import ModelBehind

#: A hash that stands for an event or a home.
_SHORT_BYTES = 8
#: The number of a model's part, and the mark of a value that counted.
_ID_BYTES = 2
_MARK_BYTES = 6
_IS_OUT, _IS_DISQUALIFIED, _IS_IDENTIFIED, _FLOOR_IS_STAGE, _HAS_ACCOUNT, _HAD_ACCOUNT = 1, 2, 4, 8, 16, 32
_IS_OWN, _IS_UNCONSENTED, _HAS_SILENCED, _HAS_UNTOLD = 64, 128, 256, 512
#: What a state is of whose stages all is told, and one that has no account or silenced browser, either: code that knows
#: of none of these may go on with it.
_SCHEMA_OF_MANY, _SCHEMA_OF_MOST = 3, 2


def state_values(state: LeadState) -> dict[str, Any]:
    """The item's attributes. Those of an index are there only while the lead belongs into it."""
    values: dict[str, Any] = {
        **state_key(state.lead),
        "v": state.version,
        "stage": state.stage,
        "fit": state.fit,
        "engagement": state.engagement,
        "rest": _encode(state),
    }
    if state.stage:
        values["stage_shard"] = stage_shard(state.stage, shard_of(state.lead))
    if state.due_at is not None:
        values |= {"due_shard": due_shard(shard_of(state.lead)), "due_at": state.due_at}
    if state.merged_into:
        values["merged_into"] = state.merged_into
    if state.ruled_at:
        values["ruled_at"] = state.ruled_at
    return values


def state_from(values: Mapping[str, Any]) -> LeadState:
    """Raises ModelBehind where a newer version of the code wrote it in a layout that this one does not know."""
    stream = iter(values["rest"])
    schema = _number(stream)
    if schema > SCHEMA:
        raise ModelBehind(f"state of schema {schema}, newer than this code, which knows {SCHEMA}")
    version, as_of = values["v"], _number(stream)
    state = LeadState(
        lead=lead_of(values["pk"]),
        version=version,
        as_of=as_of,
        stage=values["stage"],
        due_at=values.get("due_at"),
        merged_into=values.get("merged_into", ""),
        ruled_at=values.get("ruled_at", 0),
        # Python evaluates arguments from left to right: this is the order of `_encode`.
        activation=_number(stream),
        stage_since=_number(stream),
        created_at=_number(stream),
        last_event=(_number(stream), _text(stream)),
        last_activity_at=_number(stream),
        settled_at=_number(stream),
        floor=values["stage"] if (flags := _number(stream)) & _FLOOR_IS_STAGE else _text(stream),
        is_out=bool(flags & _IS_OUT),
        is_disqualified=bool(flags & _IS_DISQUALIFIED),
        identified=bool(flags & _IS_IDENTIFIED),
        is_own=bool(flags & _IS_OWN),
        is_unconsented=bool(flags & _IS_UNCONSENTED),
        had_account=bool(flags & _HAD_ACCOUNT),
        folded_count=_number(stream),
        folded_xor=_short(stream),
        recent_since=_number(stream),
        recent=tuple((version - _number(stream), _short(stream)) for _ in _many(stream)),
        homes=tuple(_short(stream) for _ in _many(stream)),
        lines={_id(stream): Line(_number(stream), _number(stream), as_of - _number(stream)) for _ in _many(stream)},
        scores={FIT: values["fit"], ENGAGEMENT: values["engagement"]}
        | {_text(stream): _number(stream) for _ in _many(stream)},
        idle={_id(stream): (_number(stream), _number(stream)) for _ in _many(stream)},
        channels=(_text(stream), _text(stream)),
        account=_text(stream) if flags & _HAS_ACCOUNT else "",
        silenced=tuple(_short(stream) for _ in _many(stream)) if flags & _HAS_SILENCED else (),
        untold={_text(stream): _text(stream) for _ in _many(stream)} if flags & _HAS_UNTOLD else {},
    )
    _read_rest(state, stream)
    return state


def _read_rest(state: LeadState, stream: Iterator[int]) -> None:
    """What only models with more than plain points make use of: most leads have none of it."""
    if (first := next(stream, None)) is None:
        return
    stream = chain([first], stream)
    state.groups = {_id(stream): _number(stream) for _ in _many(stream)}
    state.pools = {_id(stream): _numbers(stream) for _ in _many(stream)}
    state.memory = {_id(stream): _numbers(stream) for _ in _many(stream)}
    state.marks = tuple(int.from_bytes(islice(stream, _MARK_BYTES)) for _ in _many(stream))
    state.spilled_count = _number(stream)
    for _ in _many(stream):
        score = _text(stream)
        state.ladders[score], state.ladder_since[score] = _text(stream), state.as_of - _number(stream)
    state.visit = (_number(stream), _number(stream), _number(stream))
    state.notices = {_id(stream): _number(stream) for _ in _many(stream)}


def _encode(state: LeadState) -> bytes:
    """Versions and times that lie a little before the state's own are kept as the difference, which is shorter."""
    out = bytearray()
    _put_number(out, _schema(state))
    _put_number(out, state.as_of)
    _put_number(out, state.activation)
    _put_number(out, state.stage_since)
    _put_number(out, state.created_at)
    last_event_at, last_event_id = state.last_event
    _put_number(out, last_event_at)
    _put_text(out, last_event_id)
    _put_number(out, state.last_activity_at)
    _put_number(out, state.settled_at)
    is_floor = bool(state.floor) and state.floor == state.stage
    _put_number(
        out,
        is_floor * _FLOOR_IS_STAGE
        | state.is_out * _IS_OUT
        | state.is_disqualified * _IS_DISQUALIFIED
        | state.identified * _IS_IDENTIFIED
        | state.is_own * _IS_OWN
        | state.is_unconsented * _IS_UNCONSENTED
        | bool(state.silenced) * _HAS_SILENCED
        | bool(state.untold) * _HAS_UNTOLD
        | bool(state.account) * _HAS_ACCOUNT
        | state.had_account * _HAD_ACCOUNT,
    )
    if not is_floor:
        _put_text(out, state.floor)
    _put_number(out, state.folded_count)
    _put_short(out, state.folded_xor)
    _put_number(out, state.recent_since)
    for version, short in _each(out, state.recent):
        _put_number(out, state.version - version)
        _put_short(out, short)
    for home in _each(out, state.homes):
        _put_short(out, home)
    for number, line in _each(out, state.lines.items()):
        _put_id(out, number)
        _put_number(out, line.points)
        _put_number(out, line.times)
        _put_number(out, state.as_of - line.last_at)
    for name, raw in _each(out, [item for item in state.scores.items() if item[0] not in (FIT, ENGAGEMENT)]):
        _put_text(out, name)
        _put_number(out, raw)
    for number, (times, taken) in _each(out, state.idle.items()):
        _put_id(out, number)
        _put_number(out, times)
        _put_number(out, taken)
    for channel in state.channels:
        _put_text(out, channel)
    _put_rare(out, state)
    rest = _encode_rest(state)
    return bytes(out + rest if any(rest) else out)


def _schema(state: LeadState) -> int:
    """The oldest layout that has all of it."""
    if state.untold:
        return SCHEMA
    return _SCHEMA_OF_MANY if state.account or state.had_account or state.silenced else _SCHEMA_OF_MOST


def _put_rare(out: bytearray, state: LeadState) -> None:
    """What few leads have: the flags say which of it is there."""
    if state.account:
        _put_text(out, state.account)
    if state.silenced:
        for browser in _each(out, state.silenced):
            _put_short(out, browser)
    if state.untold:
        for score, stage in _each(out, state.untold.items()):
            _put_text(out, score)
            _put_text(out, stage)


def _encode_rest(state: LeadState) -> bytearray:
    out = bytearray()
    for number, raw in _each(out, state.groups.items()):
        _put_id(out, number)
        _put_number(out, raw)
    _put_remembered(out, state.pools)
    _put_remembered(out, state.memory)
    for mark in _each(out, state.marks):
        out += mark.to_bytes(_MARK_BYTES)
    _put_number(out, state.spilled_count)
    for score, stage in _each(out, state.ladders.items()):
        _put_text(out, score)
        _put_text(out, stage)
        _put_number(out, state.as_of - state.ladder_since[score])
    for number in state.visit:
        _put_number(out, number)
    for number, told_at in _each(out, state.notices.items()):
        _put_id(out, number)
        _put_number(out, told_at)
    return out


def _put_remembered(out: bytearray, remembered: Mapping[int, tuple[int, ...]]) -> None:
    for number, numbers in _each(out, remembered.items()):
        _put_id(out, number)
        for one in _each(out, numbers):
            _put_number(out, one)


def _each[T](out: bytearray, items: Collection[T]) -> Collection[T]:
    """Puts how many there are; `_many` reads it."""
    _put_number(out, len(items))
    return items


def _many(stream: Iterator[int]) -> range:
    return range(_number(stream))


def _numbers(stream: Iterator[int]) -> tuple[int, ...]:
    return tuple(_number(stream) for _ in _many(stream))


def _put_id(out: bytearray, number: int) -> None:
    out += number.to_bytes(_ID_BYTES)


def _id(stream: Iterator[int]) -> int:
    return int.from_bytes(islice(stream, _ID_BYTES))


def _put_number(out: bytearray, number: int) -> None:
    """Seven bits a byte, lowest first, the sign in the lowest bit of all."""
    number = number << 1 if number >= 0 else ~number << 1 | 1
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _number(stream: Iterator[int]) -> int:
    number = shift = 0
    for byte in stream:
        number |= (byte & 0x7F) << shift
        if byte <= 0x7F:
            return ~(number >> 1) if number & 1 else number >> 1
        shift += 7
    raise ValueError("a state is cut short")


def _put_short(out: bytearray, short: int) -> None:
    out += short.to_bytes(_SHORT_BYTES)


def _short(stream: Iterator[int]) -> int:
    return int.from_bytes(islice(stream, _SHORT_BYTES))


def _put_text(out: bytearray, text: str) -> None:
    encoded = text.encode("utf-8", "surrogatepass")
    _put_number(out, len(encoded))
    out += encoded


def _text(stream: Iterator[int]) -> str:
    return bytes(islice(stream, _number(stream))).decode("utf-8", "surrogatepass")
