"""The tracker in a real browser: what it tells of a page, once, and when it says nothing."""

import json

import pytest
from playwright.sync_api import BrowserContext, Page

from leadscore.domain.event import Trust
from tests.browser.site import OTHER_SITE, Site, fields
from tests.ingest.door import PUBLIC_KEY, identifiers, told

TALL = '<div style="height: 3000px">text</div>'


def visit(site: Site, page: Page, path: str = "/", body: str = "", **options: str) -> None:
    page.goto(site.page(path, body, **options))
    site.wait("Page Viewed")


def stored(page: Page, name: str) -> str | None:
    value: str | None = page.evaluate(f"localStorage.{name} ?? null")
    return value


def cookies(person: BrowserContext) -> dict[str, dict[str, object]]:
    return {cookie["name"]: dict(cookie) for cookie in person.cookies()}


# -- Views -------------------------------------------------------------------------------------------------------------


def test_a_view_is_told_once_and_needs_no_preflight(site: Site, page: Page) -> None:
    address = site.page("/pricing", title="Pricing")
    page.goto(f"{address}?utm_source=newsletter&utm_campaign=spring&gclid=abc#plans")
    (event,) = site.wait("Page Viewed")

    url = f"{address}?utm_source=newsletter&utm_campaign=spring&gclid=abc#plans"
    assert (event.call, event.trust) == ("page", Trust.PUBLIC)
    assert event.properties["url"] == event.context["page"]["url"] == url
    assert (event.properties["path"], event.properties["title"]) == ("/pricing", "Pricing")
    assert event.context["campaign"] == {"source": "newsletter", "name": "spring"}
    assert event.context["channel"] == "email" or event.context["channel"]
    assert "machine" not in event.context
    assert site.stays_quiet()
    assert site.preflights == 0
    assert len(site.requests) == 1


def test_the_next_page_names_the_one_before_and_the_same_visitor(site: Site, page: Page) -> None:
    there = site.page("/there")
    visit(site, page, "/here", f'<a id="next" href="{there}">on</a>')
    page.click("#next")
    first, second = site.wait("Page Viewed", 2)

    assert second.properties["referrer"] == f"{site.url}/here"
    assert identifiers(first) == identifiers(second)
    assert "Link Clicked" not in site.names()


def test_a_single_page_app_is_seen_to_turn_its_pages(site: Site, page: Page) -> None:
    visit(site, page, "/app", title="Start")
    page.evaluate("history.pushState({}, '', '/app/two?tab=1'); document.title = 'Two'")
    site.wait("Page Viewed", 2)
    page.evaluate("history.replaceState({}, '', '/app/two?tab=2')")
    page.go_back()
    _, second, third = site.wait("Page Viewed", 3)

    assert (second.properties["path"], second.properties["title"]) == ("/app/two", "Two")
    assert second.properties["referrer"] == f"{site.url}/app"
    assert third.properties["path"] == "/app"
    page.evaluate("location.hash = 'part'")
    assert site.stays_quiet()


def test_a_page_made_ready_in_advance_counts_when_it_is_shown(site: Site, page: Page) -> None:
    page.add_init_script("Object.defineProperty(document, 'prerendering', {value: true})")
    page.goto(site.page("/"))
    assert site.stays_quiet()
    assert page.evaluate("document.cookie") == ""
    page.evaluate("document.dispatchEvent(new Event('prerenderingchange'))")

    site.wait("Page Viewed")


def test_a_page_that_the_browser_has_kept_is_viewed_again_by_who_comes_back(site: Site, page: Page) -> None:
    visit(site, page, "/pricing")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: false}))")
    assert site.stays_quiet()
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    first, again = site.wait("Page Viewed", 2)

    assert again.properties == first.properties
    assert identifiers(again) == identifiers(first)


def test_a_page_in_a_sandbox_which_may_keep_nothing_still_tells_of_its_view(site: Site, page: Page) -> None:
    framed = site.page("/framed")
    page.goto(site.page("/", f'<iframe sandbox="allow-scripts" src="{framed}"></iframe>', head=""))
    (event,) = site.wait("Page Viewed")

    assert event.properties["path"] == "/framed"
    assert identifiers(event).keys() == {"anonymous_id"}


