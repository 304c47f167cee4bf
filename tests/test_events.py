"""fold: events add up to what the whole answer would have been."""

from __future__ import annotations

from turnout.events import (
    AudioDelta,
    CitationAdded,
    ExtraReported,
    Finished,
    LogprobsDelta,
    PartAdded,
    ReasoningDelta,
    RefusalDelta,
    SignatureDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
    fold,
)
from turnout.types import (
    Audio,
    Citation,
    DataSource,
    FinishReason,
    Image,
    Opaque,
    Origin,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    UrlSource,
    Usage,
)

ORIGIN = Origin("openai-chat", "acme")


def test_parts_fold_in_the_order_of_their_index_whenever_they_came() -> None:
    done = fold([ToolCallDelta(9, "t", "f", "{}"), TextDelta("b", 4), ReasoningDelta("a", 1), TextDelta("c", 4)])
    assert done.parts == (Reasoning("a"), Text("bc"), ToolCall("t", "f", "{}"))


def test_interleaved_tool_calls_stay_apart() -> None:
    done = fold([ToolCallDelta(1, "a", "f", "{"), ToolCallDelta(2, "b", "g", "["), ToolCallDelta(1, arguments="}")])
    assert [(call.id, call.arguments) for call in done.tool_calls] == [("a", "{}"), ("b", "[")]


def test_a_part_that_began_with_more_than_text_is_continued_by_deltas() -> None:
    citation = Citation(url="https://t.test")
    done = fold(
        [
            PartAdded(0, Reasoning("", origin=ORIGIN)),
            ReasoningDelta("hm", 0),
            SignatureDelta("si", 0),
            SignatureDelta("g", 0),
            PartAdded(1, Text("a", extra={"x": 1})),
            TextDelta("b", 1),
            CitationAdded(citation, 1),
        ]
    )
    assert done.parts == (Reasoning("hm", "sig", origin=ORIGIN), Text("ab", (citation,), extra={"x": 1}))


def test_whole_parts_stay_whole() -> None:
    image, block = Image(UrlSource("https://i.test")), Opaque({"type": "server_tool_use"}, origin=ORIGIN)
    assert fold([PartAdded(0, image), PartAdded(1, block)]).parts == (image, block)


def test_sound_comes_in_pieces_with_its_transcript() -> None:
    done = fold([AudioDelta(0, "UklG", "he", extra={"id": "a"}), AudioDelta(0, "Rg==", "llo", extra={"expires_at": 1})])
    assert done.parts == (Audio(DataSource("UklGRg=="), transcript="hello", extra={"id": "a", "expires_at": 1}),)


def test_a_refusal_is_a_part_of_its_own() -> None:
    assert fold([RefusalDelta("I can"), RefusalDelta("not.")]).parts == (Refusal("I cannot."),)


def test_usage_replaces_and_never_adds() -> None:
    events = [UsageReported(Usage(text_output_tokens=3)), UsageReported(Usage(text_output_tokens=5))]
    assert fold(events).usage == Usage(text_output_tokens=5)


def test_choices_are_kept_apart() -> None:
    done = fold([TextDelta("a"), TextDelta("x", choice=1), Finished(FinishReason("stop"), 1), TextDelta("b")])
    assert [(choice.index, choice.message.text, choice.finish) for choice in done.choices] == [
        (0, "ab", None),
        (1, "x", FinishReason("stop")),
    ]


def test_what_was_said_first_about_the_answer_holds() -> None:
    done = fold([Started("1", "m", 5, ORIGIN), Started("2", "m2", 6, ORIGIN, service_tier="flex")])
    assert (done.id, done.model, done.created, done.service_tier, done.origin) == ("1", "m", 5, "flex", ORIGIN)


def test_logprobs_continue() -> None:
    done = fold([LogprobsDelta({"content": [1], "refusal": None}), LogprobsDelta({"content": [2]})])
    assert done.choices[0].logprobs == {"content": [1, 2], "refusal": None}


def test_extras_land_where_they_belong() -> None:
    done = fold(
        [
            TextDelta("a", 1),
            ExtraReported({"provider": "x"}),
            ExtraReported({"provider": "y", "meta": {"a": 1}}),
            ExtraReported({"meta": {"b": 2}}),
            ExtraReported({"seed": 4}, "choice"),
            ExtraReported({"odd": [1]}, "message"),
            ExtraReported({"odd": [1, 2]}, "message"),
            ExtraReported({"closed": True}, "part", index=1),
        ]
    )
    assert done.extra == {"provider": "y", "meta": {"a": 1, "b": 2}}
    assert done.choices[0].extra == {"seed": 4}
    assert done.message.extra == {"odd": [1, 2]}
    assert done.parts[0].extra == {"closed": True}


def test_pieces_of_one_reasoning_detail_become_one() -> None:
    def piece(text: str, index: int = 0, **more: str) -> ExtraReported:
        detail = {"type": "reasoning.text", "index": index, "text": text, **more}
        return ExtraReported({"reasoning_details": [detail]}, "message")

    done = fold([piece("He"), piece("llo", signature="s"), piece("next", 1)])
    assert done.message.extra == {
        "reasoning_details": [
            {"type": "reasoning.text", "index": 0, "text": "Hello", "signature": "s"},
            {"type": "reasoning.text", "index": 1, "text": "next"},
        ]
    }


def test_nothing_folds_to_an_empty_answer() -> None:
    done = fold([])
    assert (done.text, done.parts, done.finish, done.usage) == ("", (), None, Usage())
