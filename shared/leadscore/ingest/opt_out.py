"""Whether somebody wants no mail: what CRMs call that, and how they write yes and no."""

from typing import Any

from leadscore.ingest.form import snake_case
from leadscore.ingest.json_body import EMPTY
from leadscore.ingest.yes_no import NO, YES

#: The trait that says so.
EMAIL_OPT_OUT = "email_opt_out"

_NAMES = frozenset(
    {
        EMAIL_OPT_OUT,
        "do_not_allow_emails",
        "do_not_email",
        "email_opted_out",
        "email_optout",
        "has_opted_out_of_email",
        "hs_email_optout",
        "opted_out",
        "opted_out_of_email",
        "unsub_time",  # Of the file of those who left, in Mailchimp's export.
        "unsubscribed",
        "unsubscribed_from_all_email",
        "unsubscribed_from_email",
    }
)
_YES = YES | {"checked", "do not allow", "opted out", "unsubscribed", "x"}
_NO = NO | {"allow", "none", "opted in", "subscribed", "unchecked"}


def is_opt_out(name: str) -> bool:
    """Whether a trait or column of this name says that somebody wants no mail, whatever the spelling."""
    return snake_case(name) in _NAMES


def opt_out_value(text: str) -> bool | str:
    """The cell as a boolean, or as it is where it is neither a yes nor a no."""
    word = text.strip().casefold()
    return True if word in _YES else False if word in _NO else text


def wants_no_mail(value: Any) -> bool:
    """What the trait means. Neither a yes nor a no, such as the day on which somebody left, is no leave to mail."""
    if value in EMPTY:
        return False
    return bool(opt_out_value(value if isinstance(value, str) else str(value)))
