"""What stands before the @ and names no person."""

#: Mailboxes of a function: RFC 2142 and what companies use, in English, German, French and Spanish.
ROLES = frozenset(
    {
        "abuse", "accounting", "accounts", "accueil", "admin", "administracion", "administrateur", "administration",
        "administrator", "all", "anfrage", "atencion", "atencioncliente", "bewerbung", "billing", "booking", "bookings",
        "buchhaltung", "buero", "buro", "büro", "care", "career", "careers", "commercial", "compliance", "compras",
        "comptabilite", "contact", "contacto", "contactus", "customercare", "customerservice", "customersupport",
        "dataprotection", "datenschutz", "direction", "donotreply", "dpo", "einkauf", "empfang", "enquiries", "enquiry",
        "events", "everyone", "facturacion", "facturation", "feedback", "finance", "finanzen", "ftp", "general",
        "hallo", "hello", "help", "helpdesk", "hi", "hola", "hostmaster", "hr", "info", "informacion", "information",
        "inquiries", "inquiry", "invoice", "invoices", "it", "itsupport", "jobs", "kontakt", "kundenservice", "legal",
        "mail", "mailbox", "mailerdaemon", "marketing", "media", "news", "newsletter", "noc", "noreply", "office",
        "online", "operations", "ops", "order", "orders", "partner", "partners", "payments", "postmaster", "poststelle",
        "press", "presse", "privacy", "procurement", "purchasing", "reception", "rechnung", "rechnungen", "recht",
        "recruiting", "recruitment", "recrutement", "redaktion", "reply", "reservations", "returns", "root", "rrhh",
        "sales", "secretaria", "secretariat", "security", "sekretariat", "service", "serviceclient", "shop", "soporte",
        "spam", "staff", "subscribe", "support", "sysadmin", "team", "unsubscribe", "usenet", "ventas", "vertrieb",
        "verwaltung", "web", "webmaster", "welcome", "zentrale",
    }
)  # fmt: skip
#: What follows a function's name without naming anybody: `info-de@`, `sales.emea@`.
REGIONS = frozenset(
    {
        "apac", "at", "be", "ca", "ch", "cn", "dach", "de", "dk", "emea", "es", "eu", "fr", "global", "ie", "in", "int",
        "intl", "jp", "nl", "no", "pl", "se", "sg", "uk", "us", "usa",
    }
)  # fmt: skip
#: Typed to get past a form, without the points between words.
MADE_UP = frozenset(
    {
        "asdasd", "asdf", "asdfasdf", "asdfdsa", "asdfg", "asdfgh", "asdfghjkl", "asdfjkl", "azerty", "azertyuiop",
        "bartsimpson", "blabla", "blah", "brucewayne", "bugsbunny", "clarkkent", "daffyduck", "daisyduck", "darthvader",
        "donaldduck", "dummy", "erikamustermann", "example", "fake", "fakeemail", "fakemail", "fakename", "foo",
        "foobar", "hjkl", "homersimpson", "invalid", "janedoe", "jklö", "johndoe", "lorem", "loremipsum",
        "mariamustermann", "maxmustermann", "mickeymouse", "mickymaus", "mickymouse", "mikeymouse", "minniemouse",
        "myemail", "myname", "nobody", "noemail", "nomail", "noname", "none", "nonexistent", "nope", "nothanks",
        "nothing", "notreal", "qweqwe", "qwer", "qwerty", "qwertyuiop", "qwertz", "qwertzuiop", "santaclaus",
        "scroogemcduck", "sdfsdf", "somebody", "someone", "spamspam", "spongebob", "test", "testaccount", "testemail",
        "tester", "testing", "testmail", "testtest", "testuser", "undefined", "unknown", "username", "youremail",
        "yourname", "yxcv", "yxcvbnm", "zxcv", "zxcvbn", "zxcvbnm",
    }
)  # fmt: skip
#: What programs and templates put where a mailbox should be.
PLACEHOLDERS = frozenset({"email", "mail", "name", "nan", "nil", "none", "null", "undefined", "user", "you", "your"})
