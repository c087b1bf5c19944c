"""The tables' keys, spelled once.

    events  <kind>:<identifier>          EVENT#<event id>
    leads   ID#<kind>:<identifier>       ID                                     which lead it was linked to, and since
                                                                                a merge where it leads
            LEAD#<lead>                  STATE, PROFILE, MARKS                  the fold of its events
                                         HOME#<kind>:<identifier>               whose events are its own
                                         KNOWN#<kind>                           what it is known by, one of each kind
                                         TRANSITION#<version, 10 digits>
                                         ACCOUNT                                which account it stands in
            ACCOUNT#<account>            STATE, MEMBER#<lead>                   a company's score, and its leads
            DECAY#cursor                 CURSOR
            MODEL#active                 ACTIVE                                 the activation in force
                                         ACTIVATION#<number, 10 digits>         every activation
                                         PUSHED#<name>#<version, 10 digits>     every version of every model
                                         RUN, SEGMENT#<stage>#<shard>           how far the ticks of one were sent
            MODEL#<name>                 VERSION#<number, 10 digits>
    index due    due_shard, due_at (STATE items with a timer)
    index stage  stage_shard, pk   (STATE items with a stage)

An identifier's part is percent-encoded (`Identifier.key`) and holds no `#`; nor does an account's.
"""

import zlib
from urllib.parse import quote, unquote

from leadscore.domain.event import Identifier

type Key = dict[str, str]

DUE_INDEX = "due"
STAGE_INDEX = "stage"
#: Each index is spread over as many partitions; changing the number strands what is indexed.
SHARDS = 8

EVENT_PREFIX = "EVENT#"
OWNER_PREFIX = "ID#"
LEAD_PREFIX = "LEAD#"
HOME_PREFIX = "HOME#"
KNOWN_PREFIX = "KNOWN#"
TRANSITION_PREFIX = "TRANSITION#"
VERSION_PREFIX = "VERSION#"
ACTIVATION_PREFIX = "ACTIVATION#"
PUSHED_PREFIX = "PUSHED#"
SEGMENT_PREFIX = "SEGMENT#"
MEMBER_PREFIX = "MEMBER#"

#: What there is once, whatever the models are called.
_MODELS = "MODEL#active"


def event_key(home: Identifier, event_id: str) -> Key:
    return {"pk": home.key, "sk": f"{EVENT_PREFIX}{event_id}"}


def owner_key(identifier: Identifier) -> Key:
    return {"pk": f"{OWNER_PREFIX}{identifier.key}", "sk": "ID"}


def state_key(lead: str) -> Key:
    return {"pk": f"{LEAD_PREFIX}{lead}", "sk": "STATE"}


def profile_key(lead: str) -> Key:
    return {"pk": f"{LEAD_PREFIX}{lead}", "sk": "PROFILE"}


def marks_key(lead: str) -> Key:
    return {"pk": f"{LEAD_PREFIX}{lead}", "sk": "MARKS"}


def home_key(lead: str, home: Identifier) -> Key:
    return {"pk": f"{LEAD_PREFIX}{lead}", "sk": f"{HOME_PREFIX}{home.key}"}


def known_key(lead: str, kind: str) -> Key:
    return {"pk": f"{LEAD_PREFIX}{lead}", "sk": f"{KNOWN_PREFIX}{kind}"}


def transition_key(lead: str, version: int) -> Key:
    return {"pk": f"{LEAD_PREFIX}{lead}", "sk": f"{TRANSITION_PREFIX}{version:010}"}


def place_key(lead: str) -> Key:
    return {"pk": f"{LEAD_PREFIX}{lead}", "sk": "ACCOUNT"}


def account_key(account: str) -> Key:
    return {"pk": _account(account), "sk": "STATE"}


def member_key(account: str, lead: str) -> Key:
    return {"pk": _account(account), "sk": f"{MEMBER_PREFIX}{lead}"}


def cursor_key() -> Key:
    return {"pk": "DECAY#cursor", "sk": "CURSOR"}


def active_model_key() -> Key:
    return {"pk": _MODELS, "sk": "ACTIVE"}


def activation_key(activation: int) -> Key:
    return {"pk": _MODELS, "sk": f"{ACTIVATION_PREFIX}{activation:010}"}


def pushed_key(name: str, version: int) -> Key:
    return {"pk": _MODELS, "sk": f"{PUSHED_PREFIX}{name}#{version:010}"}


def run_key() -> Key:
    return {"pk": _MODELS, "sk": "RUN"}


def segment_key(stage: str, shard: int) -> Key:
    return {"pk": _MODELS, "sk": f"{SEGMENT_PREFIX}{stage_shard(stage, shard)}"}


def model_key(name: str, version: int) -> Key:
    return {"pk": f"MODEL#{name}", "sk": f"{VERSION_PREFIX}{version:010}"}


def shard_of(lead: str) -> int:
    return zlib.crc32(lead.encode()) % SHARDS


def due_shard(shard: int) -> str:
    return str(shard)


def stage_shard(stage: str, shard: int) -> str:
    return f"{stage}#{shard}"


def lead_of(pk: str) -> str:
    return pk.removeprefix(LEAD_PREFIX)


def home_of(sk: str) -> Identifier:
    return _identifier(sk.removeprefix(HOME_PREFIX))


def kind_of(sk: str) -> str:
    return sk.removeprefix(KNOWN_PREFIX)


def identifier_of(pk: str) -> Identifier:
    return _identifier(pk.removeprefix(OWNER_PREFIX))


def _identifier(key: str) -> Identifier:
    kind, _, value = key.partition(":")
    return Identifier(kind, unquote(value))


def member_of(sk: str) -> str:
    """The lead that stands in an account."""
    return sk.removeprefix(MEMBER_PREFIX)


def _account(account: str) -> str:
    return f"ACCOUNT#{quote(account, safe='@.+-_')}"
