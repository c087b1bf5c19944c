"""A lead's score as a sum that anybody can add up again, and the stages it has been in."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from leadscore.cli.printing import say
from leadscore.contracts.moments import moment
from leadscore.domain.attribution import Touch
from leadscore.domain.event import LeadEvent
from leadscore.domain.fold import StageChange
from leadscore.domain.model import Model
from leadscore.domain.rules import GRADE, TOTAL
from leadscore.domain.uncounted import INTERNAL, MACHINE, UNCONSENTED, is_of_own_lead
from leadscore.use_cases.reasons import reasons_of

#: Why an event counts nothing, by the flag in its context, the first that applies.
_UNCOUNTED = {
    INTERNAL: "of own people, or a test",
    MACHINE: "by a crawler, a script or a link scanner",
    UNCONSENTED: "without consent",
}
#: So many touches are shown: the first, and the latest.
TOUCHES_SHOWN = 20
#: So many rules of the moment at which a stage changed are named.
REASONS_SHOWN = 3
RULE_WIDTH_MIN = 30
#: What stands beside a rule: its points and its time.
_BESIDE_RULES = 8 + 20 + 3 * 2

type Document = Mapping[str, Any]


class Term(NamedTuple):
    """One line of a sum."""

    amount: str
    what: str
    when: str = ""


def print_explanation(
    lead: Document, changes: Sequence[StageChange], model: Model, console: Console, touches: Sequence[Touch] = ()
) -> None:
    """`lead` is a lead as the leads API gives it, `touches` what brought it here, oldest first."""
    for line in _heading(lead):
        say(line, console)
    sums = list(_sums(lead))
    width = _width([term for _, terms, _ in sums for term in terms], console)
    for name, terms, result in sums:
        say(f"\n{name}", console)
        console.print(_sum(terms, result, width))
    say("\nstages", console)
    console.print(_history(changes, model))
    if touches:
        say("\ncame here by", console)
        console.print(_arrivals(touches))
    change_at = lead["next_change_at"]
    say(
        f"\nIf nothing happens, the next change is at {_short(change_at)}." if change_at
        else "\nIf nothing happens, nothing changes any more.",
        console,
    )  # fmt: skip


def print_uncounted(events: Iterable[LeadEvent], console: Console) -> None:
    """What is kept and counts nothing, and why, if there is any: a score of 0 is a riddle otherwise."""
    events = list(events)
    reasons = Counter(why for event in events if (why := _uncounted(event)))
    if not reasons:
        return
    say("\nkept, and counting nothing", console)
    if any(is_of_own_lead(event) for event in events):
        say("  everything: this is one of the own people, or a test", console)
        return
    for why, count in reasons.items():
        say(f"{count:>8}  event{'' if count == 1 else 's'} {why}", console)


def _uncounted(event: LeadEvent) -> str | None:
    return next((why for flag, why in _UNCOUNTED.items() if event.context.get(flag)), None)


def _heading(lead: Document) -> Iterator[str]:
    names = [value for value in lead["external_ids"].values() if value != lead["lead"]]
    yield "  ".join([lead["lead"], *names])
    cell = " ".join(word for word in (lead["matrix"], lead["priority"]) if word)
    lists = ", ".join(name for name in lead["lists"] if name != lead["stage"])
    parts = [
        f"total {lead['total']}",
        f"grade {lead['grade']}" if lead["grade"] else "",
        cell,
        f"stage {lead['stage']}" + (f", {lists}" if lists else ""),
        {"never": "never active", "quiet": "gone quiet", "active": "active"}[lead["activity"]],
    ]
    yield "; ".join(part for part in parts if part)
    if company := lead.get("account"):
        yield f"company {_company(company)}"
    yield f"as of {_short(lead['as_of'])}"


def _company(account: str | Document) -> str:
    """Files tell no more than which it is; a stack counts it."""
    if isinstance(account, str):
        return account
    leads = account["leads"]
    return f"{account['account']}: score {account['score']}, {leads} lead{'' if leads == 1 else 's'}"


def _sums(lead: Document) -> Iterator[tuple[str, list[Term], Term]]:
    """Each score with its lines and what they come to: those of the total, the total, and those beside it."""
    beside = lead["explanations"]
    in_total = [name for name in lead["scores"] if name not in beside]
    for name in in_total:
        yield name, _terms(lead["explanation"], name), Term(str(lead["scores"][name]), name)
    parts = [Term(f"{lead['scores'][name]:+}", name) for name in in_total]
    yield TOTAL, [*parts, *_terms(lead["explanation"], TOTAL)], Term(str(lead["total"]), TOTAL)
    for name, lines in beside.items():
        if name == GRADE:
            yield GRADE, [_thirds(term) for term in _terms(lines, name)], Term(lead["grade"], GRADE)
        elif lines:
            yield f"{name} (not in the total)", _terms(lines, name), Term(str(lead["scores"][name]), name)


def _terms(lines: Iterable[Document], score: str) -> list[Term]:
    return [
        Term(
            f"{line['points']:+}",
            line["rule"] + (f" x{line['times']}" if line["times"] > 1 else ""),
            _short(line["last_at"]),
        )
        for line in lines
        if line["score"] == score
    ]


def _thirds(term: Term) -> Term:
    return term._replace(amount=f"{term.amount}/3")


def _width(terms: Iterable[Term], console: Console) -> int:
    """Of the rules, the same in all sums, so that they stand under each other."""
    room = console.width - _BESIDE_RULES
    return max(RULE_WIDTH_MIN, min(room, max((len(term.what) for term in terms), default=0)))


def _sum(terms: Iterable[Term], result: Term, width: int) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", min_width=8, no_wrap=True)
    table.add_column(overflow="fold", min_width=width)
    table.add_column(no_wrap=True, style="dim")
    for term in terms:
        table.add_row(*map(Text, term))
    table.add_row(Text("─" * 6), Text(""), Text(""))
    table.add_row(Text(result.amount, style="bold"), Text(result.what, style="bold"), Text(""))
    return table


def _history(changes: Iterable[StageChange], model: Model) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for change in changes:
        is_birth = not change.from_stage and change.to_stage == model.entry.name
        reasons = [] if is_birth else reasons_of(change, model)[:REASONS_SHOWN]
        table.add_row(
            Text(f"  {_short(moment(change.at))}"),
            Text(f"{change.from_stage or 'nothing'} -> {change.to_stage}"),
            Text(", ".join(reasons)),
        )
    return table


def _arrivals(touches: Sequence[Touch]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    left_out = max(0, len(touches) - TOUCHES_SHOWN)
    for number, touch in enumerate((touches[0], *touches[1 + left_out :])):
        if left_out and number == 1:
            table.add_row(Text("  …"), Text(""), Text(f"{left_out} more"))
        said = (touch.source, touch.medium, touch.campaign)
        by = " / ".join(word or "-" for word in said) if any(said) else touch.referrer
        words = (by, touch.landing_page, *(name for name, _ in touch.click_ids))
        table.add_row(
            Text(f"  {_short(moment(touch.at))}"), Text(touch.channel), Text("  ".join(word for word in words if word))
        )
    return table


def _short(at: str) -> str:
    """To the second: `2026-03-01 12:00:00Z`."""
    return f"{at[:10]} {at[11:19]}Z"
