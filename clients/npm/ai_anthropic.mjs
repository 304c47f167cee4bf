// npm ai with @ai-sdk/anthropic.
import { createAnthropic } from "@ai-sdk/anthropic";
import { ai } from "./ai_sdk.mjs";

export const aiAnthropic = {
  client: (url) => createAnthropic({ baseURL: `${url}/v1`, apiKey: "-" }),
  ...ai({ anthropic: { thinking: { type: "enabled", budgetTokens: 2048 } } }),
};
