"""Ask a model once and read the account of the call. Runs on the embedded model; give another as the first argument."""

import sys

import turnout

model = sys.argv[1] if len(sys.argv) > 1 else "local/smollm2-135m"
done = turnout.ask(model, "Name three rivers in Europe.", max_output_tokens=60, temperature=0)

print(done.text)
print()
print("target  ", done.target)
print("usage   ", done.usage.input_tokens, "in,", done.usage.output_tokens, "out")
print("cost    ", done.cost if done.cost is not None else "unknown")
print("attempts", len(done.attempts))
print("receipt ", done.receipt)