def test_a_browser_that_a_program_drives_says_so(site: Site, page: Page) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'webdriver', {value: true})")
    visit(site, page)

    (event,) = site.named("Page Viewed")
    assert (event.context["webdriver"], event.context["machine"]) == (True, True)


# -- Reading, scrolling ------------------------------------------------------------------------------------------------


def test_reading_is_told_in_parts_that_add_up(site: Site, page: Page) -> None:
    page.clock.install()
    visit(site, page, "/article", TALL)
    for _ in range(7):  # 70 seconds, with a hand on the mouse.
        page.mouse.move(10, 10)
        page.mouse.move(20, 20)
        page.clock.run_for(10_000)
    told = site.wait("Page Read", 3)

    assert [event.properties["seconds"] for event in told] == [15, 15, 30]
    assert {event.properties["path"] for event in told} == {"/article"}
    page.goto("about:blank")
    last = site.wait("Page Read", 4)[-1]
    assert 69 <= sum(event.properties["seconds"] for event in site.named("Page Read")) <= 75
    assert last.properties["path"] == "/article"


def test_who_has_gone_for_coffee_does_not_read(site: Site, page: Page) -> None:
    page.clock.install()
    visit(site, page)
    page.clock.run_for(600_000)
    page.goto("about:blank")
    site.wait_until(lambda: len(site.named("Page Read")) >= 2, "the reading before the coffee")

    assert sum(event.properties["seconds"] for event in site.named("Page Read")) in {29, 30}


def test_a_page_that_nobody_sees_is_not_read(site: Site, page: Page) -> None:
    page.clock.install()
    page.add_init_script("Object.defineProperty(document, 'hidden', {get: () => window.isHidden})")
    visit(site, page)
    page.evaluate("window.isHidden = true")
    page.clock.run_for(20_000)
    page.evaluate("dispatchEvent(new Event('pagehide'))")

    assert site.stays_quiet()
    assert "Page Read" not in site.names()


def test_what_is_shown_without_scrolling_is_no_depth(site: Site, page: Page) -> None:
    visit(site, page)
    page.evaluate("dispatchEvent(new Event('scroll'))")

    assert site.stays_quiet()
    assert site.names() == ["Page Viewed"]


def test_depths_are_told_once_each(site: Site, page: Page) -> None:
    visit(site, page, "/article", TALL)
    assert site.stays_quiet()
    page.evaluate("scrollTo(0, 1000)")
    site.wait("Page Scrolled", 2)
    page.evaluate("scrollTo(0, 0)")
    page.evaluate("scrollTo(0, 1000)")
    page.evaluate("scrollTo(0, 1e6)")
    told = site.wait("Page Scrolled", 4)

    assert [event.properties["percent"] for event in told] == [25, 50, 75, 100]
    page.evaluate("scrollTo(0, 0)")
    page.evaluate("scrollTo(0, 1e6)")
    assert site.stays_quiet()


# -- Clicks ------------------------------------------------------------------------------------------------------------


def test_clicks_away_downloads_and_named_elements_are_told(site: Site, page: Page) -> None:
    page.route(f"{OTHER_SITE}/**", lambda route: route.fulfill(body="elsewhere"))
    visit(
        site,
        page,
        "/",
        f"""
        <a id="away" target="_blank" href="{OTHER_SITE}/partner"><b>out</b></a>
        <a id="file" download href="/files/price-list.pdf?v=2">prices</a>
        <a id="named" href="{OTHER_SITE}/demo" target="_blank" data-ls-event="Content Downloaded"
           data-ls-kind="white-paper" data-ls-asset-id="007" data-ls-share="50"><i>paper</i></a>
        <a id="mail" href="mailto:sales@example.org">mail</a>
        <p id="text">text</p>
        """,
    )
    for name in ("away b", "file", "named i", "text"):
        page.click(f"#{name}")
    page.evaluate("document.querySelector('#mail').dispatchEvent(new MouseEvent('click', {cancelable: true}))")
    (away,) = site.wait("Link Clicked")
    (file,) = site.wait("File Accessed")
    (named,) = site.wait("Content Downloaded")

    assert away.properties == {"url": f"{OTHER_SITE}/partner"}
    assert file.properties == {"file": "price-list.pdf", "url": f"{site.url}/files/price-list.pdf?v=2"}
    assert named.properties == {"kind": "white-paper", "asset_id": "007", "share": 50}
    assert site.stays_quiet()
    assert len(site.named("Link Clicked")) == 1


