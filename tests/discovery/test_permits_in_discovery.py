"""Discovery asks no provider and no model that may not be called, and what the lists say of them stays."""

from __future__ import annotations

import pytest
from model_server import listed


def test_a_provider_that_may_not_be_called_is_not_asked_and_that_is_no_failure(desk, server):
    desk.write("box", "shed")
    server.lists["box"], server.lists["shed"] = listed("a"), listed("b")
    desk.environ["DISABLED_PROVIDERS"] = "SHED"
    discovered = desk.discover("box", "shed")
    assert discovered.success
    assert discovered.providers[1].skipped.startswith(
        "Skipping shed: the provider 'shed' is switched off by environment DISABLED"
    )
    assert (server.listings, server.asked) == (["box"], [("box", "a")])


def test_without_names_only_those_that_may_be_called_are_asked(desk, server):
    desk.write("box", "shed")
    server.lists["box"], server.lists["shed"] = listed("a"), listed("b")
    desk.environ["ALLOWED_PROVIDERS"] = "box"
    discovered = desk.discover()
    assert [outcome.provider for outcome in discovered.providers if not outcome.skipped] == ["box"]


@pytest.mark.parametrize("force", [False, True])
def test_a_model_that_may_not_be_called_is_neither_asked_nor_marked(desk, server, force):
    desk.write("box")
    server.lists["box"] = listed("a", "b")
    desk.environ["BOX_ALLOWED_MODELS"] = "a"
    discovered = desk.discover("box", force_refresh=force)
    assert discovered.success
    outcome = discovered.providers[0]
    assert (outcome.valid, outcome.invalid, outcome.unknown) == (("a",), (), ("b",))
    assert server.asked == [("box", "a")]
