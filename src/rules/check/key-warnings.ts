import type { Problem } from '../../runtime/errors.ts';
import { flushPattern, patternTooWide } from '../template/flush-pattern.ts';
import type { KeyTemplate } from '../template/key-template.ts';
import { problemAt } from './problem-at.ts';
import type { CompiledRule, Mention, RuleMentions } from '../rule-set.ts';
import { templatesOverlap } from '../template/template-overlap.ts';
import { templateVariables } from '../template/template-uses.ts';

/** A key of a rule, with its constants in place, and where it stands. */
interface PlacedKey {
  readonly rule: CompiledRule;
  readonly key: KeyTemplate;
  readonly place: Mention;
  /** Cut at the colons of its fixed text. */
  readonly segments: readonly KeyTemplate[];
}

/** What no server needs to be asked for: keys that two rules write differently, and keys too short to be flushed. Pure. */
export function keyWarnings(rules: readonly CompiledRule[], mentions: readonly RuleMentions[]): Problem[] {
  const placesOf = new Map(mentions.map((each) => [each.rule, each.keys]));
  const keys = rules.flatMap((rule) => {
    const places = placesOf.get(rule.name) ?? [];
    return rule.keys.flatMap((key, index): PlacedKey[] => {
      const place = places[index];
      return place === undefined ? [] : [{ rule, key, place, segments: segmentsOf(key) }];
    });
  });
  // Most keys differ in their fixed text: only the few that do not are compared one by one.
  const alike = new Map<string, PlacedKey[]>();
  return [
    ...keys.flatMap(tooWide),
    ...keys.flatMap((key) => {
      const fixed = JSON.stringify(key.segments.map(({ parts }) => (isFixed({ parts }) ? parts : 0)));
      const earlier = alike.get(fixed) ?? [];
      alike.set(fixed, earlier);
      const found = contested(key, earlier);
      earlier.push(key);
      return found;
    }),
  ];
}

function tooWide({ rule, key, place }: PlacedKey): Problem[] {
  const flushes = rule.flushAboveRows !== null || Object.values(rule.tableChanges).some(({ kind }) => kind === 'flush');
  const captures = Object.fromEntries(templateVariables(key).map(({ name }) => [name, 'captured']));
  // What the table decides is known when a flush is made.
  const wide = flushes ? patternTooWide(flushPattern(key, { database: 'database', table: 'table', captures })) : null;
  return wide === null ? [] : [problemAt(place, `rule \`${rule.name}\`: ${wide.message}`, wide.remedy)];
}

/** Each pair of rules once, at the later of them. */
function contested(late: PlacedKey, earlier: readonly PlacedKey[]): Problem[] {
  const others = earlier.filter(({ rule, segments }) => rule !== late.rule && samePattern(segments, late.segments));
  const distinct = others.filter(({ rule }, index) => others.findIndex((other) => other.rule === rule) === index);
  return distinct.flatMap(({ rule, place }) => {
    const first = refreshes(rule);
    const second = refreshes(late.rule);
    if (!first && !second) return [];
    const what =
      first && second
        ? `rules \`${rule.name}\` (${at(place)}) and \`${late.rule.name}\` refresh the same keys`
        : `rule \`${first ? rule.name : late.rule.name}\` refreshes keys that rule \`${first ? late.rule.name : rule.name}\` deletes (the other is at ${at(place)})`;
    return [
      problemAt(
        late.place,
        `${what}: such a key holds what the later change says`,
        'Give one of them keys of its own; if it is meant, leave it as it is.',
      ),
    ];
  });
}

const refreshes = ({ actions }: CompiledRule): boolean => Object.values(actions).some(({ kind }) => kind === 'refresh');

const at = ({ file, line, column }: Mention): string => `${file}:${line}:${column}`;

/**
 * Whether two templates are meant for the same keys. Any value may hold a `:`, so that `user:{id}` could give a key of
 * `user:{id}:orders`; nobody means that, and a warning about it would be read once and never again. So it counts part by part;
 * both have as many, with the same fixed ones.
 */
function samePattern(one: readonly KeyTemplate[], other: readonly KeyTemplate[]): boolean {
  return one.every((segment, index) => templatesOverlap(segment, other[index] ?? segment));
}

const isFixed = ({ parts }: KeyTemplate): boolean => parts.every((part) => typeof part === 'string');

function segmentsOf({ parts }: KeyTemplate): KeyTemplate[] {
  const found: KeyTemplate['parts'][number][][] = [[]];
  for (const part of parts) {
    const [first = '', ...rest] = typeof part === 'string' ? part.split(':') : [part];
    if (first !== '') found.at(-1)?.push(first);
    for (const text of rest) found.push(text === '' ? [] : [text]);
  }
  return found.map((segment) => ({ parts: segment }));
}
