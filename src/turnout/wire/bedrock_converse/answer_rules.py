"""What this protocol cannot say of an answer that another one gave. The tests try each line."""

from turnout.rules.answers import ENVELOPED, AnswerRules, Departures

_DEPARTURES: Departures = {
    "id": ("dropped", "answers of this protocol have no id"),
    "created": ("dropped", "this protocol does not say when an answer began"),
    "service_tier": ("dropped", "this protocol does not say which tier was billed"),
    "choices": ("dropped", "this protocol gives one answer"),
    "logprobs": ("dropped", "probabilities in another protocol's form"),
    "stop_sequence": ("dropped", "this protocol does not say which sequence stopped it"),
    "finish.refusal": ("approximated", 'said as "content_filtered"'),
    "finish.pause": ("approximated", "this protocol has no word for it"),
    "refusal": ("approximated", "said as text"),
    "custom_call": ("mapped", 'its text is the argument "input" of a function call'),
    "transcribed_audio": ("approximated", "sound has no place here; its transcript is said as text"),
    "citations": ("approximated", "this protocol cites without saying which characters"),
    "commentary": ("approximated", "said as reasoning"),
    "reasoning_tokens": ("approximated", "counted among the others: this protocol does not count reasoning apart"),
    "audio_tokens": ("approximated", "counted among the others: this protocol does not count sound apart"),
}

ANSWERS = AnswerRules(departures=_DEPARTURES | ENVELOPED)