# -- Forms -------------------------------------------------------------------------------------------------------------

FORM = """
<form action="/contact" method="post" data-ls-form="contact" data-ls-topic="prices">
  <input name="your-email" type="email" value="ada@northwind.example">
  <input name="firstName" value="Ada">
  <input name="jobTitle" value="CTO">
  <input name="company_size" value="250" data-ls-ignore>
  <input name="nickname" value="lovely">
  <input name="why" value="speed" data-ls-field="reason">
  <input name="pin" type="password" value="hunter2" data-ls-field="pin">
  <input name="passwort" value="hunter3" data-ls-field="word">
  <input type="radio" name="role" value="buyer" checked><input type="radio" name="role" value="user">
  <input name="card_number" value="4111" data-ls-field="card">
  <input name="number" autocomplete="cc-number" value="4112" data-ls-field="number">
  <div data-ls-ignore><input name="phone" value="555"></div>
  <input type="checkbox" name="consent_newsletter" value="yes" checked>
  <input type="checkbox" name="consent_calls" value="yes">
  <select name="country" multiple><option selected>DE<option selected>FR<option>US</select>
  <input type="file" name="website">
  <button name="title" value="clicked">Send</button>
</form>
"""


def test_a_form_tells_all_that_becomes_a_trait(site: Site, page: Page) -> None:
    form = """
    <form action="/contact" method="post" data-ls-form="contact">
      <input name="email" type="email" value="ada@northwind.example">
      <input name="confirm_email" type="email" value="ada@northwind.example">
      <input name="annual_revenue" value="5000000">
      <input name="number_of_employees" value="250">
      <input name="jobRole" value="buyer">
      <input name="Province" value="Ontario">
      <input name="message" value="secret"><button>Send</button>
    </form>"""
    visit(site, page, "/contact", form)
    page.click("button")
    (event,) = site.wait("Form Submitted")

    assert told(event.traits) == {
        "email": "ada@northwind.example",
        "annual_revenue": 5_000_000,
        "company_size": 250,
        "role": "buyer",
        "state": "Ontario",
    }
    assert event.properties.keys() == {"form", "page"}


def test_a_form_is_told_and_goes_where_the_page_sends_it(site: Site, page: Page) -> None:
    visit(site, page, "/contact", FORM)
    page.click("button")
    (event,) = site.wait("Form Submitted")

    page.wait_for_load_state()
    (own,) = site.posted_here
    assert fields(own)["pin"] == "hunter2"
    (view, *_) = site.named("Page Viewed")
    assert identifiers(event) == {"email": "ada@northwind.example", **identifiers(view)}
    assert (event.trust, event.call) == (Trust.DECLARED, "form")
    # A browser that leaves the page may break a request off, which then goes out again.
    (sent,) = {request.body: request for request in site.requests if request.target == "/forms/contact"}.values()
    assert fields(sent).keys() == {
        "writeKey", "anonymousId", "messageId", "topic", "email", "firstName", "jobTitle", "reason", "role",
        "consent_newsletter", "country",
    }  # fmt: skip
    assert (event.traits["country"], event.traits["role"]) == (["DE", "FR"], "buyer")
    assert event.properties == {"form": "contact", "topic": "prices", "reason": "speed", "page": f"{site.url}/contact"}
    assert event.context["consent"] == {"newsletter": "yes"}
    assert site.preflights == 0


