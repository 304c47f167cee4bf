"""What this protocol cannot say of an answer that another one gave. The tests try each line."""

from turnout.rules.answers import AnswerRules, Departures

_DEPARTURES: Departures = {
    "logprobs": ("dropped", "probabilities in another protocol's form"),
    "stop_sequence": ("dropped", "this protocol does not say which sequence stopped it"),
    "finish.refusal": ("approximated", 'said as "content_filter"'),
    "finish.pause": ("approximated", 'said as "length"'),
    "order": ("approximated", "text stands before the calls in this protocol"),
    "image": ("dropped", "an image has no place in an answer of this protocol"),
    "audio": ("approximated", "this protocol does not say of what type a sound is"),
    "transcribed_audio": ("approximated", "this protocol does not say of what type a sound is"),
    "citations": ("approximated", "this protocol does not quote what it cites"),
    "commentary": ("approximated", "said as reasoning"),
}

_DETAILS: Departures = {
    "signature": ("mapped", "in an envelope among reasoning_details, of use where a client sends those back"),
    "encrypted": ("mapped", "in an envelope among reasoning_details, of use where a client sends those back"),
}

ANSWERS = AnswerRules(departures=_DEPARTURES | _DETAILS)
MISTRAL_ANSWERS = AnswerRules(departures={**_DEPARTURES, "refusal": ("approximated", "said as text")})
