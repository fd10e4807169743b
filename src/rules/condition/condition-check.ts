import type { ASTNode } from '@marcbachmann/cel-js';
import { didYouMean } from '../../runtime/config/did-you-mean.ts';
import { shown } from '../../runtime/config/shown.ts';
import { unfitPattern } from './condition-pattern.ts';
import { OPERATIONS } from '../schema/shared-options.ts';
import type { TextProblem } from '../schema/text-problem.ts';

/** A column in a condition; `at` is the character where it is named, counted from 0. */
interface ConditionColumn {
  readonly column: string;
  readonly at: number;
}

export interface ConditionReads {
  /** Each column once, where it is read first. */
  readonly before: readonly ConditionColumn[];
  readonly after: readonly ConditionColumn[];
  readonly op: boolean;
  /** Where the name stands in each `.matches(…)`. */
  readonly matches: readonly number[];
}

const VARIABLES = ['before', 'after', 'op', 'table', 'database'];
/** Their first argument is a name for each element, or for a value. */
const BINDING: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter', 'bind']);
const MAX_NESTED_LOOPS = 2;

interface Walk {
  readonly problems: TextProblem[];
  readonly before: Map<string, ConditionColumn>;
  readonly after: Map<string, ConditionColumn>;
  readonly functions: ReadonlySet<string>;
  readonly matches: number[];
  op: boolean;
  any: boolean;
}

interface Scope {
  readonly names: readonly string[];
  readonly loops: number;
}

/** Which columns an expression reads, and what is wrong with it apart from types. */
export function checkCondition(
  ast: ASTNode,
  functions: ReadonlySet<string>,
): { readonly problems: readonly TextProblem[]; readonly reads: ConditionReads } {
  const walk: Walk = {
    problems: [],
    before: new Map(),
    after: new Map(),
    functions,
    matches: [],
    op: false,
    any: false,
  };
  visit(ast, walk, { names: [], loops: 0 });
  if (isColumn(ast)) truth(ast, walk);
  if (walk.problems.length === 0 && !walk.any) {
    const remedy = 'Compare columns of `before` and `after`, or `op`.';
    walk.problems.push({ at: 0, message: 'is the same for every row', remedy });
  }
  const { op, matches } = walk;
  const reads = { before: [...walk.before.values()], after: [...walk.after.values()], op, matches };
  return { problems: walk.problems, reads };
}

function visit(node: ASTNode, walk: Walk, scope: Scope): void {
  const column = columnOf(node);
  if (column !== undefined && !scope.names.includes(column.image)) return read(column, node, walk, scope);
  switch (node.op) {
    case 'value':
      return;
    case 'id':
      return variable(node, walk, scope);
    case 'call':
      return call(node, node.args[0], null, node.args[1], walk, scope);
    case 'rcall':
      return call(node, node.args[0], node.args[1], node.args[2], walk, scope);
    case '.':
    case '.?':
      return visit(node.args[0], walk, scope);
    case '&&':
    case '||':
      node.args.filter(isColumn).forEach((each) => truth(each, walk));
      break;
    case '?:':
      if (isColumn(node.args[0])) truth(node.args[0], walk);
      break;
    case '!_':
      if (isColumn(node.args)) truth(node.args, walk);
      return visit(node.args, walk, scope);
    case '-_':
      return visit(node.args, walk, scope);
    case 'map':
      return node.args.forEach((entry) => entry.forEach((each) => visit(each, walk, scope)));
    case '==':
    case '!=':
    case 'in':
      operationNames(node.args, walk, scope);
      break;
    case 'list':
    case '[]':
    case '[?]':
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '<':
    case '<=':
    case '>':
    case '>=':
      break;
  }
  node.args.forEach((each) => visit(each, walk, scope));
}

interface ImageColumn {
  readonly image: 'before' | 'after';
  /** Null: the column depends on a value, so nobody can say which are read. */
  readonly name: string | null;
  readonly at: number;
}

/** `before.price`, or `before["odd name"]`. */
function columnOf(node: ASTNode): ImageColumn | undefined {
  if (node.op !== '.' && node.op !== '[]') return undefined;
  const [left, right] = node.args;
  if (left.op !== 'id' || (left.args !== 'before' && left.args !== 'after')) return undefined;
  if (typeof right === 'string') return { image: left.args, name: right, at: node.pos };
  const name = right.op === 'value' && typeof right.args === 'string' ? right.args : null;
  return { image: left.args, name, at: right.start };
}

const isColumn = (node: ASTNode): boolean => columnOf(node) !== undefined;

