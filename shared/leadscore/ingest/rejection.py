"""What a sender did wrong, in words that a sender can act on."""


class Rejected(Exception):
    """What was sent cannot be taken.

    `message` names the field, what is wrong with it and the remedy. It never quotes what was sent: it may be personal,
    and ends up in the sender's logs.
    """

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
