"""What this protocol cannot say of an answer that another one gave. The tests try each line."""

from turnout.rules.answers import ENVELOPED, AnswerRules, Departures

_DEPARTURES: Departures = {
    "created": ("dropped", "this protocol does not say when an answer began"),
    "service_tier": ("dropped", "this protocol does not say which tier was billed"),
    "logprobs": ("dropped", "probabilities in another protocol's form"),
    "stop_sequence": ("dropped", "this protocol does not say which sequence stopped it"),
    "finish.refusal": ("approximated", 'said as "SAFETY"'),
    "finish.pause": ("approximated", 'said as "OTHER"'),
    "finish.error": ("approximated", 'said as "OTHER"'),
    "refusal": ("approximated", "said as text"),
    "custom_call": ("mapped", 'its text is the argument "input" of a function call'),
    "transcribed_audio": ("approximated", "its transcript has no place here"),
    "citations": ("approximated", "this protocol does not quote what it cites"),
    "commentary": ("approximated", "said as reasoning"),
    "cache_write_tokens": ("approximated", "counted among the input: this protocol does not count what was cached"),
    "audio_tokens": ("approximated", "counted among the others: this protocol does not count sound apart"),
}

ANSWERS = AnswerRules(departures=_DEPARTURES | ENVELOPED)
