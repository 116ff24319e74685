"""What a long run found, as a table and as JSON."""

from pathlib import Path

import orjson

from tests.hostile.run import Found

_MIB = 1024 * 1024


def text(found: Found) -> str:
    """The table."""
    classes = sorted({status for _, status in found.tally.counts})
    lines = [f"{'kind':28}" + "".join(f"{status:>9}" for status in classes)]
    for kind in sorted({kind for kind, _ in found.tally.counts}):
        numbers = (found.tally.counts[kind, status] or "" for status in classes)
        lines.append(f"{kind:28}" + "".join(f"{number:>9}" for number in numbers))
    lines.append("")
    for name, held in found.before.items():
        then = found.after[name]
        lines.append(
            f"{name}: resident {held.resident // _MIB} MiB before, {then.resident // _MIB} after; "
            f"files {held.files} before, {then.files} after"
        )
    for name, waits in found.waits.items():
        lines.append(
            f"p99 of an endpoint's waits: {waits.p99_alone * 1000:.1f} ms alone, {waits.p99_beside * 1000:.1f} ms "
            f"beside {name} ({waits.change_percent:+.0f} %)"
        )
    lines.append(f"{found.tally.cases} cases in {found.seconds:.0f} s, seed {found.seed}: {len(found.bad)} bad")
    return "\n".join([*lines, *(f"BAD {problem}" for problem in found.bad)]) + "\n"


def write(found: Found, file: Path) -> None:
    """The same as JSON."""
    figures = {
        "cases": found.tally.cases,
        "seed": found.seed,
        "seconds": round(found.seconds, 1),
        "by_kind": {
            kind: {status: n for (k, status), n in sorted(found.tally.counts.items()) if k == kind}
            for kind in sorted({kind for kind, _ in found.tally.counts})
        },
        "resident_bytes": {
            name: {"before": held.resident, "after": found.after[name].resident} for name, held in found.before.items()
        },
        "open_files": {
            name: {"before": held.files, "after": found.after[name].files} for name, held in found.before.items()
        },
        "isolation": {
            name: {
                "p99_alone_seconds": waits.p99_alone,
                "p99_beside_seconds": waits.p99_beside,
                "change_percent": round(waits.change_percent, 1),
            }
            for name, waits in found.waits.items()
        },
        "bad": found.bad,
    }
    file.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))
