"""Builds the packaged catalog: `python scripts/build_catalog.py [SNAPSHOT]`.

With SNAPSHOT, a models.dev snapshot (JSON, gzipped or not), everything is written anew: src/turnout/catalog/data/providers.json
and data/models/*.json. Without it, only data/overrides.json, data/profiles.json and data/restrictions.json are: the TOML files of
src/turnout/catalog/ as JSON, so that reading them takes no TOML parser. The output depends on the input alone.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

CATALOG = Path(__file__).resolve().parent.parent / "src" / "turnout" / "catalog"

LICENSE = "MIT, see the LICENSE file beside this one"

# The SDK a provider is used with says which protocol it speaks.
WIRES = {
    "@ai-sdk/openai-compatible": "openai-chat",
    "@ai-sdk/cerebras": "openai-chat",
    "@ai-sdk/deepinfra": "openai-chat",
    "@ai-sdk/groq": "openai-chat",
    "@ai-sdk/mistral": "openai-chat",
    "@ai-sdk/perplexity": "openai-chat",
    "@ai-sdk/togetherai": "openai-chat",
    "@ai-sdk/vercel": "openai-chat",
    "@ai-sdk/xai": "openai-chat",
    "@aihubmix/ai-sdk-provider": "openai-chat",
    "@openrouter/ai-sdk-provider": "openai-chat",
    "@saladtechnologies-oss/ai-sdk-provider": "openai-chat",
    "venice-ai-sdk-provider": "openai-chat",
    "@ai-sdk/anthropic": "anthropic-messages",
    "@ai-sdk/openai": "openai-responses",
    "@ai-sdk/amazon-bedrock": "bedrock-converse",
    "@ai-sdk/amazon-bedrock/mantle": "openai-responses",
    "@ai-sdk/azure": "azure-openai",
    "@ai-sdk/cohere": "cohere-chat",
    "@ai-sdk/gateway": "vercel-gateway",
    "@ai-sdk/google": "gemini",
    "@ai-sdk/google-vertex": "vertex-gemini",
    "@ai-sdk/google-vertex/anthropic": "anthropic-vertex",
    "@jerome-benoit/sap-ai-provider-v2": "sap-ai-core",
    "@qvac/ai-sdk-provider": "qvac",
    "ai-gateway-provider": "cloudflare-ai-gateway",
    "gitlab-ai-provider": "gitlab-duo",
    "merge-gateway-ai-sdk-provider": "merge-gateway",
    "watsonx-ai-provider": "watsonx",
}
SHAPES = {"responses": "openai-responses", "completions": "openai-chat"}

AUTHS = {
    "anthropic-messages": "header:x-api-key",
    "anthropic-vertex": "google",
    "azure-openai": "header:api-key",
    "bedrock-converse": "sigv4",
    "vertex-gemini": "google",
}

# Environment variables that hold no key: they say where to go.
PLACES = re.compile(r"_(REGION|ENDPOINT|BASE_URL|HOST|PROJECT|LOCATION|ACCOUNT|RESOURCE_NAME|CREDENTIALS|[A-Z]+_ID)$")

# The snapshot flattens every long-context price to "over 200,000 input tokens". Where that is the vendor's own bound the row
# stands as it is. Where it is another, calls between the two have no known price, except at the vendor itself. Families in
# neither table have no known price above 200,000 tokens at all. (read 2026-11-21)
LONG_CONTEXT = {
    "claude": 200_000,  # https://docs.anthropic.com/en/docs/about-claude/pricing
    "gemini": 200_000,  # https://ai.google.dev/gemini-api/docs/pricing
    "grok": 200_000,  # https://docs.x.ai/developers/pricing
    "gpt": 272_000,  # https://developers.openai.com/api/docs/models/gpt-5.4
    "qwen": 256_000,  # https://www.alibabacloud.com/help/en/model-studio/model-pricing
}
VENDORS = {"gpt": "openai", "qwen": "alibaba"}

# The snapshot's "fast" mode goes by what the response reports: OpenAI's service tier, Anthropic's speed.
# https://platform.openai.com/docs/guides/priority-processing, https://platform.claude.com/docs/en/build-with-claude/fast-mode
FAST = {"gpt": "priority", "claude": "fast"}

# Cache entries that live an hour cost twice the input price to write, at Anthropic itself.
# https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching (read 2026-11-21)
CACHE_WRITE_1H = {"anthropic": 2}

RATES = {
    "cost_input": "input",
    "cost_output": "output",
    "cost_reasoning": "reasoning",
    "cost_cache_read": "cache_read",
    "cost_cache_write": "cache_write",
    "cost_input_audio": "audio_input",
    "cost_output_audio": "audio_output",
}


def provider_row(id: str, row: dict[str, Any]) -> dict[str, Any]:
    wire = WIRES[row["npm"]]
    url, url_env = template(row["api"] or "")
    used = set(url_env)
    for model in row["models"].values():
        used.update(template(model.get("provider_api", ""))[1])
    keys = [name for name in row["env"] if name not in used and not PLACES.search(name)]
    auth = AUTHS.get(wire, "bearer")
    return compact(
        name=row["name"],
        wire=wire,
        base_url=url,
        key_env=[] if auth in ("sigv4", "google") else keys,
        url_env=url_env,
        auth=auth if auth != "bearer" else None,
        docs=row["doc"],
    ) | {"base_url": url}


def template(url: str) -> tuple[str, dict[str, str]]:
    """models.dev's ${NAME} as our {NAME}; without the slash or the path that a wire adds."""
    names = re.findall(r"\$\{(\w+)\}", url)
    url = re.sub(r"\$\{(\w+)\}", r"{\1}", url).rstrip("/")
    return url.removesuffix("/chat/completions"), {name: name for name in names}


