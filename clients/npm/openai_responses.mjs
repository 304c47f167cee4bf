// npm openai, Responses, without state at the server.
import { zodTextFormat } from "openai/helpers/zod";
import { Person } from "./openai_chat.mjs";
import { TOOL, TOOL_SCHEMA, TOOL_TEXT, text } from "./words.mjs";

export { client, raised } from "./openai_chat.mjs";

export function conversation(sdk, model, ask) {
  const options = { model, max_output_tokens: ask.max_tokens, store: false };
  if (ask.tools) options.tools = [{ type: "function", name: TOOL, description: TOOL_TEXT, parameters: TOOL_SCHEMA, strict: true }];
  if (ask.exact) options.temperature = 0;
  if (ask.schema) options.text = { format: zodTextFormat(Person, "person") };
  if (ask.think) Object.assign(options, { reasoning: { effort: "low", summary: "auto" }, include: ["reasoning.encrypted_content"] });
  const input = first(ask);
  let calls = [];

  async function send() {
    let answer;
    if (ask.stream) answer = await sdk.responses.stream({ ...options, input }).finalResponse();
    else if (ask.schema) answer = await sdk.responses.parse({ ...options, input });
    else answer = await sdk.responses.create({ ...options, input });
    if (ask.schema && !ask.stream && answer.output_parsed?.name === undefined) throw new Error(`nothing was parsed of ${answer.output_text}`);
    input.push(...answer.output);
    calls = answer.output.filter((item) => item.type === "function_call");
    const said = answer.output.filter((item) => item.type === "message").flatMap((item) => item.content);
    const thoughts = answer.output.filter((item) => item.type === "reasoning").flatMap((item) => [...item.summary, ...(item.content ?? [])]);
    return {
      text: text(said.map((part) => part.text)),
      reasoning: text(thoughts.map((part) => part.text)),
      calls: calls.map((call) => [call.name, JSON.parse(call.arguments)]),
      finish: answer.status,
      usage: [answer.usage?.input_tokens ?? null, answer.usage?.output_tokens ?? null],
    };
  }

  return {
    send,
    results(texts) {
      calls.forEach((call, at) => input.push({ type: "function_call_output", call_id: call.call_id, output: texts[at] }));
      return send();
    },
  };
}

export async function leave(sdk, model, ask) {
  const stream = await sdk.responses.create({ model, input: first(ask), stream: true });
  for await (const event of stream) if (event.type === "response.output_text.delta") return event.delta;
}

function first(ask) {
  if (!ask.image) return [{ role: "user", content: ask.text }];
  const image = { type: "input_image", detail: "auto", image_url: `data:image/png;base64,${ask.image}` };
  return [{ role: "user", content: [{ type: "input_text", text: ask.text }, image] }];
}
