"""What a running gateway says of its providers, where it writes that to a file: its environment is another than ours."""

from __future__ import annotations

import time
from pathlib import Path

from msgspec.structs import replace

from turnout.cli.doctor.here import Finding, Gateway, Report
from turnout.discovery.standing import Standing, is_fresh, preferred, read_standing

_MOST_BYTES = 32 * 1024 * 1024


def with_gateway(report: Report, path: str, now: float | None = None) -> Report:
    """``report`` as the gateway has it, if its file is there and fresh."""
    standing, note = _read(path, time.time() if now is None else now)
    if standing is None:
        return replace(report, gateway=Gateway(path, False, note))
    return replace(
        report,
        gateway=Gateway(path, True, note, standing.resting),
        providers=tuple(_as_told(finding, standing) for finding in report.providers),
    )


def _read(path: str, now: float) -> tuple[Standing | None, str]:
    try:
        with Path(path).open("rb") as file:
            standing = read_standing(file.read(_MOST_BYTES))
    except OSError as error:
        return None, f"{path} cannot be read: {error.strerror or error}"
    if standing is None:
        return None, f"{path} is not what a gateway writes"
    age = now - standing.timestamp
    if not is_fresh(standing, now):
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
