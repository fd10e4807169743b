import type { ScenarioResult } from '../scenario-result.ts';
import { isBlind, type Report } from './report.ts';

export function markdownOf({ ok, seed, minutes, node, totals, scenarios, features }: Report): string {
  return `# Fault run: ${ok ? 'nothing found' : 'FAILED'}

Seed ${seed}, ${minutes} minutes, Node ${node}. Again with \`npm run test:faults -- --minutes ${minutes} --seed ${seed}\`.

| | |
|---|---|
| faults | ${totals.faults} |
| kills of daemons | ${totals.kills} |
| network faults | ${totals.networkFaults} |
| followed by an applied change | ${totals.recoveries} |
| keys compared with their rows | ${totals.comparedKeys} |
| **stale keys** | **${totals.staleKeys}** |
| **lost invalidations** | **${totals.lostInvalidations}** |
| other problems | ${totals.problems - totals.staleKeys - totals.lostInvalidations} |
| longest unavailability | ${totals.longestUnavailabilityMs} ms |
${totals.failovers.map((one) => `| first change applied after a fail-over, \`${one.scenario}\` | median ${one.medianMs} ms, longest ${one.maxMs} ms, of ${one.count} |\n`).join('')}| late fills of cache-aside readers, plain delete | ${totals.slips.plain} |
| late fills of cache-aside readers, \`again_after\` | ${features.againAfter ? totals.slips.again : 'not built in'} |
${isBlind(minutes, totals) ? '\n**Not one late fill was seen in all this time: does the harness still look?**\n' : ''}
${scenarios.map(section).join('\n')}`;
}

function section(result: ScenarioResult): string {
  const faults = Object.entries(result.faults).map(([kind, count]) => `${kind} ${count}`);
  const counts = Object.entries(result.counts).map(([name, count]) => `${name} ${count}`);
  const promotions = result.failoverMs.map((ms) => `${ms} ms`).join(', ');
  const pace =
    result.pace === null
      ? ''
      : `- ${result.pace.reached} transactions a second reached, of ${result.pace.wanted} wanted, fail-overs included\n`;
  const excuses = result.excuses.map((text) => `- excused: ${text}\n`);
  const problems = result.problems.slice(0, 20).map(({ kind, text }) => `- **${kind}** ${text}\n`);
  return `## ${result.scenario}

${result.about}. ${result.seconds} s after ${result.setupSeconds} s of setup.

- faults: ${faults.join(', ') || 'none'}
- followed by an applied change: ${result.recoveries}; longest unavailability ${result.longestUnavailabilityMs} ms
- compared ${result.compared} keys: ${result.staleKeys} stale, ${result.lostInvalidations} lost; late cache-aside fills: ${result.slips.plain} with a plain delete, ${result.slips.again} with \`again_after\`
${pace}${promotions === '' ? '' : `- first change applied after a promotion or the end of the active one: ${promotions}\n`}- ${counts.join(', ')}
${excuses.join('')}${problems.join('')}`;
}
