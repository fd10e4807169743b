import { alphabetOf } from './expression/alphabet.ts';
import { exponentialPosition } from './expression/ambiguity.ts';
import { automatonOf, NoAutomaton, type Automaton } from './expression/automaton.ts';
import { worstCost } from './expression/cost.ts';
import { parseExpression, type Pattern } from './expression/syntax.ts';
import type { TextProblem } from '../schema/text-problem.ts';

/** How an expression will be used. */
export interface ExpressionUse {
  /** The longest text it will meet, in UTF-16 units. */
  readonly maxLength: number;
  /** False: it is searched for anywhere in the text, so the engine begins anew at each character. */
  readonly whole: boolean;
}

/** `database.table`: two names of at most 64 characters. */
export const TABLE_NAME_USE: ExpressionUse = { maxLength: 129, whole: true };

/** Measured with Node 20: 0.4 to 2 ns each once the engine has compiled the expression, so this is at most some 6 ms. */
const MAX_STEPS = 3_000_000;
/** As long as the texts are that the search for the worst one makes; longer ones are extrapolated. */
const MAX_SEARCHED = 129;
const MAX_SOURCE = 4000;

const EXPONENTIAL = 'this part can be read in several ways, and with each character of a text their number multiplies';
const REMEDY =
  'Let what is repeated begin or end with a character that it does not contain, as in (?:[a-z]+_)*, or take one repetition away.';

/**
 * Whether a text exists with which the expression stalls the daemon: JavaScript's engine tries every way to read the text, and the
 * number of ways may be exponential. Null if there is no such text; else what is wrong, `at` counted from the source's beginning.
 * The expression must be a valid one. What cannot be judged (backreferences, very large expressions) is refused too.
 *
 * The count of ways is exact for the texts tried, and exponential growth is always found; for the rest a search looks for the
 * worst text.
 */
export function unsafeExpression(source: string, flags: string, use: ExpressionUse): TextProblem | null {
  if (source.length > MAX_SOURCE) return tooLarge(0);
  try {
    return judge(parseExpression(source, flags).alternatives, flags, use, 1);
  } catch (error) {
    if (!(error instanceof NoAutomaton)) throw error;
    return error.reason === 'size' ? tooLarge(error.at) : backreference(error.at);
  }
}

/** `times`: how often it may be looked at for one text, because of what stands around it. */
function judge(
  alternatives: Pattern['alternatives'],
  flags: string,
  { maxLength, whole }: ExpressionUse,
  times: number,
): TextProblem | null {
  const automaton = automatonOf(alternatives);
  const { positions, lookarounds } = automaton;
  const alphabet = alphabetOf(positions, flags);
  const twice = exponentialPosition(positions, alphabet);
  if (twice === 'unknown') return tooLarge(0);
  if (twice !== null) return { at: positions[twice]?.at ?? 0, message: EXPONENTIAL, remedy: REMEDY };

  const begins = times * (whole ? 1 : maxLength);
  const { steps, position } = stepsFor(automaton, alphabet, maxLength, MAX_STEPS / begins);
  if (steps * begins > MAX_STEPS) return tooSlow(positions[position]?.at ?? 0, maxLength);
  for (const { alternatives: inside } of lookarounds) {
    // It may be looked at once for each way of what stands around it.
    const problem = judge(inside, flags, { maxLength, whole: true }, begins * steps);
    if (problem !== null) return problem;
  }
  return null;
}

/** Of long texts only the growth is known: what doubles with the length does so for ever. */
function stepsFor(
  { positions }: Automaton,
  alphabet: readonly (readonly boolean[])[],
  maxLength: number,
  enough: number,
): { steps: number; position: number } {
  const searched = Math.min(maxLength, MAX_SEARCHED);
  const { steps, position, gaveUp } = worstCost(positions, alphabet, searched, enough);
  if (gaveUp) throw new NoAutomaton('size', 0);
  if (maxLength <= searched || steps > enough) return { steps, position };
  const half = worstCost(positions, alphabet, Math.floor(searched / 2), enough).steps;
  const degree = Math.log2(steps / half);
  return { steps: steps * (maxLength / searched) ** degree, position };
}

const tooSlow = (at: number, maxLength: number): TextProblem => ({
  at,
  message: `with some texts of ${maxLength} characters this takes more than ${MAX_STEPS.toLocaleString('en')} steps`,
  remedy: 'Repeat less: name the characters that are meant, such as [a-z_]+ instead of `.*`, and write each name once.',
});

const tooLarge = (at: number): TextProblem => ({
  at,
  message: 'this regular expression is too large to be judged: it might take for ever with some texts',
  remedy: 'Write smaller numbers of repetitions, or several shorter expressions.',
});

const backreference = (at: number): TextProblem => ({
  at,
  message: 'a backreference: nobody can tell how long it takes',
  remedy: 'Write the expression without it.',
});
