/** What a file's name says of its candles: `Binance_BTCUSDT_1h.csv`, `coinbase-ETH-USD-5m-2023.csv`. */
import { isTimeframe, type Timeframe } from "@/features/data/timeframes";

export interface Guess {
  exchange?: string;
  symbol?: string;
  timeframe?: Timeframe;
}

// Of a symbol written as one word; the longer ones first, as BTCUSDT is no BTC-USD with a T.
const QUOTES = ["USDT", "USDC", "USD", "EUR", "GBP", "BTC", "ETH"];
const ONE_WORD = new RegExp(`^([A-Z0-9]{2,10})(${QUOTES.join("|")})$`);

/** Return what is plain in a name; a form still asks for the rest, and may be corrected. */
export function guess(filename: string, exchanges: string[]): Guess {
  const parts = filename.replace(/\.\w+$/, "").split(/[_\-\s.]+/);
  const found: Guess = {};
  for (const [index, part] of parts.entries()) {
    const small = part.toLowerCase();
    const large = part.toUpperCase();
    if (!found.exchange && exchanges.includes(small)) found.exchange = small;
    else if (!found.timeframe && isTimeframe(small)) found.timeframe = small;
    else if (!found.symbol) {
      const word = ONE_WORD.exec(large);
      const next = parts[index + 1]?.toUpperCase();
      if (next && QUOTES.includes(next) && /^[A-Z0-9]{2,10}$/.test(large)) found.symbol = `${large}-${next}`;
      else if (word) found.symbol = `${word[1]}-${word[2]}`;
    }
  }
  return found;
}
