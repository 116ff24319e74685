"""Atlas as a party whose webhooks come in. Its documents define no signature and no answer."""

from dialects import json_reply
from dialects.atlas.peek import peek
from dialects.atlas.read import read
from dialects.verification import scheme


class AtlasInbound:
    """The party contract, by the functions of this folder."""

    name = "atlas"
    signed_headers: frozenset[str] = frozenset()
    verify = staticmethod(scheme.verify)
    wrong_settings = staticmethod(scheme.wrong_settings)
    peek = staticmethod(peek)
    read = staticmethod(read)
    reply = staticmethod(json_reply.reply)
