"""A supplier's call of `update_order`, for samples: with the `apiKey` that it was given."""

import json
from datetime import datetime

from dialects.contract import Call


class AeroHubCaller:
    """`content` is a whole body; without a secret its own key stays."""

    name = "aerohub"
    path = "/supplier/v1/api/update_order"

    def call(self, content: bytes, *, url: str, secret: str, now: datetime) -> Call:
        del now
        if secret:
            content = json.dumps(json.loads(content) | {"apiKey": secret}, ensure_ascii=False).encode()
        return Call(url, {"content-type": "application/json"}, content)
