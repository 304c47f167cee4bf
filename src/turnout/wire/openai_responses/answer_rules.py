"""What this protocol cannot say of an answer that another one gave. The tests try each line."""

from turnout.rules.answers import ENVELOPED, AnswerRules, Departures

_DEPARTURES: Departures = {
    "choices": ("dropped", "this protocol gives one answer"),
    "logprobs": ("dropped", "probabilities in another protocol's form"),
    "stop_sequence": ("dropped", "this protocol does not say which sequence stopped it"),
    "finish.refusal": ("approximated", 'said as "content_filter"'),
    "finish.pause": ("approximated", 'said as "max_output_tokens"'),
    "finish.error": ("mapped", "said as a failed response"),
    "image": ("dropped", "an image has no place in an answer of this protocol"),
    "audio": ("dropped", "sound has no place in an answer of this protocol"),
    "transcribed_audio": ("approximated", "sound has no place here; its transcript is said as text"),
    "citations": ("approximated", "this protocol does not quote what it cites"),
    "audio_tokens": ("approximated", "counted among the others: this protocol does not count sound apart"),
}

ANSWERS = AnswerRules(departures=_DEPARTURES | ENVELOPED)
