"""A merchant's call of the back-fill, for samples: the form around a `confirm_book_r_q`, signed.

Source: fliggy-ship-order-notify.md, "Beyond the document".
"""

from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode

from dialects.contract import Call
from dialects.fliggy.partner import signature

_CHINA = timezone(timedelta(hours=8))


class FliggyCaller:
    """`content` is the object of the field table."""

    name = "fliggy"
    path = "/router/rest"

    def call(self, content: bytes, *, url: str, secret: str, now: datetime) -> Call:
        parameters = {
            "method": "alitrip.ship.order.notify",
            "app_key": "12345678",
            "session": "test",
            "timestamp": f"{now.astimezone(_CHINA):%Y-%m-%d %H:%M:%S}",
            "format": "json",
            "v": "2.0",
            "sign_method": "hmac-sha256",
            "confirm_book_r_q": content.decode(),
        }
        form = urlencode(parameters | {"sign": signature(parameters, secret=secret)})
        return Call(url, {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}, form.encode())
