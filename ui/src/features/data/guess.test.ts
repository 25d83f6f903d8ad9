import { expect, it } from "vitest";
import { guess } from "@/features/data/guess";

const EXCHANGES = ["binance", "coinbase"];

it("reads names as exchanges and archives write them", () => {
  expect(guess("Binance_BTCUSDT_1h.csv", EXCHANGES)).toEqual({
    exchange: "binance",
    symbol: "BTC-USDT",
    timeframe: "1h",
  });
  expect(guess("binance_ETHUSDT_5m_20230101_20231230.parquet", EXCHANGES)).toEqual({
    exchange: "binance",
    symbol: "ETH-USDT",
    timeframe: "5m",
  });
  expect(guess("coinbase-BTC-USD-1d-2023.csv", EXCHANGES)).toEqual({
    exchange: "coinbase",
    symbol: "BTC-USD",
    timeframe: "1d",
  });
  // Binance Vision's.
  expect(guess("BTCUSDT-1m-2024-01.csv", EXCHANGES)).toEqual({ symbol: "BTC-USDT", timeframe: "1m" });
});

it("guesses nothing of a name that says nothing", () => {
  expect(guess("candles.csv", EXCHANGES)).toEqual({});
});
