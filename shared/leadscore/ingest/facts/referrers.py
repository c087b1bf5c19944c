"""What campaigns, ad networks and hosts mean for the channel: what matters most nowadays, on top of a long list."""

import re
from collections.abc import Mapping

from leadscore.ingest.facts.referrer_list import listed_hosts
from leadscore.ingest.facts.sites import HOST_CHARACTERS_MAX

#: `utm_medium`, as it is recommended and as it is written.
_MEDIUMS = {
    "email": ("email", "e-mail", "mail", "newsletter", "edm"),
    "affiliate": ("affiliate", "affiliates"),
    "display": ("display", "banner", "cpm", "expandable", "interstitial", "programmatic", "native"),
    "social": ("social", "social-network", "social-media", "socialmedia", "sm", "organic-social"),
    "paid-social": ("paid-social", "paidsocial", "social-paid", "social-ads", "cpc-social", "social-cpc"),
    "paid-search": ("paid-search", "paidsearch", "sem", "adwords", "googleads", "google-ads"),
    "organic-search": ("organic", "organic-search", "seo"),
    "referral": ("referral", "link", "partner"),
}  # fmt: skip
#: Paid for, to whom says the source.
PAID_MEDIUMS = frozenset(
    {"cpc", "ppc", "cpv", "cpa", "cpl", "paid", "paid-media", "ads", "ad", "retargeting", "remarketing"}
)
#: `utm_source` where it is a name and no host.
_SOURCES = {
    "social": (
        "bluesky", "facebook", "fb", "ig", "instagram", "linkedin", "mastodon", "meta", "pinterest", "reddit",
        "snapchat", "social", "threads", "tiktok", "twitter", "x", "xing", "youtube",
    ),
    "organic-search": (
        "baidu", "bing", "brave", "duckduckgo", "ecosia", "google", "qwant", "startpage", "yahoo", "yandex",
    ),
    "paid-search": ("adwords", "google-ads", "googleads", "bing-ads", "bingads", "microsoft-ads"),
    "email": (
        "activecampaign", "brevo", "customer.io", "email", "e-mail", "klaviyo", "mailchimp", "mailjet", "marketo",
        "newsletter", "pardot", "sendgrid", "sendinblue",
    ),
}  # fmt: skip
#: The referrer `android-app://<app>`.
_APPS = {
    "email": ("com.google.android.gm", "com.microsoft.office.outlook", "com.yahoo.mobile.client.android.mail"),
    "organic-search": ("com.google.android.googlequicksearchbox", "com.google.android.apps.searchlite"),
    "social": (
        "com.facebook.katana", "com.instagram.android", "com.linkedin.android", "com.reddit.frontpage",
        "com.twitter.android", "com.xing.android", "org.telegram.messenger",
    ),
}  # fmt: skip
#: A host or whatever lies below it; the longest that fits counts, so mail comes before the search of its provider.
_HOSTS = {
    "email": (
        "mail.google.com", "outlook.live.com", "outlook.office.com", "outlook.office365.com", "mail.yahoo.com",
        "mail.aol.com", "mail.proton.me", "mail.zoho.com", "mail.zoho.eu", "mail.yandex.ru", "e.mail.ru", "mail.qq.com",
        "mail.163.com", "deref-gmx.net", "deref-web.de", "deref-mail.com", "webmail.gmx.net", "3c.gmx.net", "3c.web.de",
        "email.t-online.de", "app.fastmail.com", "app.hey.com", "app.tuta.com", "mail.orange.fr", "webmail.free.fr",
    ),
    "social": (
        "bsky.app", "discord.com", "facebook.com", "fb.com", "fb.me", "instagram.com", "linkedin.com", "lnkd.in",
        "mastodon.social", "messenger.com", "news.ycombinator.com", "ok.ru", "pinterest.com", "pinterest.de",
        "pinterest.co.uk", "pinterest.fr", "pinterest.es", "quora.com", "reddit.com", "redd.it", "snapchat.com", "t.co",
        "t.me", "telegram.org", "threads.com", "threads.net", "tiktok.com", "tumblr.com", "twitter.com", "viadeo.com",
        "vk.com", "wa.me", "weibo.com", "whatsapp.com", "x.com", "xing.com", "youtu.be", "youtube.com",
    ),
    "organic-search": (
        "ask.com", "baidu.com", "bing.com", "duckduckgo.com", "ecosia.org", "kagi.com", "lite.qwant.com", "metager.de",
        "metager.org", "mojeek.com", "presearch.com", "qwant.com", "search.aol.com", "search.brave.com",
        "search.daum.net", "search.naver.com", "search.seznam.cz", "search.yahoo.com", "search.yahoo.co.jp", "so.com",
        "sogou.com", "startpage.com", "suche.gmx.net", "suche.t-online.de", "suche.web.de", "swisscows.com", "ya.ru",
    ),
    "paid-search": ("googleadservices.com",),
    "display": ("doubleclick.net", "googlesyndication.com", "outbrain.com", "taboola.com"),
}  # fmt: skip
#: Search engines that have a host in every country.
_WORLDWIDE = re.compile(r"(?:www\.)?(?:google|yandex|yahoo)\.(?:com?\.)?[a-z]{2,3}")


def _by_word(channels: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {word: channel for channel, words in channels.items() for word in words}


MEDIUMS = _by_word(_MEDIUMS)
SOURCES = _by_word(_SOURCES)
APPS = _by_word(_APPS)
HOSTS = _by_word(_HOSTS)


def channel_of_host(host: str) -> str | None:
    if len(host) > HOST_CHARACTERS_MAX:
        return None
    labels = host.split(".")
    for start in range(len(labels) - 1):
        if found := HOSTS.get(".".join(labels[start:])):
            return found
    return "organic-search" if _WORLDWIDE.fullmatch(host) else listed_hosts().get(host)
