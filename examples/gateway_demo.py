"""The gateway without a key: starts `turnout serve`, and the official OpenAI and Anthropic clients talk to the embedded model."""

import json
import os
import re
import subprocess
import sys
import tempfile

import anthropic
import openai
from pydantic import BaseModel

MODEL = sys.argv[1] if len(sys.argv) > 1 else "local/smollm2-135m"
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}


class Person(BaseModel):
    name: str
    age: int


def by_openai(url: str) -> None:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="-", max_retries=0, timeout=50) as client:
        chat = client.chat.completions

        answer = chat.create(model=MODEL, messages=[{"role": "user", "content": "Say only: yes"}], temperature=0)
        print("openai, whole:      ", answer.choices[0].message.content)

        print("openai, stream:      ", end="", flush=True)
        hello = [{"role": "user", "content": "Say hello."}]
        for chunk in chat.create(model=MODEL, messages=hello, temperature=0, max_completion_tokens=40, stream=True):
            print(chunk.choices[0].delta.content or "", end="", flush=True)
        print()

        tool = {"type": "function", "function": {"name": "weather", "description": "The weather", "parameters": WEATHER}}
        asked = [{"role": "user", "content": "What is the weather in Paris?"}]
        answer = chat.create(model=MODEL, messages=asked, tools=[tool], tool_choice="required", temperature=0)
        call = answer.choices[0].message.tool_calls[0].function
        print(f"openai, tool:        {call.name}({call.arguments})")

        anna = [{"role": "user", "content": "Anna is 31 years old."}]
        person = chat.parse(model=MODEL, messages=anna, response_format=Person, temperature=0).choices[0].message.parsed
        print("openai, structured: ", person)


def by_anthropic(url: str) -> None:
    with anthropic.Anthropic(base_url=url, api_key="-", max_retries=0, timeout=50) as client:
        options = {"model": MODEL, "max_tokens": 64, "extra_body": {"temperature": 0}}

        answer = client.messages.create(messages=[{"role": "user", "content": "Say only: yes"}], **options)
        print("anthropic, whole:   ", answer.content[0].text)

        print("anthropic, stream:   ", end="", flush=True)
        with client.messages.stream(messages=[{"role": "user", "content": "Say hello."}], **options) as stream:
            for text in stream.text_stream:
                print(text, end="", flush=True)
        print()

        tool = {"name": "weather", "description": "The weather", "input_schema": WEATHER}
        asked = [{"role": "user", "content": "What is the weather in Paris?"}]
        answer = client.messages.create(messages=asked, tools=[tool], tool_choice={"type": "any"}, **options)
        call = next(block for block in answer.content if block.type == "tool_use")
        print(f"anthropic, tool:     {call.name}({json.dumps(call.input)})")

        anna = [{"role": "user", "content": "Anna is 31 years old."}]
        print("anthropic, structured:", client.messages.parse(messages=anna, output_format=Person, **options).parsed_output)


def main() -> None:
    with tempfile.TemporaryDirectory() as nowhere:  # no settings of yours, so that it runs the same everywhere
        gateway = subprocess.Popen(
            [sys.executable, "-m", "turnout", "serve", "--port", "0"],
            env={**os.environ, "TURNOUT_CONFIG_DIR": nowhere},
            stderr=subprocess.PIPE,
            text=True,
            cwd=nowhere,
        )
        with gateway:
            try:
                talk(gateway)
            except (openai.OpenAIError, anthropic.AnthropicError) as error:
                raise SystemExit(f"the gateway did not answer as it should: {error}") from error
            finally:
                gateway.terminate()


def talk(gateway: "subprocess.Popen[str]") -> None:
    said = gateway.stderr.readline().strip()
    found = re.search(r"serving on (http://\S+)", said)
    if found is None:
        raise SystemExit(f"the gateway did not start: {said} {gateway.stderr.read().strip()}")
    print(f"{said}, with no key; {MODEL} answers\n", flush=True)
    by_openai(found[1])
    print()
    by_anthropic(found[1])


if __name__ == "__main__":
    main()
