/** The report's drawings: SVG in the colours of its style, readable without a pointer. */
import type { EquityCurve } from "@/chart/EquityChart";
import { histogram } from "@/features/run/overview/histogram";
import { Html, html } from "@/features/run/report/html";
import { money, percent } from "@/format/numbers";
import { utcDate } from "@/format/times";

const WIDTH = 960;
const LEFT = 4;
const RIGHT = 84;
const PLOT = WIDTH - LEFT - RIGHT;

/** Equity and benchmark above, the drawdown below, on one scale of time. */
export function equityChart(curve: EquityCurve): Html {
  const { times } = curve;
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return html`<p>No bars.</p>`;
  const x = (time: number) => LEFT + (PLOT * (time - first)) / Math.max(1, last - first);
  const above = scale([...curve.equity, ...curve.benchmark], 10, 260);
  const below = scale([...curve.drawdown, 0], 290, 390);
  const line = (values: number[], y: (value: number) => number) =>
    values
      .map((value, i) => `${i === 0 ? "M" : "L"}${x(times[i] ?? first).toFixed(1)} ${y(value).toFixed(1)}`)
      .join("");
  const area = `${line(curve.drawdown, below.y)}L${x(last).toFixed(1)} ${below.y(0).toFixed(1)}L${LEFT} ${below.y(0).toFixed(1)}Z`;
  return html`<svg viewBox="0 0 ${WIDTH} 416" role="img" aria-label="Equity, buy and hold, and drawdown">
${above.ticks.map((value) => tick(above.y(value), money(value)))}
${below.ticks.map((value) => tick(below.y(value), percent(value, 0)))}
${dates(first, last).map(
  (time) =>
    html`<path class="grid" d="M${x(time).toFixed(1)} 10V390"/><text x="${x(time).toFixed(1)}" y="408" text-anchor="middle">${utcDate(new Date(time * 1000).toISOString())}</text>`,
)}
<path class="benchmark" d="${line(curve.benchmark, above.y)}"/>
<path class="equity" d="${line(curve.equity, above.y)}"/>
<path class="drawdown" d="${area}"/>
</svg>
<p class="legend"><svg viewBox="0 0 24 8"><path class="equity" d="M0 4H24"/></svg> Equity
<svg viewBox="0 0 24 8"><path class="benchmark" d="M0 4H24"/></svg> Buy and hold
<svg viewBox="0 0 24 8"><path class="drawdown" d="M0 0H24V8H0Z"/></svg> Drawdown</p>`;
}

function tick(y: number, label: string): Html {
  return html`<path class="grid" d="M${LEFT} ${y.toFixed(1)}H${WIDTH - RIGHT}"/><text x="${WIDTH - RIGHT + 6}" y="${(y + 4).toFixed(1)}">${label}</text>`;
}

/** How the trades came out, in % of their cost. */
export function distribution(values: readonly number[]): Html {
  const classes = histogram(values);
  if (classes.length === 0) return html`<p>No trade was closed.</p>`;
  const most = Math.max(...classes.map((each) => each.count));
  const step = PLOT / classes.length;
  const foot = 180;
  return html`<svg viewBox="0 0 ${WIDTH} 206" role="img" aria-label="Distribution of the trades' returns">
${classes.map((each, i) => {
  const height = (160 * each.count) / most;
  return html`<rect class="${each.to <= 0 ? "lost" : "won"}" x="${(LEFT + i * step + 1).toFixed(1)}" y="${(foot - height).toFixed(1)}" width="${(step - 2).toFixed(1)}" height="${height.toFixed(1)}"><title>${percent(each.from, 1)} to ${percent(each.to, 1)}: ${each.count}</title></rect>`;
})}
<path class="axis" d="M${LEFT} ${foot}H${WIDTH - RIGHT}"/>
${classes.map((each, i) =>
  i % Math.ceil(classes.length / 8) === 0
    ? html`<text x="${(LEFT + i * step).toFixed(1)}" y="${foot + 18}" text-anchor="${i === 0 ? "start" : "middle"}">${percent(each.from, 1)}</text>`
    : new Html(""),
)}
</svg>`;
}

interface Scale {
  y: (value: number) => number;
  ticks: number[];
}

/** A scale from `top` to `bottom` that has all values, and about five round ticks on it. */
function scale(values: readonly number[], top: number, bottom: number): Scale {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (high === low) high = low + 1;
  const power = 10 ** Math.floor(Math.log10((high - low) / 5));
  const step = ([1, 2, 5, 10].find((each) => each * power >= (high - low) / 5) ?? 10) * power;
  const ticks: number[] = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) ticks.push(value);
  return { y: (value) => bottom - ((bottom - top) * (value - low)) / (high - low), ticks };
}

/** Some six days between two times, without their ends. */
function dates(first: number, last: number): number[] {
  const count = 6;
  return Array.from({ length: count }, (_, i) => first + ((i + 0.5) * (last - first)) / count);
}
