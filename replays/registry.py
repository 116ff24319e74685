"""The one list of tasks: how each kind of run is done. Adding one is a file and a line here."""

from collections.abc import Mapping

from dialects.registry import INBOUND, wire_forms
from replays.apply import Apply
from replays.callback_retry import CallbackRetryTask
from replays.dry_run import DryRun
from replays.export import ExportTask
from replays.fold import Workbench
from replays.promote import PromoteTask
from replays.rebuild import RebuildTask
from replays.redrive import RedriveTask
from replays.replay import Replay
from replays.runner import Task
from replays.shadow import ShadowTask
from runtime.settings import Settings


def tasks(settings: Settings) -> Mapping[str, Task]:
    """Every task, by the kind of run that it does."""
    bench = Workbench(settings, INBOUND, wire_forms())
    every: tuple[Task, ...] = (
        Replay(
            {
                "dry-run": DryRun(settings, INBOUND),
                "apply": Apply(settings, INBOUND, wire_forms()),
                "shadow": ShadowTask(bench),
            }
        ),
        PromoteTask(wire_forms()),
        RebuildTask(bench),
        RedriveTask(settings, dialects=INBOUND, wire_forms=wire_forms()),
        ExportTask(settings.kafka),
        CallbackRetryTask(),
    )
    return {task.kind: task for task in every}
