// Tells the collector that serves this file what happens on a page. docs/collect.md, "From a page", says how to use it:
//
//   <script async src="https://collect.example.com/tracker.js" data-write-key="..."></script>
//
// Every event is a call in Segment's format. It waits in a queue until the collector has answered, and comes again with
// the same messageId where it has not: also on the next page, for the queue is kept in localStorage. What was sent while
// the page was left is therefore sent twice, and counts once. Personal data (forms, traits) is never stored.
(() => {
  const { src, dataset } = document.currentScript;
  const early = window.leadscore || [];
  if (early.loaded) return;

  const { writeKey } = dataset;
  const collector = src.replace(/[^/]*$/, "");

  const ID = "ls_aid";
  const QUEUE = "ls_queue";
  const CONSENT = "ls_consent";
  const YEAR_MS = 31536e6;
  const QUEUE_MAX = 100;
  // Events have 32 KB at most, a request 500 KB.
  const BATCH_MAX = 15;
  // Browsers let at most 64 KiB of requests outlive a page; a character has up to three bytes.
  const KEPT_ALIVE_CHARACTERS_MAX = 20000;
  const IDLE_MS = 30000;
  const FIRST_READING_SECONDS = 15;
  const FILE = /\.(csv|dmg|docx?|epub|exe|msi|pdf|pptx?|xlsx?|zip)$/i;
  const SECRET = /card|cvc|cvv|iban|passw|\bcc-/i;
  // Every spelling of a trait that the collector knows (ingest/form.py), without what parts its words.
  const TRAIT =
    /^(your)?(.*email.*|mail|(first|last|full|family|given|fore|sur)?name|phone(number)?|tel(ephone)?|mobile(phone)?|(job)?(title|role)|position|seniority|department|company(name|size|website)?|organi[sz]ation|.*employees|employeecount|industry|website|homepage|.*revenue|budget|country|state|region|province|city|consent.*)$/i;

  // A browser may refuse storage, and somebody may have spoilt it: then things live as long as the page does.
  const attempt = (action) => {
    try {
      return action();
    } catch {}
  };
  const read = (name) => attempt(() => localStorage[name]) || "";
  const write = (name, value) => attempt(() => (value ? (localStorage[name] = value) : delete localStorage[name]));

  const hex = () => [...crypto.getRandomValues(new Uint8Array(32))].map((byte) => (byte & 15).toString(16)).join("");

  // -- Who it is -----------------------------------------------------------------------------------------------------

  let visitor;
  let isKept;

  const cookie = () => (attempt(() => document.cookie.match(/\bls_aid=([0-9a-f]{32})\b/)) || [])[1];

  // On the widest domain that the browser allows, so that collect.example.com gets what www.example.com has set.
  const bake = (value, seconds) => {
    const labels = location.hostname.split(".");
    for (let at = labels.length; at-- && cookie() !== value; ) {
      const domain = labels.slice(at).join(".");
      attempt(
        () => (document.cookie = `${ID}=${value}; Max-Age=${seconds}; Path=/; SameSite=Lax; Secure; Domain=${domain}`),
      );
    }
  };

  const recognise = () => {
    const now = Date.now();
    const kept = read(ID);
    let until = +kept.slice(32);
    visitor = cookie() || (until > now ? kept.slice(0, 32) : hex());
    if (!(until > now)) until = now + YEAR_MS;
    isKept = write(ID, visitor + until);
    bake(visitor, (until - now) / 1000);
  };

  const forget = () => {
    bake("", 0);
    write(ID);
  };

  // -- Sending -------------------------------------------------------------------------------------------------------

  let queue = [];
  let isActive;
  let failures = 0;
  let timer;
  const inFlight = new Set();

  const storedQueue = () => attempt(() => JSON.parse(read(QUEUE))) || [];

  // Other pages of the same visitor keep theirs in the same place.
  const save = (done = []) => {
    const known = [...done, ...queue].map((item) => item.id);
    const kept = storedQueue().filter((item) => !known.includes(item.id));
    kept.push(...queue.filter((item) => item.call && item.call.type !== "identify"));
    write(QUEUE, isActive && JSON.stringify(kept.slice(-QUEUE_MAX)));
  };

  const sendAfter = (seconds) => {
    clearTimeout(timer);
    timer = setTimeout(send, seconds * 1000);
  };

  const put = (item) => {
    // Consent may have been withdrawn in another tab, or while the browser kept this page for who comes back.
    if (!isActive || (isKept && !cookie() && !read(ID))) return;
    queue = [...queue, item].slice(-QUEUE_MAX);
    save();
    // While the collector is away, its absence sets the pace.
    if (!failures) sendAfter(0);
  };

  const settle = (items, status) => {
    items.forEach((item) => inFlight.delete(item));
    if (!status || status === 429 || status >= 500) {
      failures += failures < 7;
      return sendAfter(2 ** failures * (1 + Math.random()));
    }
    failures = 0;
    // A key that is refused once is refused again.
    if (status === 401) isActive = false;
    queue = queue.filter((item) => !items.includes(item) && status !== 401);
    save(items);
    sendAfter(0);
  };

  // One request after the other; where the page is left, all at once.
  const send = (isLeaving) => {
    const waiting = queue.filter((item) => !inFlight.has(item));
    const [first] = waiting;
    if (!first || (inFlight.size && !isLeaving)) return;
    const items = first.call ? waiting.filter((item) => item.call).slice(0, BATCH_MAX) : [first];
    items.forEach((item) => inFlight.add(item));
    const batch = items.map((item) => item.call);
    // Neither body needs a preflight: text goes as text/plain, parameters as a form's own post does.
    const body = first.call ? JSON.stringify({ writeKey, sentAt: new Date(), batch }) : new URLSearchParams(first.fields);
    fetch(collector + (first.call ? "v1/batch" : "forms/" + first.form), {
      method: "POST",
      body,
      keepalive: `${body}`.length < KEPT_ALIVE_CHARACTERS_MAX,
      // The collector takes a form's page, and the campaign in its address, from the Referer.
      referrerPolicy: "no-referrer-when-downgrade",
    }).then(
      ({ status }) => settle(items, status),
      () => settle(items),
    );
    if (isLeaving) send(true);
  };

  // -- Events --------------------------------------------------------------------------------------------------------

  const mustAsk = navigator.globalPrivacyControl || navigator.doNotTrack > 0 || dataset.consent === "required";
  let consented = read(CONSENT) || (mustAsk ? "no" : "");
  let page = {};

  const call = (type, content) => {
    const id = hex();
    const { userAgent, webdriver } = navigator;
    const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const consent = consented && { categoryPreferences: { analytics: consented === "yes" } };
    const context = { page, consent, timezone, userAgent, webdriver };
    const said = { type, messageId: id, timestamp: new Date(), anonymousId: visitor, context, ...content };
    // As it is now, and refused at once where it is no JSON: in the queue it would hold up all the others.
    put({ id, call: JSON.parse(JSON.stringify(said)) });
  };
  const track = (event, properties) => call("track", { event, properties });

  // -- The page: views, reading, scrolling ---------------------------------------------------------------------------

  let readSeconds;
  let toldSeconds;
  let nextSeconds;
  let depth;
  let lastSign;

  const noticed = () => (lastSign = Date.now());

  const open = (referrer) => {
    const { href: url, pathname: path, search } = location;
    page = { path, referrer, search, title: document.title, url };
    readSeconds = toldSeconds = depth = 0;
    nextSeconds = FIRST_READING_SECONDS;
    noticed();
    call("page", { properties: page });
  };

  // The seconds since the last time, so that they add up.
  const tellReading = () => {
    const seconds = readSeconds - toldSeconds;
    toldSeconds = readSeconds;
    if (seconds) track("Page Read", { path: page.path, seconds });
  };

  const tick = () => {
    if (!document.hidden && Date.now() - lastSign < IDLE_MS) readSeconds += 1;
    if (readSeconds < nextSeconds) return;
    nextSeconds *= 2;
    tellReading();
  };

  const scrolled = () => {
    noticed();
    const seen = (100 * (scrollY + innerHeight)) / document.documentElement.scrollHeight;
    // What is shown without scrolling is no scrolling; the last pixel may be half a one.
    while (scrollY && depth < 100 && depth + 24.5 < seen) track("Page Scrolled", { path: page.path, percent: (depth += 25) });
  };

  // A part of a page is no page. Frameworks set the new title right after the new address.
  const navigated = () =>
    setTimeout(() => {
      if (location.pathname + location.search === page.path + page.search) return;
      tellReading();
      open(page.url);
    });

  const leave = () => {
    tellReading();
    send(true);
  };

  // -- Clicks and forms ----------------------------------------------------------------------------------------------

  const snake = (name) => name.replace(/\B[A-Z]/g, "_$&").replace(/\W+/g, "_").toLowerCase();

  // data-ls-asset-id="7" is the property asset_id: 7.
  const saidBy = ({ dataset }) => {
    const said = {};
    for (const name in dataset) {
      const value = dataset[name];
      if (/^ls(?!Event|Form)/.test(name)) said[snake(name.slice(2))] = `${+value}` === value ? +value : value;
    }
    return said;
  };

  const clicked = (event) => {
    const [target] = event.composedPath();
    // The second button opens a menu.
    if (!target.closest || event.button > 1) return;
    const named = target.closest("[data-ls-event]:not(form)");
    const link = target.closest("a[href]");
    if (named) return track(named.dataset.lsEvent, saidBy(named));
    if (!link || !/^http/.test(link.protocol)) return;
    const { href: url, pathname } = link;
    if (link.download || FILE.test(pathname)) track("File Accessed", { file: pathname.split("/").pop(), url });
    else if (link.host !== location.host) track("Link Clicked", { url });
  };

  // A form's field called "action" hides where the form is posted to; a copy without its fields says it.
  const isOurs = (form) => form.cloneNode().action.startsWith(collector);

  // A form that is posted to the collector as it is only has to say whose it is. It is not sent from here, too.
  const completed = ({ target, formData }) => {
    if (!isActive || !isOurs(target)) return;
    formData.set("anonymousId", visitor);
  };

  // A second click says the same again, and so does a page that checks a form before it calls submit(): it counts once.
  let told;
  const submitted = ({ target: form }) => {
    const { lsForm, lsEvent } = form.dataset;
    if (!isActive || !lsForm || isOurs(form)) return;
    const id = hex();
    const own = { messageId: id, writeKey, anonymousId: visitor, event: lsEvent || "", ...saidBy(form) };
    const fields = Object.entries(own);
    const content = new FormData(form);
    for (const control of form.elements) {
      const { name, type, autocomplete, dataset } = control;
      const values = content.getAll(name);
      content.delete(name);
      const field = dataset.lsField || (type === "email" ? type : TRAIT.test(name.replace(/[\W_]/g, "")) && name);
      const isSecret = /^(password|file)$/.test(type) || SECRET.test(`${name} ${autocomplete}`);
      if (!field || isSecret || control.closest("[data-ls-ignore]")) continue;
      values.forEach((value) => fields.push([field, value]));
    }
    const said = lsForm + fields.slice(1);
    if (said === told) return;
    told = said;
    put({ id, form: lsForm, fields });
    // The page's own submit may leave it.
    send(true);
  };

  // -- Consent, and what pages call ----------------------------------------------------------------------------------

  const start = () => {
    if (isActive || consented === "no") return;
    isActive = true;
    recognise();
    queue = storedQueue();
    open(document.referrer);
  };

  const api = {
    loaded: true,
    track,
    page: (properties) => call("page", { properties: { ...page, ...properties } }),
    identify: (userId, traits) => call("identify", { userId, traits }),
    // Somebody else uses this browser from now on.
    reset() {
      forget();
      if (isActive) recognise();
    },
    consent(isGiven) {
      const before = consented;
      consented = isGiven ? "yes" : "no";
      // Where nothing is kept without consent, that there is none is not kept, either.
      write(CONSENT, isGiven || !mustAsk ? consented : "");
      start();
      // Banners say the same on every page.
      if (before !== consented) track("Consent " + (isGiven ? "Given" : "Withdrawn"), { channel: "web" });
      if (isGiven || !isActive) return;
      isActive = false;
      save();
      forget();
      send(true);
    },
    push: (...calls) => calls.forEach(([name, ...said]) => api[name](...said)),
  };

  const noticeCalls = (owner, name, notice) => {
    const original = owner[name];
    owner[name] = function (...said) {
      attempt(() => notice({ target: this }));
      return original.apply(this, said);
    };
  };

  const begin = () => {
    window.leadscore = api;
    early.forEach((one) => one[0] === "consent" && api.push(one));
    start();
    early.forEach((one) => one[0] === "consent" || api.push(one));

    // Scripts' own calls tell nobody.
    noticeCalls(history, "pushState", navigated);
    noticeCalls(HTMLFormElement.prototype, "submit", submitted);
    setInterval(tick, 1000);
    const listeners = {
      popstate: navigated,
      scroll: scrolled,
      pagehide: leave,
      // Browsers keep pages for those who come back, which is a view like any other.
      pageshow: ({ persisted }) => persisted && open(document.referrer),
      visibilitychange: () => document.hidden && leave(),
      click: clicked,
      auxclick: clicked,
      submit: submitted,
      formdata: completed,
      pointermove: noticed,
      pointerdown: noticed,
      keydown: noticed,
    };
    for (const name in listeners) addEventListener(name, listeners[name], true);
  };

  // A page that is made ready in advance has not been looked at.
  if (document.prerendering) document.addEventListener("prerenderingchange", begin);
  else begin();
})();
