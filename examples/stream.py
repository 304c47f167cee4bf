"""Stream an answer, and match on events where text alone is not enough."""

import sys

import turnout
from turnout.events import Finished, TextDelta

model = sys.argv[1] if len(sys.argv) > 1 else "local/smollm2-135m"

with turnout.Client(model=model, timeout=60) as client, client.stream("Count to five.", max_output_tokens=60) as events:
    for event in events:
        match event:
            case TextDelta(text=text):
                print(text, end="", flush=True)
            case Finished(finish=finish):
                print(f"\n[finished: {finish.unified}]")
    print(events.completion().usage.output_tokens, "tokens")
