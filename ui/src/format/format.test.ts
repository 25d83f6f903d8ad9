import { describe, expect, it } from "vitest";
import { bytes, integer, money, percent, price, quantity, signedPercent, tone } from "@/format/numbers";
import { ago, duration, utc, utcDate } from "@/format/times";

describe("figures", () => {
  it("write their sign out and align", () => {
    expect(money(1234.5)).toBe("1,234.50");
    expect(money(-0.004)).toBe("0.00");
    expect(signedPercent(8.516)).toBe("+8.52 %");
    expect(signedPercent(-8.516)).toBe("−8.52 %");
    expect(signedPercent(0)).toBe("0.00 %");
    expect(percent(12.34, 0)).toBe("12 %");
    expect(integer(132480)).toBe("132,480");
  });

  it("give a dash for what is not defined", () => {
    expect([money(null), percent(undefined), integer(Number.NaN), price(null)]).toEqual(["–", "–", "–", "–"]);
  });

  it("keep the digits of small prices and quantities", () => {
    expect(price(43210.5)).toBe("43,210.50");
    expect(price(1.23456)).toBe("1.2346");
    expect(price(0.00001234)).toBe("0.00001234");
    expect(quantity(0.123456789)).toBe("0.12345679");
  });

  it("have a tone by their sign alone", () => {
    expect([tone(1), tone(-1), tone(0), tone(null)]).toEqual(["up", "down", "", ""]);
  });

  it("write bytes in the units of 1024", () => {
    expect([bytes(512), bytes(2048), bytes(5 * 1024 ** 2)]).toEqual(["512 B", "2 KiB", "5 MiB"]);
  });
});

describe("times", () => {
  it("are in UTC, with seconds where there are any", () => {
    expect(utc("2021-08-13T02:00:00Z")).toBe("2021-08-13 02:00");
    expect(utc("2021-08-13T02:00:07Z")).toBe("2021-08-13 02:00:07");
    expect(utcDate("2021-08-13T23:59:00Z")).toBe("2021-08-13");
  });

  it("write durations in the two largest units", () => {
    expect(duration(4.2)).toBe("4.2 s");
    expect(duration(59.9)).toBe("1 min");
    expect(duration(3600)).toBe("1 h");
    expect(duration(3 * 86_400 + 4 * 3_600 + 300)).toBe("3 d 4 h");
    expect(ago("2021-01-01T00:00:00Z", Date.parse("2021-01-01T00:12:00Z"))).toBe("12 min ago");
  });
});
