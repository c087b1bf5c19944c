"""A stand-in for Mautic's mtc.js, so that a page's snippet needs another host and nothing else."""

#: Works off what the snippet has queued, and then every `mt('send', 'pageview', {...}, {onload, onerror})` at once.
#: The browser's id is kept where Mautic's own script keeps it, and goes along as a parameter: no cookie crosses sites.
MTC_JS = """\
(function (w, d, n) {
  'use strict';
  var name = w.MauticTrackingObject || 'mt';
  var me = d.currentScript;
  if (!me) return;
  var url = new URL(me.src);
  var target = url.origin + url.pathname.replace(/mtc\\.js$/, 'mtc/event') + url.search;
  var asked = n.doNotTrack === '1' || n.globalPrivacyControl === true;
  var counter = 0;
  var KEY = 'mautic_device_id';

  function known() {
    var inCookie = d.cookie.match(/(?:^|; )mautic_device_id=([^;]+)/);
    try {
      return w.localStorage.getItem(KEY) || (inCookie && inCookie[1]);
    } catch (e) {
      return inCookie && inCookie[1];
    }
  }

  function keep(id) {
    if (!id || asked) return;
    var secure = w.location.protocol === 'https:' ? '; Secure' : '';
    d.cookie = KEY + '=' + id + '; path=/; max-age=31536000; SameSite=Lax' + secure;
    try {
      w.localStorage.setItem(KEY, id);
    } catch (e) {
      // The cookie is enough.
    }
  }

  function view(said, then) {
    var fields = new URLSearchParams();
    function add(values) {
      Object.keys(values).forEach(function (key) {
        if (values[key] !== undefined && values[key] !== null) fields.set(key, values[key]);
      });
    }
    add({
      page_title: d.title,
      page_url: w.location.href,
      page_referrer: d.referrer ? d.referrer.split('/')[2] : '',
      page_language: n.language,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      counter: counter,
      do_not_track: asked,
      mautic_device_id: asked ? null : known()
    });
    add(said || {});
    counter += 1;
    return w.fetch(target, { method: 'POST', body: fields, credentials: 'omit', keepalive: true })
      .then(function (response) {
        if (!response.ok) throw new Error(response.status);
        return response.json();
      })
      .then(function (answer) {
        keep(answer.device_id);
        if (then && then.onload) then.onload(answer);
      })
      .catch(function (error) {
        if (then && then.onerror) then.onerror(error);
      });
  }

  // One after the other: the first view's answer brings the id that the next ones name.
  var last = Promise.resolve();
  function take(call) {
    if (call[0] !== 'send' || call[1] !== 'pageview') return;
    last = last.then(function () {
      return view(call[2], call[3]);
    });
  }

  var queued = (w[name] && w[name].q) || [];
  w[name] = function () {
    take(arguments);
  };
  queued.forEach(take);
})(window, document, navigator);
"""
