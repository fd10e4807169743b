/**
 * A module as `npm run build` made it, which is what runs in production: a loader of TypeScript may compile functions to slower ones.
 * `Module` is the type of its source.
 */
export async function built<Module>(path: string): Promise<Module> {
  return (await import(new URL(`../dist/${path}`, import.meta.url).href)) as Module;
}