def test_a_form_that_a_script_sends_is_told_too(site: Site, page: Page) -> None:
    visit(site, page, "/", FORM)
    page.evaluate("document.forms[0].addEventListener('submit', (event) => event.preventDefault())")
    page.click("button")
    site.wait("Form Submitted")

    assert site.posted_here == []
    assert len(site.named("Form Submitted")) == 1


@pytest.mark.parametrize(
    "script",
    [
        "form.submit()",
        "form.requestSubmit()",
        # As pages do that check a form first, or ask for a token.
        """form.addEventListener('submit', (event) => {
             event.preventDefault()
             setTimeout(() => form.submit(), 100)
           })
           form.requestSubmit()""",
    ],
)
def test_a_form_that_a_script_submits_is_told_once_and_goes_where_it_should(
    site: Site, page: Page, script: str
) -> None:
    site.page("/contact", "Thank you")
    visit(site, page, "/", FORM)
    page.evaluate(f"{{ const form = document.forms[0]; {script} }}")
    page.wait_for_url(f"{site.url}/contact")
    site.wait("Form Submitted")
    site.wait("Page Viewed", 2)
    page.wait_for_function("localStorage.ls_queue === '[]'")

    assert len(site.named("Form Submitted")) == 1
    assert len(site.posted_here) == 1


def test_a_second_click_on_a_form_says_nothing_new_and_other_content_does(site: Site, page: Page) -> None:
    visit(site, page, "/", FORM)
    page.evaluate("document.forms[0].addEventListener('submit', (event) => event.preventDefault())")
    page.dblclick("button")
    site.wait("Form Submitted")
    page.fill("[name=firstName]", "Augusta")
    page.click("button")
    told = site.wait("Form Submitted", 2)

    assert [event.traits["first_name"] for event in told] == ["Ada", "Augusta"]


def test_a_form_that_did_not_get_through_comes_again_and_is_never_stored(site: Site, page: Page) -> None:
    visit(site, page, "/", FORM)
    page.evaluate("document.forms[0].addEventListener('submit', (event) => event.preventDefault())")
    site.refusals = [503]
    page.click("button")
    assert "ada" not in (stored(page, "ls_queue") or "")
    site.wait("Form Submitted")

    tries = [request for request in site.requests if request.target == "/forms/contact"]
    assert len(tries) == 2
    assert tries[0].body == tries[1].body


@pytest.mark.parametrize("more", ["", '<input type="hidden" name="action" value="send">'])
def test_a_form_that_is_posted_to_the_collector_says_who_sent_it_and_counts_once(
    site: Site, page: Page, more: str
) -> None:
    """Also where the collector is another site, to which a browser sends no cookie with a form."""
    page.route(f"{OTHER_SITE}/**", lambda route: route.fulfill(body="thanks"))
    elsewhere = site.collector.replace("site.localhost", "elsewhere.localhost")
    form = f"""
    <form action="{elsewhere}/forms/demo" method="post" data-ls-form="demo">
      <input type="hidden" name="writeKey" value="{PUBLIC_KEY}">
      <input type="hidden" name="redirect" value="{OTHER_SITE}/thanks">
      <input name="email" value="ada@northwind.example">{more}<button>Send</button>
    </form>"""
    visit(site, page, "/demo", form, head=site.tag().replace(site.collector, elsewhere))
    page.click("button")
    page.wait_for_url(f"{OTHER_SITE}/thanks")

    (event,) = site.named("Form Submitted")
    (view,) = site.named("Page Viewed")
    assert identifiers(event) == {"email": "ada@northwind.example", **identifiers(view)}


# -- Being sure --------------------------------------------------------------------------------------------------------


def test_what_was_not_taken_comes_again_and_counts_once(site: Site, page: Page) -> None:
    site.refusals = [503]
    visit(site, page)
    site.wait_until(lambda: stored(page, "ls_queue") == "[]", "an empty queue")

    first, second = site.sent()
    assert [call["messageId"] for call in first["batch"]] == [call["messageId"] for call in second["batch"]]
    assert len(site.events) == 1


