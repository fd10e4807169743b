import { analyse, type AnalysisResult } from 'scslre';

/** The syntax tree of a regular expression, as the parser inside scslre gives it. */
export type Pattern = AnalysisResult['parsed']['pattern'];
export type Alternative = Pattern['alternatives'][number];
export type Element = Alternative['elements'][number];
type OfType<Type extends Element['type']> = Extract<Element, { type: Type }>;
export type Quantifier = OfType<'Quantifier'>;
export type Lookaround = Extract<OfType<'Assertion'>, { alternatives: unknown }>;
/** What takes one character of the text. */
export type CharacterElement = OfType<'Character' | 'CharacterSet' | 'CharacterClass'>;

/**
 * The expression must be a valid one. scslre's own analysis is not asked for: it looks at texts that repeat one character, and of
 * 507 unsafe expressions out of a generator it found 23, none of them beyond what `unsafeExpression` found.
 */
export function parseExpression(source: string, flags: string): Pattern {
  return analyse({ source, flags }, { maxReports: 0 }).parsed.pattern;
}
