"""What this protocol cannot say of an answer that another one gave. The tests try each line."""

from turnout.rules.answers import AnswerRules, Departures

_DEPARTURES: Departures = {
    "created": ("dropped", "this protocol does not say when an answer began"),
    "service_tier": ("dropped", "this protocol does not say which tier was billed"),
    "choices": ("dropped", "this protocol gives one answer"),
    "logprobs": ("dropped", "probabilities in another protocol's form"),
    "stop_sequence": ("dropped", "this protocol does not say which sequence stopped it"),
    "finish.content_filter": ("approximated", "this protocol has no word for it"),
    "finish.refusal": ("approximated", "this protocol has no word for it"),
    "finish.pause": ("approximated", 'said as "MAX_TOKENS"'),
    "refusal": ("approximated", "said as text"),
    "custom_call": ("approximated", "said as a function call whose arguments are not JSON"),
    "order": ("approximated", "text stands before the calls in this protocol"),
    "image": ("dropped", "an image has no place in an answer of this protocol"),
    "audio": ("dropped", "sound has no place in an answer of this protocol"),
    "transcribed_audio": ("approximated", "sound has no place here; its transcript is said as text"),
    "commentary": ("approximated", "said as the plan of the tools, which has a place of its own"),
    "citations": ("approximated", "sources are said as documents"),
    "cache_write_tokens": ("approximated", "counted among the input: this protocol does not count what was cached"),
    "audio_tokens": ("approximated", "counted among the others: this protocol does not count sound apart"),
}

ANSWERS = AnswerRules(departures=_DEPARTURES)
