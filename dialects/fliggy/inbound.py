"""Fliggy's contract as the hub serves it."""

from dialects.fliggy.peek import peek
from dialects.fliggy.read import read
from dialects.fliggy.reply import reply
from dialects.fliggy.verify import verify, wrong_settings


class FliggyInbound:
    """The party contract, by the functions of this folder. The proof is in body and query, which are kept whole."""

    name = "fliggy"
    signed_headers: frozenset[str] = frozenset()
    verify = staticmethod(verify)
    wrong_settings = staticmethod(wrong_settings)
    peek = staticmethod(peek)
    read = staticmethod(read)
    reply = staticmethod(reply)
