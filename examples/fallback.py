"""Several targets under one budget: the first is out of reach, the second answers, and the attempts tell the story."""

import turnout
from turnout import Client, Registry, Retry

registry = Registry(environ={"GROQ_API_KEY": "gsk-nobody-will-ever-see-this", "GROQ_BASE_URL": "http://127.0.0.1:9/v1"})

with Client(registry, model=["groq/llama-3.3-70b-versatile", "local/smollm2-135m"], retry=Retry(backoff=0.01)) as client:
    try:
        done = client.chat("Say hello.", max_output_tokens=20)
    except turnout.Error as error:
        raise SystemExit(f"nobody answered: {error}") from error

print(done.text)
for attempt in done.attempts:
    print(f"{attempt.target}: {attempt.error or 'answered'}")
