import { rule, type WrongFile } from './wrong-file.ts';

/** Texts that are no YAML, or YAML that rule files do not allow. */
export const yaml: readonly WrongFile[] = [
  { title: 'an empty file', text: '', problems: ['1:1 the document: expected a mapping, not nothing'], editor: true },
  {
    title: 'only a comment',
    text: '# nothing\n',
    problems: ['1:1 the document: expected a mapping, not nothing'],
    editor: true,
  },
  {
    title: 'a list instead of a mapping',
    text: '- name: a\n',
    problems: ['1:1 the document: expected a mapping, not a list'],
    editor: true,
  },
  { title: 'a text', text: 'rules', problems: ['1:1 the document: expected a mapping, not text'], editor: true },
  {
    title: 'a bracket that is never closed',
    text: 'rules: [{name: a',
    problems: ['1:17 YAML: Flow map in block collection must be sufficiently indented and end with a }'],
    editor: false,
  },
  {
    title: 'a quote that is never closed',
    text: 'rules:\n  - name: "a\n',
    problems: ['3:1 YAML: Missing closing "quote'],
    editor: false,
  },
  {
    title: 'a tab as indentation',
    text: 'rules:\n\t- name: a\n',
    problems: ['2:1 YAML does not allow tabs for indentation'],
    editor: false,
  },
  {
    title: 'an option given twice',
    text: rule('when: op == "insert"\nwhen: op == "delete"'),
    problems: ['4:5 YAML: the key `when` is given twice'],
    editor: false,
  },
  {
    title: 'a rule list given twice',
    text: `${rule('null_as: x')}${rule('null_as: y')}`,
    problems: ['7:1 YAML: the key `rules` is given twice'],
    editor: false,
  },
  {
    title: 'an alias without its anchor',
    text: 'rules: *all\n',
    problems: ['1:8 YAML: there is no anchor for this `*`'],
    editor: false,
  },
  {
    title: 'a glob without quotes',
    text: rule('table: *.orders'),
    problems: ['3:12 YAML: there is no anchor for this `*`'],
    editor: false,
  },
  {
    title: 'a template without quotes',
    text: rule('keys: [a:{id}]'),
    problems: ['3:12 `rules[0].keys[0]`: expected text, not a mapping'],
    editor: true,
  },
  {
    title: 'a merge key',
    text: `x: &x {name: b}\nrules:\n  - {<<: *x, table: a.b, keys: [k], action: delete}\n`,
    problems: ['1:1 unknown option `x`', '3:6 YAML merge keys (<<) are not supported'],
    editor: true,
  },
  { title: 'an unknown tag', text: rule('null_as: !secret x'), problems: ['3:14 YAML: Unresolved tag'], editor: false },
  {
    title: 'two documents',
    text: `${rule('null_as: x')}---\n${rule('null_as: x')}`,
    problems: ['7:1 YAML: a second document begins'],
    editor: false,
  },
  {
    title: 'a NUL byte',
    text: 'rules:\n  - name: a\u0000b\n',
    problems: ['2:12 this is no text: it has the character U+0000'],
    editor: true,
  },
  {
    title: 'bytes that are no UTF-8',
    text: 'rules:\n  - name: "\ufffd"\n',
    problems: ['2:12 this is no text: it is not UTF-8'],
    editor: true,
  },
  {
    title: 'a wrong indentation',
    text: 'rules:\n  - name: a\n   table: x.y\n',
    problems: ['3:1 YAML: Sequence item without - indicator'],
    editor: false,
  },
  {
    title: 'lists nested 20,000 deep',
    text: '['.repeat(20_000),
    problems: ['1:1 YAML: nested too deeply'],
    editor: false,
  },
  {
    title: 'aliases that multiply (a billion laughs)',
    text: billionLaughs(),
    problems: ['1:1 YAML: Excessive alias count indicates a resource exhaustion attack'],
    editor: false,
  },
];

function billionLaughs(): string {
  const lines = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}*a${i}]`);
  return `a0: &a0 [x]\n${lines.join('\n')}\nrules: *a9\n`;
}