def test_what_was_not_taken_comes_again_from_the_next_page(site: Site, page: Page) -> None:
    site.refusals = [503, 503]
    page.goto(site.page("/one"))
    site.wait_until(lambda: len(site.requests) == 1, "the first try")
    page.goto(site.page("/two"))
    views = site.wait("Page Viewed", 2)

    assert {event.properties["path"] for event in views} == {"/one", "/two"}
    assert len(site.door.events) >= len(site.events)


def test_what_is_sent_outlives_the_page(site: Site, page: Page) -> None:
    """As browsers promise it: on loopback, everything is faster than a page is left."""
    page.add_init_script(
        "const send = fetch; window.asked = [];"
        "window.fetch = (url, how) => { asked.push(how.keepalive); return send(url, how) }"
    )
    visit(site, page, "/", FORM)
    page.evaluate("document.forms[0].addEventListener('submit', (event) => event.preventDefault())")
    page.click("button")
    site.wait("Form Submitted")
    page.evaluate("leadscore.track('Large', {text: 'x'.repeat(25000)})")
    site.wait("Large")

    # Browsers refuse to keep more than 64 KiB alive.
    assert page.evaluate("asked") == [True, True, False]


def test_a_key_that_is_refused_is_tried_once(site: Site, page: Page) -> None:
    page.goto(site.page("/", TALL, head=site.tag(**{"write-key": "unknown"})))
    site.wait_until(lambda: len(site.requests) == 1, "the first try")
    page.wait_for_timeout(300)
    page.evaluate("leadscore.track('Something'); scrollTo(0, 1e6)")

    assert site.stays_quiet()
    assert len(site.requests) == 1
    assert site.events == []


def test_a_bad_event_is_dropped_and_holds_up_no_other(site: Site, page: Page) -> None:
    site.refusals = [400]
    page.goto(site.page("/"))
    site.wait_until(lambda: len(site.requests) == 1, "the first try")
    page.wait_for_timeout(300)
    page.evaluate("leadscore.track('Something')")

    site.wait("Something")
    assert site.names() == ["Something"]


def test_what_is_no_json_holds_up_no_other(site: Site, page: Page) -> None:
    visit(site, page)
    page.evaluate("try { const node = {}; node.self = node; leadscore.track('Odd', { node }) } catch {}")
    page.evaluate("leadscore.track('Fine')")

    site.wait("Fine")
    assert "Odd" not in site.names()


def test_the_queue_is_bounded(site: Site, page: Page) -> None:
    site.refusals = [503] * 1_000
    page.goto(site.page("/"))
    site.wait_until(lambda: len(site.requests) == 1, "the first try")
    page.evaluate("for (let n = 0; n < 300; n++) leadscore.track('Event ' + n)")
    kept = json.loads(stored(page, "ls_queue") or "")

    assert len(kept) == 100
    assert kept[-1]["call"]["event"] == "Event 299"
    site.refusals.clear()
    site.wait_until(lambda: len(site.events) >= 100, "the queue")
    assert site.stays_quiet()
    assert len(site.events) == 100


def test_many_events_travel_in_few_requests_and_each_counts_once(site: Site, page: Page) -> None:
    visit(site, page)
    page.evaluate("for (let n = 0; n < 60; n++) leadscore.track('Event', {n})")
    told = site.wait("Event", 60)

    assert sorted(event.properties["n"] for event in told) == list(range(60))
    assert len(site.requests) <= 6


def test_a_spoilt_queue_stops_nothing(site: Site, page: Page) -> None:
    page.add_init_script("localStorage.ls_queue = '{not json'; localStorage.ls_aid = 'nonsense'")

    visit(site, page)


# -- Who it is ---------------------------------------------------------------------------------------------------------


