"""What this protocol cannot say of an answer that another one gave. The tests try each line."""

from turnout.rules.answers import AnswerRules, Departures

_DEPARTURES: Departures = {
    "id": ("dropped", "answers of this protocol have no id"),
    "service_tier": ("dropped", "this protocol does not say which tier was billed"),
    "choices": ("dropped", "this protocol gives one answer"),
    "logprobs": ("dropped", "probabilities in another protocol's form"),
    "stop_sequence": ("dropped", "this protocol does not say which sequence stopped it"),
    "finish.content_filter": ("approximated", "this protocol has no word for it"),
    "finish.refusal": ("approximated", "this protocol has no word for it"),
    "finish.error": ("approximated", "this protocol has no word for it"),
    "finish.pause": ("approximated", 'said as "length"'),
    "refusal": ("approximated", "said as text"),
    "custom_call": ("mapped", 'its text is the argument "input" of a function call'),
    "order": ("approximated", "text stands before the calls in this protocol"),
    "image": ("approximated", "this protocol does not say of what type an image is"),
    "audio": ("dropped", "sound has no place in an answer of this protocol"),
    "transcribed_audio": ("approximated", "sound has no place here; its transcript is said as text"),
    "citations": ("dropped", "this protocol does not cite"),
    "commentary": ("approximated", "said as reasoning"),
    "cache_read_tokens": ("approximated", "counted among the input"),
    "cache_write_tokens": ("approximated", "counted among the input"),
    "reasoning_tokens": ("approximated", "counted among the output"),
    "audio_tokens": ("approximated", "counted among the others: this protocol does not count sound apart"),
}

ANSWERS = AnswerRules(departures=_DEPARTURES)
