/** Draws the figures of a study: SVG files, light and dark, and one page that needs nothing else. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { AlchemistError } from '#src/errors.js';
import { DARK, type Figure, figuresOf, LIGHT, type Theme } from './figure.js';
import { pageOf } from './page.js';
import type { Study } from './records.js';
import type { Table } from './tables.js';
import { summarise } from './summary.js';

type Echarts = typeof import('echarts');

export interface Figures {
  /** Writes all figures and the page, with `more` tables at its end. @returns the files. @throws AlchemistError E_FILE. */
  write(study: Study, folder: string, more?: readonly Table[]): string[];
  /** One figure as SVG. */
  svg(figure: Figure, theme: Theme): string;
}

/** @throws AlchemistError E_ENVIRONMENT where echarts is not installed. */
export async function openFigures(): Promise<Figures> {
  let echarts: Echarts;
  try {
    echarts = await import('echarts');
  } catch (cause) {
    throw new AlchemistError('E_ENVIRONMENT', 'figures need the package echarts, which is not installed beside this one: npm install echarts, or say --no-figure', { cause });
  }
  const svg = ({ width, height, option }: Figure, theme: Theme): string => {
    const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
    chart.setOption(option(theme));
    const drawn = chart.renderToSVGString();
    chart.dispose();
    return drawn;
  };
  const write = (study: Study, folder: string, more: readonly Table[] = []): string[] => {
    const figures = figuresOf(summarise(study));
    const files: [name: string, content: string][] = [
      ...figures.flatMap((figure): [string, string][] => [[`${figure.name}.svg`, svg(figure, LIGHT)], [`${figure.name}-dark.svg`, svg(figure, DARK)]]),
      ['transfer.html', pageOf(study, figures, readFileSync(createRequire(import.meta.url).resolve('echarts/dist/echarts.min.js'), 'utf8'), more)],
    ];
    return files.map(([name, content]) => {
      const path = join(folder, name);
      try {
        mkdirSync(folder, { recursive: true });
        writeFileSync(path, content);
      } catch (cause) {
        throw new AlchemistError('E_FILE', `${path}: cannot write: ${(cause as Error).message}`, { cause });
      }
      return path;
    });
  };
  return { write, svg };
}
