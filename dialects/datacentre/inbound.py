"""The data centre's contract, served: companies' business systems call us as they call it."""

from dialects.datacentre.authenticity import verify, wrong_settings
from dialects.datacentre.read import peek, read
from dialects.datacentre.reply import reply


class DataCentreInbound:
    """The party contract, by the functions of this folder. The proof is in the body: no header is kept."""

    name = "datacentre"
    signed_headers: frozenset[str] = frozenset()
    verify = staticmethod(verify)
    wrong_settings = staticmethod(wrong_settings)
    peek = staticmethod(peek)
    read = staticmethod(read)
    reply = staticmethod(reply)
