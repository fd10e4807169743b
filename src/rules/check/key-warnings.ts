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
}

/** What no server needs to be asked for: keys that two rules write differently, and keys too short to be flushed. Pure. */
export function keyWarnings(rules: readonly CompiledRule[], mentions: readonly RuleMentions[]): Problem[] {
  const keys = rules.flatMap((rule) => {
    const places = mentions.find((each) => each.rule === rule.name)?.keys ?? [];
    return rule.keys.flatMap((key, index): PlacedKey[] => {
      const place = places[index];
      return place === undefined ? [] : [{ rule, key, place }];
    });
  });
  return [...keys.flatMap(tooWide), ...keys.flatMap((key, index) => contested(key, keys.slice(0, index)))];
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
  const others = earlier.filter(({ rule, key }) => rule !== late.rule && samePattern(key, late.key));
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
 * `user:{id}:orders`; nobody means that, and a warning about it would be read once and never again. So it counts part by part.
 */
function samePattern(one: KeyTemplate, other: KeyTemplate): boolean {
  const [first, second] = [segments(one), segments(other)];
  return (
    first.length === second.length && first.every((segment, index) => sameSegment(segment, second[index] ?? segment))
  );
}

function sameSegment(one: KeyTemplate, other: KeyTemplate): boolean {
  return isFixed(one) === isFixed(other) && templatesOverlap(one, other);
}

const isFixed = ({ parts }: KeyTemplate): boolean => parts.every((part) => typeof part === 'string');

/** The template cut at the colons of its fixed text. */
function segments({ parts }: KeyTemplate): KeyTemplate[] {
  const found: KeyTemplate['parts'][number][][] = [[]];
  for (const part of parts) {
    const [first = '', ...rest] = typeof part === 'string' ? part.split(':') : [part];
    if (first !== '') found.at(-1)?.push(first);
    for (const text of rest) found.push(text === '' ? [] : [text]);
  }
  return found.map((segment) => ({ parts: segment }));
}
