import type { Environment } from '@marcbachmann/cel-js';

const COMPARISONS = ['<', '<=', '>', '>='] as const;
const TYPES = ['int', 'double', 'string', 'bool'] as const;
const TEXT_TESTS = ['startsWith', 'endsWith', 'contains', 'MATCHES', 'matches'] as const;

const never = (): boolean => false;

/**
 * CEL calls `null > 3` an error. In a table NULL is ordinary, and of an insert every `before` is null: as in SQL, NULL is neither
 * more nor less than anything, and no text. Whoever asks `== null` gets an answer. Arithmetic with NULL stays an error.
 */
export function nullIsNothing(language: Environment): Environment {
  for (const operator of COMPARISONS) {
    language.registerOperator(`null ${operator} null`, never);
    for (const type of TYPES) {
      language.registerOperator(`${type} ${operator} null`, never);
      language.registerOperator(`null ${operator} ${type}`, never);
    }
  }
  for (const name of TEXT_TESTS) language.registerFunction(`null.${name}(string): bool`, never);
  return language;
}
