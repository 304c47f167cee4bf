"""Load on TensorZero, which is called in the process: CONFIG STREAM CONNECTIONS SECONDS. Prints what ``load`` prints."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time

from tensorzero import AsyncTensorZeroGateway

QUESTION = {"messages": [{"role": "user", "content": "What is the capital of France?"}]}


async def main(config: str, stream: bool, connections: int, seconds: float) -> None:
    made = AsyncTensorZeroGateway.build_embedded(config_file=config)
    gateway = await made if asyncio.iscoroutine(made) or hasattr(made, "__await__") else made
    took: list[float] = []
    wrong = 0
    until = time.monotonic() + seconds

    async def ask() -> None:
        nonlocal wrong
        while (began := time.monotonic()) < until:
            try:
                answer = await gateway.inference(function_name="ask", input=QUESTION, stream=stream)
                if stream:
                    async for _ in answer:
                        pass
            except Exception:  # noqa: BLE001 - counted, whatever it is
                wrong += 1
            else:
                took.append((time.monotonic() - began) * 1000)

    start = time.monotonic()
    await asyncio.gather(*(ask() for _ in range(connections)))
    elapsed = time.monotonic() - start
    took.sort()
    at = lambda share: round(took[int(share * (len(took) - 1))], 3) if took else 0  # noqa: E731
    counts = {"right": len(took), "wrong": wrong, "broken": 0, "late": 0}
    print(json.dumps(counts | {"seconds": elapsed, "p50": at(0.5), "p99": at(0.99), "max": at(1)}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2] == "stream", int(sys.argv[3]), float(sys.argv[4])))
    sys.stdout.flush()
    os._exit(0)  # its threads may outlive the interpreter, which then aborts after the figures are said