def test_the_collector_knows_the_visitor_by_the_trackers_cookie(site: Site, page: Page, person: BrowserContext) -> None:
    visit(site, page)
    cookie = cookies(person)["ls_aid"]
    key = site.sent()[0]["writeKey"]
    page.evaluate("(src) => new Promise((done) => { new Image().onload = done; setTimeout(done, 500); "
                  "const image = new Image(); image.src = src; document.body.append(image) })",
                  f"{site.collector}/pixel.gif?writeKey={key}&event=Seen")  # fmt: skip
    (seen,) = site.wait("Seen")

    (view,) = site.named("Page Viewed")
    assert identifiers(view) == identifiers(seen) == {"anonymous_id": cookie["value"]}
    assert (cookie["domain"], cookie["sameSite"], cookie["secure"]) == (".site.localhost", "Lax", True)
    assert 364 < (float(str(cookie["expires"])) - page.evaluate("Date.now()") / 1000) / 86_400 < 366


def test_a_visitor_who_lost_the_cookie_is_known_by_what_is_stored(
    site: Site, page: Page, person: BrowserContext
) -> None:
    visit(site, page)
    person.clear_cookies()
    page.reload()
    first, second = site.wait("Page Viewed", 2)

    assert identifiers(first) == identifiers(second)
    assert cookies(person)["ls_aid"]["value"] == identifiers(first)["anonymous_id"]


def test_who_was_not_here_for_a_year_is_somebody_new(site: Site, page: Page) -> None:
    old = "0" * 32
    page.add_init_script(f"localStorage.ls_aid = '{old}' + (Date.now() - 1)")
    visit(site, page)

    assert identifiers(site.events[0])["anonymous_id"] != old


def test_a_page_can_name_the_person_and_forget_them(site: Site, page: Page) -> None:
    visit(site, page)
    page.evaluate("leadscore.identify('u-1042', {title: 'CTO'})")
    (identified,) = site.wait("Identified")
    page.evaluate("leadscore.reset(); leadscore.track('After')")
    (after,) = site.wait("After")

    (view,) = site.named("Page Viewed")
    assert identifiers(identified) == {"user_id": "u-1042", **identifiers(view)}
    assert identified.traits["title"] == "CTO"
    assert identifiers(after).keys() == {"anonymous_id"}
    assert identifiers(after) != identifiers(view)


def test_traits_are_never_stored(site: Site, page: Page) -> None:
    visit(site, page)
    site.refusals = [503] * 10
    page.evaluate("leadscore.identify('u-1042', {email: 'ada@northwind.example'}); leadscore.track('Known')")

    kept = stored(page, "ls_queue") or ""
    assert "Known" in kept
    assert "ada" not in kept


def test_calls_before_the_script_is_there_are_not_lost(site: Site, page: Page) -> None:
    stub = "<script>window.leadscore = window.leadscore || []; leadscore.push(['track', 'Early', {n: 1}])</script>"
    visit(site, page, "/", head=stub + site.tag())
    (early,) = site.wait("Early")

    assert early.properties == {"n": 1}
    assert site.names() == ["Page Viewed", "Early"]


def test_the_tag_twice_on_a_page_is_one_tracker(site: Site, page: Page) -> None:
    mistakes: list[object] = []
    page.on("pageerror", lambda mistake: mistakes.append(mistake))  # noqa: PLW0108 - Playwright marks what it calls
    visit(site, page, "/", head=site.tag() + site.tag())

    assert site.stays_quiet()
    assert site.names() == ["Page Viewed"]
    assert mistakes == []


# -- Consent -----------------------------------------------------------------------------------------------------------

SIGNALS = ["globalPrivacyControl: {value: true}", "doNotTrack: {value: '1'}"]


def refuse(page: Page, signal: str) -> None:
    page.add_init_script(f"Object.defineProperties(navigator, {{{signal}}})")


def use_everything(page: Page) -> None:
    page.wait_for_function("window.leadscore && leadscore.loaded")
    page.evaluate("leadscore.track('Something'); leadscore.identify('u'); leadscore.page(); scrollTo(0, 1e6)")
    page.evaluate("history.pushState({}, '', '/elsewhere')")
    page.evaluate("document.forms[0].addEventListener('submit', (event) => event.preventDefault())")
    page.click("button")
    page.evaluate("dispatchEvent(new Event('pagehide'))")


def says_nothing(site: Site, page: Page, person: BrowserContext) -> bool:
    use_everything(page)
    keys = page.evaluate("Object.keys(localStorage)")
    return site.stays_quiet() and site.requests == [] and person.cookies() == [] and keys == []