def model_row(provider: str, id: str, row: dict[str, Any], provider_wire: str) -> dict[str, Any]:
    facts = {
        "tools": row["tool_call"],
        "reasoning": row["reasoning"],
        "structured_output": row.get("structured_output"),
        "attachments": row["attachment"],
        "temperature": row.get("temperature"),
    }
    modalities = [f"{kind}-in" for kind in row["modalities"]["input"]] + [f"{kind}-out" for kind in row["modalities"]["output"]]
    wire = SHAPES.get(row.get("provider_api_shape", ""), WIRES.get(row.get("provider_npm", ""), provider_wire))
    return compact(
        name=row["name"],
        family=row.get("family"),
        context_tokens=row["limit_context"],
        max_input_tokens=row.get("limit_input"),
        max_output_tokens=row["limit_output"],
        supports=" ".join([word for word, known in facts.items() if known] + modalities),
        lacks=" ".join(word for word, known in facts.items() if known is False),
        price=price(provider, id, row),
        status=row.get("status"),
        knowledge=row.get("knowledge"),
        open_weights=row["open_weights"],
        reasoning_field=row.get("interleaved_field"),
        wire=wire if wire != provider_wire else None,
        base_url=template(row.get("provider_api", ""))[0],
    )


def price(provider: str, id: str, row: dict[str, Any]) -> dict[str, Any] | None:
    family = next((name for name in LONG_CONTEXT if name in f"{row.get('family', '')} {id}".lower()), "")
    result: dict[str, Any] = {}
    tiers: list[dict[str, Any]] = []
    modes: dict[str, Any] = {}
    for entry in row.get("pricing_usd_per_mtok", ()):
        own = rates(provider, entry)
        if mode := entry.get("experimental_mode_name"):
            modes[FAST.get(family, mode)] = own
        elif above := entry["min_context"]:
            bound = LONG_CONTEXT.get(family)
            if bound is None:
                tiers.append({"above_input_tokens": above})
            else:
                if bound > above and VENDORS.get(family) != provider:
                    tiers.append({"above_input_tokens": above})
                tiers.append({"above_input_tokens": bound, **own})
        else:
            result = own
    return compact(**result, tiers=tiers, modes=modes) or None


def rates(provider: str, entry: dict[str, Any]) -> dict[str, str]:
    """Rates as decimal text. A zero beside a paid input price is a blank in the source, not a gift."""
    known = {ours: tidy(entry[theirs]) for theirs, ours in RATES.items() if theirs in entry}
    if float(known["input"]) > 0:
        known = {name: rate for name, rate in known.items() if float(rate) > 0 or name == "output"}
        if factor := CACHE_WRITE_1H.get(provider):
            known["cache_write_1h"] = tidy(float(known["input"]) * factor)
    return known


def tidy(rate: float) -> str:
    """Twelve significant digits: more are the source's rounding noise (0.19999999999999998)."""
    return f"{float(f'{rate:.12g}'):.12f}".rstrip("0").rstrip(".")


def compact(**fields: Any) -> dict[str, Any]:
    """The fields that say something: not None, empty, zero or False."""
    return {name: value for name, value in fields.items() if value}


def overrides() -> dict[str, Any]:
    tables = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted((CATALOG / "providers").glob("*.toml"))}
    return plain(tables)


def restrictions() -> list[Any]:
    return plain(tomllib.loads((CATALOG / "restrictions.toml").read_text("utf-8"))["restriction"])


def profiles() -> dict[str, Any]:
    return plain(tomllib.loads((CATALOG / "profiles.toml").read_text("utf-8")))


def plain(value: Any) -> Any:
    """``value`` with its dates as text."""
    return json.loads(json.dumps(value, default=lambda value: value.isoformat() if isinstance(value, date) else str(value)))


def lines(table: dict[str, Any]) -> str:
    """A JSON object with one entry a line, so that a change of one row is a change of one line."""
    rows = ",\n".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in table.items())
    return f"{{\n{rows}\n}}\n"


def write_snapshot(source: Path, data: Path) -> None:
    raw = source.read_bytes()
    snapshot = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
    providers = {id: provider_row(id, row) for id, row in sorted(snapshot["providers"].items())}
    (data / "models").mkdir(parents=True, exist_ok=True)
    for stale in (data / "models").glob("*.json"):
        stale.unlink()
    for id, row in snapshot["providers"].items():
        models = {name: model_row(id, name, model, providers[id]["wire"]) for name, model in sorted(row["models"].items())}
        (data / "models" / f"{id}.json").write_text(lines(models), "utf-8")
    head = {"source": "models.dev", "date": snapshot["generated_at"], "license": LICENSE}
    table = json.dumps(head)[:-1] + ', "providers": ' + lines(providers).rstrip("\n") + "}\n"
    (data / "providers.json").write_text(table, "utf-8")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("snapshot", nargs="?", type=Path, help="a models.dev snapshot; without it only the TOML files are read")
    parser.add_argument("--data", type=Path, default=CATALOG / "data", help="where to write (default: the package)")
    options = parser.parse_args(arguments)
    options.data.mkdir(parents=True, exist_ok=True)
    if options.snapshot:
        write_snapshot(options.snapshot, options.data)
    (options.data / "overrides.json").write_text(lines(overrides()), "utf-8")
    (options.data / "profiles.json").write_text(lines(profiles()), "utf-8")
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in restrictions())
    (options.data / "restrictions.json").write_text(f"[\n{rows}\n]\n", "utf-8")
    size = sum(path.stat().st_size for path in options.data.rglob("*.json"))
    print(f"{options.data}: {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
