"""What a running gateway says of its providers, where it writes that to a file: its environment is another than ours."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from turnout.cli.doctor.here import Finding, Gateway, Report
from turnout.discovery.standing import Standing, is_fresh, preferred, read_standing, still_resting
from turnout.errors import UnknownName

if TYPE_CHECKING:
    from turnout.registry import Registry

_MOST_BYTES = 32 * 1024 * 1024


def with_gateway(report: Report, path: str, registry: Registry, now: float | None = None) -> Report:
    """``report`` as the gateway has it, if its file is there and fresh. Earlier layers wrote names such as KIMI there."""
    now = time.time() if now is None else now
    standing, note = _read(path, now)
    if standing is None:
        return replace(report, gateway=Gateway(path, False, note))
    standing = replace(
        standing,
        registered_providers=tuple(_id(name, registry) for name in standing.registered_providers),
        initialized_providers=tuple(_id(name, registry) for name in standing.initialized_providers),
    )
    return replace(
        report,
        gateway=Gateway(path, True, note, still_resting(standing, now), standing.workers),
        providers=tuple(_as_told(finding, standing) for finding in report.providers),
    )


def _id(name: str, registry: Registry) -> str:
    try:
        return registry.provider_id(name)
    except UnknownName:
        return name


def _read(path: str, now: float) -> tuple[Standing | None, str]:
    there = Path(path)
    if there.exists() and not there.is_file():  # a pipe would be waited for without end
        return None, f"{path} is no file"
    try:
        with there.open("rb") as file:
            standing = read_standing(file.read(_MOST_BYTES))
    except OSError as error:
        return None, f"{path} cannot be read: {error.strerror or error}"
    if standing is None:
        return None, f"{path} is not what a gateway writes"
    age = now - standing.timestamp
    if not is_fresh(standing, now):
        if age < 0:
            return None, f"{path} was written {-age:.0f} s from now, by another clock"
        return None, f"{path} is {age:.0f} s old: the gateway that wrote it has ended, or hangs"
    return standing, f"written {max(age, 0.0):.0f} s ago by process {standing.pid}"


def _as_told(finding: Finding, standing: Standing) -> Finding:
    diagnosis = preferred(finding.diagnosis, standing)
    if diagnosis.initialized:
        return replace(
            finding, state="usable", reason=standing.reasons.get(finding.id, "usable"), diagnosis=diagnosis, said_by="gateway"
        )
    state = "wrong" if finding.state == "usable" else finding.state
    reason = standing.reasons.get(finding.id) or finding.reason
    return replace(finding, state=state, reason=reason, diagnosis=diagnosis, said_by="gateway")
