/** Ratios with a goal as horizontal bars on a logarithmic scale, the goal being the line in the middle. */
import { numberText } from './in-turns.ts';
import type { Comparison } from './scenario.ts';
import { isReached, ratioOf } from './statistics.ts';

const ROW = 26;
const LEFT = 520;
const WIDTH = 1000;
const TOP = 46;
/** The scale ends at so many times better or worse than the goal. */
const LARGEST = 10;

interface Bar {
  readonly label: string;
  readonly text: string;
  /** Times better than the goal: 1 is the goal itself. */
  readonly better: number;
  readonly lowest: number;
  readonly highest: number;
  readonly isReached: boolean;
}

export function plot(comparisons: readonly Comparison[]): string {
  const bars = comparisons.flatMap(barsOf);
  const height = TOP + bars.length * ROW + 12;
  const goal = x(1).toFixed(1);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text x="${goal}" y="18" text-anchor="middle" font-weight="bold">goal</text>
${[1 / LARGEST, 0.5, 2, 5, LARGEST].map((times) => tick(times, height)).join('\n')}
<line x1="${goal}" x2="${goal}" y1="${TOP - 8}" y2="${height - 8}" stroke="#333333"/>
${bars.map(barSvg).join('\n')}
</svg>
`;
}

function barsOf({ what, results, ratios }: Comparison): Bar[] {
  return ratios.flatMap((ratio) => {
    const got = ratioOf(results, ratio);
    const { goal } = ratio;
    if (got === null || goal === null) return [];
    // Where less is better, the ratio counts the other way round.
    const better = (value: number): number => (goal.bound === 'at least' ? value / goal.times : goal.times / value);
    const ends = [better(got.lowest), better(got.highest)];
    const text = `${numberText(got.median)} (${goal.bound} ${numberText(goal.times)})`;
    const label = `${what}: ${ratio.of} / ${ratio.to}`;
    const facts = { label, text, better: better(got.median), isReached: isReached(got, goal) };
    return [{ ...facts, lowest: Math.min(...ends), highest: Math.max(...ends) }];
  });
}

function x(times: number): number {
  const share = Math.log(Math.min(LARGEST, Math.max(1 / LARGEST, times))) / Math.log(LARGEST);
  return LEFT + 20 + ((share + 1) / 2) * (WIDTH - LEFT - 140);
}

function tick(times: number, height: number): string {
  const at = x(times).toFixed(1);
  const label = times < 1 ? `${numberText(1 / times)} × worse` : `${numberText(times)} × better`;
  return `<line x1="${at}" x2="${at}" y1="${TOP - 8}" y2="${height - 8}" stroke="#dddddd"/><text x="${at}" y="34" text-anchor="middle" fill="#666666" font-size="10">${label}</text>`;
}

function barSvg({ label, text, better, lowest, highest, isReached }: Bar, row: number): string {
  const y = TOP + row * ROW;
  const [from, to] = [Math.min(x(1), x(better)), Math.max(x(1), x(better))];
  const middle = y + 8;
  return `<text x="${LEFT}" y="${y + 12}" text-anchor="end">${escape(label.length > 86 ? `${label.slice(0, 85)}…` : label)}</text>
<rect x="${from.toFixed(1)}" y="${y}" width="${(to - from).toFixed(1)}" height="16" fill="${isReached ? '#4c956c' : '#c44536'}"/>
<line x1="${x(lowest).toFixed(1)}" x2="${x(highest).toFixed(1)}" y1="${middle}" y2="${middle}" stroke="#111111"/>
<text x="${WIDTH - 8}" y="${y + 12}" text-anchor="end">${escape(text)}</text>`;
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
