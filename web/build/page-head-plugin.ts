import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Plugin, transformWithOxc } from 'vite';

const SCRIPT = { source: 'src/first-paint.ts', name: 'first-paint.js' };
/** The face that every page begins with. */
const FONT = 'inter-latin-wght-normal.woff2';

type Bundle = Record<string, { fileName: string; names?: string[] }>;

/**
 * What must be in the head before anything is drawn. `first-paint.ts` as a blocking script of its own: a module would run
 * too late, and an inline one is forbidden by the content security policy. And the font, so that text does not change its
 * face while it is read.
 */
export function pageHead(): Plugin {
  let root = '';
  let serving = false;
  return {
    name: 'moulin:page-head',
    configResolved: config => {
      root = config.root;
      serving = config.command === 'serve';
    },
    async buildStart() {
      if (!serving) this.emitFile({ type: 'asset', name: SCRIPT.name, source: await script(root) });
    },
    configureServer: server => {
      server.middlewares.use(`/${SCRIPT.name}`, async (_request, response) => {
        response.setHeader('Content-Type', 'text/javascript');
        response.end(await script(root));
      });
    },
    transformIndexHtml: {
      order: 'post',
      handler: (html, { bundle }) => html.replace('<!-- head -->', bundle ? built(bundle) : served()),
    },
  };
}

function served(): string {
  return `<script src="/${SCRIPT.name}"></script>`;
}

function built(bundle: Bundle): string {
  return `<script src="/${fileOf(bundle, SCRIPT.name)}"></script>
    <link rel="preload" href="/${fileOf(bundle, FONT)}" as="font" type="font/woff2" crossorigin />`;
}

function fileOf(bundle: Bundle, name: string): string {
  const found = Object.values(bundle).find(output => output.names?.includes(name));
  if (found === undefined) throw new Error(`${name} is missing from the bundle`);
  return found.fileName;
}

async function script(root: string): Promise<string> {
  const file = join(root, SCRIPT.source);
  const { code } = await transformWithOxc(await readFile(file, 'utf8'), file);
  // The file has no imports; `export {}` alone makes it a module for TypeScript and is no statement of a classic script.
  return `(()=>{${code.replace(/export\s*\{\s*\};?/g, '')}})();`;
}
