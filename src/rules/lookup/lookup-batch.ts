import { MAX_LOOKUP_ROWS } from '../../model/lookup.ts';
import { SluiceError } from '../../runtime/errors.ts';
import type { RowAnswers } from '../evaluate/fan-out.ts';
import type { LookupAnswer } from './lookup-answers.ts';
import type { LookupReader, LookupResult } from './lookup-reader.ts';
import type { LookupQuestion, RowQuestions } from './lookup-question.ts';
import type { RuleMemory } from '../evaluate/rule-memory.ts';

const NOTHING: LookupAnswer = [];

/** What is known of one rule's questions, and how that was learnt. */
interface FoundOfRule {
  readonly answers: Map<string, LookupResult>;
  cached: number;
  read: number;
}

/** The questions of one rule in one database that no remembered answer fits, each once. */
interface Open {
  readonly memory: RuleMemory;
  readonly database: string;
  readonly questions: LookupQuestion[];
}

/**
 * The lookups of one batch. All its questions are asked before the first is answered: a later change in the batch may make
 * remembered answers forgotten, and what is missing is then read in one go for each rule and database.
 */
export class LookupBatch {
  readonly #reader: LookupReader;
  readonly #asked: { readonly memory: RuleMemory; readonly question: LookupQuestion }[] = [];
  /** Kept apart from the remembered ones, which may be fewer than one batch needs. */
  readonly #found = new Map<RuleMemory, FoundOfRule>();

  constructor(reader: LookupReader) {
    this.#reader = reader;
  }

  ask(memory: RuleMemory, { before, after }: RowQuestions): void {
    if (before !== null) this.#asked.push({ memory, question: before });
    if (after !== null && after !== before) this.#asked.push({ memory, question: after });
  }

  /** Null: everything was remembered. Else resolves when everything is found. */
  resolve(signal: AbortSignal): Promise<void> | null {
    const open = this.#open();
    if (open.length === 0) return null;
    return Promise.all(open.map((each) => this.#read(each, signal))).then(() => undefined);
  }

  /** Throws RULE_LOOKUP_FAILED. */
  answersOf(memory: RuleMemory, questions: RowQuestions): RowAnswers {
    const before = this.#answerOf(memory, questions.before);
    // Both by one question are one answer, which is how the keys' unchanged part is known.
    const after = questions.after === questions.before ? before : this.#answerOf(memory, questions.after);
    return { before, after };
  }

  #answerOf(memory: RuleMemory, question: LookupQuestion | null): LookupAnswer {
    if (question === null) return NOTHING;
    const found = this.#foundOf(memory).answers.get(question.id) ?? NOTHING;
    const rule = memory.rule.name;
    if ('refused' in found) throw new SluiceError('RULE_LOOKUP_FAILED', `rule \`${rule}\`: ${found.refused}`);
    if (found.length <= MAX_LOOKUP_ROWS) return found;
    // The rest of the rows was not even read: which keys are missing, nobody knows.
    throw new SluiceError('RULE_TOO_MANY_KEYS', `rule \`${rule}\`: its lookup finds more than ${MAX_LOOKUP_ROWS} rows`);
  }

  #open(): Open[] {
    const open = new Map<string, Open>();
    for (const { memory, question } of this.#asked) {
      if (this.#remembers(memory, question)) continue;
      // A NUL can stand in no database name.
      const id = `${question.database}\u0000${memory.rule.name}`;
      const known = open.get(id);
      if (known === undefined) open.set(id, { memory, database: question.database, questions: [question] });
      else known.questions.push(question);
    }
    for (const [{ rule }, { cached, read }] of this.#found) this.#reader.count(rule, { cached, read });
    return [...open.values()];
  }

  /** Also of a question that is asked already: two rows with the same one read once. */
  #remembers(memory: RuleMemory, { id }: LookupQuestion): boolean {
    const found = this.#foundOf(memory);
    if (!found.answers.has(id)) {
      const remembered = memory.answers?.get(id);
      found.answers.set(id, remembered ?? NOTHING);
      if (remembered === undefined) {
        found.read++;
        return false;
      }
    }
    found.cached++;
    return true;
  }

  async #read({ memory, database, questions }: Open, signal: AbortSignal): Promise<void> {
    const parameters = questions.map((question) => question.parameters);
    const gtid = memory.answers?.newest ?? null;
    const results = await this.#reader.read({ rule: memory.rule, database, gtid, parameters }, signal);
    const { answers } = this.#foundOf(memory);
    questions.forEach(({ id }, i) => {
      const result = results[i] ?? NOTHING;
      answers.set(id, result);
      if (!('refused' in result)) memory.answers?.remember(id, result);
    });
  }

  #foundOf(memory: RuleMemory): FoundOfRule {
    const known = this.#found.get(memory);
    if (known !== undefined) return known;
    const found: FoundOfRule = { answers: new Map(), cached: 0, read: 0 };
    this.#found.set(memory, found);
    return found;
  }
}
