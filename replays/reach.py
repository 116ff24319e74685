"""How far the live processors came: what they have not reached yet is theirs, and no run anticipates it.

Taken early, an event would meet live as an old acquaintance, and its callbacks would stay suppressed for good.
"""

from aiokafka.admin import AIOKafkaAdminClient

from processors.registry import PROCESSORS
from replays.reader import Plan
from runtime.errors import ServiceUnavailable
from runtime.kafka_clients import ADMIN_TIMEOUT_MS, BROKER_UNREACHABLE, client_arguments
from runtime.settings import KafkaSettings
from schemas.topics import processor_group


async def within_reach(settings: KafkaSettings, plan: Plan) -> tuple[Plan, int]:
    """The plan, ending where the live groups' committed offsets are, and how many offsets that leaves out. Topics that
    no processor reads are left whole.

    Reads the groups' commits and touches nothing. Raises ServiceUnavailable when the brokers are away.
    """
    groups = {
        processor.event_type: processor_group(settings.topic_prefix, processor.name)
        for processor in PROCESSORS.values()
    }
    committed: dict[str, int] = {}
    admin = AIOKafkaAdminClient(request_timeout_ms=ADMIN_TIMEOUT_MS, **client_arguments(settings))
    try:
        await admin.start()
        for name in dict.fromkeys(part.type for part in plan.parts if part.type in groups):
            for place, offset in (await admin.list_consumer_group_offsets(groups[name])).items():
                committed[f"{place.topic}/{place.partition}"] = offset.offset
    except BROKER_UNREACHABLE as error:
        raise ServiceUnavailable(
            f"Kafka at {settings.bootstrap_servers} cannot be asked how far its groups are: {type(error).__name__}",
            hint="check that the brokers run and that kafka.bootstrap_servers is right",
        ) from error
    finally:
        await admin.close()
    parts = [
        part.model_copy(update={"end": max(part.begin, min(part.end, committed.get(part.name, 0)))})
        if part.type in groups
        else part
        for part in plan.parts
    ]
    reached = plan.model_copy(update={"parts": tuple(parts)})
    return reached, plan.offsets - reached.offsets
