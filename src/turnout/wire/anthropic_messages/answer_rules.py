"""What this protocol cannot say of an answer that another one gave. The tests try each line."""

from turnout.rules.answers import ENVELOPED, AnswerRules, Departures

_DEPARTURES: Departures = {
    "created": ("dropped", "this protocol does not say when an answer began"),
    "service_tier": ("dropped", "this protocol does not say which tier was billed"),
    "choices": ("dropped", "this protocol gives one answer"),
    "logprobs": ("dropped", "probabilities in another protocol's form"),
    "finish.content_filter": ("approximated", 'said as "refusal"'),
    "finish.error": ("approximated", "said as a stop reason that this protocol does not define"),
    "refusal": ("approximated", "said as text"),
    "custom_call": ("mapped", 'its text is the argument "input" of a function call'),
    "audio": ("dropped", "sound has no place in an answer of this protocol"),
    "transcribed_audio": ("approximated", "sound has no place here; its transcript is said as text"),
    "citations": ("approximated", "this protocol cites without saying which characters"),
    "commentary": ("approximated", "said as reasoning"),
    "audio_tokens": ("approximated", "counted among the others: this protocol does not count sound apart"),
}

ANSWERS = AnswerRules(departures=_DEPARTURES | ENVELOPED)
