"""Yes and no, as programs and people write them where everything is text. Lower case."""

YES = frozenset({"1", "on", "t", "true", "y", "yes"})
NO = frozenset({"0", "f", "false", "n", "no", "off"})
