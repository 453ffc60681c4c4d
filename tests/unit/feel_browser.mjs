// Evaluates what stands on standard input, [{text, given}], with the engine of the browser's forms; prints the values.
import { readFileSync } from "node:fs";
import { evaluate } from "feelin";

const shown = (value) => {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value === "function") return "function";
  if (typeof value !== "object") return value;
  if (value.constructor !== Object) return String(evaluate("string(value)", { value }).value);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shown(part)]));
};

const answer = ({ text, given }) => {
  try {
    const { value, warnings } = evaluate(text, given);
    return { value: shown(value), lacking: warnings.some(({ type }) => type === "NO_FUNCTION_FOUND") };
  } catch (error) {
    return { refused: error.message, lacking: /not implemented|Unrecognized token/.test(error.message) };
  }
};

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(answer)));
