"""The demo's leads: what each one does, and what must come of it under the model that ships with the project.

What they do goes over HTTP (`infra.local.play`), in acts: what is `later` happens when the first act has been scored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

type Fields = Mapping[str, str | int]


@dataclass(frozen=True)
class Call:
    """A call of Segment's Python library, with a server's key or with the public one that browsers have.

    `almost` makes it a moment less ago: so much that `ago` is over soon after the act has been scored.
    """

    call: Literal["identify", "track", "page"]
    said: Fields
    event: str = ""
    ago: timedelta = timedelta()
    almost: bool = False
    key: Literal["server", "public"] = "server"


@dataclass(frozen=True)
class Pixel:
    """A visitor opens a page that has the tracking pixel in it."""

    path: str


@dataclass(frozen=True)
class Form:
    """A visitor submits a web form."""

    form: str
    fields: Fields


type Step = Call | Pixel | Form
type Act = tuple[Step, ...]


@dataclass(frozen=True)
class Ending:
    """What must come of it. `sales` and `nurture` are the changes of stage that the two queues were told, in order."""

    total: int
    stage: str
    sales: tuple[str, ...] = ()
    nurture: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Story:
    """One lead, and what it goes by."""

    name: str
    tells: str
    user_id: str = ""
    email: str = ""
    anonymous_id: str = ""
    first: Act = ()
    later: Act = ()
    ending: Ending

    @property
    def known_by(self) -> dict[str, str]:
        """What to look the lead up by: the strongest that it goes by."""
        ids = {"user_id": self.user_id, "email": self.email, "anonymous_id": self.anonymous_id}
        return dict([next((kind, value) for kind, value in ids.items() if value)])


def is_someone(**traits: str | int) -> Call:
    return Call("identify", traits)


def did(event: str, *, ago: timedelta = timedelta(), almost: bool = False, **properties: str | int) -> Call:
    return Call("track", properties, event, ago, almost)


def says_in_browser(**traits: str | int) -> Call:
    return Call("identify", traits, key="public")


def opens_in_browser(path: str) -> Call:
    return Call("page", {"path": path}, key="public")


def days(count: int) -> timedelta:
    return timedelta(days=count)


STORIES = (
    Story(
        name="Paul",
        tells="earns it point by point: MQL first, then ready for sales",
        user_id="u-paul",
        first=(
            is_someone(title="VP Sales", company_size=800, country="US"),
            did("Webinar Registered"),
            did("Webinar Attended"),
        ),
        later=(
            did("Email Link Clicked"),
            did("Email Link Clicked"),
            did("Live Chat Conversation Started"),
            did("Trial Started"),
        ),
        ending=Ending(100, "sql", sales=("mql to sql",), nurture=("nothing to mql", "mql to sql")),
    ),
    Story(
        name="Dora",
        tells="asks for a demo: straight to sales, whatever the score",
        email="dora@northwind.example",
        first=(
            Form(
                "demo-request",
                {"name": "Dora Diaz", "job_title": "CMO", "industry": "Software", "employees": 450, "country": "US"},
            ),
        ),
        ending=Ending(70, "sql", sales=("nothing to sql",)),
    ),
    Story(
        name="Ann",
        tells="reads without a name, then fills in a form: what she read counts",
        email="ann@tailspin.example",
        anonymous_id="visitor-ann",
        first=(Pixel("/pricing"), Pixel("/features/segments"), Pixel("/pricing")),
        later=(Form("contact", {"job_title": "Head of Marketing", "country": "Germany"}),),
        ending=Ending(56, "mql", nurture=("nothing to mql",)),
    ),
    Story(
        name="Bea",
        tells="had marked a mail as spam, and comes back by herself",
        user_id="u-bea",
        email="bea@litware.example",
        first=(
            is_someone(title="Founder"),
            did("Webinar Attended", ago=days(8)),
            did("Email Marked as Spam", ago=days(7)),
        ),
        later=(Form("contact", {}),),
        ending=Ending(35, "warm", nurture=("out to warm",)),
    ),
    Story(
        name="Quinn",
        tells="had 80 points, and has been quiet for 31 days: -50, once",
        user_id="u-quinn",
        first=(
            did("Signed Up", ago=days(40)),
            did("Trial Started", ago=days(39)),
            did("Webinar Attended", ago=days(35)),
            did("Meeting Booked", ago=days(31)),
        ),
        ending=Ending(30, "warm", nurture=("nothing to warm",)),
    ),
    Story(
        name="Will",
        tells="subscribes to the blog (2), downloads a white paper (25): MQL at once",
        email="will@adventure.example",
        first=(Form("blog", {}),),
        later=(Form("white-paper", {"event": "Content Downloaded", "kind": "white-paper", "asset_id": "security"}),),
        ending=Ending(27, "mql", nurture=("new to mql",)),
    ),
    Story(
        name="Nora",
        tells="quiet for 91 days: what she did is forgotten, who she is stays",
        user_id="u-nora",
        first=(
            is_someone(title="Director IT"),
            did("Trial Started", ago=days(94)),
            did("Webinar Attended", ago=days(93)),
            did("Meeting Booked", ago=days(91)),
        ),
        ending=Ending(15, "new"),
    ),
    Story(
        name="Vic",
        tells="only reads, without a name: nobody is told",
        anonymous_id="visitor-vic",
        first=(Pixel("/"), Pixel("/blog/what-is-lead-scoring"), Pixel("/product")),
        ending=Ending(6, "new"),
    ),
    Story(
        name="Tom",
        tells="an MQL until, a few seconds ago, his 30 days ran out",
        user_id="u-tom",
        later=(
            did("Signed Up", ago=days(30), almost=True),
            did("Trial Started", ago=days(30), almost=True),
            did("Webinar Attended", ago=days(30), almost=True),
        ),
        ending=Ending(5, "new", nurture=("nothing to mql", "mql to new")),
    ),
    Story(
        name="Uma",
        tells="an MQL who unsubscribes: off all lists",
        user_id="u-uma",
        first=(
            is_someone(title="Marketing Manager"),
            did("Content Downloaded", kind="case-study"),
            did("Webinar Attended"),
        ),
        later=(did("Unsubscribed"),),
        ending=Ending(5, "out", nurture=("nothing to mql", "mql to out")),
    ),
    Story(
        name="Stu",
        tells="a student with a free mail address, however interested",
        email="stu@gmail.com",
        first=(Form("blog", {"job_title": "Student"}),),
        ending=Ending(-33, "new"),
    ),
    Story(
        name="Cora",
        tells="works for a competitor, and reads everything",
        email="cora@rival.example",
        anonymous_id="visitor-cora",
        first=(
            says_in_browser(),
            *(opens_in_browser("/pricing"),) * 4,
            *(opens_in_browser("/product"),) * 4,
        ),
        ending=Ending(-60, "new"),
    ),
)
