import { expect, test } from "vitest";
import { problemOf } from "@/features/sign-in/pasted";

const NOW = Date.parse("2026-01-02T03:00:00Z");

function token(claims: object): string {
  return `e30.${btoa(JSON.stringify(claims)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}.c2ln`;
}

test("a token that has not ended yet is the API's to judge", () => {
  expect(problemOf(token({ exp: NOW / 1000 + 60, sub: "ada?>~ÿ" }), NOW)).toBeNull();
  expect(problemOf(token({}), NOW)).toBeNull();
});

test("what is no token, or has ended, is said before it is sent", () => {
  expect(problemOf("abc", NOW)).toMatch(/three parts/);
  expect(problemOf("a.%%%.c", NOW)).toMatch(/cannot be read/);
  expect(problemOf(token({ exp: NOW / 1000 - 1 }), NOW)).toBe(
    "It ended at 2026-01-02 02:59 UTC; get a new one",
  );
});
