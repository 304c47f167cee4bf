"""Several calls at once with AsyncClient."""

import asyncio
import sys

import turnout

model = sys.argv[1] if len(sys.argv) > 1 else "local/smollm2-135m"


async def main() -> None:
    async with turnout.AsyncClient(model=model) as client:
        questions = ["Name a river.", "Name a mountain.", "Name a city."]
        answers = await asyncio.gather(*(client.chat(question, max_output_tokens=30) for question in questions))
    for question, answer in zip(questions, answers, strict=True):
        print(f"{question} {answer.text.strip()}")


asyncio.run(main())
