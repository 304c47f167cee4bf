"""One call reaches any model. Nothing is lost in translation, and every cent is counted.

import turnout

    print(turnout.ask("local/smollm2-135m", "Name three rivers").text)
    client = turnout.from_provider("anthropic/claude-sonnet-5")
    done = client.chat("Name three rivers", temperature=0.2)

docs/architecture.md is the map of the code.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from turnout.api import ask as ask, embed as embed, from_provider as from_provider, rerank as rerank
    from turnout.client.aio import AsyncClient as AsyncClient, AsyncStream as AsyncStream
    from turnout.client.discover import discover as discover, find_model as find_model
    from turnout.client.sync import Client as Client, Stream as Stream
    from turnout.engine.plan import Retry as Retry
    from turnout.errors import Error as Error
    from turnout.events import Event as Event, fold as fold
    from turnout.registry import (
        ProviderRegistry as ProviderRegistry,
        Registry as Registry,
        register_provider as register_provider,
        sdk_client as sdk_client,
    )
    from turnout.types import (
        Audio as Audio,
        ChatRequest as ChatRequest,
        Completion as Completion,
        Document as Document,
        Image as Image,
        Message as Message,
        ReasoningConfig as ReasoningConfig,
        ResponseFormat as ResponseFormat,
        Target as Target,
        Text as Text,
        Timeouts as Timeouts,
        Tool as Tool,
        ToolCall as ToolCall,
        ToolChoice as ToolChoice,
        ToolResult as ToolResult,
        Usage as Usage,
    )

__version__ = "0.1.0.dev0"

_HOME = {
    "ask": "turnout.api",
    "embed": "turnout.api",
    "rerank": "turnout.api",
    "from_provider": "turnout.api",
    "AsyncClient": "turnout.client.aio",
    "AsyncStream": "turnout.client.aio",
    "discover": "turnout.client.discover",
    "find_model": "turnout.client.discover",
    "Client": "turnout.client.sync",
    "Stream": "turnout.client.sync",
    "Retry": "turnout.engine.plan",
    "Error": "turnout.errors",
    "Event": "turnout.events",
    "fold": "turnout.events",
    "ProviderRegistry": "turnout.registry.registering",
    "Registry": "turnout.registry",
    "register_provider": "turnout.registry.registering",
    "sdk_client": "turnout.registry.sdks",
    **dict.fromkeys(
        (
            "Audio",
            "ChatRequest",
            "Completion",
            "Document",
            "Image",
            "Message",
            "ReasoningConfig",
            "ResponseFormat",
            "Target",
            "Text",
            "Timeouts",
            "Tool",
            "ToolCall",
            "ToolChoice",
            "ToolResult",
            "Usage",
        ),
        "turnout.types",
    ),
}
__all__ = ["__version__", *_HOME]  # noqa: PLE0604 - the keys are strings


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'turnout' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
