// What the players say and read, as clients/story.py has it.
export const TOOL = "weather";
export const TOOL_TEXT = "The weather in a city";
export const TOOL_SCHEMA = {
  type: "object",
  properties: { city: { type: "string", description: "Its name" } },
  required: ["city"],
  additionalProperties: false,
};
export const text = (pieces) => pieces.filter(Boolean).join("");