function read({ image, name, at }: ImageColumn, node: ASTNode, walk: Walk, scope: Scope): void {
  walk.any = true;
  if (name === null || name === '') {
    const message = 'a column can only be named by a text';
    walk.problems.push({ at, message, remedy: `Write ${image}.name or ${image}["odd name"].` });
    if (node.op === '[]') visit(node.args[1], walk, scope);
  } else if (!walk[image].has(name)) walk[image].set(name, { column: name, at });
}

function variable(node: ASTNode & { readonly op: 'id' }, walk: Walk, { names }: Scope): void {
  const name = node.args;
  if (names.includes(name)) return;
  walk.any = true;
  if (name === 'op') walk.op = true;
  if (name === 'before' || name === 'after') {
    const remedy = `Write ${name}.column.`;
    walk.problems.push({ at: node.start, message: `\`${name}\` is used without a column`, remedy });
  } else if (!VARIABLES.includes(name)) {
    const known = [...VARIABLES, ...names];
    const remedy =
      didYouMean(name, known) ??
      `There are ${known.join(', ')}; a column is \`after.${shown(name)}\` or \`before.${shown(name)}\`.`;
    walk.problems.push({ at: node.start, message: `unknown variable \`${shown(name)}\``, remedy });
  }
}

function call(
  node: ASTNode,
  name: string,
  receiver: ASTNode | null,
  args: readonly ASTNode[],
  walk: Walk,
  scope: Scope,
): void {
  const at = receiver === null || isNamespace(receiver) ? node.start : nameAt(node, receiver);
  if (receiver !== null && !isNamespace(receiver)) visit(receiver, walk, scope);
  if (!walk.functions.has(name)) {
    const remedy = didYouMean(name, [...walk.functions]) ?? 'docs/rules.md lists the functions of conditions.';
    walk.problems.push({ at, message: `there is no function \`${shown(name)}\``, remedy });
    return args.forEach((each) => visit(each, walk, scope));
  }
  if (name === 'matches') {
    walk.matches.push(at);
    const unfit = args[0] === undefined ? null : unfitPattern(args[0]);
    if (unfit !== null) walk.problems.push(unfit);
  }
  if (name === 'has' && args[0] !== undefined && isColumn(args[0])) {
    const remedy = 'Compare with null, as in `after.name != null`, or look at `op`.';
    walk.problems.push({ at, message: 'every row has the column: `has` is always true here', remedy });
  }
  const [first, ...rest] = args;
  if (!BINDING.has(name) || receiver === null || first?.op !== 'id') {
    return args.forEach((each) => visit(each, walk, scope));
  }
  if (VARIABLES.includes(first.args)) {
    const message = `\`${first.args}\` already has a meaning`;
    walk.problems.push({ at: first.start, message, remedy: 'Choose another name for the element.' });
  }
  const loops = scope.loops + (name === 'bind' ? 0 : 1);
  if (loops > MAX_NESTED_LOOPS) {
    const message = `more than ${MAX_NESTED_LOOPS} loops inside each other`;
    walk.problems.push({ at, message, remedy: 'Use several rules, each with a shorter condition.' });
  }
  const inside = { names: [...scope.names, first.args], loops };
  rest.forEach((each) => visit(each, walk, inside));
}

/** `cel.bind(…)`. */
const isNamespace = (node: ASTNode): boolean => node.op === 'id' && node.args === 'cel';

/** Where the name of a method stands: behind the dot, which comments and parentheses may be before. */
function nameAt({ input }: ASTNode, receiver: ASTNode): number {
  const between = /^(?:\s|\)|\/\/[^\n]*\n)*\.(?:\s|\/\/[^\n]*\n)*/.exec(input.slice(receiver.end));
  return receiver.end + (between?.[0].length ?? 0);
}

/** Columns are numbers and texts (a BOOLEAN of MySQL is a number), so one alone fails with every row. */
function truth(node: ASTNode, walk: Walk): void {
  const remedy = 'Compare it, as in `after.active != 0`.';
  walk.problems.push({ at: node.start, message: 'a column is neither true nor false', remedy });
}

/** `op == "inserted"` is never true. */
function operationNames([left, right]: readonly [ASTNode, ASTNode], walk: Walk, { names }: Scope): void {
  if (names.includes('op')) return;
  const isOp = (node: ASTNode): boolean => node.op === 'id' && node.args === 'op';
  const other = isOp(left) ? right : isOp(right) ? left : undefined;
  const values = other === undefined ? [] : other.op === 'list' ? other.args : [other];
  for (const { op, args, start } of values) {
    if (op !== 'value' || typeof args !== 'string' || OPERATIONS.some((name) => name === args)) continue;
    const remedy = didYouMean(args, OPERATIONS) ?? 'It is `insert`, `update` or `delete`.';
    walk.problems.push({ at: start, message: `\`op\` is never \`${shown(args)}\``, remedy });
  }
}
