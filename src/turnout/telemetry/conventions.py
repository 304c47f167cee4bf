"""OpenTelemetry's words for calls of language models: names, buckets, and what it calls operations and providers.

https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-metrics.md (read 2026-11-21; status:
development). In Prometheus a dot becomes an underscore and a unit joins the name; ``{token}`` is an annotation and does not:
https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/ (read 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Mapping

SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
SECONDS_TO_FIRST = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
SECONDS_PER_TOKEN = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5)
TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)

OTHER = "other"  # every model that the registry does not know: callers write whatever they like

# gen_ai.operation.name; what has no well-known value keeps a name of ours, as the conventions allow
OPERATIONS: Mapping[str, str] = {"chat": "chat", "embed": "embeddings", "rerank": "rerank", "count": "count_tokens"}

# gen_ai.provider.name: where a well-known value applies it must be used
PROVIDERS: Mapping[str, str] = {
    "amazon-bedrock": "aws.bedrock",
    "amazon-bedrock-invoke": "aws.bedrock",
    "azure": "azure.ai.openai",
    "azure-deployments": "azure.ai.openai",
    "google": "gcp.gemini",
    "google-vertex": "gcp.vertex_ai",
    "google-vertex-anthropic": "gcp.vertex_ai",
    "mistral": "mistral_ai",
    "moonshotai": "moonshot_ai",
    "xai": "x_ai",
}
