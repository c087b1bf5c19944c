"""Accounts: the company that a lead belongs to, and the score that its leads give a company.

Only somebody counts for a company: a lead that is known by a user id or an address. An anonymous visitor counts from
the moment it has a name, with all that it did before. Nor does one of the own people count, or a lead that was closed.
"""

import heapq
from collections.abc import Iterable
from typing import Any

from leadscore.domain.event import ACCOUNT, Trust
from leadscore.domain.ledger import shown_scores
from leadscore.domain.model import Model
from leadscore.domain.rules import Accounts, Combine
from leadscore.domain.state import LeadState, Profile

#: What a lead's state keeps of it. A longer name is none.
ACCOUNT_BYTES_MAX = 100
#: Kinds of addresses whose domain is a company's own: nobody else can have an address there, be it that of a role.
_COMPANY_KINDS = ("business", "role")


def account_of(profile: Profile) -> str:
    """The account that a profile names, "" for none.

    A server's word comes first, then the domain of the address, then what anybody else says.
    """
    said = profile.get(ACCOUNT)
    account = _named(said.value) if said is not None else ""
    if account and said is not None and said.trust is Trust.SERVER:
        return account
    return _company_domain(profile) or account


def account_of_lead(state: LeadState) -> str:
    """The account that a lead counts for, "" for none."""
    counts = state.identified and not state.merged_into and not state.is_own
    return state.account if counts else ""


def points_for_account(state: LeadState, model: Model, accounts: Accounts) -> int:
    """What a lead brings its account: the score that counts, as people see it."""
    return shown_scores({name: raw for name, raw in state.scores.items() if name in model.scores}, model)[accounts.of]


def account_score(points: Iterable[int], accounts: Accounts) -> int:
    """An account's score by the points of its leads; 0 without any."""
    match accounts.combine:
        case Combine.SUM:
            return sum(points)
        case Combine.MAXIMUM:
            return max(points, default=0)
        case Combine.TOP:
            return sum(heapq.nlargest(accounts.leads, points))


def _company_domain(profile: Profile) -> str:
    kind, domain = profile.get("email_kind"), profile.get("email_domain")
    is_company = kind is not None and kind.value in _COMPANY_KINDS
    return _named(domain.value) if is_company and domain is not None else ""


def _named(value: Any) -> str:
    """A name that can stand in a key and on a screen; "" for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return ""
    name = value.strip()
    return name if name.isprintable() and len(name.encode()) <= ACCOUNT_BYTES_MAX else ""
