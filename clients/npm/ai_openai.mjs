// npm ai with @ai-sdk/openai: Responses, which is its default, and Chat Completions.
import { createOpenAI } from "@ai-sdk/openai";
import { ai } from "./ai_sdk.mjs";

const provider = (url) => createOpenAI({ baseURL: `${url}/v1`, apiKey: "-" });
const responses = { openai: { store: false, reasoningEffort: "low", reasoningSummary: "auto", include: ["reasoning.encrypted_content"], forceReasoning: true } };

export const aiResponses = { client: (url) => provider(url).responses, ...ai(responses) };
export const aiChat = { client: (url) => provider(url).chat, ...ai({ openai: { reasoningEffort: "low", forceReasoning: true } }) };
