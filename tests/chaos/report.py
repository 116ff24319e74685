"""What a run found, for people and as JSON."""

from collections import Counter
from typing import Any

from tests.chaos.run import Found

JSON_FILE = "chaos.json"


def figures(found: Found) -> dict[str, Any]:
    """Everything that a later reader may ask for; `bad` names what makes the run a failure."""
    judgement = found.judgement
    struck = [fault for one in found.struck for fault in one.step.faults]
    recovered = [one.recovery.seconds for one in found.struck if one.recovery.seconds is not None]
    shown = {
        "seed": found.options.seed,
        "seconds": round(found.seconds, 1),
        "rate_per_second": found.options.rate,
        "events": judgement.counts["events"],
        "records": judgement.counts["records on Kafka"],
        "callbacks": judgement.counts["callbacks"],
        "deliveries": judgement.counts["deliveries"],
        "parked": judgement.counts["parked"],
        "faults": len(struck),
        "kills": found.kills,
        "faults_by_kind": dict(Counter(fault.kind.value for fault in struck)),
        "recovery_seconds_max": round(max(recovered, default=0.0), 1),
        "recovery_bound_seconds": found.options.recovery_bound_seconds,
        "not_possible_here": found.not_possible,
        **{name: len(sentences) for name, sentences in judgement.findings.items()},
        "not_recovered_in_time": [str(one) for one in found.late],
        "readiness_lies": found.lies,
        "counts": dict(judgement.counts),
        "steps": [str(one) for one in found.struck],
        "findings": {name: sentences[:100] for name, sentences in judgement.findings.items() if sentences},
    }
    return shown | {"bad": bad(found)}


def bad(found: Found) -> list[str]:
    """What makes the run a failure, in words; empty: nothing."""
    reasons = [f"{len(sentences)} {name}" for name, sentences in found.judgement.findings.items() if sentences]
    if found.late:
        reasons.append(f"{len(found.late)} recoveries took more than {found.options.recovery_bound_seconds:g} s")
    if found.lies:
        reasons.append(f"{len(found.lies)} times a service said ready and was not")
    if not found.struck:
        reasons.append("no fault was carried out: give it more seconds")
    return reasons


def text(found: Found) -> str:
    """The report."""
    shown = figures(found)
    names = ("seed", "seconds", "events", "records", "callbacks", "deliveries", "parked", "faults", "kills")
    lines = ["", "steps", *(f"  {one}" for one in found.struck), ""]
    lines += [f"  {name:22} {shown[name]}" for name in names]
    lines += [f"  {name:22} {len(sentences)}" for name, sentences in found.judgement.findings.items()]
    lines += [
        f"  {'recovery_seconds_max':22} {shown['recovery_seconds_max']} (bound {shown['recovery_bound_seconds']:g})"
    ]
    lines += [f"  not possible here: {why}" for why in found.not_possible]
    lines += [f"  readiness: {lie}" for lie in found.lies]
    if not found.judgement.ok:
        lines += ["", str(found.judgement)]
    lines += ["", "bad: " + "; ".join(shown["bad"]) if shown["bad"] else "nothing lost, nothing doubled, all in order"]
    return "\n".join(lines)
