// Plays what clients/npm_clients.py asks for: a line of JSON in, a line of JSON out, as many at once as come.
// node main.mjs URL
import { createInterface } from "node:readline";
import * as openaiChat from "./openai_chat.mjs";
import * as openaiResponses from "./openai_responses.mjs";
import * as anthropic from "./anthropic_messages.mjs";
import { aiChat, aiResponses } from "./ai_openai.mjs";
import { aiAnthropic } from "./ai_anthropic.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;
const url = process.argv[2];
const players = { openaiChat, openaiResponses, anthropic, aiChat, aiResponses, aiAnthropic };
const clients = Object.fromEntries(Object.entries(players).map(([name, player]) => [name, player.client(url)]));
const conversations = new Map();

async function play({ op, player: name, id, model, ask, texts }) {
  const player = players[name];
  if (op === "leave") return { said: await player.leave(clients[name], model, ask) };
  if (op === "end") return void conversations.delete(id);
  if (op === "send") conversations.set(id, player.conversation(clients[name], model, ask));
  return op === "send" ? conversations.get(id).send() : conversations.get(id).results(texts);
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  play(request).then(
    (heard) => answer(request.number, { heard: heard ?? null }),
    (error) => answer(request.number, { raised: players[request.player].raised(error) || null, fault: String(error?.stack ?? error) }),
  );
}
process.exit(0);

function answer(number, said) {
  process.stdout.write(`${JSON.stringify({ number, ...said })}\n`);
}
