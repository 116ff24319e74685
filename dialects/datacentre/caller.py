"""A company's call of `ticket_order`, for samples: with a token of the password that it was given.

The token of the document's example cannot be recomputed: its password is not in the document ("`token`").
"""

import json
from datetime import datetime

from dialects.contract import Call
from dialects.datacentre.partner import token


class DataCentreCaller:
    """`content` is a whole body; without a secret its own token stays."""

    name = "datacentre"
    path = ""

    def call(self, content: bytes, *, url: str, secret: str, now: datetime) -> Call:
        del now
        if secret:
            message = json.loads(content)
            message["ticket_order"]["token"] = token(message["ticket_order"], secret)
            content = json.dumps(message, ensure_ascii=False).encode()
        return Call(url, {"content-type": "application/json"}, content)
