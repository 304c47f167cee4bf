// npm ai, with the provider that `make` gives: its users write this much, whatever the protocol below is.
import { APICallError, AISDKError, Output, generateText, jsonSchema, streamText, tool } from "ai";
import { Person } from "./openai_chat.mjs";
import { TOOL, TOOL_SCHEMA, TOOL_TEXT } from "./words.mjs";

// The SDK tells what a stream's error event says as it is, which may be no Error.
class StreamFailed extends Error {
  constructor(part) {
    super(JSON.stringify(part));
  }
}

export const raised = (error) =>
  error instanceof StreamFailed ? { kind: "error part", status: null, text: error.message } : AISDKError.isInstance(error) && { kind: error.name, status: APICallError.isInstance(error) ? error.statusCode ?? null : null, text: `${error.message} ${error.responseBody ?? ""}` };

export function ai(thinking) {
  function settings(provider, model, ask, signal) {
    const options = { model: provider(model), maxOutputTokens: ask.max_tokens, maxRetries: 0, abortSignal: signal };
    if (ask.tools) options.tools = { [TOOL]: tool({ description: TOOL_TEXT, inputSchema: jsonSchema(TOOL_SCHEMA) }) };
    if (ask.exact) options.temperature = 0;
    if (ask.schema) options.output = Output.object({ schema: Person });
    if (ask.think) options.providerOptions = thinking;
    return options;
  }

  function conversation(provider, model, ask) {
    const messages = first(ask);
    let calls = [];

    async function send() {
      const options = { ...settings(provider, model, ask), messages };
      const answer = ask.stream ? await streamed(options) : await generateText(options);
      if (ask.schema && answer.output?.name === undefined) throw new Error(`nothing was parsed of ${answer.text}`);
      calls = answer.toolCalls;
      messages.push(...answer.response.messages);
      return {
        text: answer.text,
        reasoning: answer.reasoningText ?? "",
        calls: calls.map((call) => [call.toolName, call.input]),
        finish: answer.finishReason,
        usage: [answer.usage.inputTokens ?? null, answer.usage.outputTokens ?? null],
      };
    }

    return {
      send,
      results(texts) {
        const content = calls.map((call, at) => ({
          type: "tool-result",
          toolCallId: call.toolCallId,
          toolName: call.toolName,
          output: { type: "text", value: texts[at] },
        }));
        messages.push({ role: "tool", content });
        return send();
      },
    };
  }

  async function leave(provider, model, ask) {
    const leaving = new AbortController();
    const { textStream } = streamText({ ...settings(provider, model, ask, leaving.signal), messages: first(ask), onError() {} });
    for await (const said of textStream)
      if (said) {
        leaving.abort();
        return said;
      }
  }

  return { conversation, leave, raised };
}

async function streamed(options) {
  let failure;
  const result = streamText({ ...options, onError: ({ error }) => { failure ??= error; } });
  for await (const part of result.fullStream) if (part.type === "error") failure ??= part.error;
  if (failure) throw failure instanceof Error ? failure : new StreamFailed(failure);
  const [text, output, toolCalls, response, reasoningText, finishReason, usage] = await Promise.all([
    result.text, options.output ? result.output : undefined, result.toolCalls, result.response, result.reasoningText, result.finishReason, result.usage,
  ]);
  return { text, output, toolCalls, response, reasoningText, finishReason, usage };
}

function first(ask) {
  const content = [{ type: "text", text: ask.text }];
  if (ask.image) content.push({ type: "image", image: Buffer.from(ask.image, "base64"), mediaType: "image/png" });
  return [{ role: "user", content }];
}
