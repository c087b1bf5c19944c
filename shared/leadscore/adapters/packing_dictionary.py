"""What deflate may point back to, the likeliest last: pieces of what analytics.js, servers and forms send.

Version 1. Never change it: write the next one beside it (see `packing`).
"""

DICTIONARY_1 = b"".join(
    (
        # shops, apps and devices
        b'"revenue":"currency":"USD","EUR","products":[{"product_id":"sku":"price":"quantity":"order_id":"position":',
        b'"total_length":"screen":{"width":"height":"density":"os":{"name":"version":"device":{"id":"manufacturer":"model":',
        b'"type":"app":{"build":"namespace":"network":{"wifi":"carrier":"location":{"latitude":"longitude":"country":',
        b'"region":"city":"groupId":"previousId":"plan":"enterprise","logins":',
        # forms, content and e-mail
        b'"subject":"link_url":"campaign_id":"meeting":"webinar":"asset_id":"kind":"white paper","form":"button":',
        b'"demo-request","newsletter","unsubscribe","sendgrid","mailchimp","hubspot","salesforce","segment",',
        # traits
        b'"description":"created_at":"createdAt":"birthday":"gender":"avatar":"address":{"street":"postalCode":"state":',
        b'"country":"city":"age":"website":"employees":"industry":"Software","seniority":"department":"Marketing",',
        b'"Director","Manager","Vice President","Engineer","Student","Consultant","phone":"username":"last_name":',
        b'"first_name":"lastName":"firstName":"company":{"name":"title":"job_title":"lead_source":"consent":true,',
        b'"subscribed":false,null,"name":"email":"@gmail.com@example.com","said_at":',
        # browsers
        b'"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18',
        b'.0 Mobile/15E148 Safari/604.1"Mozilla/5.0 (Linux; Android 10; K)Mozilla/5.0 (X11; Linux x86_64; rv:140.0) ',
        b'Gecko/20100101 Firefox/140.0 Edg/139.0.0.0"',
        b'"userAgentData":{"brands":[{"brand":"Not;A=Brand","version":"99"},{"brand":"Google Chrome","version":"139"},',
        b'{"brand":"Microsoft Edge","version":"139"},{"brand":"Chromium","version":"139"}],"mobile":true,"platform":',
        b'"Android"},"mobile":false,"platform":"Windows"},"mobile":false,"platform":"macOS"},',
        b'"locale":"de-DE","locale":"en-GB","locale":"en-US","timezone":"America/New_York","timezone":"Europe/Berlin",',
        b'"library":{"name":"analytics-python","version":"2.3.4"},"library":{"name":"@segment/analytics-node","version":',
        b'"library":{"name":"analytics.js","version":"npm:next-1.84.3"},"ip":"',
        # where a visitor comes from
        b"https://www.linkedin.com/https://www.bing.com/https://t.co/https://www.google.com/",
        b'"campaign":{"name":"source":"medium":"term":"content":"google","medium":"cpc","medium":"email","medium":"social",',
        b"&gclid=&fbclid=&msclkid=&utm_id=&utm_term=&utm_content=?utm_source=newsletter&utm_medium=email&utm_campaign=",
        b"?utm_source=google&utm_medium=cpc&utm_campaign=",
        # a page call, whole
        b'"userAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) ',
        b'"userAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) ',
        b'Chrome/139.0.0.0 Safari/537.36",',
        b'"page":{"path":"/pricing","referrer":"https://www.google.com/","search":"","title":"","url":"https://www.',
        b'.com/features/product/contact/docs/blog/"},"traits":{},"context":{"category":null,',
        b'{"call":"identify","call":"track","call":"page","received_at":17,"identifiers":{"user_id":"email":',
        b'"anonymous_id":"},"properties":{"path":"/","referrer":"","search":"","title":"","url":"https://www.',
    )
)
