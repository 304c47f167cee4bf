// npm @anthropic-ai/sdk, Messages.
import Anthropic from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { Person } from "./openai_chat.mjs";
import { TOOL, TOOL_SCHEMA, TOOL_TEXT, text } from "./words.mjs";

export const client = (url) => new Anthropic({ baseURL: url, apiKey: "-", maxRetries: 0, timeout: 60_000 });
export const raised = (error) =>
  error instanceof Anthropic.AnthropicError && { kind: error.constructor.name, status: error.status ?? null, text: error.message };

export function conversation(sdk, model, ask) {
  const options = { model, max_tokens: ask.max_tokens };
  if (ask.tools) options.tools = [{ name: TOOL, description: TOOL_TEXT, input_schema: TOOL_SCHEMA }];
  if (ask.exact) options.temperature = 0;
  if (ask.schema) options.output_config = { format: zodOutputFormat(Person) };
  if (ask.think) options.thinking = { type: "enabled", budget_tokens: 2048 };
  const messages = first(ask);

  async function send() {
    let answer;
    if (ask.stream) answer = await sdk.messages.stream({ ...options, messages }).finalMessage();
    else if (ask.schema) answer = await sdk.messages.parse({ ...options, messages });
    else answer = await sdk.messages.create({ ...options, messages });
    if (ask.schema && !ask.stream && answer.parsed_output?.name === undefined) throw new Error("nothing was parsed");
    messages.push({ role: "assistant", content: answer.content });
    const of = (type) => answer.content.filter((block) => block.type === type);
    const { usage } = answer;
    return {
      text: text(of("text").map((block) => block.text)),
      reasoning: text(of("thinking").map((block) => block.thinking)),
      calls: of("tool_use").map((block) => [block.name, block.input]),
      finish: answer.stop_reason,
      usage: [usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0), usage.output_tokens],
    };
  }

  return {
    send,
    results(texts) {
      const calls = messages.at(-1).content.filter((block) => block.type === "tool_use");
      const content = calls.map((call, at) => ({ type: "tool_result", tool_use_id: call.id, content: texts[at] }));
      messages.push({ role: "user", content });
      return send();
    },
  };
}

export async function leave(sdk, model, ask) {
  const stream = await sdk.messages.create({ model, max_tokens: ask.max_tokens, messages: first(ask), stream: true });
  for await (const event of stream) if (event.type === "content_block_delta" && event.delta.type === "text_delta") return event.delta.text;
}

function first(ask) {
  if (!ask.image) return [{ role: "user", content: ask.text }];
  const image = { type: "image", source: { type: "base64", media_type: "image/png", data: ask.image } };
  return [{ role: "user", content: [image, { type: "text", text: ask.text }] }];
}
