import { appendFile, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Plugin } from 'vite';

/**
 * Vite writes down the licences of the packages whose modules it bundles (`build.license`); packages that give files, as the
 * typefaces do, are none to it. Their licences ask for the text to travel with the files just the same.
 */
export function fileLicences({ fileName }: { fileName: string }): Plugin {
  let root = '';
  let folder = '';
  return {
    name: 'moulin:file-licences',
    apply: 'build',
    configResolved: config => {
      root = config.root;
      folder = resolve(config.root, config.build.outDir);
    },
    writeBundle: async (_options, bundle) => {
      const files = Object.values(bundle).flatMap(output =>
        output.type === 'asset' ? output.originalFileNames : [],
      );
      const packages = [...new Set(files.flatMap(file => packageOf(resolve(root, file)) ?? []))].sort();
      const texts = await Promise.all(packages.map(describe));
      await appendFile(join(folder, fileName), texts.join(''));
    },
  };
}

/** The folder of the package that a file is in; undefined for our own. */
export function packageOf(file: string): string | undefined {
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(file)?.[0];
}

async function describe(folder: string): Promise<string> {
  const { name, version, license }: { name: string; version: string; license: string } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  );
  const file = (await readdir(folder)).find(entry => /^licen[cs]e(\.md|\.txt)?$/i.test(entry)) ?? 'LICENSE';
  const text = await readFile(join(folder, file), 'utf8');
  return `\n## ${name} - ${version} (${license})\n\n${text.trim()}\n`;
}
