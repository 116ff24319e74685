"""The canonical event as a Standard Webhooks message."""

import orjson

from dialects.contract import Call, CallbackToWrite
from dialects.standard.signature import signed_headers
from schemas.events import EVENT_CONTENT


def write(callback: CallbackToWrite) -> Call:
    """`{"type", "timestamp", "data": {source, order_no, event, change}}`, keys sorted, signed; fits every event."""
    message = {
        "type": callback.content.type,
        "timestamp": callback.event_time,
        "data": {
            "source": callback.source,
            "order_no": callback.order_no,
            "event": EVENT_CONTENT.dump_python(callback.content, mode="json"),
            "change": dict(callback.change),
        },
    }
    body = orjson.dumps(message, option=orjson.OPT_SORT_KEYS)
    headers = signed_headers(
        callback.callback_id,
        now=callback.now,
        body=body,
        credentials=callback.credentials,
        replay=callback.replay,
    )
    return Call(url=callback.url, headers={"content-type": "application/json", **headers}, body=body)
