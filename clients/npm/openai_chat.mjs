// npm openai, Chat Completions.
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import { TOOL, TOOL_SCHEMA, TOOL_TEXT } from "./words.mjs";

export const Person = z.object({ name: z.string(), age: z.number().int() });
export const client = (url) => new OpenAI({ baseURL: `${url}/v1`, apiKey: "-", maxRetries: 0, timeout: 60_000 });
export const raised = (error) =>
  error instanceof OpenAI.OpenAIError && { kind: error.constructor.name, status: error.status ?? null, text: error.message };

export function conversation(sdk, model, ask) {
  const options = { model, max_completion_tokens: ask.max_tokens };
  if (ask.tools) {
    const fn = { name: TOOL, description: TOOL_TEXT, parameters: TOOL_SCHEMA, strict: true };
    options.tools = [{ type: "function", function: fn }];
  }
  if (ask.exact) options.temperature = 0;
  if (ask.schema) options.response_format = zodResponseFormat(Person, "person");
  if (ask.think) options.reasoning_effort = "low";
  const messages = first(ask);

  async function send() {
    let answer;
    if (ask.stream) {
      const stream = sdk.chat.completions.stream({ ...options, messages, stream_options: { include_usage: true } });
      let reasoning = ""; // a field of dialects: the SDK keeps its last piece, its users add it up
      stream.on("chunk", (chunk) => { reasoning += chunk.choices[0]?.delta?.reasoning_content ?? ""; });
      answer = await stream.finalChatCompletion();
      if (reasoning) answer.choices[0].message.reasoning_content = reasoning;
    } else if (ask.schema) answer = await sdk.chat.completions.parse({ ...options, messages });
    else answer = await sdk.chat.completions.create({ ...options, messages });
    const { message, finish_reason } = answer.choices[0];
    if (ask.schema && message.parsed?.age !== 31 && !ask.loose) throw new Error(`nothing was parsed of ${message.content}`);
    messages.push(message);
    return {
      text: message.content ?? "",
      reasoning: message.reasoning_content ?? "",
      calls: (message.tool_calls ?? []).map((call) => [call.function.name, JSON.parse(call.function.arguments)]),
      finish: finish_reason,
      usage: [answer.usage?.prompt_tokens ?? null, answer.usage?.completion_tokens ?? null],
    };
  }

  return {
    send,
    results(texts) {
      const calls = messages.at(-1).tool_calls;
      calls.forEach((call, at) => messages.push({ role: "tool", tool_call_id: call.id, content: texts[at] }));
      return send();
    },
  };
}

export async function leave(sdk, model, ask) {
  const stream = await sdk.chat.completions.create({ model, messages: first(ask), stream: true });
  for await (const chunk of stream) {
    const said = chunk.choices[0]?.delta?.content;
    if (said) return said; // leaving the loop closes the stream
  }
}

function first(ask) {
  if (!ask.image) return [{ role: "user", content: ask.text }];
  const image = { type: "image_url", image_url: { url: `data:image/png;base64,${ask.image}` } };
  return [{ role: "user", content: [{ type: "text", text: ask.text }, image] }];
}
