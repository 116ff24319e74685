"""Writes kafka-jars.lock anew: `python -m embedded.pin_jars 4.4.0` resolves that Kafka's closure and pins it.

For developers of Ticketwire, when Kafka is upgraded; nothing else runs it.
"""

import hashlib
import sys
import tempfile
from pathlib import Path

from jgo.maven import Artifact, MavenContext

from embedded.jars import LOCK_FILE, PinnedJar, repository

_HEADER = "# Made by: python -m embedded.pin_jars {version}\n# group:artifact:version:size:sha256\n"


def main() -> None:
    """Resolve, download, hash, write."""
    version = sys.argv[1]
    with tempfile.TemporaryDirectory() as cache:
        jars = sorted(_pin(artifact).line() for artifact in _closure(version, Path(cache)))
    LOCK_FILE.write_text(_HEADER.format(version=version) + "\n".join(jars) + "\n")
    sys.stdout.write(f"{LOCK_FILE.name}: {len(jars)} jars\n")


def _closure(version: str, cache: Path) -> list[Artifact]:
    context = MavenContext(repo_cache=cache, remote_repos={"repository": repository()}, timeout=60)
    kafka = context.project("org.apache.kafka", "kafka_2.13").at_version(version)
    _, nodes = context.pom_dependency_list(kafka.pom())
    dependencies = [node.dep.artifact for node in nodes]
    log4j = next(artifact.version for artifact in dependencies if artifact.artifactId == "log4j-core")
    # Kafka logs through slf4j and leaves it to its distribution to bind that to log4j.
    binding = context.project("org.apache.logging.log4j", "log4j-slf4j-impl").at_version(log4j)
    return [kafka.artifact(), binding.artifact(), *dependencies]


def _pin(artifact: Artifact) -> PinnedJar:
    jar = artifact.resolve().read_bytes()
    return PinnedJar(
        group=artifact.groupId,
        artifact=artifact.artifactId,
        version=artifact.version,
        size_bytes=len(jar),
        sha256=hashlib.sha256(jar).hexdigest(),
    )


if __name__ == "__main__":
    main()
