import { Redis } from 'ioredis';

/**
 * A client in a process of its own, so that it measures the server and not the process that flushes: GETs of one key,
 * one after another, until the parent is gone. Each message is answered with the p99 in ms since the last one.
 * Without what is counted for others a server that stands still for a second would be one slow request of thousands.
 */
/** Others would have come meanwhile, while this client waits and cannot: one every so often, waiting for the rest of it. */
const OTHERS_EVERY_MS = 0.1;

const [url = '', key = ''] = process.argv.slice(2);
const client = new Redis(url);
let tookMs: number[] = [];
let ended = false;

process.on('disconnect', () => (ended = true));
process.on('message', () => {
  const sorted = tookMs.sort((a, b) => a - b);
  tookMs = [];
  process.send?.({ requests: sorted.length, p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0 });
});

while (!ended) {
  const begun = performance.now();
  await client.get(key);
  for (let waits = performance.now() - begun; waits > 0; waits -= OTHERS_EVERY_MS) tookMs.push(waits);
  // With rests: a client that never rests takes a core from the server and from the flush, and measures that.
  await new Promise((resolve) => setTimeout(resolve, 1));
}
client.disconnect();