@pytest.mark.parametrize("signal", SIGNALS)
def test_who_does_not_want_to_be_followed_is_not(site: Site, page: Page, person: BrowserContext, signal: str) -> None:
    refuse(page, signal)
    page.goto(site.page("/", TALL + FORM))

    assert says_nothing(site, page, person)


def test_without_the_consent_that_a_page_requires_nothing_is_kept_or_sent(
    site: Site, page: Page, person: BrowserContext
) -> None:
    page.goto(site.page("/", TALL + FORM, head=site.tag(consent="required")))

    assert says_nothing(site, page, person)
    page.evaluate("leadscore.consent(false)")
    assert says_nothing(site, page, person)


@pytest.mark.parametrize("signal", ["", *SIGNALS])
def test_consent_begins_it_and_lasts(site: Site, page: Page, signal: str) -> None:
    refuse(page, signal)
    page.goto(site.page("/", head=site.tag(consent="required")))
    page.wait_for_function("window.leadscore && leadscore.loaded")
    page.evaluate("leadscore.consent(true)")
    site.wait("Page Viewed")
    page.reload()

    for event in site.wait("Page Viewed", 2):
        assert event.context["consent"]["categoryPreferences"] == {"analytics": True}
    page.evaluate("leadscore.consent(true)")
    assert site.stays_quiet()
    (given,) = site.named("Consent Given")
    assert given.properties == {"channel": "web"}


def test_consent_may_be_given_before_the_script_is_there(site: Site, page: Page) -> None:
    calls = "leadscore = [['track', 'Early'], ['consent', true]]"
    visit(site, page, "/", head=f"<script>{calls}</script>{site.tag(consent='required')}")

    site.wait("Early")


def test_consent_refused_before_the_script_is_there_starts_nothing(
    site: Site, page: Page, person: BrowserContext
) -> None:
    page.goto(site.page("/", head=f"<script>leadscore = [['consent', false]]</script>{site.tag()}"))

    assert site.stays_quiet()
    assert (site.requests, person.cookies()) == ([], [])


def test_consent_withdrawn_is_told_once_and_forgets_the_visitor(site: Site, page: Page, person: BrowserContext) -> None:
    visit(site, page, "/", TALL)
    (view,) = site.named("Page Viewed")
    page.evaluate("leadscore.consent(false); leadscore.consent(false); leadscore.track('Something')")
    (withdrawn,) = site.wait("Consent Withdrawn")

    assert identifiers(withdrawn) == identifiers(view)
    assert withdrawn.properties == {"channel": "web"}
    assert withdrawn.context["consent"]["categoryPreferences"] == {"analytics": False}
    assert person.cookies() == []
    assert page.evaluate("Object.entries(localStorage)") == [["ls_consent", "no"]]
    page.reload()
    page.evaluate("scrollTo(0, 1e6)")
    assert site.stays_quiet()
    assert len(site.named("Page Viewed")) == 1


def test_consent_withdrawn_in_one_tab_holds_for_the_others(site: Site, page: Page, person: BrowserContext) -> None:
    visit(site, page, "/", FORM)
    other = person.new_page()
    other.goto(site.page("/privacy"))
    site.wait("Page Viewed", 2)
    other.evaluate("leadscore.consent(false)")
    site.wait("Consent Withdrawn")
    told = len(site.requests)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    use_everything(page)

    assert site.stays_quiet()
    assert len(site.requests) == told
    assert person.cookies() == []


def test_a_page_that_empties_the_storage_is_still_told_of(site: Site, page: Page) -> None:
    visit(site, page)
    page.evaluate("localStorage.clear(); leadscore.track('Logged Out')")

    site.wait("Logged Out")


def test_a_withdrawal_that_was_not_taken_comes_again(site: Site, page: Page) -> None:
    visit(site, page)
    site.refusals = [503]
    page.evaluate("leadscore.consent(false)")

    site.wait("Consent Withdrawn")
    assert len(site.sent()) == 3
