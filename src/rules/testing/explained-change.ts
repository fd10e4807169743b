import type { Epochs } from '../../model/position.ts';
import type { ChangeBatch, Table } from '../../model/row-change.ts';
import { YamlDocument, validate } from '../../runtime/config/yaml-document.ts';
import { ProblemsError, type Problem } from '../../runtime/errors.ts';
import type { RuleSet } from '../rule-set.ts';
import { buildBatch, epochsOf, type Happening } from './build-changes.ts';
import { changeSchema, isMapping } from './change-schema.ts';
import { explainedChangeSchema, type WrittenLookups, type WrittenTables } from './test-schema.ts';
import { reportTo, throwIfAny } from './test-file.ts';
import { readAnswers, type WrittenAnswers } from './written-lookups.ts';
import { declareTables } from './written-tables.ts';

export interface ExplainedChange {
  readonly batch: ChangeBatch;
  /** The tables under `tables`: only of them every column is known. */
  readonly declared: ReadonlySet<Table>;
  readonly epochs: Epochs;
  /** Whether `lookups` is written, be it empty: then nobody else is asked. */
  readonly hasAnswers: boolean;
  readonly answers: (ruleSet: RuleSet) => WrittenAnswers;
}

interface Written extends Happening {
  readonly tables?: WrittenTables | undefined;
  readonly lookups?: WrittenLookups | undefined;
}

/**
 * A change as a test writes it, `{table: …, insert: {…}}`; or a mapping with `change` or `transaction`, and `tables`, `lookups` and
 * `epochs` where they matter. `source` names the text in messages. Throws ProblemsError.
 */
export function parseExplainedChange(source: string, text: string): ExplainedChange {
  const document = new YamlDocument(source, text);
  throwIfAny(document.syntaxProblems());
  const written = checked(document);
  const problems: Problem[] = [];
  const report = reportTo(document, problems);
  const declared = declareTables(written.tables, report);
  const batch = buildBatch(written, { declared, path: [], report });
  throwIfAny(problems);
  const answers = (ruleSet: RuleSet): WrittenAnswers => {
    const found: Problem[] = [];
    const answered = readAnswers(written.lookups, ruleSet, reportTo(document, found));
    throwIfAny(found);
    return answered;
  };
  return {
    batch,
    declared: new Set([...declared.values()].map(({ table }) => table)),
    epochs: epochsOf(written),
    hasAnswers: written.lookups !== undefined,
    answers,
  };
}

function checked(document: YamlDocument): Written {
  const value = document.value();
  const isSurrounded = isMapping(value) && ['change', 'transaction'].some((name) => name in (value as object));
  if (isSurrounded) {
    const result = validate(explainedChangeSchema, document, value);
    if (!result.ok) throw new ProblemsError('CONFIG_INVALID', result.problems);
    return result.value;
  }
  const surroundings = isMapping(value) ? SURROUNDINGS.filter((name) => name in (value as object)) : [];
  if (surroundings.length > 0) throw new ProblemsError('CONFIG_INVALID', misplaced(document, surroundings));
  const result = validate(changeSchema, document, value);
  if (!result.ok) throw new ProblemsError('CONFIG_INVALID', result.problems);
  return { change: result.value };
}

const SURROUNDINGS = ['lookups', 'tables', 'epochs'] as const;

/** The likeliest mistake: they stand inside the change, whose schema has no idea of them. */
function misplaced(document: YamlDocument, names: readonly string[]): Problem[] {
  return names.map((name) =>
    document.problem(
      [name],
      `\`${name}\` stands beside the change and not in it`,
      `Write \`{change: {table: …}, ${name}: {…}}\`; several changes of one transaction as \`{transaction: [{table: …}], …}\`.`,
      'key',
    ),
  );
}
