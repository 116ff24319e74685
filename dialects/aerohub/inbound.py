"""AeroHub's contract, served: suppliers call us as they call the platform."""

from dialects.aerohub.authenticity import verify, wrong_settings
from dialects.aerohub.read import peek, read
from dialects.aerohub.reply import reply


class AeroHubInbound:
    """The party contract, by the functions of this folder. The proof is in the body: no header is kept."""

    name = "aerohub"
    signed_headers: frozenset[str] = frozenset()
    verify = staticmethod(verify)
    wrong_settings = staticmethod(wrong_settings)
    peek = staticmethod(peek)
    read = staticmethod(read)
    reply = staticmethod(reply)
