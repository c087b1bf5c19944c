"""ECDSA on P-256 with SHA-256, checked only. Imported where somebody signs so: it takes longer than the collector."""

import hashlib

# It has no types of its own.
from ecdsa import BadSignatureError, NIST256p, VerifyingKey  # type: ignore[import-untyped]
from ecdsa.der import UnexpectedDER  # type: ignore[import-untyped]
from ecdsa.errors import MalformedPointError  # type: ignore[import-untyped]
from ecdsa.util import sigdecode_der  # type: ignore[import-untyped]


class PublicKey:
    """A public key, as DER (SubjectPublicKeyInfo). Raises ValueError on anything else."""

    def __init__(self, der: bytes) -> None:
        try:
            self._key = VerifyingKey.from_der(der)
        except (UnexpectedDER, MalformedPointError, IndexError, TypeError, AssertionError) as error:
            raise ValueError("not a public key") from error
        if self._key.curve is not NIST256p:
            raise ValueError("not a key on P-256")

    def has_signed(self, signature: bytes, content: bytes) -> bool:
        """Whether the signature, as DER, is the key's owner's."""
        try:
            return bool(self._key.verify(signature, content, hashfunc=hashlib.sha256, sigdecode=sigdecode_der))
        except BadSignatureError:
            return False
