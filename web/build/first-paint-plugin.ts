import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Plugin, transformWithOxc } from 'vite';

const SOURCE = 'src/first-paint.ts';

/**
 * Puts `src/first-paint.ts` in the head as a blocking script of its own: it must run before anything is drawn,
 * which a module never does, and it may not be inline, which the content security policy forbids.
 */
export function firstPaint(): Plugin {
  let root = '';
  let serving = false;
  let asset = '';
  return {
    name: 'moulin:first-paint',
    configResolved: config => {
      root = config.root;
      serving = config.command === 'serve';
    },
    async buildStart() {
      if (serving) return;
      asset = this.emitFile({ type: 'asset', name: 'first-paint.js', source: await script(root) });
    },
    configureServer: server => {
      server.middlewares.use('/first-paint.js', async (_request, response) => {
        response.setHeader('Content-Type', 'text/javascript');
        response.end(await script(root));
      });
    },
    transformIndexHtml: {
      order: 'post',
      handler(html, context) {
        const file = serving ? 'first-paint.js' : fileOf(context.bundle ?? {}, asset);
        return html.replace('<!-- first-paint -->', `<script src="/${file}"></script>`);
      },
    },
  };

  function fileOf(bundle: Record<string, { fileName: string; names?: string[] }>, reference: string): string {
    const found = Object.values(bundle).find(output => output.names?.includes('first-paint.js'));
    if (found === undefined) throw new Error(`first-paint.js (${reference}) is missing from the bundle`);
    return found.fileName;
  }
}

async function script(root: string): Promise<string> {
  const file = join(root, SOURCE);
  const { code } = await transformWithOxc(await readFile(file, 'utf8'), file);
  // The file has no imports; `export {}` alone makes it a module for TypeScript and is no statement of a classic script.
  return `(()=>{${code.replace(/export\s*\{\s*\};?/g, '')}})();`;
}
