"""A data centre endpoint's credentials, and what the document leaves to be agreed with the partner."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from dialects.datacentre.code_tables import CATEGORY_CODES, CATEGORY_NAMES, TYPES
from dialects.datacentre.countries import CHINESE_NAMES
from schemas.topics import EventType


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # not found, a folder, or no name of a file
        raise ValueError("is no time zone") from None
    return name


Required = Annotated[str, Field(min_length=1)]


class Credentials(BaseModel):
    """`company_id` and `password` are the platform's; the rest are partner settings (inconsistencies 9 to 22).

    `categories`: which documents beside ticketing the partner has agreed to take (16).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    company_id: Required
    password: Required
    time_zone: Annotated[str, AfterValidator(_time_zone)] = "Asia/Shanghai"
    categories: list[Literal["changed", "refunded", "void"]] = Field(default_factory=list)
    category_codes: bool = False
    type_names: bool = False
    json_in_strings: bool = False
    price_category: str = ""
    countries: dict[str, Required] = Field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def agreed(self, event_type: EventType) -> bool:
        """Whether the partner takes this category; ticketing is what the contract is for."""
        return event_type == EventType.TICKETED or event_type.removeprefix("order.") in self.categories

    def category(self, event_type: EventType) -> str:
        """Ticketing is "1", the only wire value shown; the others go by name unless agreed otherwise (10)."""
        as_code = event_type == EventType.TICKETED or self.category_codes
        return (CATEGORY_CODES if as_code else CATEGORY_NAMES)[event_type]

    def order_type(self, code: str) -> str:
        """By code, the pattern of the document's other classes, or by name as its sample does (11)."""
        return TYPES[code] if self.type_names else code

    def country(self, code: str) -> str | None:
        """A country in Chinese, by the partner's table and then ours; a name in Chinese is one already (22)."""
        if any("\u4e00" <= character <= "\u9fff" for character in code):
            return code
        return self.countries.get(code) or CHINESE_NAMES.get(code)


def check_credentials(credentials: Mapping[str, Any]) -> list[str]:
    """What is wrong, a sentence each; no value is repeated."""
    try:
        Credentials.model_validate(credentials)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        return [f"credentials.{'.'.join(str(step) for step in wrong['loc'])}: {wrong['msg']}" for wrong in found]
    return []
