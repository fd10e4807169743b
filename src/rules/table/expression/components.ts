/** Tarjan's strongly connected components of what can be reached from the roots, without recursion. Nodes are numbers. */
export function* componentsOf(
  roots: Iterable<number>,
  after: (node: number) => readonly number[],
): Generator<number[]> {
  const order = new Map<number, number>();
  const low = new Map<number, number>();
  const open = new Set<number>();
  const stack: number[] = [];
  const path: { node: number; rest: number[] }[] = [];
  const enter = (node: number): void => {
    low.set(node, order.size);
    order.set(node, order.size);
    stack.push(node);
    open.add(node);
    path.push({ node, rest: [...after(node)] });
  };
  const lower = (node: number, to: number | undefined): void => {
    low.set(node, Math.min(low.get(node) ?? 0, to ?? 0));
  };
  for (const root of roots) {
    if (!order.has(root)) enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.rest.pop();
      if (next === undefined) {
        path.pop();
        const parent = path.at(-1);
        if (parent !== undefined) lower(parent.node, low.get(top.node));
        if (low.get(top.node) === order.get(top.node)) yield componentUpTo(top.node, stack, open);
      } else if (!order.has(next)) enter(next);
      else if (open.has(next)) lower(top.node, order.get(next));
    }
  }
}

function componentUpTo(root: number, stack: number[], open: Set<number>): number[] {
  const component: number[] = [];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    component.push(node);
    open.delete(node);
    if (node === root) break;
  }
  return component;
}
