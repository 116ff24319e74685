"""What the document writes in codes, in Chinese, or now in one and now in the other, and our words for it.

Sources: datacentre-ticket-order.md, "Fields" and inconsistencies 10, 11, 21, 23.
"""

from collections.abc import Mapping

from schemas.topics import EventType

CATEGORY_NAMES: Mapping[EventType, str] = {
    EventType.TICKETED: "出票单",
    EventType.CHANGED: "改期单",
    EventType.REFUNDED: "退票单",
    EventType.VOID: "废票单",
}
CATEGORY_CODES: Mapping[EventType, str] = {
    EventType.TICKETED: "1",
    EventType.CHANGED: "2",
    EventType.REFUNDED: "3",
    EventType.VOID: "4",
}
"""Only "1" is shown; the others follow the order of the list (inferred)."""

CATEGORIES: Mapping[str, EventType] = {
    word: event_type
    for event_type, name in CATEGORY_NAMES.items()
    for word in (name, name.removesuffix("单"), CATEGORY_CODES[event_type])
}
"""Every word by which a category may come."""

INFERRED_CODES = frozenset(CATEGORY_CODES.values()) - {"1"}

TYPES: Mapping[str, str] = {
    "1": "国内散客",
    "2": "国内团队",
    "3": "国际散客",
    "4": "国际团队",
    "5": "境外电子散客",
    "6": "境外电子团队",
    "7": "计划外",
}

KINDS: Mapping[str, str] = {
    "1": "adult", "成人": "adult",
    "2": "child", "儿童": "child",
    "3": "infant", "婴儿": "infant",
}  # fmt: skip
"""`price[].type`, by code or name."""

GENDERS: Mapping[str, str] = {"F": "女", "M": "男"}
CERTIFICATE_TYPES: Mapping[str, str] = {"PP": "护照", "ID": "身份证"}
"""The two types that the document names, and the code in which an event has them."""
