"""The nine features, whole and as a stream, checked on both sides: what the client hears, and what the upstream saw."""

from __future__ import annotations

import itertools
import json

from clients.clients import Ask, Client, Heard, Raised
from clients.families import Family
from clients.story import (
    BOTH,
    DOT,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    PLAIN,
    RESULTS,
    TOOL,
    WEATHER,
    prompt,
)
from clients.upstream import Upstream

_CLOSED_SECONDS = 5.0  # for the upstream to see that the caller left
_ids = itertools.count(1)


class Cell:
    """One client at one family. A feature is a method; it raises AssertionError or Raised where it fails."""

    def __init__(self, client: Client, family: Family, upstream: Upstream) -> None:
        self.client = client
        self.family = family
        self.upstream = upstream

    def _id(self) -> str:
        return f"c{next(_ids)}"

    def _ended(self, heard: Heard, how: str = "stop") -> None:
        said, wanted = heard.finish, self.client.finishes[how]
        assert said == wanted, f"it ended with {said!r}, not {wanted!r}"
        assert heard.usage == (INPUT_TOKENS, OUTPUT_TOKENS), f"the usage was told as {heard.usage}"

    def _once(self, scene: str, stream: bool, wanted: str, **options: bool) -> Heard:
        id = self._id()
        ask = Ask(prompt(scene, id), stream=stream, **options)
        heard = self.client.conversation(self.family.target(scene), ask).send()
        assert heard.text == wanted, f"it heard {heard.text!r}, not {wanted!r}"
        self._ended(heard)
        (seen,) = self.upstream.seen(id)
        assert seen.stream == stream, f"the upstream was asked for {'a stream' if seen.stream else 'a whole answer'}"
        assert seen.max_tokens in (4096, None), f"the upstream was told a limit of {seen.max_tokens} tokens"
        return heard

    def plain(self) -> None:
        self._once("plain", False, PLAIN)

    def stream(self) -> None:
        self._once("stream", True, PLAIN)

    def images(self) -> None:
        for stream in (False, True):
            self._once("images", stream, DOT, image=True)

    def structured(self) -> None:
        for stream in (False, True):
            id = self._id()
            ask = Ask(prompt("structured", id), stream=stream, schema=True)
            heard = self.client.conversation(self.family.target("structured"), ask).send()
            found = json.loads(heard.text)
            assert found == {"name": "Anna", "age": 31}, f"it heard {heard.text!r}"
            self._ended(heard)

    def tools(self) -> None:
        for stream in (False, True):
            self._tools("tools", stream, ("Paris",), WEATHER)

    def parallel(self) -> None:
        for stream in (False, True):
            self._tools("parallel", stream, ("Paris", "Lyon"), BOTH)

    def _tools(self, scene: str, stream: bool, cities: tuple[str, ...], wanted: str, think: bool = False) -> tuple[str, Heard]:
        id = self._id()
        ask = Ask(prompt(scene, id), stream=stream, tools=True, think=think)
        conversation = self.client.conversation(self.family.target(scene), ask)
        first = conversation.send()
        assert first.calls == [(TOOL, {"city": city}) for city in cities], f"it heard the calls {first.calls}"
        self._ended(first, "calls")
        last = conversation.results([RESULTS[city] for city in cities])
        assert last.text == wanted, f"it heard {last.text!r}, not {wanted!r}"
        self._ended(last)
        return id, first

    def reasoning(self) -> None:
        """What was thought is shown, comes back within the tool loop, and its seal goes to who made it and to no one else."""
        from clients.story import THOUGHT

        for stream in (False, True):
            id, first = self._tools("reasoning", stream, ("Paris",), WEATHER, think=True)
            assert first.reasoning.startswith(THOUGHT), f"of what was thought it heard {first.reasoning!r}"
            again = self.upstream.seen(id)[-1]
            if not self.returns:
                continue
            assert again.reasoning, "what was thought did not come back with the tool's result"
            if self.family.signature:
                seals = [signature for _, signature in again.reasoning if signature]
                assert seals == [self.family.signature], f"the seal came back as {seals}"

    @property
    def returns(self) -> bool:
        """Caller and provider speak the same protocol, so that nothing may be lost on the way round."""
        return SAME.get(self.client.wire, self.client.wire) == SAME.get(self.family.wire, self.family.wire)

    def errors(self) -> None:
        for status, stream in itertools.product((400, 429, 500), (False, True)):
            id = self._id()
            ask = Ask(prompt("errors", id, str(status)), stream=stream)
            raised = self._raised(ask, id)
            assert raised is not None, f"nothing was raised for the upstream's {status}"
            expected = self.client.errors[status]
            assert raised.kind in expected.split(), f"the upstream's {status} was raised as {raised}, not as {expected}"
            told = EVENTUALLY.get(status, (status,))
            assert raised.status in told, f"the upstream's {status} was told as {raised}"
            assert f"it will not do {id}" in raised.text, f"the provider's own words were lost: {raised}"
        self._broken()

    def _broken(self) -> None:
        id = self._id()
        ask = Ask(prompt("errors", id, "broken"), stream=True)
        try:
            heard = self.client.conversation(self._apart(id), ask).send()
        except Raised:
            return
        how = self.client.broken
        assert how is not None and heard.finish == how, f"a stream that broke ended as {heard.finish!r}, as if it were whole"

    def _raised(self, ask: Ask, id: str) -> Raised | None:
        try:
            self.client.conversation(self._apart(id), ask).send()
        except Raised as raised:
            return raised
        return None

    def _apart(self, id: str) -> str:
        """A model for one failure: a target that fails is left alone for a while, and the others must not suffer from it."""
        return f"{self.family.provider}/absent-{id}"

    def cancel(self) -> None:
        id = self._id()
        said = self.client.leave(self.family.target("cancel"), Ask(prompt("cancel", id)))
        assert said and PLAIN.startswith(said), f"it heard {said!r} before it left"
        assert self.upstream.left(id, _CLOSED_SECONDS), (
            f"the upstream was not told within {_CLOSED_SECONDS:.0f} s that the caller left"
        )


# What an upstream's status may become: ours were tried again, and stand for a gateway that could not help.
EVENTUALLY = {500: (500, 502, 503)}
SAME = {"anthropic-bedrock": "anthropic-messages", "anthropic-vertex": "anthropic-messages", "mistral-chat": "mistral-chat"}
