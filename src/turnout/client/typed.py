"""A chat call whose answer is to be an object, from what a person says of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from turnout.client.settings import Model, Settings
from turnout.engine.plan import Candidate
from turnout.errors import ModeError, RequestError
from turnout.prompt import Options, Prompt
from turnout.registry.factories import mode_of
from turnout.structured import DEFAULT_RETRIES, MODES, TypedCall, answer_type
from turnout.structured.modes import can, is_mode, word

if TYPE_CHECKING:
    from turnout.adapt import Translation
    from turnout.client.answer_cache import Kept
    from turnout.engine.plan import Plan


def typed_call(
    settings: Settings,
    response_model: Any,
    mode: str | None,
    max_retries: int | None,
    model: Model | None,
    prompt: Prompt,
    options: Options,
    api_key: str | None,
    translation: Translation | None,
) -> tuple[TypedCall[Any], Plan, Kept | None]:
    """The call, the plan that serves it, and its place in the client's cache, if there is one.

    Raises RequestError, ConfigError or ModeError before anything is sent.
    """
    if response_model is None:
        raise RequestError("mode and max_retries are of an answer that is an object: say of which type with response_model=…")
    request, plan = settings.request(model, prompt, options, api_key)
    chosen = settings.mode if mode is None else mode
    check_mode(chosen, plan.candidates)
    latest = settings.latest_type  # most clients ask for the same type over and over
    if latest is None or latest[0] is not response_model:
        latest = settings.latest_type = (response_model, answer_type(response_model))
    wanted = latest[1]
    call = TypedCall(
        request,
        plan,
        wanted,
        translation or settings.translation,
        mode=chosen,
        max_retries=DEFAULT_RETRIES if max_retries is None else max_retries,
        fetch_urls=settings.fetch_urls,
    )
    asked = (translation or settings.translation, wanted.name, wanted.schema, None if chosen is None else word(chosen))
    return call, plan, settings.kept(request, plan, api_key, *asked, read=call.kept)


def check_mode(mode: str | None, candidates: Sequence[Candidate]) -> None:
    """Raises ModeError for a mode that nobody knows, or that one of the candidates' providers has not."""
    if mode is None:
        return
    if not is_mode(mode):
        ours = ", ".join(MODES)
        raise ModeError(f"mode {word(mode)!r} is not known; it is one of {ours}, or one of instructor's names for them")
    for candidate in candidates:
        row = candidate.provider
        if word(mode) not in MODES:
            mode_of(row, candidate.target.model, mode)
        elif not can(candidate.wire.name, mode):
            others = [other for other in MODES if can(candidate.wire.name, other)]
            raise ModeError(
                f"Mode {mode} not supported by {row.id}. Supported modes: {', '.join((*others, *row.modes))}\n"
                f"The protocol {candidate.wire.name} cannot ask for a JSON object without its schema; json_schema says both"
            )
