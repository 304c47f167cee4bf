"""Who may hear again what came from where."""

from __future__ import annotations

import pytest

from turnout.types import Origin


@pytest.mark.parametrize(
    ("origin", "wire", "provider", "returns"),
    [
        (Origin("w", "a"), "w", "a", True),
        (Origin("w", "a"), "w", "b", False),
        (Origin("w", "a"), "v", "a", False),
        (Origin("w", "a"), "w", None, True),  # towards the caller
        (Origin("w"), "w", "b", True),  # a caller said it
        (Origin("w"), "v", "b", False),
    ],
)
def test_what_is_a_providers_own_returns_to_it_and_to_no_other(
    origin: Origin, wire: str, provider: str | None, returns: bool
) -> None:
    assert origin.returns_to(wire, provider) is returns
